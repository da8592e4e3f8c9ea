"""Where policies stand: the hook points, by name.

Law: pure. A policy is any object with one or both of these methods, each a generator function:

- `around_turn(turn)` drives the turn: it is yielded the turn's effects, passes them on and
  sends their outcomes in, and returns what the turn returns.
- `around_model(call, proceed)` makes one call by `proceed(call)`, or does without.

One that has to know the time, or to remember something for one turn only, has
`begin(clock)` besides: it is asked as each turn begins and gives the policy of that turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from mojentic_nb.clock import Clock
from mojentic_nb.effects import Asking, Stopped, Turn
from mojentic_nb.errors import BadArgument

__all__ = ["HOOK_POINTS", "around", "begun", "leave", "own"]

HOOK_POINTS = ("around_turn", "around_model")


def own(policies: Iterable[Any]) -> tuple[Any, ...]:
    """A person's own policies, looked at.

    Raises:
        BadArgument: One of them stands at no hook point.
    """
    found = tuple(policies)
    for policy in found:
        if not any(callable(getattr(policy, point, None)) for point in (*HOOK_POINTS, "begin")):
            raise BadArgument(
                f"{policy!r} is no policy.",
                hint=f"It needs one of these methods: {', '.join(HOOK_POINTS)}.",
            )

    return found


def begun(policies: Iterable[Any], clock: Clock) -> list[Any]:
    """The policies as they are for one turn."""
    return [one.begin(clock) if hasattr(one, "begin") else one for one in policies]


def around(turn: Turn, policies: Iterable[Any]) -> Turn:
    """Put policies around a turn, the first one outermost."""
    for policy in reversed([one for one in policies if hasattr(one, "around_turn")]):
        turn = policy.around_turn(turn)

    return turn


def leave(inner: Turn | Asking, gone: BaseException) -> None:
    """End what a policy drives itself, in the way in which it is ended."""
    if isinstance(gone, Stopped):
        with suppress(Stopped, StopIteration):
            inner.throw(gone)

    inner.close()
