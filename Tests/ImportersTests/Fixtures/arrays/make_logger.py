"""Writes a run with Examples/pytorch/assay_logger.py, as parts and sealed, and what NumPy computes of its logits.

    python make_logger.py            # torch 2.15, h5py 3.16
"""
import json, os, shutil, sys
import numpy as np, torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../../../../Examples/pytorch"))
sys.dont_write_bytecode = True
from assay_logger import AssayLogger
from seal import seal

os.chdir(here)
shutil.rmtree("logger", ignore_errors=True)
E, N, C = 2, 11, 5
rng = np.random.default_rng(8)
labels, ids = rng.integers(0, C, N), rng.permutation(100)[:N]
logits = rng.normal(0, 3, (E, N, C)).astype("f2").astype("f4")
for name in ["open", "sealed"]:
    log = AssayLogger("logger", name, labels, ids=ids, logits=True, regime="HL", seed=1, budget=2.0)
    for e in range(E):
        order = rng.permutation(N)
        for index in [order[:4], order[4:8], np.r_[order[8:], order[:1]]]:  # shuffled, the last batch padded
            log.batch(torch.from_numpy(index), torch.from_numpy(logits[e, index]))
        log.checkpoint(e + 1, test_error=0.5 / (e + 1), samples_seen=N * (e + 1))
seal("logger/sealed")

z = logits.astype("f8")
p = np.exp(z - z.max(-1, keepdims=True))
p /= p.sum(-1, keepdims=True)
at = (np.arange(E)[:, None], np.arange(N), labels)
others = np.ones((E, N, C), bool)
others[at] = False
one_hot = np.eye(C)[labels]
expected = {
    "target_probability": p[at], "logit_margin": z[at] - np.where(others, z, -np.inf).max(-1),
    "probability_margin": p[at] - np.where(others, p, -np.inf).max(-1), "correct": (z.argmax(-1) == labels) * 1.0,
    "loss": -np.log(p[at]), "entropy": -(p * np.log(p)).sum(-1), "el2n": np.sqrt(((p - one_hot) ** 2).sum(-1)),
}
with open("logger/expected.json", "w") as f:
    json.dump({"ids": ids.tolist(), "labels": labels.tolist(), "logits": z.ravel().tolist(),
               "scores": {k: v.ravel().tolist() for k, v in expected.items()}}, f)
