"""What is known of models: nothing is guessed, and nothing is taken away by guessing."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb import catalogue
from mojentic_nb.catalogue import (
    ABILITIES,
    Catalogue,
    ModelCard,
    ModelContextWindow,
    Price,
    cost_usd,
    effective_context_window,
    estimate_usd,
    largest,
    parameters_in,
    smallest,
)
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import Usage
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.openai import OpenAIGateway

PRICED = ModelCard(
    provider="p",
    model="m",
    price=Price(input=2.0, cached_input=0.5, cache_write=2.5, output=10.0),
)
COUNTS = st.integers(0, 10**7)


@pytest.mark.parametrize(
    "provider, name, described_by",
    [
        ("openai", "gpt-5.4-mini", "gpt-5.4-mini"),
        ("openai", "gpt-5.4-mini-2026-03-01", "gpt-5.4-mini"),
        ("openai", "gpt-4-0613", "gpt-4"),
        ("openai", "gpt-4-1106-preview", "gpt-4-turbo-preview"),
        ("openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:lab::8xYz", "gpt-4o-mini"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic", "claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("anthropic", "claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
        ("anthropic", "claude-opus-4-0", "claude-opus-4"),
        ("ollama", "llama3.2:1b-instruct-q4_0", "llama3.2"),
        ("ollama", "gemma3:1b", "gemma3:1b"),
    ],
)
def test_a_name_means_its_entry(provider, name, described_by):
    found = catalogue.card(provider, name)
    assert (found.id, found.is_known, found.model) == (described_by, True, name)


@pytest.mark.parametrize(
    "provider, name",
    [
        ("openai", "gpt-5.6"),
        ("openai", "gpt-5.4-mini-9999-99-99"),
        ("openai", "gpt-4-1399"),
        ("openai", "gpt-4o20240513"),
        ("openai", "gpt-5.4-minimal"),
        ("openai", "my-local-o1ish-model"),
        ("openai", "o1ish"),
        ("openai", "llama3.2:1b"),
        ("anthropic", "claude-haiku"),
        ("anthropic", "claude-haiku-4"),
        ("ollama", "somebody/llama3.2"),
        ("ollama", "llama3.2-mine"),
        ("nobody", "gpt-4o"),
        ("openai", ""),
    ],
)
def test_another_name_means_nothing_and_loses_nothing(provider, name):
    found = catalogue.card(provider, name)
    assert not found.is_known
    assert [getattr(found, ability) for ability in ABILITIES] == [None] * len(ABILITIES)
    assert all(found.may(ability) for ability in ABILITIES)
    assert found.refused(thinking=True) == frozenset()
    assert found.context_tokens is None
    assert found.api == "chat"


@given(name=st.text())
def test_no_name_at_all_is_an_error(name):
    assert catalogue.card("openai", name).model == name


@pytest.mark.parametrize("gateway", [OpenAIGateway, AnthropicGateway])
def test_the_default_models_are_wholly_described(gateway):
    found = catalogue.card(gateway.name, gateway.default_model)
    assert found.tools
    assert found.vision
    assert found.objects
    assert found.streaming
    assert found.context_tokens > found.output_tokens > 0
    assert estimate_usd(1000, 1000, found) > 0


def test_the_well_known_families_are_here():
    counts: dict[str, int] = {}
    for card in catalogue.catalogue():
        key = f"{card.provider} {card.kind}"
        counts[key] = counts.get(key, 0) + 1

    assert counts["openai reasoning"] >= 25
    assert counts["openai chat"] >= 15
    assert counts["openai embedding"] == 3
    assert counts["anthropic chat"] + counts["anthropic reasoning"] >= 20
    assert counts["ollama chat"] >= 15


def test_every_price_has_its_date_and_source():
    for card in catalogue.catalogue():
        if card.price != Price():
            assert card.priced_on >= "2026-01-01"
            assert card.source


def test_a_long_call_never_costs_less():
    for card in catalogue.catalogue():
        if card.price.above is not None:
            edge = card.price.above_tokens
            assert estimate_usd(edge + 1, 10, card) > estimate_usd(edge, 10, card)


@pytest.mark.parametrize(
    "provider, name, api, refuses",
    [
        ("openai", "gpt-5.4-pro", "responses", {"temperature", "top_p"}),
        ("openai", "o3", "chat", {"temperature", "stop"}),
        ("openai", "gpt-4o", "chat", {"top_k"}),
        ("anthropic", "claude-haiku-5-5", "chat", {"temperature", "top_p", "top_k"}),
        ("anthropic", "claude-opus-5-5", "chat", {"temperature", "tool_choice"}),
    ],
)
def test_what_a_model_refuses_is_written_down(provider, name, api, refuses):
    found = catalogue.card(provider, name)
    assert found.api == api
    assert refuses <= found.refused()


def test_thinking_may_refuse_more():
    found = catalogue.card("openai", "gpt-5.4-mini")
    assert "temperature" not in found.refused()
    assert "temperature" in found.refused(thinking=True)


@pytest.mark.parametrize(
    "usage, dollars",
    [
        (Usage(input_tokens=1_000_000, output_tokens=0), 2.0),
        (Usage(input_tokens=0, output_tokens=1_000_000), 10.0),
        (Usage(input_tokens=1_000_000, output_tokens=0, cached_tokens=1_000_000), 0.5),
        (Usage(input_tokens=1_000_000, output_tokens=0, cache_write_tokens=1_000_000), 2.5),
        (
            Usage(
                input_tokens=1_000_000,
                output_tokens=100_000,
                cached_tokens=500_000,
                cache_write_tokens=300_000,
            ),
            0.2 * 2 + 0.5 * 0.5 + 0.3 * 2.5 + 0.1 * 10,
        ),
        (Usage(input_tokens=100, output_tokens=0, cached_tokens=900), 100 * 0.5 / 1e6),
        (Usage(input_tokens=100, output_tokens=0, cached_tokens=-5), 100 * 2 / 1e6),
        (Usage(input_tokens=5), None),
        (Usage(output_tokens=5), None),
        (Usage(), None),
    ],
)
def test_cached_tokens_are_part_of_the_input(usage, dollars):
    found = cost_usd(usage, PRICED)
    assert found == (None if dollars is None else pytest.approx(dollars))


@given(read=COUNTS, written=COUNTS, cached=COUNTS, stored=COUNTS)
def test_a_cost_lies_between_all_cached_and_all_stored(read, written, cached, stored):
    usage = Usage(
        input_tokens=read,
        output_tokens=written,
        cached_tokens=cached,
        cache_write_tokens=stored,
    )
    low, high = (read * each + written * 10 for each in (0.5, 2.5))
    assert low / 1e6 - 1e-6 <= cost_usd(usage, PRICED) <= high / 1e6 + 1e-6


@pytest.mark.parametrize("missing", ["input", "cached_input", "cache_write", "output"])
def test_a_price_that_matters_and_is_unknown_is_no_price(missing):
    known = {"input": 1.0, "cached_input": 1.0, "cache_write": 1.0, "output": 1.0}
    card = ModelCard(provider="p", model="m", price=Price(**{**known, missing: None}))
    every = Usage(input_tokens=30, output_tokens=10, cached_tokens=10, cache_write_tokens=10)
    assert cost_usd(every, card) is None


def test_a_price_that_does_not_matter_may_be_unknown():
    card = ModelCard(provider="p", model="m", price=Price(input=1.0, output=1.0))
    assert estimate_usd(500_000, 500_000, card) == 1.0


def test_a_long_call_is_dearer_from_its_first_token():
    card = catalogue.card("anthropic", "claude-haiku-5-5")
    assert estimate_usd(100_000, 1000, card) == pytest.approx(0.0105)
    assert estimate_usd(100_001, 1000, card) == pytest.approx(0.0525005)


@pytest.mark.parametrize("model", ["demo:demo", "ollama:llama3.2", "ollama:my-own", "demo:other"])
def test_what_runs_here_costs_nothing_even_uncounted(model):
    assert cost_usd(Usage(), catalogue.card(*model.split(":"))) == 0.0


@pytest.mark.parametrize("name", ["gpt-oss:120b-cloud", "kimi-k2:1t-cloud"])
def test_an_ollama_model_in_the_cloud_is_not_free(name):
    assert cost_usd(Usage(input_tokens=1, output_tokens=1), catalogue.card("ollama", name)) is None


def test_a_fine_tuned_model_has_no_price_we_know():
    found = catalogue.card("openai", "ft:gpt-4o-mini-2024-07-18:lab::8xYz")
    assert (found.price, found.priced_on, found.tools) == (Price(), "", True)


def test_a_model_can_be_described_and_then_corrected():
    ours = Catalogue()
    ours.register_model("openai", "mine", context_tokens=1000, tools=False, vision=True)
    ours.register_model("openai", "mine", price={"input": 1, "output": 2}, vision=False)
    found = ours.card("openai", "mine")
    assert (found.context_tokens, found.tools, found.vision) == (1000, False, False)
    assert found.streaming is True, "the provider's default"
    assert estimate_usd(10**6, 10**6, found) == 3.0
    assert not Catalogue().card("openai", "mine").is_known


def test_correcting_one_field_of_ours_keeps_the_others():
    ours = Catalogue()
    before = ours.card("anthropic", "claude-haiku-5-5")
    after = ours.register_model("anthropic", "claude-haiku-5-5", output_tokens=7)
    assert after.output_tokens == 7
    assert (after.price, after.refuses, after.objects) == (
        before.price,
        before.refuses,
        before.objects,
    )


def test_a_new_provider_may_be_described():
    ours = Catalogue()
    ours.register_model("vllm", "qwen", token_bound="max_tokens", refuses=["top_k"])
    assert ours.card("vllm", "qwen").token_bound == "max_tokens"


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"contxt_tokens": 5}, "contxt_tokens"),
        ({"context_tokens": 0}, "not 0"),
        ({"context_tokens": "many"}, "'many'"),
        ({"can": ["fly"]}, "'fly'"),
        ({"price": {"input": -1}}, "price / input"),
        ({"price": {"input": float("nan")}}, "price / input"),
        ({"price": {"inptu": 1}}, "price / inptu"),
        ({"kind": "oracle"}, "'oracle'"),
    ],
)
def test_a_bad_description_is_refused_and_named(fields, told):
    ours = Catalogue()
    with pytest.raises(BadArgument, match=r"openai:mine") as problem:
        ours.register_model("openai", "mine", **fields)

    assert told in str(problem.value)
    assert not ours.card("openai", "mine").is_known


TOML = """
[providers.openai]
priced_on = 2026-11-20
source = "the bill"

