"""Asking for an object: it grows, tools come first, repair goes back to the model, bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, Field

from mojentic_nb import (
    AnthropicGateway,
    FrozenClock,
    LLMBroker,
    LLMMessage,
    OllamaGateway,
    OpenAIGateway,
    errors,
)
from mojentic_nb.config import CompletionConfig, ResponseFormat
from mojentic_nb.events import ModelAsked, Repairing, ToolCalled, TurnFailed
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.real_server import LlamaServer
from tests.shapes import Protocol, every_protocol

GOOD = '{"name": "Ada", "age": 36}'
BAD = '{"name": "Ada", "age": "old"}'


class Person(BaseModel):
    name: str
    age: int = Field(ge=0)


@dataclass
class Place:
    city: str


def broker(server: Loopback) -> LLMBroker:
    return LLMBroker("m", OllamaGateway(server.url), clock=FrozenClock())


@pytest.mark.parametrize(
    "wanted, text, value",
    [
        (Person, GOOD, Person(name="Ada", age=36)),
        (Person, f"Here it is:\n```json\n{GOOD}\n```\nDone.", Person(name="Ada", age=36)),
        (list[Person], '{"value": [' + GOOD + "]}", [Person(name="Ada", age=36)]),
        (list[Person], f"[{GOOD}]", [Person(name="Ada", age=36)]),
        (int, '{"value": 3}', 3),
        (Place, '{"city": "London"}', Place("London")),
        ({"type": "object", "properties": {"n": {"type": "integer"}}}, '{"n": 1}', {"n": 1}),
        ({"type": "array", "items": {"type": "integer"}}, '{"value": [1, 2]}', [1, 2]),
    ],
)
def test_an_answer_becomes_the_object(
    loopback: Loopback, wanted: object, text: str, value: object
) -> None:
    loopback.script(Answer(text))
    assert broker(loopback).generate_object("Who?", wanted) == value
    body = loopback.requests[0].body
    assert body is not None
    assert body["format"]["type"] == "object"


def test_response_model_is_another_name(loopback: Loopback) -> None:
    loopback.script(Answer(GOOD))
    assert broker(loopback).generate_object("Who?", response_model=Person).age == 36


def test_a_misfit_goes_back_with_its_reason(loopback: Loopback) -> None:
    loopback.script(Answer(BAD), Answer(GOOD))
    listened = []
    talker = broker(loopback)
    talker.subscribe(lambda envelope: listened.append(envelope.event))
    said = [LLMMessage(content="Who?")]
    assert talker.generate_object(said, Person).age == 36
    assert len(said) == 1, "the caller's list is only read"
    messages = (loopback.requests[1].body or {})["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[1]["content"] == BAD
    assert "age: Input should be a valid integer" in messages[2]["content"]
    repairs = [event for event in listened if isinstance(event, Repairing)]
    assert [event.attempt for event in repairs] == [1]


@pytest.mark.parametrize("repairs, asked", [(0, 1), (1, 2), (2, 3)])
def test_repairs_are_bounded(loopback: Loopback, repairs: int, asked: int) -> None:
    loopback.script(*[Answer(BAD)] * asked)
    with pytest.raises(errors.ObjectError, match="age") as caught:
        broker(loopback).generate_object("Who?", Person, repairs=repairs)
    assert (caught.value.field, caught.value.raw) == ("age", BAD)
    assert len(loopback.requests) == asked


def test_an_answer_cut_short_says_so(loopback: Loopback) -> None:
    loopback.script(Answer('{"name": "A', finish="length"))
    with pytest.raises(errors.ObjectError, match="raise max_tokens"):
        broker(loopback).generate_object("Who?", Person, repairs=0)


@pytest.mark.parametrize("wanted", [None, lambda: 1, {"type": "no such type"}, object()])
def test_what_is_no_type_sends_nothing(loopback: Loopback, wanted: object) -> None:
    with pytest.raises(errors.BadArgument):
        broker(loopback).generate_object("Who?", wanted)
    assert not loopback.requests


# Growing -------------------------------------------------------------------------------

PEOPLE = '{"value": [{"name": "Ada", "age": 36}, {"name": "Bo", "age": 127}]}'


def streamed(talker: LLMBroker, wanted: object, **options: Any) -> list[Any]:
    return list(talker.generate_object_stream("Who?", wanted, **options))


def awaited(talker: LLMBroker, wanted: object, **options: Any) -> list[Any]:
    async def asked() -> list[Any]:
        return [one async for one in talker.agenerate_object_stream("Who?", wanted, **options)]

    return asyncio.run(asked())


both_streams = pytest.mark.parametrize("stream", [streamed, awaited])
Stream = Callable[..., list[Any]]


@both_streams
@every_protocol
def test_an_object_grows_until_it_is_whole(
    loopback: Loopback, protocol: Protocol, stream: Stream
) -> None:
    loopback.script(Answer(PEOPLE), Answer(PEOPLE))
    talker = protocol.broker(loopback.url, api_key="k")
    seen = stream(talker, list[Person])
    assert seen[-1] == talker.generate_object("Who?", list[Person])
    assert seen[-1] == [Person(name="Ada", age=36), Person(name="Bo", age=127)]
    assert len(seen) > 2, "it came in pieces"
    assert {one.age for people in seen for one in people} == {None, 36, 127}
    assert (loopback.requests[0].body or {})["stream"] is True


@both_streams
def test_after_a_repair_it_begins_anew(loopback: Loopback, stream: Stream) -> None:
    loopback.script(Answer(BAD), Answer('{"name": "Bo", "age": 3}'))
    seen = stream(broker(loopback), Person)
    names = [one.name for one in seen]
    assert names[0][0] == "A"
    assert names[-1] == "Bo"
    assert seen[-1] == Person(name="Bo", age=3)


@both_streams
def test_a_stream_that_never_fits_ends_in_the_error(loopback: Loopback, stream: Stream) -> None:
    loopback.script(Answer(BAD))
    with pytest.raises(errors.ObjectError) as caught:
        stream(broker(loopback), Person, repairs=0)
    assert caught.value.raw == BAD


def test_a_stream_that_breaks_off_says_so(loopback: Loopback) -> None:
    loopback.script(Answer(PEOPLE, fault=Fault.TORN, fault_after=3))
    seen: list[Any] = []
    with pytest.raises(errors.GatewayTorn) as caught:
        seen.extend(broker(loopback).generate_object_stream("Who?", list[Person], retry=None))
    assert PEOPLE.startswith(caught.value.partial)


def test_leaving_an_object_early_hangs_up(loopback: Loopback) -> None:
    loopback.script(Answer(PEOPLE, pace=0.05))
    stream = broker(loopback).generate_object_stream("Who?", list[Person])
    first = next(iter(stream))
    assert first[0].name
    stream.close()
    assert loopback.requests[0].hung_up.wait(5)


@pytest.mark.parametrize("wanted", [None, object()])
def test_a_stream_of_no_type_sends_nothing(loopback: Loopback, wanted: object) -> None:
    with pytest.raises(errors.BadArgument):
        broker(loopback).generate_object_stream("Who?", wanted)
    assert not loopback.requests


# With tools ------------------------------------------------------------------------------


def look(city: str) -> str:
    """Who lives there."""
    return f"Ada, 36, lives in {city}"


LOOK = ToolUse("look", {"city": "London"})


@every_protocol
@pytest.mark.parametrize("stream", [streamed, awaited, None])
def test_tools_run_and_then_comes_the_object(
    loopback: Loopback, protocol: Protocol, stream: Stream | None
) -> None:
    loopback.script(Answer(tools=[LOOK]), Answer(GOOD))
    talker = protocol.broker(loopback.url, api_key="k")
    listened: list[Any] = []
    talker.subscribe(lambda envelope: listened.append(envelope.event))
    if stream:
        *grown, made = stream(talker, Person, tools=[look])
        assert {one.age for one in grown} == {None}
    else:
        made = talker.generate_object("Who?", Person, tools=[look])

    assert made == Person(name="Ada", age=36)
    assert [type(one) for one in listened].count(ToolCalled) == 1
    assert "lives in London" in json.dumps((loopback.requests[1].body or {})["messages"])
    assert len(loopback.requests) == 2, "an answer that fits needs no other"


def sent(loopback: Loopback, name: str) -> list[bool]:
    """Which of the requests had this field."""
    return [name in (request.body or {}) for request in loopback.requests]


def test_a_server_with_a_grammar_is_asked_for_the_form_when_the_tools_are_done(
    loopback: Loopback,
) -> None:
    loopback.script(Answer(tools=[LOOK]), Answer("It is Ada, 36."), Answer(GOOD))
    talker = broker(loopback)
    assert talker.generate_object("Who?", Person, tools=[look], repairs=0).age == 36
    assert sent(loopback, "tools") == [True, True, False]
    assert sent(loopback, "format") == [False, False, True]
    roles = [message["role"] for message in (loopback.requests[2].body or {})["messages"]]
    assert roles == ["user", "assistant", "tool"]


def test_without_tools_the_form_is_asked_for_at_once(loopback: Loopback) -> None:
    loopback.script(Answer(GOOD))
    broker(loopback).generate_object("Who?", Person)
    assert sent(loopback, "format") == [True]


def test_openai_is_asked_for_both_at_once_and_others_are_not() -> None:
    assert OpenAIGateway("k").takes_schema_with_tools
    assert not OpenAIGateway("k", base_url="http://127.0.0.1:1/v1").takes_schema_with_tools
    assert not LLMBroker("demo").gateway.takes_schema_with_tools


def test_where_both_go_together_the_first_request_has_both(loopback: Loopback) -> None:
    loopback.script(Answer(tools=[LOOK]), Answer(GOOD))
    talker = LLMBroker("m", AnthropicGateway("k", base_url=loopback.url))
    assert talker.generate_object("Who?", Person, tools=[look]).name == "Ada"
    assert sent(loopback, "tools") == [True, True]


def test_repairs_run_no_tool_again(loopback: Loopback) -> None:
    loopback.script(
        Answer(tools=[LOOK]), Answer(BAD), Answer(BAD), Answer(tools=[LOOK]), Answer(GOOD)
    )
    talker = broker(loopback)
    listened: list[Any] = []
    talker.subscribe(lambda envelope: listened.append(envelope.event))
    assert talker.generate_object("Who?", Person, tools=[look], repairs=3).age == 36
    kinds = [type(one) for one in listened]
    assert kinds.count(ToolCalled) == 1
    assert kinds.count(Repairing) == 2
    assert [one.round for one in listened if isinstance(one, ModelAsked)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("bound, ran", [(0, 0), (1, 1), (2, 2)])
def test_the_bound_on_tools_holds_for_objects(loopback: Loopback, bound: int, ran: int) -> None:
    loopback.script(*[Answer(tools=[LOOK])] * ran, Answer(GOOD))
    talker = broker(loopback)
    listened: list[Any] = []
    talker.subscribe(lambda envelope: listened.append(envelope.event))
    made = talker.generate_object("Who?", Person, tools=[look], max_tool_iterations=bound)
    assert made.age == 36
    assert [type(one) for one in listened].count(ToolCalled) == ran
    assert sent(loopback, "format") == [False] * ran + [True]


@pytest.mark.parametrize("model", ["demo"])
def test_the_demo_model_uses_a_tool_and_then_fills_the_object(model: str) -> None:
    class Result(BaseModel):
        answer: str

    def calculator(expression: str) -> str:
        """Evaluate an arithmetic expression."""
        return "391"

    made = LLMBroker(model).generate_object("What is 17*23?", Result, tools=[calculator])
    assert "391" in made.answer


@pytest.mark.llama
def test_a_real_model_calls_tools_before_the_object(llama: LlamaServer) -> None:
    config = CompletionConfig(temperature=0.8, seed=3, max_tokens=120, max_tool_iterations=2)
    talker = LLMBroker(llama.model, OpenAIGateway(base_url=llama.url + "/v1"), config=config)
    listened: list[Any] = []
    talker.subscribe(lambda envelope: listened.append(type(envelope.event)))

    class Short(BaseModel):
        name: str = Field(max_length=20)

    seen = streamed(talker, Short, tools=[look])
    assert ToolCalled in listened, "with the schema in the same request it never did"
    assert isinstance(seen[-1], Short)
    assert len(seen) > 1


# A form for plain answers ----------------------------------------------------------------

ANY = ResponseFormat(type="json_object")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "required": ["n"],
}
EXACT = ResponseFormat(type="json_object", json_schema=SCHEMA)


def formed(wanted: ResponseFormat) -> CompletionConfig:
    return CompletionConfig(response_format=wanted)


@pytest.mark.parametrize(
    "wanted, text, value",
    [
        (EXACT, '{"n": 1}', {"n": 1}),
        (ANY, '{"anything": [1]}', {"anything": [1]}),
        (ANY, '```json\n{"a": 1}\n```', {"a": 1}),
        (ResponseFormat(), "plain words", None),
    ],
)
def test_a_reply_carries_the_object_its_text_stands_for(
    loopback: Loopback, wanted: ResponseFormat, text: str, value: object
) -> None:
    loopback.script(*[Answer(text)] * 3)
    talker = broker(loopback)
    reply = talker.generate("How many?", config=formed(wanted))
    assert (reply, reply.object) == (text, value)
    assert talker.submit("How many?", config=formed(wanted)).result(timeout=10).object == value
    assert talker.generate_response("How many?", config=formed(wanted)).object == value


@pytest.mark.parametrize("wanted, bad", [(EXACT, '{"n": 0}'), (EXACT, "[1]"), (ANY, "no JSON")])
def test_a_plain_answer_that_does_not_fit_is_repaired_or_refused(
    loopback: Loopback, wanted: ResponseFormat, bad: str
) -> None:
    loopback.script(Answer(bad), Answer('{"n": 2}'), *[Answer(bad)] * 3, Answer(bad))
    talker = broker(loopback)
    reply = talker.generate("How many?", config=formed(wanted))
    assert reply.object == {"n": 2}
    with pytest.raises(errors.ObjectError) as caught:
        talker.generate("How many?", config=formed(wanted))
    assert caught.value.raw == bad
    with pytest.raises(errors.ObjectError, match="after 1 answers"):
        talker.generate_response("How many?", config=formed(wanted))
    assert len(loopback.requests) == 6


def test_a_form_goes_over_the_wire(loopback: Loopback) -> None:
    loopback.script(Answer('{"n": 1}'), Answer('{"n": 1}'))
    talker = broker(loopback)
    talker.generate("How many?", config=formed(EXACT))
    talker.generate("How many?", config=formed(ANY))
    forms = [(request.body or {}).get("format") for request in loopback.requests]
    assert forms == [SCHEMA, "json"]


def test_tools_and_a_form_in_a_plain_answer(loopback: Loopback) -> None:
    loopback.script(Answer(tools=[LOOK]), Answer("Two."), Answer('{"n": 2}'), Answer(tools=[LOOK]))
    talker = broker(loopback)
    reply = talker.generate("How many?", tools=[look], config=formed(EXACT))
    assert reply.object == {"n": 2}
    assert [call.name for call in reply.tool_calls] == ["look"]
    once = talker.generate_response("How many?", tools=[look], config=formed(EXACT))
    assert (once.object, [call.name for call in once.tool_calls]) == (None, ["look"])


def test_a_schema_that_is_none_sends_nothing(loopback: Loopback) -> None:
    wanted = ResponseFormat(type="json_object", json_schema={"type": "nonsense"})
    with pytest.raises(errors.BadArgument):
        broker(loopback).generate("How many?", config=formed(wanted))
    assert not loopback.requests


def test_events_end_in_the_value_or_the_failure(loopback: Loopback) -> None:
    loopback.script(Answer('{"n": 1}'), *[Answer("none")] * 3)
    talker = broker(loopback)
    *_, last = talker.generate_events("How many?", config=formed(EXACT))
    assert getattr(last, "value", None) == {"n": 1}
    seen: list[Any] = []
    with pytest.raises(errors.ObjectError):
        for event in talker.generate_events("How many?", config=formed(EXACT)):
            seen.append(event)  # noqa: PERF402 -- keeps what came before the error
    assert isinstance(seen[-1], TurnFailed)
