"""Chat completions: every setting on the wire, and the probabilities in the answer."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig, ReasoningEffort
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import TurnFinished
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage, MessageRole
from tests.gateways.requests import LOOK, OWNER, TALK, ask, sent
from tests.loopback import Answer, Loopback, ToolUse
from tests.shapes import Shape, every_shape

OURS = OpenAIGateway("sk-test")
BOX = OpenAIGateway(base_url="http://box/v1")
BARE = {"model", "messages", "stream", "stream_options"}


def options(gateway: OpenAIGateway, model: str = "m", **config: Any) -> dict[str, Any]:
    """What the settings add to a body."""
    request = ask(config=CompletionConfig(**config))
    body = sent(
        gateway, type(request)(model=model, messages=request.messages, config=request.config)
    )
    return {name: value for name, value in body.items() if name not in BARE}


EVERYWHERE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"stop": "END"}, {"stop": ["END"]}),
    ({"stop": ["a", "b"]}, {"stop": ["a", "b"]}),
    ({"seed": 0}, {"seed": 0}),
    ({"presence_penalty": 0.5}, {"presence_penalty": 0.5}),
    ({"frequency_penalty": -1}, {"frequency_penalty": -1.0}),
    ({"logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
    ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
    ({"reasoning_effort": "xhigh"}, {"reasoning_effort": "xhigh"}),
    ({"tool_choice": "auto"}, {}),  # no tools, nothing to choose
    ({"num_ctx": 4096, "keep_alive": "5m", "cache_prompt": True}, {}),  # others' settings
    ({"extra": {"user": "me", "top_a": 1}}, {"user": "me", "top_a": 1}),
]


@pytest.mark.parametrize("gateway", [OURS, BOX], ids=["openai", "another"])
@pytest.mark.parametrize("config, told", EVERYWHERE)
def test_a_setting_as_every_server_takes_it(
    gateway: OpenAIGateway, config: dict[str, Any], told: dict[str, Any]
) -> None:
    assert options(gateway, **config) == told


@pytest.mark.parametrize(
    "config, ours, elsewhere",
    [
        (
            {"logprobs": 0},
            {"logprobs": True, "top_logprobs": 0},
            {"logprobs": True, "top_logprobs": 1},
        ),
        ({"top_k": 4}, {}, {"top_k": 4}),
        (
            {"reasoning_effort": ReasoningEffort.Disabled},
            {"reasoning_effort": "none"},
            {"chat_template_kwargs": {"enable_thinking": False}},
        ),
        (
            {"reasoning_effort": ReasoningEffort.Enabled},
            {"reasoning_effort": "medium"},
            {"chat_template_kwargs": {"enable_thinking": True}},
        ),
    ],
)
def test_a_setting_that_servers_take_differently(
    config: dict[str, Any], ours: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    assert options(OURS, **config) == ours
    assert options(BOX, **config) == elsewhere


def test_thoughts_go_back_to_another_server_where_they_are_to_be_retained() -> None:
    body = sent(BOX, ask(*TALK, config=CompletionConfig(retain_reasoning=True)))
    plain = sent(BOX, ask(*TALK))

    assert body["chat_template_kwargs"] == {"preserve_thinking": True}
    assert body["messages"][2]["reasoning_content"] == "hm"
    assert [n for n, one in enumerate(body["messages"]) if "reasoning_content" in one] == [2]
    assert not any("reasoning_content" in one for one in plain["messages"])


def test_openais_chat_takes_no_thoughts_back() -> None:
    chat = OpenAIGateway("sk-test", api="chat")
    with pytest.raises(BadArgument, match="do not take thoughts back"):
        chat.encode(ask(config=CompletionConfig(retain_reasoning=True)))


# extra ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model", "messages", "stream"])
def test_extra_cannot_be_what_the_call_is_about(name: str) -> None:
    with pytest.raises(BadArgument, match=f"extra cannot set '{name}'"):
        BOX.encode(ask(config=CompletionConfig(extra={name: 1})))


def test_extra_is_laid_over_what_we_say() -> None:
    config = {"reasoning_effort": "enabled", "temperature": 1}
    extra = {"chat_template_kwargs": {"custom": 1}, "temperature": 0.3}
    assert options(BOX, **config, extra=extra) == {
        "temperature": 0.3,
        "chat_template_kwargs": {"enable_thinking": True, "custom": 1},
    }


# tools ------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_a_choice_of_tools(choice: str) -> None:
    body = sent(BOX, ask(tools=(LOOK,), config=CompletionConfig(tool_choice=choice)))
    assert body["tool_choice"] == choice


def test_a_tool_may_be_chosen_by_name() -> None:
    request = ask(tools=(LOOK,), config=CompletionConfig(tool_choice="look"))
    named = {"type": "function", "function": {"name": "look"}}

    assert sent(BOX, request)["tool_choice"] == named
    assert "tool_choice" not in sent(BOX, request.as_last())


@pytest.mark.parametrize("tools, choice", [((LOOK,), "leap"), ((), "look"), ((), "required")])
def test_a_choice_of_no_tool_there_is_is_refused(tools: Any, choice: str) -> None:
    with pytest.raises(BadArgument, match=f"tool_choice='{choice}'"):
        BOX.encode(ask(tools=tools, config=CompletionConfig(tool_choice=choice)))


@every_shape
@pytest.mark.parametrize("choice", ["required", "look"])
def test_a_tool_is_forced_once(loopback: Loopback, shape: Shape, choice: str) -> None:
    def look() -> str:
        """Look."""
        return "a hill"

    loopback.script(Answer(tools=[ToolUse("look", {})]), Answer("A hill."))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    outcome = shape.run(broker, "hi", tools=[look], tool_choice=choice)

    assert outcome.text == "A hill."
    assert ["tool_choice" in seen.body for seen in loopback.requests] == [True, False]


def test_a_tool_is_strict_at_openai_only() -> None:
    ours = sent(OURS, ask(tools=(LOOK,)))["tools"][0]["function"]
    theirs = sent(BOX, ask(tools=(LOOK,)))["tools"][0]["function"]

    assert ours["strict"] is True
    assert ours["parameters"]["additionalProperties"] is False
    assert "strict" not in theirs
    assert theirs["parameters"] == LOOK.parameters


# JSON ---------------------------------------------------------------------------


def test_json_mode_elsewhere() -> None:
    body = sent(BOX, ask(is_json=True))
    assert body["response_format"] == {"type": "json_object"}
    assert body["messages"] == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    "words, added",
    [
        ("hi", [{"role": "system", "content": "Answer with one JSON object."}]),
        ("hi, in Json please", []),
    ],
)
def test_json_mode_at_openai_speaks_of_json(words: str, added: list[Any]) -> None:
    body = sent(OURS, ask(LLMMessage.user(words), is_json=True))
    assert body["response_format"] == {"type": "json_object"}
    assert body["messages"][1:] == added


def test_a_model_without_schemas_is_told_its_own_in_words() -> None:
    request = ask(schema=OWNER.schema, schema_name=OWNER.name)
    old = type(request)(model="gpt-4-turbo", messages=request.messages, schema=request.schema)
    body = sent(OURS, old)

    assert body["response_format"] == {"type": "json_object"}
    assert "valid against this schema" in body["messages"][-1]["content"]
    assert '"legs"' in body["messages"][-1]["content"]


# images and documents -------------------------------------------------------------

PNG = ImagePart(media_type="image/png", data="AAAA")
AT_URL = ImagePart(url="https://example.org/cat.png")
PDF = DocumentPart(media_type="application/pdf", data="JVBE", name="paper.pdf")
NOTE = DocumentPart(media_type="text/markdown", text="# Hi", name="note.md")


def content(*parts: Any, text: str | None = "Look.", role: MessageRole = MessageRole.User) -> Any:
    return sent(BOX, ask(LLMMessage(role=role, content=text, parts=parts)))["messages"][0][
        "content"
    ]


def test_images_and_documents_come_before_the_text() -> None:
    assert content(PNG, AT_URL, PDF) == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}},
        {
            "type": "file",
            "file": {"filename": "paper.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        },
        {"type": "text", "text": "Look."},
    ]


def test_text_documents_are_part_of_the_text() -> None:
    told = content(NOTE)
    assert isinstance(told, str)
    assert "note.md" in told
    assert "```\n# Hi\n```" in told
    assert told.endswith("\n\nLook.")
    assert [part["type"] for part in content(NOTE, PNG)] == ["text", "image_url", "text"]


def test_an_image_may_stand_without_words() -> None:
    assert [part["type"] for part in content(PNG, text=None)] == ["image_url"]


@pytest.mark.parametrize("part, kind", [(PNG, "image"), (PDF, "PDF")])
@pytest.mark.parametrize("role", [MessageRole.System, MessageRole.Assistant])
def test_only_a_user_shows_images(part: Any, kind: str, role: MessageRole) -> None:
    with pytest.raises(BadArgument, match=f"no {kind} in a message of the role '{role.value}'"):
        content(part, role=role)


def test_any_role_may_hold_text_documents() -> None:
    assert content(NOTE, role=MessageRole.System).endswith("Look.")


# log-probabilities ------------------------------------------------------------------


@every_shape
def test_probabilities_are_told_in_every_shape(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("Hi you"))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    outcome = shape.run(broker, "hi", logprobs=2)

    assert outcome.text == "Hi you"
    assert loopback.requests[0].body["top_logprobs"] == 2
    for event in outcome.events or ():
        if isinstance(event, TurnFinished):
            assert [one["token"] for one in event.answer.logprobs] == ["Hi ", "you"]
            assert len(event.answer.logprobs[0]["top_logprobs"]) == 2


def test_a_reply_has_the_probabilities(loopback: Loopback) -> None:
    loopback.script(Answer("Hi you"))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))

    assert [one["token"] for one in broker.generate("hi", logprobs=0).logprobs] == ["Hi ", "you"]
    assert broker.generate("hi").logprobs == ()


@pytest.mark.parametrize("streams", [True, False])
def test_probabilities_whole_and_streamed(loopback: Loopback, streams: bool) -> None:
    loopback.script(Answer("Hi you"))
    gateway = OpenAIGateway(base_url=loopback.url + "/v1")
    request = ask(config=CompletionConfig(logprobs=1), stream=streams)
    exchange = gateway.exchange(request)
    with gateway.transport.open(exchange.wire) as reading:
        for data in reading.chunks:
            exchange.feed(data)
    list(exchange.finish())

    assert [one["logprob"] for one in exchange.answer(0, None, 1).logprobs] == [-0.5, -0.5]
