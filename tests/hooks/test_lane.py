"""The line in front of a provider, whatever order things happen in."""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.hooks.lane import MINUTE_S, Lane, Place


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def stand(lane: Lane, weight: int = 0) -> Place:
    place = Place(weight)
    lane.line_up(place)
    return place


def served(lane: Lane, place: Place, now: Callable[[], float]) -> bool:
    return lane.wait_s(place, now) is None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.integers(1, 30)),
        st.tuples(st.just("go"), st.integers(0, 5)),
        st.tuples(st.just("pass"), st.floats(0, 45)),
        st.tuples(st.just("back"), st.floats(0, 100)),
        st.tuples(st.just("pause"), st.floats(0, 20)),
        st.tuples(st.just("ask"), st.integers(0, 9)),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 4), st.integers(1, 3))
def test_first_come_first_served_and_never_too_many(
    steps: list[tuple[str, float]], a_minute: int, at_once: int
) -> None:
    clock, lane = Hand(), Lane(a_minute, 40, at_once)
    line: list[Place] = []
    inside: list[Place] = []
    begun: list[float] = []  # by a clock that only goes forward
    passed = 0.0
    for what, value in steps:
        if what == "come":
            line.append(stand(lane, int(value)))
        elif what == "go" and inside:
            lane.leave(inside.pop(int(value) % len(inside)))
        elif what == "pass":
            clock.at += value
            passed += value
        elif what == "back":
            clock.at -= value
            lane.pause(0.0, clock)  # somebody looks at the clock
        elif what == "pause":
            lane.pause(value, clock)
        elif what == "ask" and line:
            asked = line[int(value) % len(line)]
            if served(lane, asked, clock):
                assert asked is line[0]
                inside.append(line.pop(0))
                begun.append(passed)

        assert len(inside) <= at_once
        recent = [at for at in begun if at > passed - MINUTE_S + 1e-6]
        assert len(recent) <= a_minute

    everybody_gets_through(lane, line, inside, clock)


def everybody_gets_through(lane: Lane, line: list[Place], inside: list[Place], clock: Hand) -> None:
    """However it stands, whoever is left is served in the end."""
    for place in inside:
        lane.leave(place)
    for place in line:
        waits = 0
        while (wait_s := lane.wait_s(place, clock)) is not None:
            assert wait_s <= MINUTE_S + 1e-6
            clock.at += wait_s
            waits += 1
            assert waits < 5
        lane.leave(place)


def test_a_clock_that_goes_back_keeps_nobody_longer_than_a_minute() -> None:
    clock, lane = Hand(), Lane(1, None, None)
    clock.at = 10_000.0
    assert served(lane, stand(lane), clock)
    clock.at = 0.0

    assert lane.wait_s(stand(lane), clock) == MINUTE_S


def test_a_wait_that_was_waited_counts_even_where_the_clock_stands() -> None:
    clock, lane = Hand(), Lane(1, None, None)
    assert served(lane, stand(lane), clock)
    place = stand(lane)
    wait_s = lane.wait_s(place, clock)
    assert wait_s == MINUTE_S

    assert lane.wait_s(place, clock, clock.at + wait_s) is None


def test_only_the_first_looks_at_the_clock() -> None:
    clock, lane = Hand(), Lane(1, None, None)
    assert served(lane, stand(lane), clock)
    first, second = stand(lane), stand(lane)

    assert lane.wait_s(second, clock) == math.inf
    assert lane.wait_s(first, clock) == MINUTE_S
    assert second.turn_has_come is not None
    assert not second.turn_has_come.done()
    lane.leave(first)
    assert second.turn_has_come.done()


def test_leaving_twice_changes_nothing() -> None:
    lane = Lane(None, None, 1)
    place = stand(lane)
    assert served(lane, place, Hand())
    lane.leave(place)
    lane.leave(place)
    assert served(lane, stand(lane), Hand())
    assert not served(lane, stand(lane), Hand())
