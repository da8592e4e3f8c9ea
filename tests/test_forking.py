"""What waits for a fork: told before it, and on both sides of it."""

from __future__ import annotations

import gc
import os

import pytest

from mojentic_nb.forking import mind_forks

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here"),
    # Python 3.12 and later warn of threads; this child only ends.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


class Told:
    def __init__(self, name: str, told: list[str]) -> None:
        self.name = name
        self.told = told
        mind_forks(self)

    def before_fork(self) -> None:
        self.told.append(f"before {self.name}")

    def after_fork(self) -> None:
        self.told.append(f"after {self.name}")

    def after_fork_in_child(self) -> None:
        self.told.append(f"child {self.name}")


def forked(told: list[str], expected: list[str]) -> int:
    """What became of a child that was told this, and no more."""
    child = os.fork()
    if child == 0:
        os._exit(told != expected)
    return os.waitpid(child, 0)[1]


def test_each_is_told_in_the_order_in_which_they_came() -> None:
    told: list[str] = []
    first, second = Told("first", told), Told("second", told)
    before = ["before first", "before second"]
    assert forked(told, [*before, "child first", "child second"]) == 0
    assert told == [*before, "after first", "after second"]
    assert first.told is second.told


def test_what_nobody_holds_any_more_is_not_told() -> None:
    told: list[str] = []
    Told("nobody's", told)
    gc.collect()
    assert forked(told, []) == 0
    assert told == []


def test_one_fork_may_come_after_another() -> None:
    told: list[str] = []
    only = Told("it", told)
    assert [forked(told, ["before it", "child it"]), forked([], [])] == [0, 0]
    assert only.told == ["before it", "after it"] * 2
