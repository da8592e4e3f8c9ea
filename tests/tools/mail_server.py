"""A small mail server on this machine that keeps what it was given."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Mapping


class MailServer:
    """Speaks enough SMTP; `says` replaces an answer by the command's first word.

    Attributes:
        heard: Every command, in order.
        mails: What came after each DATA.
    """

    def __init__(self, says: Mapping[str, str] | None = None, *, refuses: str = "") -> None:
        self.heard: list[str] = []
        self.mails: list[str] = []
        self.says = dict(says or {})
        self.refuses = refuses
        self.left = threading.Event()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> MailServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.left.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, line: str) -> str:
        word = line.split(" ")[0].upper()
        if word == "RCPT" and self.refuses and self.refuses in line:
            return "550 nobody of that name"

        known = {
            "EHLO": "250-here\r\n250 AUTH PLAIN",
            "DATA": "354 go on",
            "QUIT": "221 bye",
            "AUTH": "235 welcome",
        }
        return self.says.get(word, known.get(word, "250 ok"))

    def _handler(server) -> type[socketserver.StreamRequestHandler]:  # noqa: N805
        class Handler(socketserver.StreamRequestHandler):
            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def handle(self) -> None:
                try:
                    self.say(server.says.get("", "220 here"))
                    while line := self.rfile.readline().decode().rstrip("\r\n"):
                        word, _, rest = line.partition(" ")
                        server.heard.append(f"{word.upper()} {rest}".rstrip())
                        said = server.answer(line)
                        if said == "silence":
                            server.left.wait()
                            return
                        if said == "hang up":
                            return
                        self.say(said)
                        if said.startswith("354"):
                            self.take()
                except OSError:
                    return  # whoever spoke has gone

            def take(self) -> None:
                lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                server.mails.append("".join(lines))
                self.say(server.says.get(".", "250 taken"))

        return Handler
