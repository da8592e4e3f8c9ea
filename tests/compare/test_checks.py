"""Checks: text in, a score and a verdict out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb.compare.check_kinds import (
    contains,
    equals,
    json_schema,
    length,
    not_contains,
    numbers_in,
    numeric,
    one_of,
    regex,
    similarity,
)
from mojentic_nb.compare.checks import Check, Score, check_of, checks_of
from mojentic_nb.compare.items import Item
from mojentic_nb.errors import BadArgument


class City(BaseModel):
    name: str
    people: int


PARIS = Item(id="france", vars={"country": "France"}, expected="Paris")


@pytest.mark.parametrize(
    "check, good, bad",
    [
        (contains("Paris"), "It is Paris.", "It is paris."),
        (contains("paris", ignore_case=True), "It is PARIS.", "London"),
        (contains("a", "b"), "ab", "a"),
        (contains("a", "b", any_of=True), "b", "c"),
        (contains(), "Paris it is", "London"),
        (not_contains("sorry", "cannot"), "Paris", "I cannot"),
        (not_contains("Sorry", ignore_case=True), "Paris", "so sorry"),
        (regex(r"^\d{4}$"), "1984", "in 1984"),
        (regex("paris", ignore_case=True), "PARIS", "London"),
        (equals("Paris"), " Paris\n", "Paris."),
        (equals("Paris", strip=False), "Paris", " Paris"),
        (equals(["Paris", "Lutetia"]), "Lutetia", "Rome"),
        (equals(), "Paris", "paris"),
        (equals(ignore_case=True), "PARIS", "Rome"),
        (equals(42), "42", "43"),
        (one_of("yes", "no"), "Yes.", "Perhaps"),
        (one_of("yes", "no", ignore_case=False), "'yes'", "Yes"),
        (json_schema(City), '{"name": "Paris", "people": 2}', '{"name": "Paris"}'),
        (json_schema({"type": "array"}), "[1]", "none"),
        (numeric(42), "The answer is 42.", "41"),
        (numeric(3.14, tolerance=0.01), "about 3.145", "3.2"),
        (numeric(1000, relative=0.1), "1,050", "1,200"),
        (numeric(2, which="first"), "2 of 3", "3 of 2"),
        (similarity("the cat sat", at_least=0.7), "the cat sat down", "no"),
        (length(at_most=2), "two words", "now there are five"),
        (length(at_least=3, unit="characters"), "abc", "ab"),
    ],
    ids=lambda value: value.name if isinstance(value, Check) else None,
)
def test_a_check_tells_good_from_bad(check: Check, good: str, bad: str) -> None:
    assert check(good, PARIS).passed is True
    assert check(bad, PARIS).passed is False


@pytest.mark.parametrize("check", [contains("Paris"), equals("Paris"), regex("^P")])
def test_a_failed_check_says_why(check: Check) -> None:
    assert check("London").reason != ""
    assert check("Paris").reason == ""


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("42", [42]),
        ("it is -3.5e-2 or 1,234.5", [-0.035, 1234.5]),
        ("3-4 and .5 and 20%", [3, 4, 0.5, 20]),
        ("GPT4 says so", []),
        ("from 1, 2 and 3.", [1, 2, 3]),
        ("the5 e5 none", []),
        ("−7", [-7]),
    ],
)
def test_numbers_are_found_as_people_write_them(text: str, numbers: list[float]) -> None:
    assert numbers_in(text) == numbers


def test_a_number_only_measures_until_there_is_a_bound() -> None:
    measured = check_of(len)("abc")
    assert measured == Score(3.0)
    assert check_of(len, at_least=4)("abc") == Score(3.0, False)


@pytest.mark.parametrize(
    "found, score",
    [
        (True, Score(1.0, True)),
        (False, Score(0.0, False)),
        (0.25, Score(0.25)),
        (7, Score(7.0)),
        (10**400, Score(0.0, False, "OverflowError: int too large to convert to float")),
        (Score(0.5, True, "so-so"), Score(0.5, True, "so-so")),
    ],
)
def test_a_function_gives_a_bool_or_a_number(found: Any, score: Score) -> None:
    assert check_of(lambda text: found)("any") == score


def test_a_number_without_end_passes_and_has_no_mean() -> None:
    found = check_of(lambda text: float("inf"), at_least=1)("any")
    assert (found.passed, math.isnan(found.score)) == (True, True)
    nothing = check_of(lambda text: float("nan"), at_least=1)("any")
    assert (nothing.passed, math.isnan(nothing.score)) == (None, True)


def test_numpys_bools_and_numbers_are_what_they_say() -> None:
    import numpy

    assert check_of(lambda text: numpy.bool_(True))("") == Score(1.0, True)
    assert check_of(lambda text: numpy.float32(0.5))("") == Score(0.5)


@pytest.mark.parametrize("found", [None, "yes", [True]])
def test_anything_else_is_a_failure_with_its_reason(found: Any) -> None:
    score = check_of(lambda text: found)("any")
    assert score.passed is False
    assert "neither a bool nor a number" in score.reason


def test_a_check_that_raises_has_found_no_good_answer() -> None:
    assert check_of(lambda text: int(text) == 5)("five").passed is False
    assert "ValueError" in check_of(lambda text: int(text) == 5)("five").reason


def test_a_function_may_look_at_the_item() -> None:
    def with_item(text: str, item: Item) -> bool:
        return item["country"] == "France" and text == item.expected

    def with_expected(text: str, expected: Any) -> bool:
        return text == expected

    def with_default(text: str, strict: bool = True) -> bool:
        return strict is True

    for function in (with_item, with_expected, with_default):
        assert check_of(function)("Paris", PARIS).passed is True, function


def test_an_item_without_an_expected_answer_is_not_checked() -> None:
    for check in (equals(), contains(), numeric(), similarity()):
        assert check.needs_expected
        score = check("anything", Item(id="x"))
        assert math.isnan(score.score)
        assert score.passed is None


def test_a_likeness_may_be_of_meanings() -> None:
    class Meanings:
        def calculate_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [[1.0, 0.0] if "cat" in text else [0.0, 1.0] for text in texts]

    check = similarity("a cat", embeddings=Meanings())
    assert check("the cats of Rome") == Score(1.0, True)
    assert check("a dog").score == 0.0


def test_texts_and_functions_become_checks_with_names_of_their_own() -> None:
    def is_polite(text: str) -> bool:
        return True

    found = checks_of(["Paris", contains("Rome"), is_polite, lambda text: True])
    assert [check.name for check in found] == ["contains", "contains_2", "is_polite", "check"]
    assert [check.name for check in checks_of({"ok": is_polite})] == ["ok"]
    assert [check.name for check in checks_of("Paris")] == ["contains"]
    assert [check.name for check in checks_of(is_polite)] == ["is_polite"]
    assert checks_of(None) == []


@pytest.mark.parametrize("given", [[3], [""], [None]])
def test_what_is_no_check_is_refused(given: Any) -> None:
    with pytest.raises(BadArgument):
        checks_of(given)


def test_an_asynchronous_check_is_refused() -> None:
    async def check(text: str) -> bool:
        return True

    with pytest.raises(BadArgument, match="plain function"):
        check_of(check)


@pytest.mark.parametrize(
    "made",
    [
        lambda: not_contains(),
        lambda: one_of(),
        lambda: contains(""),
        lambda: contains(3),
        lambda: regex("("),
        lambda: json_schema({"type": "no such type"}),
        lambda: length(unit="miles"),
    ],
)
def test_a_check_without_sense_is_refused_when_it_is_made(made: Any) -> None:
    with pytest.raises(BadArgument):
        made()
