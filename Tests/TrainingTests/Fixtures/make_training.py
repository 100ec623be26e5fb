"""A short training over ten seeds by PyTorch: python3 make_training.py > training.json      (torch 2.x, CPU)

The data are the same for both programs (make_networks.py's generator); initial weights and the order of images are
each program's own, so that only the distribution over seeds can be compared: mean and standard error of the test error.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

from make_networks import ConvNet, uniform

SHAPE, CLASSES, TRAIN, TEST = (1, 12, 12), 6, 600, 1000
DEPTH, WIDTH, BATCH, EPOCHS, RATE, MOMENTUM, DECAY = 2, 8, 50, 4, 0.02, 0.9, 5e-4
CONTRAST = 0.6


def images(name, count):
    pixels = int(np.prod(SHAPE))
    labels = np.arange(count) % CLASSES
    prototypes = np.stack([uniform(f"prototype/{c}", pixels, -1, 1) for c in range(CLASSES)])
    noise = uniform(name, count * pixels, -1.7, 1.7).reshape(count, pixels)
    values = np.float32(CONTRAST) * prototypes[labels] + noise
    return torch.from_numpy(values).reshape(count, *SHAPE), torch.from_numpy(labels)


def test_error(seed):
    torch.manual_seed(seed)
    net = ConvNet(DEPTH, WIDTH, "instance", SHAPE, CLASSES)
    opt = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    x, y = images("train", TRAIN)
    for _ in range(EPOCHS):
        for batch in torch.randperm(TRAIN).split(BATCH):
            opt.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            opt.step()
    x, y = images("test", TEST)
    with torch.no_grad():
        return (net(x).argmax(1) != y).double().mean().item()


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({"errors": [test_error(seed) for seed in range(1, 11)]}))
