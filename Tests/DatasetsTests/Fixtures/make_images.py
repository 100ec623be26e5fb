#!/usr/bin/env python3
"""Writes images/ (PNG and JPEG files of every kind, good and bad) and images.json with what Pillow says of them.

    python3 make_images.py        # in this directory; needs Pillow and NumPy; made with Pillow 13.0.0 (libjpeg-turbo 3.2.0)
"""
import base64
import io
import json
import pathlib
import shutil
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent / "images"
shutil.rmtree(HERE, ignore_errors=True)
HERE.mkdir()
rng = np.random.default_rng(20261122)
W, H = 9, 7


def text(pixels):
    return base64.b64encode(np.asarray(pixels).tobytes()).decode()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width, height, depth, colour, interlace=0):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(samples, depth, colour, interlace=0, extra=b""):
    """A PNG of samples [H, W, channels], which Pillow cannot write in every kind."""
    h, w, _ = samples.shape

    def rows(a):
        out = b""
        for row in a:
            flat = row.reshape(-1)
            if depth == 16:
                data = flat.astype(">u2").tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in flat)
                bits += "0" * (-len(bits) % 8)
                data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            out += b"\0" + data
        return out

    if interlace:
        data = b""
        for y, x, dy, dx in [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]:
            part = samples[y::dy, x::dx]
            if part.size:
                data += rows(part)
    else:
        data = rows(samples)
    return header(w, h, depth, colour, interlace) + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def draw(depth, channels):
    return rng.integers(0, 2**depth, (H, W, channels))


palette = rng.integers(0, 256, (16, 3), dtype=np.uint8)
plte = chunk(b"PLTE", palette.tobytes())
grey16 = draw(16, 1)
grey16[:, :4] %= 256  # values that fit into eight bits
files = {
    "grey1.png": png(draw(1, 1), 1, 0),
    "grey2.png": png(draw(2, 1), 2, 0),
    "grey4.png": png(draw(4, 1), 4, 0),
    "grey8.png": png(draw(8, 1), 8, 0),
    "grey8-transparent.png": png(draw(8, 1), 8, 0, extra=chunk(b"tRNS", struct.pack(">H", 40))),
    "grey16.png": png(grey16, 16, 0),
    "grey16-interlaced.png": png(grey16, 16, 0, interlace=1),
    "grey-alpha8.png": png(draw(8, 2), 8, 4),
    "grey-alpha16.png": png(draw(16, 2), 16, 4),
    "rgb8.png": png(draw(8, 3), 8, 2),
    "rgb8-interlaced.png": png(draw(8, 3), 8, 2, interlace=1),
    "rgb16.png": png(draw(16, 3), 16, 2),
    "rgba8.png": png(draw(8, 4), 8, 6),
    "rgba16.png": png(draw(16, 4), 16, 6),
    "palette4.png": png(draw(4, 1), 4, 3, extra=plte),
    "palette8.png": png(draw(4, 1), 8, 3, extra=plte),
    "palette4-transparent.png": png(draw(4, 1), 4, 3, extra=plte + chunk(b"tRNS", bytes(range(0, 160, 16)))),
}


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


y, x = np.mgrid[0:13, 0:18]
smooth = np.stack([120 + 100 * np.sin(x / 4), 90 + 5 * y, 128 + 90 * np.cos((x + y) / 5)], -1).clip(0, 255).astype(np.uint8)
picture = Image.fromarray(smooth)
exif = Image.Exif()
exif[0x0112] = 6  # turned by a quarter, which is to be ignored
files |= {
    "colour.jpg": jpeg(picture, quality=85),
    "full-chroma.jpeg": jpeg(picture, quality=95, subsampling=0),
    "progressive.JPEG": jpeg(picture, quality=80, progressive=True),
    "grey.jpg": jpeg(picture.convert("L"), quality=85),
    "cmyk.jpg": jpeg(picture.convert("CMYK"), quality=90),
    "turned.jpg": jpeg(picture, quality=85, exif=exif),
    "a-jpeg-by-content.png": jpeg(picture, quality=60),
}
oracle = {"decode": {}, "resize": []}
for name, data in files.items():
    (HERE / name).write_bytes(data)
    rgb = Image.open(io.BytesIO(data)).convert("RGB")
    oracle["decode"][name] = {"width": rgb.width, "height": rgb.height, "pixels": text(rgb)}

# Sizes: Pillow's resize, and torchvision's Resize(size) and CenterCrop(size), which are Pillow's with these numbers.
source = rng.integers(0, 256, (23, 37, 3), dtype=np.uint8)
for h, w, size in [(23, 37, 8), (19, 14, 9), (5, 6, 9), (16, 16, 7), (8, 13, 8)]:
    image = Image.fromarray(np.resize(source, (h, w, 3)))
    wide = int(size * w / h) if h <= w else size
    tall = size if h <= w else int(size * h / w)
    if w <= h:
        wide, tall = size, int(size * h / w)
    large = np.asarray(image.resize((wide, tall), Image.BILINEAR))
    top, left = int(round((tall - size) / 2.0)), int(round((wide - size) / 2.0))
    oracle["resize"].append(
        {
            "height": h,
            "width": w,
            "size": size,
            "source": text(image),
            "stretch": text(image.resize((size, size), Image.BILINEAR)),
            "box": text(image.resize((size, size), Image.BOX)),
            "crop": text(large[top : top + size, left : left + size]),
        }
    )

good = files["rgb8.png"]
bad = {
    "bad-truncated.png": good[:-40],
    "bad-no-end.png": good[:-12],
    "bad-checksum.png": good[:-13] + bytes([good[-13] ^ 1]) + good[-12:],
    "bad-truncated.jpg": files["colour.jpg"][:-60],
    "bad-header-only.jpg": files["colour.jpg"][:30],
    "bad-text.png": b"not an image\n",
    "bad-empty.png": b"",
    # 10^10 pixels, and 6.4 * 10^7 in a file that has none.
    "bad-huge.png": header(100_000, 100_000, 8, 2) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""),
    "bad-promise.png": header(8000, 8000, 8, 2) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""),
}
for name, data in bad.items():
    (HERE / name).write_bytes(data)
(HERE.parent / "images.json").write_text(json.dumps(oracle, indent=1) + "\n")
