"""The notebook's values, put into a prompt."""

from __future__ import annotations

import collections
import re
import sys
import types
from types import FrameType
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.magics import interpolate as interpolation
from mojentic_nb.magics import references as finding
from mojentic_nb.magics.interpolate import interpolate, references, strip_nbval


class Thing:
    """A value with everything that attribute access can run into."""

    size = 3
    _hidden = "secret"

    def __init__(self) -> None:
        self.times_called = 0

    @property
    def broken(self) -> int:
        raise ValueError("not today")

    @property
    def half(self) -> int:
        return self.nowhere

    def shout(self) -> str:
        self.times_called += 1
        return "!"


NAMES: dict[str, Any] = {
    "name": "Ann",
    "x": 5,
    "price": 3.5,
    "year": 2026,
    "i": 7,
    "n": 8,
    "thing": Thing(),
    "row": {"k": "v", "two words": 2, 1: "one", "2": "two", "inner": {"list": [10, [20]]}},
    "items": ["a", "b", "c"],
    "frame": pd.DataFrame({"age": [1, 2]}),
    "math": types.SimpleNamespace(pi=3),
    "größe": "L",
    "_": "last",
    "__secret__": 1,
}


@pytest.mark.parametrize(
    "text, sent",
    [
        ("", ""),
        ("Hi {name}, {x}!", "Hi Ann, 5!"),
        ("{x}{x}", "55"),
        ("{größe} {_}", "L last"),
        ("{thing.size}", "3"),
        ("{frame.shape}", "[2, 1]"),
        ("{row[k]} {row['k']} {row[\"k\"]}", "v v v"),
        ("{row[two words]} {row['two words']}", "2 2"),
        ("{row[1]} {row[2]}", "one two"),
        ("{items[0]} {items[-1]}", "a c"),
        ("{row[inner][list][1][0]}", "20"),
        ("{frame[age]}", "Series 'age': 2 values, int64; values: 1, 2"),
        ("{name[0]}", "A"),
        ("${price}", "$3.5"),
        ("file_{year}.csv", "file_2026.csv"),
        ("line\\n{x}", "line\\n5"),
        ('{"id": {x}, "in": {"deep": {x}}}', '{"id": 5, "in": {"deep": 5}}'),
        ("<p>{name}</p>", "<p>Ann</p>"),
        ("{{x}}", "{x}"),
        ("say {{x}} for {x}", "say {x} for 5"),
        ("f'(x) = {x}, g'(x) = 1", "f'(x) = 5, g'(x) = 1"),
    ],
)
def test_a_reference_becomes_its_value(text: str, sent: str) -> None:
    result = interpolate(text, NAMES)
    assert result.text == sent
    assert result.missing == ()
    assert result.note == ""


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{ x }",
        "{x!r} {x:.2f} {x=} {x,}",
        "{x + 1} {x()} {f(x)} {x, name}",
        "{x.size()} {items[0:1]} {items[]} {items[x]y}",
        '{"x": 1} {"x"} {\'x\'} {1} {1: 2}',
        "{x: string; name: number}",
        "function f() { return x }",
        "{{}} {{ x }} {{ name }}",
        "{{nope}} {{x.nope}}",
        "{{{x}}} {{x}}} {{x}",
        "{% if x %} {# x #}",
        "{return} {None} {if} {True}",
        r"\frac{x}{n} \sqrt{\frac{i}{n}} \begin{i}\end{i} \textbf{x}",
        r"x_{i} x^{n} a_{i}^{n} \sum_{i}^{n} 10^{n}",
        'print(f"{x} {name}") f\'{x}\' rf"{x}" F"{x}"',
        'f"""\n{x}\n"""',
        "{x\n}",
        "{",
        "}{",
        "{x",
    ],
)
def test_everything_else_in_braces_stays_as_typed(text: str) -> None:
    result = interpolate(text, NAMES)
    assert result.text == text
    assert result.missing == ()
    assert result.used == {}


@pytest.mark.parametrize(
    "reference, why",
    [
        ("nowhere", "is not defined"),
        ("__secret__", "is private"),
        ("len", "is not defined"),
        ("thing._hidden", "asks for a private attribute (_hidden)"),
        ("thing.__class__", "asks for a private attribute (__class__)"),
        ("thing.nowhere", "has no 'nowhere' in it (Thing)"),
        ("thing.broken", "failed: ValueError: not today"),
        ("thing.half", "failed: AttributeError: 'Thing' object has no attribute 'nowhere'"),
        ("thing.shout", "is a method; call it in a cell and name its result"),
        ("name.upper", "is a method; call it in a cell and name its result"),
        ("row[nowhere]", "has no item nowhere (dict)"),
        ("items[9]", "has no item 9 (list)"),
        ("items[name]", "has no item name (list)"),
        ("x[0]", "has no item 0 (int)"),
        ("frame[nowhere]", "has no item nowhere (DataFrame)"),
        ("row.k", "has no 'k' in it (dict)"),
    ],
)
def test_what_leads_nowhere_stays_as_typed_and_is_told(reference: str, why: str) -> None:
    text = f"a {{{reference}}} b {{{reference}}}"
    result = interpolate(text, NAMES)
    assert result.text == text
    assert result.missing == (reference,)
    assert result.reasons == {reference: why}
    assert result.note.startswith(f"Sent as typed: {{{reference}}} {why}")


def test_no_method_is_called() -> None:
    interpolate("{thing.shout}", NAMES)
    assert NAMES["thing"].times_called == 0


