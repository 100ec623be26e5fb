"""Reference tensors for Training, by PyTorch in double precision from float32 starting values.

    python3 make_reference.py > reference.json      (torch 2.x, CPU)

Arrays are base64 of little-endian float32. Per network: starting parameters, images, labels; logits, loss and every
gradient of the first batch for cross-entropy and for KL at T = 20; the parameters after ten SGD steps.
"""

import base64
import json

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def pack(x):
    return base64.b64encode(np.ascontiguousarray(x.detach().numpy(), dtype="<f4").tobytes()).decode()


def mlp(shape, hidden, classes):
    sizes = [int(np.prod(shape))] + hidden + [classes]
    layers, names = [nn.Flatten()], []
    for i in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[i], sizes[i + 1])] + ([nn.ReLU()] if i < len(sizes) - 2 else [])
        names.append((f"linear{i + 1}", layers[1 + 2 * i]))
    return nn.Sequential(*layers), names


def convnet(shape, depth, width, classes):
    c, h, w = shape
    layers, names = [], []
    for i in range(depth):
        conv, norm = nn.Conv2d(c, width, 3, padding=1), nn.GroupNorm(width, width, eps=1e-5)
        layers += [conv, norm, nn.ReLU(), nn.AvgPool2d(2)]
        names += [(f"conv{i + 1}", conv), (f"norm{i + 1}", norm)]
        c, h, w = width, h // 2, w // 2
    linear = nn.Linear(c * h * w, classes)
    return nn.Sequential(*layers, nn.Flatten(), linear), names + [("linear", linear)]


def case(name, spec, shape, classes, batch, nesterov, build):
    torch.manual_seed(len(name))
    net, names = build()
    for layer, module in names:  # normalisation starts away from one and zero, so that its gradients are tested
        if layer.startswith("norm"):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    parameters = [(f"{layer}/{kind}", p) for layer, m in names for kind, p in m.named_parameters()]
    start = {key: {"shape": list(p.shape), "values": pack(p)} for key, p in parameters}
    images, labels = torch.randn(2 * batch, *shape), torch.randint(classes, (2 * batch,))
    targets = torch.softmax(torch.randn(2 * batch, classes) * 0.3, 1)
    result = {
        "name": name, "spec": spec, "shape": list(shape), "classes": classes, "batch": batch, "images": pack(images),
        "labels": labels.tolist(), "targets": pack(targets), "temperature": 20.0, "parameters": start,
        "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": nesterov,
    }
    net, images, targets = net.double(), images.double(), targets.double()
    parameters = [(f"{layer}/{kind}", p) for layer, m in names for kind, p in m.named_parameters()]
    logits = net(images[:batch])
    result["logits"] = pack(logits)
    losses = {
        "hard": F.cross_entropy(logits, labels[:batch]),
        "soft": F.kl_div(F.log_softmax(logits / 20, 1), targets[:batch], reduction="batchmean"),
    }
    for kind, loss in losses.items():
        gradients = torch.autograd.grad(loss, [p for _, p in parameters], retain_graph=True)
        result[kind] = {
            "loss": loss.item(), "gradients": {key: pack(g) for (key, _), g in zip(parameters, gradients)},
        }
    optimizer = torch.optim.SGD(
        net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=nesterov)
    step_losses = []
    for step in range(10):
        part = slice(batch * (step % 2), batch * (step % 2 + 1))
        loss = F.cross_entropy(net(images[part]), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step_losses.append(loss.item())
    result["step_losses"] = step_losses
    result["after"] = {key: pack(p) for key, p in parameters}
    return result


cases = [
    case("mlp", {"hidden": [9, 7]}, (3, 4, 4), 5, 10, False, lambda: mlp((3, 4, 4), [9, 7], 5)),
    case("convnet-d2", {"depth": 2, "width": 6}, (1, 9, 11), 4, 10, True, lambda: convnet((1, 9, 11), 2, 6, 4)),
    case("convnet-d3", {"depth": 3, "width": 20}, (3, 8, 8), 3, 11, False, lambda: convnet((3, 8, 8), 3, 20, 3)),
]
print(json.dumps({"cases": cases}))
