"""Whole networks, by PyTorch in double precision: python3 make_networks.py > networks.json      (torch, torchvision)

Weights and images come from a generator that the tests have as well, so that only results are stored: SplitMix64 seeded
with the FNV-1a hash of a tensor's name gives uniform numbers, value = low + (high − low) · u, rounded to float32. Of each
gradient there is its norm and its product with such a tensor of numbers in ±1 ("NAME/direction").
"""

import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def uniform(name, count, low, high):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (low + (high - low) * ((z >> np.uint64(40)).astype(np.float64) * 2.0**-24)).astype(np.float32)


def fill(net, scale=1):
    """Convolutions within ±scale·√(6/fanIn), linear layers ±1/√fanIn, biases ±0.1, normalisation 0.5…1.5 and ±0.5."""
    norms = (nn.BatchNorm2d, nn.GroupNorm)
    for prefix, module in net.named_modules():
        for kind, p in module.named_parameters(recurse=False):
            name = f"{prefix}.{kind}".replace(".", "/")
            if isinstance(module, norms):
                low, high = (0.5, 1.5) if kind == "weight" else (-0.5, 0.5)
            elif kind == "bias":
                low, high = -0.1, 0.1
            else:
                fan = p[0].numel()
                bound = scale * np.sqrt(6 / fan) if p.dim() == 4 else 1 / np.sqrt(fan)
                low, high = -bound, bound
            p.data = torch.from_numpy(uniform(name, p.numel(), low, high)).reshape(p.shape)
    return net


class ConvNet(nn.Module):
    def __init__(self, depth, width, norm, shape, classes):
        super().__init__()
        c, h, w = shape
        self.depth = depth
        for i in range(1, depth + 1):
            setattr(self, f"conv{i}", nn.Conv2d(c, width, 3, padding=1))
            made = {"none": nn.Identity, "instance": lambda: nn.GroupNorm(width, width),
                    "group": lambda: nn.GroupNorm(4, width), "batch": lambda: nn.BatchNorm2d(width)}[norm]()
            setattr(self, f"norm{i}", made)
            c, h, w = width, h // 2, w // 2
        self.linear = nn.Linear(c * h * w, classes)

    def forward(self, x):
        for i in range(1, self.depth + 1):
            x = F.avg_pool2d(F.relu(getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(x))), 2)
        return self.linear(x.flatten(1))


def resnet(layers, stem, classes):
    import torchvision

    net = getattr(torchvision.models, f"resnet{layers}")(num_classes=classes)
    if stem == "cifar":
        net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return net


def mobilenet(width, stem, classes):
    import torchvision

    net = torchvision.models.mobilenet_v2(num_classes=classes, width_mult=width, dropout=0.0)
    if stem == "cifar":
        net.features[0][0].stride = (1, 1)
        net.features[2].conv[1][0].stride = (1, 1)
    return net


def case(name, spec, shape, classes, batch, build, steps=0, scale=1):
    """Behind batch normalisation the scale of a convolution divides its rate: with a large one ten steps are so smooth
    that float32 follows double to 1e-5 (with 1, PyTorch's own float32 leaves it by 1e-3)."""
    net = fill(build(), scale).double()
    count = 2 * batch
    images = torch.from_numpy(uniform(f"{name}/images", count * int(np.prod(shape)), -1.7, 1.7)).reshape(count, *shape)
    images, labels = images.double(), torch.arange(count) * 7 % classes
    result = {"name": name, "spec": spec, "shape": list(shape), "classes": classes, "batch": batch,
              "scale": scale}
    start = {key: p.detach().clone() for key, p in net.named_parameters()}
    net.train()
    logits = net(images[:batch])
    loss = F.cross_entropy(logits, labels[:batch])
    loss.backward()
    result["logits"], result["loss"] = logits.flatten().tolist(), loss.item()
    result["gradients"] = {}
    for key, p in net.named_parameters():
        key = key.replace(".", "/")
        direction = torch.from_numpy(uniform(f"{key}/direction", p.numel(), -1, 1)).double()
        result["gradients"][key] = [p.grad.norm().item(), (p.grad.flatten() @ direction).item()]
    result["buffers"] = {key.replace(".", "/"): b.norm().item() for key, b in net.named_buffers()
                         if not key.endswith("num_batches_tracked")}
    net.eval()
    result["evaluation"] = net(images[:batch]).flatten().tolist()
    if steps:
        net = fill(build(), scale).double().train()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        result["stepLosses"] = []
        for step in range(steps):
            part = slice(batch * (step % 2), batch * (step % 2 + 1))
            loss = F.cross_entropy(net(images[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            result["stepLosses"].append(loss.item())
        result["moved"] = {key.replace(".", "/"): (p - start[key]).norm().item() for key, p in net.named_parameters()}
    return result


if __name__ == "__main__":
    cases = [case(f"convnet-{norm}", {"depth": 2, "width": 8, "norm": norm}, (3, 9, 11), 4, 10,
                  lambda: ConvNet(2, 8, norm, (3, 9, 11), 4)) for norm in ("none", "instance", "group", "batch")]
    cases += [
        case("convnet-d3", {"depth": 3, "width": 128, "norm": "instance"}, (3, 16, 16), 10, 32,
             lambda: ConvNet(3, 128, "instance", (3, 16, 16), 10), steps=10),
        case("resnet18-cifar", {"resnet": 18, "stem": "cifar"}, (3, 16, 16), 10, 40, lambda: resnet(18, "cifar", 10), steps=10,
             scale=16),
        case("resnet18-imagenet", {"resnet": 18, "stem": "imagenet"}, (3, 64, 64), 5, 12, lambda: resnet(18, "imagenet", 5)),
        case("resnet50-cifar", {"resnet": 50, "stem": "cifar"}, (3, 16, 16), 5, 12, lambda: resnet(50, "cifar", 5)),
        case("mobilenet-cifar", {"mobilenet": 0.5, "stem": "cifar"}, (3, 32, 32), 5, 12, lambda: mobilenet(0.5, "cifar", 5)),
        case("mobilenet-imagenet", {"mobilenet": 1.0, "stem": "imagenet"}, (3, 64, 64), 5, 12,
             lambda: mobilenet(1.0, "imagenet", 5)),
    ]
    print(json.dumps({"cases": cases}, indent=1))
