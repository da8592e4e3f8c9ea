"""Who hears a broker: its own listeners, and those who hear all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mojentic_nb import bus as buses
from mojentic_nb.broker import LLMBroker
from mojentic_nb.bus import Bus, hear_all
from mojentic_nb.events import Envelope, TextDelta


class Ear(list[Envelope]):
    """Listens; may be asleep, and may want less than everything."""

    def __init__(self, *, enabled: bool = True, wants_pieces: bool = True) -> None:
        super().__init__()
        self.enabled = enabled
        self.wants_pieces = wants_pieces

    __hash__ = object.__hash__

    def __call__(self, envelope: Envelope) -> None:
        self.append(envelope)

    def __bool__(self) -> bool:
        return True


@pytest.fixture
def everywhere() -> Iterator[Ear]:
    ear = Ear()
    end = hear_all(ear)
    yield ear
    end()


def kinds(ear: Ear) -> list[str]:
    return [type(one.event).__name__ for one in ear]


def test_a_bus_without_listeners_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "_everywhere", ())
    assert not Bus()


def test_who_hears_all_hears_every_broker(everywhere: Ear) -> None:
    LLMBroker("demo").generate("hi")
    assert kinds(everywhere)[-1] == "TurnFinished"


def test_a_broker_with_its_own_tracer_is_heard_by_that_alone(everywhere: Ear) -> None:
    own = Ear()
    LLMBroker("demo", tracer=own).generate("hi")
    assert not list(everywhere)
    assert kinds(own)[-1] == "TurnFinished"


def test_a_listener_beside_does_not_shut_the_others_out(everywhere: Ear) -> None:
    beside, broker = Ear(), LLMBroker("demo")
    broker.subscribe(beside)
    broker.generate("hi")
    assert kinds(beside) == kinds(everywhere)


def test_hearing_ends(everywhere: Ear) -> None:
    other = Ear()
    hear_all(other)()
    LLMBroker("demo").generate("hi")
    assert not list(other)
    assert list(everywhere)


def test_where_everybody_sleeps_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "_everywhere", ())
    asleep = Ear(enabled=False)
    broker = LLMBroker("demo", tracer=asleep)
    assert not broker.bus
    broker.generate("hi")
    assert not list(asleep)
    asleep.enabled = True
    assert broker.bus


def test_pieces_go_to_those_who_want_them() -> None:
    whole, pieces = Ear(wants_pieces=False), Ear()
    broker = LLMBroker("demo", tracer=whole)
    list(broker.generate_stream("hi"))
    assert "TextDelta" not in kinds(whole)

    broker.subscribe(pieces)
    text = "".join(broker.generate_stream("hi"))
    told = [one.event for one in pieces]
    assert "".join(one.text for one in told if isinstance(one, TextDelta)) == text


def test_the_reader_gets_all_pieces_whoever_listens() -> None:
    silent = LLMBroker("demo", tracer=Ear(wants_pieces=False))
    assert list(silent.generate_stream("hi")) == list(LLMBroker("demo").generate_stream("hi"))


def test_who_fails_at_what_a_gateway_is_asked_is_warned_about_once() -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError

    broker = LLMBroker("demo")
    broker.subscribe(fails)
    with pytest.warns(RuntimeWarning, match="A listener failed"):
        broker.gateway.calculate_embeddings("hello")
    assert broker.gateway.calculate_embeddings("and again")  # a warning would be an error
