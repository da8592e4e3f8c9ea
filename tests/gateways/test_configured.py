"""Gateways at the addresses of a person's settings file."""

from __future__ import annotations

import pytest

from mojentic_nb.gateways.choose import default_model
from mojentic_nb.gateways.configured import configured, provider_of


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The person's own settings file."""
    file = tmp_path / "own.toml"
    monkeypatch.setenv("MOJENTIC_NB_CONFIG", str(file))
    monkeypatch.delenv("OLLAMA_HOST")
    return file


def test_each_provider_is_where_the_file_says(settings):
    settings.write_text(
        '[ollama]\nhost = "box:1"\n[openai]\nbase_url = "http://a/v1"\n'
        '[anthropic]\nbase_url = "http://b"\n'
    )
    urls = {name: configured(name).url for name in ("ollama", "openai", "anthropic")}
    assert urls == {"ollama": "http://box:1", "openai": "http://a/v1", "anthropic": "http://b"}


def test_the_environment_goes_before(settings, monkeypatch):
    settings.write_text('[ollama]\nhost = "box:1"')
    monkeypatch.setenv("OLLAMA_HOST", "http://other:2")
    assert configured("ollama").url == "http://other:2"


def test_the_model_is_looked_for_there(settings, loopback):
    loopback.models = ["tiny:1b"]
    settings.write_text(f'[ollama]\nhost = "{loopback.url}"')
    assert default_model(configured) == "ollama:tiny:1b"


@pytest.mark.parametrize(
    "model, provider",
    [("demo", "demo"), ("openai:x", "openai"), ("llama3.2:1b", "ollama"), ("", "ollama")],
)
def test_a_bare_name_is_ollamas(model, provider):
    assert provider_of(model) == provider
