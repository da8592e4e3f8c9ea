"""The same request, the same answer, and nothing sent for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb import LLMBroker, LLMMessage, ResponseCache, errors, tool
from mojentic_nb.events import CacheHit, ModelAnswered, ModelAsked, TextDelta, ThinkingDelta
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.shapes import (
    PROTOCOLS,
    Protocol,
    Shape,
    both_drivers,
    every_protocol,
    every_shape,
)

OLLAMA, OPENAI, ANTHROPIC = PROTOCOLS
SECRET = "sk-not-to-be-found-anywhere-0123456789"


class Person(BaseModel):
    name: str


@every_protocol
@every_shape
def test_asked_again_it_is_there(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    loopback.script(Answer("It is so.", thinking="hm"))
    broker = protocol.broker(loopback.url, cache=ResponseCache())
    first, second = (shape.run(broker, "Is it?") for _ in range(2))

    assert first.text == second.text == "It is so."
    assert len(loopback.requests) == 1


@every_shape
def test_every_shape_finds_what_another_left(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("It is so."))
    broker = OPENAI.broker(loopback.url, cache=ResponseCache())
    broker.generate("Is it?")

    assert shape.run(broker, "Is it?").text == "It is so."
    assert len(loopback.requests) == 1


def test_a_hit_is_told_like_an_answer(loopback: Loopback) -> None:
    loopback.script(Answer("It is so.", thinking="hm", usage=(20, 5)))
    broker = OLLAMA.broker(loopback.url, cache=ResponseCache())
    broker.generate("Is it?")
    told = [type(event).__name__ for event in broker.generate_events("Is it?")]
    reply = broker.generate("Is it?")

    assert told == [
        "ModelAsked",
        "CacheHit",
        "ThinkingDelta",
        "TextDelta",
        "ModelAnswered",
        "TurnFinished",
    ]
    assert (reply.is_cached, reply.usage.total_tokens, reply.thinking) == (True, 0, "hm")


def test_a_hit_says_what_it_saves(loopback: Loopback) -> None:
    times = iter(range(0, 100, 10))
    loopback.script(Answer("It is so.", usage=(20, 5)))
    broker = OPENAI.broker(loopback.url, cache=ResponseCache(now=lambda: next(times)))
    broker.generate("Is it?")
    hit = next(one for one in broker.generate_events("Is it?") if isinstance(one, CacheHit))

    assert (hit.model, hit.saved.total_tokens, hit.age_s) == ("m", 25, 10)


def test_a_fresh_reply_does_not_say_it_is_cached(loopback: Loopback) -> None:
    assert not OPENAI.broker(loopback.url, cache=ResponseCache()).generate("hi").is_cached


IMAGE = b"\x89PNG\r\n\x1a\n" + b"0" * 32


@pytest.mark.parametrize(
    "one, other",
    [
        ({"messages": "hi"}, {"messages": "hi "}),
        ({"messages": "hi"}, {"messages": LLMMessage.system("hi")}),
        ({"messages": "hi"}, {"messages": LLMMessage.user("hi", images=[IMAGE])}),
        ({"messages": LLMMessage.user("hi", images=[IMAGE])},
         {"messages": LLMMessage.user("hi", images=[IMAGE + b"1"])}),
        ({}, {"temperature": 0.5}), ({}, {"seed": 1}), ({"seed": 1}, {"seed": 2}),
        ({}, {"max_tokens": 9}), ({}, {"stop": ["x"]}),
    ],
)  # fmt: skip
def test_any_other_request_is_another(
    loopback: Loopback, one: dict[str, Any], other: dict[str, Any]
) -> None:
    broker = OPENAI.broker(loopback.url, cache=ResponseCache())
    for options in (one, other):
        broker.generate(**{"messages": "hi", **options})

    assert len(loopback.requests) == 2


def test_another_model_address_or_set_of_tools_is_another(loopback: Loopback) -> None:
    @tool
    def look() -> str:
        """Look."""
        return "seen"

    cache = ResponseCache()
    OPENAI.broker(loopback.url, cache=cache).generate("hi")
    OPENAI.broker(loopback.url, cache=cache).generate("hi", tools=[look])
    LLMBroker("n", OPENAI.gateway(loopback.url), cache=cache).generate("hi")
    OLLAMA.broker(loopback.url, cache=cache).generate("hi")
    OPENAI.broker(loopback.url.replace("127.0.0.1", "localhost"), cache=cache).generate("hi")
    loopback.script(Answer('{"name": "Ada"}'))
    OPENAI.broker(loopback.url, cache=cache).generate_object("hi", Person)

    assert len(loopback.requests) == cache.stats.misses == 6


def test_timeouts_and_keys_do_not_matter(loopback: Loopback) -> None:
    cache = ResponseCache()
    OPENAI.broker(loopback.url, cache=cache, api_key="one").generate("hi", timeout=3)
    OPENAI.broker(loopback.url, cache=cache, api_key="two").generate("hi", deadline=100)

    assert len(loopback.requests) == 1


@pytest.mark.parametrize("protocol", [OPENAI, ANTHROPIC], ids=repr)
@both_drivers
@pytest.mark.parametrize(
    "spoiled",
    [Answer("cut", finish="length"), Answer("hm", finish="content_filter"),
     Answer("x y", fault=Fault.TORN, fault_after=1), Answer.error(400, "No"), Answer("")],
    ids=["length", "filter", "torn", "400", "empty"],
)  # fmt: skip
def test_what_is_not_whole_is_not_kept(
    loopback: Loopback, shape: Shape, protocol: Protocol, spoiled: Answer
) -> None:
    loopback.script(spoiled, Answer("whole"))
    cache = ResponseCache()
    broker = protocol.broker(loopback.url, cache=cache)
    shape.run(broker, "hi")
    assert len(cache) == 0

    assert shape.run(broker, "hi").text == "whole"


def test_an_answer_the_reader_left_is_not_kept(loopback: Loopback) -> None:
    loopback.script(Answer("one two three"))
    cache = ResponseCache()
    for _piece in OPENAI.broker(loopback.url, cache=cache).generate_stream("hi"):
        break

    assert len(cache) == 0


def test_an_object_that_is_none_is_not_kept(loopback: Loopback) -> None:
    loopback.script(Answer("no JSON"), Answer('{"name": "Ada"}'))
    cache = ResponseCache()
    broker = OPENAI.broker(loopback.url, cache=cache)
    for _ in range(2):
        assert broker.generate_object("hi", Person) == Person(name="Ada")
        loopback.script(Answer("no JSON"))

    assert cache.stats.hits == 1


def test_a_tool_loop_replays_and_its_tools_run_again(loopback: Loopback) -> None:
    seen = []

    @tool
    def look(where: str) -> str:
        """Look."""
        seen.append(where)
        return "a bird"

    loopback.script(Answer(tools=[ToolUse("look", {"where": "up"})]), Answer("A bird."))
    broker = OPENAI.broker(loopback.url, cache=ResponseCache())
    replies = [broker.generate("hi", tools=[look]) for _ in range(2)]

    assert replies == ["A bird."] * 2
    assert seen == ["up", "up"]
    assert [reply.is_cached for reply in replies] == [False, True]
    assert len(loopback.requests) == 2


def test_a_turn_is_cached_only_where_all_of_it_is(loopback: Loopback) -> None:
    answers = iter(["one bird", "two birds"])

    @tool
    def look() -> str:
        """Look."""
        return next(answers)

    loopback.script(Answer(tools=[ToolUse("look")]), Answer("One."), Answer("Two."))
    broker = OPENAI.broker(loopback.url, cache=ResponseCache())
    replies = [broker.generate("hi", tools=[look]) for _ in range(2)]

    assert [(str(reply), reply.is_cached) for reply in replies] == [
        ("One.", False),
        ("Two.", False),
    ]


def test_no_key_and_no_question_is_in_the_file(loopback: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    with ResponseCache(path) as cache:
        broker = OPENAI.broker(
            loopback.url, cache=cache, api_key=SECRET, headers={"x-api-key": SECRET}
        )
        broker.generate("my private question")
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert b"Hello from loopback." in held
    assert SECRET.encode() not in held
    assert b"private question" not in held


def test_what_is_too_old_is_asked_anew(loopback: Loopback) -> None:
    now = [0.0]
    cache = ResponseCache(max_age_s=60, now=lambda: now[0])
    broker = OPENAI.broker(loopback.url, cache=cache)
    for now[0] in (0, 60, 61, 100):
        broker.generate("hi")

    assert len(loopback.requests) == 2


def test_a_clock_that_goes_back_makes_nothing_older(loopback: Loopback) -> None:
    now = [1000.0]
    broker = OPENAI.broker(loopback.url, cache=ResponseCache(max_age_s=60, now=lambda: now[0]))
    broker.generate("hi")
    now[0] = 0.0
    hit = next(one for one in broker.generate_events("hi") if isinstance(one, CacheHit))

    assert hit.age_s == 0


def test_the_one_used_longest_ago_goes_first(loopback: Loopback) -> None:
    times = iter(range(1000))
    cache = ResponseCache(max_entries=2, now=lambda: next(times))
    broker = OPENAI.broker(loopback.url, cache=cache)
    for prompt in ("a", "b", "a", "c", "a"):
        broker.generate(prompt)
    assert (len(cache), len(loopback.requests)) == (2, 3)

    broker.generate("b")
    assert len(loopback.requests) == 4


def test_its_size_is_bounded(loopback: Loopback) -> None:
    cache = ResponseCache(max_bytes=2000)
    broker = OPENAI.broker(loopback.url, cache=cache)
    for number in range(30):
        loopback.script(Answer("x" * 300))
        broker.generate(str(number))
    assert 0 < cache.stats.size_bytes <= 2000

    loopback.script(Answer("x" * 3000))
    broker.generate("too large by itself")
    assert 0 < cache.stats.size_bytes <= 2000


def test_it_says_how_it_is_used(loopback: Loopback) -> None:
    cache = ResponseCache()
    broker = OPENAI.broker(loopback.url, cache=cache)
    for prompt in ("a", "b", "a"):
        broker.generate(prompt)
    stats = cache.stats
    assert (stats.hits, stats.misses, stats.stored, stats.entries) == (1, 2, 2, 2)

    cache.clear()
    assert len(cache) == cache.stats.size_bytes == 0
    broker.generate("a")
    assert len(loopback.requests) == 3


def test_the_pieces_of_a_hit_are_events_like_others(loopback: Loopback) -> None:
    loopback.script(Answer("text", thinking="hm"))
    broker = OLLAMA.broker(loopback.url, cache=ResponseCache())
    kinds = (ModelAsked, TextDelta, ThinkingDelta, ModelAnswered)
    runs = [[e for e in broker.generate_events("hi") if isinstance(e, kinds)] for _ in range(2)]

    assert [type(event) for event in runs[0]] == [type(event) for event in runs[1]]
    assert runs[0][1:3] == runs[1][1:3]


@pytest.mark.parametrize("name", ["max_age_s", "max_entries", "max_bytes"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_bound_that_makes_no_sense_is_refused(name: str, value: int) -> None:
    with pytest.raises(errors.BadArgument, match=name):
        ResponseCache(**{name: value})


def test_a_cache_of_another_kind_is_refused() -> None:
    with pytest.raises(errors.BadArgument, match=r"cache='answers\.db'"):
        LLMBroker("demo", cache="answers.db")
