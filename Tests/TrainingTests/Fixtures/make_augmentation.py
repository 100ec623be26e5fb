"""Writes augmentation.json: what torchvision and PyTorch make of one image, for AugmentationReferenceTests.

Run with torch and torchvision (0.29 wrote the file): python make_augmentation.py
"""

import base64
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.functional import resized_crop

torch.manual_seed(7)
CHANNELS, HEIGHT, WIDTH = 3, 9, 7
image = torch.randn(CHANNELS, HEIGHT, WIDTH)


def text(tensor):
    return base64.b64encode(tensor.contiguous().numpy().astype("<f4").tobytes()).decode()


def crops():
    for top, left, height, width in [(0, 0, 9, 7), (2, 1, 4, 5), (5, 3, 1, 1), (0, 6, 9, 1), (3, 0, 6, 2)]:
        plain = resized_crop(image, top, left, height, width, [HEIGHT, WIDTH], antialias=False)
        smooth = resized_crop(image, top, left, height, width, [HEIGHT, WIDTH], antialias=True)
        assert torch.allclose(plain, smooth, atol=1e-5), "antialias makes no difference to an enlargement"
        yield {"region": [top, left, height, width], "result": text(smooth)}


def warps():
    angle = math.radians(11)
    for theta in [
        (1.0, 0.0, 0.0, 1.0),
        (1.15, 0.0, 0.0, 0.87),
        (math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle)),
        (math.cos(-angle), -math.sin(-angle), math.sin(-angle), math.cos(-angle)),
    ]:
        xx, xy, yx, yy = theta
        matrix = torch.tensor([[[xx, xy, 0], [yx, yy, 0]]], dtype=torch.float)
        grid = F.affine_grid(matrix, (1, CHANNELS, HEIGHT, WIDTH), align_corners=False)
        yield {"theta": theta, "result": text(F.grid_sample(image[None], grid, align_corners=False)[0])}


def colors():
    for brightness, saturation, contrast in [(0.0, 1.0, 1.0), (0.3, 1.7, 0.6), (-0.45, 0.1, 1.4), (0.2, 0.0, 1.0)]:
        x = image[None] + brightness
        grey = x.mean(dim=1, keepdim=True)
        x = (x - grey) * saturation + grey
        mean = x.mean(dim=[1, 2, 3], keepdim=True)
        x = (x - mean) * contrast + mean
        yield {"strengths": [brightness, saturation, contrast], "result": text(x[0])}


def shuffles():
    def strips(x, order, dim):
        # Strips as equal as they can be: their borders are ⌊k · length / grid⌋.
        borders = [k * x.shape[dim] // len(order) for k in range(len(order) + 1)]
        return torch.cat([x.narrow(dim, borders[k], borders[k + 1] - borders[k]) for k in order], dim)

    for columns, rows in [([1, 0], [0, 1]), ([0, 1], [1, 0]), ([2, 0, 1], [1, 2, 0]), ([3, 1, 2, 0], [2, 3, 0, 1])]:
        yield {"columns": columns, "rows": rows, "result": text(strips(strips(image, columns, 2), rows, 1))}


def parameters():
    """Deciles of what RandomResizedCrop draws for a 64 × 48 image: area, log aspect ratio, relative top and left."""
    for scale, ratio in [((0.08, 1.0), (3 / 4, 4 / 3)), ((0.5, 1.0), (3 / 4, 4 / 3)), ((0.25, 0.25), (1.0, 1.0))]:
        drawn = []
        blank = torch.zeros(1, 64, 48)
        for _ in range(20_000):
            top, left, height, width = RandomResizedCrop.get_params(blank, list(scale), list(ratio))
            drawn.append([height * width / (64 * 48), math.log(width / height), top / 64, left / 48])
        values = torch.tensor(drawn, dtype=torch.float64)
        deciles = torch.quantile(values, torch.linspace(0.1, 0.9, 9, dtype=torch.float64), dim=0).T
        yield {"scale": scale, "ratio": ratio, "deciles": deciles.tolist(), "means": values.mean(0).tolist()}


def fallbacks():
    """No try can succeed: the ratio asks for more than the image has."""
    for height, width, ratio in [(20, 50, (0.4, 0.5)), (50, 20, (2.0, 2.5)), (11, 30, (1.0, 1.0))]:
        blank = torch.zeros(1, height, width)
        region = RandomResizedCrop.get_params(blank, [1.0, 1.0], list(ratio))
        yield {"shape": [height, width], "ratio": ratio, "region": list(map(int, region))}


contents = {
    "shape": [CHANNELS, HEIGHT, WIDTH],
    "image": text(image),
    "crops": list(crops()),
    "warps": list(warps()),
    "colors": list(colors()),
    "shuffles": list(shuffles()),
    "parameters": list(parameters()),
    "fallbacks": list(fallbacks()),
}
path = pathlib.Path(__file__).with_name("augmentation.json")
path.write_text(json.dumps(contents, indent=1) + "\n")
print(path.stat().st_size, "bytes")
