"""What Anthropic's models are asked for: thinking, bounds, and what is refused before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.anthropic_terms import MOST_BY_DEFAULT
from tests.gateways.requests import LOOK, ask, sent

GATEWAY = AnthropicGateway("sk-ant-test")
ELSEWHERE = AnthropicGateway(base_url="http://box:1")


def body(model: str, gateway: AnthropicGateway = GATEWAY, **settings: Any) -> dict[str, Any]:
    request = ask(config=CompletionConfig(**settings), tools=(LOOK,))
    return sent(gateway, replace(request, model=model))


@pytest.mark.parametrize(
    "model, tokens",
    [
        ("nobody-knows", 8192),
        ("claude-3-haiku-20240307", 4096),
        ("claude-sonnet-4-5-20250929", MOST_BY_DEFAULT),
    ],
)
def test_the_bound_by_default(model: str, tokens: int) -> None:
    assert body(model)["max_tokens"] == tokens
    assert body(model, max_tokens=7)["max_tokens"] == 7
    assert body(model, ELSEWHERE)["max_tokens"] == 8192


def test_stop_texts() -> None:
    assert body("m", stop=["a", "b"])["stop_sequences"] == ["a", "b"]
    assert "stop_sequences" not in body("m")


@pytest.mark.parametrize(
    "effort, budget",
    [("low", 4096), ("enabled", 8192), ("medium", 8192), ("high", 16384), ("xhigh", 32000)],
)
@pytest.mark.parametrize(
    "model",
    [
        "claude-3-7-sonnet-20250219",
        "claude-sonnet-4-5-20250929",
        "claude-haiku-4-5",
        "qwen3",
    ],
)
def test_older_models_and_other_servers_think_within_a_budget(
    model: str, effort: str, budget: int
) -> None:
    for gateway in (GATEWAY, ELSEWHERE):
        found = body(model, gateway, reasoning_effort=effort)
        assert found["thinking"] == {"type": "enabled", "budget_tokens": budget}
        assert found["max_tokens"] > budget
        assert "output_config" not in found


@pytest.mark.parametrize("model", ["claude-opus-4-20250514", "claude-opus-4-1"])
def test_a_budget_leaves_room_in_what_the_model_can_write(model: str) -> None:
    found = body(model, reasoning_effort="xhigh")
    assert found["max_tokens"] == 32_000
    assert found["thinking"] == {"type": "enabled", "budget_tokens": 32_000 - 8192}


@pytest.mark.parametrize(
    "model",
    ["claude-opus-4-6", "claude-sonnet-4.6", "claude-opus-4-7-20260416", "claude-haiku-5-5"],
)
@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh"])
def test_newer_models_decide_themselves(model: str, effort: str) -> None:
    found = body(model, reasoning_effort=effort)
    assert found["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert found["output_config"] == {"effort": effort}
    assert "output_config" not in body(model, reasoning_effort="enabled")


def test_thinking_is_switched_off_where_a_model_can() -> None:
    assert body("claude-opus-5", reasoning_effort="disabled")["thinking"] == {"type": "disabled"}
    assert body("m", ELSEWHERE, reasoning_effort="disabled")["thinking"] == {"type": "disabled"}
    assert "thinking" not in body("claude-3-5-haiku-latest", reasoning_effort="disabled")
    assert "thinking" not in body("claude-opus-5")


@pytest.mark.parametrize(
    "bound, budget", [(1025, 1024), (1500, 1024), (4000, 2000), (100_000, 8192)]
)
def test_a_bound_that_was_asked_for_holds(bound: int, budget: int) -> None:
    found = body("claude-haiku-4-5", reasoning_effort="medium", max_tokens=bound)
    assert found["max_tokens"] == bound
    assert found["thinking"]["budget_tokens"] == budget


def test_a_bound_without_room_to_think_is_refused() -> None:
    with pytest.raises(BadArgument, match="max_tokens=1024 leaves no room"):
        body("claude-haiku-4-5", reasoning_effort="low", max_tokens=1024)

    assert body("claude-opus-4-6", reasoning_effort="low", max_tokens=9)["max_tokens"] == 9


# what is refused ------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [{"seed": 0}, {"logprobs": 0}, {"presence_penalty": 1}, {"frequency_penalty": 0}],
)
@pytest.mark.parametrize("gateway", [GATEWAY, ELSEWHERE])
def test_what_the_protocol_has_not(gateway: AnthropicGateway, setting: dict[str, Any]) -> None:
    name, value = next(iter(setting.items()))
    with pytest.raises(BadArgument, match=rf"{name}={value}(\.0)?: Anthropic takes no {name}"):
        body("m", gateway, **setting)


@pytest.mark.parametrize("setting", [{"temperature": 0.5}, {"top_p": 0.9}, {"top_k": 3}])
def test_the_newest_models_refuse_sampling(setting: dict[str, Any]) -> None:
    name = next(iter(setting))
    with pytest.raises(BadArgument, match=rf"claude-opus-4-7 takes no {name}.*register_model"):
        body("claude-opus-4-7", **setting)

    assert body("claude-opus-9-9", **setting)[name] == setting[name]
    assert body("claude-opus-4-7", ELSEWHERE, **setting)[name] == setting[name]
    assert body("claude-haiku-4-5", **setting)[name] == setting[name]


def test_a_thinking_model_refuses_more() -> None:
    with pytest.raises(BadArgument, match="claude-haiku-4-5, asked to think, takes no temperature"):
        body("claude-haiku-4-5", temperature=0.5, reasoning_effort="low")

    with pytest.raises(BadArgument, match="asked to think, takes no tool_choice"):
        body("claude-haiku-4-5", tool_choice="required", reasoning_effort="low")

    assert body("claude-haiku-4-5", tool_choice="auto", reasoning_effort="low")
    assert body("claude-haiku-4-5", top_p=0.95, reasoning_effort="low")["top_p"] == 0.95


def test_a_model_that_cannot_think() -> None:
    with pytest.raises(BadArgument, match="claude-3-5-haiku-latest does not think"):
        body("claude-3-5-haiku-latest", reasoning_effort="low")


def test_settings_of_local_servers_are_passed_over() -> None:
    assert body("m", num_ctx=4096, keep_alive="5m") == body("m")


def test_extra_fields() -> None:
    found = body(
        "claude-opus-4-6",
        reasoning_effort="low",
        extra={"service_tier": "auto", "output_config": {"task_budget": 1}},
    )
    assert found["service_tier"] == "auto"
    assert found["output_config"] == {"effort": "low", "task_budget": 1}
    with pytest.raises(BadArgument, match="extra cannot set 'messages'"):
        body("m", extra={"messages": []})


def test_a_models_context_window() -> None:
    window = GATEWAY.get_model_context_window("claude-haiku-4-5")
    assert window is not None
    assert window.max_context_tokens == 200_000
    assert GATEWAY.get_model_context_window("nobody") is None
    assert ELSEWHERE.get_model_context_window("claude-haiku-4-5") is None
