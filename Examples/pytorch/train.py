"""Trains a small network on Fashion-MNIST and logs every training sample after every epoch.

    python train.py --store runs --epochs 3
"""
import argparse, gzip, os, time
import numpy as np, torch
from torch import nn
from assay_logger import AssayLogger
from seal import seal

parser = argparse.ArgumentParser()
parser.add_argument("--store", default="runs")
parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="the four IDX files, gzipped or not")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--samples", type=int, default=10000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--logits", action="store_true", help="keep all logits as well, as float16")
args = parser.parse_args()


def idx(name):
    path = os.path.join(args.data, name)
    with (gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")) as file:
        data = file.read()
    shape = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def split(kind, count):
    images, labels = idx(f"{kind}-images-idx3-ubyte")[:count], idx(f"{kind}-labels-idx1-ubyte")[:count]
    return torch.from_numpy((images[:, None] / 255 - 0.5).astype("f4")), torch.from_numpy(labels.astype("i8"))


def synthetic(count, seed):
    """Ten noisy prototypes, the same in both splits."""
    prototypes = torch.randn(10, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=random)
    return 0.3 * prototypes[labels] + torch.randn(count, 1, 28, 28, generator=random), labels


try:
    (x, y), (x_test, y_test), dataset = split("train", args.samples), split("t10k", 2000), "fashion-mnist"
except FileNotFoundError as error:
    print(f"{error}: training on SYNTHETIC images instead (apt install dataset-fashion-mnist, or --data)")
    (x, y), (x_test, y_test), dataset = synthetic(args.samples, 1), synthetic(2000, 2), "synthetic"

torch.manual_seed(args.seed)
model = nn.Sequential(nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                      nn.Linear(16 * 49, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
run = f"HL/full/{args.epochs}/seed{args.seed}"
log = AssayLogger(args.store, run, y, logits=args.logits, dataset=dataset, model="cnn", regime="HL", subset="full",
                  budget=float(args.epochs), planned_epochs=float(args.epochs), seed=args.seed, classes=10,
                  **{"pass": "eval"})
start = time.time()
for epoch in range(1, args.epochs + 1):
    model.train()
    for batch in torch.randperm(len(y)).split(128):
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for batch in torch.arange(len(y)).split(1000):  # every training sample once, without augmentation
            log.batch(batch, model(x[batch]))
        z = model(x_test)
    error = (z.argmax(1) != y_test).float().mean().item()
    log.checkpoint(epoch, test_error=error, test_loss=nn.functional.cross_entropy(z, y_test).item(),
                   samples_seen=epoch * len(y), seconds=time.time() - start)
    print(f"epoch {epoch}: test error {error:.4f}")
seal(os.path.join(args.store, run))
print(f"logged {len(y)} samples in {args.store}/{run}.h5")
