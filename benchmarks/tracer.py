"""What being traced costs a call, and what keeping it costs, beside other tracers.

Peers run in their own interpreter where `TRACER_PEERS` names one (`pip install mlflow
mojentic opentelemetry-sdk`); without it, those that are installed here.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import Row, Subject, beside
from benchmarks.tracer_frames import CALLS_BAR_S, ROUNDS, measured_frames
from mojentic_nb import LLMBroker, LLMMessage, NullTracer, TracerSystem, Usage, ids
from mojentic_nb.events import Answer, Envelope, ModelAnswered, ModelAsked, TurnFinished
from mojentic_nb.place import place_of_turn
from mojentic_nb.request import ChatRequest

CALLS = 20_000
TURNS = 200
HOT_BAR_S = 10e-6
HOT_P99_BAR_S = 100e-6
DISABLED_BAR_S = 0.2e-6
DRAIN_BAR_S = 120e-6
CALL_BAR_BYTES = 1_000
BESIDE_BAR_BYTES = 500
CHAT_BAR_BYTES = 500_000

QUESTION = "Which of the following is a river in Europe, and how long is it? " * 2
ANSWER = "The Danube is a river in Europe; it is about 2850 km long. "
SYSTEM = LLMMessage.system("You answer briefly and in whole sentences. " * 3)


class Road:
    """What a gateway is to a tracer."""

    name = "openai"
    url = "http://127.0.0.1:1/v1"


def traced(tracer: TracerSystem, messages: tuple[LLMMessage, ...], text: str) -> float:
    """Tell a tracer of one call, as a driver does; the seconds that took."""
    request = ChatRequest(model="gpt-5.4-mini", messages=messages)
    now = time.perf_counter()
    answer = Answer(
        text=text,
        usage=Usage(input_tokens=100, output_tokens=20),
        model="gpt-5.4-mini-2026-03-17",
        asked_at=now - 1,
        first_at=now - 0.5,
        answered_at=now,
    )
    began = time.perf_counter()
    correlation_id = ids.correlation_id()
    place = place_of_turn(correlation_id)
    asked = ModelAsked("gpt-5.4-mini", 1, request, Road)
    tracer(Envelope(asked, correlation_id, 0, now - 1, place))
    tracer(Envelope(ModelAnswered(answer), correlation_id, 1, now, place))
    tracer(Envelope(TurnFinished(answer), correlation_id, 2, now, place))
    return time.perf_counter() - began


def tracer_rows() -> list[Row]:
    """The hot path, the drain, the sizes, the frames, and the peers."""
    rows = [*_hot(), _disabled(), *_kept(), _long(), *_chat(), *measured_frames()]
    hot_s = rows[0].seconds
    return [*rows, *_peers(hot_s)]


def _hot() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        tracer = TracerSystem(store=Path(folder) / "t.db")
        spent = []
        for number in range(5_000):
            said = (SYSTEM, LLMMessage.user(f"{number}: {QUESTION}"))
            spent.append(traced(tracer, said, f"{number}: {ANSWER}"))
        tracer.close()

    median = statistics.median(spent)
    p99 = statistics.quantiles(spent, n=100)[98]
    return [
        Row(
            "span with content, median, at most 10 µs",
            "mojentic_nb",
            median,
            median / HOT_BAR_S,
            1.0,
        ),
        Row("span with content, p99, at most 100 µs", "mojentic_nb", p99, p99 / HOT_P99_BAR_S, 1.0),
    ]


def _disabled() -> Row:
    broker, count, best = LLMBroker("demo", tracer=NullTracer()), 100_000, float("inf")
    bus = broker.bus
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            bool(bus)
        best = min(best, (time.perf_counter() - began) / count)

    what = "a call that is not traced, at most 0.2 µs"
    return Row(what, "NullTracer", best, best / DISABLED_BAR_S, 1.0)


def _kept() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        tracer = TracerSystem(store=path)
        cpu = _fill(tracer)
        assert not tracer.models_df.empty  # imports pandas, which is not what is timed
        (frame,) = beside("", [Subject("calls_df", lambda: _frame(tracer))], rounds=ROUNDS)
        tracer.close()
        size = path.stat().st_size // CALLS

    what = "20 000 calls kept, CPU a call, at most 120 µs"
    return [
        Row(what, "mojentic_nb", cpu, cpu / DRAIN_BAR_S, 1.0),
        _size("a call in the file, at most 1 kB", size, CALL_BAR_BYTES),
        Row(
            "calls_df of 20 000 from the file, at most 0.3 s",
            "mojentic_nb",
            frame.seconds,
            frame.seconds / CALLS_BAR_S,
            1.0,
        ),
    ]


def _fill(tracer: TracerSystem, *, longer: int = 1) -> float:
    """Trace 20 000 calls of words so many times as long; CPU seconds to keep each."""
    began, spent = time.process_time(), 0.0
    for number in range(CALLS):
        caller_began = time.thread_time()  # the caller's own part is no part of keeping
        said = (SYSTEM, LLMMessage.user(f"{number}: {QUESTION * longer}"))
        traced(tracer, said, f"{number}: {ANSWER * longer}")
        spent += time.thread_time() - caller_began
        if number % 2_000 == 1_999:
            tracer.flush()
    tracer.flush()
    return (time.process_time() - began - spent) / CALLS


def _frame(tracer: TracerSystem) -> int:
    assert len(tracer.calls_df) == CALLS
    return 1


def _long() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        tracer = TracerSystem(store=path)
        _fill(tracer, longer=3)
        frame = tracer.calls_df
        words = int((frame.prompt_chars + frame.response_chars).sum()) // CALLS
        tracer.close()
        size = path.stat().st_size // CALLS - words

    return _size(f"a call of {words} letters in the file, without them", size, BESIDE_BAR_BYTES)


def _chat() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        tracer = TracerSystem(store=path)
        said = [SYSTEM]
        for number in range(TURNS):
            said.append(LLMMessage.user(f"{number}: {QUESTION}"))
            traced(tracer, tuple(said), f"{number}: {ANSWER}" * 4)
            said.append(LLMMessage.assistant(f"{number}: {ANSWER}" * 4))
        tracer.close()
        return [_size("chat of 200 turns, at most 0.5 MB", path.stat().st_size, CHAT_BAR_BYTES)]


def _size(what: str, size: int, bar: int) -> Row:
    return Row(what, "mojentic_nb", 0.0, size / bar, 1.0, size_bytes=size)


def _peers(hot_s: float) -> list[Row]:
    python = os.environ.get("TRACER_PEERS", sys.executable)
    script = Path(__file__).with_name("tracer_peers.py")
    done = subprocess.run(
        [python, str(script), QUESTION, ANSWER], capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found = json.loads(lines[-1]) if lines else {}
    what = "span with content, where the call is made"
    ours = [Row(what, "mojentic_nb", hot_s, 1.0)] if found else []
    return ours + [Row(what, name, seconds, seconds / hot_s) for name, seconds in found.items()]
