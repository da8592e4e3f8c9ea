"""Everything a server can do wrong, over a real socket, in each call shape and protocol.

Law: a row ends in the right text or in a typed error with a hint; what had come is kept,
nothing waits longer than it was told to, and pieces that were handed on are exactly what
the error says had come.
"""

from __future__ import annotations

import gzip
import socket

import pytest

from mojentic_nb import errors
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import TurnFailed, TurnFinished
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import (
    PROTOCOLS,
    SHAPES,
    Outcome,
    Protocol,
    Shape,
    every_protocol,
    every_shape,
    every_shape_and_object,
    every_streaming_shape,
)

SIX = "one two three four five six"
# Long enough for two words on a busy machine.
SHORT_S = 0.4


def check(outcome: Outcome, kind: type[errors.GatewayError], shape: Shape) -> errors.GatewayError:
    """What is true of every failed call."""
    error = outcome.error
    assert type(error) is kind, f"{outcome.text!r} {error!r}"
    assert isinstance(error, errors.GatewayError)
    assert error.message
    assert error.hint
    if shape.gives_pieces:
        assert outcome.text == error.partial
    if outcome.events is not None:
        assert outcome.events[-1] == TurnFailed(error, error.partial)

    return error


# status, the error it becomes, words of its hint
STATUSES = [
    (400, errors.GatewayStatus, "options and messages"),
    (401, errors.GatewayDenied, "API_KEY"),
    (403, errors.GatewayDenied, "API_KEY"),
    (404, errors.ModelNotFound, "llm_models"),
    (413, errors.GatewayStatus, "too long"),
    (429, errors.GatewayBusy, "quota"),
    (500, errors.GatewayFault, "log"),
    (502, errors.GatewayFault, "log"),
    (503, errors.GatewayFault, "log"),
    (529, errors.GatewayFault, "overloaded"),
]


@every_protocol
@every_shape_and_object
@pytest.mark.parametrize("status, kind, hint", STATUSES)
def test_a_refusal_is_typed(
    loopback: Loopback,
    shape: Shape,
    protocol: Protocol,
    status: int,
    kind: type[errors.GatewayError],
    hint: str,
) -> None:
    loopback.script(Answer.error(status, "No, because."))
    error = check(shape.run(protocol.broker(loopback.url), "hi"), kind, shape)

    assert error.status == status
    assert error.message == f"{protocol.name} answered {status}: No, because."
    assert hint in error.hint
    assert error.partial == ""
    assert not error.has_begun


BODIES = [
    ("text/html", b"<html><head><title>Sign in\n here</title></head></html>", "'Sign in here'"),
    ("text/html", b"", "nothing at all"),
    ("text/plain", b"upstream connect error", "upstream connect error"),
    ("application/json", b'{"detail": "Not so"}', "Not so"),
    ("application/json", b'{"error": {"message": "Not so"}}', "Not so"),
    ("application/json", b'{"error": null}', "error"),
    ("application/json", b'"just words"', "just words"),
    ("application/json", b"[1, 2]", "[1, 2]"),
    ("application/json", b'{"error": {"message": ', "message"),
    ("text/plain", b"x" * 3_000_000, "xxxx"),
    ("text/plain", b"\xff\x00\x1b[2J\xfe", "[2J"),
]


@every_protocol
@pytest.mark.parametrize("shape", [SHAPES[0], SHAPES[3], SHAPES[4]], ids=repr)
@pytest.mark.parametrize("kind, body, told", BODIES)
def test_a_refusal_may_say_anything(
    loopback: Loopback, shape: Shape, protocol: Protocol, kind: str, body: bytes, told: str
) -> None:
    loopback.script(Answer(status=500, body=body, content_type=kind))
    error = check(shape.run(protocol.broker(loopback.url), "hi"), errors.GatewayFault, shape)

    assert told in error.message
    assert len(error.message) < 600
    assert error.message.isprintable()


@every_protocol
@every_shape
def test_a_refusal_that_breaks_off_keeps_its_status(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer(status=503, body=b"half of this is lost", fault=Fault.TORN))
    error = check(shape.run(protocol.broker(loopback.url), "hi"), errors.GatewayFault, shape)

    assert error.status == 503


# A fault, the error of a streamed answer and of a whole one; None is the right text.
FAULTS = [
    (Fault.TORN, errors.GatewayTorn, errors.GatewayTorn),
    (Fault.TRUNCATED, errors.GatewayTorn, errors.GatewayTorn),
    (Fault.EMPTY, errors.GatewayTorn, errors.GatewayTorn),
    (Fault.MALFORMED, errors.GatewayGarbled, errors.GatewayGarbled),
    (Fault.HTML, errors.GatewayGarbled, errors.GatewayGarbled),
    (Fault.SILENT, errors.GatewayTimeout, errors.GatewayTimeout),
    (Fault.SILENT_BEFORE_HEADERS, errors.GatewayTimeout, errors.GatewayTimeout),
    (Fault.ERROR_FRAME, errors.GatewayFault, errors.GatewayFault),
    (Fault.NO_DONE, None, None),
    (Fault.REFUSED_RESET, errors.GatewayTorn, errors.GatewayTorn),
]
KEEPS_TWO_WORDS = {
    Fault.TORN,
    Fault.TRUNCATED,
    Fault.MALFORMED,
    Fault.SILENT,
    Fault.ERROR_FRAME,
}


