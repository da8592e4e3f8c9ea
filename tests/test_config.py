"""Settings of one call over those of a config: what comes out is a config like any other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mojentic_nb import ChatSession, LLMBroker, batch
from mojentic_nb.config import (
    CompletionConfig,
    ReasoningEffort,
    ReasoningProfile,
    ResponseFormat,
    Sampling,
    merged,
)
from mojentic_nb.errors import BadArgument

QWEN = CompletionConfig(reasoning_profile=ReasoningProfile.qwen3_8())


@pytest.mark.parametrize(
    "loose",
    [
        {"response_format": ResponseFormat(type="json_object")},
        {"response_format": {"type": "json_object", "json_schema": {"type": "object"}}},
        {"reasoning_profile": ReasoningProfile.qwen3_8()},
        {"reasoning_effort": "low"},
        {"stop": "END", "n": 2},
        {"extra": {"user": "me"}},
    ],
)
def test_a_loose_setting_is_what_it_is_in_a_config(loose: dict[str, Any]) -> None:
    base = CompletionConfig(temperature=0.5)
    assert merged(base, loose) == CompletionConfig(temperature=0.5, **loose)
    assert type(merged(None, loose).response_format) in (ResponseFormat, type(None))


def test_a_loose_none_changes_nothing_and_the_base_stays_as_it_is() -> None:
    base = CompletionConfig(temperature=0.5, stop="END")
    assert merged(base, {"temperature": None}) is base
    assert merged(base, {"temperature": 0.1}).stop == ("END",)
    assert base.temperature == 0.5


def test_no_bound_takes_a_bound_away() -> None:
    assert merged(CompletionConfig(max_tokens=9), {"num_predict": -1}).max_tokens is None
    assert merged(CompletionConfig(max_tokens=9), {"num_predict": 4}).max_tokens == 4
    assert CompletionConfig(num_predict=-1).max_tokens is None


def test_a_profile_holds_for_loose_settings_too() -> None:
    with pytest.raises(BadArgument, match=r"qwen3\.8 has no reasoning effort low"):
        merged(QWEN, {"reasoning_effort": "low"})
    assert merged(QWEN, {"reasoning_effort": "enabled"}).reasoning_effort is ReasoningEffort.Enabled


def test_a_profile_may_keep_no_thoughts() -> None:
    efforts = (ReasoningEffort.Low,)
    forgetful = ReasoningProfile(
        name="short", supported_efforts=efforts, supports_reasoning_history=False
    )
    with pytest.raises(ValidationError, match="short does not take its earlier thoughts back"):
        CompletionConfig(reasoning_profile=forgetful, retain_reasoning=True)


def test_every_setting_may_be_given_loose() -> None:
    # All but the other name of max_tokens, which is no field of its own.
    assert set(Sampling.__annotations__) == {*CompletionConfig.model_fields, "num_predict"}


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(BadArgument, match="keep_alive"):
        merged(None, {"keep_alive": value})


@pytest.mark.parametrize("given", [{"n": 0}, {"n": 129}, {"n": "two"}])
def test_a_number_of_answers_that_cannot_be(given: dict[str, Any]) -> None:
    with pytest.raises(BadArgument, match="n="):
        merged(None, given)


@pytest.mark.parametrize("given", [{"temperature": 0.1}, "cold", 3])
def test_what_is_no_config_is_refused_wherever_it_is_given(given: Any) -> None:
    broker = LLMBroker("demo")
    for ask in (
        lambda: LLMBroker("demo", config=given),
        lambda: broker.generate("hi", config=given),
        lambda: broker.submit("hi", config=given),
        lambda: ChatSession(broker, config=given),
        lambda: ChatSession(broker).send("hi", config=given),
        lambda: batch(["hi"], model=broker, config=given),
    ):
        with pytest.raises(BadArgument, match="is no CompletionConfig"):
            ask()
