"""Scores, selections and coresets of the store beside NumPy and PyTorch, in turn and on one thread.

    Benchmarks/store.py --peers DIR [--inputs DIR] [--rounds 5] [--slow] [--python PYTHON]

DIR holds the peers' scripts (make_inputs.py, el2n.py, cad_prune.py, select_topk.py, coreset.py), each of which prints a line
of JSON per peer; inputs are made by make_inputs.py where they are missing. A round runs every program once (A B A B …), and
the tables hold medians over the rounds. Inner loops are held against inner loops; `assay` itself is timed as a whole
program, start-up and the written file included. Ratios are of CPU seconds, which a busy machine distorts least.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / ".build" / "release"
ENVIRONMENT = os.environ | {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
DYNAMICS = ["el2n", "el1", "aum", "aum:ccs", "forgetting", "correctness", "confidence", "variability", "dyn-unc", "dual",
            "cad-prune", "loss", "entropy"]


def fail(command, code, text=""):
    sys.exit(f"bench-store: exit {code}: {' '.join(map(str, command))}\n{text}")


def lines(command):
    """The JSON lines that a program prints."""
    done = subprocess.run(list(map(str, command)), env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        fail(command, done.returncode, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def whole(command):
    """Wall seconds, CPU seconds and peak MB of a whole program."""
    begin = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        fail(command, os.waitstatus_to_exitcode(status))
    return {"wall_s": time.perf_counter() - begin, "cpu_s": usage.ru_utime + usage.ru_stime,
            "rss_mb": usage.ru_maxrss / 1024, "load": os.getloadavg()[0]}


class Table:
    """Results by task and program, one per round."""

    def __init__(self):
        self.found = {}

    def add(self, task, program, line):
        self.found.setdefault(task, {}).setdefault(program, []).append(line)

    def median(self, task, program, key="cpu_s"):
        return statistics.median(line[key] for line in self.found[task][program])

    def fastest(self, task):
        return min(self.median(task, name) for name in self.found[task] if not name.startswith("assay"))

    def show(self):
        print("| task | program | wall | CPU | peak MB | CPU, of the fastest peer | rounds | load | result |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for task, programs in self.found.items():
            peers = [name for name in programs if not name.startswith("assay")]
            fastest = self.fastest(task) if peers else None
            for name, results in programs.items():
                cpu, load = self.median(task, name), [line.get("load", 0) for line in results]
                peak = f"{self.median(task, name, 'rss_mb'):.0f}" if "rss_mb" in results[0] else "–"
                ratio = f"{cpu / fastest:.2f}" if fastest else "–"
                print(f"| {task} | {name} | {seconds(self.median(task, name, 'wall_s'))} | {seconds(cpu)} | {peak} | {ratio} "
                      f"| {len(results)} | {min(load):.1f}–{max(load):.1f} | {results[0].get('result', '')} |")


def seconds(value):
    return f"{value:.3g} s" if value >= 1 else f"{1e3 * value:.3g} ms"


def measure(options, out):
    table = Table()
    store = options.inputs / "store"
    logits = {"float32": store / "logits-f32.h5", "float16": store / "logits-f16.h5"}
    peer = lambda script, path, *flags: lines([options.python, options.peers / script, path, "--runs", "3", *flags])
    assay = lambda *words: whole([options.assay, *words])
    for number in range(options.rounds):
        for name, path in logits.items():
            task = f"EL2N, {name} [10, 200k, 100]"
            table.add(task, "assay, inner loop", lines([options.bench, "el2n", path, "3"])[0])
            for line in peer("el2n.py", path):
                table.add(task if line["task"] != "read only" else f"reading, {name}", line["peer"], line)
            for threads in ("1", "2"):
                table.add(task, f"assay score, {threads} thread{'s' * (threads == '2')}",
                          assay("score", path, "--method", "el2n", "--threads", threads, "-o", out / "el2n.h5"))
        methods = [word for method in DYNAMICS for word in ("--method", method)]
        table.add("all training dynamics in one pass, float32", f"assay score, {len(DYNAMICS)} scores",
                  assay("score", logits["float32"], *methods, "--span", "4", "-o", out / "{method}.h5"))
        task = "CAD-Prune, 1.28 M × 30, J = 6, W = 2"
        table.add(task, "assay, inner loop", lines([options.bench, "cad", store / "scores.h5", "5"])[0])
        table.add(task, "assay score", assay("score", store / "scores.h5", "--method", "cad-prune", "-o", out / "cad.h5"))
        for line in peer("cad_prune.py", store / "scores.h5"):
            table.add(task, line["peer"], line)
        task = "50 highest of each of 1,000 classes, 1.28 M"
        table.add(task, "assay, in memory", lines([options.bench, "top", store / "scores.h5", "5"])[0])
        table.add(task, "assay select, from .h5", assay("select", out / "cad.h5", "--keep", "highest", "--ipc", "50",
                                                         "-o", out / "top.npy"))
        for line in peer("select_topk.py", store / "scores.h5"):
            table.add(task, line["peer"], line)
        features = options.inputs / "features.h5"
        for line in peer("coreset.py", features):
            table.add(line["task"], line["peer"], line)
        for method, task in (("k-center", "k-center, 500 of all"), ("graph-cut", "GraphCut (λ = 1, cosine), 500 of all")):
            table.add(task, "assay coreset", assay("coreset", features, "--method", method, "--fraction", "0.01",
                                                   "--unbalanced", *(["--first-row"] if method == "k-center" else []),
                                                   "-o", out / "coreset.csv"))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    task = "facility location, 500 of all"
    table.add(task, "assay coreset", assay("coreset", options.inputs / "features.h5", "--method", "facility-location",
                                           "--fraction", "0.01", "--unbalanced", "-o", out / "coreset.csv"))
    if options.slow:
        for line in peer("coreset.py", options.inputs / "features.h5", "--peer", "numpy_lazy_all"):
            table.add(task, line["peer"], line)
    return table


def summary(table):
    for name, most in (("float32", 0.45), ("float16", 0.3)):
        task = f"EL2N, {name} [10, 200k, 100]"
        inner, program = table.median(task, "assay, inner loop"), table.median(task, "assay score, 1 thread")
        one, two = (table.median(task, f"assay score, {n}", "wall_s") for n in ("1 thread", "2 threads"))
        print(f"\n{task}: {inner / table.fastest(task):.2f} of the fastest peer's CPU (at most {most}); the whole program "
              f"{program / table.fastest(task):.2f}. Two threads' wall: {two / one:.2f} of one's.")
    alone = table.median("EL2N, float32 [10, 200k, 100]", "assay score, 1 thread")
    many = table.median("all training dynamics in one pass, float32", f"assay score, {len(DYNAMICS)} scores")
    print(f"\nAll dynamics in one pass: {many / alone:.2f} of EL2N alone (at most 1.5), {len(DYNAMICS)} files written.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True, help="the folder of the peers' scripts")
    parser.add_argument("--inputs", type=Path, help="where inputs are, or are made (1.7 GB)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow", action="store_true", help="also facility location of the peers: a minute and 10 GB")
    parser.add_argument("--python", default=sys.executable, help="the peers' interpreter")
    parser.add_argument("--bench", type=Path, default=BUILD / "bench-store")
    parser.add_argument("--assay", type=Path, default=BUILD / "assay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options.inputs = options.inputs or Path(folder) / "inputs"
        if not (options.inputs / "features.h5").exists():
            subprocess.run([options.python, options.peers / "make_inputs.py", options.inputs], check=True)
        table = measure(options, Path(folder))
        table.show()
        summary(table)


main()
