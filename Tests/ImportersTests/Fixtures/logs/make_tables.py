"""Writes tables/: metric logs and per-sample logs as training loops write them with csv and json, with what they mean in
tables.json. (numpy)

`samples-rank*.csv` come from a distributed loop of two workers that shuffle, and pad their last batch with repeats;
`cartography/` are training dynamics in the form of dataset-cartography: a file per epoch, epochs counted from 0.
"""
import csv
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
OUT = HERE / "tables"
OUT.mkdir(exist_ok=True)
(OUT / "cartography").mkdir(exist_ok=True)
rng = np.random.default_rng(0)
expected = {}

# Metrics of two runs in one table; percent; a word that is constant over a run and one that is not.
with open(OUT / "metrics.csv", "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["run", "seed", "optimizer", "epoch", "val/acc", "test_error", "lr", "phase"])
    for run, seed in [("a", 1), ("b", 2)]:
        acc = []
        for epoch in range(1, 4):
            acc.append(50 + 10 * epoch + seed)
            out.writerow([run, seed, "sgd", epoch, acc[-1], 100 - acc[-1], 0.1 / epoch, "warm" if epoch == 1 else "main"])
        expected[run] = {"epochs": [1, 2, 3], "seed": seed, "val_acc": acc, "learning_rate": [0.1 / e for e in (1, 2, 3)]}

with open(OUT / "metrics.jsonl", "w") as file:
    for step in range(1, 5):
        entry = {"step": step * 10, "loss": float("inf") if step == 2 else 1 / step}
        if step % 2 == 0:
            entry["val"] = {"acc": float("nan") if step == 4 else 0.5}
        file.write(json.dumps(entry) + "\n")
expected["metrics"] = {"epochs": [0.5, 1, 1.5, 2], "loss": [1, "inf", 1 / 3, 1 / 4], "val.acc": [None, 0.5, None, None],
                       "samples_seen": [80, 160, 240, 320]}

# Samples: N = 7, E = 3, C = 3; ids are indices in a larger data set.
ids = np.array([3, 5, 8, 13, 21, 34, 55])
labels = rng.integers(0, 3, 7)
logits = rng.normal(0, 2, (3, 7, 3)).round(4)
p = np.exp(logits - logits.max(-1, keepdims=True))
p /= p.sum(-1, keepdims=True)
target = np.take_along_axis(p, labels[None, :, None], 2)[..., 0]
correct = logits.argmax(-1) == labels
files = [csv.writer(open(OUT / f"samples-rank{rank}.csv", "w", newline="")) for rank in range(2)]
for out in files:
    out.writerow(["epoch", "sample_id", "label", "target_probability", "correct", "logit_0", "logit_1", "logit_2", "host"])
for epoch in range(3):
    order = rng.permutation(7)
    for place, i in enumerate([*order, order[0]]):  # the last is padding
        # The repeat differs, so that the choice between first and mean can be seen.
        shift = 1.0 if place == 7 else 0.0
        files[place % 2].writerow([epoch + 1, ids[i], labels[i], repr(float(target[epoch, i] + shift)), bool(correct[epoch, i]),
                                   *(float(z) for z in logits[epoch, i]), f"rank{place % 2}"])
    expected.setdefault("padded", []).append(int(order[0]))
expected["samples"] = {"id": ids.tolist(), "label": labels.tolist(), "target_probability": target.tolist(),
                       "correct": correct.astype(int).tolist(), "logits": logits.tolist()}

for epoch in range(3):
    with open(OUT / "cartography" / f"dynamics_epoch_{epoch}.jsonl", "w") as file:
        for i in rng.permutation(7):
            file.write(json.dumps({"guid": f"train-{ids[i]}", f"logits_epoch_{epoch}": logits[epoch, i].tolist(),
                                   "gold": int(labels[i])}) + "\n")
by_name = sorted(range(7), key=lambda i: f"train-{ids[i]}")
expected["cartography"] = {"name": [f"train-{ids[i]}" for i in by_name], "label": [int(labels[i]) for i in by_name],
                           "logits": logits[:, by_name].tolist()}
(HERE / "tables.json").write_text(json.dumps(expected, indent=1) + "\n")
