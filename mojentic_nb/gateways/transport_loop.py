"""The road from a running loop: aiohttp, one session for each loop, closed with it.

Law: as `transport.py` says, which is the only caller.
"""

from __future__ import annotations

import asyncio
import io
import math
import os
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from mojentic_nb.errors import GatewayTorn
from mojentic_nb.gateways.failures import (
    failure,
    is_loopback,
    refusal,
    refuse_compressed,
    too_late,
)
from mojentic_nb.gateways.wire import (
    ERROR_BYTES,
    KEPT_S,
    MOMENT_S,
    MOST_TRIED,
    OUR_HEADERS,
    WireRequest,
)

if TYPE_CHECKING:
    import aiohttp

__all__ = ["AsyncCall", "AsyncCallInTime"]

# The largest body that aiohttp sends in one piece without a warning.
ONE_PIECE_BYTES = 2**20

_Loop = asyncio.AbstractEventLoop
_sessions: WeakKeyDictionary[_Loop, AsyncGenerator[aiohttp.ClientSession, None]] = (
    WeakKeyDictionary()
)
_open_sessions: WeakKeyDictionary[_Loop, aiohttp.ClientSession] = WeakKeyDictionary()


async def _new_session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    keeper = _kept_session()
    session = await keeper.__anext__()
    _sessions[loop], _open_sessions[loop] = keeper, session
    return session


async def _kept_session() -> AsyncGenerator[aiohttp.ClientSession, None]:
    # asyncio.run closes every async generator before its loop: that closes the session.
    import aiohttp

    session = aiohttp.ClientSession(
        connector=_connector_kind()(limit=0, keepalive_timeout=KEPT_S),
        headers=OUR_HEADERS,
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


class _Line:
    """Whether a call went over a connection that an earlier one had left."""

    __slots__ = ("is_kept",)

    def __init__(self) -> None:
        self.is_kept = True


_line: ContextVar[_Line] = ContextVar("line")


@cache
def _connector_kind() -> type[aiohttp.TCPConnector]:
    import aiohttp

    # aiohttp's own way to be told of a reused connection, a trace, costs a tenth of a call.
    class Connector(aiohttp.TCPConnector):
        async def _create_connection(self, *asked: Any, **settings: Any) -> Any:
            _line.get().is_kept = False
            return await super()._create_connection(*asked, **settings)

    return Connector


async def _asend(session: aiohttp.ClientSession, wire: WireRequest) -> aiohttp.ClientResponse:
    patience = _patience(wire.timeouts.connect_s, wire.silence_s)
    broken: BaseException | None = None
    for _ in range(MOST_TRIED):
        line = _Line()
        _line.set(line)
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
        except _breaks() as problem:
            broken = failure(problem, wire)
        except asyncio.CancelledError as problem:
            broken = asyncio.CancelledError(*problem.args)

        # As in `transport_here`: a kept connection may have been closed meanwhile.
        if not isinstance(broken, GatewayTorn) or not line.is_kept:
            break

    assert broken is not None
    raise broken


def _breaks() -> tuple[type[Exception], ...]:
    """What a connection's trouble is raised as; asked only once there is some."""
    import aiohttp

    return aiohttp.ClientError, TimeoutError, OSError, ValueError


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


class AsyncCall:
    """One request under way in the running loop: opened, read, hung up.

    A class and no generators: each async generator costs the loop a weak set's entry,
    which at a thousand calls a second was a tenth of all that a call costs.
    """

    __slots__ = ("_response", "_wire", "is_over")

    def __init__(self, wire: WireRequest) -> None:
        self._wire = wire
        self.is_over = False

    async def __aenter__(self) -> Self:
        session = _open_sessions.get(asyncio.get_running_loop())
        if session is None or session.closed:
            session = await _new_session()

        self._response = response = await _asend(session, self._wire)
        try:
            if response.status >= 300:
                # The body is no local: it may repeat the key, and tracebacks show locals.
                raise refusal(
                    self._wire, response.status, response.headers, await _aerror_body(response)
                )
            refuse_compressed(self._wire, response.headers)
        except BaseException:
            self._hang_up()
            raise

        return self

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the answer."""
        return self._response.headers

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; `b""` at the end."""
        try:
            return await self._response.content.readany()
        except _breaks() as problem:
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
        try:
            async with asyncio.timeout(MOMENT_S):
                while await self._response.content.readany():
                    pass
        except _breaks():
            return  # the answer was whole before

    def _hang_up(self) -> None:
        # Gives the connection back where the answer was read whole.
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class AsyncCallInTime(AsyncCall):
    """The same, for an answer that must be whole by a certain time."""

    __slots__ = ()

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._wire.within(math.inf)):
                return await super().__aenter__()
        except TimeoutError:
            broken = too_late(self._wire)

        raise broken

    async def read(self) -> bytes:
        """The next bytes, as soon as there are any; `b""` at the end."""
        try:
            async with asyncio.timeout(self._wire.within(math.inf)):
                return await super().read()
        except TimeoutError:
            broken = too_late(self._wire)

        raise broken


async def _aerror_body(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    try:
        while len(body) < ERROR_BYTES and (piece := await response.content.readany()):
            body += piece
    except Exception:
        return body  # the status is the news; a torn explanation changes nothing

    return body


_inherited: list[object] = []


def _forget_after_fork() -> None:
    # A child must not talk over its parent's connections, nor wake its parent's loops:
    # what it inherited is put away unseen, not collected.
    global _sessions, _open_sessions
    _inherited.append((_sessions, _open_sessions))
    _sessions, _open_sessions = WeakKeyDictionary(), WeakKeyDictionary()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
