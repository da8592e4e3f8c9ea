"""Publish and subscribe: who listens to a broker's events.

Law: a listener can neither slow a turn's meaning nor break it. One that raises is
warned about once and the turn goes on; with no listeners nothing is built.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from weakref import WeakSet

from mojentic_nb.events import Envelope
from mojentic_nb.place import standing

__all__ = ["Bus", "Listener", "bus_along", "hear_all"]

Listener = Callable[[Envelope], object]


# Those who hear every broker that has no tracer of its own: the notebook's tracer.
_everywhere: tuple[Listener, ...] = ()


def hear_all(listener: Listener) -> Callable[[], None]:
    """Have every broker of this process heard; calling what comes back ends it."""
    global _everywhere
    _everywhere = (*_everywhere, listener)

    def unsubscribe() -> None:
        global _everywhere
        _everywhere = tuple(one for one in _everywhere if one is not listener)

    return unsubscribe


class Bus:
    """The listeners of one broker, called in the order they came.

    Args:
        is_apart: Those who hear every broker do not hear this one.
        road: The broker's gateway; what it is asked outside of turns is heard here, too.
    """

    def __init__(self, *, is_apart: bool = False, road: object = None) -> None:
        self._is_apart = is_apart
        self._road = road
        self._listeners: tuple[Listener, ...] = ()
        self._warned: set[int] = set()
        if road is not None:
            with _laying:
                _laid.add(self)
        begin, standing.on_first_bus = standing.on_first_bus, None
        if begin is not None:
            begin()

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        heard_by = self._heard_by()
        return bool(heard_by) and any(getattr(one, "enabled", True) for one in heard_by)

    @property
    def wants_pieces(self) -> bool:
        """Whether somebody wants each piece of an answer, not only what it comes to."""
        return any(getattr(one, "wants_pieces", True) for one in self._heard_by())

    def _heard_by(self) -> tuple[Listener, ...]:
        return self._listeners if self._is_apart else (*self._listeners, *_everywhere)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; calling what comes back takes it away again."""
        if not getattr(listener, "hears_nothing", False):
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def publish(self, envelope: Envelope) -> None:
        """Hand an envelope to every listener."""
        for listener in self._heard_by():
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


_laid: WeakSet[Bus] = WeakSet()
_laying = threading.Lock()


def bus_along(road: object) -> Bus:
    """Who hears what a gateway is asked outside of turns, such as for embeddings.

    Those who listen to a broker that has it, each of them once; where no broker has it,
    those who hear every broker.
    """
    with _laying:
        buses = [one for one in _laid if one._road is road]

    whole = Bus(is_apart=bool(buses) and all(one._is_apart for one in buses))
    listeners = {id(one): one for bus in buses for one in bus._listeners}
    whole._listeners = tuple(listeners.values())
    if buses:
        whole._warned = buses[0]._warned  # once is enough, however often it is asked
    return whole
