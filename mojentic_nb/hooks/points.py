"""Where policies stand: the hook points, by name.

Law: pure. A policy is any object with one or both of these methods, each a generator function:

- `around_turn(turn)` drives the turn: it is yielded the turn's effects, passes them on and
  sends their outcomes in, and returns what the turn returns.
- `around_model(call, proceed)` makes one call by `proceed(call)`, or does without.

One that has to know the time, or to remember something for one turn only, has
`begin(clock)` besides: it is asked as each turn begins and gives the policy of that turn.

A person's own ones are looked at as they are given and as they answer, so that a slip (no
`return answer`, an `async def`) is told as one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from functools import cache
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from mojentic_nb.clock import Clock
from mojentic_nb.effects import Asking, Call, Effect, Outcome, Proceed, Stopped, Turn
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import Answer, TurnFinished

__all__ = ["HOOK_POINTS", "around", "begun", "leave", "own"]

HOOK_POINTS = ("around_turn", "around_model")


def own(policies: Any) -> tuple[Any, ...]:
    """A person's own policies, looked at.

    Raises:
        BadArgument: One of them stands at no hook point.
    """
    if not isinstance(policies, Iterable) or isinstance(policies, str | bytes):
        raise BadArgument(
            f"policies={policies!r} is no list of policies.", hint="Write policies=[…]."
        )

    return tuple(_Own(looked_at(policy)) for policy in policies)


def looked_at(policy: Any) -> Any:
    """The policy, if it can be one.

    Raises:
        BadArgument: It cannot.
    """
    if isinstance(policy, type):
        raise BadArgument(
            f"{policy!r} is a class, not a policy.", hint=f"Make one: {policy.__name__}(…)."
        )

    points = [getattr(policy, point, None) for point in (*HOOK_POINTS, "begin")]
    if not any(callable(point) for point in points):
        raise BadArgument(
            f"{policy!r} is no policy.",
            hint=f"It needs one of these methods: {', '.join(HOOK_POINTS)}.",
        )

    if any(iscoroutinefunction(point) or isasyncgenfunction(point) for point in points):
        raise BadArgument(
            f"{policy!r} has an async method, and policies are plain generators.",
            hint="Write `def` and `yield from proceed(call)`: one policy serves every call shape.",
        )

    return policy


class _Own:
    """A person's policy; what it gives back is looked at."""

    __slots__ = ("_policy", "around_model", "around_turn", "begin")

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        # Set only where there is one: what stands at a point is known by its method.
        for point in (*HOOK_POINTS, "begin"):
            if callable(getattr(policy, point, None)):
                setattr(self, point, getattr(self, f"_{point}"))

    def __repr__(self) -> str:
        return repr(self._policy)

    def _begin(self, clock: Clock) -> _Own:
        return _Own(looked_at(self._policy.begin(clock)))

    def _around_turn(self, turn: Turn) -> Turn:
        steps: Turn = self._policy.around_turn(turn)
        whole: Turn = self._looked_at(steps, "around_turn", TurnFinished)
        return whole

    def _around_model(self, call: Call, proceed: Proceed) -> Asking:
        steps: Asking = self._policy.around_model(call, proceed)
        asking: Asking = self._looked_at(steps, "around_model", Answer)
        return asking

    def _looked_at(self, steps: Any, point: str, kind: type[Any]) -> Any:
        if not isinstance(steps, Generator):
            raise BadArgument(
                f"{point} of {self!r} gave {steps!r}, which is no generator.",
                hint="It passes on what it stands around: `answer = yield from proceed(call)`.",
            )

        return _to_its_end(steps, lambda found: self._refuse(found, point, kind), kind)

    def _refuse(self, found: Any, point: str, kind: type[Any]) -> BadArgument:
        return BadArgument(
            f"{point} of {self!r} returned {found!r}, and no {kind.__name__}.",
            hint="It returns what it was given: end it with `return`.",
        )


def _to_its_end(
    steps: Generator[Effect, Outcome, Any],
    refuse: Callable[[Any], BadArgument],
    kind: type[Any],
) -> Generator[Effect, Outcome, Any]:
    found = yield from steps
    if not isinstance(found, kind):
        raise refuse(found)

    return found


def stands(policy: Any, point: str) -> bool:
    """Whether it has this method."""
    # Asked for every call, and pydantic's models take their time to say no.
    return hasattr(policy, point) if type(policy) is _Own else _offers(policy.__class__, point)


@cache
def _offers(kind: type[Any], point: str) -> bool:
    return hasattr(kind, point)


def begun(policies: Iterable[Any], clock: Clock) -> list[Any]:
    """The policies as they are for one turn."""
    return [one.begin(clock) if stands(one, "begin") else one for one in policies]


def around(turn: Turn, policies: Iterable[Any]) -> Turn:
    """Put policies around a turn, the first one outermost."""
    for policy in reversed([one for one in policies if stands(one, "around_turn")]):
        turn = policy.around_turn(turn)

    return turn


def leave(inner: Turn | Asking, gone: BaseException) -> None:
    """End what a policy drives itself, in the way in which it is ended."""
    if isinstance(gone, Stopped):
        with suppress(Stopped, StopIteration):
            inner.throw(gone)

    inner.close()
