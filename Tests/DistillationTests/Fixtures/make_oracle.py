"""Distribution matching of random embeddings, by NumPy.

    python3 make_oracle.py > distribution_matching.json
"""

import json

import numpy as np

rng = np.random.default_rng(1)
N, d, C = 60, 7, 3
labels = rng.integers(0, C, N)
features = (rng.normal(size=(N, d)) + labels[:, None]).astype(np.float32)
subsets = [
    sorted(rng.choice(N, 20, replace=False).tolist()),
    list(range(N)),
    np.flatnonzero(labels == 1)[:4].tolist(),
    np.argsort(features[:, 0], kind="stable")[15:50].tolist(),
]


def dm(subset):
    x, subset = features.astype(np.float64), np.array(subset)
    literal = debiased = 0.0
    for c in range(C):
        real, own = x[labels == c], x[subset[labels[subset] == c]]
        if len(own) == 0:
            continue
        distance = np.sum((own.mean(0) - real.mean(0)) ** 2)
        trace = np.trace(np.atleast_2d(np.cov(own, rowvar=False, ddof=1)))
        literal += distance
        debiased += distance - trace * (1 / len(own) - 1 / len(real))
    return literal, debiased


print(json.dumps({
    "features": features.ravel().tolist(), "width": d, "labels": labels.tolist(), "classes": C,
    "subsets": subsets, "expected": [dm(s) for s in subsets],
}))
