"""Expected values for the uncertainty tests of FittingTests: python3 make_oracle.py > oracle.json (SciPy 1.17.1).

Profile intervals: the parameter is held on one side of brentq, the others are refitted by scipy.optimize.least_squares
(trf) from several starts with derivatives by complex steps; the threshold is the F quantile. Covariances: curve_fit's
pcov, and NumPy's plain formulas for the sandwiches. The curves are drawn here from seeded noise.
"""
import json
import sys

import numpy as np
from scipy import stats
from scipy.optimize import brentq, curve_fit, least_squares

LEVEL = 0.95
INF = np.inf


def exponential(p, x):
    a, s, d = p
    return a * np.exp(-x / s) + d


def power_offset(p, x):
    beta, c, e = p
    return beta * x ** (c + 0j) + e if np.iscomplexobj(p) else beta * x**c + e


def goyal(p, x):
    """a n₁^b exp(b G) + d with ten units of samples per epoch and δ the factor per repeat."""
    a, b, delta, d = p
    size, values = 10.0, []
    for n in x:
        seen, epochs = min(n, size), int(n / size)
        g = sum(delta**e * np.log((e + 1) / e) for e in range(1, epochs))
        if epochs >= 1:
            g = g + delta**epochs * np.log(n / (size * epochs))
        values.append(a * np.exp(b * np.log(seen)) * np.exp(b * g) + d)
    return np.array(values)


LAWS = {"exponential": exponential, "power-offset": power_offset, "goyal": goyal}


class Curve:
    def __init__(self, law, x, y, bounds, start, weights=None, loss="squares"):
        self.law, self.f = law, LAWS[law]
        self.x, self.y, self.start, self.loss = np.array(x), np.array(y), np.array(start, float), loss
        self.low, self.high = (np.array(b, float) for b in zip(*bounds))
        self.weights = None if weights is None else np.array(weights, float)
        self.root = np.ones(len(y)) if weights is None else np.sqrt(self.weights)
        self.p, self.n = len(start), int(np.sum(self.root > 0))
        self.optimum = self.fit({}, [self.start])
        self.rss = self.cost(self.optimum)
        self.dof = self.n - self.p

    def residuals(self, p):
        f = self.f(p, self.x)
        return self.root * (np.log(f / self.y) if self.loss == "log-squares" else f - self.y)

    def jacobian(self, p):
        columns = []
        for j in range(self.p):
            q = np.array(p, complex)
            q[j] += 1e-30j * max(1, abs(p[j]))
            columns.append(self.residuals(q).imag / (1e-30 * max(1, abs(p[j]))))
        return np.column_stack(columns)

    def cost(self, p):
        return float(np.sum(self.residuals(p) ** 2))

    def fit(self, held, starts):
        """The parameters of least cost with some held, over starts and random ones around them."""
        free = [j for j in range(self.p) if j not in held]
        rng, best = np.random.default_rng(7), None
        tried = list(starts) + [s * np.exp(rng.normal(0, 0.3, self.p)) for s in starts for _ in range(6)]
        for s in tried:
            p = np.clip(np.array(s, float), self.low, self.high)
            for j, value in held.items():
                p[j] = value

            def whole(q):
                r = p.astype(q.dtype)
                r[free] = q
                return r

            low, high = self.low[free], self.high[free]
            inner = np.clip(
                p[free], np.where(np.isfinite(low), low + 1e-9, low), np.where(np.isfinite(high), high - 1e-9, high))
            found = least_squares(
                lambda q: self.residuals(whole(q)), inner, jac=lambda q: self.jacobian(whole(q))[:, free],
                bounds=(low, high), x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=4000)
            q = found.x
            # trf stays inside: try the bounds themselves and polish from the best.
            for k in range(len(free)):
                for end in (low[k], high[k]):
                    if np.isfinite(end) and abs(q[k] - end) < 1e-6 * max(1, abs(end)):
                        q = q.copy()
                        q[k] = end
            for candidate in (found.x, q):
                w = whole(candidate)
                if best is None or self.cost(w) < self.cost(best):
                    best = w
        return best

    def ratio(self, j, value):
        profile = self.fit({j: value}, [self.optimum])
        return (self.cost(profile) - self.rss) / (self.rss / self.dof)

    def interval(self, j):
        threshold = stats.f.ppf(LEVEL, 1, self.dof)
        center, ends = self.optimum[j], []
        step = 0.3 * np.sqrt(threshold * abs(self.covariance()[j, j]))
        for side, bound in ((-1, self.low[j]), (1, self.high[j])):
            inner, outer = center, center
            while True:
                outer = outer + side * step
                outer = max(outer, bound) if side < 0 else min(outer, bound)
                if self.ratio(j, outer) > threshold:
                    ends.append(brentq(lambda v: self.ratio(j, v) - threshold, inner, outer, xtol=1e-13, rtol=1e-12))
                    break
                if outer == bound:
                    ends.append(None)
                    break
                inner = outer
        return ends

    def covariance(self):
        jacobian = self.jacobian(self.optimum)
        return np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-14) * self.rss / self.dof

    def pcov(self):
        """SciPy's own covariance, by curve_fit from the optimum."""
        def target(x, *p):
            f = self.f(np.array(p), x)
            return np.log(f) if self.loss == "log-squares" else f
        y = np.log(self.y) if self.loss == "log-squares" else self.y
        jac = lambda x, *p: self.jacobian(np.array(p, float)) / self.root[:, None]
        return curve_fit(target, self.x, y, self.optimum, sigma=1 / self.root, absolute_sigma=False, jac=jac,
                         method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)[1]

    def entry(self, name, grid_of=None, with_pcov=True):
        out = {
            "name": name, "law": self.law, "loss": self.loss, "x": self.x.tolist(), "y": self.y.tolist(),
            "weights": None if self.weights is None else self.weights.tolist(),
            "low": [b if np.isfinite(b) else None for b in self.low],
            "high": [b if np.isfinite(b) else None for b in self.high],
            "start": self.start.tolist(), "optimum": self.optimum.tolist(), "rss": self.rss, "level": LEVEL,
            "intervals": [self.interval(j) for j in range(self.p)]}
        if with_pcov:
            out["pcov"] = self.pcov().ravel().tolist()
        if grid_of is not None:
            j, grid = grid_of
            out["grid_of"], out["grid"] = j, list(grid)
            out["profile"] = [self.cost(self.fit({j: v}, [self.optimum])) for v in grid]
        print(name, self.optimum, out["intervals"], file=sys.stderr)
        return out


