"""Differences of means, equivalence, spreads and their ratios in SciPy, from table 1 of data/hard-truths-tables.csv at
IPC 50: what RegimeComparison must find. Writes regimes-oracle.json beside itself."""

import csv
import json
import pathlib

import numpy as np
from scipy import optimize, stats

here = pathlib.Path(__file__).parent
MARGIN, LEVEL, N = 0.01, 0.95, 3
alpha = 1 - LEVEL
rows = [
    r
    for r in csv.DictReader(open(here / "../../../data/hard-truths-tables.csv"))
    if r["table"] == "1" and r["ipc"] == "50"
]
cells = {
    (r["regime"], r["method"]): (1 - float(r["mean"]) / 100, float(r["std"] or "nan") / 100, r["kind"]) for r in rows
}
regimes = ["HL", "SL", "SL+KD"]


def welch(a, b):
    """a - b: scipy's own test, and shifted means for the two one-sided ones."""
    (m1, s1, _), (m2, s2, _) = a, b
    two = stats.ttest_ind_from_stats(m1, s1, N, m2, s2, N, equal_var=False)
    low = stats.ttest_ind_from_stats(m1 + MARGIN, s1, N, m2, s2, N, equal_var=False, alternative="greater")
    high = stats.ttest_ind_from_stats(m1 - MARGIN, s1, N, m2, s2, N, equal_var=False, alternative="less")
    v1, v2 = s1**2 / N, s2**2 / N
    df = (v1 + v2) ** 2 / (v1**2 / (N - 1) + v2**2 / (N - 1))
    ends = stats.t.interval(LEVEL, df, loc=m1 - m2, scale=np.sqrt(v1 + v2))
    return [m1 - m2, *ends, df, two.pvalue, max(low.pvalue, high.pvalue)]


def against_constant(a, full):
    (m, s, _), c = a, full[0]
    x = stats.t(N - 1, loc=0, scale=s / np.sqrt(N))
    d = m - c
    ends = stats.t.interval(LEVEL, N - 1, loc=d, scale=s / np.sqrt(N))
    return [d, *ends, N - 1, 2 * x.sf(abs(d)), max(x.sf(d + MARGIN), x.cdf(d - MARGIN))]


def ratio(x, y):
    """y's spread by x's: the interval by inverting the Pitman-Morgan test."""
    x, y = np.array(x), np.array(y)
    centre = np.std(y, ddof=1) / np.std(x, ddof=1)

    def p(r):
        return stats.pearsonr(y / r + x, y / r - x).pvalue

    low = optimize.brentq(lambda r: p(r) - alpha, centre / 100, centre, xtol=1e-15, rtol=1e-14)
    high = optimize.brentq(lambda r: p(r) - alpha, centre, centre * 100, xtol=1e-15, rtol=1e-14)
    return [centre, low, high, p(1.0)]


subsets = {r: [k[1] for k in cells if k[0] == r and cells[k][2] != "full"] for r in regimes}
result = {"gains": [], "gaps": [], "spreads": [], "changes": []}
for r in regimes:
    for m in subsets[r]:
        if m != "Random Real":
            result["gains"].append([r, m] + welch(cells[r, "Random Real"], cells[r, m]))
        if m in ("RDED", "EL2N - Best", "Random Real"):
            result["gaps"].append([r, m] + against_constant(cells[r, m], cells[r, "Full Dataset"]))
    errors = np.array([cells[r, m][0] for m in subsets[r]])
    s = errors.std(ddof=1)
    k = len(errors) - 1
    ends = [s * np.sqrt(k / stats.chi2.ppf(q, k)) for q in (1 - alpha / 2, alpha / 2)]
    noise = np.sqrt(np.mean([cells[r, m][1] ** 2 / N for m in subsets[r]]))
    result["spreads"].append([r, s, *ends, np.ptp(errors), noise])
for i, a in enumerate(regimes):
    for b in regimes[i + 1 :]:
        x, y = ([cells[r, m][0] for m in subsets[a]] for r in (a, b))
        result["changes"].append([a, b] + ratio(x, y) + [stats.spearmanr(x, y).statistic])

with open(here / "regimes-oracle.json", "w") as f:
    json.dump(result, f, default=float)
    f.write("\n")
