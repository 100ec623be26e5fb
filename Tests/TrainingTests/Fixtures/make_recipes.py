"""Optimisers, losses and schedules by PyTorch, for RecipeOracleTests.

    python3 make_recipes.py > recipes.json      (torch 2.x, CPU)

Gradients and starting values are written by formula in both places: w_i = sin(i), g_i(t) = cos(1.7 i + t).
"""

import copy
import json
import math

import torch
import torch.nn.functional as F

COUNT, STEPS = 8, 20


def rate(t):
    return 0.05 * (1 + math.cos(math.pi * t / STEPS)) / 2


def optimiser(make, reset=None, average=None):
    w = torch.sin(torch.arange(COUNT, dtype=torch.float64)).float().requires_grad_()
    opt, after = make(w), []
    mean = w.detach().clone()
    for t in range(STEPS):
        if t == reset:
            opt = make(w)
        for group in opt.param_groups:
            group["lr"] = rate(t)
        w.grad = torch.cos(1.7 * torch.arange(COUNT, dtype=torch.float64) + t).float()
        opt.step()
        if average is not None:
            torch._foreach_lerp_([mean], [w.detach()], 1 - average)
        if t in (0, 4, STEPS - 1):
            after.append(w.detach().tolist())
    return {"after": after, "average": mean.tolist()}


optimisers = {
    "sgd": optimiser(lambda w: torch.optim.SGD([w], lr=1, momentum=0.9, weight_decay=5e-4), average=0.9),
    "nesterov": optimiser(lambda w: torch.optim.SGD([w], lr=1, momentum=0.9, weight_decay=5e-4, nesterov=True)),
    "reset": optimiser(lambda w: torch.optim.SGD([w], lr=1, momentum=0.9, weight_decay=5e-4), reset=7),
    "adamw": optimiser(lambda w: torch.optim.AdamW([w], lr=1), average=0.99),
    "adamw-betas": optimiser(
        lambda w: torch.optim.AdamW([w], lr=1, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2), reset=7),
}



def grouped(make):
    """A linear layer of 4 inputs and 2 classes whose bias does not decay: the groups of SRe2L's and RDED's code."""
    weight = torch.sin(torch.arange(COUNT, dtype=torch.float64)).float().reshape(2, 4).requires_grad_()
    bias = torch.tensor([0.5, -2.0], requires_grad=True)
    opt, after = make([{"params": [weight]}, {"params": [bias], "weight_decay": 0.0}]), []
    for t in range(STEPS):
        for group in opt.param_groups:
            group["lr"] = rate(t)
        gradient = torch.cos(1.7 * torch.arange(COUNT + 2, dtype=torch.float64) + t).float()
        weight.grad, bias.grad = gradient[:COUNT].reshape(2, 4), gradient[COUNT:]
        opt.step()
        if t in (0, 4, STEPS - 1):
            after.append(weight.detach().flatten().tolist() + bias.detach().tolist())
    return {"after": after, "average": []}


optimisers["sgd-weights"] = grouped(lambda g: torch.optim.SGD(g, lr=1, momentum=0.9, weight_decay=0.3))
optimisers["adamw-weights"] = grouped(lambda g: torch.optim.AdamW(g, lr=1, weight_decay=0.3))

rows, classes, T = 4, 5, 20.0
i = torch.arange(rows * classes, dtype=torch.float64).reshape(rows, classes)
z = (3 * torch.sin(i)).float().double()
t = (3 * torch.cos(2 * i)).float().double()
labels = torch.tensor([1, 0, 4, 2])
partners, share = [3, 2, 0, 1], 0.3
onehot = F.one_hot(labels, classes).double()
mixed = share * onehot + (1 - share) * onehot[partners]
q = torch.softmax(t / T, 1)


def loss(body):
    x = z.clone().requires_grad_()
    value = body(x)
    value.backward()
    return {"loss": value.item(), "gradient": x.grad.flatten().tolist()}


losses = {
    "smoothing": loss(lambda x: F.cross_entropy(x, labels, label_smoothing=0.1)),
    "mixed": loss(lambda x: share * F.cross_entropy(x, labels) + (1 - share) * F.cross_entropy(x, labels[partners])),
    "mixed-smoothing": loss(lambda x: F.cross_entropy(x, mixed, label_smoothing=0.1)),
    "kl": loss(lambda x: F.kl_div(F.log_softmax(x / T, 1), q, reduction="batchmean")),
    "kl-mixed": loss(
        lambda x: F.kl_div(F.log_softmax(x / T, 1), share * q + (1 - share) * q[partners], reduction="batchmean")),
    "kl-T2": loss(lambda x: T * T * F.kl_div(F.log_softmax(x / T, 1), q, reduction="batchmean")),
    "mse": loss(lambda x: F.mse_loss(x, t) + 0.1 * F.cross_entropy(x, labels)),
}


def rates(schedule, count, base=0.1):
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    sched, values = schedule(opt), []
    for _ in range(count):
        values.append(opt.param_groups[0]["lr"])
        opt.step()
        sched.step()
    return values


L = torch.optim.lr_scheduler
schedules = {
    "cosine-floor": rates(lambda o: L.CosineAnnealingLR(o, 20, eta_min=1e-4), 20),
    "smooth": rates(lambda o: L.LambdaLR(o, lambda e: 0.5 * (1 + math.cos(math.pi * e / (2 * 20)))), 20),
    "step": rates(lambda o: L.StepLR(o, 7, gamma=0.1), 14),
    "multi": rates(lambda o: L.MultiStepLR(o, [6, 12, 16], gamma=0.2), 20),
    "warm": rates(
        lambda o: L.SequentialLR(
            o, [L.LinearLR(o, 0.25, 1, 3), L.CosineAnnealingLR(o, 16)], milestones=[4]), 20),
}


def dc(E, batches):
    """`evaluate_synset` of DC and its heirs: E + 1 epochs, the rate a tenth after epoch E//2+1."""
    lr, values = 0.01, []
    for epoch in range(E + 1):
        values += [lr] * batches
        if epoch in [E // 2 + 1]:
            lr *= 0.1
    return values


schedules["dc-10"] = dc(10, 3)
schedules["dc-7"] = dc(7, 2)
print(json.dumps({"optimisers": optimisers, "losses": losses, "schedules": schedules}))
