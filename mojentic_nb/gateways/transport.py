"""The one seam to the network.

Law: only this file and its two halves know an HTTP library, and connection and status
errors become ours here. They are raised outside the library's frames and without its exceptions
as cause: those hold requests, and requests hold keys. A cassette or the demo model
is another `Transport`; nothing above can tell.

The sync side is httpx2, the async side aiohttp, which costs a fifth of the CPU where
many streams run at once. Clients are shared: a client per call would load the trust
store each time. An async client belongs to its loop and is closed with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mojentic_nb.gateways import transport_here
from mojentic_nb.gateways.failures import refusal, refuse_compressed
from mojentic_nb.gateways.transport_loop import AsyncCall, AsyncCallInTime
from mojentic_nb.gateways.wire import WireRequest

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncReading", "HTTPTransport", "Reading", "Transport", "http"]


@dataclass(slots=True)
class Reading:
    """An answer that is coming in, its bytes as they arrive.

    Attributes:
        is_over: Set by whoever reads, when the answer's own final marker has come.
            The connection is then kept, if the server ends the answer at once too.
        headers: Of the answer; to be asked for by names in lower case.
    """

    chunks: Iterator[bytes]
    is_over: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class AsyncReading(Protocol):
    """The same, for a running loop."""

    is_over: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the answer."""

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; `b""` at the end."""


class Transport(Protocol):
    """How a request travels and its answer comes back.

    Leaving the context hangs up, wherever the answer was.
    """

    def open(self, wire: WireRequest) -> AbstractContextManager[Reading]:
        """Send here and now; raises `GatewayError`."""

    def aopen(self, wire: WireRequest) -> AbstractAsyncContextManager[AsyncReading]:
        """Send in the running loop; raises `GatewayError`."""


class HTTPTransport:
    """HTTP over shared clients."""

    @contextmanager
    def open(self, wire: WireRequest) -> Iterator[Reading]:
        """Send here and now."""
        line = transport_here.Line()
        try:
            yield from _read(transport_here.send(wire, line), wire, line)
        except KeyboardInterrupt:
            if not line.is_closed:
                line.hang_up()
            raise

    def aopen(self, wire: WireRequest) -> AbstractAsyncContextManager[AsyncReading]:
        """Send in the running loop."""
        return AsyncCall(wire) if wire.ends_at is None else AsyncCallInTime(wire)


def _read(
    response: httpx2.Response, wire: WireRequest, line: transport_here.Line
) -> Iterator[Reading]:
    try:
        if response.status_code >= 300:
            # The body is no local: it may repeat the key, and tracebacks show locals.
            raise refusal(
                wire, response.status_code, response.headers, transport_here.error_body(response)
            )
        refuse_compressed(wire, response.headers)
        reading = Reading(transport_here.chunks(response, wire), headers=response.headers)
        yield reading
        if reading.is_over:
            transport_here.settle(response, reading.chunks)
    finally:
        response.close()
        line.is_closed = True


http = HTTPTransport()
