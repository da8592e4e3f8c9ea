"""Expensive things, shared."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from mojentic_nb import FrozenClock, errors
from mojentic_nb.tools.pool import Pool


def test_ten_calls_share_two() -> None:
    inside, numbers = threading.Barrier(2, timeout=30), count()
    with Pool(lambda: next(numbers), most=2) as pool:

        def call(_: int) -> int:
            with pool.lent() as one:
                inside.wait()
                return one

        with ThreadPoolExecutor(10) as threads:
            used = list(threads.map(call, range(10)))

        assert set(used) == {0, 1}
        assert pool.counts.made == 2


def test_one_that_is_not_healthy_is_replaced() -> None:
    numbers, sick, closed = count(), {0}, []
    pool = Pool(lambda: next(numbers), is_healthy=lambda one: one not in sick, close=closed.append)
    with pool.lent() as first:
        assert first == 0
    with pool.lent() as second:
        assert second == 1
    assert closed == [0]
    assert pool.counts.lent == 0


def test_one_nobody_wants_is_closed_and_the_least_are_kept() -> None:
    clock, closed, numbers = FrozenClock(), [], count()
    pool = Pool(lambda: next(numbers), least=1, idle_s=10, close=closed.append, clock=clock)
    with pool.lent(), pool.lent(), pool.lent():
        pass
    assert pool.counts.idle == 3
    clock.sleep(11)
    with pool.lent():
        assert len(closed) == 2


def test_one_that_was_used_often_is_closed() -> None:
    closed, numbers = [], count()
    pool = Pool(lambda: next(numbers), max_uses=2, close=closed.append)
    for _ in range(5):
        with pool.lent():
            pass
    assert closed == [0, 1]


def test_one_is_given_back_whatever_happens() -> None:
    pool = Pool(object, most=1, patience_s=0.01)
    with pytest.raises(ZeroDivisionError), pool.lent():
        raise ZeroDivisionError
    with pool.lent(), pytest.raises(errors.ToolError, match="All 1 were in use"), pool.lent():
        pass


def test_making_may_fail_and_the_place_is_free_again() -> None:
    tries = iter([ValueError("no"), "thing"])

    def make() -> str:
        found = next(tries)
        if isinstance(found, Exception):
            raise found
        return found

    pool = Pool(make, most=1, patience_s=0.01)
    with pytest.raises(ValueError, match="no"), pool.lent():
        pass
    with pool.lent() as one:
        assert one == "thing"


def test_a_closed_pool_lends_nothing_and_closes_what_comes_back() -> None:
    closed: list[object] = []
    pool = Pool(object, least=1, close=closed.append)
    with pool.lent():
        pool.close()
        assert closed == []
    assert len(closed) == 1
    with pytest.raises(errors.ToolError, match="closed"), pool.lent():
        pass


@pytest.mark.parametrize("wrong", [{"most": 0}, {"least": 3, "most": 2}, {"least": -1}])
def test_numbers_that_make_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(errors.BadArgument):
        Pool(object, **wrong)
