"""Errands by a dask cluster: each is a function run on one of its workers.

Law: workers only carry bytes. An errand goes to the worker with the fewest of them, as a call
beside its tasks and not as one: a task takes five times as long (4.8 ms against 0.95 ms on
two local workers, distributed 2026.8), holds one of the worker's threads, and its arguments
stay with the scheduler, in its log too once it fails. Here there is nothing to hold a key.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from mojentic_nb.batch.errand import Errand, Fetched, Sent, drop, fetch
from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import GatewayError, GatewayTorn
from mojentic_nb.gateways.transport import Transport
from mojentic_nb.gateways.wire import WireRequest

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["DaskOffice"]

# Seconds after which the workers are counted again: some may have come.
LOOK_S = 1.0
# Seconds in which a lost worker is not asked, unless the scheduler has noticed sooner: as long
# as dask itself knocks. A lost connection may not have been its end.
GONE_S = 30.0


class DaskOffice:
    """Hands errands to a cluster.

    Args:
        client: The person's own; it is used and left as it is.
    """

    crosses_processes = True

    def __init__(self, client: Client) -> None:
        self._client = client
        self._under_way: Counter[str] = Counter()
        self._workers: set[str] = set()
        self._gone: dict[str, float] = {}
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._dropping: set[asyncio.Future[Any]] = set()

    def send(self, wire: WireRequest, transport: Transport) -> Sent:
        """Hand a request in.

        Raises:
            GatewayError: The client is not open.
        """
        if self._client.status != "running":
            raise GatewayError(
                f"The dask client is {self._client.status}.",
                hint="Open another one.",
                gateway=wire.gateway,
            )

        # The client's loop is the one thread that may touch it.
        loop = cast("Any", self._client.loop).asyncio_loop
        return Sent(asyncio.run_coroutine_threadsafe(self._made(Errand.of(wire, transport)), loop))

    async def _made(self, errand: Errand) -> Fetched:
        worker = await self._least_busy(errand)
        self._under_way[worker] += 1
        running = asyncio.ensure_future(
            self._client.run(fetch, errand, workers=[worker], on_error="return")
        )
        try:
            result = await self._answer(running, worker)
        except asyncio.CancelledError:
            self._call_off(errand.number, worker)
            raise
        finally:
            self._under_way[worker] -= 1
            running.cancel()

        if isinstance(result, Fetched):
            return result
        if isinstance(result, Exception) and not isinstance(result, OSError):
            raise result

        self._gone[worker] = SystemClock.now()
        self._looked_at = float("-inf")
        raise GatewayTorn(
            f"The worker that asked {errand.wire.gateway} was lost ({worker}).",
            hint="Ask again.",
            gateway=errand.wire.gateway,
        )

    async def _answer(self, running: asyncio.Future[Any], worker: str) -> Any:
        """What a worker gave back: an error of its own, None where it is not there any more."""
        # dask goes on knocking at a dead worker's door for half a minute.
        while not (await asyncio.wait({running}, timeout=LOOK_S))[0]:
            await self._look()
            if worker not in self._workers:
                return None

        try:
            return running.result().get(worker)
        except OSError:
            return None

    def _call_off(self, number: str, worker: str) -> None:
        telling = asyncio.ensure_future(
            self._client.run(drop, number, workers=[worker], on_error="return")
        )
        self._dropping.add(telling)
        telling.add_done_callback(self._dropping.discard)

    async def _least_busy(self, errand: Errand) -> str:
        await self._look()
        if self._workers:
            return min(sorted(self._workers), key=self._under_way.__getitem__)

        self._looked_at = float("-inf")
        raise GatewayTorn(
            "The dask cluster has no workers now.",
            hint="Give it some: cluster.scale(2).",
            gateway=errand.wire.gateway,
        )

    async def _look(self) -> None:
        """See who is there, unless somebody has just looked."""
        if SystemClock.now() - self._looked_at <= LOOK_S:
            return

        async with self._looking:
            if SystemClock.now() - self._looked_at > LOOK_S:
                listed = set(await cast("Any", self._client).nthreads())
                now = self._looked_at = SystemClock.now()
                # The scheduler may not have noticed yet; once it has, the address is free again.
                self._gone = {
                    worker: since
                    for worker, since in self._gone.items()
                    if worker in listed and now - since < GONE_S
                }
                self._workers = listed - self._gone.keys()
