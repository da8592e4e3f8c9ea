"""Every way to call a model, and every protocol, as parameters of a test.

Law: a shape only calls the broker and notes what came back; what must have come back
belongs to the tests. One table serves all of them: nothing may be true of one shape only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import MojenticError
from mojentic_nb.events import Event, TextDelta, TurnFinished
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry

# Asked once and never again, unless a test is about asking again.
ONCE = Retry(attempts=1)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a caller had in hand at the end.

    Attributes:
        text: The text received, before an error too where the shape gives pieces.
        error: What was raised, or None.
        events: All events, where the shape gives them.
    """

    text: str = ""
    error: MojenticError | None = None
    events: Sequence[Event] | None = None


@dataclass(frozen=True)
class Shape:
    """One way to call."""

    name: str
    run: Callable[..., Outcome]
    streams: bool = True  # asks the server for pieces
    gives_pieces: bool = True  # and hands them on

    def __repr__(self) -> str:
        return self.name


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if type(event) is TextDelta)


def generate(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    try:
        return Outcome(text=broker.generate(prompt, **options))
    except MojenticError as error:
        return Outcome(error=error)


def generate_stream(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    got: list[str] = []
    try:
        for piece in broker.generate_stream(prompt, **options):
            got.append(piece)  # noqa: PERF402 -- keeps what came before the error
    except MojenticError as error:
        return Outcome(text="".join(got), error=error)

    return Outcome(text="".join(got))


def generate_events(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    got: list[Event] = []
    try:
        for event in broker.generate_events(prompt, **options):
            got.append(event)  # noqa: PERF402
    except MojenticError as error:
        return Outcome(text=text_of(got), error=error, events=got)

    return Outcome(text=text_of(got), events=got)


def agenerate(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    async def asked() -> Outcome:
        try:
            return Outcome(text=await broker.agenerate(prompt, **options))
        except MojenticError as error:
            return Outcome(error=error)

    return asyncio.run(asked())


def agenerate_stream(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    async def asked() -> Outcome:
        got: list[str] = []
        try:
            async for piece in broker.agenerate_stream(prompt, **options):
                got.append(piece)  # noqa: PERF401
        except MojenticError as error:
            return Outcome(text="".join(got), error=error)

        return Outcome(text="".join(got))

    return asyncio.run(asked())


def agenerate_events(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    async def asked() -> Outcome:
        got: list[Event] = []
        try:
            async for event in broker.agenerate_events(prompt, **options):
                got.append(event)  # noqa: PERF401
        except MojenticError as error:
            return Outcome(text=text_of(got), error=error, events=got)

        return Outcome(text=text_of(got), events=got)

    return asyncio.run(asked())


def submit(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    job = None
    try:
        job = broker.submit(prompt, **options)
        reply = job.result(timeout=10)
    except MojenticError as error:
        events = list(job.events()) if job else []
        return Outcome(text=text_of(events), error=error, events=events)

    events = list(job.events())
    assert type(events[-1]) is TurnFinished
    return Outcome(text=reply, events=events)


class Said(BaseModel):
    """The object that the object shapes ask for."""

    said: str = ""


def generate_object(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    try:
        return Outcome(text=broker.generate_object(prompt, Said, repairs=0, **options).said)
    except MojenticError as error:
        return Outcome(error=error)


def agenerate_object(broker: LLMBroker, prompt: Any, **options: Any) -> Outcome:
    async def asked() -> Outcome:
        try:
            made = await broker.agenerate_object(prompt, Said, repairs=0, **options)
            return Outcome(text=made.said)
        except MojenticError as error:
            return Outcome(error=error)

    return asyncio.run(asked())


SHAPES = [
    Shape("generate", generate, streams=False, gives_pieces=False),
    Shape("generate_stream", generate_stream),
    Shape("generate_events", generate_events),
    Shape("agenerate", agenerate, streams=False, gives_pieces=False),
    Shape("agenerate_stream", agenerate_stream),
    Shape("agenerate_events", agenerate_events),
    Shape("submit", submit),
]
OBJECT_SHAPES = [
    Shape("generate_object", generate_object, streams=False, gives_pieces=False),
    Shape("agenerate_object", agenerate_object, streams=False, gives_pieces=False),
]

every_shape = pytest.mark.parametrize("shape", SHAPES, ids=repr)
every_streaming_shape = pytest.mark.parametrize(
    "shape", [shape for shape in SHAPES if shape.streams], ids=repr
)
every_shape_and_object = pytest.mark.parametrize("shape", [*SHAPES, *OBJECT_SHAPES], ids=repr)
# One of each driver, where a test is about the road and not about the shape.
both_drivers = pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[4]], ids=repr)


@dataclass(frozen=True)
class Protocol:
    """One protocol, and the gateway that speaks it to a server of ours."""

    name: str
    kind: type[LLMGateway]
    path: str
    address: str = "base_url"
    suffix: str = ""

    def __repr__(self) -> str:
        return self.name

    def gateway(self, url: str, **settings: Any) -> LLMGateway:
        """A gateway to the server at `url`."""
        where = {self.address: url + self.suffix}
        return self.kind(**where, **settings)

    def broker(self, url: str, **settings: Any) -> LLMBroker:
        """A broker that asks that server once, unless told otherwise."""
        ours = {name: settings.pop(name) for name in ("api_key", "headers") if name in settings}
        settings.setdefault("retry", ONCE)
        return LLMBroker("m", self.gateway(url, **ours), **settings)


PROTOCOLS = [
    Protocol("ollama", OllamaGateway, "/api/chat", address="host"),
    Protocol("openai", OpenAIGateway, "/v1/chat/completions", suffix="/v1"),
    Protocol("anthropic", AnthropicGateway, "/v1/messages"),
]
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
