"""Ids while a cassette stands for a notebook: fresh when recorded, the same when replayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mojentic_nb import ids
from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways import cassette_scope
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.tracer import TracerSystem

QUESTIONS = ("one", "two", "three")


@pytest.fixture(autouse=True)
def nothing_stands() -> Iterator[None]:
    yield
    cassette_scope.stand(None)


def day(file: Path, mode: str, *questions: str, trace: Path | None = None) -> list[str]:
    """Ask under a standing cassette, as in a kernel of its own; the spans' ids."""
    ids._by_seed.clear()
    cassette = Cassette(file, mode=mode).open()
    cassette_scope.stand(cassette)
    tracer = TracerSystem(store=trace)
    broker = LLMBroker("demo", DemoGateway(pace_s=0), tracer=tracer)
    turns = [broker.generate(question).correlation_id for question in questions]
    cassette_scope.stand(None)
    cassette.close()
    spans = {span.correlation_id: span.span_id for span in tracer.spans()}
    found = [spans[turn] for turn in turns]
    assert len(found) == len(set(found)) == len(questions)
    tracer.close()
    return found


def test_a_replay_has_the_ids_of_its_recording(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    recorded = day(file, "record", *QUESTIONS)
    assert day(file, "replay", *QUESTIONS) == recorded
    assert day(file, "auto", *QUESTIONS) == recorded


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_a_recording_has_ids_that_were_never_there(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "a.jsonl"
    first = day(file, mode, *QUESTIONS)
    file.unlink()
    second = day(file, mode, *QUESTIONS)
    assert not {*first} & {*second}


def test_recordings_stand_beside_each_other_in_one_trace(tmp_path: Path) -> None:
    file, trace = tmp_path / "a.jsonl", tmp_path / "t.db"
    for _ in range(2):
        day(file, "record", *QUESTIONS, trace=trace)
    assert len(TracerSystem(store=trace).calls_df) == 6
    for _ in range(2):  # and replays of one recording are one
        day(file, "replay", *QUESTIONS, trace=trace)
    assert len(TracerSystem(store=trace).calls_df) == 6


def test_what_auto_adds_has_the_ids_it_was_recorded_with(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    day(file, "auto", *QUESTIONS)
    added = day(file, "auto", *QUESTIONS, "four", "five")
    assert day(file, "replay", *QUESTIONS, "four", "five") == added


def test_from_the_first_question_auto_records_ids_are_fresh(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    before = day(file, "auto", *QUESTIONS)
    edited = day(file, "auto", "one", "else", "more", "last")
    assert edited[0] == before[0]
    assert not {*edited[2:]} & {*before}
    assert day(file, "replay", "one", "else", "more", "last") == edited


def test_a_cassette_that_is_off_gives_no_ids(tmp_path: Path) -> None:
    assert not {*day(tmp_path / "a", "off", *QUESTIONS)} & {*day(tmp_path / "a", "off", *QUESTIONS)}


def test_a_brokers_own_cassette_leaves_ids_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    standing = Cassette(tmp_path / "b.jsonl").open()
    cassette_scope.stand(standing)
    made = ids._bits
    own = Cassette(file).on(DemoGateway(pace_s=0))
    LLMBroker("demo", own).generate("hi")
    assert ids._bits == made
    LLMBroker("demo", DemoGateway(pace_s=0)).generate("hi")
    standing.close()
