"""Rows as prompts."""

from __future__ import annotations

import numpy
import pandas
import pytest

from mojentic_nb.batch.templates import prompts_of
from mojentic_nb.errors import BadArgument
from mojentic_nb.messages import LLMMessage

FRAME = pandas.DataFrame(
    {
        "text": ["a {brace}", None, "c"],
        "first name": ["Ann", "Bob", "Cy"],
        "price": [1.0, 2.5, numpy.nan],
        "when": pandas.to_datetime(["2026-01-02", "2026-03-04", None]),
        7: [1, 2, 3],
        "odd:name": ["x", "y", "z"],
    },
    index=[5, 5, 1],
)


@pytest.mark.parametrize(
    "template, prompts",
    [
        ("Classify: {text}", ["Classify: a {brace}", None, "Classify: c"]),
        ("{first name}!", ["Ann!", "Bob!", "Cy!"]),
        ("{price:.2f} {{kept}}", ["1.00 {kept}", "2.50 {kept}", None]),
        ("{when:%d.%m.}", ["02.01.", "04.03.", None]),
        ("{7}", ["1", "2", "3"]),
        ("{odd:name}", ["x", "y", "z"]),
        ("{text!r}{text}", ["'a {brace}'a {brace}", None, "'c'c"]),
        (lambda row: row["first name"] + str(row[7]), ["Ann1", "Bob2", "Cy3"]),
        (lambda row: row.text, ["a {brace}", None, "c"]),
        (lambda row: None if row[7] == 2 else [LLMMessage.user("x")], None),
    ],
)
def test_a_row_becomes_a_prompt_unless_a_value_is_missing(template, prompts):
    made = prompts_of(FRAME, template)
    assert made == (prompts or [[LLMMessage.user("x")], None, [LLMMessage.user("x")]])


@pytest.mark.parametrize(
    "template, told",
    [
        ("{txet}", "Did you mean 'text'?"),
        ("{}", "There are text, first name"),
        ("{zzzzzzzz}", "There are text, first name"),
        ("{text", "written twice"),
        ("text", "column in braces"),
        ("{price:%d}", "'price' cannot be written so"),
        (3, "no template"),
        (lambda row: 3, "must return a text"),
        (lambda row: numpy.zeros(2), "must return a text"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused(template, told):
    with pytest.raises(BadArgument) as caught:
        prompts_of(FRAME, template)
    assert told in str(caught.value)


def test_a_missing_value_that_no_prompt_needs_keeps_nothing_back():
    assert prompts_of(FRAME, "{first name}")[1] == "Bob"


def test_two_columns_of_one_name_are_read_as_the_first():
    frame = pandas.DataFrame([["a", "b"]], columns=["x", "x"])
    assert prompts_of(frame, "{x}") == ["a"]
