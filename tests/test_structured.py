"""Asking for an object: repair goes back to the model, bounded."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, Field

from mojentic_nb import FrozenClock, LLMBroker, LLMMessage, OllamaGateway, errors
from mojentic_nb.events import Repairing
from tests.loopback import Answer, Loopback

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
