"""Publish and subscribe: who listens to a broker's events.

Law: a listener can neither slow a turn's meaning nor break it. One that raises is
warned about once and the turn goes on; with no listeners nothing is built.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

from mojentic_nb.events import Envelope

__all__ = ["Bus", "Listener"]

Listener = Callable[[Envelope], object]


class Bus:
    """The listeners of one broker, called in the order they came."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._warned: set[int] = set()

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; calling what comes back takes it away again."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def publish(self, envelope: Envelope) -> None:
        """Hand an envelope to every listener."""
        for listener in self._listeners:
            try:
                listener(envelope)
            except Exception as problem:
                self._warn_once(listener, problem)

    def _warn_once(self, listener: Listener, problem: Exception) -> None:
        if id(listener) in self._warned:
            return

        self._warned.add(id(listener))
        warnings.warn(
            f"A listener failed and is told no more of it: {listener!r} raised {problem!r}.",
            RuntimeWarning,
            stacklevel=4,
        )
