"""What Ollama is sent beyond the plain chat, letter by letter, and what is refused before."""

from __future__ import annotations

from base64 import b64encode
from contextlib import closing
from typing import Any

import pytest

from mojentic_nb.config import CompletionConfig, ReasoningEffort, ReasoningProfile
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage
from tests.gateways.requests import LOOK, OWNER, TALK, ask, last_body, sent
from tests.loopback import Loopback
from tests.loopback.clients import Clients

GATEWAY = OllamaGateway("http://box:1")
PNG = b64encode(b"\x89PNG\r\n\x1a\n").decode()
IMAGE = ImagePart(media_type="image/png", data=PNG, name="a.png")
NOTES = DocumentPart(media_type="text/markdown", text="# Hi\n```\ncode\n```", name="notes.md")
PDF = DocumentPart(media_type="application/pdf", data="JVBERi0=", name="paper.pdf")


def config(**settings: Any) -> CompletionConfig:
    return CompletionConfig(**settings)


def body(*messages: LLMMessage, **settings: Any) -> dict[str, Any]:
    return sent(GATEWAY, ask(*messages, config=config(**settings)))


def test_every_option_has_ollamas_name() -> None:
    settings: dict[str, Any] = {
        "stop": ["END", "\n\n"],
        "seed": 0,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "temperature": 0,
        "top_k": 0,
    }
    assert body(**settings)["options"] == settings
    assert body(stop="END")["options"] == {"stop": ["END"]}


def test_keep_alive_is_a_number_of_seconds_or_a_duration() -> None:
    assert body(keep_alive="5m")["keep_alive"] == "5m"
    assert body(keep_alive=0)["keep_alive"] == 0
    assert "keep_alive" not in body()


@pytest.mark.parametrize(
    "effort, think",
    [
        ("disabled", False),
        ("enabled", True),
        ("low", "low"),
        ("medium", "medium"),
        ("high", "high"),
        ("xhigh", "max"),
    ],
)
def test_thinking(effort: str, think: Any) -> None:
    assert body(reasoning_effort=effort)["think"] is think or think not in (True, False)
    assert body(reasoning_effort=effort)["think"] == think
    assert "think" not in body()


def test_thoughts_go_back_where_they_are_wanted() -> None:
    said = LLMMessage(role="assistant", content="4", thinking="2+2")
    asked = LLMMessage(content="again?", thinking="not an assistant's")
    profile = ReasoningProfile.qwen3_8()
    kept = body(said, asked, retain_reasoning=True, reasoning_profile=profile)

    assert kept["messages"] == [
        {"role": "assistant", "content": "4", "thinking": "2+2"},
        {"role": "user", "content": "again?"},
    ]
    assert body(said)["messages"] == [{"role": "assistant", "content": "4"}]


def test_json_mode() -> None:
    assert sent(GATEWAY, ask(is_json=True))["format"] == "json"
    assert sent(GATEWAY, ask(is_json=True, schema=OWNER.schema))["format"] == OWNER.schema
    assert sent(GATEWAY, ask(schema={}))["format"] == "json"


def test_a_form_and_tools_are_asked_for_one_after_the_other() -> None:
    """Held to a form from its first letter on, a model could call no tool."""
    assert not GATEWAY.takes_schema_with_tools
    last = sent(GATEWAY, ask(*TALK, tools=(LOOK,), schema={"type": "object"}).as_last())
    assert last["format"] == {"type": "object"}
    assert "tools" not in last


def test_log_probabilities() -> None:
    assert {**body(logprobs=3)}.items() >= {"logprobs": True, "top_logprobs": 3}.items()
    assert body(logprobs=0)["logprobs"] is True
    assert "top_logprobs" not in body(logprobs=0)
    assert "logprobs" not in body()


# tools ----------------------------------------------------------------------


def test_tools_may_be_forbidden_or_left_to_the_model() -> None:
    def tools(choice: str | None) -> bool:
        return "tools" in sent(GATEWAY, ask(tools=(LOOK,), config=config(tool_choice=choice)))

    assert tools("auto")
    assert tools(None)
    assert not tools("none")


@pytest.mark.parametrize("choice", ["required", "look"])
def test_a_forced_tool_is_refused(choice: str) -> None:
    with pytest.raises(BadArgument, match=f"{choice}.*Ollama cannot make a model call"):
        sent(GATEWAY, ask(tools=(LOOK,), config=config(tool_choice=choice)))


def test_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadArgument, match=r"'lok': the tools on offer are look\."):
        sent(GATEWAY, ask(tools=(LOOK,), config=config(tool_choice="lok")))

    with pytest.raises(BadArgument, match=r"'required': the tools on offer are none\."):
        body(tool_choice="required")


# images and documents -------------------------------------------------------


def test_images_go_as_base64() -> None:
    message = LLMMessage(content="What is it?", parts=(IMAGE, IMAGE))
    assert body(message)["messages"] == [
        {"role": "user", "content": "What is it?", "images": [PNG, PNG]}
    ]


def test_an_address_that_nobody_fetched_is_refused_without_its_query() -> None:
    part = ImagePart(url="https://x.example/a.png?token=PRIVATE")
    with pytest.raises(BadArgument, match=r"x\.example/a\.png.*not fetched") as caught:
        body(LLMMessage(parts=(part,)))

    assert "PRIVATE" not in str(caught.value)
    assert not GATEWAY.takes_image_urls


def test_text_documents_are_inlined_in_a_fence_of_their_own() -> None:
    message = LLMMessage(content="Sum up.", parts=(NOTES, IMAGE))
    assert body(message)["messages"][0]["content"] == (
        "notes.md:\n````\n# Hi\n```\ncode\n```\n````\n\nSum up."
    )


def test_a_documents_name_cannot_break_out() -> None:
    part = DocumentPart(media_type="text/plain", text="x", name="a\n```\nb")
    assert body(LLMMessage(parts=(part,)))["messages"][0]["content"] == (
        "a ``` b:\n```\nx\n```\n\n"
    )


def test_a_pdf_is_refused() -> None:
    with pytest.raises(BadArgument, match=r"'paper\.pdf' is application/pdf: Ollama reads no"):
        body(LLMMessage(parts=(PDF,)))


# extra ----------------------------------------------------------------------


def test_extra_fields_are_laid_over_ours() -> None:
    whole = body(seed=1, extra={"options": {"mirostat": 2, "seed": 3}, "truncate": False})
    assert whole["options"] == {"seed": 3, "mirostat": 2}
    assert whole["truncate"] is False


@pytest.mark.parametrize("name", ["model", "messages", "stream"])
def test_extra_cannot_change_the_call_itself(name: str) -> None:
    with pytest.raises(BadArgument, match=f"extra cannot set '{name}'"):
        body(extra={name: "x"})


def test_the_official_client_sends_the_same(loopback: Loopback) -> None:
    with closing(Clients(loopback.url)) as clients:
        clients.ollama.chat(
            "m",
            [{"role": "user", "content": "hi", "images": [PNG]}],
            think="low",
            logprobs=True,
            top_logprobs=2,
            format="json",
            keep_alive="5m",
            options={"stop": ["END"], "seed": 3, "presence_penalty": 1, "frequency_penalty": 1},
        )
    asked = ask(
        LLMMessage(content="hi", parts=(IMAGE,)),
        is_json=True,
        stream=False,
        config=config(
            reasoning_effort=ReasoningEffort.Low,
            logprobs=2,
            keep_alive="5m",
            stop="END",
            seed=3,
            presence_penalty=1,
            frequency_penalty=1,
        ),
    )
    assert {"tools": [], **sent(GATEWAY, asked)} == last_body(loopback)
