"""Writes m4-oracle.json beside this script: the law M4 solved for y, and its derivatives, for M4LawTests.

y − err_inf is bisected between 0 and err_0 − err_inf in the equation as printed, at 130 digits; derivatives are mpmath's
central differences of that solution.

    python3 make_m4_oracle.py       needs mpmath
"""
import json
from pathlib import Path

from mpmath import mp, mpf, diff, log

HERE = Path(__file__).parent
mp.dps = 130


def above(beta, c, alpha, floor, ceiling, x):
    """y − err_inf."""
    width = ceiling - floor
    target = log(beta) + c * log(x)
    low, high = mpf(0), width
    for _ in range(int(mp.prec)):
        middle = (low + high) / 2
        if log(middle) - alpha * log(width - middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


CASES = {  # beta, c, alpha, err_inf, err_0; x
    "ordinary": ([3.0, -0.4, 0.7, 0.1, 1.0], [0.01, 1, 30, 1e3, 1e6, 1e12]),
    "convex": ([50.0, -0.9, 2.5, 0.05, 1.0], [0.1, 3, 100, 1e4, 1e9]),
    "alpha 1": ([2.0, -0.5, 1.0, 0.0, 1.0], [1e-3, 4, 1e5]),
    "no floor, tiny y": ([1.0, -4.0, 0.3, 0.0, 1.0], [1.5, 1e3, 1e6, 1e15]),
    "at the ceiling": ([1e4, -0.3, 0.5, 0.2, 1.0], [1e-6, 1e-2, 1, 10]),
    "late fall": ([1e3, -1.0, 8.0, 0.02, 1.0], [1, 20, 1e4]),
    "hardly any level": ([0.5, -0.2, 0.01, 0.1, 1.0], [0.5, 2, 1e3]),
    "steep level": ([0.5, -0.2, 300.0, 0.1, 1.0], [0.01, 2, 1e6]),
    "loss": ([4.0, -0.3, 0.4, 1.7, 11.5], [0.01, 1, 1e4]),
    "narrow": ([1e-3, -0.3, 1.4, 0.5, 0.501], [0.1, 1, 1e3]),
}


def main():
    cases = []
    for name, (p, xs) in CASES.items():
        at = [mpf(v) for v in p]
        rows = []
        for x in xs:
            x = mpf(x)
            a = above(*at, x)
            gradient = [
                diff(lambda v: (above(*(at[:j] + [v] + at[j + 1:]), x) + (v if j == 3 else at[3])), at[j], h=mpf(10) ** -40)
                for j in range(5)
            ]
            rows.append({
                "x": float(x), "y": float(at[3] + a), "above": float(a), "gap": float(at[4] - at[3] - a),
                "gradient": [float(g) for g in gradient]})
        cases.append({"case": name, "parameters": p, "points": rows})
    (HERE / "m4-oracle.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
