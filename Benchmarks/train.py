"""One optimiser step of Assay beside PyTorch's, in turn (A B A B …), batch 128.

    Benchmarks/train.py --peers DIR [--rounds 5] [--threads 1] [--network NAME …] [--python PYTHON]

DIR holds torch_step.py, which prints a line of JSON per network. A round runs both programs once per network, each in a process
of its own whose first step is not timed; the table holds medians over the rounds. Ratios are of CPU seconds, which a busy
machine distorts least; those of several threads are of wall seconds and need an idle machine.
"""
import argparse, json, os, statistics, subprocess, sys
from pathlib import Path

BUILD = Path(__file__).resolve().parent.parent / ".build" / "release"
NETWORKS = {  # name: (timed steps, the most of PyTorch's time)
    "convnet_d3_w128_32x32x3": (5, 0.5), "convnet_d3_w32_28x28x1": (15, 0.4), "convnet_d4_w128_64x64x3": (3, 0.5),
    "resnet18_32x32x3": (2, 0.9), "mlp_784_512_512_10": (51, 0.8),
}
BATCH = 128


def line(command, threads):
    environment = os.environ | {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench-train: exit {done.returncode}: {' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"load": os.getloadavg()[0]}


def measure(options):
    found = {}
    for number in range(options.rounds):
        for name in options.network:
            steps = NETWORKS[name][0]
            pair = found.setdefault(name, ([], []))
            pair[0].append(line([options.bench, name, BATCH, steps, options.threads], options.threads))
            pair[1].append(line(
                [options.python, options.peers / "torch_step.py", "--peer", f"torch_{name}_b{BATCH}", "--runs", steps,
                 "--threads", options.threads], options.threads))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    return found


def show(found, key):
    print(f"| network | assay, {key} | PyTorch, {key} | ratio (at most) | peak MB | rounds | load |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, (own, peer) in found.items():
        mine, theirs = (statistics.median(result[key] for result in results) for results in (own, peer))
        memory = " / ".join(f"{statistics.median(result['rss_mb'] for result in results):.0f}" for results in (own, peer))
        load = [result["load"] for result in own + peer]
        print(f"| {name} | {1e3 * mine:.3g} ms | {1e3 * theirs:.3g} ms | {mine / theirs:.2f} ({NETWORKS[name][1]}) | {memory} "
              f"| {len(own)} | {min(load):.1f}–{max(load):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True, help="the folder of torch_step.py")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--network", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--python", default=sys.executable, help="the peer's interpreter")
    parser.add_argument("--bench", type=Path, default=BUILD / "bench-train")
    options = parser.parse_args()
    show(measure(options), "cpu_s" if options.threads == 1 else "wall_s")


main()
