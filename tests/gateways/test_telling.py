"""What a gateway is asked outside of turns is told to whoever listens, once, however it ends."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.bus import hear_all
from mojentic_nb.errors import BadArgument, GatewayUnreachable, ModelNotFound
from mojentic_nb.events import Envelope
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from tests.conftest import CLOSED
from tests.loopback import Loopback


class Ear:
    """Listens."""

    def __init__(self) -> None:
        self.heard: list[Envelope] = []

    def __call__(self, envelope: Envelope) -> None:
        self.heard.append(envelope)

    @property
    def kinds(self) -> list[str]:
        return [type(one.event).__name__ for one in self.heard]


@pytest.fixture
def everywhere() -> Iterator[Ear]:
    ear = Ear()
    end = hear_all(ear)
    yield ear
    end()


ASKED = ["ModelAsked", "ModelAnswered", "TurnFinished"]


def gateway(loopback: Loopback) -> OpenAIGateway:
    return OpenAIGateway("k", f"{loopback.url}/v1")


def test_embeddings_are_told_to_their_brokers_listener(loopback: Loopback, everywhere: Ear) -> None:
    ear, road = Ear(), gateway(loopback)
    broker = LLMBroker("m", road, tracer=ear)
    broker.gateway.calculate_embeddings(["one", "two"], "small")

    assert ear.kinds == ASKED
    asked: Any = ear.heard[0].event
    assert (asked.model, asked.request.texts, asked.gateway) == ("small", ("one", "two"), road)
    answer: Any = ear.heard[1].event
    assert answer.answer.usage.input_tokens == 2
    assert answer.answer.asked_at < answer.answer.answered_at
    assert len({one.correlation_id for one in ear.heard}) == 1
    assert [one.sequence for one in ear.heard] == [0, 1, 2]
    assert everywhere.heard == []


def test_without_a_broker_those_who_hear_all_hear_them(loopback: Loopback, everywhere: Ear) -> None:
    EmbeddingsGateway("small", gateway=gateway(loopback)).calculate("one")
    assert everywhere.kinds == ASKED


def test_each_listener_hears_them_once(loopback: Loopback, everywhere: Ear) -> None:
    ear, road = Ear(), gateway(loopback)
    brokers = [LLMBroker("m", road, tracer=ear), LLMBroker("m", road), LLMBroker("m", road)]
    brokers[1].subscribe(ear)
    road.calculate_embeddings("one")
    assert ear.kinds == everywhere.kinds == ASKED

    other = LLMBroker("m", gateway(loopback), tracer=ear)
    other.gateway.calculate_embeddings("one")
    assert everywhere.kinds == ASKED


def test_a_broker_that_is_gone_holds_nobody(loopback: Loopback, everywhere: Ear) -> None:
    road = gateway(loopback)
    ear = Ear()
    LLMBroker("m", road, tracer=ear)
    gc.collect()
    road.calculate_embeddings("one")
    assert (ear.heard, everywhere.kinds) == ([], ASKED)


def test_many_requests_are_told_as_one(loopback: Loopback, everywhere: Ear) -> None:
    road = gateway(loopback)
    road.most_embedded_at_once = 2
    road.calculate_embeddings(["a", "b", "c", "d", "e"])
    assert everywhere.kinds == ASKED
    assert len(loopback.requests) == 3
    answered: Any = everywhere.heard[1].event
    assert answered.answer.usage.input_tokens == 5


@pytest.mark.parametrize("model", ["missing", None])
def test_a_failure_is_told(loopback: Loopback, everywhere: Ear, model: str | None) -> None:
    road = gateway(loopback) if model else OpenAIGateway("k", CLOSED)
    with pytest.raises((ModelNotFound, GatewayUnreachable)) as failed:
        road.calculate_embeddings("one", model)
    assert everywhere.kinds == ["ModelAsked", "TurnFailed"]
    told: Any = everywhere.heard[1].event
    assert told.error is failed.value


def test_an_interrupt_is_told(loopback: Loopback, everywhere: Ear) -> None:
    class Interrupted(OpenAIGateway):
        def vectors_in(self, found: dict[str, Any]) -> list[Any]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Interrupted("k", f"{loopback.url}/v1").calculate_embeddings("one")
    told: Any = everywhere.heard[-1].event
    assert (everywhere.kinds, told.reason) == (["ModelAsked", "TurnStopped"], "interrupted")


def test_what_makes_no_sense_and_what_asks_nothing_is_not_told(
    loopback: Loopback, everywhere: Ear
) -> None:
    road = gateway(loopback)
    with pytest.raises(BadArgument):
        road.calculate_embeddings([" "])
    assert road.calculate_embeddings([]) == []
    assert (everywhere.heard, loopback.requests) == ([], [])


def test_threads_that_make_brokers_and_ask_disturb_nobody(
    loopback: Loopback, everywhere: Ear
) -> None:
    road = gateway(loopback)

    def work() -> None:
        for _ in range(20):
            LLMBroker("m", road)
            road.calculate_embeddings("one")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert everywhere.kinds.count("TurnFinished") == 80
