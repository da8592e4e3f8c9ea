"""What models at OpenAI are known to refuse is refused by name; others may do everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb import catalogue
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage
from tests.gateways.requests import LOOK, ask, sent

OURS = OpenAIGateway("sk-test")
BOX = OpenAIGateway(base_url="http://box/v1")
PNG = LLMMessage(content="Look.", parts=(ImagePart(media_type="image/png", data="AA"),))
PDF = LLMMessage(content="Read.", parts=(DocumentPart(media_type="application/pdf", data="AA"),))


def body(model: str, *messages: LLMMessage, gateway: Any = OURS, **settings: Any) -> dict[str, Any]:
    config = CompletionConfig(**settings.pop("config", {}))
    return sent(gateway, replace(ask(*messages, config=config, **settings), model=model))


@pytest.mark.parametrize(
    "model, config, told",
    [
        ("o3", {"temperature": 0.5}, "o3 takes no temperature"),
        ("o3", {"stop": "x"}, "o3 takes no stop"),
        ("gpt-5", {"logprobs": 1}, "gpt-5 takes no logprobs"),
        ("gpt-5.4", {"temperature": 1, "reasoning_effort": "low"}, "asked to think, takes no temp"),
        ("gpt-4o", {"reasoning_effort": "low"}, "gpt-4o does not think"),
    ],
)
def test_a_refused_setting_is_named_with_its_model(
    model: str, config: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadArgument, match=told) as caught:
        body(model, config=config)

    assert "register_model" in caught.value.hint


@pytest.mark.parametrize(
    "model, messages, settings, told",
    [
        ("chatgpt-4o-latest", (), {"tools": (LOOK,)}, "has no tools"),
        ("gpt-4", (PNG,), {}, "reads no images"),
        ("gpt-4-turbo", (PDF,), {}, "reads no PDFs"),
        ("text-embedding-3-large", (), {}, "makes embeddings and cannot answer"),
    ],
)
def test_a_missing_ability_is_named_with_its_model(
    model: str, messages: Any, settings: Any, told: str
) -> None:
    with pytest.raises(BadArgument, match=told):
        body(model, *messages, **settings)


# Defect 30 of Mojentic: a part of a name took tools and streams from models it did not know.
@pytest.mark.parametrize("model", ["gpt-9", "my-local-o1ish-model", "gpt-4.1-nano"])
def test_nothing_is_taken_from_a_model_nobody_described(model: str) -> None:
    told = body(model, PNG, tools=(LOOK,), config={"temperature": 0.5, "max_tokens": 9})

    assert told["stream"] is True
    assert told["tools"]
    assert (told["temperature"], told["max_completion_tokens"]) == (0.5, 9)


def test_a_name_means_nothing_at_another_server() -> None:
    told = body("o3", gateway=BOX, tools=(LOOK,), config={"temperature": 0.5, "max_tokens": 9})

    assert (told["temperature"], told["max_tokens"]) == (0.5, 9)
    assert told["tools"]


def test_settings_of_other_protocols_are_left_out() -> None:
    config = {"top_k": 4, "num_ctx": 100, "keep_alive": 5, "cache_prompt": True}
    told = body("o3", config=config)
    assert not set(config) & set(told)


@pytest.mark.parametrize(
    "model, effort, word",
    [
        ("gpt-5.4", "disabled", "none"),
        ("gpt-5-mini", "disabled", "minimal"),
        ("gpt-5-mini-2025-08-07", "disabled", "minimal"),
        ("gpt-4o", "disabled", None),
        ("gpt-5.4", "enabled", "medium"),
        ("o3", "high", "high"),
        ("gpt-9", "disabled", "none"),
    ],
)
def test_an_effort_in_the_models_own_word(model: str, effort: str, word: str | None) -> None:
    assert body(model, config={"reasoning_effort": effort}).get("reasoning_effort") == word


def test_a_model_that_cannot_stream_is_asked_for_the_whole() -> None:
    told = body("o1-pro")
    assert told["stream"] is False
    assert "stream_options" not in told


def test_a_person_may_describe_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from mojentic_nb.catalogue import book

    own = book.Catalogue()
    monkeypatch.setattr(catalogue, "house_catalogue", lambda: own)
    catalogue.register_model("openai", "gpt-9", refuses=["seed"], token_bound="max_tokens")

    assert body("gpt-9", config={"max_tokens": 5})["max_tokens"] == 5
    with pytest.raises(BadArgument, match="gpt-9 takes no seed"):
        body("gpt-9", config={"seed": 1})
