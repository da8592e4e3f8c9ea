"""Anthropic's events: blocks side by side, blocks that are kept, tokens and reasons."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mojentic_nb import errors
from mojentic_nb.events import Event, ToolCallDelta, Usage
from mojentic_nb.gateways.anthropic import AnthropicGateway
from tests.gateways.requests import ask

GATEWAY = AnthropicGateway("sk-ant-test")


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def fed(*records: dict[str, Any], **settings: Any) -> tuple[Any, list[Event]]:
    """What a stream of these records comes to."""
    one = GATEWAY.decoder(ask(**settings))
    body = b"".join(b"data: " + json.dumps(record).encode() + b"\n\n" for record in records)
    return one, [*one.feed(body), *one.finish()]


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def piece(index: int, words: str) -> dict[str, Any]:
    delta = {"type": "input_json_delta", "partial_json": words}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


END = {"type": "message_stop"}


def test_blocks_may_be_open_side_by_side() -> None:
    """As llama.cpp streams them: every block is closed at the end."""
    one, _ = fed(
        start(0, type="text", text=""),
        start(1, type="tool_use", id="a", name="f", input={}),
        start(2, type="tool_use", id="b", name="g", input={}),
        piece(2, '{"y":'),
        piece(1, '{"x":1}'),
        piece(2, "2}"),
        stop(0),
        stop(1),
        stop(2),
        END,
    )
    calls = one.answer(0, None, 1).tool_calls
    assert [(call.id, call.arguments) for call in calls] == [("a", {"x": 1}), ("b", {"y": 2})]


def test_inputs_may_come_whole_at_the_start() -> None:
    one, events = fed(
        start(0, type="tool_use", id="a", name="f", input={"x": 1}),
        start(1, type="tool_use", id="b", name="g", input={"y": 2}),
        stop(0),
        stop(1),
        END,
    )
    calls = one.answer(0, None, 1).tool_calls
    assert [call.arguments for call in calls] == [{"x": 1}, {"y": 2}]
    assert [event.arguments for event in events if type(event) is ToolCallDelta] == [
        '{"x":1}',
        '{"y":2}',
    ]


def test_a_whole_input_is_not_taken_twice() -> None:
    one, _ = fed(
        start(0, type="tool_use", id="a", name="f", input={"x": 1}),
        piece(0, '{"x":1}'),
        stop(0),
        END,
    )
    assert one.answer(0, None, 1).tool_calls[0].arguments == {"x": 1}


def test_a_block_may_begin_with_its_words() -> None:
    one, _ = fed(
        start(0, type="thinking", thinking="hm"), start(1, type="text", text="Hi"), stop(1), END
    )
    answer = one.answer(0, None, 1)
    assert (answer.text, answer.thinking) == ("Hi", "hm")


def test_a_piece_of_a_block_that_never_began_is_an_error() -> None:
    with pytest.raises(errors.GatewayGarbled):
        fed(piece(0, "{}"), END)


def test_cached_tokens_are_part_of_the_input() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2}
    one, _ = fed(
        {"type": "message_start", "message": {"model": "claude", "usage": usage}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 4, "input_tokens": None}},
        END,
    )
    assert one.usage == Usage(
        input_tokens=10, output_tokens=4, cached_tokens=3, cache_write_tokens=2
    )
    assert one.answer(0, None, 1).model == "claude"


@pytest.mark.parametrize(
    "said, reason",
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_finish_reasons(said: str, reason: str) -> None:
    one, _ = fed({"type": "message_delta", "delta": {"stop_reason": said}}, END)
    assert one.answer(0, None, 1).finish_reason == reason


def delta(index: int, **said: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": said}


def test_all_blocks_are_kept_as_they_came_where_one_is_signed() -> None:
    one, _ = fed(
        start(0, type="thinking", thinking="", signature=""),
        delta(0, thinking="hm "),
        delta(0, thinking="so"),
        delta(0, signature="sig"),
        stop(0),
        start(1, type="redacted_thinking", data="opaque"),
        stop(1),
        start(2, type="text", text=""),
        delta(2, text="Let "),
        delta(2, text="me."),
        delta(2, citation={"url": "x"}),
        stop(2),
        start(3, type="server_tool_use", id="s", name="web_search", input={}),
        piece(3, '{"query": '),
        piece(3, '"x"}'),
        stop(3),
        start(4, type="web_search_tool_result", tool_use_id="s", content=[]),
        stop(4),
        start(5, type="thinking", thinking="again", signature="two"),
        stop(5),
        start(6, type="text", text="So:"),
        stop(6),
        start(7, type="tool_use", id="", name="look", input={}),
        piece(7, '{"at": 1}'),
        stop(7),
        start(8, type="thinking", thinking="cut"),
        END,
    )
    answer = one.answer(0, None, 1)

    assert (answer.text, answer.thinking) == ("Let me.So:", "hm soagaincut")
    assert answer.provider_state == {
        "anthropic": {
            "content": [
                {"type": "thinking", "thinking": "hm so", "signature": "sig"},
                {"type": "redacted_thinking", "data": "opaque"},
                {"type": "text", "text": "Let me.", "citations": [{"url": "x"}]},
                {
                    "type": "server_tool_use",
                    "id": "s",
                    "name": "web_search",
                    "input": {"query": "x"},
                },
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
                {"type": "thinking", "thinking": "again", "signature": "two"},
                {"type": "text", "text": "So:"},
                {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": 1}},
            ]
        }
    }


def test_an_answer_of_words_and_calls_has_no_state() -> None:
    one, _ = fed(start(0, type="text", text="Hi"), start(1, type="tool_use", id="a", name="f"), END)
    assert one.answer(0, None, 1).provider_state is None


def test_thinking_tokens_are_counted() -> None:
    usage = {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}
    one, _ = fed({"type": "message_delta", "delta": {}, "usage": usage}, END)
    assert one.usage == Usage(output_tokens=9, reasoning_tokens=4)


def test_all_text_is_taken() -> None:
    body = {"content": [text("One, "), text("two.")], "stop_reason": "end_turn"}
    one = GATEWAY.decoder(ask(stream=False))
    one.feed(json.dumps(body).encode())
    list(one.finish())
    assert one.answer(0, None, 1).text == "One, two."


@pytest.mark.parametrize("reason, told", [("end_turn", "stop"), ("refusal", "content_filter")])
def test_nothing_said_is_an_answer(reason: str, told: str) -> None:
    one = GATEWAY.decoder(ask(stream=False))
    one.feed(json.dumps({"content": [], "stop_reason": reason}).encode())
    assert list(one.finish()) == []
    assert (one.answer(0, None, 1).text, one.answer(0, None, 1).finish_reason) == ("", told)
