"""Which gateway a name means, and which model is taken when none is named."""

from __future__ import annotations

import time

import pytest

from mojentic_nb.errors import BadArgument, GatewayUnreachable
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.choose import choose, default_model, first_model
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from tests.loopback import Answer, Fault, Loopback


@pytest.mark.parametrize(
    "model, kind, name",
    [
        ("ollama:llama3.2", OllamaGateway, "llama3.2"),
        ("llama3.2:1b", OllamaGateway, "llama3.2:1b"),
        (" qwen3 ", OllamaGateway, "qwen3"),
        ("ollama:hf.co/a/b:Q4", OllamaGateway, "hf.co/a/b:Q4"),
        ("openai:gpt-5.4", OpenAIGateway, "gpt-5.4"),
        ("openai", OpenAIGateway, "gpt-5.4-mini"),
        ("anthropic:claude", AnthropicGateway, "claude"),
        ("demo", DemoGateway, "demo"),
        ("demo:", DemoGateway, "demo"),
    ],
)
def test_a_prefix_chooses(model: str, kind: type[LLMGateway], name: str) -> None:
    gateway, chosen = choose(model)
    assert type(gateway) is kind
    assert chosen == name


@pytest.mark.parametrize(
    "model, name", [("ollama:m", "m"), ("m", "m"), ("openai:m", "openai:m"), ("a:b", "a:b")]
)
def test_a_given_gateway_stays(model: str, name: str) -> None:
    given = OllamaGateway()
    assert choose(model, given) == (given, name)


@pytest.mark.parametrize("model", ["", "  "])
def test_no_name_is_refused(model: str) -> None:
    with pytest.raises(BadArgument, match="names no model"):
        choose(model)


def test_a_providers_name_alone_takes_the_servers_first(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.models = ["nomic-embed-text", "zeta", "alpha"]
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    monkeypatch.setenv("OPENAI_BASE_URL", loopback.url + "/v1")

    assert choose("ollama")[1] == "zeta"
    assert choose("openai")[1] == "zeta"


def test_a_server_without_models_says_how_to_get_one(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.models = []
    with pytest.raises(BadArgument, match="ollama pull"):
        first_model(OllamaGateway(loopback.url))


def test_a_provider_that_cannot_be_asked_is_an_error() -> None:
    with pytest.raises(GatewayUnreachable):
        choose("ollama")


def test_by_default_the_running_ollama(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert default_model() == "ollama:llama3.2:latest"


@pytest.mark.parametrize(
    "variable, model",
    [
        ("OPENAI_API_KEY", "openai:gpt-5.4-mini"),
        ("ANTHROPIC_API_KEY", "anthropic:claude-haiku-5-5"),
    ],
)
def test_by_default_else_a_provider_whose_key_is_set(
    monkeypatch: pytest.MonkeyPatch, variable: str, model: str
) -> None:
    monkeypatch.setenv(variable, "a-key")
    assert default_model() == model


def test_by_default_else_the_demo() -> None:
    assert default_model() == "demo"


@pytest.mark.parametrize("host", ["http://", "http://box:99999", "a b"])
def test_a_host_that_is_none_does_not_stop_the_default(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert default_model() == "demo"


@pytest.mark.parametrize(
    "answer",
    [Answer(fault=Fault.SILENT_BEFORE_HEADERS), Answer(body=b"<html>"), Answer.error(500, "No")],
)
def test_a_sick_ollama_does_not_stop_the_default(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    loopback.script_path("/api/tags", answer)
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    began = time.monotonic()

    assert default_model() == "demo"
    assert time.monotonic() - began < 3
