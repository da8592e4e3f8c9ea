"""Which results keep what a function's annotation promises, and how a broken one is told."""

from __future__ import annotations

import datetime
import enum
import json
import timeit
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NoReturn, Union

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from mojentic_nb.clock import SystemClock
from mojentic_nb.events import ToolReturned
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.reply import Reply
from mojentic_nb.tools import calling
from mojentic_nb.tools.definition import LLMTool, tool
from mojentic_nb.tools.facts import Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.promise import promise_of
from mojentic_nb.tools.toolbox import Toolbox


class Day(TypedDict):
    high: int


class Person(BaseModel):
    name: str
    age: int


class Framed(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    frame: pd.DataFrame


class OldWord(str, enum.Enum):  # noqa: UP042
    yes = "y"


class Count(enum.IntEnum):
    one = 1


class Unfinished(BaseModel):
    later: Unheard  # noqa: F821


@dataclass
class Point:
    x: int


class Pair(NamedTuple):
    first: int
    second: str


class Hue(enum.Enum):
    red = "r"


def promising(kind: Any, result: Any) -> Callable[[], Any]:
    def act() -> Any:
        return result

    act.__annotations__["return"] = kind
    return act


def told(function: Any) -> ToolReturned:
    (one,) = Toolbox([function]).names
    return Toolbox([function]).call(one)


FRAME = pd.DataFrame({"a": [1]})


@pytest.mark.parametrize(
    "kind, result",
    [
        (int, 3),
        (int, "3"),
        (int, np.int64(3)),
        (bool, np.bool_(True)),
        (float, 3),
        (float, float("nan")),
        (float, np.float32(3)),
        (str, "a\udcff"),
        (str, Path("a")),
        (str, datetime.date(2026, 1, 1)),
        (str, Reply("a reply")),
        (str, OldWord.yes),
        (int, Count.one),
        (Path, "a"),
        (datetime.date, "2026-01-01"),
        (Decimal, Decimal("1.10")),
        (Hue, Hue.red),
        (Hue, "r"),
        (bytes, b"\xff"),
        (bytes, "text"),
        (None, None),
        (int | None, None),
        (Union[int, str], "x"),  # noqa: UP007
        (Literal["a"], "a"),
        (list[int], (1, 2)),
        (list[float], np.array([1.5])),
        (list[float], pd.Series([1.5])),
        (list, json.dumps([1])),
        (Sequence[int], deque([1])),
        (Iterable[int], [1]),
        (set[int], [1]),
        (tuple[int, str], [1, "a"]),
        (Pair, Pair(1, "a")),
        (dict[str, int], Counter("aab")),
        (Mapping[str, Any], {"a": object()}),
        (dict[int, str], {1: "a"}),
        (Day, {"high": 3, "low": 1}),
        (Person, Person(name="Ada", age=36)),
        (Person, Person.model_construct(name="Ada")),
        (Person, {"name": "Ada", "age": "36"}),
        (dict, Person(name="Ada", age=36)),
        (Framed, {"frame": FRAME}),
        (Point, Point(1)),
        (Point, {"x": 1}),
        (list[dict[str, int]], FRAME),
        (list[dict[str, int]], pd.DataFrame({"a": range(500)})),
        # What cannot be checked promises nothing.
        (Any, "x"),
        (object, "x"),
        (pd.DataFrame, "x"),
        (np.ndarray, "x"),
        (list[pd.DataFrame], "x"),
        (matplotlib.figure.Figure, matplotlib.figure.Figure()),
        (Awaitable[int], "x"),
        (Iterator[int], "x"),
        (NoReturn, "x"),
        ("Unheard", "x"),
        ("list[Unheard]", "x"),
        (3, "x"),
        (Unfinished, {"later": 1}),
        (Annotated[int, AfterValidator(lambda value: value.unheard)], 3),
    ],
)
def test_what_works_reasonably_is_told(kind, result):
    returned = told(promising(kind, result))
    assert returned.ok, returned.text
    assert returned.text == calling.text_of(result)


@pytest.mark.parametrize(
    "kind, result, words",
    [
        (int, "x", 'returned "x" where its annotation says int.'),
        (int, 3.5, "returned 3.5 where its annotation says int."),
        (int, None, "returned null where its annotation says int."),
        (str, None, "returned null where its annotation says str."),
        (str, 3, "returned 3 where its annotation says str."),
        (str, [1], "returned [1] where its annotation says str."),
        (None, "x", 'returned "x" where its annotation says None.'),
        (int | None, "x", 'returned "x" where its annotation says int | None.'),
        (Literal["a"], "b", "returned \"b\" where its annotation says Literal['a']."),
        (list[int], "x", 'returned "x" where its annotation says list[int].'),
        (int, FRAME.to_dict("records"), 'returned [{"a":1}] where its annotation says int.'),
        (int, "x" * 500, f'returned "{"x" * 79}… where its annotation says int.'),
        (Person, Point(1), 'returned {"x":1} where'),
        (Person, "x", 'returned "x" where its annotation says Person.'),
        (Annotated[int, Field(ge=5)], 3, "returned 3 where its annotation says"),
        (
            list[Day],
            [{"high": 1}, {"high": "hot"}],
            "returned what its annotation list[Day] does not say: "
            '1.high is "hot": Input should be a valid integer',
        ),
        (
            Person,
            {"name": "Ada"},
            "returned what its annotation Person does not say: age: Field required.",
        ),
        (list[int], list("abcde"), 'is "c": Input should be a valid integer'),
        (list[int], list("abcde"), "; and 2 more."),
    ],
)
def test_a_broken_promise_is_told_with_path_value_and_annotation(kind, result, words):
    returned = told(promising(kind, result))
    error = json.loads(returned.text)["error"]
    assert returned.ok is False
    assert error.startswith("act returned ")
    assert words in error
    assert error.endswith(" That is the tool's mistake, not the call's.")


def test_an_iterator_is_told_whole_and_used_up_once():
    assert told(promising(list[int], (one for one in [1, 2]))).text == "[1,2]"
    assert told(promising(Iterable[int], map(int, "12"))).text == "[1,2]"
    assert not told(promising(list[int], (one for one in ["a"]))).ok


class Owner:
    def look(self) -> int:
        """Look."""
        return "x"


async def alook() -> int:
    """Look."""
    return "x"


class LookTool(KitTool):
    tool_name = "look"
    facts = Facts(category="math")

    def run(self) -> list[int]:
        """Look."""
        return ["x"]


KINDS = [Owner().look, tool(alook, name="look"), LookTool()]


@pytest.mark.parametrize("given", KINDS, ids=["method", "async", "kit"])
def test_every_kind_of_call_checks(given):
    box, name = Toolbox([given]).prefixed("my_"), "my_look"
    by_hand = calling.run(
        {name: box[name]},
        LLMToolCall(id="1", name=name),
        SystemClock(),
        await_here=calling.wait_apart,
    )
    both = box.call_all([(name, {}), (name, {})])
    for returned in (by_hand, *both):
        assert json.loads(returned.text)["error"].startswith("my_look returned ")
    assert box[name].call_tool()["isError"] is True


def test_run_by_hand_is_left_alone():
    assert LookTool().run() == ["x"]
    assert tool(promising(int, "x")).run() == "x"


class ByHand(LLMTool):
    descriptor = {"name": "look"}

    def run(self) -> int:
        return "x"


def test_a_hand_written_tool_promises_what_its_descriptor_says_which_is_nothing():
    assert told(ByHand()).text == "x"


def test_a_broken_promise_is_no_reason_to_do_it_again():
    times = []

    @tool(retries=3)
    def act() -> int:
        times.append(1)
        return "x"

    assert not told(act).ok
    assert len(times) == 1


def test_an_annotation_is_read_once_and_a_redefined_function_afresh():
    one = promising(int, 1)
    assert promise_of(one) is promise_of(one)
    assert promise_of(promising(str, 1)) is not promise_of(one)
    assert promise_of(promising(Any, 1)) is None


def test_a_kept_promise_costs_little():
    promise = promise_of(promising(Person, 1))
    person = Person(name="Ada", age=36)
    assert promise is not None
    times = timeit.repeat(lambda: promise.broken_by(person, text=""), number=200, repeat=20)
    # Measured 0.3 µs; a call may cost 30.
    assert min(times) / 200 < 10e-6
