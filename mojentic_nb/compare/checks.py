"""Checks: what is to be thought of one answer, without asking anybody.

Law: a check is text in, a score and a verdict out; it does no I/O of its own. A check that
raises has found no good answer: that cell fails, with the reason, and the others go on.

    checks=["Paris", equals(), length(at_most=50, unit="words"), lambda text: "?" not in text]
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mojentic_nb.compare.items import Item
from mojentic_nb.errors import BadArgument

__all__ = ["Check", "Score", "check_of", "checks_of"]

Verdict = Callable[[str, Item], Any]


@dataclass(frozen=True)
class Score:
    """What one check says of one answer.

    Attributes:
        score: A number; 1 and 0 for yes and no. NaN where there is none.
        passed: Whether that is good; None where the check only measures.
        reason: Why not, in words.
    """

    score: float
    passed: bool | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check by its name.

    Attributes:
        name: Of its columns: `score_<name>` and `pass_<name>`.
        verdict: Takes the answer's text and the item; gives a bool, a number, or a `Score`.
        at_least: From which number on an answer passes; None where numbers only measure.
        at_most: Up to which.
        needs_expected: Whether it compares with the item's `expected`; an item that has none
            is not checked.
    """

    name: str
    verdict: Verdict
    at_least: float | None = None
    at_most: float | None = None
    needs_expected: bool = False

    def __call__(self, text: str, item: Item | None = None) -> Score:
        """Look at one answer; what the check itself raises is a failed answer's reason."""
        about = item or Item()
        if self.needs_expected and about.expected is None:
            return Score(math.nan, None, "no expected answer")

        try:
            return self._read(self.verdict(text, about))
        except Exception as problem:
            return Score(0.0, False, f"{type(problem).__name__}: {problem}")

    def _read(self, found: Any) -> Score:
        if isinstance(found, Score):
            return found

        value = _plain(found)
        if isinstance(value, bool):
            return Score(float(value), value)
        if not isinstance(value, int | float):
            raise TypeError(f"the check gave {found!r}, which is neither a bool nor a number")
        if math.isnan(value):
            return Score(math.nan)

        # What is infinite has no mean.
        return Score(float(value) if math.isfinite(value) else math.nan, self._passes(value))

    def _passes(self, value: float) -> bool | None:
        if self.at_least is None and self.at_most is None:
            return None

        low = -math.inf if self.at_least is None else self.at_least
        return low <= value <= (math.inf if self.at_most is None else self.at_most)


def _plain(value: Any) -> Any:
    # numpy's bools and numbers, and a tensor of one.
    item = getattr(value, "item", None)
    return item() if callable(item) and not isinstance(value, Item) else value


def check_of(given: Any, *, name: str = "", at_least: float | None = None) -> Check:
    """Read a check: a `Check`, a text the answer must contain, or a function.

    Args:
        given: A function takes the answer's text and, if it has a second argument without a
            default, the `Item` (or, if that is called `expected`, the right answer). It gives
            a bool, or a number.
        name: What to call it; by default the function's name.
        at_least: From which number on an answer passes.

    Raises:
        BadArgument: It cannot check anything.
    """
    if isinstance(given, Check):
        found = given
    elif isinstance(given, str) and given:
        from mojentic_nb.compare.check_kinds import contains

        found = contains(given)
    elif inspect.iscoroutinefunction(given):
        raise BadArgument(f"The check {_name_of(given)!r} is asynchronous: give a plain function.")
    elif callable(given):
        second = _second(given)
        verdict = _verdict_of(given, second)
        found = Check(name=_name_of(given), verdict=verdict, needs_expected=second == "expected")
    else:
        raise BadArgument(
            f"{given!r} is no check.", hint="Give a function, a text, or one such as equals()."
        )

    found = found if at_least is None else replace(found, at_least=at_least)
    return replace(found, name=name) if name else found


def checks_of(given: Any) -> list[Check]:
    """Read `checks=`: one or several; two of one name get a number.

    Raises:
        BadArgument: One cannot check anything.
    """
    if isinstance(given, Mapping):
        return [check_of(one, name=str(name)) for name, one in given.items()]
    if given is None or isinstance(given, str | Check) or not isinstance(given, Iterable):
        given = [] if given is None else [given]

    return _numbered([check_of(one) for one in given])


def _numbered(checks: Sequence[Check]) -> list[Check]:
    made: list[Check] = []
    taken: set[str] = set()
    for check in checks:
        name, count = check.name, 1
        while name in taken:
            count += 1
            name = f"{check.name}_{count}"
        taken.add(name)
        made.append(replace(check, name=name))

    return made


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", "") or type(function).__name__
    return "check" if name == "<lambda>" else name


def _verdict_of(function: Callable[..., Any], second: str | None) -> Verdict:
    if second is None:
        return lambda text, _item: function(text)
    if second == "expected":
        return lambda text, item: function(text, item.expected)

    return lambda text, item: function(text, item)


def _second(function: Callable[..., Any]) -> str | None:
    """The name of the second argument a function has to be given, if there is one."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):  # some of C's have no signature
        return None

    needed = [
        one
        for one in parameters
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        and (one.default is one.empty or one.name in ("item", "expected"))
    ]
    return needed[1].name if len(needed) > 1 else None
