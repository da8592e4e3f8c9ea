"""Bytes to events: cut anywhere, dressed up anyhow, and never anything but our errors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import GatewayError, GatewayGarbled, GatewayTorn
from mojentic_nb.events import Event, TextDelta, ThinkingDelta, ToolCallDelta
from mojentic_nb.gateways.calls import ToolCallParts, tool_call
from mojentic_nb.gateways.decoder import Decoder
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.request import ChatRequest
from tests.loopback import Answer, ToolUse
from tests.loopback.desk import SPEECHES
from tests.shapes import PROTOCOLS, Protocol, every_protocol

REQUEST = ChatRequest(model="m", messages=(LLMMessage.user("hi"),))
TEXT = "Grüße, 世界 🎈!"
CALLS = (ToolUse("look", {"at": "é 🎈", "n": 2}), ToolUse("wait", {}))
ANSWER = Answer(TEXT, thinking="hm, ü", tools=CALLS, usage=(11, 7))


def decoder(protocol: Protocol, request: ChatRequest = REQUEST) -> Decoder:
    return protocol.gateway("http://127.0.0.1:9").decoder(request)


def read(one: Decoder, pieces: Iterable[bytes]) -> list[Event]:
    events = [event for piece in pieces for event in one.feed(piece)]
    return [*events, *one.finish()]


def stream(protocol: Protocol, answer: Answer = ANSWER, newline: str = "\n") -> bytes:
    frames = SPEECHES[protocol.name].frames(answer, {"stream_options": {"include_usage": True}})
    return b"".join(frame.data for frame in frames).replace(b"\n", newline.encode())


def assert_whole(one: Decoder, events: list[Event]) -> None:
    """Everything of ANSWER is there, told in pieces and summed up."""
    answer = one.answer(0, None, 1)
    assert "".join(event.text for event in events if type(event) is TextDelta) == TEXT
    assert "".join(event.text for event in events if type(event) is ThinkingDelta) == "hm, ü"
    assert (answer.text, answer.thinking) == (TEXT, "hm, ü")
    assert [(call.name, call.arguments) for call in answer.tool_calls] == [
        ("look", {"at": "é 🎈", "n": 2}),
        ("wait", {}),
    ]
    assert answer.finish_reason == "tool_calls"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    assert {event.name for event in events if type(event) is ToolCallDelta} >= {"look"}
    assert one.is_done
    assert one.is_over


@every_protocol
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_bytes_may_be_cut_anywhere(protocol: Protocol, newline: str) -> None:
    data = stream(protocol, newline=newline)
    for cut in range(len(data) + 1):
        one = decoder(protocol)
        assert_whole(one, read(one, [data[:cut], data[cut:]]))


@every_protocol
def test_bytes_may_come_one_by_one(protocol: Protocol) -> None:
    one = decoder(protocol)
    assert_whole(one, read(one, [bytes([byte]) for byte in stream(protocol)]))


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
@given(data=st.data())
def test_bytes_may_be_cut_everywhere(protocol: Protocol, data: st.DataObject) -> None:
    body = stream(protocol)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=12)))
    edges = [0, *cuts, len(body)]
    one = decoder(protocol)
    assert_whole(one, read(one, [body[a:b] for a, b in pairwise(edges)]))


@every_protocol
def test_a_whole_answer_may_be_cut_anywhere(protocol: Protocol) -> None:
    speech = SPEECHES[protocol.name]
    data = json.dumps(speech.whole(ANSWER, {}), indent=1).encode()
    for cut in range(0, len(data), 7):
        one = decoder(protocol, replace(REQUEST, stream=False))
        events = read(one, [data[:cut], data[cut:]])
        one.is_over = True
        assert_whole(one, events)


@every_protocol
def test_an_answer_that_ends_anywhere_is_whole_or_an_error(protocol: Protocol) -> None:
    """Never a silently shortened text."""
    data = stream(protocol)
    for end in range(len(data)):
        one = decoder(protocol)
        told = one.feed(data[:end])
        try:
            told.extend(one.finish())
        except GatewayTorn:
            one.failed(error := GatewayTorn("x"))
            assert error.partial == "".join(e.text for e in told if type(e) is TextDelta)
        else:
            assert one.answer(0, None, 1).text == TEXT


NOISE = [": ping", "event: ping", "id: 7", "retry: 10", "", ":", "unknown: field", "x"]


@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=repr)
@given(
    noise=st.lists(st.tuples(st.integers(0, 60), st.sampled_from(NOISE)), max_size=8),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_other_lines_of_an_event_stream_mean_nothing(
    protocol: Protocol, noise: list[tuple[int, str]], newline: str
) -> None:
    lines = stream(protocol).decode().split("\n")
    for place, line in noise:
        lines.insert(1 + place % len(lines), line)

    one = decoder(protocol)
    assert_whole(one, read(one, [newline.join(lines).encode()]))


@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=repr)
@pytest.mark.parametrize("first", [b"\n\n", b"\xef\xbb\xbf", b": hello\n\n", b"retry: 3\n"])
def test_an_event_stream_may_begin_otherwise(protocol: Protocol, first: bytes) -> None:
    one = decoder(protocol)
    assert_whole(one, read(one, [first, stream(protocol)]))


@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=repr)
def test_no_blank_after_the_colon_is_needed(protocol: Protocol) -> None:
    one = decoder(protocol)
    assert_whole(one, read(one, [stream(protocol).replace(b"data: ", b"data:")]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "choices delta content message tool_calls function arguments name index usage "
                "type content_block error done text thinking finish_reason partial_json id".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "message_delta", None]
)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
@pytest.mark.parametrize("streams", [True, False])
@given(values=st.lists(JSON, min_size=1, max_size=3), kind=KINDS)
def test_any_json_at_all_is_read_or_refused(
    protocol: Protocol, streams: bool, values: list[Any], kind: str | None
) -> None:
    records = [{**value, "type": kind} if isinstance(value, dict) else value for value in values]
    mark = b"" if protocol.name == "ollama" or not streams else b"data: "
    body = b"".join(mark + json.dumps(one).encode() + b"\n" for one in records)
    one = decoder(protocol, replace(REQUEST, stream=streams))
    try:
        read(one, [body])
        one.answer(0, None, 1)
    except GatewayError as error:
        one.failed(error)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
@given(body=st.binary(max_size=60))
def test_any_bytes_at_all_are_read_or_refused(protocol: Protocol, body: bytes) -> None:
    with pytest.raises(GatewayError):
        read(decoder(protocol), [body])


@every_protocol
def test_what_came_before_an_error_in_the_same_bytes_is_told(protocol: Protocol) -> None:
    speech = SPEECHES[protocol.name]
    words = stream(protocol, Answer("one two")).split(b"two")[0].rsplit(b"\n", 1)[0] + b"\n"
    one = decoder(protocol)
    events = one.feed(words + speech.error_frame("Oh no").data)

    assert events == [TextDelta("one ")]
    assert one.is_over
    with pytest.raises(GatewayError, match="Oh no"):
        list(one.finish())


@every_protocol
def test_an_endless_line_is_refused(protocol: Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mojentic_nb.gateways.decoder.LARGEST_BYTES", 10_000)
    for start in (b"", b'{"a": 1}\n' if protocol.name == "ollama" else b": hi\n\n"):
        one = decoder(protocol)
        with pytest.raises(GatewayGarbled):
            one.feed(start)
            for _ in range(100):
                one.feed(b"x" * 1000)


# tool calls in pieces -------------------------------------------------------

Piece = tuple[int | None, str, str, str]  # index, id, name, arguments

PIECES: list[tuple[str, list[Piece], list[tuple[str, str, dict[str, Any]]]]] = [
    (
        "as OpenAI sends them",
        [(0, "a", "f", ""), (0, "", "", '{"x"'), (0, "", "", ":1}"), (1, "b", "g", "{}")],
        [("a", "f", {"x": 1}), ("b", "g", {})],
    ),
    (
        "interleaved",
        [(0, "a", "f", ""), (1, "b", "g", ""), (0, "", "", '{"x":1}'), (1, "", "", '{"y":2}')],
        [("a", "f", {"x": 1}), ("b", "g", {"y": 2})],
    ),
    (
        "one id for two calls",
        [(0, "a", "f", '{"x":1}'), (1, "a", "f", '{"x":2}')],
        [("a", "f", {"x": 1}), ("a", "f", {"x": 2})],
    ),
    (
        "no index",
        [(None, "a", "f", ""), (None, "", "", '{"x":1}'), (None, "b", "g", '{"y":2}')],
        [("a", "f", {"x": 1}), ("b", "g", {"y": 2})],
    ),
    (
        "no index, one id",
        [(None, "a", "f", '{"x":1}'), (None, "a", "f", '{"x":2}')],
        [("a", "f", {"x": 1}), ("a", "f", {"x": 2})],
    ),
    (
        "index 0 always",
        [(0, "a", "f", '{"x":1}'), (0, "b", "g", '{"y":2}')],
        [("a", "f", {"x": 1}), ("b", "g", {"y": 2})],
    ),
    (
        "index 0 always and no ids",
        [(0, "", "f", '{"x":1}'), (0, "", "f", '{"x":2}')],
        [("call_4", "f", {"x": 1}), ("call_5", "f", {"x": 2})],
    ),
    (
        "the name again in each piece",
        [(0, "a", "f", '{"x"'), (0, "a", "f", ":1}"), (0, "a", "f", "")],
        [("a", "f", {"x": 1})],
    ),
    ("an id that comes late", [(0, "", "f", ""), (0, "a", "", '{"x":1}')], [("a", "f", {"x": 1})]),
    ("no arguments", [(0, "a", "f", "")], [("a", "f", {})]),
]


@pytest.mark.parametrize("told, pieces, calls", PIECES, ids=[row[0] for row in PIECES])
def test_calls_are_put_together(
    told: str, pieces: list[Piece], calls: list[tuple[str, str, dict[str, Any]]]
) -> None:
    parts = ToolCallParts()
    for index, call_id, name, arguments in pieces:
        parts.add(parts.place(index, call_id, name, arguments), arguments)

    assert [(one.id, one.name, one.arguments) for one in parts.finished(3)] == calls


@pytest.mark.parametrize("text", ['{"x":', "[1]", "words", '"text"', "null", '{"x":1}{}'])
def test_arguments_that_are_no_object_are_kept_as_they_were(text: str) -> None:
    assert tool_call("a", "f", text) == LLMToolCall(id="a", name="f", malformed=text)
