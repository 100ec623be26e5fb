"""SciPy and NumPy on the jobs of bench-fit, each as a careful user would write it. Needs NumPy and SciPy.

    peers_fit.py CURVES.csv --peer NAME [--runs N]

prints one line of JSON: medians of N calls after an untimed one, reading left out. The caller's environment sets the
number of threads to one.
"""
import argparse, csv, json, os, resource, statistics, sys, time
from pathlib import Path

try:
    import numpy as np
    from scipy.optimize import curve_fit, least_squares
except ImportError as error:
    sys.exit(f"peers_fit: {error.name} is not installed for {sys.executable}")

N0 = 100_000  # the unit of n: it scales a and nothing else
LOW, HIGH = np.array([0, -5, 0.05, 0.0]), np.array([np.inf, 0, 1000, 1.0])
GUESS = np.array([0.5, -0.1, 3.0, 0.1])
REFITS = 1000
D_GIVEN = 0.0  # of the random grid: of 0, 0.02 … 0.3 the one with which it fits curve 0 best


class Goyal:
    """y = a exp(b u) + d, u = ln(min(n, S)/N0) + Σ_e 2^(−e/τ) ln(n_{e+1}/n_e): the logarithms are worked out once."""

    def __init__(self, n, s):
        self.n, self.s = n.tolist(), s.tolist()
        epochs = n / s
        begin = np.arange(1, max(2, int(np.ceil(epochs.max() - 1e-9)) + 1))
        end = np.clip(epochs[:, None], begin, begin + 1)
        self.steps, self.epoch = np.log(end / begin), begin
        self.first = np.log(np.minimum(n, s) / N0)

    def __call__(self, _, a, b, tau, d):
        return a * np.exp(b * (self.first + self.steps @ np.exp2(-self.epoch / tau))) + d

    def jacobian(self, _, a, b, tau, d):
        decay = np.exp2(-self.epoch / tau)
        u = self.first + self.steps @ decay
        power = np.exp(b * u)
        slope = self.steps @ (decay * self.epoch) * (np.log(2) / tau**2)
        return np.column_stack([power, a * u * power, a * b * slope * power, np.ones_like(power)])


def read(path):
    """(law, y) per curve, in the order of the file."""
    curves = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            curves.setdefault(row["curve"], []).append(
                [float(row[key]) for key in ("samples_seen", "samples_per_epoch", "error")])
    tables = [np.array(rows) for rows in curves.values()]
    return [(Goyal(table[:, 0], table[:, 1]), table[:, 2]) for table in tables]


def high(y):
    return np.append(HIGH[:3], y.min())


def guess(y):
    return np.append(GUESS[:3], min(GUESS[3], 0.5 * y.min()))


def lm(curves, exact=False):
    """One start, without bounds."""
    fits = []
    for law, y in curves:
        try:
            fits.append(curve_fit(law, None, y, guess(y), jac=law.jacobian if exact else None, maxfev=5000)[0])
        except RuntimeError:
            fits.append(None)
    return fits


def lm_exact(curves):
    return lm(curves, exact=True)


def sixteen_starts(law, y):
    """Bounded trust region from 16 seeded starts; the lowest sum of squares."""
    rng = np.random.default_rng(1)
    starts = rng.uniform([0.1, -0.5, 0, 0], [1, -0.01, np.log(20), 0.9 * y.min()], (16, 4))
    starts[:, 2] = np.exp(starts[:, 2])
    runs = [least_squares(lambda p: law(None, *p) - y, start, lambda p: law.jacobian(None, *p),
                          bounds=(LOW, high(y)), x_scale="jac") for start in starts]
    return min(runs, key=lambda run: run.cost).x


def trf_16(curves):
    return [sixteen_starts(*curve) for curve in curves]


