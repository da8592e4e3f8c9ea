"""What a person brings becomes wordings and items, once."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from mojentic_nb.compare.items import AS_GIVEN, Item, Wording, messages_of, read_prompts
from mojentic_nb.errors import BadArgument
from mojentic_nb.messages import LLMMessage


def asked(prompts: Any, items: Any = None, *, system: str = "") -> list[list[str]]:
    """The text of each item in each wording."""
    wordings, rows = read_prompts(prompts, items)
    return [
        [str(messages_of(wording, row, system=system)[-1].content) for row in rows]
        for wording in wordings
    ]


ROWS = [{"country": "France", "expected": "Paris"}, {"country": "Spain", "expected": "Madrid"}]


@pytest.mark.parametrize(
    "prompts, texts",
    [
        ("What is 2 + 2?", ["What is 2 + 2?"]),
        (["one?", "two?"], ["one?", "two?"]),
        (LLMMessage(content="hi"), ["hi"]),
        ([[LLMMessage.system("be brief"), LLMMessage(content="hi")]], ["hi"]),
        ([{"prompt": "Capital of {country}?", "country": "France"}], ["Capital of France?"]),
        ([Item(prompt="{a}+{b}", vars={"a": 1, "b": 2})], ["1+2"]),
        (pd.DataFrame({"prompt": ["a?", "b?"]}), ["a?", "b?"]),
        ('Say {"a": 1} and {x}', ['Say {"a": 1} and {x}']),
        (iter(["one?"]), ["one?"]),
    ],
)
def test_each_prompt_is_an_item_of_its_own(prompts: Any, texts: list[str]) -> None:
    wordings, items = read_prompts(prompts)
    assert wordings == [Wording(AS_GIVEN)]
    assert [messages_of(wordings[0], item)[-1].content for item in items] == texts


@pytest.mark.parametrize(
    "items",
    [ROWS, pd.DataFrame(ROWS), [Item(vars={"country": "France"}), Item(vars={"country": "Spain"})]],
)
def test_a_template_is_filled_with_each_row(items: Any) -> None:
    assert asked("Capital of {country}?", items) == [["Capital of France?", "Capital of Spain?"]]


def test_several_templates_are_wordings_of_the_same_items() -> None:
    texts = asked({"short": "{country}?", "long": "Please: {country}?"}, ROWS)
    assert texts == [["France?", "Spain?"], ["Please: France?", "Please: Spain?"]]
    wordings, _ = read_prompts(["{country}?", "Please: {country}?"], ROWS)
    assert [wording.label for wording in wordings] == ["{country}?", "Please: {country}?"]


def test_named_texts_alone_are_wordings_of_one_question() -> None:
    wordings, items = read_prompts({"short": "Capital?", "long": "Capital, please?"})
    assert [wording.label for wording in wordings] == ["short", "long"]
    assert len(items) == 1


def test_a_wording_may_hold_an_items_own_prompt() -> None:
    assert asked("Briefly: {prompt}", [{"prompt": "why?"}]) == [["Briefly: why?"]]


def test_the_system_message_is_filled_too_and_stands_first() -> None:
    [wording], [item] = read_prompts("{country}?", ROWS[:1])
    first, second = messages_of(wording, item, system="You know {country}.")
    assert (first.role, first.content) == ("system", "You know France.")
    assert second.content == "France?"


def test_what_is_expected_never_reaches_a_prompt() -> None:
    with pytest.raises(BadArgument, match="expected"):
        asked("Capital of {country}? ({expected})", ROWS)


def test_items_are_called_by_what_tells_them_apart() -> None:
    _, items = read_prompts("{country}?", [*ROWS, ROWS[0], {"country": "x" * 60, "id": "long"}])
    assert [item.id for item in items] == ["France", "Spain", "France (2)", "long"]
    _, items = read_prompts(["why\n not?", "why\n not?", "y" * 60])
    assert [item.id for item in items] == ["why not?", "why not? (2)", "y" * 47 + "…"]


def test_a_frames_index_names_its_rows_where_somebody_chose_it() -> None:
    frame = pd.DataFrame({"prompt": ["a?", "b?"]}, index=["first", "second"])
    assert [item.id for item in read_prompts(frame)[1]] == ["first", "second"]


def test_what_is_missing_in_a_frame_is_not_there() -> None:
    frame = pd.DataFrame({"prompt": ["a?", "b?"], "expected": ["Paris", None], "n": [1.0, None]})
    assert read_prompts([{"prompt": "a?", "n": None, "m": pd.NA}])[1][0].vars == {}
    first, second = read_prompts(frame)[1]
    assert (first.expected, second.expected) == ("Paris", None)
    assert dict(second.vars) == {}


def test_the_rest_of_a_row_goes_where_it_belongs() -> None:
    row = {
        "prompt": "q?",
        "cluster": 3,
        "checks": "Paris",
        "metadata": {"by": "me"},
        "vars": {"a": 1},
        "b": 2,
    }
    [item] = read_prompts([row])[1]
    assert (item.cluster, item.checks, item.metadata) == ("3", ("Paris",), {"by": "me"})
    assert item.vars == {"a": 1, "b": 2}
    assert (item["a"], item["prompt"], item.text) == (1, "q?", "q?")


@pytest.mark.parametrize(
    "prompts, items",
    [
        ([], None),
        ("", None),
        ("  ", None),
        (["a?", ""], None),
        (None, None),
        (3, None),
        ([3], None),
        ([{"country": "France"}], None),
        ([{"prompt": "a?", "id": "x"}, {"prompt": "b?", "id": "x"}], None),
        ([{"prompt": "{nobody}", "a": 1}], None),
        ([{"prompt": "a?", "vars": 3}], None),
        ({"short": ""}, None),
        ({"short": 3}, None),
        ([], ROWS),
        (3, ROWS),
        ("{country}?", []),
        ("{country}?", "France"),
        ("{county}?", ROWS),
    ],
)
def test_what_cannot_be_asked_is_refused(prompts: Any, items: Any) -> None:
    with pytest.raises(BadArgument):
        asked(prompts, items)
