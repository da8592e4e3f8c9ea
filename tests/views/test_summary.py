"""What of a Python value goes into a prompt."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.views.summary import summarise

PEOPLE = pd.DataFrame({"name": ["Ann", "Bob"] * 500, "age": range(1000)})
TEXT = PEOPLE["name"].dtype  # str, and object before pandas 3


class Person(pydantic.BaseModel):
    name: str
    born: datetime.date
    key: str = pydantic.Field("secret", repr=False)


@dataclasses.dataclass
class Point:
    x: int
    tags: set[str]
    key: str = dataclasses.field(default="secret", repr=False)


Pair = collections.namedtuple("Pair", "left right")


class Mood(enum.Enum):
    GOOD = 1


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("nothing to say")


class Text(str):
    def __str__(self) -> str:
        return "something else"


def twice(number: int) -> int:
    return number * 2


class Worse(Exception):
    def __str__(self) -> str:
        raise ValueError


class Mutest:
    def __repr__(self) -> str:
        raise Worse


@pytest.mark.parametrize(
    "value, written",
    [
        ("as is\n", "as is\n"),
        (Text("raw"), "raw"),
        (5, "5"),
        (1.5, "1.5"),
        (True, "True"),
        (None, "None"),
        (2 + 1j, "(2+1j)"),
        (decimal.Decimal("1.10"), "1.10"),
        (datetime.date(2026, 5, 1), "2026-05-01"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (Mood.GOOD, "Mood.GOOD"),
        ([1, "zwölf", None], '[1, "zwölf", null]'),
        ((1, 2), "[1, 2]"),
        ({3, 1, 2}, "[1, 2, 3]"),
        ({"a": {"b": [1.5, True]}}, '{"a": {"b": [1.5, true]}}'),
        ({"when": datetime.date(2026, 5, 1)}, '{"when": "2026-05-01"}'),
        ([np.int64(3), np.float64(0.5)], "[3, 0.5]"),
        (np.float64(2.5), "2.5"),
        (Person(name="Ann", born="2001-02-03"), '{"name": "Ann", "born": "2001-02-03"}'),
        ([Person(name="A", born="2001-02-03")], '[{"name": "A", "born": "2001-02-03"}]'),
        (Point(1, {"b", "a"}), '{"x": 1, "tags": ["a", "b"]}'),
        (Pair(1, 2), '{"left": 1, "right": 2}'),
        ({(1, 2): 3}, "dict of 1 item: {(1, 2): 3}"),
        (b"abc", "<bytes: 3 bytes, not text>"),
        (memoryview(b"abcd"), "<memoryview: 4 bytes, not text>"),
        (twice, "def twice(number: int) -> int:\n    return number * 2"),
        (len, 'def len(obj, /):\n    """Return the number of items in a container."""'),
        (json, "module json: JSON (JavaScript Object Notation) <https://json.org> is a subset of"),
        (Mute(), "<Mute that cannot be shown: RuntimeError: nothing to say>"),
        ([Mute()], "list of 1 item: [<Mute that cannot be shown: RuntimeError: nothing to say>]"),
        (Mutest(), "<Mutest that cannot be shown: Worse>"),
        (
            np.array([1.0, np.nan]),
            "ndarray 2, float64, min 1, max 1, mean 1, 1 NaN; values: 1.0, nan",
        ),
        (
            np.arange(400).reshape(20, 20),
            "ndarray 20 × 20, int64, min 0, max 399, mean 199.5; first values: "
            "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …",
        ),
        (np.zeros((0, 3)), "ndarray 0 × 3, float64"),
        (np.array(["a", "b"]), "ndarray 2, <U1; values: a, b"),
        (pd.Series([1, 2], name="n"), "Series 'n': 2 values, int64; values: 1, 2"),
        (pd.Series({"a": 1}), "Series: 1 values, int64; values: a: 1"),
        (
            PEOPLE.head(2),
            f"DataFrame 2 rows × 2 columns\nColumns: name ({TEXT}), age (int64)\n"
            "All rows, as CSV:\nname,age\nAnn,0\nBob,1",
        ),
        (PEOPLE.head(0), f"DataFrame 0 rows × 2 columns\nColumns: name ({TEXT}), age (int64)"),
    ],
)
def test_a_value_in_a_prompt(value: object, written: str) -> None:
    assert summarise(value) == written


def test_an_integer_too_long_for_python_to_print_is_described() -> None:
    assert summarise(10**9000) == "an integer of 29,898 bits"


def test_text_stays_whole_whatever_its_size() -> None:
    assert summarise("x" * 300_000) == "x" * 300_000


def test_a_frame_is_described_and_never_dumped() -> None:
    told = summarise(PEOPLE.set_index("name"))
    assert told.startswith("DataFrame 1000 rows × 1 columns\nColumns: age (int64)\nFirst 20 rows")
    assert "name,age\nAnn,0\n" in told
    assert len(told) < 500


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame(np.zeros((50, 500))),
        pd.DataFrame({"long": ["x" * 10_000] * 3}),
        pd.DataFrame({"c" * 5000: [1]}),
        pd.Series(["x" * 10_000] * 3),
        np.arange(10**6).reshape(1000, 1000),
        np.array(["x" * 10_000]),
        list(range(10**6)),
        [["x" * 1000] * 1000] * 1000,
        {str(number): number for number in range(10**5)},
        {"a": "x" * 10_000, "b": 1},
        [PEOPLE] * 100,
        Person(name="x" * 10_000, born="2001-02-03"),
        pydantic.BaseModel,
        object,
        type("Big", (), {"__repr__": lambda _: "x" * 10_000})(),
    ],
)
def test_everything_else_is_bounded(value: object) -> None:
    told = summarise(value)
    assert 0 < len(told) <= 2300


def test_a_long_list_shows_its_beginning_and_its_size() -> None:
    told = summarise(list(range(10_000)), limit=200)
    assert told.startswith("list of 10,000 items, the first ")
    assert ": [0, 1, 2, " in told
    assert told.endswith(", …]")


def test_a_list_inside_itself_ends() -> None:
    inside: list[Any] = [1]
    inside.append(inside)
    assert summarise(inside).startswith("list of 2 items: [1, ")


def test_a_deep_list_ends() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert summarise(deep).startswith("list of 1 item: [list of 1 item: [")


def test_an_iterator_is_not_used_up() -> None:
    numbers = iter([1, 2])
    assert "list_iterator" in summarise(numbers)
    assert next(numbers) == 1


def test_a_secret_stays_hidden() -> None:
    class Login(pydantic.BaseModel):
        password: pydantic.SecretStr

    assert "hunter2" not in summarise(Login(password="hunter2"))
    assert "hunter2" not in summarise([Login(password="hunter2")])


def test_pictures_say_how_they_travel() -> None:
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(7, 3.5))
    for value, size in [
        (figure, "7 × 3.5 in"),
        (figure.add_subplot(), "axes"),
        (Image.new("RGB", (3, 4)), "3 × 4 px"),
    ]:
        assert size in summarise(value)
        assert "--image" in summarise(value)


def test_no_warning_escapes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summarise(np.array([np.nan, np.nan]))
        summarise(np.array([np.inf, 1]))


def test_heavy_libraries_are_not_loaded_for_plain_values() -> None:
    code = (
        "import sys; from mojentic_nb.views.summary import summarise;"
        "summarise([1, {'a': object()}]);"
        "print({'numpy', 'pandas', 'matplotlib', 'PIL', 'IPython'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(VALUES, st.integers(0, 3000))
def test_nothing_raises(value: object, limit: int) -> None:
    assert isinstance(summarise(value, limit), str)
