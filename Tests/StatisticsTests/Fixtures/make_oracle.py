"""Expected values for StatisticsTests, by NumPy and SciPy: python3 make_oracle.py > oracle.json (SciPy 1.17.1)."""

import itertools
import json
import math

import numpy as np
from scipy import stats

rng = np.random.default_rng(20240611)


def residual(v, columns):
    design = np.column_stack([np.ones(len(v))] + columns)
    return v - design @ np.linalg.lstsq(design, v, rcond=None)[0]


def pearson(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def partial(x, y, covariates):
    ranks = [stats.rankdata(c) for c in covariates]
    return pearson(residual(stats.rankdata(x), ranks), residual(stats.rankdata(y), ranks))


def tied(m, levels):
    x = rng.integers(0, levels, m) / 4
    return x, np.round(x + rng.normal(0, 0.6, m), 1)


out = {}

out["spearman"] = []
for m, levels in [(3, 50), (5, 2), (9, 4), (40, 6), (158, 12), (1000, 30)]:
    x, y = tied(m, levels)
    out["spearman"].append({
        "x": x.tolist(), "y": y.tolist(), "ranks": stats.rankdata(x).tolist(),
        "rho": float(stats.spearmanr(x, y).statistic)})

out["partial"] = []
for m, k in [(12, 1), (60, 1), (60, 2), (158, 3)]:
    covariates = [np.round(rng.normal(size=m), 1) for _ in range(k)]
    x = np.round(sum(covariates) + rng.normal(size=m), 1)
    y = np.round(sum(covariates) - 0.5 * x + rng.normal(size=m), 1)
    positive = [np.exp(c) for c in covariates]
    logs = [np.log(p) for p in positive]
    out["partial"].append({
        "x": x.tolist(), "y": y.tolist(), "covariates": [c.tolist() for c in covariates],
        "rho": partial(x, y, covariates), "positive": [p.tolist() for p in positive],
        "residual": float(stats.spearmanr(residual(x, logs), residual(y, logs)).statistic)})

out["within"] = []
for sizes in [(10, 20, 30), (4, 4, 50), (3, 8, 2, 9)]:
    strata = np.repeat(np.arange(len(sizes)), sizes)
    x = np.round(rng.normal(size=len(strata)) + 2 * strata, 1)
    y = np.round(0.5 * x + rng.normal(size=len(strata)), 1)
    rhos = [float(stats.spearmanr(x[strata == k], y[strata == k]).statistic) for k in range(len(sizes))]
    used = [k for k, n in enumerate(sizes) if n > 3]
    z = sum((sizes[k] - 3) * math.atanh(rhos[k]) for k in used) / sum(sizes[k] - 3 for k in used)
    out["within"].append({
        "x": x.tolist(), "y": y.tolist(), "strata": strata.tolist(), "used": used, "rhos": rhos, "rho": math.tanh(z)})


def share(statistic, orders):
    """Two-sided exact p: the share of arrangements whose |rho| reaches the observed one."""
    values = np.array([abs(statistic(list(o))) for o in orders])
    return float(np.mean(values >= values[0] - 1e-12)), len(values)


out["permutation"] = []
for m in [4, 6, 7]:
    x, y = tied(m, 5)
    p, count = share(lambda o: stats.spearmanr(x, y[o]).statistic, itertools.permutations(range(m)))
    out["permutation"].append({"x": x.tolist(), "y": y.tolist(), "p": p, "count": count})
x, y = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9]), np.array([2.0, 1, 4, 3, 7, 5, 6, 9, 8])
ranks = np.array(list(itertools.permutations(range(9))), dtype=float)
rho = 1 - 6 * ((ranks - np.arange(9)) ** 2).sum(axis=1) / (9 * 80)
observed = stats.spearmanr(x, y).statistic
out["permutation"].append({
    "x": x.tolist(), "y": y.tolist(), "p": float(np.mean(np.abs(rho) >= abs(observed) - 1e-12)), "count": len(rho)})

strata = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
x = np.round(rng.normal(size=9), 1)
y = np.round(x + rng.normal(size=9), 1)


