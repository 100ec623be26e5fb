#!/usr/bin/env python3
"""Writes corruptions.json: what SciPy, NumPy, colorsys and Pillow make of one image for the corruptions of ImageNet-C.

    python3 make_corruptions.py   # in this directory; needs NumPy, SciPy and Pillow

Where a corruption draws numbers, they come from a generator that the tests implement, too. Parameters are those of
CIFAR-10-C (Hendrycks and Dietterich 2019), and for one disk those of ImageNet-C.
"""
import base64
import colorsys
import io
import json
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage

H, W = 16, 12
y, x = np.mgrid[0:H, 0:W]
noise = np.random.default_rng(7).integers(-40, 40, (H, W, 3))
image = np.stack([40 + 12 * x, 20 + 13 * y, 200 - 8 * x + 2 * y], -1) + noise
image = image.clip(0, 255).astype(np.uint8)
image[0, 0], image[3, 5], image[9, 2] = (0, 0, 0), (255, 255, 255), (90, 90, 90)
X = image / 255.0


class Draws:
    """A linear congruential generator, 0…1."""

    def __init__(self, state):
        self.state = state

    def __call__(self):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state / 2**32

    def array(self, *shape):
        return np.array([self() * 2 - 1 for _ in range(int(np.prod(shape)))]).reshape(shape)


def cut(values):
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def disk(radius, sigma):
    reach, small = (8, 1) if radius <= 8 else (radius, 2)
    line = np.arange(-reach, reach + 1)
    a, b = np.meshgrid(line, line)
    inside = (a**2 + b**2 <= radius**2).astype(float)
    inside /= inside.sum()
    bell = np.exp(-np.arange(-small, small + 1) ** 2 / (2 * sigma**2))
    bell /= bell.sum()
    return ndimage.correlate1d(ndimage.correlate1d(inside, bell, 0, mode="mirror"), bell, 1, mode="mirror")


def defocus(radius, sigma):
    kernel = disk(radius, sigma)
    return cut(np.stack([ndimage.correlate(X[..., c], kernel, mode="mirror") for c in range(3)], -1))


def motion(radius, sigma, angle):
    n = 2 * int(np.ceil(radius)) + 1
    weights = np.exp(-np.arange(n) ** 2 / (2 * sigma**2))
    weights /= weights.sum()
    out = np.zeros_like(X)
    for i, weight in enumerate(weights):
        down = int(np.ceil(i * np.sin(np.radians(angle)) - 0.5))
        right = int(np.ceil(i * np.cos(np.radians(angle)) - 0.5))
        padded = np.pad(X, ((n, n), (n, n), (0, 0)), mode="edge")
        out += weight * padded[n + down : n + down + H, n + right : n + right + W]
    return cut(out)


def zoom(factors):
    total = X.copy()
    for factor in factors:
        h, w = int(np.ceil(H / factor)), int(np.ceil(W / factor))
        top, left = (H - h) // 2, (W - w) // 2
        large = ndimage.zoom(X[top : top + h, left : left + w], (factor, factor, 1), order=1, mode="nearest")
        top, left = (large.shape[0] - H) // 2, (large.shape[1] - W) // 2
        total += large[top : top + H, left : left + W]
    return cut(total / (len(factors) + 1))


def plasma(side, decay, draws):
    """Diamond-square on a torus with NumPy's rolls."""
    m = np.zeros((side, side))
    step, wibble = side, 100.0
    while step >= 2:
        half = step // 2
        corners = m[::step, ::step]
        four = corners + np.roll(corners, -1, 0)
        four = four + np.roll(four, -1, 1)
        m[half::step, half::step] = four / 4 + wibble**2 * draws.array(*four.shape)
        centres = m[half::step, half::step]
        sides = centres + np.roll(centres, 1, 0) + corners + np.roll(corners, -1, 1)
        m[::step, half::step] = sides / 4 + wibble**2 * draws.array(*sides.shape)
        sides = centres + np.roll(centres, 1, 1) + corners + np.roll(corners, -1, 0)
        m[half::step, ::step] = sides / 4 + wibble**2 * draws.array(*sides.shape)
        step, wibble = half, wibble / decay
    return (m - m.min()) / (m.max() - m.min())


