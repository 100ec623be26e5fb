"""Writes answer.csv (three groups of points) and answer-oracle.json: the oracle of ScalingLawAnswerTests, by SciPy.

The law is y = E + A/x^alpha. Fits: scipy.optimize.least_squares (lm, or trf for Huber) with exact derivatives, tolerances
at rounding. Covariances by pinv of the Jacobian; shared parameters by one dense problem of all groups.

    python3 make_answer_oracle.py       needs NumPy and SciPy
"""
import json
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import chi2, f as fisher, t as student

HERE = Path(__file__).parent
LEVEL = 0.95


def law(p, x):
    return p[0] + p[1] * x ** -p[2]


def slopes(p, x):
    g = x ** -p[2]
    return np.stack([np.ones_like(x), g, -p[1] * np.log(x) * g], 1)


def fit(x, y, w=None, log=False, huber=None, start=(0.2, 1, 0.5)):
    w = np.ones_like(y) if w is None else w

    def residual(p):
        r = np.log(np.maximum(law(p, x), 1e-300) / y) if log else law(p, x) - y
        return np.sqrt(w) * r

    def jacobian(p):
        return np.sqrt(w)[:, None] * slopes(p, x) / (law(p, x)[:, None] if log else 1)

    r = least_squares(residual, start, jacobian, method="lm" if huber is None else "trf", xtol=1e-15, ftol=1e-15,
                      gtol=1e-15, max_nfev=10000, loss="linear" if huber is None else "huber", f_scale=huber or 1,
                      x_scale="jac")
    return r.x, residual(r.x), jacobian(r.x), r.cost


def describe(x, y, w=None, log=False):
    p, r, J, _ = fit(x, y, w, log)
    n, k = J.shape
    rss = r @ r
    s2 = rss / (n - k)
    cov = np.linalg.pinv(J.T @ J) * s2
    K = k + 1
    return {"parameters": p.tolist(), "standard_errors": np.sqrt(np.diag(cov)).tolist(), "rss": rss,
            "aicc": n * np.log(rss / n) + 2 * K + 2 * K * (K + 1) / (n - K - 1),
            "bic": n * np.log(rss / n) + K * np.log(n)}, p, cov, s2


def rmsle(p, x, y):
    return float(np.sqrt(np.mean((np.log(law(p, x)) - np.log(y)) ** 2)))


def clustered(x, y, codes):
    p, r, J, _ = fit(x, y)
    n, k = J.shape
    inverse = np.linalg.pinv(J.T @ J)
    names = np.unique(codes)
    scores = np.stack([J[codes == c].T @ r[codes == c] for c in names])
    C = len(names)
    return np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse) * C / (C - 1) * (n - 1) / (n - k)).tolist()


def shared(groups, place, codes, huber=None):
    """One value of parameter `place` for all groups: dense; clusters by `codes` of all points."""
    own = [j for j in range(3) if j != place]
    G = len(groups)

    def unpack(v):
        ps = np.empty((G, 3))
        ps[:, own] = v[:-1].reshape(G, 2)
        ps[:, place] = v[-1]
        return ps

    def residual(v):
        return np.concatenate([law(p, x) - y for p, (x, y) in zip(unpack(v), groups)])

    def jacobian(v):
        rows = []
        for g, (p, (x, y)) in enumerate(zip(unpack(v), groups)):
            J = np.zeros((len(x), 2 * G + 1))
            J[:, 2 * g:2 * g + 2] = slopes(p, x)[:, own]
            J[:, -1] = slopes(p, x)[:, place]
            rows.append(J)
        return np.concatenate(rows)

    start = np.concatenate([np.array(fit(x, y)[0])[own] for x, y in groups] + [[fit(*groups[0])[0][place]]])
    r = least_squares(residual, start, jacobian, method="lm" if huber is None else "trf", xtol=1e-15, ftol=1e-15,
                      gtol=1e-15, max_nfev=10000, loss="linear" if huber is None else "huber", f_scale=huber or 1,
                      x_scale="jac")
    J, res = jacobian(r.x), residual(r.x)
    rss = res @ res
    n, k = J.shape
    inverse = np.linalg.pinv(J.T @ J, rcond=1e-20)
    # Huber 1981, section 7.6.
    psi = res if huber is None else np.clip(res, -huber, huber) / np.mean(np.abs(res) <= huber)
    cov = inverse * (psi @ psi) / (n - k)
    scores = np.stack([J[codes == c].T @ psi[codes == c] for c in np.unique(codes)])
    C = len(scores)
    sandwich = inverse @ (scores.T @ scores) @ inverse * C / (C - 1) * (n - 1) / (n - k)
    ps = unpack(r.x)

    def by_group(cov):
        errors = [[None] * 3 for _ in groups]
        for g in range(G):
            for slot, j in enumerate(own):
                errors[g][j] = float(np.sqrt(cov[2 * g + slot, 2 * g + slot]))
            errors[g][place] = float(np.sqrt(cov[-1, -1]))
        return errors

    # The difference of the first two curves at x = 9 by the whole covariance.
    gradient = np.zeros(k)
    gradient[0:2] = slopes(ps[0], np.array([9.0]))[0][own]
    gradient[2:4] = -slopes(ps[1], np.array([9.0]))[0][own]
    gradient[-1] = (slopes(ps[0], np.array([9.0])) - slopes(ps[1], np.array([9.0])))[0][place]
    K = k + 1
    return {"parameters": ps.tolist(), "standard_errors": by_group(cov), "rss": rss, "degrees": n - k,
            "clustered_errors": by_group(sandwich),
            "clustered_difference_error": float(np.sqrt(gradient @ sandwich @ gradient)),
            "difference_error": float(np.sqrt(gradient @ cov @ gradient)),
            "aicc": n * np.log(rss / n) + 2 * K + 2 * K * (K + 1) / (n - K - 1), "bic": n * np.log(rss / n) + K * np.log(n)}


