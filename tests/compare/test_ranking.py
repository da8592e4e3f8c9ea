"""Bradley and Terry's strengths, beside statsmodels 0.15 and choix 0.4, and by trying."""

from __future__ import annotations

from math import exp
from random import Random

import pytest

from mojentic_nb.compare.bouts import Bout
from mojentic_nb.compare.ranking import bradley_terry, elo
from mojentic_nb.errors import BadArgument
from tests.compare.numbers import bouts

# statsmodels' GLM (binomial, one column a model, sum to zero) and choix.opt_pairwise agree to
# ten digits; errors are the GLM's with cov_type="cluster", without its own correction, times
# √(items / (items − 1)).
THREE = {
    "theta": [0.448034759050047, -0.4276479465716005, -0.020386812478446537],
    "by item": [0.19626924345955193, 0.16080651914435629, 0.1422430703386805],
    "by battle": [0.16262993059376407, 0.17629096031720629, 0.1660160251501643],
}
SIX = {
    "theta": [
        0.5900673895366129,
        0.5583687190411192,
        0.3381880864384752,
        -0.21684980869854642,
        -0.2663678865158901,
        -1.0034064998017709,
    ],
    "by item": [
        0.1255908859540513,
        0.10626525406302035,
        0.11946768145471398,
        0.11380647797406507,
        0.10733156700455537,
        0.11629703226969292,
    ],
    "by battle": [
        0.12490972723008743,
        0.10338676575373018,
        0.12035905416527627,
        0.11800340386102753,
        0.11452311959158978,
        0.12894244771,
    ],
}


def by_name(ranking):
    return sorted(ranking.strengths, key=lambda strength: strength.model)


@pytest.mark.parametrize(
    "models, items, seed, known", [(3, 30, 1, THREE), (6, 200, 7, SIX)], ids=["three", "six"]
)
def test_strengths_and_errors_are_statsmodels(models, items, seed, known):
    fought = bouts(models, items=items, seed=seed)
    clustered = by_name(bradley_terry(fought))
    alone = by_name(bradley_terry([bout[:3] for bout in fought]))
    for found in (clustered, alone):
        assert [one.theta for one in found] == pytest.approx(known["theta"], abs=1e-6)
    assert [one.se for one in clustered] == pytest.approx(known["by item"], abs=1e-6)
    assert [one.se for one in alone] == pytest.approx(known["by battle"], abs=1e-6)


def test_a_ranking_says_all_there_is():
    fought = bouts(6, items=200, seed=7)
    ranking = bradley_terry(fought)
    best, *_, last = ranking.strengths
    assert (best.model, best.rank, best.rank_lo, best.rank_hi) == ("m0", 1, 1, 3)
    assert (last.model, last.rank, last.rank_lo, last.rank_hi) == ("m5", 6, 6, 6)
    assert best.elo == pytest.approx(1000 + 400 * 0.59006739 / 2.302585093, abs=1e-3)
    assert best.elo_lo < best.elo < best.elo_hi
    assert best.hi - best.theta == pytest.approx(1.959964 * best.se, rel=1e-6)
    assert sum(one.theta for one in ranking.strengths) == pytest.approx(0, abs=1e-12)
    assert sum(one.n_battles for one in ranking.strengths) == 1200
    assert (ranking.n_battles, ranking.n_items, ranking.warning) == (600, 200, "")
    won = [b[2] if b[0] == "m0" else 1 - b[2] for b in fought if "m0" in b[:2]]
    assert best.win_rate == pytest.approx(sum(won) / len(won))


def test_who_is_named_first_does_not_matter():
    fought = bouts(4, items=50, seed=2)
    turned = [Bout(b, a, 1 - score, item) for a, b, score, item in fought]
    for one, other in zip(
        by_name(bradley_terry(fought)), by_name(bradley_terry(turned)), strict=True
    ):
        assert one.theta == pytest.approx(other.theta, abs=1e-10)
        assert one.se == pytest.approx(other.se, abs=1e-10)


def test_equal_models_share_a_rank():
    found = bradley_terry([("a", "b", 1, 1), ("a", "b", 0, 2), ("a", "b", 0.5, 3)])
    assert [(one.theta, one.rank, one.rank_lo, one.rank_hi) for one in found.strengths] == [
        (0.0, 1, 1, 2),
        (0.0, 1, 1, 2),
    ]
    tied = bradley_terry([("a", "b", 0.5, item) for item in range(5)])
    assert [(one.theta, one.rank, one.rank_hi) for one in tied.strengths] == [(0, 1, 2)] * 2
    assert "tie" in tied.warning


