"""Distribution functions, beside SciPy 1.17."""

from __future__ import annotations

from math import inf, nan

import pytest

from mojentic_nb.compare.special import (
    beta_cdf,
    binomial_two_sided,
    normal_cdf,
    normal_quantile,
    t_quantile,
    t_two_sided,
)
from mojentic_nb.errors import BadArgument

# scipy.special.betainc(a, b, x)
BETA = [
    (0.01, 0.5, 0.5, 0.06376856085851985),
    (0.3, 2, 3, 0.3483),
    (0.5, 10, 10, 0.5),
    (0.999, 4.5, 0.5, 0.9264613833688512),
    (0.2, 50, 200, 0.5126237681513187),
    (0.7, 1000, 430, 0.5199465337380422),
    (1e-6, 0.5, 7, 0.0029326113222744228),
    (0.5, 40001, 39500, 0.0377949878238975),
]
# 2 * scipy.stats.t.sf(t, df)
T_TAILS = [
    (0, 3, 1.0),
    (0.5, 1, 0.7048327646991335),
    (1.96, 4, 0.12155463985018358),
    (2.5, 9, 0.033861827682985735),
    (12, 2, 0.00687293367715846),
    (1.2, 199, 0.23156599267274489),
    (4.5, 1000, 7.593071026498249e-06),
    (1.96, 1_000_000, 0.04999606758526985),
    (8, 15, 8.610930382707626e-07),
]
# scipy.stats.t.ppf(p, df)
T_QUANTILES = [
    (0.975, 1, 12.706204736174694),
    (0.975, 2, 4.302652729749462),
    (0.975, 4, 2.7764451051977934),
    (0.975, 9, 2.262157162798205),
    (0.975, 29, 2.045229642132703),
    (0.975, 199, 1.9719565442517533),
    (0.975, 100_000, 1.9599877075346095),
    (0.995, 7.5, 3.421422688124044),
    (0.6, 3, 0.2766706623326898),
    (0.025, 12, -2.1788128296672293),
    (1 - 1e-9, 5, 98.93722520824214),
    (1e-12, 6, -179.75335991079194),
]
# scipy.stats.binomtest(k, n).pvalue
TOSSES = [
    (0, 1, 1.0),
    (0, 6, 0.03125),
    (2, 12, 0.03857421875),
    (5, 10, 1.0),
    (10, 31, 0.07075554598122835),
    (43, 120, 0.0024468567628141724),
    (900, 1999, 9.337596842025059e-06),
    (9800, 20_000, 0.004780889455902781),
]


def exactly(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=0)


@pytest.mark.parametrize("x, a, b, share", BETA)
def test_the_incomplete_beta_function_is_scipys(x, a, b, share):
    assert beta_cdf(x, a, b) == exactly(share)
    assert beta_cdf(1 - x, b, a) == pytest.approx(1 - share, abs=1e-9)


@pytest.mark.parametrize("t, df, tails", T_TAILS)
def test_students_tails_are_scipys(t, df, tails):
    assert t_two_sided(t, df) == exactly(tails)
    assert t_two_sided(-t, df) == exactly(tails)


@pytest.mark.parametrize("p, df, t", T_QUANTILES)
def test_students_quantiles_are_scipys(p, df, t):
    assert t_quantile(p, df) == exactly(t)


def test_a_quantile_is_where_the_share_lies():
    for p in (0.0001, 0.2, 0.5, 0.51, 0.9, 0.9999):
        for df in (1, 1.5, 3, 40, 5000):
            assert t_two_sided(t_quantile(p, df), df) == exactly(2 * min(p, 1 - p))


@pytest.mark.parametrize("successes, n, p", TOSSES)
def test_tosses_of_a_coin_are_scipys(successes, n, p):
    assert binomial_two_sided(successes, n) == exactly(p)
    assert binomial_two_sided(n - successes, n) == exactly(p)


def test_nothing_tossed_tells_nothing():
    assert binomial_two_sided(0, 0) == 1.0


def test_exact_and_continued_fraction_meet():
    assert binomial_two_sided(950, 2000) == exactly(2 * beta_cdf(0.5, 1050, 951))


def test_the_normal_law_is_in_the_tables():
    assert normal_quantile(0.975) == exactly(1.959963984540054)
    assert normal_cdf(1.959963984540054) == exactly(0.975)
    assert 2 * normal_cdf(-3) == exactly(0.0026997960632601866)


def test_the_ends_are_reached():
    assert (beta_cdf(0, 2, 3), beta_cdf(1, 2, 3)) == (0.0, 1.0)
    assert (t_two_sided(inf, 3), t_two_sided(-inf, 3)) == (0.0, 0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: beta_cdf(1.1, 1, 1),
        lambda: beta_cdf(0.5, 0, 1),
        lambda: beta_cdf(nan, 1, 1),
        lambda: t_two_sided(1, 0),
        lambda: t_quantile(1, 5),
        lambda: t_quantile(nan, 5),
        lambda: normal_quantile(0),
        lambda: binomial_two_sided(3, 2),
    ],
)
def test_what_makes_no_sense_is_told(wrong):
    with pytest.raises(BadArgument):
        wrong()