def compare(groups, points):
    (x1, y1), (x2, y2) = groups
    d1, p1, c1, _ = describe(x1, y1)
    d2, p2, c2, _ = describe(x2, y2)
    rows = []
    for n in points:
        X = np.array([n])
        value = (law, slopes)
        utility = (lambda p, x: -p[2] * p[1] * x ** -p[2],
                   lambda p, x: np.stack([0 * x, -p[2] * x ** -p[2], -p[1] * x ** -p[2] * (1 - p[2] * np.log(x))], 1))
        for quantity, (function, gradient) in (("value", value), ("utility", utility)):
            a, b = function(p1, X)[0], function(p2, X)[0]
            v1 = (gradient(p1, X) @ c1 @ gradient(p1, X).T)[0, 0]
            v2 = (gradient(p2, X) @ c2 @ gradient(p2, X).T)[0, 0]
            degrees = (v1 + v2) ** 2 / (v1**2 / (len(x1) - 3) + v2**2 / (len(x2) - 3))
            error = np.sqrt(v1 + v2)
            rows.append({"quantity": quantity, "n": n, "difference": a - b, "standard_error": error,
                         "half": student.ppf(0.5 + LEVEL / 2, degrees) * error,
                         "p_value": 2 * student.sf(abs(a - b) / error, degrees),
                         "p_equivalence": max(student.cdf((a - b - 0.05) / error, degrees),
                                              student.sf((a - b + 0.05) / error, degrees))})
    x, y = np.concatenate([x1, x2]), np.concatenate([y1, y2])
    rss0, rss1, n = describe(x, y)[0]["rss"], d1["rss"] + d2["rss"], len(x)
    statistic = n * np.log(rss0 / rss1)
    ratio = (rss0 - rss1) / 3 / (rss1 / (n - 6))
    return {"rows": rows, "statistic": statistic, "p_value": chi2.sf(statistic, 3), "f": ratio,
            "f_p_value": fisher.sf(ratio, 3, n - 6)}


def main():
    rng = np.random.default_rng(7)
    truth = {"easy": (0.25, 0.9, 0.6), "hard": (0.3, 1.1, 0.5), "twin": (0.26, 0.92, 0.6)}
    lines, data = ["group,x,y,w,run"], {}
    for at, (name, p) in enumerate(truth.items()):
        x = np.round(np.geomspace(1 + at, 80, 20), 3)
        codes = np.arange(20) % 5
        noise = 0.004 * rng.normal(size=20) + 0.003 * rng.normal(size=5)[codes]
        y, w = law(p, x) + noise, np.round(rng.uniform(0.5, 3, 20), 2)
        data[name] = (x, y, w, codes)
        lines += [f"{name},{a!r},{b!r},{c!r},run{int(k)}" for a, b, c, k in zip(*map(np.ndarray.tolist, data[name]))]
    oracle = {}
    for name, (x, y, w, codes) in data.items():
        own, p, cov, s2 = describe(x, y)
        at = np.array([2.0, 40.0, 1000.0])
        variance = np.einsum("ij,jk,ik->i", slopes(p, at), cov, slopes(p, at))
        quantile = student.ppf(0.5 + LEVEL / 2, len(x) - 3)
        entry = {"squares": own, "weighted": describe(x, y, w)[0], "log": describe(x, y, log=True)[0],
                 "clustered_errors": clustered(x, y, codes),
                 "band": (quantile * np.sqrt(variance)).tolist(), "prediction": (quantile * np.sqrt(variance + s2)).tolist(),
                 "values": law(p, at).tolist()}
        hp, _, _, cost = fit(x, y, huber=0.003)
        entry["huber"] = {"parameters": hp.tolist(), "objective": cost}
        left = [law(fit(np.delete(x, i), np.delete(y, i), start=p)[0], x[i:i + 1])[0] for i in range(20)]
        entry["loo"] = float(np.sqrt(np.mean((np.log(left) - np.log(y)) ** 2)))
        entry["future"] = rmsle(fit(x[:16], y[:16], start=p)[0], x[16:], y[16:])
        keep = x <= 30
        entry["holdout"] = rmsle(fit(x[keep], y[keep], start=p)[0], x[~keep], y[~keep])
        entry["holdout_n"] = int((~keep).sum())
        oracle[name] = entry
    plain = [(x, y) for x, y, _, _ in data.values()]
    runs = np.concatenate([codes for _, _, _, codes in data.values()])
    oracle["shared alpha"] = shared(plain, 2, runs)
    oracle["shared E"] = shared(plain, 0, runs)
    oracle["shared alpha, huber"] = shared(plain, 2, runs, huber=0.003)
    oracle["shared E, huber"] = shared(plain, 0, runs, huber=0.003)
    oracle["easy | hard"] = compare(plain[:2], [2.0, float(np.sqrt(160)), 80.0])
    (HERE / "answer.csv").write_text("\n".join(lines) + "\n")
    (HERE / "answer-oracle.json").write_text(json.dumps(oracle, indent=1, sort_keys=True) + "\n")


main()
