"""The loopback's Ollama beyond chatting, against Ollama's own client.

Law: as `test_loopback.py`: nothing here imports mojentic_nb.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import ollama
import pytest

from tests.loopback import Answer, Loopback
from tests.loopback.clients import ASKED, Clients


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def clients(server: Loopback) -> Iterator[Clients]:
    with contextlib.closing(Clients(server.url)) as opened:
        yield opened


def test_ollama_tells_log_probabilities_when_asked(clients: Clients) -> None:
    asked: Any = {"model": "m", "messages": ASKED, "logprobs": True, "top_logprobs": 2}
    whole = clients.ollama.chat(**asked)
    told = [
        one for part in clients.ollama.chat(**asked, stream=True) for one in part.logprobs or ()
    ]

    assert whole.logprobs == told
    assert [one.token for one in told] == ["Hello ", "from ", "loopback."]
    assert [len(one.top_logprobs or ()) for one in told] == [2, 2, 2]
    assert clients.ollama.chat("m", ASKED).logprobs is None


def test_ollama_pulls(server: Loopback, clients: Clients) -> None:
    server.script_path("/api/pull", Answer("one"))
    told = list(clients.ollama.pull("llama3.2", stream=True))
    sizes = [(part.completed, part.total) for part in told if part.digest]

    assert [told[0].status, told[-1].status] == ["pulling manifest", "success"]
    assert sizes == [(None, 1000), (500, 1000), (1000, 1000)]
    assert clients.ollama.pull("llama3.2").status == "success"
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        list(clients.ollama.pull("missing", stream=True))


def test_ollama_shows_what_a_models_file_says(server: Loopback, clients: Clients) -> None:
    server.parameters["llama3.2:latest"] = "num_ctx                        8192"

    assert clients.ollama.show("llama3.2:latest").parameters == server.parameters["llama3.2:latest"]