def batched(law, y, start, upper, steps=200):
    """Levenberg–Marquardt on every row of y [R, n] at once, clipped to the bounds: [R, 4]."""
    def evaluate(p):
        a, b, tau, d = (column[:, None] for column in p.T)
        decay = np.exp2(-law.epoch / tau)
        u = law.first + decay @ law.steps.T
        power = np.exp(b * u)
        slope = (decay * law.epoch) @ law.steps.T * (np.log(2) / tau**2)
        return a * power + d, np.stack([power, a * u * power, a * b * slope * power, np.ones_like(u)], axis=1)

    p = np.tile(start, (len(y), 1))
    f, jacobian = evaluate(p)
    residuals, damping, active = f - y, np.full(len(y), 1e-3), np.arange(len(y))
    for _ in range(steps):
        j, r = jacobian[active], residuals[active]
        normal = j @ np.swapaxes(j, 1, 2)
        normal[:, range(4), range(4)] *= 1 + damping[active, None]
        step = np.linalg.solve(normal, j @ r[:, :, None])[:, :, 0]
        trial = np.clip(p[active] - step, LOW, upper)
        f, slopes = evaluate(trial)
        better = ((f - y[active])**2).sum(1) < (r**2).sum(1)
        moving = (np.abs(trial - p[active]) > 1e-7 * np.abs(p[active])).any(1)
        damping[active] = np.clip(damping[active] * np.where(better, 0.2, 4), 1e-12, 1e12)
        taken = active[better]
        p[taken], residuals[taken], jacobian[taken] = trial[better], f[better] - y[taken], slopes[better]
        active = active[moving]
        if not len(active):
            break
    return p


def bootstrap_batched(curves):
    """Residuals drawn as they are, around the best of 16 starts."""
    law, y = curves[0]
    best = sixteen_starts(law, y)
    f = law(None, *best)
    return batched(law, f + np.random.default_rng(2).choice(y - f, (REFITS, len(y))), best, high(y))


def as_released(n, s, a, b, tau, d):
    """[(a n₁/10⁵)^b + d] Π (n_j/n_{j−1})^(b_j), b_j = b 2^(−j/τ), epoch by epoch."""
    before = min(n, s)
    y, epoch = (a * before / 1e5)**b + d, 1
    while before < n:
        seen = min(s * (epoch + 1), n)
        y *= (seen / before)**(b * 0.5**(epoch / tau))
        before, epoch = seen, epoch + 1
    return y


def released_grid(curves):
    """The public code's way with curve 0: the best of 100,000 random points of a grid of 10⁶; d is given."""
    law, y = curves[0]
    rng = np.random.default_rng(3)
    grid = np.linspace(1e-4, 0.2, 100), np.linspace(-0.005, -0.5, 100), np.linspace(1, 10, 100)
    best, lowest = None, np.inf
    for i, j, k in rng.integers(0, 100, (100_000, 3)):
        p = grid[0][i], grid[1][j], grid[2][k], D_GIVEN
        values = [as_released(n, s, *p) for n, s in zip(law.n, law.s)]
        rss = sum((f - e)**2 for f, e in zip(values, y))
        if rss < lowest:
            best, lowest = p, rss
    return [(best, lowest)]


ALL, BOOTSTRAP = "fit of all curves", "residual bootstrap of curve 0, 1,000 refits"
PEERS = {  # name: function, task, slow
    "curve_fit_lm": (lm, ALL, False),
    "curve_fit_lm_exact": (lm_exact, ALL, False),
    "least_squares_16_exact": (trf_16, ALL + ", 16 starts", False),
    "bootstrap_batched": (bootstrap_batched, BOOTSTRAP, False),
    "released_grid": (released_grid, "fit of curve 0, random grid", True),
}


def summary(task, fits, curves):
    if PEERS["released_grid"][1] == task:
        return {"solved": 1, "rss": float(fits[0][1]), "median_b": float(fits[0][0][1])}
    solved = [fit for fit in fits if fit is not None]
    if task == BOOTSTRAP:
        return {"solved": len(solved), "b_95": np.quantile([p[1] for p in solved], [0.025, 0.975]).tolist()}
    rss = sum(((law(None, *p) - y)**2).sum() for (law, y), p in zip(curves, fits) if p is not None)
    return {"solved": len(solved), "rss": float(rss), "median_b": float(np.median([p[1] for p in solved]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves")
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    function, task, slow = PEERS[options.peer]
    curves = read(options.curves)
    fits = None if slow else function(curves)
    wall, cpu = [], []
    for _ in range(options.runs):
        w, c = time.perf_counter(), time.process_time()
        fits = function(curves)
        wall.append(time.perf_counter() - w)
        cpu.append(time.process_time() - c)
    print(json.dumps({
        "peer": options.peer, "task": task, "input": Path(options.curves).name, "wall_s": statistics.median(wall),
        "cpu_s": statistics.median(cpu), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "n": options.runs, "threads": 1, "load": round(os.getloadavg()[0], 2), "result": summary(task, fits, curves)}))


main()
