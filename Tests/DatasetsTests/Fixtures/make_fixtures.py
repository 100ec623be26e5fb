#!/usr/bin/python3
"""Writes the small data sets, good and bad, that DatasetsTests reads, and oracle.json with what NumPy says of them.

    python3 make_fixtures.py        # in this directory; the same bytes every time
"""
import gzip
import json
import pathlib
import shutil
import struct
import zlib

import numpy as np

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20240607)

train = rng.integers(0, 256, (20, 4, 5), dtype=np.uint8)
test = rng.integers(0, 256, (6, 4, 5), dtype=np.uint8)
train_labels = np.arange(20, dtype=np.uint8) % 10
test_labels = np.array([3, 1, 4, 1, 5, 9], dtype=np.uint8)


def images(a, magic=0x803, promised=None):
    return struct.pack(">IIII", magic, *(promised or a.shape)) + a.tobytes()


def labels(a, magic=0x801):
    return struct.pack(">II", magic, len(a)) + a.tobytes()


def packed(data):
    return gzip.compress(data, mtime=0)


GOOD = {
    "train-images-idx3-ubyte": images(train),
    "train-labels-idx1-ubyte": labels(train_labels),
    "t10k-images-idx3-ubyte": images(test),
    "t10k-labels-idx1-ubyte": labels(test_labels),
}


def write(name, files, replaced={}, gz=True):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file, data in {**files, **replaced}.items():
        if data is None:
            continue
        if gz and not file.endswith(".gz") and not file.endswith(".bin") and file not in replaced:
            (folder / (file + ".gz")).write_bytes(packed(data))
        else:
            (folder / file).write_bytes(data)


TI, TL = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
write("idx-good-plain", GOOD, gz=False)
write("idx-good-gzip", GOOD)
write("idx-bad-missing-file", GOOD, {TL: None})
write("idx-bad-magic", GOOD, {TI: images(train, magic=0x801)})
write("idx-bad-truncated-plain", GOOD, {TI: GOOD[TI][:-7]})
write("idx-bad-truncated-header", GOOD, {TI: GOOD[TI][:9]})
write("idx-bad-overlong-plain", GOOD, {TI: GOOD[TI] + b"\0"})
write("idx-bad-label-range", GOOD, {TL: labels(np.where(np.arange(20) == 13, 10, train_labels).astype(np.uint8))})
write("idx-bad-count-mismatch", GOOD, {TL: labels(train_labels[:19])})
write("idx-bad-shape-mismatch", GOOD, {"t10k-images-idx3-ubyte": images(test[:, :3])})
write("idx-bad-empty", GOOD, {TI: images(train[:0]), TL: labels(train_labels[:0])})
write("idx-bad-promise-overflow", GOOD, {TI: images(train, promised=(2**32 - 1,) * 3)})
# Compressed files.
whole = packed(GOOD[TI])
write("idx-bad-gzip-truncated", {**GOOD, TI: None}, {TI + ".gz": whole[: len(whole) // 2]})
write("idx-bad-gzip-no-trailer", {**GOOD, TI: None}, {TI + ".gz": whole[:-8]})
crc = whole[:-8] + struct.pack("<I", zlib.crc32(GOOD[TI]) ^ 1) + whole[-4:]
write("idx-bad-gzip-checksum", {**GOOD, TI: None}, {TI + ".gz": crc})
middle = bytearray(packed(GOOD[TI]))
middle[40] ^= 0xFF
write("idx-bad-gzip-damaged", {**GOOD, TI: None}, {TI + ".gz": bytes(middle)})
# 4 MB of zeros behind a header that promises 20 small images, and a header that promises 10^12 bytes.
write("idx-bad-gzip-bomb", {**GOOD, TI: None}, {TI + ".gz": packed(GOOD[TI] + bytes(2**22))})
write("idx-bad-gzip-promise", {**GOOD, TI: None}, {TI + ".gz": packed(images(train, promised=(10**4,) * 3))})

# CIFAR: two records a file.
c10 = rng.integers(0, 256, (12, 3072), dtype=np.uint8)
l10 = np.arange(12, dtype=np.uint8) % 10
r10 = [bytes([y]) + x.tobytes() for x, y in zip(c10, l10)]
F10 = {f"data_batch_{i + 1}.bin": b"".join(r10[2 * i : 2 * i + 2]) for i in range(5)}
F10["test_batch.bin"] = b"".join(r10[10:])
write("cifar10-good", F10)
c100 = rng.integers(0, 256, (5, 3072), dtype=np.uint8)
fine, coarse = np.array([0, 99, 7, 50, 3], np.uint8), np.array([4, 13, 1, 5, 6], np.uint8)
r100 = [bytes([b, a]) + x.tobytes() for x, a, b in zip(c100, fine, coarse)]
F100 = {"train.bin": b"".join(r100[:3]), "test.bin": b"".join(r100[3:])}
write("cifar100-good", F100)
one = {"data_batch_1.bin": r10[0]}  # the first file's fault is found before the others are looked for
write("cifar10-bad-truncated", {"data_batch_1.bin": r10[0] + r10[1][:100]})
write("cifar10-bad-missing-file", one)
write("cifar10-bad-label-range", {"data_batch_1.bin": r10[0] + bytes([10]) + c10[1].tobytes()})
write("cifar100-bad-label-range", {"train.bin": r100[0] + bytes([3, 100]) + c100[1].tobytes()})
write("cifar100-bad-coarse-range", {"train.bin": r100[0] + bytes([20, 3]) + c100[1].tobytes()})


def moments(x, axes):  # float64, ddof 0
    x = x.astype(np.float64) / 255
    return {"mean": np.atleast_1d(x.mean(axes)).tolist(), "std": np.atleast_1d(x.std(axes)).tolist()}


colour = c100[:3].reshape(3, 3, 32, 32)
def canonical(names, *sets):
    out = b"".join(n.encode() + b"\0" for n in names)
    for x, y in sets:
        n, h, w = x.shape
        out += struct.pack("<4q", n, 1, h, w) + y.astype("<i4").tobytes() + x.tobytes()
    return out.hex()


oracle = {
    "idx": {
        "trainLabels": train_labels.tolist(),
        "testLabels": test_labels.tolist(),
        "trainPixels": train.ravel().tolist(),
        "canonicalBytes": canonical("0123456789", (train, train_labels), (test, test_labels)),
        **moments(train, None),
    },
    "cifar10": {"trainLabels": l10[:10].tolist(), "pixelSum": int(c10[:10].astype(np.int64).sum())},
    "cifar100": {
        "trainLabels": fine[:3].tolist(),
        "testLabels": fine[3:].tolist(),
        **moments(colour, (0, 2, 3)),
        "firstRow": colour[1, 2, 0].tolist(),
    },
}
(HERE / "oracle.json").write_text(json.dumps(oracle, indent=1) + "\n")