[providers.openai.models."gpt-4o"]
price = { input = 1, output = 2 }

[providers.openai.models.mine]
aliases = ["my-old"]
cannot = ["tools"]
"""


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_users_file_lies_over_ours(tmp_path, suffix):
    path = tmp_path / f"models{suffix}"
    path.write_text(TOML if suffix == ".toml" else json.dumps(tomllib.loads(TOML), default=str))
    ours = Catalogue()
    ours.extend(path)
    known = ours.card("openai", "gpt-4o")
    assert (known.price, known.priced_on) == (Price(input=1, output=2), "2026-11-20")
    assert (known.source, known.context_tokens) == ("the bill", 128_000)
    assert ours.card("openai", "my-old").tools is False


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("a.json", "{", "no catalogue"),
        ("a.toml", "= 1", "no catalogue"),
        ("a.json", "\xff", "no catalogue"),
        ("a.json", "[]", "the whole file"),
        ("a.json", '{"providers": {"x": {"models": {"m": {"hue": 1}}}}}', "x / models / m / hue"),
        ("a.json", '{"providers": {"x": {"models": {"m": 7}}}}', "models / m"),
        ("a.json", '{"providers": {"x": {"priced_on": "lately"}}}', "'lately'"),
    ],
)
def test_a_bad_file_is_refused_whole_and_named(tmp_path, name, text, told):
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    ours = Catalogue()
    before = ours.cards()
    with pytest.raises(BadArgument) as problem:
        ours.extend(path)

    assert str(path) in str(problem.value)
    assert told in str(problem.value)
    assert ours.cards() == before


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadArgument, match=r"gone\.json cannot be read"):
        Catalogue().extend(tmp_path / "gone.json")


@pytest.mark.parametrize(
    "text, billions",
    [
        ("8B", 8.0),
        ("8x7B", 56.0),
        ("3.2B", 3.2),
        ("137M", 0.137),
        ("llama3.2:1b", 1.0),
        ("llama3.2", None),
        ("70b-instruct-q4_0", 70.0),
        ("latest", None),
        ("", None),
    ],
)
def test_a_size_is_read_from_a_tag(text, billions):
    assert parameters_in(text) == (None if billions is None else pytest.approx(billions))


def test_a_tag_tells_a_models_size():
    assert catalogue.card("ollama", "llama3.1:70b").parameters_b == 70.0
    assert catalogue.card("ollama", "unheard-of:8x7b").parameters_b == 56.0


def test_the_smallest_and_the_largest_are_found():
    tags = ["llama3.2:1b", "mixtral:8x7b", "llama3.1:70b", "unheard-of"]
    local = [catalogue.card("ollama", tag) for tag in tags]
    assert smallest(local).model == "llama3.2:1b"
    assert largest(local).model == "llama3.1:70b"
    assert largest(local, can=["vision"]) is None
    assert smallest([]) is None
    remote = [catalogue.card("openai", name) for name in ("gpt-5.6", "gpt-4o", "gpt-4o-mini")]
    assert smallest(remote, by="price").model == "gpt-4o-mini"
    assert largest(remote, by="price", can=["tools"]).model == "gpt-4o"


@pytest.mark.parametrize(
    "window, asked, tokens",
    [
        (None, None, None),
        (None, 4096, 4096),
        (8192, None, 8192),
        (8192, 4096, 4096),
        (8192, 99_999, 8192),
        (ModelContextWindow(max_context_tokens=8192, model_num_ctx=2048), None, 2048),
        (ModelContextWindow(max_context_tokens=8192, model_num_ctx=2048), 4096, 4096),
        (ModelContextWindow(max_context_tokens=8192, model_num_ctx=9999), None, 8192),
        (ModelCard(provider="p", model="m", context_tokens=8192), 4096, 4096),
        (ModelCard(provider="p", model="m"), None, None),
    ],
)
def test_a_window_is_what_is_asked_but_never_more_than_there_is(window, asked, tokens):
    config = CompletionConfig(num_ctx=asked) if asked else None
    assert effective_context_window(window, config) == tokens


def test_importing_the_package_does_not_read_it():
    statement = "import mojentic_nb, sys; print('mojentic_nb.catalogue' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True)
    assert ran.stdout.strip() == "False", ran.stderr
