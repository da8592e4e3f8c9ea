"""The one seam to the network.

Law: only this file knows an HTTP library, and connection and status errors become
ours here. They are raised outside the library's frames and without its exceptions
as cause: those hold requests, and requests hold keys. A cassette or the demo model
is another `Transport`; nothing above can tell.

The sync side is httpx2, the async side aiohttp, which costs a fifth of the CPU where
many streams run at once. Clients are shared: a client per call would load the trust
store each time. An async client belongs to its loop and is closed with it.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import os
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Protocol, Self, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from mojentic_nb.errors import GatewayError
from mojentic_nb.gateways.failures import compressed, failure, is_loopback, refusal
from mojentic_nb.gateways.wire import WireRequest

if TYPE_CHECKING:
    import aiohttp
    import httpx2

__all__ = ["AsyncReading", "HTTPTransport", "Reading", "Transport", "http"]

# Of an error's body; some proxies send megabytes of page.
ERROR_BYTES = 64_000

# Seconds a server gets to end an answer whose final marker has come. In the same packet
# or the next one, as a rule; keeping the connection is not worth more waiting.
MOMENT_S = 0.1

# The largest body that aiohttp sends in one piece without a warning.
ONE_PIECE_BYTES = 2**20


@dataclass(slots=True)
class Reading:
    """An answer that is coming in, its bytes as they arrive.

    Attributes:
        is_over: Set by whoever reads, when the answer's own final marker has come.
            The connection is then kept, if the server ends the answer at once too.
    """

    chunks: Iterator[bytes]
    is_over: bool = False


class AsyncReading(Protocol):
    """The same, for a running loop."""

    is_over: bool

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
        response = _send(wire)
        try:
            if response.status_code >= 300:
                raise refusal(wire, response.status_code, response.headers, _error_body(response))
            _refuse_compressed(wire, response.headers)
            reading = Reading(_chunks(response, wire))
            yield reading
            if reading.is_over:
                _settle(response, reading.chunks)
        finally:
            response.close()

    def aopen(self, wire: WireRequest) -> AbstractAsyncContextManager[AsyncReading]:
        """Send in the running loop."""
        return _AsyncCall(wire)


http = HTTPTransport()


def _refuse_compressed(wire: WireRequest, headers: Mapping[str, str]) -> None:
    encoding = headers.get("content-encoding", "identity")
    if encoding not in ("identity", ""):
        raise compressed(wire, encoding)


# here: httpx2 ---------------------------------------------------------------

_clients: dict[bool, httpx2.Client] = {}
_making = threading.Lock()


def _client(url: str) -> httpx2.Client:
    plain = url.startswith("http://") and is_loopback(url)
    with _making:
        if plain not in _clients:
            import httpx2

            # A loopback server is not reached through a proxy, and needs no trust
            # store, which takes tens of milliseconds to load.
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
            _clients[plain] = httpx2.Client(verify=not plain, trust_env=not plain, limits=limits)

        return _clients[plain]


# Frames are read raw as they come, so compression could only delay them.
_OUR_HEADERS = {"user-agent": "mojentic-nb", "accept-encoding": "identity"}


def _send(wire: WireRequest) -> httpx2.Response:
    import httpx2

    patience = {"connect": wire.timeouts.connect_s, "read": wire.silence_s, "write": wire.silence_s}
    try:
        # Made whole, not by the client: merging its defaults in would cost a tenth of a call.
        request = httpx2.Request(
            wire.method,
            _parsed(wire.url),
            headers=_OUR_HEADERS | wire.headers,
            content=wire.body,
            extensions={"timeout": patience},
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


def _error_body(response: httpx2.Response) -> bytes:
    body = b""
    try:
        for piece in response.iter_raw():
            body += piece
            if len(body) >= ERROR_BYTES:
                break
    except Exception:
        return body  # the status is the news; a torn explanation changes nothing

    return body


def _chunks(response: httpx2.Response, wire: WireRequest) -> Iterator[bytes]:
    import httpx2

    try:
        # The stream itself: iter_raw would count and re-cut what is used as it comes.
        yield from cast("Iterable[bytes]", response.stream)
        return
    except (httpx2.HTTPError, OSError) as problem:
        broken: BaseException = failure(problem, wire)
    except KeyboardInterrupt:
        broken = KeyboardInterrupt()

    raise broken


def _settle(response: httpx2.Response, chunks: Iterator[bytes]) -> None:
    """Read to the end of HTTP, as long as it comes within a moment."""
    # The patience of a body is fixed when its first byte is read, so it is the line that
    # must be less patient now. Most ends are in memory already and touch no line.
    line = response.extensions.get("network_stream")
    if line is None:
        return

    line.read = partial(_read_soon, line.read)
    try:
        next(chunks, None)
    except GatewayError:
        return  # the answer was whole before
    finally:
        del line.read


def _read_soon(read: Callable[..., bytes], size: int, timeout: float | None = None) -> bytes:
    return read(size, timeout=MOMENT_S)


# awaiting: aiohttp ----------------------------------------------------------

_Loop = asyncio.AbstractEventLoop
_sessions: WeakKeyDictionary[_Loop, AsyncGenerator[aiohttp.ClientSession, None]] = (
    WeakKeyDictionary()
)
_open_sessions: WeakKeyDictionary[_Loop, aiohttp.ClientSession] = WeakKeyDictionary()


async def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    session = _open_sessions.get(loop)
    if session is None or session.closed:
        keeper = _kept_session()
        session = await keeper.__anext__()
        _sessions[loop], _open_sessions[loop] = keeper, session

    return session


async def _kept_session() -> AsyncGenerator[aiohttp.ClientSession, None]:
    # asyncio.run closes every async generator before its loop: that closes the session.
    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        headers=_OUR_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )
    try:
        yield session
    finally:
        # A session holds its loop, and would keep it as long as this holds the session.
        loop = asyncio.get_running_loop()
        _sessions.pop(loop, None)
        _open_sessions.pop(loop, None)
        await session.close()


async def _asend(wire: WireRequest) -> aiohttp.ClientResponse:
    import aiohttp

    session = await _session()
    patience = _patience(wire.timeouts.connect_s, wire.silence_s)
    try:
        return await session.request(
            wire.method,
            wire.url,
            data=_sendable(wire.body),
            headers=wire.headers,
            timeout=patience,
            allow_redirects=False,
            proxy=_proxy(wire.url),
        )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        broken: BaseException = failure(problem, wire)
    except asyncio.CancelledError as problem:
        broken = asyncio.CancelledError(*problem.args)

    raise broken


def _sendable(body: bytes) -> bytes | io.BytesIO | None:
    return io.BytesIO(body) if len(body) > ONE_PIECE_BYTES else body or None


@cache
def _patience(connect_s: float, silence_s: float) -> aiohttp.ClientTimeout:
    import aiohttp

    return aiohttp.ClientTimeout(total=None, sock_connect=connect_s, sock_read=silence_s)


def _proxy(url: str) -> str | None:
    if is_loopback(url):
        return None

    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    found = getproxies().get(parts.scheme)
    return None if not found or proxy_bypass(parts.hostname or "") else found


class _AsyncCall:
    """One request under way in the running loop: opened, read, hung up.

    A class and no generators: each async generator costs the loop a weak set's entry,
    which at a thousand calls a second was a tenth of all that a call costs.
    """

    __slots__ = ("_response", "_wire", "is_over")

    def __init__(self, wire: WireRequest) -> None:
        self._wire = wire
        self.is_over = False

    async def __aenter__(self) -> Self:
        self._response = response = await _asend(self._wire)
        try:
            if response.status >= 300:
                # The body is no local: it may repeat the key, and tracebacks show locals.
                raise refusal(
                    self._wire, response.status, response.headers, await _aerror_body(response)
                )
            _refuse_compressed(self._wire, response.headers)
        except BaseException:
            self._hang_up()
            raise

        return self

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; `b""` at the end."""
        import aiohttp

        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            broken: BaseException = failure(problem, self._wire)
        except asyncio.CancelledError as problem:
            broken = asyncio.CancelledError(*problem.args)

        raise broken

    async def __aexit__(self, *problem: object) -> None:
        try:
            if self.is_over and not self._response.content.at_eof():
                await self._settle()
        finally:
            self._hang_up()

    async def _settle(self) -> None:
        """Read to the end of HTTP, as long as it comes within a moment."""
        import aiohttp

        try:
            async with asyncio.timeout(MOMENT_S):
                await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return  # the answer was whole before

    def _hang_up(self) -> None:
        # Gives the connection back where the answer was read whole.
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


async def _aerror_body(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    try:
        while len(body) < ERROR_BYTES and (piece := await response.content.readany()):
            body += piece
    except Exception:
        return body  # the status is the news; a torn explanation changes nothing

    return body


@atexit.register
def _close() -> None:
    for client in _clients.values():
        client.close()


_inherited: list[object] = []


def _forget_after_fork() -> None:
    # A child must not talk over its parent's connections, nor close its parent's loops:
    # what it inherited is put away unseen, not collected.
    global _making, _clients, _sessions, _open_sessions
    _inherited.append((_clients, _sessions, _open_sessions))
    _making = threading.Lock()
    _clients, _sessions, _open_sessions = {}, WeakKeyDictionary(), WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
