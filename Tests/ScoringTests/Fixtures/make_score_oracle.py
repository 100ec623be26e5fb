#!/usr/bin/python3
"""Writes statistics.json and scores.json: the statistics of single rows, and every score and variant, in NumPy's extended
precision, straight from the definitions.

    /usr/bin/python3 make_score_oracle.py

The inputs are not stored but made by `numbers`, in the same way here and in the tests: element i of seed s is
spread * (2 u - 1), u the upper 24 bits of a 32-bit hash of i and s, rounded to float32 at the end.
"""
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def numbers(count, seed, spread):
    """[count] float32 in -spread..spread."""
    i = np.arange(count, dtype=np.uint32)
    h = i * np.uint32(2654435761) + np.uint32(seed) * np.uint32(40503)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(73244475)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(73244475)
    h = h ^ (h >> np.uint32(16))
    u = (h >> np.uint32(8)).astype(np.float64) / 2.0**24
    return (spread * (2 * u - 1)).astype(np.float32)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def statistics(logits, labels):
    """Each record of rows of logits; what is small is summed from what is small, so that nothing cancels."""
    z = np.asarray(logits).astype(np.longdouble)
    rows = np.arange(len(z))
    p = softmax(z)
    own = z[rows, labels]
    others = p.copy()
    others[rows, labels] = 0
    rest = z.copy()
    rest[rows, labels] = -np.inf
    rival = rest.max(1) if z.shape[1] > 1 else own
    top = z.max(1)
    ratios = np.exp(z - top[:, None])
    ratios[rows, z.argmax(1)] = 0
    log_sum = np.log1p(ratios.sum(1))  # ln Σ exp(z − top)
    first, second = np.sort(z, 1)[:, -1], np.sort(z, 1)[:, -2] if z.shape[1] > 1 else -np.inf
    lead = own - rival
    return dict(
        el2n=np.sqrt((others**2).sum(1) + others.sum(1) ** 2),
        el1=2 * others.sum(1),
        target_probability=p[rows, labels],
        logit_margin=lead,
        probability_margin=np.where(z.shape[1] > 1, np.sign(lead) * -np.expm1(-abs(lead)), 1)
        * np.exp(np.maximum(own, rival) - top - log_sum),
        correct=(z.argmax(1) == labels).astype(float),
        loss=log_sum + (top - own),
        entropy=log_sum + ((top[:, None] - z) * p).sum(1),
        top_probability=p.max(1),
        top_margin=-np.expm1(second - first) * np.exp(-log_sum))


def statistics_case(name, logits, labels, **how):
    values = {key: [float(f"{float(v):.11g}") for v in column] for key, column in statistics(logits, labels).items()}
    return dict(name=name, labels=[int(y) for y in labels], classes=logits.shape[1], values=values, **how)


def random_case(classes, spread, seed, rows=4):
    logits = numbers(rows * classes, seed, spread).reshape(rows, classes)
    labels = np.array([(0, classes - 1, (r * 7) % classes)[r % 3] for r in range(rows)])
    return statistics_case(f"C = {classes}, logits within ±{spread}", logits, labels, seed=seed, spread=spread)


def literal_case(name, logits, labels):
    logits = np.array(logits, dtype=np.float32)
    return statistics_case(name, logits, np.array(labels), rows=[[float(x) for x in row] for row in logits])


def certain(classes, leads):
    """The last class leads by each of `leads`, over others that differ a little."""
    return [[-(c % 4) / 4 for c in range(classes - 1)] + [lead] for lead in leads]


