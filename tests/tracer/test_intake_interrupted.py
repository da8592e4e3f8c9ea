"""An interrupt while spans are written out: what was on its way is written the next time."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.tracer import TracerSystem
from mojentic_nb.tracer import intake as intakes


class Lines:
    """Notes the lines of the intake that run, and interrupts at one, as Python may."""

    def __init__(self, stop_at: int | None) -> None:
        self.seen: dict[int, None] = {}
        self._stop_at = stop_at

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != intakes.__file__:
            return None

        if event == "line":
            self.seen[frame.f_lineno] = None
            if frame.f_lineno == self._stop_at:
                sys.settrace(None)
                raise KeyboardInterrupt

        return self


def written_out(path: Path | None, stop_at: int | None) -> tuple[Lines, object]:
    """Write out a call and a name, interrupted at a line, and once more; what there is then."""
    tracer = TracerSystem(store=path)
    broker = LLMBroker("demo", tracer=tracer)
    broker.generate("one?")
    tracer.name_session("s", title="a name")
    lines, was = Lines(stop_at), sys.gettrace()
    sys.settrace(lines)
    try:
        tracer.flush()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(was)
    assert tracer.flush()

    asked = [span.prompt_preview for span in tracer.spans()]
    tracer.close()
    return lines, (asked, None if path is None else rows_in(path))


def rows_in(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as line:
        tables = line.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {
            name: line.execute(f"select count(*) from {name}").fetchone()[0] for (name,) in tables
        }


@pytest.mark.parametrize("is_kept", [True, False])
def test_an_interrupt_between_any_two_lines_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    monkeypatch.setattr(intakes.Intake, "_begin_writing", lambda _: None)  # `flush` writes alone

    def path(number: int) -> Path | None:
        return tmp_path / f"{number}.db" if is_kept else None

    lines, whole = written_out(path(0), None)
    assert len(lines.seen) > 20
    found = {at: written_out(path(at), at)[1] for at in lines.seen}
    assert {at: one for at, one in found.items() if one != whole} == {}
