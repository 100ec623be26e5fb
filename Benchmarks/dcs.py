"""10,000 bootstraps of Spearman's ρ at m = 158, plain and partial, beside the peers' script, in turn and on one thread.

    Benchmarks/dcs.py --peers DIR [--rounds 7] [--python PYTHON]

The input is seeded and the peers' own. A round runs every program once (A B A B …); each times its own calls, reading left
out, and the table holds medians of CPU seconds over the rounds. Needs NumPy and pandas in the peers' interpreter.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent / ".build" / "release" / "bench-dcs"
ENVIRONMENT = os.environ | {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
PEERS = ("numpy_counts", "numpy_counts_partial", "numpy_rankdata", "numpy_rankdata_partial")
INPUT = """
import sys, numpy as np, pandas as pd
rng = np.random.default_rng(3)
ipc = rng.choice([10, 50, 100, 200, 500, 700], 158)
error = np.clip(0.95 - 0.11 * np.log(ipc) + rng.normal(0, 0.06, 158), 0.05, 0.99).round(2)
pd.DataFrame({"ipc": ipc, "test_error": error, "loss_dm": (error + rng.normal(0, 0.25, 158)).round(2)}).to_csv(sys.argv[1])
"""


def lines(command):
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench-dcs: exit {done.returncode}: {' '.join(map(str, command))}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--peers", type=Path, required=True, help="the directory of spearman.py")
parser.add_argument("--python", default=sys.executable)
parser.add_argument("--rounds", type=int, default=7)
options = parser.parse_args()

found = {}
with tempfile.TemporaryDirectory() as directory:
    table = f"{directory}/dcs.csv"
    subprocess.run([options.python, "-c", INPUT, table], check=True)
    commands = [[BENCH, "time", table]]
    commands += [[options.python, options.peers / "spearman.py", table, "--peer", peer] for peer in PEERS]
    for _ in range(options.rounds):
        for command in commands:
            for line in lines(command):
                found.setdefault(line["task"].replace(",000", "000"), {}).setdefault(line["peer"], []).append(line["cpu_s"])

print(f"| task | peer | CPU s (median of {options.rounds} rounds) | assay / peer |\n|---|---|--:|--:|")
for task, peers in found.items():
    ours = statistics.median(peers["assay"])
    for peer, times in peers.items():
        median = statistics.median(times)
        print(f"| {task} | {peer} | {median:.4f} | {ours / median:.2f} |")