def pooled(order):
    z = [(n - 3) * math.atanh(stats.spearmanr(x[strata == k], y[order][strata == k]).statistic)
         for k, n in [(0, 4), (1, 5)]]
    return math.tanh(sum(z) / 3)


# Perfect strata would need the convention for them: the fixture has an extra tie that forbids |rho| = 1.
x[1], x[6] = x[0], x[5]
orders = [a + b for a in itertools.permutations(range(4)) for b in itertools.permutations(range(4, 9))]
p, count = share(pooled, orders)
out["permutation_within"] = {"x": x.tolist(), "y": y.tolist(), "strata": strata.tolist(), "p": p, "count": count}

c = np.round(rng.normal(size=7), 2)
x, y = np.round(c + rng.normal(size=7), 2), np.round(c + rng.normal(size=7), 2)
rc, rx = stats.rankdata(c), residual(stats.rankdata(x), [stats.rankdata(c)])
ry = residual(stats.rankdata(y), [rc])
p, count = share(lambda o: pearson(rx, residual(ry[o], [rc])), itertools.permutations(range(7)))
out["permutation_partial"] = {"x": x.tolist(), "y": y.tolist(), "covariate": c.tolist(), "p": p, "count": count}

x, y = tied(24, 40)
y[:3] += 2
result = stats.bootstrap(
    (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False, n_resamples=1999,
    method="BCa", random_state=np.random.default_rng(5))
percentile = stats.bootstrap(
    (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False, n_resamples=0,
    bootstrap_result=result, method="percentile")
out["bootstrap"] = {
    "x": x.tolist(), "y": y.tolist(), "distribution": result.bootstrap_distribution.tolist(),
    "bca": list(map(float, result.confidence_interval)), "percentile": list(map(float, percentile.confidence_interval))}

x = np.round(rng.normal(size=158), 2)
y = np.round(0.5 * x + rng.normal(size=158), 1)
index = rng.integers(0, 158, (20000, 158))
rx, ry = stats.rankdata(x[index], axis=1), stats.rankdata(y[index], axis=1)
rx -= rx.mean(axis=1, keepdims=True)
ry -= ry.mean(axis=1, keepdims=True)
rho = (rx * ry).sum(axis=1) / np.sqrt((rx**2).sum(axis=1) * (ry**2).sum(axis=1))
out["large"] = {"x": x.tolist(), "y": y.tolist(), "percentile": np.percentile(rho, [2.5, 97.5]).tolist()}

ps = [1e-6, 0.025, 0.3, 0.5, 0.95, 0.999]
out["distributions"] = {
    "p": ps, "normal": stats.norm.ppf(ps).tolist(), "t": {str(d): stats.t.ppf(ps, d).tolist() for d in (1, 2.5, 46)}}

a, b = rng.normal(0.40, 0.02, 5), rng.normal(0.41, 0.03, 7)
p = max(stats.ttest_ind(a + 0.03, b, equal_var=False, alternative="greater").pvalue,
        stats.ttest_ind(a - 0.03, b, equal_var=False, alternative="less").pvalue)
ci = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
d = rng.normal(0.005, 0.01, 6)
paired = max(stats.ttest_1samp(d, -0.02, alternative="greater").pvalue, stats.ttest_1samp(d, 0.02, alternative="less").pvalue)
out["equivalence"] = {"a": a.tolist(), "b": b.tolist(), "p": float(p), "low": float(ci.low), "high": float(ci.high),
                      "differences": d.tolist(), "paired": float(paired)}

chi2, ratio = [0.5, 4.0, 30.0, 200.0], [0.3, 1.0, 4.5, 40.0]
out["tails"] = {
    "chi_square": {"x": chi2, **{str(d): stats.chi2.sf(chi2, d).tolist() for d in (1, 4)}},
    "f": {"x": ratio, **{f"{a},{b}": stats.f.sf(ratio, a, b).tolist() for a, b in ((1, 12), (4, 92))}}}

print(json.dumps(out))
