"""`%%structured` while the answer comes: one output that grows, and never passes for whole."""

from __future__ import annotations

import json
import signal
import threading

import pandas as pd
import pytest
from pydantic import BaseModel

from mojentic_nb import FrozenClock, errors
from mojentic_nb.magics.failures import Stopped
from mojentic_nb.magics.live_object import LiveObject
from mojentic_nb.partial import Growth
from mojentic_nb.schema import Shape
from tests.loopback import Answer, Fault, ToolUse

CLASSES = """
from dataclasses import dataclass
from pydantic import BaseModel, computed_field

class Person(BaseModel):
    name: str
    age: int

class Box(BaseModel):
    wide: int
    high: int

    @computed_field
    @property
    def area(self) -> int:
        return self.wide * self.high
"""
PEOPLE = json.dumps({"value": [{"name": f"Ada <b>{n}</b>", "age": 30 + n} for n in range(80)]})
PIECES = [PEOPLE[at : at + 5] for at in range(0, len(PEOPLE), 5)]


@pytest.fixture
def told(live, loopback, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    live.ok("%llm_config model=ollama:x")
    live.ok(CLASSES)
    live.said()
    return live


def test_a_table_grows_in_one_output_and_ends_as_the_whole(told, loopback):
    loopback.script(Answer(chunks=PIECES, pace=0.002))
    people = told.ok("%%structured list[Person] -o people\ntext")
    assert isinstance(people, pd.DataFrame)
    assert people.age.tolist() == [30 + n for n in range(80)]
    first, *later = told.outputs
    assert later, "it was drawn before it was whole"
    assert (first.is_update, {one.is_update for one in later}) == (False, {True})
    assert len({one.display_id for one in told.outputs}) == 1
    assert {tuple(sorted(one.data)) for one in told.outputs} == {("text/html", "text/plain")}
    assert [one.metadata for one in told.outputs[:-1] if one.metadata] == []
    assert told.last.about["model"] == "x"
    with pd.option_context("display.html.use_mathjax", False):
        assert told.last.data["text/html"] == people._repr_html_()
    assert all("tex2jax_ignore" in one.data["text/html"] for one in told.outputs)
    assert "<b>" not in "".join(one.data["text/html"] for one in told.outputs)
    assert len(told.outputs) < len(PIECES) / 2, "not for every piece"


def test_an_object_fills_in(told, loopback):
    text = '{"name": "Ada", "age": 36}'
    loopback.script(Answer(chunks=list(text), pace=0.01))
    told.ok("%%structured Person\ntext")
    first, last = told.outputs[0].data["text/html"], told.last.data["text/html"]
    assert "…" in first
    assert "36" not in first
    assert "…" not in last
    assert "36" in last


@pytest.mark.parametrize("off", ["--no-stream", "setting", "capture", "quiet"])
def test_without_streaming_there_is_one_display(told, loopback, off):
    if off == "setting":
        told.ok("%llm_config stream=off")
    loopback.script(Answer(PEOPLE))
    flag = {"--no-stream": "--no-stream", "quiet": "-q"}.get(off, "")
    capture = "%%capture kept\n" if off == "capture" else ""
    told.ok(f"{capture}%%structured list[Person] {flag}\ntext")
    shown = [one for one in told["kept"].outputs if one.data] if capture else told.outputs
    assert len(shown) == (0 if off == "quiet" else 1)
    assert (loopback.requests[0].body["stream"] is True) is False


@pytest.mark.parametrize("kind, answer", [("int", '{"value": 3}'), ("str", '{"value": "three"}')])
def test_what_has_no_table_is_shown_once(told, loopback, kind, answer):
    loopback.script(Answer(chunks=list(answer)))
    told.ok(f"%%structured {kind}\ntext")
    assert len(told.outputs) == 1


def test_half_an_object_is_never_computed_with(told, loopback):
    loopback.script(Answer(chunks=list('{"wide": 2, "high": 3}')))
    assert told.ok("%%structured Box\ntext").area == 6


def interrupted(notebook, cell):
    tick = threading.Event()

    def press() -> None:
        while not notebook.outputs:
            tick.wait(0.01)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    ran = notebook.run(cell)
    thread.join(5)
    return ran


def test_an_interrupt_keeps_the_text_and_marks_the_table(told, loopback):
    loopback.script(Answer(chunks=PIECES, pace=0.02))
    ran = interrupted(told, "%%structured list[Person] -o people\ntext")
    kept = told["_llm"]
    assert type(ran.error_in_exec) is Stopped
    assert PEOPLE.startswith(kept)
    assert (kept.is_partial, kept.finish_reason) == (True, "interrupted")
    assert "people" not in told.shell.user_ns
    assert f"[stopped after {len(kept):,} characters]" in told.last.data["text/html"]
    assert told.last.about == {"is_partial": True}
    assert loopback.requests[0].hung_up.wait(2)
    line = "".join(told.said()).strip()
    assert line == (
        f"Stopped after {len(kept):,} characters; no object was made. The text so far is in _llm."
    )


def test_a_break_is_marked_and_its_text_kept(told, loopback):
    loopback.script(Answer(chunks=PIECES, fault=Fault.TORN, fault_after=20))
    ran = told.run("%%structured list[Person]\ntext")
    assert isinstance(ran.error_in_exec, errors.GatewayTorn)
    assert "[broken off" in told.last.data["text/html"]
    assert PEOPLE.startswith(told["_llm"])
    assert told["_llm"]


def test_an_object_that_never_fits_does_not_stay_like_one_that_does(told, loopback):
    loopback.script(*[Answer(chunks=list('{"name": "Tim", "age": "old"}'))] * 3)
    ran = told.run("%%structured Person\ntext")
    assert isinstance(ran.error_in_exec, errors.ObjectError)
    assert "[the answer did not fit]" in told.last.plain
    assert told["_llm"] == '{"name": "Tim", "age": "old"}'
    assert "did not fit: age" in told.said()[1]


@pytest.mark.parametrize("stream", ["on", "off"])
def test_tools_run_before_the_object_and_are_told(told, loopback, stream):
    told.ok(f"%llm_config stream={stream}")
    told.ok("def look(city: str) -> str:\n    'Who lives there.'\n    return 'Ada, 36'")
    use = ToolUse("look", {"city": "London"})
    loopback.script(Answer(tools=[use]), Answer('{"name": "Ada", "age": 36}'))
    assert told.ok("%%structured Person --tools look\nWho lives in London?").age == 36
    assert [one["function"]["name"] for one in loopback.requests[0].body["tools"]] == ["look"]
    assert 'look(city="London") → Ada, 36' in told.said()[1]


def test_a_tool_that_is_none_sends_nothing(told, loopback):
    told.run("%%structured Person --tools lok\ntext")
    assert "no function of that name" in "".join(told.said())
    assert loopback.requests == []


class Row(BaseModel):
    name: str
    n: int


def test_a_redraw_waits_its_turn(live):
    clock = FrozenClock()
    shown = LiveObject(list[Row], clock=clock)
    growth = Growth(Shape(list[Row]))
    for n in range(30):
        growth.add(f'{"[" if n == 0 else ","} {{"name": "{n}", "n": {n}}}')
        shown.take(growth.value())
    assert len(live.outputs) == 1
    clock.sleep(1)
    shown.take(growth.value())
    assert len(live.outputs) == 2
    assert live.last.plain == "…", "the twin comes with the last frame"


def test_a_terminal_gets_the_whole_alone(terminal, loopback, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    terminal.ok(CLASSES)
    loopback.script(Answer('{"name": "Ada", "age": 36}'))
    terminal.ok("%%structured Person -m ollama:x\ntext")
    assert len(terminal.outputs) == 1
