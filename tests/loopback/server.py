"""The loopback server: a thread, an event loop and a socket of its own.

Law: this is the only file that crosses threads. A test calls from its own
thread; everything else runs on the server's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from tests.loopback.answer import Answer
from tests.loopback.desk import Desk
from tests.loopback.line import HEAD_LIMIT_BYTES, Ear, HungUp, Line, Request
from tests.loopback.seen import Seen


class Loopback:
    """A provider on 127.0.0.1 that speaks Ollama, OpenAI and Anthropic.

    Use it as a context manager, or call `start` and `stop`.

    Attributes:
        url: Where it listens; empty until started.
        requests: What arrived, in order.
    """

    def __init__(self, *, coalesce: bool = True, port: int = 0) -> None:
        self.url = ""
        self.requests: list[Seen] = []
        self._desk = Desk(coalesce=coalesce)
        self._port = port
        self._arrived = threading.Condition()
        self._connections = itertools.count(1)
        self._open: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def models(self) -> list[str]:
        """What listings show, in this order."""
        return self._desk.shelf.models

    @models.setter
    def models(self, models: list[str]) -> None:
        self._desk.shelf.models = models

    @property
    def capabilities(self) -> dict[str, list[str]]:
        """What Ollama's /api/show says a model can do; else completion and tools."""
        return self._desk.shelf.capabilities

    @property
    def parameters(self) -> dict[str, str]:
        """The parameter lines of a model's own file, as Ollama's /api/show gives them."""
        return self._desk.shelf.parameters

    @property
    def require_key(self) -> str | None:
        """The only key that is let in; None lets everybody in."""
        return self._desk.require_key

    @require_key.setter
    def require_key(self, key: str | None) -> None:
        self._desk.require_key = key

    def script(self, *answers: Answer) -> None:
        """Queue answers; the next chat of any protocol takes the first."""
        self._desk.script.extend(answers)

    def script_path(self, path: str, *answers: Answer) -> None:
        """Queue answers for one path, listings included; they go before `script`'s."""
        self._desk.scripts_by_path.setdefault(path, type(self._desk.script)()).extend(answers)

    @property
    def unused(self) -> int:
        """Scripted answers that nobody has taken yet."""
        return len(self._desk.script)

    def clear(self) -> None:
        """Forget the script and the requests; settings stay."""
        with self._arrived:
            self._desk.clear()
            self.requests = []

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Seen]:
        """Wait until that many requests have arrived, and return all.

        Raises:
            TimeoutError: Fewer came within `timeout` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} of {count} requests within {timeout} s")

            return list(self.requests)

    def start(self) -> Self:
        """Listen; returns once connections are accepted.

        Raises:
            OSError: The port is taken.
        """
        if self._thread is not None:
            return self

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loopback", daemon=True)
        self._thread.start()
        try:
            self._on_loop(self._listen())
        except OSError:
            self._end_loop()
            raise

        return self

    def stop(self) -> None:
        """Drop every connection and end the thread; a second call does nothing."""
        if self._thread is None:
            return

        self._on_loop(self._hang_up())
        self._end_loop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def _end_loop(self) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        self._loop = self._thread = None

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._ear, "127.0.0.1", self._port, backlog=512)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def _ear(self) -> Ear:
        reader = asyncio.StreamReader(limit=HEAD_LIMIT_BYTES)
        return Ear(reader, self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer, next(self._connections))
        task = asyncio.get_running_loop().create_task(self._converse(line))
        self._open.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, line))

    def _ended(self, task: asyncio.Task[None], line: Line) -> None:
        self._open.discard(task)
        # One cancelled before it began never came to its own clean-up.
        if task.cancelled():
            line.drop()

    async def _hang_up(self) -> None:
        # First no more are let in, then those on the threshold come in, then the door is
        # shut: asyncio leaves a socket open whose connection begins after Server.close().
        for ear in self._server.sockets:
            asyncio.get_running_loop().remove_reader(ear.fileno())
        await asyncio.sleep(0)
        self._server.close()
        # Every task, not only the open conversations: a connection may just be on its way
        # in, and become one in between.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            # A transport closes its socket a turn or two after it was aborted.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _converse(self, line: Line) -> None:
        """Answer one connection's requests until either side ends it."""
        try:
            while request := await line.read_request():
                if not await self._answer(line, request) or not request.keeps_alive:
                    line.close()
                    return

            line.close()
        except asyncio.CancelledError:
            line.drop()
            raise
        except Exception:
            # A test that scripts nonsense must fail, not hang.
            line.reset()
            raise

    async def _answer(self, line: Line, request: Request) -> bool:
        seen = self._see(line, request)
        try:
            return await self._desk.serve(line, request, seen)
        except HungUp:
            seen.hung_up.set()
            return False
        finally:
            seen.finished.set()

    def _see(self, line: Line, request: Request) -> Seen:
        seen = Seen(request.method, request.path, request.headers, request.json, line.number)
        with self._arrived:
            self.requests.append(seen)
            self._arrived.notify_all()

        return seen


def serve_until(stop: threading.Event, *, port: int = 0, coalesce: bool = True) -> None:
    """Print the address and serve until the event is set."""
    with Loopback(port=port, coalesce=coalesce) as server, contextlib.suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        stop.wait()
