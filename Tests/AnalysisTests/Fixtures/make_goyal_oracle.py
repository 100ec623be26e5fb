"""Writes goyal.csv (curves) and goyal-oracle.json (their fits by SciPy) beside this script: the oracle of ScalingLawTests.

The law is written out from its definition, with loops over epochs, apart from the closed form that Assay uses. Each curve
is fitted by scipy.optimize.least_squares (trf, exact derivatives) between the bounds from 40 starts over the bounds.
Standard errors: pinv(JᵀJ) · rss / (n − 4), J by complex steps, over the parameters that are not on a bound.

    python3 make_goyal_oracle.py       needs NumPy and SciPy
"""
import json
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import t

HERE = Path(__file__).parent
N0 = 1e5


def law(p, n, s):
    """a · n₁^b₁ · Π_j (n_j/n_{j−1})^(b δ^j) + d, one point at a time; complex parameters allowed."""
    a, b, tau, d = p
    delta = 2 ** (-1 / tau)
    values = []
    for n_i, s_i in zip(n, s):
        seen = min(n_i, s_i)
        y = a * (seen / N0) ** b
        epoch = 1
        while seen < n_i:
            after = min(s_i * (epoch + 1), n_i)
            y = y * (after / seen) ** (b * delta**epoch)
            seen, epoch = after, epoch + 1
        values.append(y + d)
    return np.array(values)


def jacobian(p, n, s):
    columns = []
    for j in range(4):
        step = np.array(p, complex)
        step[j] += 1e-30j
        columns.append(law(step, n, s).imag / 1e-30)
    return np.stack(columns, 1)


def fit(n, s, y, rng):
    low, high = np.array([0, -5, 0.05, 0]), np.array([np.inf, 0, 1000, y.min()])
    best = None
    for start in range(40):
        b = -np.exp(rng.uniform(np.log(0.01), np.log(3)))
        tau = np.exp(rng.uniform(np.log(0.1), np.log(300)))
        d = rng.uniform(0, 0.95) * y.min()
        shape = law((1, b, tau, 0), n, s)
        p = [max(1e-9, shape @ (y - d) / (shape @ shape)), b, tau, d]
        r = least_squares(
            lambda p: law(p, n, s).real - y, p, lambda p: jacobian(p, n, s), (low, high), x_scale="jac",
            xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=400)
        if best is None or r.cost < best.cost:
            best = r
    p = best.x
    width = np.array([1, 5, 1000, y.min()])
    free = [j for j in range(4) if min(p[j] - low[j], high[j] - p[j]) > 1e-7 * width[j] or j == 0]
    J = jacobian(p, n, s)[:, free]
    rss = 2 * best.cost
    errors = [None] * 4
    for slot, j in enumerate(free):
        errors[j] = float(np.sqrt(np.linalg.pinv(J.T @ J, rcond=1e-20)[slot, slot] * rss / (len(y) - 4)))
    # Band of the curve at 95 %: t · sqrt(∂f/∂p · cov · ∂f/∂p), at n = 0.5 and 20 epochs.
    cov = np.linalg.pinv(J.T @ J, rcond=1e-20) * rss / (len(y) - 4)
    at = jacobian(p, np.array([0.5, 20]) * s[1], s[[1, 1]])[:, free]
    half = t.ppf(0.975, len(y) - 4) * np.sqrt(np.einsum("ij,jk,ik->i", at, cov, at))
    return {"band_half_widths": half.tolist(), "parameters": [float(v) for v in p], "standard_errors": errors, "rss": float(rss)}


def main():
    rng = np.random.default_rng(20)
    lines, oracle = ["curve,n,s,y"], {}
    s0 = 50_000.0
    shapes = {  # name: a, b, tau, d, noise, epochs
        "plain": (0.6, -0.15, 4, 0.1, 0.002, np.linspace(0.2, 10, 40)),
        "steep": (0.8, -0.6, 2, 0.25, 0.004, np.geomspace(0.05, 30, 30)),
        "shallow": (0.5, -0.04, 6, 0.05, 0.001, np.linspace(0.2, 12, 50)),
        "long-lived": (0.7, -0.3, 40, 0.02, 0.003, np.geomspace(0.1, 60, 30)),
        "few": (0.9, -0.25, 3, 0.15, 0.001, np.array([0.25, 0.5, 1, 2, 4, 8, 16])),
        "no-floor": (0.7, -0.2, 3, 0.0, 0.01, np.linspace(0.2, 10, 30)),
        "worn-out": (0.6, -0.2, 0.08, 0.1, 0.002, np.linspace(0.1, 6, 40)),
        "two-pools": (0.6, -0.2, 5, 0.1, 0.002, np.linspace(0.2, 8, 40)),
    }
    for name, (a, b, tau, d, noise, epochs) in shapes.items():
        s = np.full(len(epochs), s0)
        if name == "two-pools":  # points of different pool sizes in one fit
            s[::2] = 5 * s0
        n = np.round(epochs * s)
        y = law((a, b, tau, d), n, s) + rng.normal(0, noise, len(n))
        oracle[name] = {"truth": [a, b, tau, d], "n": len(n)} | fit(n, s, y, rng)
        lines += [f"{name},{int(i)},{int(j)},{float(k)!r}" for i, j, k in zip(n, s, y)]
    points = [(0.3, 1.0), (1.0, 1.0), (1.5, 1.0), (7.25, 1.0), (31, 2.0)]
    p = (0.7, -0.31, 3.3, 0.12)
    n, s = np.array([q[0] for q in points]) * 4e4, np.array([q[1] for q in points]) * 4e4
    oracle["derivatives"] = {
        "parameters": p, "n": n.tolist(), "s": s.tolist(), "value": law(p, n, s).tolist(),
        "jacobian": jacobian(p, n, s).tolist()}
    (HERE / "goyal.csv").write_text("\n".join(lines) + "\n")
    (HERE / "goyal-oracle.json").write_text(json.dumps(oracle, indent=1, sort_keys=True) + "\n")


main()