rng = np.random.default_rng(20250611)
out = {"curves": []}

x = np.linspace(0.5, 12, 25)
y = exponential([2, 3, 0.4], x) + rng.normal(0, 0.05, 25)
free = Curve("exponential", x, y, [(-INF, INF), (1e-3, INF), (-INF, INF)], [1, 2, 0])
out["curves"].append(free.entry("exponential", (1, [1.5, 2.0, 2.6, 3.1, 4.0, 6.0])))

x = np.exp(np.linspace(np.log(10), np.log(1e4), 12))
y = power_offset([1.5, -0.3, 0.1], x) * np.exp(rng.normal(0, 0.02, 12))
weights = 1 / y**2
bounds = [(1e-6, INF), (-5, 0), (0, float(min(y)))]
out["curves"].append(Curve("power-offset", x, y, bounds, [1, -0.3, 0.05], weights).entry("power-offset, weighted"))
out["curves"].append(
    Curve("power-offset", x, y, bounds, [1, -0.3, 0.05], loss="log-squares").entry("power-offset, log"))

# The asymptote ends on its bound 0: the true curve falls below any.
y = power_offset([1.5, -0.35, -0.02], x) * np.exp(rng.normal(0, 0.04, 12))
bounds = [(1e-6, INF), (-5, 0), (0, float(min(y)))]
bounded = Curve("power-offset", x, y, bounds, [1, -0.3, 0.01], loss="log-squares")
out["curves"].append(bounded.entry("power-offset, on a bound", with_pcov=False))

x = np.concatenate([np.linspace(1, 10, 20), np.linspace(12, 70, 30)])
y = goyal([0.9, -0.35, 0.75, 0.05], x) + rng.normal(0, 0.004, 50)
bounds = [(1e-9, INF), (-5, 0), (1e-6, 0.9993), (0, float(min(y)))]
repeats = Curve("goyal", x, y, bounds, [1, -0.3, 0.6, 0.03])
out["curves"].append(repeats.entry("goyal", (2, [0.3, 0.6, 0.8, 0.95])))

