"""A conversation: what the model is told, what stays of a turn, and nothing of a failed one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import aclosing, closing
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession, Exchange
from mojentic_nb.errors import BadArgument, GatewayError, JobCancelled
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.messages import LLMMessage
from mojentic_nb.tools import tool
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.pictures import picture


class Person(BaseModel):
    """Somebody."""

    name: str


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
def broken() -> str:
    """Fail."""
    raise ZeroDivisionError


def session(loopback: Loopback, **how: Any) -> ChatSession:
    gateway = OpenAIGateway("k", f"{loopback.url}/v1")
    broker = LLMBroker("m", gateway, retry=Retry(attempts=1))
    return ChatSession(broker, "Be brief.", **{"max_context": 10_000, **how})


def roles(chat: ChatSession) -> str:
    return "".join(str(message.role)[0] for message in chat.messages)


def said(seen: Any) -> list[tuple[str, Any]]:
    return [(one["role"], one.get("content")) for one in seen.body["messages"]]


# every way to say something ------------------------------------------------------------


def send(chat: ChatSession, query: Any, **options: Any) -> str:
    return str(chat.send(query, **options))


def call(chat: ChatSession, query: Any, **options: Any) -> str:
    return str(chat(query, **options))


def stream(chat: ChatSession, query: Any, **options: Any) -> str:
    return "".join(chat.send_stream(query, **options))


def events(chat: ChatSession, query: Any, **options: Any) -> str:
    return list(chat.send_events(query, **options))[-1].answer.text


def asend(chat: ChatSession, query: Any, **options: Any) -> str:
    return str(asyncio.run(chat.asend(query, **options)))


def astream(chat: ChatSession, query: Any, **options: Any) -> str:
    async def pieces() -> str:
        return "".join([piece async for piece in chat.asend_stream(query, **options)])

    return asyncio.run(pieces())


def away(chat: ChatSession, query: Any, **options: Any) -> str:
    return str(chat.submit(query, **options).result(20))


Say = Callable[..., str]
every_way = pytest.mark.parametrize("say", [send, call, stream, events, asend, astream, away])


@every_way
def test_the_model_is_told_all_that_was_said(loopback: Loopback, say: Say) -> None:
    loopback.script(Answer("one"), Answer("two"))
    chat = session(loopback)
    assert say(chat, "first?") == "one"
    assert say(chat, "second?") == "two"

    assert said(loopback.requests[1]) == [
        ("system", "Be brief."),
        ("user", "first?"),
        ("assistant", "one"),
        ("user", "second?"),
    ]
    assert roles(chat) == "suaua"
    assert [one.answer for one in chat.exchanges] == ["one", "two"]


@every_way
def test_a_failed_turn_leaves_no_trace(loopback: Loopback, say: Say) -> None:
    loopback.script(Answer("one"), Answer.error(500, "no"), Answer("two"))
    chat = session(loopback)
    say(chat, "first?")
    before = chat.messages
    with pytest.raises(GatewayError):
        say(chat, "lost?")
    assert chat.messages == before
    assert say(chat, "second?") == "two"
    assert [content for _, content in said(loopback.requests[2])] == [
        "Be brief.",
        "first?",
        "one",
        "second?",
    ]


@every_way
def test_tools_and_what_they_returned_stay_in_the_conversation(
    loopback: Loopback, say: Say
) -> None:
    loopback.script(
        Answer("let me see", tools=[ToolUse("add", {"a": 1, "b": 2}, "c1")]),
        Answer("3"),
        Answer("ok"),
    )
    chat = session(loopback, tools=[add])
    assert say(chat, "1+2?").endswith("3")
    say(chat, "thanks")

    assert roles(chat) == "suataua"
    third = loopback.requests[2].body["messages"]
    assert third[2]["tool_calls"][0]["id"] == third[3]["tool_call_id"] == "c1"
    assert third[3]["content"] == "3"
    assert third[4]["content"] == "3"


@every_way
def test_an_error_in_a_tools_round_does_not_brick_it(loopback: Loopback, say: Say) -> None:
    loopback.script(
        Answer(tools=[ToolUse("broken", {})]),
        Answer.error(500, "blip"),
        Answer(tools=[ToolUse("broken", {})]),
        Answer("it failed"),
    )
    chat = session(loopback, tools=[broken])
    with pytest.raises(GatewayError):
        say(chat, "go")
    assert roles(chat) == "s"
    say(chat, "go again")
    assert roles(chat) == "suata"


def test_an_abandoned_stream_leaves_no_trace(loopback: Loopback) -> None:
    loopback.script(Answer("one two three", fault=Fault.SILENT), Answer("four"))
    chat = session(loopback)
    with closing(chat.send_stream("first?")) as pieces:
        next(pieces)
    assert roles(chat) == "s"
    assert chat.send("second?") == "four"
    assert said(loopback.requests[1]) == [("system", "Be brief."), ("user", "second?")]


@pytest.mark.parametrize("how", ["closed", "aclosed", "cancelled", "failed"])
def test_a_partial_turn_stays_where_that_is_wanted(loopback: Loopback, how: str) -> None:
    fault = Fault.TORN if how == "failed" else Fault.SILENT
    loopback.script(Answer("one two three", fault=fault), Answer("go on"))
    chat = session(loopback, keep_partial=True)
    break_off(chat, how)

    (exchange,) = chat.exchanges
    assert exchange.is_partial
    assert exchange.answer.startswith("one")
    chat.send("and then?")
    told = said(loopback.requests[1])
    assert told[2][0] == "assistant"
    assert told[2][1].startswith("one")
    assert told[2][1].endswith("[This answer broke off here.]")
    assert "broke off" not in exchange.answer


def break_off(chat: ChatSession, how: str) -> None:
    if how == "closed":
        with closing(chat.send_stream("first?")) as pieces:
            next(pieces)
    elif how == "failed":
        with pytest.raises(GatewayError):
            chat.send("first?")
    elif how == "aclosed":

        async def story() -> None:
            async with aclosing(chat.asend_stream("first?")) as pieces:
                await anext(pieces)

        asyncio.run(story())
    else:
        job = chat.submit("first?")
        next(event for event in job.events() if type(event).__name__ == "TextDelta")
        job.cancel()
        with pytest.raises(JobCancelled):
            job.result(10)
        with chat._line.turn():  # its end is told on the house loop
            pass


def test_many_tasks_are_answered_in_the_order_they_asked(loopback: Loopback) -> None:
    loopback.script(*[Answer(f"a{number}") for number in range(10)])
    chat = session(loopback)

    async def all_of_them() -> None:
        await asyncio.gather(*(chat.asend(str(number)) for number in range(10)))

    asyncio.run(all_of_them())
    asked = [one.content for one in chat.messages if one.role == "user"]
    assert asked == [str(number) for number in range(10)]
    assert [one.answer for one in chat.exchanges] == [f"a{number}" for number in range(10)]
    assert roles(chat) == "s" + "ua" * 10


def test_threads_tasks_and_jobs_share_one_conversation(loopback: Loopback) -> None:
    loopback.script(*[Answer("x") for _ in range(12)])
    chat = session(loopback)
    threads = [threading.Thread(target=chat.send, args=[f"t{number}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    jobs = [chat.submit(f"j{number}") for number in range(4)]

    async def tasks() -> None:
        await asyncio.gather(*(chat.asend(f"a{number}") for number in range(4)))

    asyncio.run(tasks())
    for thread in threads:
        thread.join(20)
    for job in jobs:
        job.result(20)

    assert roles(chat) == "s" + "ua" * 12
    assert len({one.question for one in chat.exchanges}) == 12


def test_a_tool_that_asks_its_own_conversation_is_told_off(loopback: Loopback) -> None:
    loopback.script(Answer(tools=[ToolUse("again", {})]), Answer("ok"))
    chat = session(loopback)

    @tool
    def again() -> str:
        """Ask again."""
        return str(chat.send("me again"))

    chat.send("go", tools=[again])
    assert "waiting for the tool" in chat.messages[3].content


def test_a_tool_may_ask_a_fork(loopback: Loopback) -> None:
    loopback.script(Answer(tools=[ToolUse("aside", {})]), Answer("inner"), Answer("outer"))
    chat = session(loopback)
    chat.append([Exchange(id="0", messages=(LLMMessage.user("before"),))])

    @tool
    def aside() -> str:
        """Ask aside."""
        return str(chat.fork().send("aside"))

    assert chat.send("go", tools=[aside]) == "outer"
    assert chat.messages[-2].content == "inner"
    assert [content for _, content in said(loopback.requests[1])] == [
        "Be brief.",
        "before",
        "aside",
    ]


def test_who_still_reads_an_answer_is_told_so_and_may_go_on(loopback: Loopback) -> None:
    chat = session(loopback)
    reading = chat.send_stream("one")
    begin = next(reading)
    for another in (lambda: chat.send("two"), chat.clear, chat.undo):
        with pytest.raises(BadArgument, match="still being read here"):
            another()
    assert chat.fork().send("two") == "Hello from loopback."
    assert begin + "".join(reading) == "Hello from loopback."
    chat.send("three")
    assert roles(chat) == "suaua"


def test_an_object_is_validated_and_stays_as_json(loopback: Loopback) -> None:
    loopback.script(Answer('{"nam": 1}'), Answer('{"name": "Ann"}'), Answer("Ann"))
    chat = session(loopback)
    found = chat.send_object("who?", Person)
    assert found == Person(name="Ann")
    assert roles(chat) == "sua"
    assert chat.exchanges[0].answer == '{"name": "Ann"}'
    assert asyncio.run(chat.asend("name?")) == "Ann"


def test_an_object_is_awaited_too(loopback: Loopback) -> None:
    loopback.script(Answer('{"name": "Ann"}'))
    assert asyncio.run(session(loopback).asend_object("who?", Person)) == Person(name="Ann")


def test_pictures_go_along_and_stay(loopback: Loopback) -> None:
    loopback.script(Answer("a dot"), Answer("still a dot"))
    chat = session(loopback)
    chat.send("what is it?", images=[picture()])
    chat.send("sure?")
    for seen in loopback.requests:
        kinds = [part["type"] for part in seen.body["messages"][1]["content"]]
        assert kinds == ["image_url", "text"]


def test_settings_of_a_session_and_of_a_turn(loopback: Loopback) -> None:
    loopback.script(Answer("a"), Answer("b"))
    chat = session(loopback, temperature=0.25)
    chat.send("x")
    chat.send("y", temperature=0.5, tools=[add])
    first, second = (seen.body for seen in loopback.requests)
    assert (first["temperature"], second["temperature"]) == (0.25, 0.5)
    assert "tools" not in first
    assert second["tools"]


@pytest.mark.parametrize("query", ["", "  ", 3, None])
def test_nothing_to_say_is_said_to_be_nothing(loopback: Loopback, query: Any) -> None:
    chat = session(loopback)
    with pytest.raises(BadArgument, match="says nothing"):
        chat.send(query)
    assert len(chat._line) == 0
