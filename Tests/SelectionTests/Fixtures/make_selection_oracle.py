"""Expected values for SelectionTests, by NumPy and SciPy: python3 make_selection_oracle.py > selection-oracle.json."""

import json

import numpy as np
from scipy import stats

rng = np.random.default_rng(20240917)
out = {}


def strata_budget(populations, total):
    """The released CCS code: ascending population, floor of the rest over the strata that remain."""
    order = np.argsort(populations, kind="stable")
    budgets, rest = np.zeros(len(populations), int), total
    for place, stratum in enumerate(order):
        budgets[stratum] = min(populations[stratum], rest // (len(populations) - place))
        rest -= budgets[stratum]
    return budgets


def ccs(scores, cut, strata, total):
    """Population and budget per stratum: the hardest (highest) cut off, edges min ... 1.0001 max, as released."""
    left = np.sort(scores)[: len(scores) - int(cut * len(scores))]
    step = (1.0001 * left.max() - left.min()) / strata
    edges = [(left.min() + i * step, left.min() + (i + 1) * step) for i in range(strata)]
    populations = np.array([((left >= a) & (left < b)).sum() for a, b in edges])
    return populations, strata_budget(populations, total)


out["ccs"] = []
for n, cut, strata, total in [(200, 0.3, 50, 40), (300, 0.0, 20, 150), (120, 0.5, 7, 60), (90, 0.1, 50, 81)]:
    scores = np.round(rng.gamma(2, 1, n) + 0.1, 6)
    populations, budgets = ccs(scores, cut, strata, total)
    assert populations.sum() == n - int(cut * n)  # positive scores: nothing falls out of the last stratum
    out["ccs"].append({"scores": scores.tolist(), "cut": cut, "strata": strata, "total": total,
                       "populations": populations.tolist(), "budgets": budgets.tolist()})

out["beta"] = []
for n, kept, exponent in [(50, 10, 4.0), (40, 30, 4.0), (60, 6, 2.5)]:
    scores, probabilities = rng.gamma(2, 0.3, n), rng.uniform(0.02, 0.98, n)
    anchor, pruned = probabilities[np.argsort(-scores)[:10]].mean(), 1 - kept / n
    b = 15 * (1 - anchor) * (1 - pruned**exponent)
    a = 16 - b
    weights = stats.beta.pdf(probabilities, a, b) * scores
    out["beta"].append({"scores": scores.tolist(), "probabilities": probabilities.tolist(), "kept": kept,
                        "exponent": exponent, "a": float(a), "b": float(b), "weights": (weights / weights.sum()).tolist()})

out["expected_jaccard"] = []
for population, first, second in [(10, 3, 4), (50, 25, 25), (1000, 10, 400), (7, 7, 2), (12, 8, 9), (1281167, 50, 50000)]:
    common = np.arange(max(0, first + second - population), min(first, second) + 1)
    mean = (stats.hypergeom.pmf(common, population, first, second) * common / (first + second - common)).sum()
    out["expected_jaccard"].append({"population": population, "first": first, "second": second, "mean": float(mean)})

out["expected_within"] = []
for classes in [[(10, 3, 4), (12, 5, 2)], [(5, 5, 1), (8, 0, 3), (6, 2, 2)], [(500, 50, 50)] * 10, [(1300, 50, 50)] * 1000]:
    chances = np.ones(1)  # of so many samples in common
    for population, first, second in classes:
        chances = np.convolve(chances, stats.hypergeom.pmf(np.arange(min(first, second) + 1), population, first, second))
    common, sizes = np.arange(len(chances)), sum(first + second for _, first, second in classes)
    out["expected_within"].append({"classes": classes, "mean": float((chances * common / (sizes - common)).sum())})

out["histogram"] = []
for n, bins in [(100, 7), (57, 50), (30, 1)]:
    scores = np.round(rng.normal(0, 3, n), 2)
    counts, edges = np.histogram(scores, bins)
    out["histogram"].append({"scores": scores.tolist(), "bins": bins, "counts": counts.tolist(), "edges": edges.tolist()})

print(json.dumps(out, separators=(",", ":")))
