"""How many calls may be under way: four, more, fewer."""

from __future__ import annotations

from mojentic_nb.batch.pace import BEGIN, MOST, Pace


def after(pace: Pace, answers: int) -> int:
    for _ in range(answers):
        pace.went_well()
    return pace.limit


def test_it_begins_with_four_and_gains_one_place_for_ten_answers() -> None:
    pace = Pace()
    assert pace.limit == BEGIN == 4
    assert after(pace, 9) == 4
    assert after(pace, 1) == 5
    assert after(pace, 10) == 6


def test_it_stops_growing_at_its_most() -> None:
    assert after(Pace(), 10 * MOST * 2) == MOST


def test_a_number_is_where_it_begins_and_the_most() -> None:
    assert Pace(8).limit == 8
    assert after(Pace(8), 1000) == 8


def test_a_429_leaves_seven_tenths() -> None:
    pace = Pace(10)
    pace.slow_down(0.0)
    assert (pace.limit, pace.episodes) == (7, 1)


def test_what_was_under_way_at_a_429_is_the_same_trouble() -> None:
    pace = Pace(10)
    for at in (0.0, 0.2, 0.99):
        pace.slow_down(at)
    assert (pace.limit, pace.episodes) == (7, 1)

    pace.slow_down(1.0)
    assert (pace.limit, pace.episodes) == (4, 2)


def test_the_trouble_lasts_as_long_as_the_provider_says() -> None:
    pace = Pace(10)
    pace.slow_down(0.0, 30.0)
    pace.slow_down(29.0)
    assert pace.episodes == 1


def test_it_never_goes_below_one() -> None:
    pace = Pace(1)
    for at in range(10):
        pace.slow_down(at * 10.0)
    assert pace.limit == 1


def test_it_grows_again_to_what_was_allowed() -> None:
    pace = Pace(10)
    pace.slow_down(0.0)
    assert after(pace, 30) == 10
    assert after(pace, 30) == 10


def test_nobody_asks_before_the_provider_allows() -> None:
    pace = Pace()
    assert pace.pause_s(5.0) == 0
    pace.slow_down(5.0, 3.0)
    assert pace.pause_s(6.0) == 2.0
    assert pace.pause_s(8.0) == 0


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    pace = Pace()
    pace.slow_down(0.0, 10.0)
    pace.slow_down(1.0, 0.5)
    assert pace.pause_s(1.0) == 9.0


def test_an_absurd_wait_is_a_minute() -> None:
    pace = Pace()
    pace.slow_down(0.0, 86_400.0)
    assert pace.pause_s(0.0) == 60.0


def test_trouble_of_the_server_puts_growth_off() -> None:
    pace = Pace()
    after(pace, 9)
    pace.went_wrong()
    assert after(pace, 9) == 4
    assert after(pace, 1) == 5