@pytest.mark.parametrize("scores", [[0.5], [1, 0], [1, 1, 0]])
@pytest.mark.parametrize("items, rank_hi", [(5, 2), (100, 1)])
def test_items_that_all_say_the_same_do_not_make_it_certain(scores, items, rank_hi):
    fought = [("a", "b", score, item) for item in range(items) for score in scores]
    first, second = (found := bradley_terry(fought)).strengths
    # As if each item had been one battle: 1 / √(n · p · (1 − p)) for the difference.
    p = sum(scores) / len(scores)
    assert first.se + second.se == pytest.approx((items * p * (1 - p)) ** -0.5, rel=1e-5)
    assert first.rank_hi == (rank_hi if len(scores) == 3 else 2)
    why = "every battle ended in a tie" if scores == [0.5] else "every item says the same"
    assert why in found.warning


def test_a_model_that_always_wins_has_a_strength_and_a_warning():
    fought = [("a", "b", 1, n) for n in range(4)] + [("b", "c", n != 1, n) for n in range(4)]
    found = bradley_terry(fought)
    # Half a win added on both sides of each pair that met; scipy.optimize.minimize.
    assert [one.theta for one in found.strengths] == pytest.approx(
        [1.7472490283229272, -0.4499755848572409, -1.2972734434656863], abs=1e-5
    )
    assert [one.se for one in found.strengths] == pytest.approx(
        [1.0456932891883806, 0.5939138768138139, 0.8186537792659713], abs=1e-5
    )
    assert found.warning.startswith("a never lost to the rest")


def test_a_pair_judged_often_about_one_item_counts_once_there():
    once = bradley_terry([("a", "b", 1, n) for n in range(4)])
    often = bradley_terry([("b", "a", 0, n) for n in range(4) for _ in range(9)])
    assert by_name(often)[0].theta == pytest.approx(by_name(once)[0].theta)
    assert by_name(often)[0].se == pytest.approx(by_name(once)[0].se)


def test_ranks_come_from_the_difference_of_two_not_from_their_own_errors():
    # 59 of 100 is p = 0.09; the difference's error is twice that of either strength.
    found = bradley_terry([("a", "b", float(n < 59), n) for n in range(100)])
    assert [one.rank_hi for one in found.strengths] == [2, 2]
    assert found.strengths[0].lo < 0


def test_ten_of_ten_is_apart_and_three_of_three_is_not():
    for battles, apart in ((3, False), (10, True)):
        found = bradley_terry([("a", "b", 1, n) for n in range(battles)])
        assert (found.strengths[0].rank_hi == 1) is apart


def test_a_ranking_covers_the_truth():
    random = Random(9)
    truth = [0.6, 0.2, -0.1, -0.7]
    covered = 0
    for _ in range(150):
        fought = []
        for item in range(80):
            for a, b in ((0, 1), (1, 2), (2, 3), (0, 3)):
                p = 1 / (1 + exp(truth[b] - truth[a]))
                fought.append((f"m{a}", f"m{b}", float(random.random() < p), item))
        found = by_name(bradley_terry(fought))
        covered += sum(one.lo <= theta <= one.hi for one, theta in zip(found, truth, strict=True))
    assert covered / 600 >= 0.93


def test_battles_about_one_item_are_not_as_many_items():
    fought = [("a", "b", float(n % 3 > 0), n) for n in range(30) for _ in range(10)]
    clustered, alone = bradley_terry(fought), bradley_terry([bout[:3] for bout in fought])
    assert clustered.strengths[0].se == pytest.approx(alone.strengths[0].se * 10**0.5, rel=0.03)


def test_models_that_nothing_connects_are_named():
    apart = [("a", "b", 1, 1), ("b", "a", 1, 2), ("x", "y", 0.5, 1), ("z", "y", 1, 3)]
    with pytest.raises(BadArgument, match=r"groups of models: a, b; x, y, z"):
        bradley_terry(apart)


@pytest.mark.parametrize(
    "wrong, told",
    [
        ([], "0 items"),
        ([("a", "b", 1, "only")] * 5, "1 item"),
        ([("a", "b", 2, 1), ("a", "b", 1, 2)], "score=2"),
        ([("a", "b", float("nan"), 1), ("a", "b", 1, 2)], "score=nan"),
        ([("a", "a", 1, 1)], "'a' against itself"),
    ],
)
def test_what_makes_no_sense_is_told(wrong, told):
    with pytest.raises(BadArgument, match=told):
        bradley_terry(wrong)


def test_elos_scale_is_for_display():
    assert (elo(0), round(elo(2.302585093))) == (1000.0, 1400)
