"""Work in a process of its own."""

from __future__ import annotations

import os

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.child import in_child
from mojentic_nb.tools.policy import Limits

HERE = "tests.tools.test_child"


def echoed(**given):
    return given


def denied():
    raise ToolDenied("No.", hint="Never.")


def broken():
    raise KeyError("x")


def without_end():
    while True:
        pass


def without_bottom():
    return without_bottom()


def without_measure():
    return len("a" * 10**10)


def surroundings():
    return dict(os.environ)


def test_json_goes_in_and_comes_out():
    given = {"a": [1, None, "é😀", 10**30]}
    assert in_child(f"{HERE}:echoed", limits=Limits(), **given) == given


def test_a_refusal_arrives_as_one():
    with pytest.raises(ToolDenied, match=r"No\. Never\."):
        in_child(f"{HERE}:denied", limits=Limits())


def test_an_error_is_told_by_its_name():
    with pytest.raises(ToolError, match="KeyError: 'x'"):
        in_child(f"{HERE}:broken", limits=Limits())


@pytest.mark.parametrize(
    "work, words",
    [
        ("without_end", "longer than 2 s"),
        ("without_bottom", "nested too deeply"),
        ("without_measure", "memory"),
    ],
)
def test_it_is_ended_or_ends(work, words):
    with pytest.raises(ToolError, match=words):
        in_child(f"{HERE}:{work}", limits=Limits(seconds=2, memory_bytes=400_000_000))


def test_a_long_answer_is_refused():
    with pytest.raises(ToolError, match="more than 100 characters"):
        in_child(f"{HERE}:echoed", limits=Limits(read_bytes=100), text="a" * 100)


def test_nothing_of_ours_is_in_its_environment(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "sk-1234567890")
    assert "SOME_API_KEY" not in in_child(f"{HERE}:surroundings", limits=Limits())
