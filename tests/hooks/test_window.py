"""The context window around real calls: what the server was really sent, in every shape."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb import errors
from mojentic_nb.events import (
    ModelAsked,
    Summarised,
    Trimmed,
)
from mojentic_nb.hooks.window import Window
from mojentic_nb.messages import LLMMessage
from tests.hooks.talk import (
    OPENAI,
    heard,
    look,
    of_kind,
    sent,
    talk,
    touch,
    words,
)
from tests.loopback import Answer, Loopback, ToolUse
from tests.pictures import picture
from tests.shapes import (
    PROTOCOLS,
    Protocol,
    Shape,
    every_protocol,
    every_shape,
    every_shape_and_object,
)

SAID = '{"said": "yes"}'


@every_shape
def test_the_oldest_exchanges_are_left_out_and_that_is_told(
    loopback: Loopback, shape: Shape
) -> None:
    broker = OPENAI.broker(loopback.url)
    told = heard(broker)
    messages = talk(4)
    before = [message.model_copy(deep=True) for message in messages]
    outcome = shape.run(broker, messages, window=Window(22, words))

    assert outcome.error is None
    assert sent(loopback) == [
        *("Be brief.", "question 2 ?", "answer 2"),
        *("question 3 ?", "answer 3", "and now?"),
    ]
    assert of_kind(told, Trimmed) == [Trimmed(4, 14, 3 + 14 + 3)]
    assert messages == before
    if outcome.events is not None:
        assert of_kind(outcome.events, Trimmed) == of_kind(told, Trimmed)


@every_shape
def test_what_has_room_is_sent_as_it_is(loopback: Loopback, shape: Shape) -> None:
    broker = OPENAI.broker(loopback.url)
    told = heard(broker)
    for strategy in ("drop-oldest", "summarise", "error"):
        window = Window(34, words, strategy)
        assert shape.run(broker, talk(4), window=window).error is None
        assert len(sent(loopback)) == 10

    assert of_kind(told, Trimmed, Summarised) == []
    assert len(loopback.requests) == 3


@every_protocol
@every_shape
def test_inside_a_tool_loop_too(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    loopback.script(
        Answer(tools=[ToolUse("look", {"at": "Mars"})]),
        Answer(tools=[ToolUse("look", {"at": "Venus"})]),
        Answer("far"),
    )
    broker = protocol.broker(loopback.url)
    told = heard(broker)
    # Each result takes the room of three or four exchanges.
    outcome = shape.run(broker, talk(4), tools=[look], window=Window(68, words))

    assert outcome.error is None
    texts = [str(seen.body) for seen in loopback.requests]
    assert [text.count("question") for text in texts] == [4, 3, 0]
    assert all("and now?" in text and "Be brief." in text for text in texts)
    assert "Mars is far" in texts[2]
    assert "Venus is far" in texts[2]
    assert [event.messages for event in of_kind(told, Trimmed)] == [2, 8]


@every_shape_and_object
def test_what_cannot_fit_is_an_overflow_and_nothing_is_sent(
    loopback: Loopback, shape: Shape
) -> None:
    broker = OPENAI.broker(loopback.url)
    window = Window(15, words)
    outcome = shape.run(broker, talk(4, system="one two " * 10), window=window)

    error = outcome.error
    assert isinstance(error, errors.ContextOverflow)
    assert error.max_context == 15
    assert error.tokens >= 24
    assert "(3 tokens)" in error.message
    assert "system message (21)" in error.message
    assert "raise max_context" in error.hint
    assert loopback.requests == []


@every_shape
def test_an_overflow_in_a_tool_loop_sends_no_more(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer(tools=[ToolUse("look", {"at": "Mars"})]))
    broker = OPENAI.broker(loopback.url)
    outcome = shape.run(broker, talk(4), tools=[look], window=Window(30, words))

    assert isinstance(outcome.error, errors.ContextOverflow)
    assert len(loopback.requests) == 1


@every_shape
def test_an_error_may_be_wanted_at_once(loopback: Loopback, shape: Shape) -> None:
    broker = OPENAI.broker(loopback.url)
    outcome = shape.run(broker, talk(4), window=Window(33, words, "error"))

    assert isinstance(outcome.error, errors.ContextOverflow)
    assert outcome.error.tokens == 34
    assert "'drop-oldest'" in outcome.error.hint
    assert loopback.requests == []


def test_an_overflow_is_raised_again_elsewhere() -> None:
    import pickle

    error = errors.ContextOverflow("Too long.", hint="Less.", tokens=7, max_context=5)
    again = pickle.loads(pickle.dumps(error))
    assert (again.tokens, again.max_context, str(again)) == (7, 5, "Too long. Less.")


def test_tools_and_schema_count(loopback: Loopback) -> None:
    loopback.script(Answer("x"), Answer("x"), Answer(SAID))
    broker = OPENAI.broker(loopback.url)
    broker.generate(talk(4), window=Window(34, words))
    broker.generate(talk(4), tools=[look], window=Window(34, words))
    broker.generate_object(talk(4), dict, window=Window(34, words))
    counts = [len(sent(loopback, at)) for at in range(3)]
    assert counts == [10, 6, 4]


def test_images_and_the_arguments_of_calls_count(loopback: Loopback) -> None:
    loopback.script(
        *[Answer("x")] * 2,
        Answer(tools=[ToolUse("look", {"at": "far " * 40})]),
    )
    broker = OPENAI.broker(loopback.url)
    seen = [
        *talk(2)[:-1],
        LLMMessage.user("this?", images=[picture()]),
        LLMMessage.assistant("Nice."),
    ]
    broker.generate([*seen, LLMMessage.user("and now?")], window=Window(59, words))
    assert sent(loopback) == ["Be brief.", "and now?"]

    broker.generate([*seen, LLMMessage.user("and now?")], window=Window(74, words))
    assert len(sent(loopback)) == 8

    with pytest.raises(errors.ContextOverflow):
        broker.generate(talk(0), tools=[look], window=Window(60, words))
    assert loopback.unused == 0


def test_a_repair_never_takes_the_place_of_the_question(loopback: Loopback) -> None:
    broker = OPENAI.broker(loopback.url)
    messages = [*talk(2)[:-1], LLMMessage.user("and now? " * 30)]
    loopback.script(*[Answer("no json at all"), Answer("{}")] * 2)
    broker.generate_object(messages, dict, window=Window(150, words))
    assert [len(sent(loopback, at)) for at in (0, 1)] == [6, 8]
    assert sent(loopback)[-1].startswith("That answer did not validate")

    # What is to be repaired has room, and so has the repair, but not both of them.
    with pytest.raises(errors.ContextOverflow):
        broker.generate_object(messages, dict, window=Window(100, words))
    assert len(loopback.requests) == 3


def test_what_is_left_out_of_several_calls_is_told_once(loopback: Loopback) -> None:
    loopback.script(Answer(tools=[ToolUse("touch", {"at": "Mars"})]), Answer("Hot."))
    broker = OPENAI.broker(loopback.url)
    told = heard(broker)
    broker.generate(talk(4), tools=[touch], window=Window(42, words))
    assert [len(sent(loopback, at)) for at in (0, 1)] == [8, 10]
    assert len(of_kind(told, Trimmed)) == 1


@pytest.mark.parametrize(
    "room, more, told",
    [
        (99, {}, [Trimmed(0, 0, 30, before=6)]),
        (29, {}, [Trimmed(2, 7, 23, before=6)]),
        (99, {"earlier": "It began."}, [Summarised(0, 0, "It began.", 6)]),
        (
            43,
            {"earlier": "It began."},
            [Summarised(0, 0, "It began.", 6), Trimmed(2, 7, 41, before=6, summed=6)],
        ),
    ],
)
def test_what_earlier_turns_left_out_is_told_once_in_each(
    loopback: Loopback, room: int, more: dict[str, str], told: list[Any]
) -> None:
    loopback.script(Answer(tools=[ToolUse("touch", {"at": "it"})]), Answer("ok"))
    broker = OPENAI.broker(loopback.url)
    events = heard(broker)
    window = Window(room, words, left_out=6, **more)
    broker.generate(talk(2), tools=[touch], window=window)
    assert of_kind(events, Trimmed, Summarised)[: len(told)] == told
    assert len(of_kind(events, ModelAsked)) == 2


def test_no_more_messages_than_wanted(loopback: Loopback) -> None:
    broker = OPENAI.broker(loopback.url)
    window = Window(1000, words, max_messages=4)
    broker.generate(talk(4), window=window)
    assert sent(loopback) == ["Be brief.", "question 3 ?", "answer 3", "and now?"]
    with pytest.raises(errors.ContextOverflow, match="4 messages"):
        broker.generate(talk(4), window=Window(1000, words, "error", max_messages=4))


def test_what_is_private_is_hidden_before_it_is_counted_and_summed_up(loopback: Loopback) -> None:
    loopback.script(Answer("They met [email-1]."), Answer("Yes."))
    broker = OPENAI.broker(loopback.url, redact=True)
    messages = [
        LLMMessage.user("I am ada@example.org " + "and so on " * 20),
        LLMMessage.assistant("Hello."),
        *talk(1, system=""),
    ]
    broker.generate(messages, window=Window(100, words, "summarise"))
    broker.generate(messages, window=Window(60, words, "summarise"))
    assert "ada@" not in str([seen.body for seen in loopback.requests])


def test_the_window_is_the_same_for_a_model_fallen_back_on(loopback: Loopback) -> None:
    loopback.script(Answer.error(503, "No"), Answer("yes"))
    broker = OPENAI.broker(loopback.url, fallback=[PROTOCOLS[0].gateway(loopback.url)])
    told = heard(broker)
    broker.generate(talk(4), window=Window(22, words))
    assert [len(sent(loopback, at)) for at in (0, 1)] == [6, 6]
    assert len(of_kind(told, Trimmed)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_context": 0},
        {"max_context": True},
        {"max_context": "8k"},
        {"strategy": "forget"},
        {"count": 7},
        {"max_messages": 0},
    ],
    ids=repr,
)
def test_a_window_of_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.BadArgument, match=str(*wrong)):
        Window(**{"max_context": 100, "count": words, **wrong})


def test_anything_else_is_no_window(loopback: Loopback) -> None:
    with pytest.raises(errors.BadArgument, match="window=4096"):
        OPENAI.broker(loopback.url).generate("hi", window=4096)
    assert loopback.requests == []
