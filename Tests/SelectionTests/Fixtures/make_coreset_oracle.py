"""Expected coresets for SelectionTests, every method naive in double precision: python3 make_coreset_oracle.py > coreset-oracle.json.

Gains are computed for every sample in every round and similarities as whole matrices; the first of equal values wins.
Legend: N samples, d features, C classes; x features, p softmax, g = p - e, u = g (x) [x; 1].
"""

import json

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def cosine(x):
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    unit = np.divide(x, norm, out=np.zeros_like(x), where=norm > 0)
    return 0.5 + 0.5 * unit @ unit.T


def distances(x):
    return np.linalg.norm(x[:, None] - x[None], axis=2)


def greedy(n, k, gain, first=None):
    chosen, margins = [] if first is None else [first], []
    while len(chosen) < k:
        gains = gain(chosen)
        gains[chosen] = -np.inf
        chosen.append(int(np.argmax(gains)))
        top = np.sort(gains)[::-1]
        margins.append(top[0] - top[1] if len(top) - len(chosen) >= 1 else np.inf)
    return chosen, margins


def k_center(x, k):
    d = distances(x)
    chosen, _ = greedy(len(x), k, lambda s: d[:, s].min(1), first=0)
    return chosen, [float(d[:, chosen[: i + 1]].min(1).max()) for i in range(k)]


def graph_cut(x, k, factor):
    s = cosine(x)
    chosen, _ = greedy(len(x), k, lambda c: factor * s.sum(0) - 2 * s[c].sum(0))
    return chosen, [float(factor * s[:, chosen[: i + 1]].sum() - s[np.ix_(chosen[: i + 1], chosen[: i + 1])].sum())
                    for i in range(k)]


def covered(s, chosen):
    return s[:, chosen].max(1) if chosen else np.zeros(len(s))


def facility_location(x, k):
    s = cosine(x)
    chosen, _ = greedy(len(x), k, lambda c: np.maximum(0, s - covered(s, c)[:, None]).sum(0))
    return chosen, [float(covered(s, chosen[: i + 1]).sum()) for i in range(k)]


def gradients(x, g):
    return (g[:, :, None] * np.hstack([x, np.ones((len(x), 1))])[:, None, :]).reshape(len(x), -1)


def craig(x, g, k):
    d = distances(gradients(x, g))
    s = d.max() + 1e-3 - d
    chosen, _ = greedy(len(x), k, lambda c: np.maximum(0, s - covered(s, c)[:, None]).sum(0))
    weights = np.bincount(d[:, chosen].argmin(1), minlength=k)
    return chosen, [float(d[:, chosen[: i + 1]].min(1).sum()) for i in range(k)], weights.tolist()


def herding(x, k, farthest):
    mu, chosen, trace = x.mean(0), [], []
    for t in range(k):
        gap = np.linalg.norm((t + 1) * mu - x[chosen].sum(0) - x, axis=1)
        gap[chosen] = -np.inf if farthest else np.inf
        chosen.append(int(gap.argmax() if farthest else gap.argmin()))
        trace.append(float(np.linalg.norm(mu - x[chosen].mean(0))))
    return chosen, trace


def glister(x, p, y, k, rate, static, xv, pv, yv):
    g, gv = p - np.eye(p.shape[1])[y], pv - np.eye(p.shape[1])[yv]
    u, logits, chosen, trace = gradients(x, g), np.log(pv), [], []
    target = gradients(xv, gv).mean(0)
    while len(chosen) < k:
        gains = u @ target
        gains[chosen] = -np.inf
        chosen.append(int(gains.argmax()))
        if not static:
            step = u[chosen].mean(0).reshape(p.shape[1], -1)
            q = softmax(logits - rate * np.hstack([xv, np.ones((len(xv), 1))]) @ step.T)
            trace.append(float(-np.log(q[np.arange(len(yv)), yv]).mean()))
            target = gradients(xv, q - np.eye(p.shape[1])[yv]).mean(0)
    return chosen, trace


def cal(x, p, neighbours):
    d = distances(x)
    np.fill_diagonal(d, np.inf)
    near = np.argsort(d, axis=1, kind="stable")[:, : min(neighbours, len(x) - 1)]
    logs = np.log(np.maximum(p, 1e-12))
    return np.array([0.5 * ((p[i] - p[near[i]]) * (logs[i] - logs[near[i]])).sum(1).mean() for i in range(len(x))])


def moderate(x, y, k):
    distance = np.zeros(len(x))
    for c in set(y.tolist()):
        distance[y == c] = np.linalg.norm(x[y == c] - np.median(x[y == c], axis=0), axis=1)
    start = (len(x) - k) // 2
    return np.argsort(distance, kind="stable")[start : start + k].tolist()


rng = np.random.default_rng(20240918)
cases = []
for name, n, d, classes, k in [("small", 60, 5, 3, 12), ("wide", 60, 34, 4, 20), ("all", 40, 3, 2, 40)]:
    y = rng.integers(0, classes, n)
    centres = 1.5 * rng.standard_normal((classes, d))
    x = np.round(centres[y] + rng.standard_normal((n, d)), 2).astype(np.float32).astype(float)
    logits = np.round(rng.standard_normal((n, classes)) + 1.5 * np.eye(classes)[y], 2)
    p = softmax(logits).astype(np.float32).astype(float)
    g = p - np.eye(classes)[y]
    half = n // 2
    case = {"name": name, "n": n, "d": d, "classes": classes, "k": k, "labels": y.tolist(),
            "features": x.astype(np.float32).ravel().round(2).tolist(),
            "logits": logits.ravel().tolist()}

    def both(rule, pair, **more):
        case[rule] = {"rows": [int(i) for i in pair[0]], "trace": [float(f"{v:.8g}") for v in pair[1]], **more}

    both("k-center", k_center(x, k))
    both("herding", herding(x, k, False))
    both("herding-argmax", herding(x, k, True))
    both("graph-cut", graph_cut(x, k, 1.0))
    both("graph-cut-half", graph_cut(x, k, 0.5))
    both("facility-location", facility_location(x, k))
    chosen, trace, weights = craig(x, g, k)
    both("craig", (chosen, trace), weights=weights)
    both("glister", glister(x, p, y, k, 0.1, False, x, p, y))
    both("glister-static", glister(x, p, y, k, 0.1, True, x, p, y))
    both("glister-validation", glister(x[:half], p[:half], y[:half], k // 2, 0.5, False, x[half:], p[half:], y[half:]))
    divergence = cal(x, p, 10)
    both("cal", (np.argsort(-divergence, kind="stable")[:k], divergence[np.argsort(-divergence, kind="stable")[:k]]))
    both("cal-lowest", (np.argsort(divergence, kind="stable")[:k], []))
    both("moderate", (moderate(x, y, k), []))
    cases.append(case)

print(json.dumps({"cases": cases}, separators=(",", ":")))
