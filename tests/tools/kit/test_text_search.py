"""Found and replaced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.schema import ShapeError
from mojentic_nb.tools.kit.text_search import LONGEST_LINE, TextReplaceTool, TextSearchTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of

BRIEF = Policy(limits=Limits(seconds=0.5, read_bytes=10_000, write_bytes=10_000))


@pytest.mark.parametrize("kind, arguments", examples_of(TextSearchTool, TextReplaceTool))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments)


def places(**arguments):
    found = called(TextSearchTool(), **arguments)
    return [(hit["line"], hit["column"], hit["text"]) for hit in found["hits"]]


@pytest.mark.parametrize(
    "text, find, more, wanted",
    [
        ("one fish\ntwo fish", "fish", {}, [(1, 5, "fish"), (2, 5, "fish")]),
        ("a.b", ".", {}, [(1, 2, ".")]),
        ("aaaa", "aa", {}, [(1, 1, "aa"), (1, 3, "aa")]),
        ("😀é\r\nÉ", "é", {"ignore_case": True}, [(1, 2, "é"), (2, 1, "É")]),
        ("a1\nb2", r"^\w\d$", {"is_regex": True}, [(1, 1, "a1"), (2, 1, "b2")]),
        ("a\nb", "a\nb", {}, [(1, 1, "a\nb")]),
        ("", "a", {}, []),
    ],
)
def test_places_are_told_as_people_count(text, find, more, wanted):
    assert places(text=text, find=find, **more) == wanted


def test_groups_and_lines_around():
    found = called(TextSearchTool(), text="1\nab\n3", find="(a)|(x)", is_regex=True, context=1)[
        "hits"
    ][0]
    assert found["groups"] == ["a", None]
    assert found["lines"] == ["1", "ab", "3"]


def test_more_than_the_limit_is_said():
    found = called(TextSearchTool(), text="aaa", find="a", limit=2)
    assert (len(found["hits"]), found["is_cut"]) == (2, True)
    assert called(TextSearchTool(), text="aa", find="a", limit=2)["is_cut"] is False


def test_a_long_line_is_shown_around_the_hit():
    found = called(TextSearchTool(), text="x" * 5000 + "hit" + "y" * 5000, find="hit")["hits"][0]
    assert "hit" in found["lines"][0]
    assert len(found["lines"][0]) <= LONGEST_LINE + 2


@given(st.text(alphabet="ab\n", max_size=40), st.text(alphabet="ab\n", min_size=1, max_size=3))
def test_every_place_is_found(text, find):
    assert len(places(text=text, find=find)) == text.count(find)


@pytest.mark.parametrize(
    "text, find, replacement, more, wanted",
    [
        ("1,5", ",", ".", {}, ("1.5", 1)),
        ("aaa", "a", "b", {"limit": 2}, ("bba", 2)),
        ("aA", "a", r"\1", {"ignore_case": True}, (r"\1\1", 2)),
        ("a.b", ".", r"\g<0>", {}, (r"a\g<0>b", 1)),
        ("Ada L", r"(\w+) (\w)", r"\2, \1", {"is_regex": True}, ("L, Ada", 1)),
        ("a\nb", "^", "> ", {"is_regex": True}, ("> a\n> b", 2)),
        ("abc", "x", "y", {}, ("abc", 0)),
    ],
)
def test_text_is_replaced(text, find, replacement, more, wanted):
    told = called(TextReplaceTool(), text=text, find=find, replacement=replacement, **more)
    assert (told["text"], told["count"]) == wanted


@given(st.text(max_size=30), st.text(min_size=1, max_size=2), st.text(max_size=3))
def test_a_literal_replacement_is_pythons(text, find, replacement):
    told = TextReplaceTool().run(text, find=find, replacement=replacement)
    assert told == {"text": text.replace(find, replacement), "count": text.count(find)}


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}$"])
def test_a_pattern_without_end_is_stopped(pattern):
    text = "a" * 60 + "!"
    with pytest.raises(ToolError, match="stopped"):
        called(TextSearchTool(BRIEF), text=text, find=pattern, is_regex=True)
    with pytest.raises(ToolError, match="stopped"):
        called(TextReplaceTool(BRIEF), text=text, find=pattern, replacement="", is_regex=True)


def test_a_wrong_pattern_is_told():
    with pytest.raises(ToolError, match="regular expression"):
        called(TextSearchTool(), text="a", find="(", is_regex=True)
    with pytest.raises(ToolError, match="group"):
        called(TextReplaceTool(), text="a", find="(a)", replacement=r"\2", is_regex=True)


def test_sizes_are_bounded():
    with pytest.raises(ToolError, match="10000 are allowed"):
        called(TextSearchTool(BRIEF), text="a" * 10_001, find="a")
    with pytest.raises(ToolError, match="10000 are allowed"):
        called(TextReplaceTool(BRIEF), text="a" * 5000, find="a", replacement="bbb")
    with pytest.raises(ToolError, match="10000"):
        called(TextReplaceTool(BRIEF), text="a" * 5000, find="a", replacement="bbb", is_regex=True)


def test_nothing_cannot_be_looked_for():
    with pytest.raises(ShapeError):
        called(TextSearchTool(), text="a", find="")


def test_what_is_cut_off_has_as_much_as_fits():
    tool = TextSearchTool(Policy(limits=Limits(output_chars=100)))
    found = called(tool, text="hit of a line\n" * 50, find="hit")
    assert found["is_cut"]
    assert 0 < len(found["hits"]) < 50
