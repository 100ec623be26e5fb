"""Writes mixture-oracle.json beside this script: predictions for pooled subsets and their errors, for MixtureTests.

A mixture is multiplied up epoch by epoch with the mean of the pools' decayed exponents; gradients are complex steps. Three
sets of pools: equal sizes, unequal sizes, and a joint least-squares fit of three pools with one a and one d, whose whole
covariance over all eight parameters gives the errors, while each pool's own 4 × 4 block is written down.

    python3 make_mixture_oracle.py       needs NumPy and SciPy
"""
import json
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import t

HERE = Path(__file__).parent
N0 = 1e5
LEVEL = 0.9


def mixture(p, sizes, n):
    """p: [pools, 4] of (a, b, tau, d), complex allowed."""
    p, sizes = np.asarray(p), np.asarray(sizes, float)
    total = sizes.sum()
    w = sizes / total
    a, d = w @ p[:, 0], w @ p[:, 3]
    seen, epoch = min(n, total), 0
    y = a * (seen / N0) ** (w @ p[:, 1])
    while seen < n:
        epoch += 1
        after = min(total * (epoch + 1), n)
        b = w @ (p[:, 1] * 2 ** (-epoch * w / p[:, 2]))
        y = y * (after / seen) ** b
        seen = after
    return y + d


def gradient(p, sizes, n):
    p = np.asarray(p, complex)
    g = np.zeros(p.shape)
    for i in range(p.shape[0]):
        for j in range(4):
            q = p.copy()
            q[i, j] += 1e-30j
            g[i, j] = mixture(q, sizes, n).imag / 1e-30
    return g


def case(name, p, sizes, n, covariances, degrees):
    rows = []
    for k in range(1, len(p) + 1):
        for members in combinations(range(len(p)), k):
            m = list(members)
            for samples in n:
                g = gradient(p[m], sizes[m], samples)
                parts = np.array([g[i] @ covariances[j] @ g[i] for i, j in enumerate(m)])
                df = parts.sum() ** 2 / np.sum(parts**2 / np.array(degrees)[m])
                error = np.sqrt(parts.sum())
                rows.append({
                    "members": m, "n": samples, "y": mixture(p[m], sizes[m], samples).real, "standard_error": error,
                    "half": error * t.ppf((1 + LEVEL) / 2, df)})
    return {
        "name": name, "pools": p.tolist(), "sizes": sizes.tolist(), "degrees": list(degrees), "level": LEVEL, "n0": N0,
        "covariances": [c.ravel().tolist() for c in covariances], "mixtures": rows}


def jacobian(p, s, n):
    q, columns = np.asarray([p], complex), []
    for j in range(4):
        r = q.copy()
        r[0, j] += 1e-30j
        columns.append([mixture(r, [s], i).imag / 1e-30 for i in n])
    return np.array(columns).T


def main():
    p = np.array([[0.6, -0.25, 2.0, 0.1], [0.62, -0.18, 6.0, 0.11], [0.55, -0.1, 15.0, 0.08], [0.6, -0.05, 40.0, 0.1]])
    n = [3e4, 2.5e5, 1e6, 1.237e7]
    cases, s0 = [], 64_000.0
    for name, sizes in [("equal", np.full(4, s0)), ("unequal", np.array([3e4, 1.5e5, 7e4, 1e6]))]:
        covariances = []
        for pool, s in zip(p, sizes):
            J = jacobian(pool, s, np.linspace(0.2, 12, 40) * s)
            covariances.append(np.linalg.inv(J.T @ J) * 1e-6)
        cases.append(case(name, p, sizes, n, covariances, (36, 10, 5, 20)))

    # One a and one d for all: parameters a, d, b1, tau1, b2, tau2, b3, tau3.
    p = np.array([[0.6, -0.25, 2.0, 0.1], [0.6, -0.18, 6.0, 0.1], [0.6, -0.1, 15.0, 0.1]])
    sizes, blocks = np.full(3, s0), []
    for i, pool in enumerate(p):
        J = jacobian(pool, s0, np.linspace(0.2, 12, 20 + 10 * i) * s0)
        row = np.zeros((len(J), 8))
        row[:, [0, 2 + 2 * i, 3 + 2 * i, 1]] = J
        blocks.append(row)
    J = np.concatenate(blocks)
    joint = np.linalg.inv(J.T @ J) * 1e-6
    place = [[0, 2 + 2 * i, 3 + 2 * i, 1] for i in range(3)]
    covariances = [joint[np.ix_(k, k)] for k in place]
    shared = case("shared", p, sizes, n, covariances, (82, 82, 82))
    for row in shared["mixtures"]:
        g = np.zeros(8)
        for i, by in zip(row["members"], gradient(p[row["members"]], sizes[row["members"]], row["n"])):
            g[place[i]] += by
        row["standard_error"] = float(np.sqrt(g @ joint @ g))
        row["half"] = float(row["standard_error"] * t.ppf((1 + LEVEL) / 2, 82))
    cases.append(shared)
    (HERE / "mixture-oracle.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
