#!/usr/bin/python3
"""Writes oracle.json: EL2N and CAD-Prune in float64, by NumPy.

    /usr/bin/python3 make_oracle.py > oracle.json

The inputs are not stored but made by `numbers`, in the same way here and in the tests: element i of seed s is
spread * (2 u - 1), u the upper 24 bits of a 32-bit hash of i and s, rounded to float32 at the end.
"""
import json

import numpy as np


def numbers(count, seed, spread):
    """[count] float32 in -spread..spread."""
    i = np.arange(count, dtype=np.uint32)
    h = i * np.uint32(2654435761) + np.uint32(seed) * np.uint32(40503)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(73244475)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(73244475)
    h = h ^ (h >> np.uint32(16))
    u = (h >> np.uint32(8)).astype(np.float64) / 2.0**24
    return (spread * (2 * u - 1)).astype(np.float32)


def el2n(logits, labels):
    """||softmax(z) - onehot(y)||_2 in float64; 1 - p_y is summed from the other classes, so that nothing cancels."""
    z = logits.astype(np.float64)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    others = p.copy()
    others[np.arange(len(labels)), labels] = 0
    return np.sqrt((others**2).sum(axis=1) + others.sum(axis=1) ** 2)


def random_case(classes, spread, rows, seed):
    logits = numbers(rows * classes, seed, spread).reshape(rows, classes)
    labels = [(0, classes - 1, (r * 7) % classes)[r % 3] for r in range(rows)]
    return dict(classes=classes, spread=spread, rows=rows, seed=seed, labels=labels,
                el2n=el2n(logits, np.array(labels)).tolist())


def literal_case(name, logits, labels):
    logits = np.array(logits, dtype=np.float32)
    return dict(name=name, logits=[[float(x) for x in row] for row in logits], labels=labels,
                el2n=el2n(logits, np.array(labels)).tolist())


def certain(classes, leads):
    """The last class leads by each of `leads`, over others that differ a little."""
    rows = []
    for lead in leads:
        row = [-(c % 4) / 4 for c in range(classes)]
        row[-1] = lead
        rows.append(row)
    return rows


def cad(norms, span, window):
    """The literal definition with positions from 0, on [K, N]; and the positions read."""
    count = len(norms)
    windows = range(count - span - window, count - span)  # k = K-J-W .. K-J-1
    deviations = [np.std(norms[k:k + span], axis=0, ddof=1) for k in windows]
    read = sorted({k + j for k in windows for j in range(span)})
    return np.mean(deviations, axis=0), read


def cad_case(checkpoints, span, window, samples, seed):
    norms = (np.abs(numbers(checkpoints * samples, seed, 1.4)).astype(np.float64)).reshape(checkpoints, samples)
    values, read = cad(norms, span, window)
    return dict(checkpoints=checkpoints, span=span, window=window, samples=samples, seed=seed, positions=read,
                scores=values.tolist())


def main():
    rows, seed = 6, 1
    random, literal = [], []
    for classes in (2, 3, 10, 15, 16, 17, 32, 100, 1000):
        for spread in (0.01, 4, 80):
            random.append(random_case(classes, spread, rows, seed))
            seed += 1
    leads = [10, 16.25, 20, 30.5, 43, 46, 52, 60, 80]
    for classes in (2, 10, 17):
        literal.append(literal_case(f"certain and right, C = {classes}", certain(classes, leads), [classes - 1] * len(leads)))
        literal.append(literal_case(f"certain and wrong, C = {classes}", certain(classes, leads), [0] * len(leads)))
    for classes in (2, 16, 17, 100):
        literal.append(literal_case(f"equal logits, C = {classes}", [[v] * classes for v in (0, -80, 80)],
                                    [0, classes - 1, classes // 2]))
    literal.append(literal_case("one class", [[0.0], [5.0], [-80.0]], [0, 0, 0]))
    cads = [cad_case(*shape, samples=5, seed=100 + n) for n, shape in enumerate(
        [(8, 6, 2), (3, 2, 1), (10, 3, 2), (12, 6, 2), (12, 2, 10), (30, 10, 20), (31, 10, 5), (100, 6, 1)])]
    # json writes the shortest digits that read back as the same double.
    print(json.dumps(dict(random=random, literal=literal, cad=cads), indent=None, separators=(",", ":")))


main()