@every_protocol
@every_shape
@pytest.mark.parametrize("fault, streamed, whole", FAULTS)
def test_a_fault_is_typed_and_keeps_what_came(
    loopback: Loopback,
    shape: Shape,
    protocol: Protocol,
    fault: Fault,
    streamed: type[errors.GatewayError] | None,
    whole: type[errors.GatewayError] | None,
) -> None:
    loopback.script(Answer(SIX, fault=fault))
    outcome = shape.run(protocol.broker(loopback.url, timeout=SHORT_S), "hi")
    kind = streamed if shape.streams else whole

    if kind is None:
        assert outcome == Outcome(text=SIX, events=outcome.events)
        return

    error = check(outcome, kind, shape)
    keeps = shape.streams and fault in KEEPS_TWO_WORDS
    assert error.partial == ("one two " if keeps else "")
    assert error.has_begun is keeps
    assert loopback.requests[0].finished.wait(5)


@every_protocol
@every_streaming_shape
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_stream_breaks_off_anywhere(
    loopback: Loopback, shape: Shape, protocol: Protocol, after: int
) -> None:
    loopback.script(Answer(SIX, fault=Fault.TRUNCATED, fault_after=after))
    outcome = shape.run(protocol.broker(loopback.url), "hi")
    error = check(outcome, errors.GatewayTorn, shape)

    assert error.partial == "".join(f"{word} " for word in SIX.split()[:after])
    assert ("characters" in error.message) is (after > 0)


@every_protocol
@every_streaming_shape
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [0, 1, 7])
def test_bytes_arrive_as_they_like(
    loopback: Loopback, shape: Shape, protocol: Protocol, newline: str, piece: int
) -> None:
    text = "Grüße, 世界! 🎈 done"
    loopback.script(Answer(text, thinking="é?", newline=newline, piece=piece))
    outcome = shape.run(protocol.broker(loopback.url), "hi")

    assert outcome.error is None
    assert outcome.text == text


ERROR_OBJECTS = [
    (b'{"error": "out of memory"}', errors.GatewayFault, "out of memory"),
    (b'{"error": {"type": "overloaded_error"}}', errors.GatewayFault, "overloaded_error"),
    (b'{"error": {"message": "Who?", "code": 401}}', errors.GatewayDenied, "Who?"),
    (b'{"error": {"message": "m", "code": "model_not_found"}}', errors.ModelNotFound, "m"),
    (b'{"error": {"message": "s", "type": "rate_limit_error"}}', errors.GatewayBusy, "s"),
    (
        b'{"type": "error", "error": {"type": "api_error", "message": "x"}}',
        errors.GatewayFault,
        "x",
    ),
    (b'data: {"error": {"message": "in a frame"}}\n\n', errors.GatewayFault, "in a frame"),
]


@every_protocol
@every_shape
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream", "text/plain"])
@pytest.mark.parametrize("body, kind, told", ERROR_OBJECTS)
def test_success_with_an_error_inside_is_an_error(
    loopback: Loopback,
    shape: Shape,
    protocol: Protocol,
    content_type: str,
    body: bytes,
    kind: type[errors.GatewayError],
    told: str,
) -> None:
    if body.startswith(b"data:") and protocol.name == "ollama":
        body = body[6:]
    loopback.script(Answer(body=body, content_type=content_type))
    error = check(shape.run(protocol.broker(loopback.url), "hi"), kind, shape)

    assert told in error.message


@every_protocol
@every_shape
@pytest.mark.parametrize("content_type", ["application/json", "text/html", "text/event-stream", ""])
@pytest.mark.parametrize("sent", ["stream", "whole", "indented"])
def test_the_bytes_say_what_they_are(
    loopback: Loopback, shape: Shape, protocol: Protocol, content_type: str, sent: str
) -> None:
    """A stream where none was asked for, one object where a stream was, under any name."""
    body = recorded(protocol, sent)
    loopback.script(Answer(body=body, content_type=content_type))
    outcome = shape.run(protocol.broker(loopback.url), "hi")

    assert outcome == Outcome(text=SIX, events=outcome.events)


