"""A whole trace out of one tracer and into another, by every road."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.tools import tool
from mojentic_nb.tracer import TracerSystem
from mojentic_nb.tracer.interchange import from_jsonl, to_jsonl
from mojentic_nb.tracer.otel import to_otlp
from mojentic_nb.tracer.otel_reading import from_otlp
from tests.tracer.spans import call, id_of


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@pytest.fixture
def tracer() -> TracerSystem:
    made = TracerSystem()
    broker = LLMBroker("demo", tracer=made)
    broker.generate("What is 2+3? Use add.", tools=[add], correlation_id="mine")
    broker.generate("hello")
    return made


def write(tracer: TracerSystem, path: Path, **how: Any) -> int:
    writers = {".jsonl": tracer.to_jsonl, ".parquet": tracer.to_parquet, ".json": tracer.to_otlp}
    return writers[path.suffix](path, **how)


NUMBERS = ["span_id", "parent_id", "kind", "model", "input_tokens", "status", "start", "end"]


@pytest.mark.parametrize("store", [None, ":memory:"])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".json"])
def test_a_trace_comes_out_and_in_again(
    tracer: TracerSystem, tmp_path: Path, suffix: str, store: Any
) -> None:
    path = tmp_path / f"trace{suffix}"
    count = write(tracer, path, content=True)
    other = TracerSystem(store=store)
    assert other.read(path) == count == len(tracer.spans_df)

    names = [name for name in NUMBERS if name in tracer.spans_df]
    assert other.spans_df[names].astype(str).equals(tracer.spans_df[names].astype(str))
    assert list(other.messages_df.text) == list(tracer.messages_df.text)
    assert other.read(path) == count
    assert len(other.spans_df) == count
    assert len(other.waterfall(trace="mine").bars) == len(tracer.waterfall(trace="mine").bars)
    other.close()


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".json"])
def test_what_was_said_goes_out_only_where_it_is_asked_for(
    tracer: TracerSystem, tmp_path: Path, suffix: str
) -> None:
    write(tracer, tmp_path / f"trace{suffix}")
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"hello" not in written
    assert b"2+3" not in written


def test_a_part_goes_out(tracer: TracerSystem, tmp_path: Path) -> None:
    assert tracer.to_jsonl(tmp_path / "t.jsonl", trace="mine") == 4
    assert tracer.to_otlp(tmp_path / "t.json", trace="mine") == 4


def test_the_last_cell_is_the_newest_runs(tmp_path: Path) -> None:
    tracer = TracerSystem()
    spans = [
        call(2, None, run_id="old", cell_exec=40, at_ms=0),
        call(3, None, run_id="new", cell_exec=2, at_ms=10),
        call(4, None, run_id="new", cell_exec=3, at_ms=20),
        call(5, None, run_id="old", cell_exec=3, at_ms=5),
        call(6, None, run_id="new", cell_exec=None, at_ms=30),
    ]
    to_jsonl(spans, tmp_path / "two_runs.jsonl")
    tracer.read(tmp_path / "two_runs.jsonl")
    assert tracer.to_jsonl(tmp_path / "last.jsonl", cell=-1) == 1
    assert [span.span_id for span in tracer.spans(cell=-1)] == [id_of(4)]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".json"])
def test_half_of_a_character_costs_no_span_and_no_file(tmp_path: Path, suffix: str) -> None:
    tracer = TracerSystem()
    tracer.record_llm_call("m\ud83d", [{"role": "user", "content": "one \ud83d"}])
    tracer.record_llm_response("m\ud83d", "torn \ud83d")
    with tracer.span("mine \ud83d", torn="\ud83d"):
        pass

    assert [span.name for span in tracer.spans()] == ["chat m\\ud83d", "mine \\ud83d"]
    assert write(tracer, tmp_path / f"trace{suffix}", content=True) == 2
    other = TracerSystem()
    assert other.read(tmp_path / f"trace{suffix}") == 2
    assert list(other.calls_df.response_preview) == ["torn \\ud83d"]


def test_half_of_a_character_from_elsewhere_comes_out_as_it_came_in(tmp_path: Path) -> None:
    span = call(2, None, model="m\ud83d", attrs='{"a":"\\ud83d"}')
    for write_them, read, path in (
        (to_jsonl, from_jsonl, tmp_path / "t.jsonl"),
        (to_otlp, from_otlp, tmp_path / "t.json"),
    ):
        write_them([span], path)
        assert [one.model for one in read(path).spans] == ["m\ud83d"]


def test_a_file_of_another_name_or_form_is_refused(tracer: TracerSystem, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="by its name"):
        tracer.read(tmp_path / "t.txt")
    (tmp_path / "t.jsonl").write_text("{}")
    with pytest.raises(TraceError):
        tracer.read(tmp_path / "t.jsonl")
    assert len(tracer.spans_df) == 5
