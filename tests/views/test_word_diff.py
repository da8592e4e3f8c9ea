"""What differs between two texts: nothing lost, nothing made up, nothing run."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mojentic_nb.views.word_diff import changes, diff_html, diff_text, likeness

texts = st.text(max_size=80)
# Answers that go round in circles; pair by pair these two take more than a minute.
CIRCLES = " \n" + "the " * 1000, "a the " * 700


@given(texts, texts)
@example(*CIRCLES)
def test_both_texts_are_there_in_full(before: str, after: str) -> None:
    found = list(changes(before, after))
    assert "".join(text for kind, text in found if kind != "new") == before
    assert "".join(text for kind, text in found if kind != "gone") == after


@given(texts, texts)
@example(*CIRCLES)
def test_html_says_the_same(before: str, after: str) -> None:
    html = diff_html(before, after)
    assert unescape(re.sub(r"<ins>.*?</ins>|</?del>", "", html, flags=re.S)) == before
    assert unescape(re.sub(r"<del>.*?</del>|</?ins>", "", html, flags=re.S)) == after


def test_words_are_compared_not_letters() -> None:
    assert diff_text("the cat sat", "the dog sat") == "the [-cat-]{+dog+} sat"
    assert diff_html("a < b", "a < c") == "a &lt; <del>b</del><ins>c</ins>"


def test_long_texts_are_compared_by_lines() -> None:
    before = "\n".join(f"line {number} of many" for number in range(3000))
    after = before.replace("line 1500 of", "line X of")
    gone = [text for kind, text in changes(before, after) if kind == "gone"]
    assert gone == ["line 1500 of many\n"]


def test_much_of_the_same_is_not_looked_through_pair_by_pair() -> None:
    assert likeness(*CIRCLES) == 0


def test_a_word_of_a_long_text_is_found() -> None:
    before = " ".join(f"word{number % 90}" for number in range(900))
    after = f"{before} word1".replace("word44 word45 word46", "word44 other word46", 1)
    found = [(kind, text) for kind, text in changes(before, after) if kind != "same"]
    assert found == [
        *(("gone", "word45 "), ("new", "other "), ("gone", "word89"), ("new", "word89 word1"))
    ]
    assert likeness(before, after) > 0.99


@pytest.mark.parametrize(
    "before, after, expected", [("", "", 1.0), ("a b", "a b", 1.0), ("a", "b", 0.0)]
)
def test_likeness_is_a_share(before: str, after: str, expected: float) -> None:
    assert likeness(before, after) == expected
