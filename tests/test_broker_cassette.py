"""A broker's own cassette: over its gateway, what it falls back on, and its listings."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from tests.loopback import Answer, Loopback
from tests.shapes import ONCE, PROTOCOLS, Protocol, Shape, every_protocol, every_shape_and_object

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "own.jsonl"


@every_protocol
@every_shape_and_object
def test_its_calls_are_recorded_and_replayed(
    loopback: Loopback, file: Path, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer('{"said": "hello"}'))
    first = shape.run(protocol.broker(loopback.url, cassette=file), "hi")
    replay = protocol.broker(CLOSED, cassette=Cassette(file, mode="replay"))
    second = shape.run(replay, "hi")

    assert first.error is None
    assert second.text == first.text
    assert len(loopback.requests) == 1


def test_another_cassette_around_it_hears_nothing(loopback: Loopback, file: Path) -> None:
    broker = PROTOCOLS[0].broker(loopback.url, cassette=str(file))
    with Cassette(file.with_name("around.jsonl")) as around:
        broker.generate("hi")

    assert around.recorded == 0
    assert file.exists()


def test_a_fallback_goes_through_it_too(loopback: Loopback, file: Path) -> None:
    def broker(url: str, cassette: Cassette) -> LLMBroker:
        first, second = OllamaGateway(url), OpenAIGateway(api_key="k", base_url=f"{url}/v1")
        return LLMBroker("m", first, fallback=[second], cassette=cassette, retry=ONCE)

    loopback.script(Answer.error(503, "No"), Answer("from the other"))
    told = [str(broker(loopback.url, Cassette(file)).generate("hi"))]
    told.append(str(broker(CLOSED, Cassette(file, mode="replay")).generate("hi")))

    assert told == ["from the other"] * 2
    assert len(loopback.requests) == 2


def test_the_model_a_provider_stands_for_is_replayed(
    loopback: Loopback, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    first = LLMBroker("ollama:", cassette=file)
    monkeypatch.setenv("OLLAMA_HOST", CLOSED)
    assert LLMBroker("ollama:", cassette=Cassette(file, mode="replay")).model == first.model


def test_a_miss_says_what_was_not_recorded(loopback: Loopback, file: Path) -> None:
    PROTOCOLS[0].broker(loopback.url, cassette=file).generate("hi")
    broker = PROTOCOLS[0].broker(loopback.url, cassette=Cassette(file, mode="replay"))
    with pytest.raises(errors.CassetteMiss, match="messages"):
        broker.generate("ho")

    assert len(loopback.requests) == 1


@pytest.mark.parametrize("wrong", [5, b"x", True])
def test_what_is_no_cassette_is_refused(wrong: object) -> None:
    with pytest.raises(errors.BadArgument):
        LLMBroker("demo", cassette=wrong)


def test_a_damaged_file_is_told_at_once_and_left_alone(file: Path) -> None:
    file.write_text("not a cassette\n")
    with pytest.raises(errors.CassetteError):
        LLMBroker("demo", cassette=file)

    assert file.read_text() == "not a cassette\n"