def recorded(protocol: Protocol, sent: str) -> bytes:
    """An answer of six words, as this protocol streams it or gives it whole."""
    import json

    from tests.loopback.desk import SPEECHES

    speech, answer = SPEECHES[protocol.name], Answer(SIX)
    if sent == "stream":
        return b"".join(frame.data for frame in speech.frames(answer, {"model": "m"}))

    whole = speech.whole(answer, {"model": "m"})
    return json.dumps(whole, indent=2 if sent == "indented" else None).encode()


NONSENSE = [b"null", b"[]", b"5", b'"text"', b"{}", b'{"choices": []}', b'{"content": "text"}']
NONSENSE += [b'{"choices": 5, "message": 5, "content": [5]}', b'{"choices": [{"message": "x"}]}']


@every_protocol
@every_shape
@pytest.mark.parametrize("body", NONSENSE)
def test_json_of_another_kind_is_garbled_or_torn(
    loopback: Loopback, shape: Shape, protocol: Protocol, body: bytes
) -> None:
    loopback.script(Answer(body=body, content_type="application/json"))
    outcome = shape.run(protocol.broker(loopback.url), "hi")

    assert type(outcome.error) in (errors.GatewayGarbled, errors.GatewayTorn)


@every_protocol
@every_shape
@pytest.mark.parametrize("status", [300, 301, 302, 307, 308])
def test_a_redirect_is_told_and_not_followed(
    loopback: Loopback, shape: Shape, protocol: Protocol, status: int
) -> None:
    target = f"{loopback.url.replace('127.0.0.1', 'user:pw@localhost')}/elsewhere?token=abc"
    loopback.script(Answer(status=status, headers={"location": target}, body=b""))
    broker = protocol.broker(loopback.url, api_key="zx9-PRIVATE-key!")
    error = check(shape.run(broker, "hi"), errors.GatewayStatus, shape)

    assert len(loopback.requests) == 1
    assert error.status == status
    assert f"points to localhost:{loopback.url.rpartition(':')[2]}." in error.message
    assert "base address" in error.hint


@every_protocol
@every_shape
def test_an_answer_compressed_against_our_word_is_told(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    body = gzip.compress(recorded(protocol, "stream" if shape.streams else "whole"))
    loopback.script(Answer(body=body, headers={"content-encoding": "gzip"}))
    error = check(shape.run(protocol.broker(loopback.url), "hi"), errors.GatewayGarbled, shape)

    assert "compressed" in error.message
    assert loopback.requests[0].headers["accept-encoding"] == "identity"


@pytest.fixture
def closed_url() -> str:
    """Where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@every_protocol
@every_shape_and_object
def test_nobody_there(shape: Shape, protocol: Protocol, closed_url: str) -> None:
    outcome = shape.run(protocol.broker(closed_url), "hi")
    error = check(outcome, errors.GatewayUnreachable, shape)

    assert closed_url.removeprefix("http://") in error.message
    assert "demo" in error.hint


BAD_URLS = ["ftp://box", "http://", "http://box:99999", "http://a b", "//box", "http://[::1"]


@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=repr)
@every_shape
@pytest.mark.parametrize("url", [*BAD_URLS, "box:1234", "http://b\nox", "http://" + "a" * 70])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(
    shape: Shape, protocol: Protocol, url: str
) -> None:
    outcome = shape.run(protocol.broker(url), "hi")

    assert type(outcome.error) is BadArgument
    assert "http://" in outcome.error.hint


@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=repr)
@every_shape
def test_no_key_at_the_providers_own_address(shape: Shape, protocol: Protocol) -> None:
    broker = protocol.broker(protocol.kind.default_url.removesuffix(protocol.suffix))
    error = check(shape.run(broker, "hi"), errors.GatewayDenied, shape)

    assert protocol.kind.key_variable in error.message
    assert "demo" in error.hint


@every_protocol
@every_shape
def test_what_has_no_form_in_json_is_refused_before_anything_is_sent(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    outcome = shape.run(protocol.broker(loopback.url), "half a letter: \ud800")

    assert type(outcome.error) is BadArgument
    assert loopback.requests == []


@every_protocol
@every_shape
def test_a_long_prompt_arrives(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    prompt = "word " * 600_000
    loopback.script(Answer("Read."))
    outcome = shape.run(protocol.broker(loopback.url), prompt)

    assert outcome == Outcome(text="Read.", events=outcome.events)
    assert prompt in str(loopback.requests[0].body)


@every_protocol
@every_shape
def test_a_turn_ends_in_one_event(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    told = []
    broker = protocol.broker(loopback.url)
    broker.subscribe(lambda envelope: told.append(envelope.event))
    loopback.script(Answer(SIX), Answer(SIX, fault=Fault.TORN))
    shape.run(broker, "hi")
    shape.run(broker, "hi")

    ends = [type(event) for event in told if isinstance(event, TurnFinished | TurnFailed)]
    assert ends == [TurnFinished, TurnFailed]
