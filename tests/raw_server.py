"""A server that says exactly these bytes, for what even a broken provider would not say.

Law: no HTTP and no protocol. It answers every request with the same pieces and keeps the
line open until the client goes, unless told otherwise.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import BinaryIO, Self


class RawServer:
    """Listens on 127.0.0.1 as a context manager.

    Attributes:
        url: Where it listens.
        connections: How many were made.
        hung_up: Set when a client has gone.

    Args:
        closes: It closes after the last piece instead of waiting.
        gap: What it waits for between two pieces.
        answers: So many requests are answered on a connection; the next one is read,
            and then the connection is closed without a word.
    """

    def __init__(
        self,
        *pieces: bytes,
        closes: bool = False,
        gap: threading.Event | None = None,
        answers: int = 1000,
    ) -> None:
        self._pieces: Sequence[bytes] = pieces
        self._closes = closes
        self._answers = answers
        self._gap = gap
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.connections = 0
        self.hung_up = threading.Event()
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for line in self._open:
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return

            self.connections += 1
            self._open.append(line)
            threading.Thread(target=self._converse, args=(line,), daemon=True).start()

    def _converse(self, line: socket.socket) -> None:
        try:
            with line.makefile("rb") as heard:
                for _ in range(self._answers):
                    if not read_request(heard):
                        break
                    self._answer(line)
                    if self._closes:
                        break
                else:
                    read_request(heard)
        except OSError:
            pass

        self.hung_up.set()
        line.close()

    def _answer(self, line: socket.socket) -> None:
        for number, piece in enumerate(self._pieces):
            if number and self._gap is not None:
                self._gap.wait(5)
            line.sendall(piece)


def read_request(heard: BinaryIO) -> bool:
    """Read one request to its end; whether there was one."""
    length = 0
    for line in iter(heard.readline, b"\r\n"):
        if not line:
            return False
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length

    heard.read(length)
    return True
