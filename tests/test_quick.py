"""Quick values are frozen dataclasses in everything but the time it takes to make one."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature
from typing import Any

import pytest

from mojentic_nb.quick import quick


@quick
class Point:
    x: int
    y: int = 0
    notes: list[str] = field(default_factory=list, compare=False)


@quick(kw_only=True)
class Named:
    name: str
    notes: list[str] = field(default_factory=list)
    size: int = 1


@dataclass(frozen=True, slots=True)
class Plain:
    x: int
    y: int = 0
    notes: list[str] = field(default_factory=list, compare=False)


def test_it_takes_what_a_dataclass_takes() -> None:
    assert str(signature(Point)) == str(signature(Plain))
    assert (Point(1), Point(1, 2), Point(y=2, x=1)) == (Point(1, 0), Point(1, y=2), Point(1, 2))
    assert repr(Named(name="a")) == "Named(name='a', notes=[], size=1)"
    assert [one.name for one in fields(Named)] == ["name", "notes", "size"]


def test_each_one_has_a_list_of_its_own() -> None:
    Point(1).notes.append("mine")
    Named(name="a").notes.append("mine")

    assert (Point(1).notes, Named(name="a").notes) == ([], [])


def test_a_none_that_is_given_is_kept() -> None:
    nothing: Any = None

    assert Point(1, notes=nothing).notes is None


def test_it_cannot_be_changed_nor_given_more() -> None:
    point: Any = Point(1)

    with pytest.raises(FrozenInstanceError):
        point.x = 2
    with pytest.raises((AttributeError, TypeError)):
        point.z = 2


@pytest.mark.parametrize(
    "make", [lambda: Point(), lambda: Point(1, z=2), lambda: Named("a"), lambda: Named()]
)
def test_it_refuses_what_a_dataclass_refuses(make: Any) -> None:
    with pytest.raises(TypeError, match="__init__"):
        make()


def test_it_is_copied_pickled_and_hashed_like_a_dataclass() -> None:
    point = Point(1, 2)

    assert replace(point, y=3) == Point(1, 3)
    assert pickle.loads(pickle.dumps(point)) == point
    assert hash(point) == hash(Plain(1, 2))
