"""A transport with a cassette over it, for the one driver and for the other.

Law: only `with` or `async with`, `for` or `await`; what is recorded and what is played is
settled in `cassette_take.py`. What is played opens no connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Self

from mojentic_nb.clock import Clock
from mojentic_nb.errors import GatewayError
from mojentic_nb.gateways.cassette_take import Play, Take
from mojentic_nb.gateways.transport import AsyncReading, Reading, Transport
from mojentic_nb.gateways.wire import WireRequest

__all__ = ["Road"]

# Pieces played before the loop's other tasks get their turn: less than a millisecond.
PIECES_AT_ONCE = 32


class Road:
    """A transport that asks a cassette first, or, without `begin`, leaves all as it is.

    Attributes:
        inner: The transport below.
        skips_waits: Nothing is ever sent, so nothing needs to be waited for.
        may_answer: It may have answers to requests that could not be sent.
    """

    def __init__(
        self,
        inner: Transport,
        *,
        begin: Callable[[WireRequest], Play | Take] | None,
        clock: Clock,
        skips_waits: bool,
    ) -> None:
        self.inner = inner
        self.skips_waits = skips_waits
        self.may_answer = begin is not None
        self._begin = begin
        self._clock = clock

    def open(self, wire: WireRequest) -> AbstractContextManager[Reading]:
        """Play here and now, or send and record."""
        return self.inner.open(wire) if self._begin is None else self._opened(wire, self._begin)

    @contextmanager
    def _opened(
        self, wire: WireRequest, begin: Callable[[WireRequest], Play | Take]
    ) -> Iterator[Reading]:
        exchange = begin(wire)
        if isinstance(exchange, Play):
            exchange.check()
            try:
                yield Reading(self._played(exchange), headers=exchange.headers)
            finally:
                exchange.end()
            return

        try:
            with self.inner.open(wire) as reading:
                exchange.answered(reading.headers)
                ours = Reading(exchange.listen(reading.chunks), headers=reading.headers)
                try:
                    yield ours
                finally:
                    reading.is_over = ours.is_over
        except BaseException as problem:
            exchange.end(problem)
            raise
        exchange.end(None)

    def _played(self, play: Play) -> Iterator[bytes]:
        for wait_s, data in play.steps():
            if wait_s:
                self._clock.sleep(wait_s)
            yield data

    def aopen(self, wire: WireRequest) -> AbstractAsyncContextManager[AsyncReading]:
        """Play in the running loop, or send and record."""
        if self._begin is None:
            return self.inner.aopen(wire)

        exchange = self._begin(wire)
        if isinstance(exchange, Play):
            return _Playing(exchange, self._clock)

        return _Recording(exchange, self.inner.aopen(wire))


class _Playing:
    """A recording played in a loop."""

    def __init__(self, play: Play, clock: Clock) -> None:
        self.is_over = False
        self.headers: Mapping[str, str] = play.headers
        self._play = play
        self._clock = clock
        self._steps = play.steps()
        self._count = 0

    async def __aenter__(self) -> Self:
        self._play.check()
        return self

    async def read(self) -> bytes:
        """The next bytes."""
        self._count += 1
        if not self._count % PIECES_AT_ONCE:
            await asyncio.sleep(0)

        wait_s, data = next(self._steps, (0.0, b""))
        if wait_s:
            await self._clock.asleep(wait_s)
        return data

    async def __aexit__(self, *problem: object) -> None:
        self._play.end()


class _Recording:
    """An answer in a loop, written down as it comes."""

    def __init__(self, take: Take, call: AbstractAsyncContextManager[AsyncReading]) -> None:
        self.is_over = False
        self._take = take
        self._call = call

    async def __aenter__(self) -> Self:
        try:
            self._reading = await self._call.__aenter__()
        except BaseException as problem:
            self._take.end(problem)
            raise

        self.headers: Mapping[str, str] = self._reading.headers
        self._take.answered(self.headers)
        return self

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; `b""` at the end."""
        try:
            return self._take.heard(await self._reading.read())
        except GatewayError as error:
            self._take.broke(error)
            raise

    async def __aexit__(self, *problem: object) -> None:
        self._reading.is_over = self.is_over
        try:
            await self._call.__aexit__(*problem)  # type: ignore[arg-type]
        finally:
            self._take.end(problem[1])  # type: ignore[arg-type]