def test_a_class_is_not_subscripted() -> None:
    result = interpolate("{list[int]}", {}, builtins_too=True)
    assert result.reasons == {"list[int]": "is a class, not a value with items"}


def test_a_defaultdict_is_only_read() -> None:
    counts: dict[str, int] = collections.defaultdict(int)
    assert interpolate("{counts[new]}", {"counts": counts}).missing == ("counts[new]",)
    assert counts == {}


def test_builtins_are_found_when_asked_for() -> None:
    assert interpolate("{len}", {}, builtins_too=True).text.startswith("def len(obj, /)")


def test_a_typo_is_answered_by_the_name_meant() -> None:
    note = interpolate("{nmae}", NAMES).note
    assert note == "Sent as typed: {nmae} is not defined (did you mean {name}?)."


def test_the_note_is_one_line_however_many_names_are_missing() -> None:
    note = interpolate("{aa1} {bb2} {cc3} {dd4} {ee5}", {}).note
    assert note == (
        "Sent as typed: {aa1} is not defined; {bb2} is not defined; "
        "{cc3} is not defined; and 2 more."
    )


def test_what_was_used_is_told_in_order() -> None:
    used = interpolate("{x} {frame} {name} {x} {frame.shape}", NAMES).used
    assert list(used.items()) == [
        ("x", "int 5"),
        ("frame", "DataFrame, 75 characters"),
        ("name", "str, 3 characters"),
        ("frame.shape", "tuple [2, 1]"),
    ]


def test_a_property_is_read_once_per_prompt() -> None:
    class Counter:
        reads = 0

        @property
        def now(self) -> int:
            Counter.reads += 1
            return Counter.reads

    assert interpolate("{c.now} {c.now}", {"c": Counter()}).text == "1 1"
    assert Counter.reads == 1


class Hostile(dict[str, object]):
    def __contains__(self, key: object) -> bool:
        raise RuntimeError("go away")


def test_even_a_hostile_namespace_raises_nothing() -> None:
    assert interpolate("{x}", Hostile()).reasons == {"x": "failed: RuntimeError"}


@pytest.mark.parametrize("data", ["{name}", "{{name}}", "{name} {x} {row[k]}", "{data}"])
def test_data_is_never_interpolated_again(data: str) -> None:
    result = interpolate("{data} and {name}", {**NAMES, "data": data})
    assert result.text == f"{data} and Ann"
    assert list(result.used) == ["data", "name"]


BRACES = st.text(alphabet="{}[].'\"x \n\\_^fab1-:$", max_size=60)


@given(BRACES | st.text(), st.dictionaries(st.sampled_from(["x", "a", "b", "fab"]), BRACES))
def test_nothing_raises(text: str, names: dict[str, str]) -> None:
    result = interpolate(text, names)
    assert "\n" not in result.note
    assert set(result.used) | set(result.missing) == set(references(text))
    assert not set(result.used) & set(result.missing)


@given(BRACES | st.text())
def test_a_text_without_references_is_unchanged(text: str) -> None:
    names = dict.fromkeys(re.findall(r"\w+", text), "VALUE")
    result = interpolate(text, names)
    if not references(text) and not re.search(r"\{\{\w", text):
        assert result.text == text


@given(BRACES)
def test_without_variables_every_text_is_unchanged(text: str) -> None:
    assert interpolate(text, {}).text == text


@given(BRACES, BRACES)
def test_values_land_in_the_text_whole(first: str, second: str) -> None:
    result = interpolate("1{a}2{b}3", {"a": first, "b": second, "x": "NO", "fab": "NO"})
    assert result.text == f"1{first}2{second}3"


def lines_run(text: str) -> int:
    """How many lines of our code it takes: a clock that never wavers."""
    ours = {interpolation.__file__, finding.__file__}
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace if frame.f_code.co_filename in ours else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        interpolate(text, NAMES)
    finally:
        sys.settrace(before)

    return count


@pytest.mark.parametrize("piece", ["{x} ", "{nowhere} ", "{{x}} ", "{thing.size}", r"\frac{x}{x}"])
def test_twice_the_text_is_twice_the_work(piece: str) -> None:
    assert lines_run(piece * 400) <= 2.2 * lines_run(piece * 200) + 100


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["{", "{a", "{a[b", r"\aa{", r"\aa[", 'f"', "x_{", "{a.b.", "^{"])
def test_a_million_signs_of_half_a_reference_are_over_soon(piece: str) -> None:
    # A pattern that tries again would need hours here, not the second it takes.
    assert interpolate(piece * (10**6 // len(piece)), {}).used == {}


@pytest.mark.parametrize(
    "text, found",
    [
        ("{a} {b.c[0]} {a} {{d}} {1} {return}", ["a", "b.c[0]"]),
        ("", []),
        (r"\frac{a}{b}", []),
    ],
)
def test_references_are_listed_once_and_in_order(text: str, found: list[str]) -> None:
    assert references(text) == found


@pytest.mark.parametrize(
    "text, sent",
    [
        ("# NBVAL_IGNORE_OUTPUT\nHello", "Hello"),
        ("Hello\n  #NBVAL_SKIP  ", "Hello\n"),
        ("a\r\n# NBVAL_RAISES_EXCEPTION\r\nb", "a\r\nb"),
        ("What does # NBVAL_SKIP do?", "What does # NBVAL_SKIP do?"),
        ("# NBVAL is a tool", "# NBVAL is a tool"),
        ("# heading\n\ntext", "# heading\n\ntext"),
    ],
)
def test_markers_for_nbval_are_not_sent(text: str, sent: str) -> None:
    assert strip_nbval(text) == sent