def fog(strength, decay, seed):
    clouds = plasma(16, decay, Draws(seed))[:H, :W, None]
    return cut((X + strength * clouds) * X.max() / (X.max() + strength))


def colours(change):
    out = np.zeros_like(X)
    for at in np.ndindex(H, W):
        h, s, v = change(*colorsys.rgb_to_hsv(*X[at]))
        out[at] = colorsys.hsv_to_rgb(h, min(max(s, 0), 1), min(max(v, 0), 1))
    return cut(out)


def elastic(strength, sigma, corner, seed):
    draws = Draws(seed)
    corners = draws.array(3, 2) * corner
    down, right = draws.array(H, W), draws.array(H, W)
    centre, reach = np.array([H // 2, W // 2], float), min(H, W) // 3
    old = centre + reach * np.array([[1, 1], [1, -1], [-1, -1]])
    new = old + corners  # as x, y
    back = np.linalg.solve(np.c_[np.ones(3), new], old)  # 1, x, y of the target to x, y of the source
    target = np.stack([np.ones((H, W)), x, y], -1) @ back
    moved = np.stack(
        [ndimage.map_coordinates(X[..., c], [target[..., 1], target[..., 0]], order=1, mode="mirror") for c in range(3)], -1
    )
    dy = ndimage.gaussian_filter(down, sigma, mode="reflect", truncate=3) * strength
    dx = ndimage.gaussian_filter(right, sigma, mode="reflect", truncate=3) * strength
    return cut(
        np.stack([ndimage.map_coordinates(moved[..., c], [y + dy, x + dx], order=1, mode="reflect") for c in range(3)], -1)
    )


def pixelate(scale):
    small = Image.fromarray(image).resize((int(W * scale), int(H * scale)), Image.BOX)
    return np.asarray(small.resize((W, H), Image.BOX))


def jpeg(quality):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(out.getvalue())))


def text(pixels):
    return base64.b64encode(pixels.transpose(2, 0, 1).tobytes()).decode()


means = X.mean((0, 1))
side = min(H, W)
results = {
    "defocus-blur 0.3 0.4": defocus(0.3, 0.4),
    "defocus-blur 1.5 0.1": defocus(1.5, 0.1),
    "defocus-blur 10 0.5": defocus(10, 0.5),
    "motion-blur 6 1 30": motion(6, 1, 30),
    "motion-blur 9 2.5 -41": motion(9, 2.5, -41),
    "zoom-blur 1": zoom(np.arange(1, 1.06, 0.01)),
    "zoom-blur 5": zoom(np.arange(1, 1.26, 0.01)),
    "fog 0.2 3": fog(0.2, 3, 5),
    "fog 1.5 1.75": fog(1.5, 1.75, 6),
    "brightness 1": colours(lambda h, s, v: (h, s, v + 0.05)),
    "brightness 5": colours(lambda h, s, v: (h, s, v + 0.3)),
    "contrast 1": cut((X - means) * 0.75 + means),
    "contrast 5": cut((X - means) * 0.15 + means),
    "saturate 2": colours(lambda h, s, v: (h, s * 0.1, v)),
    "saturate 5": colours(lambda h, s, v: (h, s * 2.5 + 0.2, v)),
    "elastic 0.05 0.2 0.07": elastic(side * 0.05, side * 0.2, side * 0.07, 11),
    "elastic 0.1 0.03 0.03": elastic(side * 0.1, side * 0.03, side * 0.03, 12),
    "pixelate 1": pixelate(0.95),
    "pixelate 5": pixelate(0.65),
    "jpeg 1": jpeg(80),
    "jpeg 5": jpeg(40),
}
clouds = plasma(8, 2, Draws(3))
oracle = {
    "height": H,
    "width": W,
    "image": text(image),
    "results": {name: text(a) for name, a in results.items()},
    "plasma": clouds.ravel().tolist(),
    "zoomCounts": [len(np.arange(1, e, s)) for e, s in [(1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)]],
    "zoomCountsLarge": [len(np.arange(1, e, s)) for e, s in [(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)]],
}
(pathlib.Path(__file__).parent / "corruptions.json").write_text(json.dumps(oracle, indent=1) + "\n")
