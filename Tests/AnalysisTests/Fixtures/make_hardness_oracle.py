"""Optima between windows by numpy.polyfit, flatness by scipy's f_oneway, spreads of scores by NumPy: what
OptimalHardness.Interpolation and ScoreSpread must find. Writes hardness-oracle.json beside itself."""

import json
import pathlib

import numpy as np
from scipy import stats

rng = np.random.default_rng(7)


def case(name, starts, runs):
    """A row of `runs` per window."""
    means = runs.mean(1)
    best, most = int(means.argmin()), len(starts) - 1
    first, last = max(0, min(best - 2, most - 2)), min(most, max(best + 2, 2))
    x, y = starts[first : last + 1], means[first : last + 1]
    a, b, c = np.polyfit(x, y, 2)
    position = float(np.clip(-b / (2 * a), x[0], x[-1])) if a > 0 else float(starts[best])
    error = float(np.polyval([a, b, c], position)) if a > 0 else float(means[best])
    lack, noise = runs.shape[1] * ((y - np.polyval([a, b, c], x)) ** 2).sum(), ((runs - means[:, None]) ** 2).sum()
    free, degrees = len(x) - 3, runs.size - len(runs)
    return dict(
        name=name,
        starts=starts.tolist(),
        runs=runs.tolist(),
        position=position,
        error=error,
        p_flat=float(stats.f_oneway(*runs).pvalue),
        p_fit=float(stats.f.sf(lack / free / (noise / degrees), free, degrees)) if free else None,
    )


cases = []
for name, optimum, curvature, noise, seeds in [
    ("clear", 0.43, 0.6, 0.004, 4),
    ("edge", -0.2, 0.5, 0.004, 3),
    ("flat", 0.5, 0.0, 0.01, 3),
    ("right", 0.78, 0.9, 0.01, 5),
]:
    starts = np.arange(10) / 10
    runs = np.round(0.5 + curvature * (starts - optimum) ** 2 + noise * rng.standard_normal((seeds, 10)), 4).T
    cases.append(case(name, starts, runs))
# A cliff beside a flat bottom is no parabola.
cliff = np.array([[0.861, 0.855], [0.211, 0.208], [0.209, 0.212], [0.283, 0.287]])
cases.append(case("cliff", np.arange(4) / 3, cliff))
scores = np.round(rng.gamma(3.0, 0.2, 101), 4)
q = np.quantile(scores, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
spread = dict(
    scores=scores.tolist(),
    cv=float(stats.variation(scores, ddof=1)),
    quartile_dispersion=float((q[4] - q[2]) / (q[4] + q[2])),
    quantiles=q.tolist(),
    shares=(np.histogram(scores, bins=8)[0] / len(scores)).tolist(),
)
with open(pathlib.Path(__file__).parent / "hardness-oracle.json", "w") as f:
    json.dump(dict(windows=cases, spread=spread), f)
    f.write("\n")
