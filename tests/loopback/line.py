"""One TCP connection, spoken to in HTTP/1.1.

Law: bytes and the socket, no protocol. We write HTTP by hand because a real
server library would refuse to do what broken servers do: tear a chunk in
half, stop in mid-body, reset. `Line.gone` is the truth about the client.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from tests.loopback.answer import JsonObject

# A request's head; bodies are read by length and may be larger.
HEAD_LIMIT_BYTES = 1 << 20
LAST_CHUNK = b"0\r\n\r\n"


class HungUp(Exception):
    """The client closed before its answer was complete."""


class Request(NamedTuple):
    """One request as it was read."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to use the connection again."""
        return self.headers.get("connection", "").lower() != "close"

    @property
    def json(self) -> Any:
        """The body, or None when there is none or it is not JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None

    @property
    def fields(self) -> JsonObject:
        """The body's fields; none when it is not an object."""
        body = self.json
        return body if isinstance(body, dict) else {}


class Ear(asyncio.StreamReaderProtocol):
    """A stream protocol that notes the moment the client goes.

    A StreamReader alone tells of an end only to whoever is reading, and while
    an answer is being written nobody reads.
    """

    def __init__(self, reader: asyncio.StreamReader, connected: Any) -> None:
        super().__init__(reader, connected)
        self.gone = asyncio.Event()

    def eof_received(self) -> bool | None:
        """The client closed, or at least will say no more."""
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client reset, or we closed."""
        self.gone.set()
        super().connection_lost(exc)


class Line:
    """A connection to one client."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        ear = writer.transport.get_protocol()
        assert isinstance(ear, Ear)
        self.gone = ear.gone
        self.number = number
        self._reader = reader
        self._writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def read_request(self) -> Request | None:
        """The next request; None when the client has no more."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            method, path, headers = read_head(head)
            return Request(method, path, headers, await self._read_content(headers))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _read_content(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return await self._reader.readexactly(int(headers.get("content-length", 0)))

        content = b""
        while size := int((await self._reader.readline()).split(b";")[0], 16):
            content += (await self._reader.readexactly(size + 2))[:-2]

        await self._reader.readline()
        return content

    async def write(self, data: bytes) -> None:
        """Send the bytes and let the other connections have a turn.

        Raises:
            HungUp: The client is no longer there.
        """
        if self.gone.is_set():
            raise HungUp

        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            raise HungUp from None

        # drain() returns at once while the socket takes everything; without
        # this a long stream would notice neither a hang-up nor other clients.
        await asyncio.sleep(0)

    async def rest(self, seconds: float) -> None:
        """Wait, unless the client goes first.

        Raises:
            HungUp: It went.
        """
        if seconds <= 0:
            return

        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self.gone.wait(), seconds)
            raise HungUp

    async def outwait(self) -> None:
        """Say nothing until the client goes, then raise HungUp."""
        await self.gone.wait()
        raise HungUp

    def close(self) -> None:
        """Close after what was written; an unfinished body stays unfinished."""
        self._writer.close()

    def reset(self) -> None:
        """Close at once with RST in place of FIN."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def drop(self) -> None:
        """Close at once and forget what was not sent."""
        self._writer.transport.abort()


def read_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, path without its query, and headers in lower case."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return method, target.partition("?")[0], headers


def write_head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded"

    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {told}" for name, told in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def write_chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
