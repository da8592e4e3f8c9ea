"""Another model, where one cannot answer.

Law: each model is asked in its turn and once, and only where its provider is in trouble:
429, 5xx, no connection, or silence before the first piece. Never once anything of an
answer has come, and never for what is the caller's own mistake. A turn stays with the
model that answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mojentic_nb.clock import Clock
from mojentic_nb.effects import Asking, Call, Proceed, Tell
from mojentic_nb.errors import (
    DeadlineExceeded,
    GatewayBusy,
    GatewayError,
    GatewayFault,
    GatewayTimeout,
    GatewayTorn,
    GatewayUnreachable,
)
from mojentic_nb.events import FellBack

__all__ = ["Candidate", "Fallback"]

Candidate = tuple[Any, str]  # a gateway, and the model's name there

_TROUBLE = (GatewayUnreachable, GatewayTimeout, GatewayTorn, GatewayBusy, GatewayFault)


class Fallback:
    """Whom to ask, in this order, where the model itself cannot answer."""

    __slots__ = ("candidates",)

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)

    def __repr__(self) -> str:
        return f"Fallback({', '.join(named(*one) for one in self.candidates)})"

    def begin(self, clock: Clock) -> _Falling:
        """The candidates as one turn goes through them."""
        return _Falling(self.candidates)


class _Falling:
    """One turn's way through the candidates."""

    __slots__ = ("_chosen", "_left", "_tried")

    def __init__(self, candidates: tuple[Candidate, ...]) -> None:
        self._chosen: Candidate | None = None
        self._left = list(candidates)
        self._tried: list[str] = []

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Make the call, elsewhere where its provider is in trouble."""
        while True:
            if self._chosen is not None:
                gateway, model = self._chosen
                call = replace(call, gateway=gateway, request=replace(call.request, model=model))
            try:
                return (yield from proceed(call))
            except GatewayError as error:
                failed = error

            name = named(call.gateway, call.request.model)
            if not self._left or not may_go_elsewhere(failed):
                raise self._all_told(failed, name)

            self._tried.append(f"{name} ({told(failed)})")
            self._chosen = self._left.pop(0)
            yield Tell(FellBack(name, named(*self._chosen), failed))

    def _all_told(self, error: GatewayError, name: str) -> GatewayError:
        """The last error, with the names of all that were tried before."""
        if self._tried:
            error.add(f"Asked in vain before {name}: {', '.join(self._tried)}.")
        return error


def named(gateway: Any, model: str) -> str:
    """A model with its gateway's name before it."""
    return model if model == gateway.name else f"{gateway.name}:{model}"


def told(error: GatewayError) -> str:
    """An error in a word or two."""
    return str(error.status) if error.status is not None else type(error).__name__


def may_go_elsewhere(error: GatewayError) -> bool:
    """Whether another provider could help where this one failed so."""
    if error.has_begun:
        return False

    if isinstance(error, DeadlineExceeded):
        return error.is_early

    if error.status is not None:
        return error.status == 429 or error.status >= 500

    return isinstance(error, _TROUBLE)
