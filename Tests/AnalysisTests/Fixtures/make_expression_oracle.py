"""Writes expression-oracle.json beside this script: the oracle of ExpressionOracleTests and ScalingLawsTests.

Values and gradients of expressions by mpmath with 100 digits (derivatives by mpmath.diff), at points and parameters that
are doubles. Random expressions are kept where complex-step derivatives in double precision agree to 2e-15: elsewhere the
formula itself loses digits, whoever evaluates it. The named laws are written out here from their papers' formulas.

    python3 make_expression_oracle.py       needs mpmath
"""
import cmath
import json
import math
import random
import re
from pathlib import Path

import mpmath as mp

mp.mp.dps = 100
HERE = Path(__file__).parent
NUMBER = re.compile(r"(?<![A-Za-z_0-9.])(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)")

EXACT = {
    "exp": mp.exp, "log": mp.log, "sqrt": mp.sqrt, "sin": mp.sin, "cos": mp.cos, "atan": mp.atan, "abs": abs,
    "min": min, "max": max, "pi": mp.mpf(math.pi), "number": lambda text: mp.mpf(float(text)),
}


def real(z):
    return z.real if isinstance(z, complex) else z


DOUBLE = {
    "exp": cmath.exp, "log": cmath.log, "sqrt": cmath.sqrt, "sin": cmath.sin, "cos": cmath.cos, "atan": cmath.atan,
    "abs": lambda z: z if real(z) > 0 else -z, "min": lambda *z: min(z, key=real), "max": lambda *z: max(z, key=real),
    "pi": math.pi, "number": float,
}


def compiled(text):
    """Python's operators have the precedence of Assay's: −x**2 = −(x**2), right-associative."""
    return compile(NUMBER.sub(r"number('\1')", text).replace("^", "**"), text, "eval")


def exact(code, names):
    """Value and gradient by the first `len(parameters)` names."""

    def f(values):
        return eval(code, {"__builtins__": {}}, EXACT | dict(zip(names, values)))

    return f


def gradient(f, parameters, x):
    p = [mp.mpf(v) for v in parameters]
    x = [mp.mpf(v) for v in x]
    slopes = []
    for j in range(len(p)):
        slopes.append(mp.diff(lambda t: f(p[:j] + [t] + p[j + 1 :] + x), p[j]))
    return f(p + x), slopes


def loses_digits(code, names, parameters, x, value, slopes):
    for j in range(len(parameters)):
        at = [complex(v, 1e-200 if k == j else 0) for k, v in enumerate(parameters)] + [complex(v) for v in x]
        try:
            z = eval(code, {"__builtins__": {}}, DOUBLE | dict(zip(names, at)))
        except (OverflowError, ZeroDivisionError, ValueError):
            return True
        z = complex(z)
        if not close(z.real, value) or not close(z.imag / 1e-200, slopes[j]):
            return True
    return False


def close(found, expected):
    return found == expected or expected != 0 and abs(mp.mpf(found) / expected - 1) < 2e-15


HAND_MADE = [
    "b1*(1-exp(-b2*x))", "b1*(1 - (1 + b2*x/2)^(-2))", "b1*x^b2", "b1 + b2*exp(-x*b3)", "exp(-b1*x)/(b2 + b3*x)",
    "b1*exp(-b2*x) + b3*exp(-(x-b4)^2/b5^2)", "(b1 + b2*x + b3*x^2)/(1 + b4*x + b5*x^2)", "b1*b2*x/(1 + b2*x)",
    "b1/(1 + exp(b2 - b3*x))^(1/b4)", "b1 - b2*x - atan(b3/(x - b4))/pi", "b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)",
    "b1*cos(2*pi*x/b2) + b3*sin(2*pi*x/b2)", "b1*exp(b2/(x + b3))", "log(b1 + b2*x) + sqrt(b3*x)", "(b1/b2)*exp(-0.5*((x-b3)/b2)^2)",
    "min(b1, b2*x, b3) + max(b1*x, b2)", "abs(b1 - x)^b2", "-b1^2*x + 2^-b2", "b1^b2^x", "b1/x/b3 - b1*-b2", "x^(b1*z)/z^b2",
    "b1*z + b2*log(z)*x + b3/x", "1e-3*b1 + .5e2*x*b2", "pi*b1^2*x", "b1*max(x, b2)^(-b3)", "sqrt(b1^2 + x^2)",
]


def random_text(rng, depth):
    if depth == 0:
        return rng.choice(["a", "b", "c", "d", "x", "z", "x", f"{rng.uniform(0.2, 3):.3g}"])
    left, right = random_text(rng, depth - 1), random_text(rng, rng.randrange(depth))
    kind = rng.random()
    if kind < 0.62:
        return f"({left} {rng.choice('+-*/*+')} {right})"
    if kind < 0.7:
        return f"{rng.choice(['abs', 'sqrt'])}({left})^{right}" if rng.random() < 0.5 else f"({left})^{right}"
    if kind < 0.76:
        return f"{rng.choice(['min', 'max'])}({left}, {right})"
    if kind < 0.8:
        return f"-{left}"
    return f"{rng.choice(['exp', 'log', 'sqrt', 'sin', 'cos', 'atan', 'abs'])}({left})"


def names_in(text):
    words = re.findall(r"[A-Za-z_]\w*", NUMBER.sub("0", text))
    return [w for w in dict.fromkeys(words) if w not in EXACT]


