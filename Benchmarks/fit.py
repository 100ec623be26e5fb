"""Fits of the Goyal scaling law beside SciPy and NumPy, in turn and on one thread; then 10,000 groups from one CSV.

    Benchmarks/fit.py [--rounds 7] [--slow] [--peers DIR] [--python PYTHON]

Inputs are seeded and made anew. A round runs every program once (A B A B …); each times its own inner loop, reading
left out, and the table holds medians over the rounds. Ratios are of CPU seconds, which a busy machine distorts least.
Needs NumPy here, and SciPy in the interpreter of the peers.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / ".build" / "release"
ENVIRONMENT = os.environ | {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
POINT, STARTS, GRID = "fit of all curves", "fit of all curves, 16 starts", "fit of curve 0, random grid"
BOOTSTRAP = "residual bootstrap of curve 0, 1,000 refits"
PEERS = {"curve_fit_lm": 3, "curve_fit_lm_exact": 3, "least_squares_16_exact": 2, "bootstrap_batched": 3}  # timed calls

# --- Inputs ----------------------------------------------------------------------------------------------------------


def goyal(epochs, a, b, tau, d):
    """[curves, points] for epochs [points] of 12.8 million samples; a = y − d after 100,000 samples."""
    begin = np.arange(1, int(np.ceil(epochs.max())) + 1)
    steps = np.log(np.clip(epochs[:, None], begin, begin + 1) / begin)
    u = np.log(np.minimum(epochs, 1) * 128) + np.exp2(-begin / tau[:, None]) @ steps.T
    return a[:, None] * np.exp(b[:, None] * u) + d[:, None]


def write(path, curves, seed):
    """Curves of 50 evenly spaced checkpoints over ten epochs, with noise of standard deviation 0.002."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(1, 51) / 5
    truth = [rng.uniform(*ends, curves) for ends in ((0.3, 0.8), (-0.35, -0.05), (1.5, 8), (0.02, 0.15))]
    y = goyal(epochs, *truth) + rng.normal(0, 0.002, (curves, 50))
    seen = (epochs * 12_800_000).round().astype(int)
    with open(path, "w") as file:
        file.write("curve,samples_seen,samples_per_epoch,error\n")
        for k in range(curves):
            file.writelines(f"{k},{n},12800000,{float(error)!r}\n" for n, error in zip(seen, y[k]))


# --- Programs --------------------------------------------------------------------------------------------------------


def lines(command):
    """The JSON lines that a program prints."""
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench-fit: exit {done.returncode}: {' '.join(map(str, command))}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def programs(options, curves):
    """Commands of a round; the first one is ours."""
    yield [options.bench, curves, "51"]
    script = options.peers / "fit_goyal.py" if options.peers else HERE / "peers_fit.py"
    for peer, calls in PEERS.items():
        yield [options.python, script, curves, "--peer", peer, "--runs", str(calls)]


def rounds(options, curves):
    """Results by (task, program), one per round."""
    found = {}
    for number in range(options.rounds):
        for command in programs(options, curves):
            for line in lines(command):
                found.setdefault((line["task"], line["peer"]), []).append(line)
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    if options.slow:
        for line in lines([options.python, HERE / "peers_fit.py", curves, "--peer", "released_grid"]):
            found[line["task"], line["peer"]] = [line]
    return found


def command_line(options, table, flags):
    """Wall seconds, CPU seconds and peak MB of `assay fit` on all groups."""
    command = [options.assay, "fit", table, "--law", "goyal", "--x", "samples_seen,samples_per_epoch", "--y", "error",
               "--group", "curve", "--json", *flags]
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"bench-fit: exit {os.waitstatus_to_exitcode(status)}: {' '.join(map(str, command))}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


# --- The report ------------------------------------------------------------------------------------------------------


def median(results, key):
    return statistics.median(line[key] for line in results)


def duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def print_table(found):
    print("| task | program | wall | CPU | rounds | load | CPU ratio | result |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for (task, peer), results in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] != "assay")):
        ours = found.get((base(task), "assay"))
        cpu = median(results, "cpu_s")
        ratio = cpu / share(task, ours)
        load = [line["load"] for line in results]
        shown = ", ".join(f"{key} {short(value)}" for key, value in results[0]["result"].items())
        print(f"| {task} | {peer} | {duration(median(results, 'wall_s'))} | {duration(cpu)} | {len(results)} "
              f"| {min(load):.1f}–{max(load):.1f} | {ratio:,.3g} | {shown} |")


def base(task):
    """Our task that one is held against."""
    return BOOTSTRAP if task == BOOTSTRAP else POINT


def share(task, ours):
    """Our CPU seconds for that task: one curve of all where the peer fits one."""
    return median(ours, "cpu_s") / (20 if task == GRID else 1)


def short(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(short, value)) + "]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def print_targets(found):
    cpu = {key: median(results, "cpu_s") for key, results in found.items()}
    point, ours = cpu[POINT, "assay"], found[POINT, "assay"][0]["result"]
    optimum = ours["curves_at_best_of_64_starts"]
    print(f"\nPoint fit: {1e3 * point / 20:.3f} ms CPU per curve (at most 0.1); "
          f"{optimum} of 20 curves at the optimum of 64 starts.")
    fastest = min(seconds for (task, peer), seconds in cpu.items() if task == POINT and peer != "assay")
    print(f"curve_fit lm: {fastest / point:.0f} times as long (at least 20).")
    many = min(seconds for (task, _), seconds in cpu.items() if task == STARTS)
    print(f"16 starts: {many / point:,.0f} times as long (at least 1,000).")
    refits = min(seconds for (task, peer), seconds in cpu.items() if task == BOOTSTRAP and peer != "assay")
    print(f"Bootstrap: {cpu[BOOTSTRAP, 'assay'] / refits:.2f} of the batched NumPy peer's CPU (at most 0.35).")
    for (task, _), results in found.items():
        if task == GRID:
            rss, mine = results[0]["result"]["rss"], ours["rss_of_curve_0"]
            print(f"Random grid: {20 * cpu[task, 'released_grid'] / point:,.0f} times as long (at least 100,000), "
                  f"its sum of squares {rss / mine:.3g} times ours.")


def print_groups(options, folder):
    table = folder / "groups.csv"
    write(table, options.groups, seed=7)
    columns = options.groups * 50 * 4 * 8 / 2**20
    print(f"\n{options.groups:,} groups of 50 points from one CSV ({table.stat().st_size / 2**20:.0f} MB; its four "
          f"columns as doubles {columns:.0f} MB), `assay fit … --group curve --json`, {options.rounds} rounds:\n")
    for name, flags in (("all threads", []), ("one thread", ["--threads", "1"])):
        measured = [command_line(options, table, flags) for _ in range(options.rounds)]
        wall, cpu, peak = (statistics.median(values) for values in zip(*measured))
        print(f"- {name}: {wall:.2f} s wall (at most 5), {cpu:.2f} s CPU, peak {peak:.0f} MB (at most "
              f"{columns + 40:.0f}), load {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slow", action="store_true", help="also the public code's random grid, once")
    parser.add_argument("--peers", type=Path, help="a folder whose fit_goyal.py is run instead of peers_fit.py")
    parser.add_argument("--python", default=sys.executable, help="the peers' interpreter")
    parser.add_argument("--bench", type=Path, default=BUILD / "bench-fit")
    parser.add_argument("--assay", type=Path, default=BUILD / "assay", help="the command for the groups")
    parser.add_argument("--groups", type=int, default=10_000, help="0: leave them out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        curves = Path(folder) / "goyal.csv"
        write(curves, 20, seed=5)
        found = rounds(options, curves)
        print_table(found)
        print_targets(found)
        if options.groups:
            print_groups(options, Path(folder))


main()