def statistics_cases():
    cases = [random_case(c, s, seed=10 * c + n) for c in (2, 3, 10, 16, 17, 33, 100, 1000) for n, s in enumerate((0.01, 4, 30))]
    leads = [10, 20, 43, 60, 80]
    for classes in (2, 10, 17):
        cases.append(literal_case(f"certain and right, C = {classes}", certain(classes, leads), [classes - 1] * 5))
        cases.append(literal_case(f"certain and wrong, C = {classes}", certain(classes, leads), [0] * 5))
    cases += [literal_case(f"equal logits, C = {c}", [[v] * c for v in (0, -80, 80)], [0, c - 1, c // 2]) for c in (2, 16, 17)]
    cases.append(literal_case("two share the top", [[1, 3, 3, 0]] * 3, [1, 2, 0]))
    cases.append(literal_case("one class", [[0.0], [5.0], [-80.0]], [0, 0, 0]))
    return cases


# --- Scores: z[K, N, C], y[N] -------------------------------------------------------------------------------------------

def std_windows(s, span, starts):
    return [np.std(s[k:k + span], axis=0, ddof=1) for k in starts]


def forgetting(right, never):
    events = ((right[:-1] == 1) & (right[1:] == 0)).sum(0).astype(float)
    events[right.sum(0) == 0] = never
    return events


def tdds(z, span, alpha=0.9):
    p = softmax(z)
    steps = np.abs(p[1:] * (np.log(p[1:] + 1e-8) - np.log(p[:-1] + 1e-8))).sum(-1)  # [K-1, N]
    count = len(z)
    score = 0
    for k in range(count - span + 1):
        kd = steps[k:k + span - 1]
        score = score + np.sqrt(((kd - kd.mean(0)) ** 2).sum(0)) * alpha * (1 - alpha) ** (count - span - k)
    return score


def el2n_sl(z, q, own, temperature):
    q = q ** (own / temperature)
    q = q / q.sum(-1, keepdims=True)
    return np.sqrt(((softmax(z / temperature) - q) ** 2).sum(-1)).mean(0) / temperature


def scores(z, y, q, own, h):
    """Every method and variant; [key, parameters, values]."""
    records = [statistics(checkpoint, y) for checkpoint in z]
    by = {key: np.stack([r[key] for r in records]) for key in records[0]}
    count, p, n2 = len(z), by["target_probability"], by["el2n"]
    norm = n2[-1] * np.sqrt(1 + (h.astype(np.longdouble) ** 2).sum(1))
    yield "el2n", "mean", {}, n2.mean(0)
    yield "el2n", "mean", dict(checkpoints=[2, 5]), n2[2:5].mean(0)
    yield "el2n", "ccs", {}, n2[:10].sum(0)
    yield "el2n", "ccs", dict(checkpoints=[1, count]), n2[1:11].sum(0)
    yield "el1", "mean", {}, by["el1"].mean(0)
    for t in (own, 1, 2.5, 20):
        yield "el2n-sl", "mean", dict(temperature=t), el2n_sl(z, q, own, t)
    yield "grand", "last-layer", {}, norm
    for name, never in (("toneva", count), ("ccs", 0), ("cartography", 1000), ("data-diet", np.inf)):
        yield "forgetting", name, {}, forgetting(by["correct"], never)
    yield "forgetting", "toneva", dict(checkpoints=[3, 9]), forgetting(by["correct"][3:9], 6)
    yield "correctness", "count", {}, by["correct"].sum(0)
    yield "aum", "logits", {}, by["logit_margin"].mean(0)
    yield "aum", "ccs", {}, by["probability_margin"].sum(0)
    for j in (10, 4, 2):
        original = range(count - j)  # the window that would end at the last checkpoint is left out
        every = range(count - j + 1)
        yield "dyn-unc", "original", dict(span=j), 10 * np.mean(std_windows(p, j, original), axis=0)
        yield "dyn-unc", "all-windows", dict(span=j), 10 * np.mean(std_windows(p, j, every), axis=0)
        dual = [10 * np.std(p[k:k + j], axis=0, ddof=1) * (1 - p[k:k + j].mean(0)) for k in every]
        yield "dual", "mean", dict(span=j), np.mean(dual, axis=0)
    for j in (10, 5, 3):
        yield "tdds", "original", dict(span=j), tdds(z, j)
    yield "tdds", "original", dict(span=3, checkpoints=[2, 8]), tdds(z[2:8], 3)
    for j, w in ((6, 2), (3, 4), (2, 1)):
        yield "cad-prune", "literal", dict(span=j, window=w), np.mean(std_windows(n2, j, range(count - j - w, count - j)), axis=0)
        yield "cad-prune", "include-last", dict(span=j, window=w), np.mean(
            std_windows(n2, j, range(count - j - w + 1, count - j + 1)), axis=0)
    yield "confidence", "mean", {}, p.mean(0)
    yield "variability", "population", {}, np.std(p, axis=0)
    yield "entropy", "last", {}, by["entropy"][-1]
    yield "entropy", "last", dict(checkpoints=[0, 4]), by["entropy"][3]
    yield "margin", "last", {}, by["top_margin"][-1]
    yield "least-confidence", "last", {}, by["top_probability"][-1]
    yield "loss", "mean", {}, by["loss"].mean(0)


def scores_case(checkpoints, samples, classes, features, spread, seed, own):
    """Sample 0 is never right and sample 1 always."""
    y = (np.arange(samples) * 3 + 1) % classes
    z = numbers(checkpoints * samples * classes, seed, spread).reshape(checkpoints, samples, classes)
    bias = np.zeros(samples, np.float32)
    bias[0], bias[1] = -3 * spread, 3 * spread
    z[:, np.arange(samples), y] += bias
    q = np.abs(numbers(samples * classes, seed + 1, 1)).reshape(samples, classes).astype(np.float32)
    q = (q / q.sum(1, keepdims=True, dtype=np.float32)).astype(np.float32)
    h = numbers(samples * features, seed + 2, 2).reshape(samples, features)
    listed = []
    for method, variant, parameters, values in scores(z.astype(np.longdouble), y, q.astype(np.longdouble), own, h):
        # JSON has no infinity.
        listed.append(dict(method=method, variant=variant, **parameters,
                           values=["inf" if np.isinf(v) else float(f"{float(v):.11g}") for v in values]))
    return dict(checkpoints=checkpoints, samples=samples, classes=classes, features=features, spread=spread, seed=seed,
                temperature=own, targets=[[float(str(v)) for v in row] for row in q], scores=listed)


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")).replace("},{", "},\n{") + "\n")


write("statistics.json", statistics_cases())
write("scores.json", [scores_case(14, 5, 4, 3, 3.0, 500, 4.0), scores_case(11, 3, 19, 40, 6.0, 600, 20.0)])
