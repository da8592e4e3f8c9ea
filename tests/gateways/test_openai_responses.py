"""The Responses API: when it is spoken, and what is sent, letter by letter."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from tests.gateways.requests import LOOK, OWNER, TALK, ask, sent
from tests.loopback import Loopback
from tests.loopback.clients import Clients

OURS = OpenAIGateway("sk-test", api="responses")
BOX = OpenAIGateway(base_url="http://box/v1", api="responses")
PNG = ImagePart(media_type="image/png", data="AAAA")
PDF = DocumentPart(media_type="application/pdf", data="JVBE", name="paper.pdf")
NOTE = DocumentPart(media_type="text/plain", text="Hi")


def at(
    gateway: OpenAIGateway, model: str, *messages: LLMMessage, **settings: Any
) -> dict[str, Any]:
    return sent(gateway, replace(ask(*messages, **settings), model=model))


# the choice of the protocol ---------------------------------------------------------


@pytest.mark.parametrize(
    "api, url, model, retains, path",
    [
        ("auto", None, "gpt-5.4-mini", False, "chat/completions"),
        ("auto", None, "gpt-5.4-mini", True, "responses"),
        ("auto", None, "gpt-5.4-pro", False, "responses"),
        ("auto", None, "gpt-9", False, "chat/completions"),
        ("auto", "http://box/v1", "gpt-5.4-pro", True, "chat/completions"),
        ("chat", None, "gpt-5.4-pro", False, "chat/completions"),
        ("responses", None, "gpt-4o", False, "responses"),
        ("responses", "http://box/v1", "m", False, "responses"),
    ],
)
def test_which_protocol_is_spoken(
    api: Any, url: str | None, model: str, retains: bool, path: str
) -> None:
    gateway = OpenAIGateway("sk-test", url, api=api)
    request = replace(ask(config=CompletionConfig(retain_reasoning=retains)), model=model)

    assert gateway.encode(request).url.endswith(f"/v1/{path}")
    assert type(gateway.decoder(request)).__name__.startswith(
        "Responses" if path == "responses" else "Chat"
    )


def test_there_is_no_other_protocol() -> None:
    with pytest.raises(BadArgument, match="api='assistants'"):
        OpenAIGateway(api="assistants")


# the request ------------------------------------------------------------------------


def test_the_least_request() -> None:
    assert sent(BOX, ask(stream=False)) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "hi"}],
        "stream": False,
        "store": False,
    }


def test_a_conversation_with_tools() -> None:
    body = sent(BOX, ask(*TALK, tools=(LOOK,)))
    assert body["tools"] == [
        {
            "type": "function",
            "name": "look",
            "description": "Look somewhere.",
            "parameters": LOOK.parameters,
            "strict": False,
        }
    ]
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at":"é"}'}
    assert body["input"] == [
        {"type": "message", "role": "system", "content": "Be brief."},
        {"type": "message", "role": "user", "content": "Look twice."},
        call,
        call | {"call_id": "c2", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "seen"},
        {"type": "function_call_output", "call_id": "c2", "output": "no JSON"},
        {"type": "message", "role": "assistant", "content": "One."},
        {"type": "message", "role": "user", "content": "Thanks."},
    ]


def test_a_tool_is_strict_at_openai() -> None:
    tool = sent(OURS, ask(tools=(LOOK,)))["tools"][0]
    assert tool["strict"] is True
    assert tool["parameters"]["additionalProperties"] is False


@pytest.mark.parametrize(
    "choice, told", [("required", "required"), ("look", {"type": "function", "name": "look"})]
)
def test_a_choice_of_tools(choice: str, told: Any) -> None:
    request = ask(tools=(LOOK,), config=CompletionConfig(tool_choice=choice))
    assert sent(BOX, request)["tool_choice"] == told
    assert not {"tools", "tool_choice"} & set(sent(BOX, request.as_last()))


def test_options() -> None:
    config = CompletionConfig(
        temperature=0.5, top_p=0.9, max_tokens=9, logprobs=2, top_k=4, num_ctx=99
    )
    body = sent(BOX, ask(config=config))
    rest = {name: body[name] for name in body if name not in ("model", "input", "stream", "store")}
    assert rest == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 9,
        "top_logprobs": 2,
        "include": ["message.output_text.logprobs"],
    }


@pytest.mark.parametrize(
    "setting", [{"stop": "x"}, {"seed": 1}, {"presence_penalty": 1}, {"frequency_penalty": 1}]
)
def test_settings_this_protocol_has_not_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(BadArgument, match="Responses API takes no"):
        BOX.encode(ask(config=CompletionConfig(**setting)))


def test_a_refused_setting_is_shown_as_it_is() -> None:
    with pytest.raises(BadArgument, match=r"^stop=\('END',\): OpenAI"):
        BOX.encode(ask(config=CompletionConfig(stop="END")))


@pytest.mark.parametrize("name", ["input", "model", "stream"])
def test_extra_cannot_be_what_the_call_is_about(name: str) -> None:
    with pytest.raises(BadArgument, match=f"extra cannot set '{name}'"):
        BOX.encode(ask(config=CompletionConfig(extra={name: 1})))


@pytest.mark.parametrize(
    "effort, ours, elsewhere",
    [("disabled", "none", "none"), ("enabled", "medium", "medium"), ("high", "high", "high")],
)
def test_an_effort(effort: Any, ours: str, elsewhere: str) -> None:
    config = CompletionConfig(reasoning_effort=effort)
    assert at(OURS, "gpt-5.4", config=config)["reasoning"] == {"effort": ours}
    assert sent(BOX, ask(config=config))["reasoning"] == {"effort": elsewhere}


def test_extra_may_ask_for_a_summary_of_thoughts() -> None:
    config = CompletionConfig(reasoning_effort="low", extra={"reasoning": {"summary": "auto"}})
    assert sent(BOX, ask(config=config))["reasoning"] == {"effort": "low", "summary": "auto"}


@pytest.mark.parametrize(
    "model, config, seals",
    [
        ("gpt-5.4-pro", {}, True),
        ("gpt-4o", {}, False),
        ("gpt-9", {}, False),
        ("gpt-9", {"reasoning_effort": "low"}, True),
    ],
)
def test_thoughts_are_asked_for_sealed_where_there_are_any(
    model: str, config: dict[str, Any], seals: bool
) -> None:
    body = at(OURS, model, config=CompletionConfig(**config))
    assert ("reasoning.encrypted_content" in body.get("include", [])) is seals


def test_a_schema_and_json_mode() -> None:
    ours = at(OURS, "gpt-4o", schema=OWNER.schema, schema_name=OWNER.name)
    theirs = sent(BOX, ask(schema=OWNER.schema, schema_name=OWNER.name))
    form = ours["text"]["format"]

    assert (form["type"], form["name"], form["strict"]) == ("json_schema", "Owner", True)
    assert form["schema"]["additionalProperties"] is False
    assert "response_format" not in ours
    assert theirs["text"] == ours["text"]
    assert theirs["response_format"]["json_schema"]["schema"] == form["schema"]
    assert sent(BOX, ask(is_json=True))["text"] == {"format": {"type": "json_object"}}


def test_images_and_documents() -> None:
    at_url = ImagePart(url="https://example.org/cat.png")
    shown = LLMMessage(content="Look.", parts=(PNG, at_url, PDF, NOTE))
    content = sent(BOX, ask(shown))["input"][0]["content"]

    assert content[:3] == [
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
        {"type": "input_image", "image_url": "https://example.org/cat.png"},
        {
            "type": "input_file",
            "filename": "paper.pdf",
            "file_data": "data:application/pdf;base64,JVBE",
        },
    ]
    assert [part["type"] for part in content[3:]] == ["input_text", "input_text"]
    assert content[-1]["text"] == "Look."


def test_a_tools_result_may_hold_an_image_and_a_system_message_may_not() -> None:
    call = LLMToolCall(id="c1", name="look")
    result = LLMMessage(role=MessageRole.Tool, content="seen", tool_calls=[call], parts=(PNG,))
    output = sent(BOX, ask(result))["input"][0]["output"]

    assert [part["type"] for part in output] == ["input_image", "input_text"]
    with pytest.raises(BadArgument, match="no image in a message of the role 'system'"):
        sent(BOX, ask(LLMMessage(role=MessageRole.System, content="x", parts=(PNG,))))


THOUGHT = LLMMessage(role=MessageRole.Assistant, content="It is 4.", thinking="2 and 2.")


def given_back(gateway: OpenAIGateway, *, retains: bool) -> list[Any]:
    config = CompletionConfig(retain_reasoning=retains)
    talk = (LLMMessage.user("2 + 2?"), THOUGHT, LLMMessage.user("Sure?"))
    items: list[Any] = sent(gateway, ask(*talk, config=config))["input"]
    return items


def test_other_servers_get_thoughts_back_in_the_open() -> None:
    assert [item["type"] for item in given_back(BOX, retains=False)] == ["message"] * 3
    assert given_back(BOX, retains=True)[1:3] == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "2 and 2."}],
        },
        {"type": "message", "role": "assistant", "content": "It is 4."},
    ]


def test_openai_gets_no_thoughts_in_the_open() -> None:
    assert [item["type"] for item in given_back(OURS, retains=True)] == ["message"] * 3


def test_the_official_client_sends_the_same(loopback: Loopback) -> None:
    items: Any = [{"type": "message", "role": "user", "content": "hi"}]
    with closing(Clients(loopback.url)) as clients:
        clients.openai.responses.create(model="m", input=items, store=False)
    gateway = OpenAIGateway(base_url=f"{loopback.url}/v1", api="responses")
    LLMBroker("m", gateway).generate("hi")
    theirs, ours = (seen.body for seen in loopback.requests)

    assert ours == {"stream": False, **theirs}
    assert loopback.requests[0].path == loopback.requests[1].path == "/v1/responses"
