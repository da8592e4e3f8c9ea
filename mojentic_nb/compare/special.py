"""The few distribution functions that the tests here need.

Law: pure, of the standard library alone: SciPy costs a second to import, and nobody needs all
of it for one t quantile. Each agrees with SciPy to nine digits or better; the tests keep SciPy's
numbers.
"""

from __future__ import annotations

from math import comb, erfc, exp, inf, isnan, lgamma, log, log1p, sqrt
from statistics import NormalDist

from mojentic_nb.errors import BadArgument

__all__ = [
    "beta_cdf",
    "binomial_two_sided",
    "normal_cdf",
    "normal_quantile",
    "t_quantile",
    "t_two_sided",
]

# Ends a continued fraction that no longer moves, and stands for its zero denominators.
_SMALLEST_STEP = 1e-16
_TINY = 1e-300
_MOST_TERMS = 100_000

# Exact whole numbers up to here; beyond, their digits cost more than the tenth one is worth.
_EXACT_TRIALS = 2000

# From here on Stirling's series has all digits, and a difference of `lgamma`s has lost some.
_LARGE = 100.0

_NORMAL = NormalDist()


def normal_cdf(z: float) -> float:
    """Share of a standard normal law below `z`."""
    return 0.5 * erfc(-z / sqrt(2))


def normal_quantile(p: float) -> float:
    """The `z` below which a share `p` of a standard normal law lies.

    Raises:
        BadArgument: A share outside 0 to 1, or one of the two.
    """
    return _NORMAL.inv_cdf(_checked_share(p))


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    By its continued fraction, DLMF 8.17.22, evaluated as Lentz does (1976, as modified by
    Thompson and Barnett 1986).

    Raises:
        BadArgument: `x` outside 0 to 1, or a shape that is not above 0.
    """
    if not 0 <= x <= 1 or not a > 0 or not b > 0:
        raise BadArgument(f"beta_cdf({x}, {a}, {b})", hint="x goes from 0 to 1; a and b exceed 0.")

    return _beta(x, 1 - x, a, b)


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """I_x(a, b) for an `x` and a `rest` = 1 - x that are both known to all digits."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0

    front = exp(a * _log(x, rest) + b * _log(rest, x) - _log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _fraction(x, a, b) / a)

    return max(0.0, 1 - front * _fraction(rest, b, a) / b)


def _log(x: float, rest: float) -> float:
    return log(x) if x < 0.5 else log1p(-rest)


def _log_beta(a: float, b: float) -> float:
    small, large = min(a, b), max(a, b)
    if large < _LARGE:
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    total = small + large
    ratio = (0.5 - large) * log1p(small / large) - small * log(total) + small
    return lgamma(small) + ratio + _stirling_rest(large) - _stirling_rest(total)


def _stirling_rest(x: float) -> float:
    """What Stirling's formula for log gamma leaves out; DLMF 5.11.1."""
    return (1 / 12 - (1 / 360 - 1 / (1260 * x * x)) / (x * x)) / x


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 1.0
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            step *= c * d

        value *= step
        if abs(step - 1) <= _SMALLEST_STEP:
            break

    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def t_two_sided(t: float, df: float) -> float:
    """How often Student's t with `df` degrees of freedom is at least as far from 0 as `t`.

    Raises:
        BadArgument: Degrees of freedom that are not above 0.
    """
    if not df > 0:
        raise BadArgument(f"df={df}", hint="Degrees of freedom exceed 0: give two values or more.")

    if abs(t) == inf:
        return 0.0

    square = t * t
    return _beta(df / (df + square), square / (df + square), df / 2, 0.5)


def t_quantile(p: float, df: float) -> float:
    """The `t` below which a share `p` of Student's law with `df` degrees of freedom lies.

    By Newton's steps inside a bracket that only shrinks.

    Raises:
        BadArgument: A share outside 0 to 1, or degrees of freedom that are not above 0.
    """
    _checked_share(p)
    if p < 0.5:
        return -t_quantile(1 - p, df) if p > 1e-9 else -_upper(p, df)

    return _upper(1 - p, df)


def _upper(tail: float, df: float) -> float:
    """The t above which `tail` of the law lies; `tail` is at most one half."""
    both = 2 * tail
    low, high = 0.0, 2.0
    while t_two_sided(high, df) > both:
        low, high = high, high * 4

    t = min(max(normal_quantile(1 - max(tail, 1e-16)), low), high)
    for _ in range(200):
        excess = t_two_sided(t, df) - both
        low, high = (t, high) if excess > 0 else (low, t)
        step = excess / (2 * _t_density(t, df))
        if abs(step) <= 1e-15 * max(1.0, t):
            break

        t = t + step if low < t + step < high else (low + high) / 2

    return t


def _t_density(t: float, df: float) -> float:
    return exp(-(df + 1) / 2 * log1p(t * t / df) - _log_beta(df / 2, 0.5) - 0.5 * log(df))


def binomial_two_sided(successes: int, n: int) -> float:
    """How often `n` tosses of a fair coin are at least this uneven; 1 for no tosses.

    2·Σ C(n, i)/2ⁿ over the smaller side, at most 1: the exact sign test, and McNemar's.

    Raises:
        BadArgument: Successes outside 0 to n.
    """
    if not 0 <= successes <= n:
        raise BadArgument(f"{successes} of {n}", hint="Successes go from 0 to the trials.")

    fewer = min(successes, n - successes)
    if 2 * fewer >= n - 1:
        return 1.0

    if n <= _EXACT_TRIALS:
        return float(2 * sum(comb(n, i) for i in range(fewer + 1)) / (1 << n))

    return min(1.0, 2 * beta_cdf(0.5, n - fewer, fewer + 1))


def _checked_share(p: float) -> float:
    if isnan(p) or not 0 < p < 1:
        raise BadArgument(f"p={p}", hint="Give a share between 0 and 1, such as 0.975.")

    return p
