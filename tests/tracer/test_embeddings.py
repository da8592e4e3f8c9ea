"""Embeddings in a trace: one closed span each, counted with the calls, and in every frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import ModelNotFound
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.tools import tool
from mojentic_nb.tracer import EventStore, TracerSystem
from tests.loopback import Answer, Loopback, ToolUse
from tests.tracer.test_system import KEY, asking, tracer

__all__ = ["tracer"]


def row_of(tracer: TracerSystem) -> dict[str, Any]:
    (row,) = tracer.calls_df.astype(object).to_dict("records")
    return row


def test_one_span_with_its_tokens_its_model_and_its_price(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    broker = asking(loopback, tracer)
    broker.gateway.calculate_embeddings(["a hill", "a sea"], "text-embedding-3-small")

    (span,) = tracer.spans()
    assert (span.kind, span.name) == ("embeddings", "embeddings text-embedding-3-small")
    assert (span.status, span.tokens_source, span.attrs) == ("ok", "provider", '{"texts":2}')
    row = row_of(tracer)
    assert (row["provider"], row["input_tokens"], row["total_tokens"]) == ("openai", 2, 2)
    assert row["cost"] > 0
    assert row["duration_s"] > 0
    assert (row["prompt_preview"], row["prompt_chars"]) == ("a hill", 11)
    assert tracer.models_df.calls.sum() == 1
    assert tracer.spans_df.kind.tolist() == ["embeddings"]
    assert tracer.messages_df.empty
    assert (tracer.get_events(), tracer.metrics()["total_llm_calls"]) == ([], 0)
    assert "2 → – tok" in str(tracer.waterfall())
    assert tracer.stats()["open"] == 0


def test_a_failure_is_one_closed_span(loopback: Loopback, tracer: TracerSystem) -> None:
    broker = asking(loopback, tracer)
    with pytest.raises(ModelNotFound):
        broker.gateway.calculate_embeddings(f"hi {KEY}", "missing")

    row = row_of(tracer)
    assert (row["status"], row["error_type"], row["ok"]) == ("error", "ModelNotFound", False)
    assert KEY not in repr(tracer.spans())
    assert "redacted" in row["prompt_preview"]
    assert tracer.stats()["open"] == 0


def test_in_a_tool_they_stand_under_it(loopback: Loopback, tracer: TracerSystem) -> None:
    broker = asking(loopback, tracer)

    @tool
    def look() -> str:
        """Look something up."""
        return str(len(broker.gateway.calculate_embeddings("a hill")))

    loopback.script(Answer(tools=[ToolUse("look", {})]), Answer("done"))
    broker.generate("go", tools=[look])
    calls = tracer.calls_df
    (embedded,) = calls[calls.kind_of_parent == "tool"].to_dict("records")
    assert embedded["parent_id"] == tracer.tools_df.span_id[0]
    assert calls.trace_id.nunique() == 1
    assert tracer.sessions_df.empty


def test_every_provider_tells_its_tokens(loopback: Loopback, tracer: TracerSystem) -> None:
    brokers = [
        LLMBroker("m", OllamaGateway(loopback.url), tracer=tracer),
        LLMBroker("demo", tracer=tracer),
    ]
    for broker in brokers:
        broker.gateway.calculate_embeddings("one, two")
    assert tracer.calls_df.provider.tolist() == ["ollama", "demo"]
    assert tracer.calls_df.input_tokens.tolist() == [1, 3]
    assert tracer.calls_df.cost.tolist() == [0.0, 0.0]


def test_a_replay_has_the_times_it_had(tmp_path: Path) -> None:
    file = tmp_path / "vectors.jsonl"

    def day(mode: str) -> tuple[float, str]:
        tracer = TracerSystem()
        with Cassette(file, mode=mode):
            broker = LLMBroker("demo", DemoGateway(), tracer=tracer)
            broker.gateway.calculate_embeddings("one, two")
        (span,) = tracer.spans()
        return span.duration_s, span.attrs

    day("record")
    first = day("replay")
    assert first == day("replay")
    assert first[0] > 0
    assert first[1] == '{"texts":1,"replayed":true}'


def test_where_nothing_is_to_be_kept_no_text_is(loopback: Loopback) -> None:
    tracer = TracerSystem(capture="none")
    broker = asking(loopback, tracer)
    broker.gateway.calculate_embeddings("a hill")
    row = row_of(tracer)
    assert (row["input_tokens"], row["prompt_chars"]) == (1, 6)
    assert "hill" not in repr(tracer.spans())


def test_they_go_out_and_come_back(
    loopback: Loopback, tracer: TracerSystem, tmp_path: Path
) -> None:
    broker = asking(loopback, tracer)
    broker.gateway.calculate_embeddings("a hill", "text-embedding-3-small")
    for name in ("t.jsonl", "t.json"):
        (tracer.to_jsonl if name == "t.jsonl" else tracer.to_otlp)(tmp_path / name)
        other = TracerSystem()
        assert other.read(tmp_path / name) == 1
        assert other.calls_df.input_tokens.tolist() == [1]
        assert other.spans()[0].kind == "embeddings"


def test_a_live_store_has_no_word_for_them(loopback: Loopback) -> None:
    told: list[Any] = []
    broker = asking(loopback, TracerSystem(EventStore(told.append)))
    broker.gateway.calculate_embeddings("a hill")
    assert told == []
