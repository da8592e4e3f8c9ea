"""What is kept private: never sent, never kept, and put back where that is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mojentic_nb import LLMBroker, LLMMessage, Redaction, ResponseCache, errors, tool
from mojentic_nb.errors import KEY_SHAPES
from mojentic_nb.events import Redacted, TextDelta
from mojentic_nb.hooks.redaction import may_hold_key
from mojentic_nb.messages import LLMToolCall
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.shapes import PROTOCOLS, Protocol, Shape, every_protocol, every_shape

OPENAI = PROTOCOLS[1]
ADA = "ada@example.org"


class Person(BaseModel):
    email: str


@pytest.mark.parametrize(
    "text, sent",
    [
        (f"Write to {ADA}.", "Write to [email-1]."),
        (f"<{ADA}>,bob.b+x@mail.example.co.uk;{ADA}", "<[email-1]>,[email-2];[email-1]"),
        ("köln@bücher.example is none", "köln@bücher.example is none"),
        ("jörg@example.de is one", "[email-1] is one"),
        ("a@b, @ada, x@y.z9", "a@b, @ada, x@y.z9"),
        ("key sk-abcdefghij0123456789", "key [key-1]"),
        ("https://user:pass@example.org/x", "https://[key-1]@example.org/x"),
        ("card 4111 1111 1111 1111 ok", "card [card-1] ok"),
        ("card 4111-1111-1111-1111", "card [card-1]"),
        ("order 4111 1111 1111 1112", "order 4111 1111 1111 1112"),
        ("at 1766319600000 ms", "at 1766319600000 ms"),
        ("41111111111111111111111111", "41111111111111111111111111"),
        ("", ""),
        ("[email-1] is a placeholder already", "[email-1] is a placeholder already"),
    ],
)
def test_what_is_replaced(text: str, sent: str) -> None:
    assert Redaction().redacted(text) == sent


def test_names_and_patterns_of_ones_own() -> None:
    redaction = Redaction(names=["Ada Lovelace", "Ada"], patterns={"patient": r"P-\d+"})
    text = "ADA LOVELACE saw P-17, not P-18; Ada knows Adam (P-17)."
    assert redaction.redacted(text) == (
        "[name-1] saw [patient-1], not [patient-2]; [name-2] knows Adam ([patient-1])."
    )


def test_a_pattern_never_bites_into_a_placeholder() -> None:
    redaction = Redaction(names=["email"], patterns={"number": r"\d+"})
    assert redaction.redacted(f"email {ADA} 5") == "[name-1] [email-1] [number-1]"


def test_each_kind_may_be_left_out() -> None:
    text = f"{ADA} sk-abcdefghij0123456789 4111 1111 1111 1111"
    assert Redaction(emails=False, keys=False, cards=False).redacted(text) == text


@given(st.text(alphabet="ab@.- 0123456789[]-", max_size=200))
def test_what_was_replaced_can_be_put_back(text: str) -> None:
    redaction = Redaction(names=["ab"])
    sent = redaction.redacted(text)
    if redaction.restored(text) == text:  # no placeholder stood there before
        assert redaction.restored(sent) == text


@every_protocol
@every_shape
def test_nothing_private_reaches_the_server(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    told: list[Any] = []
    broker = protocol.broker(loopback.url, redact=True)
    broker.subscribe(lambda envelope: told.append(envelope.event))
    messages = [
        LLMMessage.system(f"You serve {ADA}."),
        LLMMessage.user(f"I am {ADA}.", documents=[f"From {ADA}".encode()]),
        LLMMessage(
            role="assistant", tool_calls=[LLMToolCall(id="1", name="look", arguments={"a": [ADA]})]
        ),
        LLMMessage.tool(f"found {ADA}", call=LLMToolCall(id="1", name="look")),
    ]
    before = [message.model_copy(deep=True) for message in messages]
    assert shape.run(broker, messages).error is None

    sent = str(loopback.requests[0].body)
    assert ADA not in sent
    assert sent.count("[email-1]") == 5
    assert messages == before
    assert told[0] == Redacted({"email": 5})


@every_shape
def test_a_tools_result_is_kept_private_too(loopback: Loopback, shape: Shape) -> None:
    @tool
    def look() -> str:
        """Look."""
        return f"It is {ADA}"

    loopback.script(Answer(tools=[ToolUse("look")]), Answer("[email-1], then."))
    outcome = shape.run(OPENAI.broker(loopback.url, redact=True), "hi", tools=[look])

    assert outcome.text == "[email-1], then."
    assert ADA not in str(loopback.requests[1].body)


def test_the_final_reply_may_have_it_back(loopback: Loopback) -> None:
    loopback.script(*[Answer("Dear [email-1], and [email-9]")] * 2)
    broker = OPENAI.broker(loopback.url, redact=Redaction(restore=True))
    assert broker.generate(f"I am {ADA}") == f"Dear {ADA}, and [email-9]"

    pieces = [e.text for e in broker.generate_events(f"I am {ADA}") if isinstance(e, TextDelta)]
    assert "".join(pieces) == "Dear [email-1], and [email-9]"


def test_tools_and_objects_get_the_originals(loopback: Loopback) -> None:
    written = []

    @tool
    def write(to: list[str]) -> str:
        """Write a letter."""
        written.extend(to)
        return "sent"

    loopback.script(
        Answer(tools=[ToolUse("write", {"to": ["[email-1]"]})]),
        Answer("Done."),
        Answer('{"email": "[email-1]"}'),
    )
    broker = OPENAI.broker(loopback.url, redact=Redaction(restore=True))
    broker.generate(f"Write to {ADA}", tools=[write])

    assert written == [ADA]
    assert ADA not in str([seen.body for seen in loopback.requests])
    assert broker.generate_object(f"I am {ADA}", Person) == Person(email=ADA)


def test_the_text_before_an_error_may_have_it_back(loopback: Loopback) -> None:
    loopback.script(Answer("To [email-1] and on", fault=Fault.TORN, fault_after=2))
    broker = OPENAI.broker(loopback.url, redact=Redaction(restore=True))
    with pytest.raises(errors.GatewayTorn) as found:
        list(broker.generate_stream(f"I am {ADA}"))

    assert found.value.partial == f"To {ADA} "


def test_neither_cache_nor_repr_holds_it(loopback: Loopback, tmp_path: Path) -> None:
    redaction = Redaction(restore=True)
    loopback.script(Answer("Dear [email-1]"))
    with ResponseCache(tmp_path / "answers.db") as cache:
        broker = OPENAI.broker(loopback.url, redact=redaction, cache=cache)
        assert [str(broker.generate(f"I am {ADA}")) for _ in "ab"] == [f"Dear {ADA}"] * 2
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert ADA.encode() not in held
    assert len(loopback.requests) == 1
    assert ADA not in repr(redaction)


def test_nothing_private_costs_nothing(loopback: Loopback) -> None:
    events = list(OPENAI.broker(loopback.url, redact=True).generate_events("hi"))
    assert not any(isinstance(event, Redacted) for event in events)


# A pattern that goes back over what it has read would be busy for hours.
@pytest.mark.parametrize(
    "piece", ["a", "a.", "a@", "@", "a@a.", "1", "1 ", "4-", "sk-", "://", "key=", "[a-1]", "é."]
)
def test_the_longest_text_is_looked_through_once(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    sent = "[key-1]" if piece == "sk-" else text  # all of it has the shape of one key
    assert Redaction(names=["aaaa"]).redacted(text) == sent


@pytest.mark.parametrize(
    "wrong",
    [{"patterns": {"Bad Label": "x"}}, {"patterns": {"x": "("}}, {"patterns": {"x": 5}},
     {"names": [""]}, {"names": [7]}],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.BadArgument):
        Redaction(**wrong)


def test_a_broker_takes_patterns_as_they_are() -> None:
    broker = LLMBroker("demo", redact={"patient": r"P-\d+"})
    assert repr(broker.policies.redaction) == "Redaction(patient, key, email, card)"
    with pytest.raises(errors.BadArgument, match="redact=7"):
        LLMBroker("demo", redact=7)


@given(text=st.from_regex(KEY_SHAPES))
def test_what_looks_like_a_key_is_never_passed_over(text: str) -> None:
    assert may_hold_key(text)
    assert "[key-1]" in Redaction(emails=False, cards=False).redacted(text)


@pytest.mark.parametrize("label", ["email", "key", "card"])
def test_a_label_of_ours_may_be_yours(label: str) -> None:
    redaction = Redaction(patterns={label: r"P\d+"})
    assert redaction.redacted("I am P7") == f"I am [{label}-1]"


@pytest.mark.parametrize(
    "text, sent",
    [("4111 1111 1111 1111", "[card-1]"), ("x4111111111111111", "x[card-1]"),
     ("14111111111111111", None), ("-4111111111111111", None), ("4111111111111111-", None),
     ("4 4111111111111111", None)],
)  # fmt: skip
def test_a_card_begins_where_no_other_number_is(text: str, sent: str | None) -> None:
    assert Redaction().redacted(text) == (text if sent is None else sent)
