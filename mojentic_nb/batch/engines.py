"""Many machines: a batch whose calls are made by a dask cluster or an executor.

Law: an engine is a transport. Turns, retries, pace, budget, caches, stores and traces stay in
this process and so hold for all workers; only the exchange of bytes happens on one of them,
which may therefore have a model server of its own at the same address. Whatever becomes of a
worker is an error of the road, so that its call is made again like any other.
"""

from __future__ import annotations

import asyncio
import math
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from mojentic_nb.background import SLICE_S
from mojentic_nb.batch.errand import Errand, Fetched, Sent, fetch_here
from mojentic_nb.errors import BadArgument, GatewayError, GatewayTorn
from mojentic_nb.gateways.cassette_road import Road
from mojentic_nb.gateways.failures import too_late
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.transport import Reading, Transport, http
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.hooks.fallback import Fallback

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["EngineRoad", "comes_whole", "run_by"]

INSTALL = 'Install it with pip install "mojentic-nb[dask]".'
START = "Start one: from distributed import Client; client = Client()."


def run_by(engine: Any, broker: LLMBroker) -> LLMBroker:
    """A broker whose calls, those of its fallbacks too, are sent by an engine's workers.

    A cassette stays here: what it replays goes nowhere.

    Args:
        engine: `"dask"` for the current client, a `distributed.Client`, or an executor.
        broker: Left as it is.

    Raises:
        BadArgument: The engine is none of these or is not there, or a gateway has a
            transport of its own that cannot travel.
    """
    office, other = _office_of(engine), copy(broker)
    other.gateway = _over(office, broker.gateway)
    fallback = broker.policies.fallback
    if fallback is not None:
        sent = [(_over(office, gateway), model) for gateway, model in fallback.candidates]
        other.policies = replace(broker.policies, fallback=Fallback(sent))

    return other


def comes_whole(gateway: LLMGateway) -> bool:
    """Whether its answers come in one piece, so that their first piece says nothing."""
    own = gateway.own_transport
    return isinstance(own.inner if isinstance(own, Road) else own, EngineRoad)


class Office(Protocol):
    """Where errands are handed in."""

    crosses_processes: bool

    def send(self, wire: WireRequest, transport: Transport) -> Sent:
        """Have a request made."""


def _over(office: Office, gateway: LLMGateway) -> LLMGateway:
    own = gateway.own_transport
    if isinstance(own, Road):
        road = copy(own)
        road.inner = _road(office, own.inner, gateway)
        return gateway.travelling(road)

    return gateway.travelling(_road(office, own, gateway))


def _road(office: Office, inner: Transport, gateway: LLMGateway) -> EngineRoad:
    if isinstance(inner, EngineRoad):
        inner = inner.inner
    if inner is not http and office.crosses_processes:
        try:
            pickle.dumps(inner)
        except Exception as problem:
            told = type(problem).__name__
        else:
            return EngineRoad(office, inner)

        raise BadArgument(
            f"The transport of {gateway!r} cannot be sent to a worker ({told}).",
            hint="Leave out engine=, or give a ThreadPoolExecutor.",
        )

    return EngineRoad(office, inner)


def _office_of(engine: Any) -> Office:
    if isinstance(engine, str):
        if engine != "dask":
            raise BadArgument(
                f"engine={engine!r} is not known.",
                hint='Give "dask", a distributed.Client, or an executor of concurrent.futures.',
            )
        return _dask_office(_current_client())

    distributed = sys.modules.get("distributed")
    if distributed is not None and isinstance(engine, distributed.Client):
        return _dask_office(engine)
    if isinstance(engine, Executor) or callable(getattr(engine, "submit", None)):
        return ExecutorOffice(engine)

    raise BadArgument(
        f"engine={engine!r} sends nothing.",
        hint='Give "dask", a distributed.Client, or an executor of concurrent.futures.',
    )


def _dask_office(client: Any) -> Office:
    from mojentic_nb.batch.dask_office import DaskOffice

    return DaskOffice(client)


def _current_client() -> Any:
    try:
        import distributed
    except ImportError:
        raise BadArgument('engine="dask" needs dask.distributed.', hint=INSTALL) from None

    try:
        return distributed.get_client()
    except ValueError:
        raise BadArgument("There is no dask client.", hint=START) from None