# Few points and few repeats: the half-life is not bounded above.
keep = [0, 6, 12, 19, 24, 29, 31, 33]
y = goyal([0.9, -0.35, 0.85, 0.05], x[keep]) + rng.normal(0, 0.01, 8)
bounds[3] = (0, float(min(y)))
few = Curve("goyal", x[keep], y, bounds, [1, -0.3, 0.6, 0.03])
out["curves"].append(few.entry("goyal, few repeats", with_pcov=False))

# Sandwiches at the optimum of the exponential: clusters of unequal size, and Huber's loss.
clusters = rng.integers(0, 7, 25)
J, r = free.jacobian(free.optimum), free.residuals(free.optimum)
bread = np.linalg.inv(J.T @ J)
meat = sum(np.outer(s, s) for s in (J[clusters == c].T @ r[clusters == c] for c in np.unique(clusters)))
C, n, p = len(np.unique(clusters)), 25, 3
out["clusters"] = {
    "codes": clusters.tolist(), "count": C,
    "covariance": (C / (C - 1) * (n - 1) / (n - p) * bread @ meat @ bread).ravel().tolist()}

delta, w = 0.04, rng.uniform(0.5, 2, 25)
# SciPy weighs inside the loss; Assay's Σ w ρ(r) is minimised by reweighted least squares instead.
q = free.optimum.copy()
for _ in range(200):
    res = exponential(q, free.x) - free.y
    weight = w * np.minimum(1, delta / np.maximum(np.abs(res), 1e-300))
    q = q - np.linalg.lstsq(np.sqrt(weight)[:, None] * free.jacobian(q), np.sqrt(weight) * res, rcond=None)[0]
res = exponential(q, free.x) - free.y
psi, inside = np.clip(res, -delta, delta), np.abs(res) <= delta
Jw = np.sqrt(w)[:, None] * free.jacobian(q)
s2 = np.sum(w * psi**2) / (n - p) / (np.sum(w * inside) / np.sum(w)) ** 2
rho = np.where(inside, res**2 / 2, delta * (np.abs(res) - delta / 2))
out["huber"] = {
    "delta": delta, "weights": w.tolist(), "parameters": q.tolist(), "objective": float(np.sum(w * rho)),
    "gradient": (free.jacobian(q).T @ (w * psi)).tolist(),
    "covariance": (s2 * np.linalg.inv(Jw.T @ Jw)).ravel().tolist(),
    "variance": float(np.sum(w * res**2) / (n - p))}

# Bands of the exponential at x = 20: delta method, for the curve and for a new observation of weight 2.
g = np.array([exponential(free.optimum + 1e-30j * np.eye(3)[j], 20.0).imag / 1e-30 for j in range(3)])
se, f20 = float(np.sqrt(g @ free.pcov() @ g)), float(exponential(free.optimum, 20.0))
t = stats.t.ppf(0.5 + LEVEL / 2, free.dof)
new = np.sqrt(se**2 + free.rss / free.dof / 2)
out["band"] = {
    "gradient": g.tolist(), "value": f20, "confidence": [f20 - t * se, f20 + t * se],
    "prediction": [f20 - t * new, f20 + t * new]}

# Moments of the lag-1 autocorrelation of residuals, by dense matrices.
runs = np.sort(rng.integers(0, 4, 25))
W = np.zeros((25, 25))
for i in range(24):
    if runs[i] == runs[i + 1]:
        W[i, i + 1] = W[i + 1, i] = 0.5
Q = np.linalg.qr(J)[0]
M = np.eye(25) - Q @ Q.T
k = 25 - 3
trace, square = np.trace(M @ W), np.trace(M @ W @ M @ W)
out["autocorrelation"] = {
    "runs": runs.tolist(), "jacobian": J.ravel().tolist(), "residuals": r.tolist(),
    "lag_one": float(r @ W @ r / (r @ r)),
    "durbin_watson": float(sum((r[i + 1] - r[i]) ** 2 for i in range(24) if runs[i] == runs[i + 1]) / (r @ r)),
    "mean": trace / k, "deviation": float(np.sqrt(2 * (k * square - trace**2) / (k * k * (k + 2))))}

out["student"] = [
    {"level": level, "degrees": nu, "t": stats.t.ppf(0.5 + level / 2, nu), "root_f": stats.f.ppf(level, 1, nu) ** 0.5}
    for level in (0.5, 0.9, 0.95, 0.999) for nu in (1, 2, 5, 46, 1000)]

json.dump(out, sys.stdout, indent=1)
print()
