"""Text counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.text_analysis import TextAnalyzeTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of


@pytest.mark.parametrize("kind, arguments", examples_of(TextAnalyzeTool))
def test_every_example_runs(kind, arguments):
    told = called(kind(), **arguments)
    assert (told["words"], told["sentences"]) == (10, 2)
    assert told["frequent_words"][0] == {"word": "to", "count": 2}


@pytest.mark.parametrize(
    "text, words, sentences",
    [
        ("", 0, 0),
        ("…", 0, 0),
        ("Don't stop me now", 4, 1),
        ("A well-known word.", 3, 1),
        ("हिन्दी भाषा", 2, 1),
        ("我爱你。你呢？", 5, 2),
        ("It costs 3.50 today. Really?!", 6, 2),
        ("cafe\u0301 CAFÉ", 2, 1),
        ("- a -- b -", 2, 1),
        ('He said "Go!" and went.', 5, 2),
    ],
)
def test_words_and_sentences(text, words, sentences):
    told = called(TextAnalyzeTool(), text=text)
    assert (told["words"], told["sentences"]) == (words, sentences)


def test_letters_with_and_without_marks_are_the_same_word():
    told = called(TextAnalyzeTool(), text="cafe\u0301 CAFÉ")
    assert told["frequent_words"] == [{"word": "café", "count": 2}]


def test_sizes():
    told = called(TextAnalyzeTool(), text="é\n\nb c\n", shortest=2, frequent=3)
    assert (told["characters"], told["utf8_bytes"], told["lines"]) == (7, 8, 3)
    assert told["paragraphs"] == 2
    assert told["characters_without_spaces"] == 3
    assert told["frequent_words"] == []


def test_reading_takes_its_time():
    assert called(TextAnalyzeTool(), text="word " * 476)["reading_minutes"] == 2


@given(st.text())
def test_any_text_can_be_counted(text):
    told = called(TextAnalyzeTool(), text=text)
    assert told["different_words"] <= told["words"] <= 3 * len(text)


def test_too_much_is_refused():
    with pytest.raises(ToolError, match="10 are allowed"):
        called(TextAnalyzeTool(Policy(limits=Limits(read_bytes=10))), text="a" * 11)
