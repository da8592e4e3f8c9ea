"""Which cassette holds for a call, if any.

Law: asked once for every call, so it is a few look-ups and imports nothing until there is
a cassette. The nearest one holds, alone: the broker's own; then the innermost block of
this thread, task or job; then the innermost block of any thread; then `%llm_cassette`;
then the environment's. A cassette that is off ends the search.
"""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from mojentic_nb import ids

if TYPE_CHECKING:
    from mojentic_nb.gateways.transport import Transport

__all__ = ["Layer", "enter", "holding", "laid_over", "leave", "lend", "stand", "standing", "take"]

PATH_VARIABLE = "MOJENTIC_NB_CASSETTE"
MODE_VARIABLE = "MOJENTIC_NB_CASSETTE_MODE"


class Layer(Protocol):
    """What can lie over a transport: a cassette."""

    def over(self, transport: Transport) -> Transport:
        """The transport to use in place of this one."""


# A job begun inside a block takes the block's cassette along, wherever and however long it
# runs; threads that a block's own code starts know nothing of it and see the list.
_within: ContextVar[tuple[Layer, ...]] = ContextVar("cassettes", default=())
_entered: list[Layer] = []
_standing: Layer | None = None
_of_environment: dict[tuple[str, str], Layer] = {}
_changing = threading.Lock()


def laid_over(transport: Transport) -> Transport:
    """A transport with whatever cassette holds now over it."""
    nearest = holding()
    return transport if nearest is None else nearest.over(transport)


def holding() -> Layer | None:
    """The cassette that holds here and now.

    Raises:
        BadArgument: The environment names a cassette that cannot be used.
        CassetteError: Its file is no cassette.
    """
    if within := _within.get():
        return within[-1]
    if entered := _entered[-1:]:
        return entered[0]

    return _standing or _environments()


def enter(layer: Layer) -> None:
    """Let it hold, here and in threads that have none of their own."""
    with _changing:
        _entered.append(layer)
    lend(layer)


def leave(layer: Layer) -> None:
    """End what `enter` began; the order does not matter."""
    with _changing:
        if layer in _entered:
            del _entered[_last(_entered, layer)]
    take(layer)


def lend(layer: Layer) -> None:
    """Let it hold in this thread or task alone, and in what is begun from it."""
    _within.set((*_within.get(), layer))


def take(layer: Layer) -> None:
    """End what `lend` began."""
    within = list(_within.get())
    if layer in within:
        del within[_last(within, layer)]
        _within.set(tuple(within))


def _last(layers: list[Layer], layer: Layer) -> int:
    return len(layers) - 1 - layers[::-1].index(layer)


def stand(layer: Layer | None) -> None:
    """Let it hold wherever no block does, until another one; `None` takes it away.

    As long as it stands ids grow from its `seed`, so that a replayed notebook is the same
    throughout.
    """
    global _standing
    ids.seeded(getattr(layer, "seed", None))
    _standing = layer


def standing() -> Layer | None:
    """What `stand` set."""
    return _standing


def _environments() -> Layer | None:
    path = os.environ.get(PATH_VARIABLE)
    if not path:
        return None

    named = path, os.environ.get(MODE_VARIABLE, "").strip() or "auto"
    with _changing:
        if named not in _of_environment:
            from mojentic_nb.gateways.cassette import Cassette

            _of_environment[named] = Cassette(path, mode=named[1])

    return _of_environment[named]
