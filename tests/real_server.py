"""A real llama.cpp server for the tests that a scripted one cannot replace.

Law: only finds, starts and stops the server; what is said to it belongs to the tests.
It speaks the OpenAI and the Anthropic protocols. Its model has random weights: the text
is noise, but JSON schemas, tool calls and the tool loop are real. Ask with a seed and
`max_tokens`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
NEIGHBOUR = ROOT.parent / "shared" / "llama" / "llama-server"

HOW_TO_GET_IT = (
    "no llama.cpp server found. Build `llama-server` from llama.cpp (or from the vendor folder of "
    "llama-cpp-python's source package), then set LLAMA_SERVER to it and LLAMA_MODEL to any small "
    ".gguf, or put a tiny.gguf beside it"
)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Where the server and its model lie."""

    server: Path
    model: Path


def find() -> Installation | None:
    """Look where LLAMA_SERVER says, then on PATH, then in the neighbouring folder."""
    named = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")
    server = Path(named) if named else NEIGHBOUR
    model = Path(os.environ.get("LLAMA_MODEL") or server.resolve().with_name("tiny.gguf"))
    if server.is_file() and model.is_file():
        return Installation(server=server, model=model)

    return None


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LlamaServer:
    """One running server, as a context manager; `url` has no trailing path."""

    model = "tiny"

    def __init__(self, installation: Installation) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        place = ["-m", str(installation.model), "--host", "127.0.0.1", "--port", str(port)]
        shape = ["--alias", self.model, "-c", "8192", "-np", "4", "--jinja"]
        vectors = ["--embeddings", "--pooling", "mean"]
        self._command = [str(installation.server), *place, *shape, *vectors]

    def __enter__(self) -> LlamaServer:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self._wait_until_healthy(seconds=20)
        except BaseException:
            self._stop()
            raise

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _wait_until_healthy(self, *, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while not self._is_healthy():
            if self._process.poll() is not None:
                raise RuntimeError(f"llama-server ended with code {self._process.returncode}")
            if time.monotonic() > give_up:
                raise TimeoutError(f"llama-server at {self.url} was not ready in {seconds} s")

            time.sleep(0.02)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
