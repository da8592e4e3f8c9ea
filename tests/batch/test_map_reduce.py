"""Many pieces, one result."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import mojentic_nb as mj
from mojentic_nb.clock import SystemClock
from mojentic_nb.effects import Wait
from mojentic_nb.errors import BadArgument, MojenticError
from tests.batch.asking import asked_of, broker_at
from tests.loopback import Answer, Loopback

map_reduce = mj.batch.map_reduce


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def chunks(words: list[str], count: int) -> list[list[str]]:
    return [words[at::count] for at in range(count)]


def test_the_counts_of_all_pieces_are_the_whole() -> None:
    told: list[float] = []
    words = ["word"] * 1003
    assert map_reduce(chunks(words, 10), len, sum, concurrency=4, progress=told.append) == 1003
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_the_results_stand_in_the_order_of_the_pieces() -> None:
    first_is_late = threading.Event()

    def each(number: int) -> int:
        if number == 0:
            assert first_is_late.wait(5)
        elif number == 9:
            first_is_late.set()
        return number

    assert map_reduce(range(10), each, list) == list(range(10))


def test_never_more_at_once_than_it_says() -> None:
    lock, under_way, most = threading.Lock(), 0, 0
    together = threading.Barrier(3, timeout=60)

    def each(number: int) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(5)
        with lock:
            under_way -= 1

    map_reduce(range(9), each, list, concurrency=3)
    assert most == 3


def test_the_first_failure_ends_it_and_pieces_not_begun_are_never_worked_on() -> None:
    seen: list[int] = []
    is_over = threading.Event()
    threads: set[threading.Thread] = set()

    def each(number: int) -> int:
        seen.append(number)
        threads.add(threading.current_thread())
        if number == 0:
            raise ZeroDivisionError
        assert is_over.wait(30)
        return number

    with pytest.raises(ZeroDivisionError):
        map_reduce(range(100), each, sum, concurrency=2)
    is_over.set()
    for thread in threads:
        thread.join(30)
    assert len(seen) <= 3


def test_no_pieces() -> None:
    told: list[float] = []
    assert map_reduce([], len, sum, progress=told.append) == 0
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_prompts_do_for_functions(loopback: Loopback) -> None:
    loopback.script(Answer("short one"), Answer("short two"), Answer("both"))
    whole = map_reduce(
        ["long one {x}", "long two"],
        "Summarise: {piece}",
        "Combine:\n{pieces}",
        model=broker_at(loopback),
        concurrency=1,
    )
    assert whole == "both"
    assert list(asked_of(loopback)) == [
        "Summarise: long one {x}",
        "Summarise: long two",
        "Combine:\nshort one\n\nshort two",
    ]


def test_progress_of_prompts_is_told_as_they_are_answered(loopback: Loopback) -> None:
    has_three: Future[None] = Future()
    told: list[float] = []
    told_before: list[list[float]] = []

    class Patient:
        def around_model(self, call: Any, proceed: Any) -> Any:
            if call.request.messages[-1].content == "d?":
                yield Wait(10, has_three)
                told_before.append(list(told))
            return (yield from proceed(call))

    def progress(share: float) -> None:
        told.append(share)
        if share == 0.75:
            has_three.set_result(None)

    broker = broker_at(loopback, policies=[Patient()], clock=SystemClock)
    map_reduce(list("abcd"), "{piece}?", len, model=broker, concurrency=1, progress=progress)
    assert (told_before, told) == ([[0.25, 0.5, 0.75]], [0.25, 0.5, 0.75, 1.0])


def test_a_piece_without_an_answer_is_named(loopback: Loopback) -> None:
    loopback.script(Answer("fine"), Answer.error(400, "too strange"))
    with pytest.raises(MojenticError, match=r"Piece 2 of 2 .*too strange"):
        map_reduce(["a", "b"], "{piece}?", len, model=broker_at(loopback), concurrency=1)


@pytest.mark.parametrize(("each", "together"), [("Summarise", len), (len, "Combine")])
def test_a_prompt_without_a_place_for_its_pieces(each: Any, together: Any) -> None:
    with pytest.raises(BadArgument, match="has no"):
        map_reduce(["a"], each, together, model="demo")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"concurrency": 0}, "concurrency=0"),
        ({"concurrency": "many"}, "concurrency='many'"),
        ({"conurrency": 3}, "conurrency"),
        ({"model": "demo"}, "model"),
        ({"progress": True}, "progress=True"),
        ({"pieces": 3}, "pieces=3"),
        ({"each": 3}, "each=3"),
        ({"together": None}, "together=None"),
    ],
)
def test_nonsense_is_refused_before_a_piece_is_worked_on(how: dict[str, Any], told: str) -> None:
    seen: list[str] = []
    with pytest.raises(BadArgument, match=told):
        map_reduce(**{"pieces": ["a"], "each": seen.append, "together": len, **how})
    assert seen == []