def case(text, rng, tries):
    names = names_in(text)
    parameters = [n for n in names if n not in "xz"]
    columns = [n for n in names if n in "xz"]
    if not parameters or not columns:
        return None
    code = compiled(text)
    f = exact(code, parameters + columns)
    p = [round(rng.uniform(0.3, 3), 6) for _ in parameters]
    points, values, jacobian = [], [], []
    for _ in range(tries):
        x = [round(rng.uniform(0.3, 4), 6) for _ in columns]
        try:
            value, slopes = gradient(f, p, x)
        except (ValueError, ZeroDivisionError, TypeError, OverflowError):
            continue
        if any(isinstance(v, mp.mpc) or not 1e-100 < abs(v) < 1e100 and v != 0 for v in [value] + slopes):
            continue
        # A difference quotient of what does not depend on the parameter there.
        slopes = [mp.mpf(0) if abs(s) < 1e-40 else s for s in slopes]
        if loses_digits(code, parameters + columns, p, x, value, slopes):
            continue
        points.append(x)
        values.append(float(value))
        jacobian.append([float(s) for s in slopes])
    if len(points) < 3:
        return None
    return {
        "text": text, "parameters": parameters, "at": p, "columns": columns, "x": points[:4], "values": values[:4],
        "jacobian": jacobian[:4],
    }


def chinchilla(E, A, B, alpha, beta, N, D):
    return E + A / N**alpha + B / D**beta


def data_constrained(E, A, B, alpha, beta, R_D, R_N, N, D, U):
    """Muennighoff et al. 2023: effective data and parameters; the optimal N for U unique tokens through G of Hoffmann et al."""
    U = min(U, D)
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    # D_opt = C'^a / G and N_opt = G C'^b with a = alpha/(alpha+beta), b = beta/(alpha+beta): C' where D_opt = U.
    C = (G * U) ** ((alpha + beta) / alpha)
    U_N = min(N, G * C ** (beta / (alpha + beta)))
    R = D / U - 1
    seen = U + U * R_D * (1 - mp.exp(-R / R_D))
    R = N / U_N - 1
    size = U_N + U_N * R_N * (1 - mp.exp(-R / R_N))
    return chinchilla(E, A, B, alpha, beta, size, seen)


def broken(*values):
    x = values[-1]
    a, b, c0 = values[:3]
    product = mp.mpf(1)
    for c, d, f in zip(*[iter(values[3:-1])] * 3):
        product *= (1 + (x / d) ** (1 / f)) ** (-c * f)
    return a + b * x ** (-c0) * product


SIZES = [[1e8, 1e9], [7e9, 1.4e12], [3e7, 6e10]]
SCALES = [[10.0], [317.5], [2e4], [1e6]]
LAWS = [
    ("power", lambda beta, c, x: beta * x**c, [2.5, -0.31], SCALES),
    ("power-offset", lambda beta, c, e, x: beta * x**c + e, [2.5, -0.31, 0.12], SCALES),
    ("m3", lambda beta, gamma, c, x: beta * (1 / x + gamma) ** c, [2.5, 1e-4, 0.4], SCALES),
    ("bnsl:1", broken, [0.02, 3.0, 0.1, 0.35, 500.0, 0.4], SCALES),
    ("bnsl:2", broken, [0.02, 3.0, 0.1, 0.35, 500.0, 0.06, -0.2, 30000.0, 1.7], SCALES),
    ("chinchilla", chinchilla, [1.82, 482.0, 2085.4, 0.348, 0.366], SIZES),
    (
        "data-constrained", data_constrained, [1.87, 521.0, 1488.0, 0.353, 0.353, 15.4, 5.3],
        [[1e8, 1e9, 1e9], [4.2e9, 8.4e10, 4e9], [9e9, 1e11, 1e9], [1e8, 1e10, 1e11]],
    ),
    ("exponential", lambda a, s, d, x: a * mp.exp(-x / s) + d, [1.5, 40.0, -0.2], [[0.0], [11.0], [90.0], [-3.0]]),
    (
        "logistic", lambda lo, hi, m, s, x: lo + (hi - lo) / (1 + mp.exp(-(x - m) / s)), [0.2, 0.9, 30.0, 8.0],
        [[0.0], [11.0], [33.0], [90.0]],
    ),
]


def law_case(name, f, parameters, points):
    rows = [gradient(lambda v: f(*v), parameters, x) for x in points]
    # The exponent's own slope at D = U is no number but 0: nothing is repeated.
    slopes = [[0.0 if abs(s) < 1e-40 else float(s) for s in row[1]] for row in rows]
    return {"law": name, "at": parameters, "x": points, "values": [float(r[0]) for r in rows], "jacobian": slopes}


def main():
    rng = random.Random(20260101)
    cases = [case(text, rng, 40) for text in HAND_MADE]
    missing = [text for text, made in zip(HAND_MADE, cases) if made is None]
    assert not missing, missing
    while len(cases) < 75:
        made = case(random_text(rng, rng.choice([2, 3, 4])), rng, 6)
        if made:
            cases.append(made)
    laws = [law_case(*law) for law in LAWS]
    with open(HERE / "expression-oracle.json", "w") as file:
        json.dump({"expressions": cases, "laws": laws}, file, indent=1)
        file.write("\n")


main()
