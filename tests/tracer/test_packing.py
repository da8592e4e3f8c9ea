"""Spans in a file: the words they share stand once, and all comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.messages import LLMMessage
from mojentic_nb.tracer import ddl, packing
from mojentic_nb.tracer.connections import Connections
from mojentic_nb.tracer.content import Content
from mojentic_nb.tracer.rows import Batch
from mojentic_nb.tracer.scrubbing import Scrubber
from mojentic_nb.tracer.span import COLUMNS, Span
from mojentic_nb.tracer.store import Store
from tests.tracer.stored import S, made, told

UUID = "6f3ad0a4-1f2b-4c5d-8e7f-0123456789ab"
TRACE = UUID.replace("-", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.db"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    made = Store(path if request.param == "file" else ":memory:")
    yield made
    made.close()


def shared(store: Store) -> list[tuple[Any, ...]]:
    return store.sql("SELECT name FROM span_shared ORDER BY name")[1]


def test_words_that_spans_share_stand_once(store: Store) -> None:
    store.write(Batch(spans=[made(number) for number in range(1, 300)]))
    store.write(Batch(spans=[made(number) for number in range(300, 600)]))
    store.write(Batch(spans=[made(600, name="another")]))

    assert shared(store) == [("another",), ("chat m",)]
    assert store.columns(["name", "seq"], where="name = ?", parameters=["another"]) == {
        "name": ["another"],
        "seq": [600],
    }


def test_more_different_words_than_are_remembered_come_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "MOST_REMEMBERED", 3)
    names = [f"name {number % 7}" for number in range(40)]
    store.write(Batch(spans=[made(place, name=name) for place, name in enumerate(names)]))

    assert store.columns(["name"])["name"] == names
    assert len(shared(store)) == 7


def test_words_differ_where_they_stand(store: Store) -> None:
    spans = [made(1, model="a", response_model=""), made(2, model="", response_model="a")]
    store.write(Batch(spans=spans))
    assert store.spans() == spans


def test_another_traces_words_are_the_same(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other.db")
    other.write(Batch(spans=[made(2), made(3, name="another")]))
    store.write(Batch(spans=[made(1)]))

    assert store.attach(tmp_path / "other.db") == 2
    assert store.columns(["name"])["name"] == ["chat m", "chat m", "another"]
    assert shared(store) == [("another",), ("chat m",)]
    other.close()


def test_words_go_with_the_last_span_that_has_them(store: Store) -> None:
    store.write(Batch(spans=[made(1, name="old"), made(2, name="both"), made(50, name="both")]))
    store.write(Batch(spans=[made(50, name="new")]))

    assert store.prune("20s", now_ns=60 * S) == 2
    assert shared(store) == [("new",)]


TURNS = [(UUID, TRACE), (UUID.upper(), TRACE), ("", TRACE), ("turn-1", TRACE), (UUID, "short")]


@pytest.mark.parametrize("turn, trace", [*TURNS, ("----", ""), (UUID[:-1] + "\0", TRACE)])
def test_a_turns_id_is_kept_to_the_letter(store: Store, turn: str, trace: str) -> None:
    store.write(Batch(spans=[made(1, correlation_id=turn, trace_id=trace)]))

    assert [one.correlation_id for one in store.spans()] == [turn]
    for table in ("span", "v_calls"):
        assert store.sql(f"SELECT correlation_id FROM {table}")[1] == [(turn,)]
    is_left_out = (turn, trace) == (UUID, TRACE)
    assert store.sql("SELECT correlation_id IS NULL FROM span_own")[1] == [(is_left_out,)]


@pytest.mark.parametrize("size, stands_in_span", [(300, False), (3_000, True)])
def test_the_beginning_of_a_long_message_is_kept_with_the_span(
    store: Store, size: int, stands_in_span: bool
) -> None:
    words = "All that was asked, " * (size // 20)
    said = (LLMMessage(content=words), LLMMessage.assistant("Yes."))
    span = told(store, Content(Scrubber()), 1, *said, prompt_preview=words[:200])

    kept = words[:200] if stands_in_span else None
    assert store.sql("SELECT prompt_preview FROM span_own")[1] == [(kept,)]
    assert store.spans()[0].prompt_preview == span.prompt_preview


def test_the_view_has_all_that_a_span_has(store: Store) -> None:
    span = made(1, model="m", cost=0.5, in_tip=b"tip", attrs='{"a":1}')
    store.write(Batch(spans=[span]))
    names, rows = store.sql("SELECT * FROM span")

    assert names == ["seq", *COLUMNS]
    assert [Span(**dict(zip(names, row, strict=True))) for row in rows] == [span]


def test_spans_come_by_start_and_then_as_they_came(store: Store) -> None:
    starts = [5, 1, 3, 3, 2, 3]
    spans = [made(place, start_ns=start) for place, start in enumerate(starts)]
    store.write(Batch(spans=spans))
    wanted = [spans[place].span_id for place in (1, 4, 2, 3, 5, 0)]

    assert store.columns(["span_id", "kind"]) == {"span_id": wanted, "kind": ["llm"] * 6}
    many = [made(1_000 + number) for number in range(2 * packing.AT_ONCE + 1)]
    store.write(Batch(spans=many))
    assert store.columns(["span_id"])["span_id"] == [*wanted, *(span.span_id for span in many)]


def test_of_columns_only_those_come_that_were_asked_for(store: Store) -> None:
    store.write(Batch(spans=[made(1, correlation_id=UUID, trace_id=TRACE)]))
    assert store.columns(["correlation_id"]) == {"correlation_id": [UUID]}
    assert store.columns(["model"]) == {"model": ["m"]}


@pytest.mark.parametrize("name", ["model", "params", "caller"])
@pytest.mark.parametrize("value, kept", [({"a": 1}, "{'a': 1}"), ("\udcff", "\\udcff")])
def test_one_odd_word_costs_no_batch(store: Store, name: str, value: Any, kept: str) -> None:
    store.write(Batch(spans=[made(1), made(2, **{name: value})]))
    assert store.columns([name])[name][1] == kept


def test_what_another_program_takes_away_is_there_until_all_is_read(path: Path) -> None:
    store, lines = Store(path), Connections(path)
    store.write(Batch(spans=[made(1)]))
    with lines.snapshot() as line:
        own = line.execute("SELECT shared FROM span_own").fetchall()
        store.clear()
        words = line.execute("SELECT id FROM span_shared").fetchall()

    assert own == words != []
    with lines.snapshot() as line:
        assert line.execute(f"SELECT * FROM {next(iter(ddl.TABLES))}").fetchall() == []
    lines.close()
    store.close()
