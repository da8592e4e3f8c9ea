"""No regular expression hangs, and none answers otherwise than Python's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools import patterns
from mojentic_nb.tools.patterns import Match, find, replaced, searching
from mojentic_nb.tools.policy import Limits

SHORT = Limits(seconds=0.3)


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("(a+)+$", "a" * 40 + "!"),
        ("(a|a)*b", "a" * 40),
        ("(.*)*x", "a" * 40),
        ("(\\w+\\s?)*$", "word " * 30 + "!"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60),
        ("(a?){40}a{40}", "a" * 40),
        ("(?=(a+))*b|((a+)+)+c", "a" * 40),
    ],
)
def test_what_would_take_for_ever_is_stopped(pattern, text):
    with pytest.raises(ToolError, match=r"took longer than 0\.3 s"):
        find(pattern, text, limits=SHORT)


def test_a_replacement_and_a_search_by_line_are_stopped_too():
    with pytest.raises(ToolError, match="took longer"):
        replaced("(a+)+$", "", "a" * 40 + "!", limits=SHORT)
    with searching("(a+)+$", limits=SHORT) as one, pytest.raises(ToolError, match="took longer"):
        one.lines("a" * 40 + "!")


def test_all_texts_of_a_search_share_its_time():
    with searching("(a+)+$", limits=SHORT) as one, pytest.raises(ToolError, match="took longer"):
        while True:
            one.find("a" * 18 + "!")


def test_a_stopped_search_leaves_no_process():
    with searching("(a+)+$", limits=SHORT) as one, pytest.raises(ToolError):
        one.find("a" * 40 + "!")
    assert one._child is not None
    assert one._child._process.poll() is not None


@pytest.mark.parametrize("pattern", ["(", "[", "*", "a{2,1}", "(?P<n>a)(?P<n>b)", "\\", "\\q"])
def test_what_is_no_pattern_is_told(pattern):
    with pytest.raises(ToolError, match="does not work as a regular expression"):
        find(pattern, "text")


def test_a_pattern_as_text():
    assert find("a.c(+", "abc( a.c(+", is_literal=True) == [Match(5, 10)]


def test_groups_are_told():
    [one] = find(r"(?P<word>\w+)(!)?", "hello", most=5)
    assert (one.groups, one.named) == (("hello", None), {"word": "hello"})


def test_options():
    assert find("A", "a") == []
    assert len(find("A", "aa", ignore_case=True)) == 2
    assert len(find("A", "aaa", ignore_case=True, most=2)) == 2
    assert len(find("^(b)$", "a\nb", is_multiline=True)) == 1
    assert len(find("(a).b", "a\nb", spans_lines=True)) == 1


def test_lines_are_looked_at_one_by_one():
    with searching(r"(\s)$|^x") as child, searching("o.e$") as here:
        assert child.lines("a \nb\nx\r\n\r\n") == [0, 2]
        assert here.lines("one\ntwo\none\r\nonce") == [0, 2]
        assert here.lines("one\none\n", most=1) == [0]
        assert here.lines("") == child.lines("") == []


@pytest.mark.parametrize(
    "pattern, replacement, text, becomes, count",
    [
        (r"(\w+) (\w+)", r"\2 \g<1>", "a b", "b a", 1),
        ("a", "b", "banana", "bbnbnb", 3),
        ("a", r"\n", "a", "\n", 1),
        ("a", "\\\\", "a", "\\", 1),
        (".", "x", "a\nb", "x\nx", 2),
        ("(x)?a", "-", "xa a", "- -", 2),
    ],
)
def test_replacing(pattern, replacement, text, becomes, count):
    assert replaced(pattern, replacement, text) == (becomes, count)


def test_a_group_that_is_not_there_is_told():
    for replacement in (r"\1", r"\g<no>"):
        with pytest.raises(ToolError, match="does not work"):
            replaced("a", replacement, "a")


@pytest.mark.parametrize("pattern", ["a", "(a)"])
def test_a_replacement_cannot_fill_the_memory(pattern):
    with pytest.raises(ToolError, match="more than 1000 letters would come out"):
        replaced(pattern, "b" * 100, "a" * 11, limits=Limits(write_bytes=1000))
    assert replaced(pattern, "b" * 100, "a" * 11, most=10, limits=Limits(write_bytes=1000))[1] == 10


def test_a_search_cannot_fill_the_memory():
    limits = Limits(memory_bytes=60_000_000)
    with pytest.raises(ToolError, match="memory"):
        find("(a)", "a" * 1_000_000, most=1_000_000, limits=limits)


def test_a_pattern_is_not_endless():
    with pytest.raises(ToolError, match="at most 10000"):
        find("a" * 10_001, "a")


@pytest.mark.parametrize("pattern", ["a", "a.b", r"\d\d:\d\d", "^x$", r"a\.b", "one|other", "ä é"])
def test_a_plain_pattern_needs_no_process(pattern):
    with searching(pattern) as one:
        assert one._child is None


@pytest.mark.parametrize("pattern", ["a*", "a+", "a?", "a{9}", "(a)", "[a]", r"\1", r"\N", "(?i)a"])
def test_any_other_pattern_runs_apart(pattern):
    assert not patterns._is_plain(pattern)


TEXT = st.text(st.sampled_from("ab \n\r.é\U0001f600\ud800"), max_size=20)


@settings(max_examples=30)
@given(text=TEXT, pattern=st.sampled_from(["a", "(a)", "a|b", "(a|b)+", r"\s", r"(\s)", ".", "a*"]))
def test_it_finds_what_re_finds(text, pattern):
    assert [(one.start, one.end, one.groups) for one in find(pattern, text)] == [
        (one.start(), one.end(), one.groups()) for one in re.finditer(pattern, text)
    ]
    assert replaced(pattern, "x", text) == re.subn(pattern, "x", text)
