"""Chance that can be repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.schema import ShapeError
from mojentic_nb.tools.kit.math_random import RandomSampleTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of


@pytest.mark.parametrize("kind, arguments", examples_of(RandomSampleTool))
def test_every_example_runs(kind, arguments):
    assert len(called(kind(), **arguments)["sample"]) == arguments["count"]


@given(st.lists(st.integers(), min_size=1, max_size=20), st.integers())
def test_a_seed_gives_the_same_draw_again(items, seed):
    tool = RandomSampleTool()
    first = called(tool, items=items, count=len(items), seed=seed)
    assert called(tool, items=items, count=len(items), seed=seed) == first
    assert sorted(first["sample"]) == sorted(items)


def test_a_draw_without_a_seed_tells_the_one_it_took():
    tool = RandomSampleTool()
    first = called(tool, low=0, high=10**15, count=5)
    assert called(tool, low=0, high=10**15, count=5, seed=first["seed"]) == first
    assert called(tool, low=0, high=10**15, count=5) != first


def test_what_weighs_nothing_is_never_drawn():
    drawn = called(RandomSampleTool(), items=["a", "b"], weights=[0, 1], count=50)["sample"]
    assert set(drawn) == {"b"}


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "one thing to draw from"),
        ({"items": [1], "low": 1, "high": 2}, "one thing to draw from"),
        ({"items": []}, "no items"),
        ({"low": 3, "high": 1}, "no range"),
        ({"low": 3}, "no range"),
        ({"items": [1, 2], "count": 3}, "may_repeat"),
        ({"items": [1, 2], "weights": [1]}, "do not fit"),
        ({"items": [1, 2], "weights": [0, 0]}, "do not fit"),
        ({"low": 1, "high": 6, "count": 11, "may_repeat": True}, "at most 10"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments, words):
    tool = RandomSampleTool(Policy(limits=Limits(entries=10)))
    with pytest.raises(ToolError, match=words):
        called(tool, **arguments)


def test_a_count_below_one_does_not_fit():
    with pytest.raises(ShapeError):
        called(RandomSampleTool(), items=[1], count=0)
