"""What every test stands on.

Law: no test reads a key or a host from the person's environment, and none connects to
anything but this machine. Both are guards for all tests, not mocks of our own code.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests import real_server

if TYPE_CHECKING:
    from tests.loopback import Loopback

# Port 9 is "discard": reserved and, on any machine of this century, closed. A test that
# forgets its server gets a refusal at once instead of somebody's Ollama.
CLOSED = "http://127.0.0.1:9"

OURS = ("OLLAMA_HOST", "OPENAI_", "ANTHROPIC_", "MOJENTIC_NB_")

# The same examples on every run and machine; no folder of past failures.
settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.load_profile("house")


class OutsideLoopback(AssertionError):
    """A test tried to connect to another machine."""


def stays_here(family: int, address: Any) -> bool:
    """Whether connecting to `address` stays on this machine."""
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True

    host = str(address[0])
    return host.startswith("127.") or host in ("::1", "localhost")


def guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    """`connect`, refusing every address that is not loopback."""

    def connect_here(self: socket.socket, address: Any) -> Any:
        if not stays_here(self.family, address):
            raise OutsideLoopback(f"a test connected to {address!r}; only loopback is allowed")

        return connect(self, address)

    return connect_here


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have no test skipped in CI: what a machine lacks there, `.ci/run` is to bring."""
    report = yield
    # Tokenizers' ranks come by npm, which may not have them.
    is_excused = item.path.name == "test_tokens_exact.py"
    if report.skipped and os.environ.get("CI") == "true" and not is_excused:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI takes for a failure: {report.longrepr}"

    return report


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Refuse every outgoing connection, from the first test to the last."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        yield


@pytest.fixture(autouse=True)
def nobodys_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the person's keys, hosts and settings; Ollama is where nothing answers."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)

    monkeypatch.setenv("OLLAMA_HOST", CLOSED)
    # Without anybody's ranks a count is the same estimate on every machine.
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", os.devnull)
    monkeypatch.setenv("MOJENTIC_NB_CONFIG", os.devnull)


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A fresh scripted provider, speaking the three protocols on this machine."""
    from tests.loopback import Loopback

    with Loopback() as server:
        yield server


@pytest.fixture(scope="session")
def llama() -> Iterator[real_server.LlamaServer]:
    """A real llama.cpp server; each xdist worker starts its own when first asked."""
    installation = real_server.find()
    if installation is None:
        pytest.skip(real_server.HOW_TO_GET_IT)

    with real_server.LlamaServer(installation) as server:
        yield server
