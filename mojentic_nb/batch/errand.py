"""One HTTP exchange, run as an errand on some other machine: what goes there, what comes back.

Law: an errand never raises, and never shows what it carries: engines log the arguments of
what fails, and these hold keys and prompts. Errors come back as values. Nothing is decided
here: retries, limits, budgets and traces are all with whoever sent it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from mojentic_nb.background import wait_for
from mojentic_nb.clock import Stamp, SystemClock
from mojentic_nb.errors import GatewayError
from mojentic_nb.gateways.transport import Transport, http
from mojentic_nb.gateways.wire import WireRequest, address

__all__ = ["Errand", "Fetched", "Sent", "drop", "fetch", "fetch_here"]

# Seconds between two looks whether an answer is still wanted, where nobody can tell.
LOOK_S = 0.1


@dataclass(frozen=True, slots=True, repr=False)
class Errand:
    """A request to be made elsewhere.

    Attributes:
        wire: The request. What it must not outlive is told as seconds left, since no two
            machines have one clock.
        left_s: Seconds until the answer must be whole; None for no such time.
        transport: How it travels there; None for HTTP.
        number: What it is called off by.
        unwanted: Set when it is called off, where both ends are in one process.
    """

    wire: WireRequest
    left_s: float | None = None
    transport: Transport | None = None
    number: str = field(default_factory=lambda: uuid4().hex)
    unwanted: threading.Event | None = None

    def __repr__(self) -> str:
        return f"<Errand to {self.wire.gateway} at {address(self.wire.url)}>"

    @classmethod
    def of(cls, wire: WireRequest, transport: Transport, **more: Any) -> Errand:
        """Make one of a request, and of the transport it would have taken here."""
        left_s = None if wire.ends_at is None else wire.ends_at - SystemClock.now()
        return cls(
            # A stamp is a cassette's, and those stay here.
            replace(wire, ends_at=None, stamp=Stamp()),
            left_s,
            None if transport is http else transport,
            **more,
        )

    def unpacked(self) -> WireRequest:
        """The request, in this machine's time."""
        if self.left_s is None:
            return self.wire

        return replace(self.wire, ends_at=SystemClock.now() + self.left_s)


@dataclass(frozen=True, slots=True, repr=False)
class Fetched:
    """What came of an errand.

    Attributes:
        headers: Of the answer, by names in lower case; None where there was no answer.
        body: The bytes that came.
        error: Why there are no more of them; None where all is well.
    """

    headers: Mapping[str, str] | None = None
    body: bytes = b""
    error: GatewayError | None = None

    def __repr__(self) -> str:
        return f"<Fetched {len(self.body):,} bytes>"


@dataclass(frozen=True, slots=True)
class Sent:
    """An errand on its way.

    Attributes:
        future: What will have come of it.
        unwanted: Where both ends are in one process: what a running one looks at.
    """

    future: Future[Fetched]
    unwanted: threading.Event | None = None

    def call_off(self) -> None:
        """Nobody waits for it any more."""
        if self.unwanted is not None:
            self.unwanted.set()
        self.future.cancel()


# The errands of this process that are under way, by number.
_under_way: dict[str, asyncio.Task[Fetched]] = {}


async def fetch(errand: Errand) -> Fetched:
    """Run an errand in the running loop; it may be called off by its number."""
    task = asyncio.ensure_future(_fetched(errand))
    _under_way[errand.number] = task
    try:
        # Not awaited directly: called off, it ends cancelled, and this does not.
        await asyncio.wait({task})
    finally:
        _under_way.pop(errand.number, None)
        task.cancel()

    return _failed(errand, "it was called off") if task.cancelled() else task.result()


async def drop(number: str) -> None:
    """Call an errand off: its connection is closed."""
    task = _under_way.get(number)
    if task is not None:
        task.cancel()


def fetch_here(errand: Errand) -> Fetched:
    """Run an errand in this thread, as executors do; waits on the loop of this process."""
    return wait_for(_looked_after(errand))  # type: ignore[no-any-return]


async def _looked_after(errand: Errand) -> Fetched:
    """Run it, and call it off once it is not wanted any more."""
    if errand.unwanted is None:
        return await fetch(errand)

    task = asyncio.ensure_future(fetch(errand))
    while not (await asyncio.wait({task}, timeout=LOOK_S))[0]:
        if errand.unwanted.is_set():
            await drop(errand.number)

    return task.result()


async def _fetched(errand: Errand) -> Fetched:
    headers: Mapping[str, str] | None = None
    pieces: list[bytes] = []
    try:
        transport = errand.transport or http
        async with transport.aopen(errand.unpacked()) as reading:
            headers = {name.lower(): value for name, value in reading.headers.items()}
            while data := await reading.read():
                pieces.append(data)
    except GatewayError as error:
        return Fetched(headers, b"".join(pieces), error.alone())
    except Exception as problem:
        return _failed(errand, type(problem).__name__)

    return Fetched(headers, b"".join(pieces))


def _failed(errand: Errand, why: str) -> Fetched:
    """An end that is not the provider's doing, told without what may hold a key."""
    who = errand.wire.gateway
    return Fetched(
        error=GatewayError(f"The call of {who} failed on its worker: {why}.", gateway=who)
    )
