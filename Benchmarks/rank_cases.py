"""Spearman and partial Spearman of random tied cases beside SciPy and pingouin.

    Benchmarks/rank_cases.py [--cases 10000] [--seed 1]          compare with bench-dcs; exit 1 above 1e-12
    Benchmarks/rank_cases.py --oracle FILE [--cases 200]         write the values that the tests keep

A case is drawn from integers alone (SplitMix64), so that Swift draws the same: no case needs to be stored.
Needs NumPy, SciPy and pingouin; pingouin takes about 2 ms per case.
"""
import argparse, json, math, subprocess, sys, warnings
from pathlib import Path

import pandas as pd
import pingouin
from scipy import stats

BENCH = Path(__file__).resolve().parent.parent / ".build" / "release" / "bench-dcs"
MASK = (1 << 64) - 1
DEPENDENT = []


def case(seed, index):
    """m of 4…60 rows of three tied columns: x, y, z."""
    state = (seed * 0x9E3779B97F4A7C15 + index) & MASK

    def below(bound):
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & MASK
        word = state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
        return (word ^ (word >> 31)) % bound

    m = 4 + below(57)
    levels = 2 + below(30)
    x, y, z = [], [], []
    for _ in range(m):
        common = below(levels)
        z.append(common)
        x.append(common + below(levels))
        y.append(common + below(levels))
    return x, y, z


def expected(seed, index):
    """(ρ, partial ρ), nan where a side does not vary or nothing is left of it."""
    x, y, z = case(seed, index)
    if len(set(x)) == 1 or len(set(y)) == 1:
        return math.nan, math.nan
    plain = float(stats.spearmanr(x, y).statistic)
    if len(set(z)) == 1:
        return plain, plain  # nothing to hold fixed
    frame = pd.DataFrame({"x": x, "y": y, "z": z}, dtype=float)
    if any(abs(stats.spearmanr(frame[a], frame.z).statistic) > 1 - 1e-9 for a in "xy"):
        return plain, math.nan
    return plain, partial(frame)


def partial(frame):
    """Of pingouin; by the formula where the ranks depend linearly on each other and pingouin warns of its pseudo-inverse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of an interval at m = 4, not asked for
        warnings.filterwarnings("error", "The covariance matrix is rank-deficient")
        try:
            return float(pingouin.partial_corr(frame, "x", "y", "z", method="spearman").r.iloc[0])
        except UserWarning:
            DEPENDENT.append(len(frame))
    xy, xz, yz = (stats.spearmanr(frame[a], frame[b]).statistic for a, b in ("xy", "xz", "yz"))
    return float((xy - xz * yz) / math.sqrt((1 - xz * xz) * (1 - yz * yz)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle", type=Path)
    options = parser.parse_args()
    if options.oracle:
        rows = [[None if math.isnan(v) else v for v in expected(options.seed, i)] for i in range(options.cases)]
        options.oracle.write_text(json.dumps({"seed": options.seed, "rho": [r[0] for r in rows], "partial": [r[1] for r in rows]}) + "\n")
        return
    done = subprocess.run([BENCH, "rho", str(options.seed), str(options.cases)], capture_output=True, text=True, check=True)
    worst, undefined = [0.0, 0.0], 0
    for index, line in enumerate(done.stdout.splitlines()):
        for k, (ours, theirs) in enumerate(zip(map(float, line.split()), expected(options.seed, index))):
            if math.isnan(ours) or math.isnan(theirs):
                undefined += 1
                if math.isnan(ours) != math.isnan(theirs):
                    sys.exit(f"case {index}: {ours} here, {theirs} there")
            else:
                worst[k] = max(worst[k], abs(ours - theirs))
    print(f"{options.cases} cases: largest difference {worst[0]:.1e} (SciPy), {worst[1]:.1e} (pingouin); {undefined} undefined in both; {len(DEPENDENT)} by the formula")
    sys.exit(max(worst) > 1e-12)


main()
