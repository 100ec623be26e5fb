"""Distillation objectives of small sets by PyTorch, in double precision.

    python3 make_objectives.py > objectives.json

Images, labels and weights follow from formulas that the tests know, too, so that only results are stored.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
N, C, SIDE, WIDTH = 60, 3, 8, 8


def wave(count, seed):
    """Float32 numbers in -1...1, the same in the tests."""
    return np.sin(12.9898 * np.arange(1, count + 1) + 78.233 * seed).astype(np.float32)


def images(count, seed, labels):
    x = wave(count * SIDE * SIDE, seed).reshape(count, 1, SIDE, SIDE)
    return torch.tensor((x + np.float32(0.25) * labels[:, None, None, None].astype(np.float32)).astype(np.float64))


labels = np.arange(N) % C
D = images(N, 1, labels)

# Name, positions in D or own images, labels.
half = np.arange(0, N, 2)
own = np.arange(12) % C
SETS = [
    ("half", D[half], labels[half], half),
    ("wrong", D[:18], (labels[:18] + (np.arange(18) % 5 == 0)) % C, np.arange(18)),
    ("twice", D[np.repeat(half, 2)], labels[np.repeat(half, 2)], np.repeat(half, 2)),
    ("own", images(12, 9, own), own, None),
]


def tensors(norm, seed):
    """Parameters by name in the order of the layers, running statistics last."""
    shapes = {}
    for block, inputs in ((1, 1), (2, WIDTH)):
        shapes[f"conv{block}/weight"] = (WIDTH, inputs, 3, 3)
        for name in (f"conv{block}/bias", f"norm{block}/weight", f"norm{block}/bias"):
            shapes[name] = (WIDTH,)
    shapes["linear/weight"] = (C, WIDTH * (SIDE // 4) ** 2)
    shapes["linear/bias"] = (C,)
    if norm == "batch":
        for block in (1, 2):
            shapes[f"norm{block}/running_mean"] = (WIDTH,)
            shapes[f"norm{block}/running_var"] = (WIDTH,)
    found = {}
    for index, (name, shape) in enumerate(shapes.items()):
        values = wave(int(np.prod(shape)), 100 * seed + index)
        if name.endswith("running_var") or (name.startswith("norm") and name.endswith("/weight")):
            values = (np.float32(1) + np.float32(0.25) * values).astype(np.float32)
        elif len(shape) > 1:
            values = (values * np.float32(0.5)).astype(np.float32)
        else:
            values = (values * np.float32(0.125)).astype(np.float32)
        found[name] = torch.tensor(values.reshape(shape).astype(np.float64))
    return found


def expert(norm, step):
    """Weights that move by less than students do."""
    if step == 0:
        return tensors(norm, 10)
    base, other = tensors(norm, 10), tensors(norm, 10 + step)
    return {k: torch.tensor((base[k].numpy().astype(np.float32) + np.float32(2.0**-6) * other[k].numpy().astype(
        np.float32)).astype(np.float64)) for k in base}


def forward(p, x, norm, train, seen=None):
    for block in (1, 2):
        x = F.conv2d(x, p[f"conv{block}/weight"], p[f"conv{block}/bias"], padding=1)
        if seen is not None:
            seen.append((x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)))
        weight, bias = p[f"norm{block}/weight"], p[f"norm{block}/bias"]
        if norm == "batch" and not train:
            x = F.batch_norm(
                x, p[f"norm{block}/running_mean"], p[f"norm{block}/running_var"], weight, bias, training=False)
        elif norm == "batch":
            x = F.batch_norm(x, None, None, weight, bias, training=True)
        else:
            x = F.instance_norm(x, weight=weight, bias=bias)
        x = F.avg_pool2d(F.relu(x), 2)
    features = x.flatten(1)
    return F.linear(features, p["linear/weight"], p["linear/bias"]), features


def trained(p):
    return {k: v.clone().requires_grad_(True) for k, v in p.items() if "running" not in k}


def gradient(p, x, y, norm, train):
    leaves = trained(p)
    loss = F.cross_entropy(forward({**p, **leaves}, x, norm, train)[0], torch.tensor(y))
    return dict(zip(leaves, torch.autograd.grad(loss, leaves.values())))


def dm(p, x, y, positions, norm):
    real, mine = forward(p, D, norm, False)[1].numpy(), forward(p, x, norm, False)[1].numpy()
    literal = debiased = 0.0
    for c in range(C):
        r, s = real[labels == c], mine[y == c]
        distance = np.sum((s.mean(0) - r.mean(0)) ** 2)
        times = np.unique(positions[y == c], return_counts=True)[1] if positions is not None else np.ones(len(s))
        share = np.sum((times / times.sum()) ** 2)
        spread = np.mean(np.sum((s - s.mean(0)) ** 2, 1)) / (1 - share)
        literal += distance
        debiased += distance - spread * (share - 1 / len(r))
    return literal, debiased


def dc(p, x, y, norm):
    total = 0.0
    for c in range(C):
        a = gradient(p, D[labels == c], labels[labels == c], norm, False)
        b = gradient(p, x[y == c], y[y == c], norm, False)
        for name in a:
            if a[name].ndim > 1:
                u, v = a[name].flatten(1), b[name].flatten(1)
                total += torch.sum(1 - (u * v).sum(1) / (u.norm(dim=1) * v.norm(dim=1) + 1e-6)).item()
    return total


def tm(experts, x, y, norm, steps=5, rate=0.25, ahead=2):
    losses = []
    for start in (0, 1):
        p = dict(experts[start])
        for _ in range(steps):
            for name, g in gradient(p, x, y, norm, True).items():
                p[name] = p[name] - rate * g
        end = experts[start + ahead]
        names = [name for name in p if "running" not in name]
        distance = sum(((p[k] - end[k]) ** 2).sum() for k in names)
        losses.append((distance / sum(((experts[start][k] - end[k]) ** 2).sum() for k in names)).item())
    return losses


def statistics(p, x, variance=1.0, first=1.0):
    seen = []
    forward(p, x, "batch", False, seen)
    total = 0.0
    for block, (mean, var) in enumerate(seen, 1):
        distance = (mean - p[f"norm{block}/running_mean"]).norm() + variance * (
            var - p[f"norm{block}/running_var"]).norm()
        total += (first if block == 1 else 1.0) * distance.item()
    return total


def dwa(p, x, y, steps=3, radius=0.5):
    p = dict(p)
    for _ in range(steps):
        g = gradient(p, x, y, "batch", False)
        norm = torch.sqrt(sum((v**2).sum() for v in g.values()))
        for name in g:
            p[name] = p[name] + radius / steps * g[name] / (norm + 1e-12)
    return statistics(p, x, variance=2.0)


instance, batch = tensors("instance", 2), tensors("batch", 3)
experts = {n: [expert(n, k) for k in range(4)] for n in ("instance", "batch")}
result = {}
for name, x, y, positions in SETS:
    z = forward(batch, x, "batch", False)[0]
    p, target = z.softmax(1), torch.tensor(y)
    nll = F.cross_entropy(z, target).item()
    matched = dm(instance, x, y, positions, "instance")
    result[name] = {
        "dm": matched[0], "dm-debiased": matched[1],
        "dc-instance": dc(instance, x, y, "instance"), "dc-batch": dc(batch, x, y, "batch"),
        "tm-instance": tm(experts["instance"], x, y, "instance"), "tm-batch": tm(experts["batch"], x, y, "batch"),
        "sre2l": statistics(batch, x), "sre2l-code": nll + 0.01 * statistics(batch, x, first=10.0),
        "dwa": dwa(batch, x, y), "nll": nll, "entropy": -(p * p.log()).sum(1).mean().item(),
    }
print(json.dumps(result, indent=1))
