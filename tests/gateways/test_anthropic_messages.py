"""Anthropic's blocks: images, documents, thoughts that go back, marks for the prompt cache."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument, GatewayStatus
from mojentic_nb.events import TextDelta, ThinkingDelta, TurnFinished
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from tests.gateways.requests import LOOK, ask, last_body, sent
from tests.loopback import Answer, Loopback, ToolUse
from tests.loopback.anthropic import SIGNATURE
from tests.loopback.clients import Clients
from tests.shapes import ONCE

GATEWAY = AnthropicGateway("sk-ant-test")
ELSEWHERE = AnthropicGateway(base_url="http://box:1")
IMAGE = ImagePart(media_type="image/png", data="iVBORw0KGgo=", name="a.png")
LINKED = ImagePart(url="https://x.example/a.png")
NOTES = DocumentPart(media_type="text/markdown", text="# Hi", name="notes.md")
PDF = DocumentPart(media_type="application/pdf", data="JVBERi0=")
CALL = LLMToolCall(id="c1", name="look", arguments={"at": "a"})
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def messages(*said: LLMMessage, gateway: Any = GATEWAY, **settings: Any) -> Any:
    return sent(gateway, ask(*said, config=CompletionConfig(**settings)))["messages"]


# images and documents -------------------------------------------------------


def test_parts_stand_before_the_text() -> None:
    message = LLMMessage(content="What is it?", parts=(IMAGE, LINKED, NOTES, PDF))
    base64 = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    written = {"type": "text", "media_type": "text/plain", "data": "# Hi"}
    paged = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}

    assert messages(message)[0]["content"] == [
        {"type": "image", "source": base64},
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        {"type": "document", "source": written, "title": "notes.md"},
        {"type": "document", "source": paged},
        text("What is it?"),
    ]
    assert GATEWAY.takes_image_urls


def test_an_image_needs_no_words() -> None:
    assert [one["type"] for one in messages(LLMMessage(parts=(IMAGE,)))[0]["content"]] == ["image"]


def test_a_tool_may_return_images() -> None:
    result = LLMMessage.tool("seen", call=CALL).model_copy(update={"parts": (IMAGE,)})
    told = messages(LLMMessage.user("look"), result)[0]["content"][1]

    assert told["tool_use_id"] == "c1"
    assert [block["type"] for block in told["content"]] == ["text", "image"]


@pytest.mark.parametrize("role", [MessageRole.System, MessageRole.Assistant])
def test_only_users_and_tools_show_things(role: MessageRole) -> None:
    with pytest.raises(BadArgument, match=r"no images or documents in an? "):
        messages(LLMMessage.user("a"), LLMMessage(role=role, content="b", parts=(IMAGE,)))


def test_elsewhere_documents_are_inlined() -> None:
    """llama.cpp passes over document blocks without a word."""
    found = messages(LLMMessage(content="Sum up.", parts=(NOTES,)), gateway=ELSEWHERE)
    assert found[0]["content"] == [text("notes.md:\n```\n# Hi\n```\n"), text("Sum up.")]

    with pytest.raises(BadArgument, match="application/pdf: this server reads no such"):
        messages(LLMMessage(parts=(PDF,)), gateway=ELSEWHERE)


def test_claude_elsewhere_reads_documents() -> None:
    request = replace(ask(LLMMessage(parts=(PDF,))), model="eu.anthropic.Claude-x")
    assert sent(ELSEWHERE, request)["messages"][0]["content"][0]["type"] == "document"


# thoughts -------------------------------------------------------------------

SAID = [
    {"type": "thinking", "thinking": "hm so", "signature": SIGNATURE},
    {"type": "redacted_thinking", "data": "x"},
    text("Let me look."),
    {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "a"}},
]
THOUGHT = LLMMessage(
    role=MessageRole.Assistant,
    content="Let me look.",
    thinking="hm so",
    tool_calls=[CALL],
    provider_state={"anthropic": {"content": SAID}},
)
ROUND = (LLMMessage.user("look"), THOUGHT, LLMMessage.tool("seen", call=CALL))


def test_within_a_turn_thoughts_go_back_word_for_word() -> None:
    assert messages(*ROUND)[1] == {"role": "assistant", "content": SAID}


def test_in_later_turns_they_go_back_only_where_wanted() -> None:
    later = (*ROUND, LLMMessage.assistant("Seen."), LLMMessage.user("Thanks."))

    assert messages(*later)[1]["content"] == SAID[2:]
    assert messages(*later, retain_reasoning=True)[1]["content"] == SAID


def test_of_a_message_that_was_changed_only_the_thoughts_are_kept() -> None:
    """A policy may have taken something out of it, which must not come back."""
    changed = THOUGHT.model_copy(update={"content": "Let me [removed]."})
    assert messages(ROUND[0], changed, ROUND[2])[1]["content"] == [
        *SAID[:2],
        text("Let me [removed]."),
        SAID[3],
    ]
    call = CALL.model_copy(update={"arguments": {"at": "[removed]"}})
    changed = THOUGHT.model_copy(update={"tool_calls": [call]})
    found = messages(ROUND[0], changed, ROUND[2])[1]["content"]
    assert found[-1]["input"] == {"at": "[removed]"}


def test_another_providers_thoughts_are_no_blocks() -> None:
    state = {"openai": {"content": ["opaque"]}}
    message = THOUGHT.model_copy(update={"provider_state": state})

    assert messages(ROUND[0], message, ROUND[2])[1]["content"] == SAID[2:]


def test_other_servers_take_thoughts_without_a_signature() -> None:
    message = LLMMessage(role=MessageRole.Assistant, content="4", thinking="2+2")
    asked = (LLMMessage.user("2+2?"), message, LLMMessage.user("again?"))
    thought = {"type": "thinking", "thinking": "2+2", "signature": ""}

    kept = messages(*asked, gateway=ELSEWHERE, retain_reasoning=True)
    assert kept[1]["content"] == [thought, text("4")]
    assert messages(*asked, gateway=ELSEWHERE)[1]["content"] == [text("4")]
    assert messages(*asked, retain_reasoning=True)[1]["content"] == [text("4")]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-7"])
def test_a_tool_loop_with_thinking(loopback: Loopback, streams: bool, model: str) -> None:
    """The loopback refuses it as Anthropic does, were a thought missing or changed."""
    loopback.script(
        Answer("Wait. ", thinking="hm so", tools=[ToolUse("look", {"at": "a"})]),
        Answer("Done", thinking="well"),
    )

    def look(at: str) -> str:
        """Look somewhere."""
        return "seen"

    broker = LLMBroker(model, AnthropicGateway(base_url=loopback.url), retry=ONCE)
    if not streams:
        assert broker.generate("look", [look], reasoning_effort="low") == "Done"
        return

    events = list(broker.generate_events("look", [look], reasoning_effort="low"))
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.answer.thinking == "well"
    assert [one.text for one in events if type(one) is ThinkingDelta] == ["hm ", "so", "well"]
    assert "".join(one.text for one in events if type(one) is TextDelta) == "Wait. Done"
    assert [block["type"] for block in last_body(loopback)["messages"][1]["content"]] == [
        "thinking",
        "text",
        "tool_use",
    ]


def test_the_loopback_refuses_a_loop_without_its_thoughts(loopback: Loopback) -> None:
    bare = THOUGHT.model_copy(update={"provider_state": None})
    broker = LLMBroker("claude-sonnet-4-5", AnthropicGateway(base_url=loopback.url), retry=ONCE)
    with pytest.raises(GatewayStatus, match="Expected `thinking`"):
        broker.generate([ROUND[0], bare, ROUND[2]], reasoning_effort="low")


# the prompt cache -----------------------------------------------------------


def test_marks_for_the_prompt_cache() -> None:
    asked = ask(
        LLMMessage.system("S"),
        *ROUND,
        tools=(LOOK, LOOK),
        config=CompletionConfig(cache_prompt=True),
    )
    body = sent(GATEWAY, asked)

    assert body["system"] == [{"type": "text", "text": "S", **EPHEMERAL}]
    assert ["cache_control" in tool for tool in body["tools"]] == [False, True]
    assert body["messages"][2]["content"][-1]["type"] == "tool_result"
    assert body["messages"][2]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert str(body).count("cache_control") == 3


def test_without_system_and_tools_only_the_conversation_is_marked() -> None:
    body = sent(GATEWAY, ask(config=CompletionConfig(cache_prompt=True)))
    assert body["messages"] == [{"role": "user", "content": [{**text("hi"), **EPHEMERAL}]}]
    assert {"system", "tools"} & body.keys() == set()


def test_what_the_cache_did_is_counted(loopback: Loopback) -> None:
    broker = LLMBroker("claude-x", AnthropicGateway(base_url=loopback.url))
    usage = broker.generate("hi", config=CompletionConfig(cache_prompt=True)).usage

    assert usage.input_tokens == 11 + 5 + 3
    assert (usage.cached_tokens, usage.cache_write_tokens) == (3, 5)


def test_the_official_client_sends_the_same(loopback: Loopback) -> None:
    with closing(Clients(loopback.url)) as clients:
        clients.anthropic.messages.create(
            model="claude-opus-4-6",
            max_tokens=9,
            system=[{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}],
            messages=[
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image",
                            "source": {
                                "type": "base64",
                                "media_type": "image/png",
                                "data": IMAGE.data,
                            },
                        },
                        {"type": "image", "source": {"type": "url", "url": LINKED.url}},
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": "# Hi"},
                            "title": "notes.md",
                        },
                        {
                            "type": "text",
                            "text": "hi",
                            "cache_control": {"type": "ephemeral"},
                        },
                    ],
                }
            ],
            stop_sequences=["END"],
            thinking={"type": "adaptive", "display": "summarized"},
            output_config={"effort": "low"},
        )
    config = CompletionConfig(max_tokens=9, stop="END", cache_prompt=True, reasoning_effort="low")
    asked = ask(
        LLMMessage.system("S"),
        LLMMessage(content="hi", parts=(IMAGE, LINKED, NOTES)),
        config=config,
        stream=False,
    )
    ours = sent(GATEWAY, replace(asked, model="claude-opus-4-6"))
    assert ours == {"stream": False, **last_body(loopback)}
