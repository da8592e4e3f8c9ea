"""The road from a script or a cell: httpx2, shared by all threads.

Law: as `transport.py` says, which is the only caller.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

from mojentic_nb.errors import GatewayError, GatewayTorn
from mojentic_nb.gateways.failures import failure, is_loopback
from mojentic_nb.gateways.wire import (
    ERROR_BYTES,
    KEPT_S,
    MOMENT_S,
    MOST_TRIED,
    OUR_HEADERS,
    WireRequest,
)

if TYPE_CHECKING:
    import httpx2

__all__ = ["Line", "chunks", "error_body", "send", "settle"]

_clients: dict[bool, httpx2.Client] = {}
_making = threading.Lock()


def _client(url: str) -> httpx2.Client:
    plain = url.startswith("http://") and is_loopback(url)
    with _making:
        if plain not in _clients:
            import httpx2

            # A loopback server is not reached through a proxy, and needs no trust
            # store, which takes tens of milliseconds to load.
            limits = httpx2.Limits(
                max_connections=None, max_keepalive_connections=64, keepalive_expiry=KEPT_S
            )
            _clients[plain] = httpx2.Client(verify=not plain, trust_env=not plain, limits=limits)

        return _clients[plain]


class Line:
    """What one call knows of the connection it goes over.

    The stop button may hit between any two lines of the HTTP library, where nobody holds the
    connection yet or any more; so each connection tells whoever writes to it.

    Attributes:
        is_kept: Whether an earlier call had left it.
        is_closed: Whether the answer was closed as it should.
    """

    __slots__ = ("is_closed", "is_kept", "stream")

    def __init__(self) -> None:
        self.is_kept = True
        self.is_closed = False
        self.stream: Any = None
        _writing.line = self

    def __call__(self, step: str, told: dict[str, Any]) -> None:
        """Follow the HTTP library, as its `trace`."""
        if step.endswith("connect_tcp.started"):
            self.is_kept = False
        elif step.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.stream = stream = told["return_value"]
            stream.write = partial(_write, stream, stream.write)

    def hang_up(self) -> None:
        """Close the connection, whatever the library thinks of it, and begin afresh."""
        # Interrupted between two lines, the pool may hold a lock or a dead connection.
        _clients.clear()
        if self.stream is not None:
            self.stream.close()


_writing = threading.local()


def _write(
    stream: Any, write: Callable[..., None], data: bytes, timeout: float | None = None
) -> None:
    _writing.line.stream = stream
    write(data, timeout)


def send(wire: WireRequest, line: Line) -> httpx2.Response:
    """Send a request; the answer's head has come then, its body has not."""
    for others in range(MOST_TRIED - 1, -1, -1):
        line.is_kept = True
        try:
            return _sent(wire, line)
        except GatewayTorn as problem:
            broken = problem

        # llama.cpp closes after each stream and says it does not, so that a kept connection
        # may break before a byte of the answer: the next one is tried, as curl does too.
        if not line.is_kept or not others:
            break

    raise broken.alone()


def _sent(wire: WireRequest, line: Line) -> httpx2.Response:
    import httpx2

    silence_s = wire.within(wire.silence_s)
    connect_s = wire.within(wire.timeouts.connect_s)
    patience = {"connect": connect_s, "read": silence_s, "write": silence_s}
    try:
        # Made whole, not by the client: merging its defaults in would cost a tenth of a call.
        request = httpx2.Request(
            wire.method,
            _parsed(wire.url),
            headers=OUR_HEADERS | wire.headers,
            content=wire.body,
            extensions={"timeout": patience, "trace": line},
        )
        return _client(wire.url).send(request, stream=True)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as problem:
        broken: BaseException = failure(problem, wire)
    except KeyboardInterrupt:
        broken = KeyboardInterrupt()

    raise broken


@lru_cache(maxsize=64)
def _parsed(url: str) -> httpx2.URL:
    import httpx2

    return httpx2.URL(url)


def error_body(response: httpx2.Response) -> bytes:
    """What a refusal says, as far as it comes."""
    body = b""
    try:
        for piece in response.iter_raw():
            body += piece
            if len(body) >= ERROR_BYTES:
                break
    except Exception:
        return body  # the status is the news; a torn explanation changes nothing

    return body


def chunks(response: httpx2.Response, wire: WireRequest) -> Iterator[bytes]:
    """The body as it arrives."""
    import httpx2

    line = None if wire.ends_at is None else response.extensions.get("network_stream")
    if line is not None:
        line.read = partial(_read_in_time, line.read, wire)
    try:
        # The stream itself: iter_raw would count and re-cut what is used as it comes.
        yield from cast("Iterable[bytes]", response.stream)
        return
    except (httpx2.HTTPError, OSError) as problem:
        broken: BaseException = failure(problem, wire)
    except KeyboardInterrupt:
        broken = KeyboardInterrupt()
    finally:
        if line is not None:
            line.__dict__.pop("read", None)

    raise broken


def _read_in_time(
    read: Callable[..., bytes], wire: WireRequest, size: int, timeout: float | None = None
) -> bytes:
    return read(size, timeout=wire.within(wire.silence_s if timeout is None else timeout))


def settle(response: httpx2.Response, rest: Iterator[bytes]) -> None:
    """Read to the end of HTTP, as long as it comes within a moment."""
    # The patience of a body is fixed when its first byte is read, so it is the line that
    # must be less patient now. Most ends are in memory already and touch no line.
    line = response.extensions.get("network_stream")
    if line is None:
        return

    line.read = partial(_read_soon, line.read)
    try:
        # A line end or two may come apart from the final marker, and nothing else.
        while next(rest, b"").isspace():
            pass
    except GatewayError:
        return  # the answer was whole before
    finally:
        line.__dict__.pop("read", None)


def _read_soon(read: Callable[..., bytes], size: int, timeout: float | None = None) -> bytes:
    return read(size, timeout=MOMENT_S)


@atexit.register
def _close() -> None:
    for client in _clients.values():
        client.close()


_inherited: list[object] = []


def _forget_after_fork() -> None:
    # A child must not talk over its parent's connections, nor close them.
    global _making, _clients
    _inherited.append(_clients)
    _making, _clients = threading.Lock(), {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