class ExecutorOffice:
    """Errands by an executor: as many at once as it has workers.

    Args:
        executor: Threads, processes, or anything that has `submit` in their way.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.crosses_processes = not isinstance(executor, ThreadPoolExecutor)

    def send(self, wire: WireRequest, transport: Transport) -> Sent:
        """Hand a request in.

        Raises:
            GatewayError: The executor takes none.
        """
        more = {} if self.crosses_processes else {"unwanted": threading.Event()}
        errand = Errand.of(wire, transport, **more)
        try:
            future = self._executor.submit(fetch_here, errand)
        except RuntimeError as problem:
            told = type(problem).__name__
        else:
            return Sent(future, errand.unwanted)

        raise _closed(wire, told)


class EngineRoad:
    """A transport by way of an engine: each answer comes whole.

    Attributes:
        inner: The transport that the workers use.
    """

    def __init__(self, office: Office, inner: Transport) -> None:
        self._office = office
        self.inner = inner

    @contextmanager
    def open(self, wire: WireRequest) -> Iterator[Reading]:
        """Have it fetched, and wait here."""
        sent = self._office.send(wire, self.inner)
        try:
            fetched = _waited_for(sent.future, wire)
        except BaseException:
            sent.call_off()
            raise

        if fetched.headers is None:
            raise fetched.error or _lost(wire, "no answer")
        yield Reading(_bytes_of(fetched), headers=fetched.headers)

    def aopen(self, wire: WireRequest) -> _Awaited:
        """Have it fetched, and wait in the running loop."""
        return _Awaited(lambda: self._office.send(wire, self.inner), wire)


def _waited_for(future: Future[Fetched], wire: WireRequest) -> Fetched:
    while True:
        try:
            future.exception(wire.within(SLICE_S))
        except TimeoutError:
            if not wire.is_late:
                continue
            raise too_late(wire) from None
        except CancelledError:
            pass
        return _result(future, wire)


def _bytes_of(fetched: Fetched) -> Iterator[bytes]:
    if fetched.body:
        yield fetched.body
    if fetched.error is not None:
        raise fetched.error


class _Awaited:
    """An answer that is fetched elsewhere, for a running loop."""

    __slots__ = ("_fetched", "_send", "_wire", "headers", "is_over")

    def __init__(self, send: Callable[[], Sent], wire: WireRequest) -> None:
        self._send = send
        self._wire = wire
        self._fetched = Fetched()
        self.headers: Mapping[str, str] = {}
        self.is_over = False

    async def __aenter__(self) -> Self:
        sent, wire = self._send(), self._wire
        try:
            async with asyncio.timeout(None if wire.ends_at is None else wire.within(math.inf)):
                await _ended(sent.future)
        except TimeoutError:
            sent.call_off()
            broken = too_late(wire)
        except BaseException:
            sent.call_off()
            raise
        else:
            self._take(_result(sent.future, wire))
            return self

        raise broken

    def _take(self, fetched: Fetched) -> None:
        self._fetched = fetched
        if fetched.headers is None:
            raise fetched.error or _lost(self._wire, "no answer")
        self.headers = fetched.headers

    async def read(self) -> bytes:
        """All bytes at first, then none, or why there are not more."""
        fetched, self._fetched = self._fetched, replace(self._fetched, body=b"")
        if not fetched.body and fetched.error is not None:
            raise fetched.error

        return fetched.body

    async def __aexit__(self, *problem: object) -> None:
        return None


async def _ended(future: Future[Fetched]) -> None:
    # Not `wrap_future`: where the engine cancels, this task would look cancelled itself.
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def wake() -> None:
        if not over.done():
            over.set_result(None)

    def tell(_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(wake)

    future.add_done_callback(tell)
    await over


def _result(future: Future[Fetched], wire: WireRequest) -> Fetched:
    """What came of an errand; what became of its worker is an error of the road."""
    try:
        return future.result(0)
    except GatewayError as error:
        raised = error.alone()
    except BrokenExecutor as problem:
        raised = _closed(wire, type(problem).__name__)
    except ImportError as problem:
        raised = GatewayError(
            f"A worker cannot load what it needs ({problem.name}).",
            hint="Install the same mojentic-nb on all workers.",
            gateway=wire.gateway,
        )
    except (Exception, CancelledError) as problem:
        raised = _lost(wire, type(problem).__name__)

    raise raised


def _lost(wire: WireRequest, why: str) -> GatewayTorn:
    return GatewayTorn(
        f"The worker that asked {wire.gateway} was lost ({why}).",
        hint="Ask again.",
        gateway=wire.gateway,
    )


def _closed(wire: WireRequest, why: str) -> GatewayError:
    return GatewayError(
        f"The executor of engine= takes no calls any more ({why}).",
        hint="A worker of it died, or it was shut down: make a new one, and run this again.",
        gateway=wire.gateway,
    )
