"""Writes goyal-forms-oracle.json beside this script: values and derivatives of the three Goyal laws for GoyalLawTests.

Each law is multiplied or summed up epoch by epoch at 50 digits, as the paper and the public code write it, never by the
closed form that Assay uses; derivatives are mpmath's central differences at twice the digits, right to all 17 that are kept.

    python3 make_goyal_forms_oracle.py       needs mpmath
"""
import json
from pathlib import Path

from mpmath import mp, mpf, diff

HERE = Path(__file__).parent
mp.dps = 50


def ends(n, s):
    """n_e: samples seen when epoch e ends, or where the run does."""
    seen, epoch = [], 1
    while not seen or seen[-1] < n:
        seen.append(min(s * epoch, n))
        epoch += 1
    return seen


def decay(b, tau, seen):
    """Π_j (n_j/n_{j−1})^(b δ^j)."""
    product, delta, power = mpf(1), mpf(2) ** (-1 / tau), mpf(1)
    for before, after in zip(seen, seen[1:]):
        power *= delta
        product *= (after / before) ** (b * power)
    return product


def printed(n, s, n0):
    seen = ends(n, s)
    return lambda a, b, tau, d: a * (seen[0] / n0) ** b * decay(b, tau, seen) + d


def released(n, s, n0):
    seen = ends(n, s)
    return lambda a, b, tau, d: ((a * seen[0] / n0) ** b + d) * decay(b, tau, seen)


def effective_data(n, s, n0):
    seen = ends(n, s)

    def law(a, b, tau, d):
        total, delta, power = seen[0], mpf(2) ** (-1 / tau), mpf(1)
        for e, after in enumerate(seen[1:], start=1):
            power *= delta
            total += (after - s * e) * power
        return (a / n0 * total) ** b + d

    return law


FORMS = {"goyal": printed, "goyal-released": released, "goyal-effective-data": effective_data}
# Epochs n/S by name; 1, 2, 3, 10 are exact ends.
PARTS = {
    "ordinary": ([0.7, -0.31, 3.3, 0.12], [0.01, 0.3, 1, 1.5, 2, 3, 7.25, 10, 31], 40_000),
    "steep": ([2.5, -5, 2, 0.3], [0.5, 1.001, 4.5, 12], 50_000),
    "nearly flat": ([0.02, -1e-6, 5, 0.05], [0.25, 2.75, 9], 50_000),
    "flat": ([0.3, 0, 5, 0.05], [0.25, 2.75, 9], 50_000),
    "no floor": ([0.05, -0.2, 1.5, 0], [0.4, 1.6, 6.5], 12_800_000),
    "short-lived": ([0.7, -0.2, 0.05, 0.1], [0.5, 1.5, 2, 4.25, 300], 5_000),
    "long-lived": ([0.7, -0.2, 1000, 0.1], [0.5, 2.5, 60], 5_000),
    "thousands of epochs": ([0.7, -0.2, 700, 0.1], [1000, 2500.5, 4000], 8),
    "thousands of idle epochs": ([0.7, -0.2, 4, 0.1], [3999.75], 8),
}


def main():
    cases = []
    for name, (p, epochs, s) in PARTS.items():
        n = [e * s for e in epochs]
        for form, make in FORMS.items():
            n0 = 1e5
            values, rows = [], []
            for i in n:
                law = make(mpf(i), mpf(s), mpf(n0))
                at = [mpf(v) for v in p]
                values.append(float(law(*at)))
                rows.append([
                    float(diff(lambda v: law(*(at[:j] + [v] + at[j + 1:])), at[j])) for j in range(4)
                ])
            cases.append({
                "case": name, "form": form, "n0": n0, "parameters": p, "n": n, "s": s, "values": values, "jacobian": rows})
    (HERE / "goyal-forms-oracle.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
