"""What is not a conversation replays too: images by address, pulls, context windows.

Law: as in `test_cassette.py`, a replay is asked of an address where nobody listens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.messages import LLMMessage
from tests.loopback import Answer, Loopback
from tests.pictures import picture
from tests.shapes import ONCE, Shape, every_shape

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@every_shape
def test_an_image_by_address_is_replayed_with_its_call(
    loopback: Loopback, file: Path, shape: Shape
) -> None:
    """The second of two hosts has another image under the same path, and is asked alone."""
    with Loopback() as other, Cassette(file):
        urls = [f"{server.url}/plot.png" for server in (other, loopback)]
        for server, kind in ((other, "PNG"), (loopback, "GIF")):
            server.script_path("/plot.png", Answer(body=picture(kind), content_type="image/png"))
        loopback.script(Answer("first"), Answer("second"))
        for url, told in zip(urls, ["first", "second"], strict=True):
            assert shown(shape, loopback.url, url) == told

    loopback.stop()
    with Cassette(file, mode="replay"):
        assert shown(shape, CLOSED, urls[1]) == "second"


def shown(shape: Shape, url: str, image: str) -> str:
    broker = LLMBroker("m", OllamaGateway(host=url), retry=ONCE)
    outcome = shape.run(broker, LLMMessage.user("What?", images=image))
    assert outcome.error is None
    return outcome.text


def test_a_pull_and_a_window_are_replayed_without_a_server(loopback: Loopback, file: Path) -> None:
    loopback.models = ["m"]
    loopback.script_path("/api/pull", Answer("one"))

    def asked(url: str) -> list[Any]:
        gateway = OllamaGateway(host=url)
        return [list(gateway.pull_events("m")), gateway.get_model_context_window("m")]

    with Cassette(file):
        first = asked(loopback.url)
    with Cassette(file, mode="replay") as replay:
        assert asked(CLOSED) == first
    assert replay.replayed == 2
