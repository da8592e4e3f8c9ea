"""How long a streamed cell takes to reach a browser, through a real Jupyter server.

The server holds back what comes faster than its limit of messages; six thousand tokens
shown one by one need forty seconds there. The bar is one second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks.bench import Row

TOKENS = 6000
BAR_S = 1.0
BYTES_TOKENS = 2000
BYTES_BAR = 800_000
TOKEN = "bench"
HOMES = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
PATIENCE_S = 60.0


@contextmanager
def jupyter_server(**environment: str) -> Iterator[str]:
    """A Jupyter server on a free port; gives its address."""
    with tempfile.TemporaryDirectory() as room:
        homes = dict.fromkeys(HOMES, room)
        port = free_port()
        command = [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={TOKEN}"),
            f"--ServerApp.root_dir={room}",
        ]
        with subprocess.Popen(
            command,
            env={**os.environ, **homes, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                wait_until_up(url)
                yield url
            finally:
                process.terminate()


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        return int(ear.getsockname()[1])


def wait_until_up(url: str) -> None:
    """Ask until the server answers."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api", timeout=1):
            return
        time.sleep(0.1)

    raise RuntimeError("the Jupyter server never answered")


def new_kernel(url: str) -> str:
    """Start a kernel over the server's REST interface; gives its id."""
    asked = urllib.request.Request(f"{url}/api/kernels?token={TOKEN}", data=b"{}", method="POST")
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        return str(json.load(answer)["id"])


class Page:
    """What a browser's page is to a kernel: one websocket."""

    def __init__(self, line: WebSocketClientConnection) -> None:
        self._line = line

    async def run(self, code: str) -> tuple[float, int]:
        """Run a cell; seconds until all of it was here, and the bytes that came."""
        asked = uuid4().hex
        header = {"msg_id": asked, "msg_type": "execute_request", "session": "b", "username": ""}
        content: dict[str, Any] = {"code": code, "silent": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        began = time.perf_counter()
        await self._line.write_message(json.dumps({**message, "channel": "shell"}))
        size = 0
        while True:
            text = await asyncio.wait_for(self._line.read_message(), PATIENCE_S)
            assert text is not None
            found = json.loads(text)
            if found["parent_header"].get("msg_id") != asked:
                continue
            size += len(text) if found["channel"] == "iopub" else 0
            if found["content"].get("execution_state") == "idle":
                return time.perf_counter() - began, size


async def _measure(url: str, path: str) -> list[Row]:
    address = f"{url.replace('http', 'ws')}/api/kernels/{path}/channels?token={TOKEN}"
    page = Page(await websocket_connect(address))
    await page.run("%load_ext mojentic_nb\n%llm_config model=ollama:bench:10")
    await page.run("%llm hi")
    runs = [await page.run(f"%llm -m ollama:bench:{TOKENS} --fresh hi") for _ in range(3)]
    least_s = min(seconds for seconds, _ in runs)
    _, size = await page.run(f"%llm -m ollama:bench:{BYTES_TOKENS} --fresh hi")
    arrived = Row(f"{TOKENS} tokens to the client", "%llm", least_s, least_s / BAR_S, 1)
    what = f"{BYTES_TOKENS} tokens on iopub, at most {BYTES_BAR} bytes"
    weighed = Row(what, "%llm", 0.0, size / BYTES_BAR, 1, size_bytes=size)
    return [arrived, weighed]


def notebook(url: str) -> list[Row]:
    """Wall seconds and bytes of a streamed cell; ratios are to the bars themselves."""
    with jupyter_server(OLLAMA_HOST=url) as server:
        return asyncio.run(_measure(server, new_kernel(server)))
