"""Objects that are still being written: never more than has come, never less than before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_core import from_json
from typing_extensions import TypedDict

from mojentic_nb.partial import UNSET, Document, Growth
from mojentic_nb.schema import Shape, ShapeError

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=25,
)
roots = st.lists(values, max_size=6) | st.dictionaries(st.text(), values, max_size=6)
layouts: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"indent": st.sampled_from([None, 0, 2]), "ensure_ascii": st.booleans()}
)


def contains(later: Any, earlier: Any, *, is_tip: bool = True) -> bool:
    """Whether what was known is known still; only what stands last may have grown."""
    if isinstance(earlier, dict):
        names = list(earlier)
        return isinstance(later, dict) and all(
            name in later
            and contains(later[name], earlier[name], is_tip=is_tip and name == names[-1])
            for name in names
        )
    if isinstance(earlier, list):
        return (
            isinstance(later, list)
            and len(later) >= len(earlier)
            and all(
                contains(new, old, is_tip=is_tip and place == len(earlier) - 1)
                for place, (new, old) in enumerate(zip(later, earlier, strict=False))
            )
        )
    if isinstance(earlier, str) and is_tip:
        return isinstance(later, str) and later.startswith(earlier)

    return bool(later == earlier and type(later) is type(earlier))


def grown(text: str, cuts: Sequence[int]) -> Iterator[Any]:
    """Every state of a document that comes in these pieces."""
    document = Document()
    places = [0, *sorted({min(cut, len(text)) for cut in cuts}), len(text)]
    for start, end in pairwise(places):
        document.feed(text[start:end])
        if (value := document.value(shows_half=True)) is not UNSET:
            yield value


@given(roots, layouts, st.lists(st.integers(0, 2000), max_size=12))
@example(['\U0001f600\\"\u00e9\n'], {"ensure_ascii": True}, list(range(60)))
@example([1234, -0.5e-7, True, None], {}, list(range(60)))
@example({"a": {"b": [[], {}, [{}]]}, "": ""}, {"indent": 2}, list(range(80)))
def test_a_document_cut_anywhere_grows_into_itself(
    root: Any, layout: Mapping[str, Any], cuts: list[int]
) -> None:
    text = json.dumps(root, **layout)
    seen = list(grown(text, cuts))
    for earlier, later in pairwise(seen):
        assert contains(later, earlier)

    assert seen[-1] == from_json(text)


@given(roots, layouts)
def test_letter_by_letter_is_the_same_as_at_once(root: Any, layout: Mapping[str, Any]) -> None:
    text = json.dumps(root, **layout)
    assert list(grown(text, range(len(text))))[-1] == next(grown(text, []))


@given(st.text(alphabet='{}[]",:\\u12dDtrue \n0.-eE') | st.text(), st.lists(st.integers(0, 60)))
@example('{"a": [1, 2', [3])
@example('[{"a" 1}, 2]', [])
@example('["\\ud83d", 1]', list(range(20)))
@example("[" * 3000, [])
def test_no_text_breaks_a_document(text: str, cuts: list[int]) -> None:
    list(grown(text, cuts))


@pytest.mark.parametrize(
    "text, value",
    [
        ("", UNSET),
        ("No brackets here", UNSET),
        ('Here it is:\n```json\n{"a": "b', {"a": "b"}),
        ('{"n": 12', {}),
        ('{"n": 12,', {"n": 12}),
        ('{"n": 12 ', {"n": 12}),
        ('{"n": -', {}),
        ('{"ok": tru', {}),
        ('{"ok": true', {}),
        ('{"na', {}),
        ('{"name"', {}),
        ('{"name": "A\\', {"name": "A"}),
        ('{"name": "A\\u00', {"name": "A"}),
        ('{"name": "A\\ud83d', {"name": "A"}),
        ('{"name": "A\\ud83d\\ude0', {"name": "A"}),
        ('{"name": "A\\ud83d\\ude00', {"name": "A\U0001f600"}),
        ("[[1, [2, 3", [[1, [2]]]),
        ('{"a": 1} and then {"b": 2}', {"a": 1}),
        ('{"a": 1, oops', {"a": 1}),
        ('{"a": NaN, "b": 1}', {}),
    ],
)
def test_nothing_half_is_shown_as_whole(text: str, value: Any) -> None:
    for cuts in ([], range(len(text))):
        document = Document()
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            document.feed(text[start:end])
        assert document.value(shows_half=True) == value


def test_finished_parts_are_shared_and_the_growing_ones_are_not() -> None:
    document = Document()
    document.feed('[{"a": [1]}, {"b": [2')
    earlier = document.value()
    document.feed("], ")
    later = document.value()
    assert later == [{"a": [1]}, {"b": [2]}]
    assert earlier == [{"a": [1]}, {"b": []}]
    assert later[0] is earlier[0]


# Typed -----------------------------------------------------------------------------


class Mood(Enum):
    CALM = "calm"
    CALMER = "calmer"


class Person(BaseModel):
    name: str
    age: int = 7
    mood: Mood | None = None
    friends: list[Person] = []


class Adult(BaseModel):
    name: str = Field(alias="fullName")
    age: int
    born: date | None = None

    @field_validator("age")
    @classmethod
    def grown_up(cls, age: int) -> int:
        if age < 18:
            raise ValueError("too young")
        return age

    @model_validator(mode="after")
    def needs_all(self) -> Adult:
        assert self.name.upper()
        return self

    def model_post_init(self, context: Any) -> None:
        assert self.name.upper()


@dataclass(frozen=True)
class Point:
    x: int
    label: str = "?"


class Row(TypedDict):
    name: str
    n: int


def snapshots(target: Any, text: str, size: int = 1) -> list[Any]:
    growth = Growth(Shape(target))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [growth.value() for piece in pieces if growth.add(piece)]


def test_a_model_fills_in_field_by_field() -> None:
    text = '{"name": "Ada", "age": 36, "mood": "calmer", "friends": [{"name": "Bo"}, {"na'
    seen = snapshots(Person, text)
    assert [str(one.name) for one in seen[:3]] == ["A", "Ad", "Ada"]
    assert all(type(one) is Person for one in seen)
    assert {one.age for one in seen} == {None, 36}, "neither 3, nor the default"
    assert {one.mood for one in seen} == {None, Mood.CALMER}, "half a word may be another"
    last = seen[-1]
    assert last.friends[0] == Person(name="Bo"), "what is finished is validated, defaults and all"
    assert seen[0].model_fields_set == {"name"}
    assert (seen[0].friends, [len(one.friends or ()) for one in seen][-1]) == (None, 1)


def test_no_validator_sees_half_an_object() -> None:
    seen = snapshots(
        list[Adult], '{"value": [{"fullName": "Ada", "age": 36, "born": "1815-12-10"}, {'
    )
    assert seen[0][0].name == "A"
    assert {one[0].born for one in seen} == {None, date(1815, 12, 10)}
    assert isinstance(seen[-1][0], Adult)


def test_what_does_not_fit_is_none() -> None:
    seen = snapshots(
        list[Adult], '[{"fullName": "Tim", "age": "old"}, {"fullName": "Al", "age": 9},'
    )
    assert [(one.name, one.age) for one in seen[-1]] == [("Tim", None), ("Al", 9)]
    assert snapshots(list[int], '{"value": [1, "two", 3, 4,')[-1] == [1, None, 3, 4]
    assert snapshots(dict[str, int], '{"a": 1, "b": "x", "c": 3, "d"')[-1] == {"a": 1, "c": 3}


def test_a_dict_keeps_its_order_however_much_comes_at_once() -> None:
    growth = Growth(Shape(dict[str, int]))
    growth.add('{"z": 1, "b": 2, "a": 3, ')
    assert list(growth.value()) == ["z", "b", "a"]


@pytest.mark.parametrize(
    "target, text, first, last",
    [
        (list[str], '{"value": ["one", "two"', ["o"], ["one", "two"]),
        (list[str], '["one", "two"', ["o"], ["one", "two"]),
        (set[int], "[1, 2, 3", [1], [1, 2]),
        (tuple[int, ...], "[1, 2, 3", [1], [1, 2]),
        (dict[str, Person], '{"a": {"name": "A"}, "b": {', None, {"a": Person(name="A")}),
        (dict[str, list[int]], '{"a": [1, 2], "b": [3, ', {"a": [1]}, {"a": [1, 2], "b": [3]}),
        (Point, '{"x": 1, "label": "ab', None, Point(1, "ab")),
        (Row, '{"name": "ab", "n": 1 ', {"name": "a"}, {"name": "ab", "n": 1}),
        (str, '{"value": "ab', "a", "ab"),
        (Person | None, '{"value": {"name": "A", "age": 1,', None, None),
        ({"type": "object"}, '{"n": [1, {"t": "x', {"n": [1]}, {"n": [1, {"t": "x"}]}),
        (list[Decimal], '["1.2", "3.4', [], [Decimal("1.2")]),
    ],
)
def test_every_kind_of_type_grows(target: Any, text: str, first: Any, last: Any) -> None:
    seen = snapshots(target, text)
    if first is not None:
        assert seen[0] == first
    if last is not None:
        assert seen[-1] == last
    assert all(one is not UNSET for one in seen) or target == tuple[int, str]


@pytest.mark.parametrize(
    ("target", "shown"),
    [(tuple[int, str], UNSET), (Literal["a", "ab"], UNSET), (int | str, "ab"), (date, UNSET)],
)
def test_what_cannot_be_half_shows_only_when_whole(target: Any, shown: Any) -> None:
    text = '{"value": [12, "ab"' if target == tuple[int, str] else '{"value": "ab'
    growth = Growth(Shape(target))
    growth.add(text)
    assert growth.value() == shown


@pytest.mark.parametrize(
    "kind, is_shown",
    [
        (str, True),
        (str | None, True),
        (Annotated[str, Field(min_length=3)], True),
        (Annotated[str, Field(pattern="^a.*z$")], False),
        (Literal["ab", "abc"], False),
        (Literal["ab"] | str, False),
        (date, False),
        (Mood, False),
        (bytes, False),
    ],
)
def test_half_a_text_is_shown_only_where_any_text_may_stand(kind: Any, is_shown: bool) -> None:
    seen = snapshots(dict[str, kind], '{"key": "ab')
    assert bool(seen) is is_shown


def test_a_repair_begins_anew() -> None:
    growth = Growth(Shape(Person))
    growth.add('{"name": "Ada", "age": "old"')
    growth.restart()
    assert growth.value() is UNSET
    assert growth.add('{"name": "B')
    assert growth.value().name == "B"


def test_more_of_the_same_is_no_news() -> None:
    growth = Growth(Shape(list[int]))
    news = [growth.add(piece) for piece in ['{"val', 'ue": [', "1", "2", ", ", "  ", "3]", "}"]]
    assert news == [False, False, False, False, True, False, True, False]


# Cost ------------------------------------------------------------------------------

PEOPLE = {"value": [{"name": f"Ada Lovelace {n}", "age": n % 90} for n in range(2500)]}
NESTED = {"value": [{"name": "A", "friends": [{"name": f"B{n}"}] * 4} for n in range(1000)]}
MANY = {"value": {f"key {n}": [n, n, n] for n in range(4000)}}
LONG = {"name": 'word "and"\n' * 8000}


@pytest.mark.parametrize("size", [1, 4, 50, 3000, 10**6])
@pytest.mark.parametrize(
    "target, value",
    [(list[Person], PEOPLE), (list[Person], NESTED), (Person, LONG), (dict[str, list[int]], MANY)],
)
def test_each_letter_is_read_a_bounded_number_of_times(target: Any, value: Any, size: int) -> None:
    text = json.dumps(value)
    growth = Growth(Shape(target))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    news = sum(growth.add(piece) for piece in pieces)
    assert len(text) > 90_000
    assert growth.letters_read <= 3 * len(text), "well below the bar of five"
    assert news <= 800


@pytest.mark.parametrize(
    "text", ["[" * 20_000, '{"a":' * 20_000, '["' + "\\u0041" * 20_000, "[1" * 9000]
)
def test_no_form_of_text_costs_more(text: str) -> None:
    for size in (1, 7, 1000, 10**6):
        document = Document()
        for at in range(0, len(text), size):
            document.feed(text[at : at + size])
        assert document.letters_read <= 5 * len(text)


# Every object of every schema --------------------------------------------------------

fields = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from([str, int, bool, float, list[int], list[str], Mood, Person, dict[str, int]]),
    min_size=1,
)


@given(fields, st.data())
def test_objects_of_any_schema_grow_into_the_validated_one(
    kinds: dict[str, Any], data: st.DataObject
) -> None:
    from pydantic import create_model

    made: Any = create_model("Made", **{name: (kind, ...) for name, kind in kinds.items()})
    whole = made(**{name: data.draw(VALUES[str(kind)]) for name, kind in kinds.items()})
    text = whole.model_dump_json()
    growth = Growth(Shape(made))
    cut = data.draw(st.integers(1, 9))
    for at in range(0, len(text), cut):
        if growth.add(text[at : at + cut]):
            part = growth.value()
            for name in list(part.model_fields_set)[:-1]:
                assert getattr(part, name) is not None
    assert growth.value() == whole == Shape(made).read(text)


persons = st.builds(Person, name=st.text(), age=st.integers(0, 99), friends=st.just([]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    str(kind): strategy
    for kind, strategy in (
        (str, st.text()),
        (int, st.integers(-(10**9), 10**9)),
        (bool, st.booleans()),
        (float, st.floats(-1e6, 1e6)),
        (list[int], st.lists(st.integers(0, 5000))),
        (list[str], st.lists(st.text())),
        (Mood, st.sampled_from(Mood)),
        (Person, persons),
        (dict[str, int], st.dictionaries(st.text(), st.integers(0, 500))),
    )
}


@given(st.text())
def test_a_text_that_is_no_object_fails_only_in_the_end(text: str) -> None:
    growth = Growth(Shape(Person))
    if growth.add(text):
        growth.value()
    with pytest.raises(ShapeError):
        Shape(Person).read(text)
