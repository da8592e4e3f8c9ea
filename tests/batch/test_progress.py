"""The line that says how far a batch is: for people alone, and gone at the end."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb.batch import progress
from mojentic_nb.batch.progress import Progress
from mojentic_nb.batch.summary import Summary


class Page:
    """What a page shows of a cell: displays by id, as IPython's publishers are told."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, str]] = {}
        self.lines: list[str] = []

    def publish(
        self, data: dict[str, str], *, transient: dict[str, str], update: bool = False
    ) -> None:
        assert (transient["display_id"] in self.shown) == update
        self.shown[transient["display_id"]] = data
        self.lines.append(data.get("text/plain", ""))


def test_a_line_is_one_display_that_is_empty_at_the_end() -> None:
    page = Page()
    line = progress._Line(page)
    for text in ("\r      ", "\r 10%", "", "\r 20%", "\n", "\r      \r"):
        line.write(text)
        line.flush()
    assert page.lines == ["10%", "", "20%", "", ""]
    assert list(page.shown.values()) == [{}]


@pytest.mark.parametrize("shown", [None, False])
def test_a_test_sees_none(shown: bool | None, capfd: pytest.CaptureFixture[str]) -> None:
    bar = Progress(3, shown, told=pytest.fail, summary=Summary(n=2))
    bar.move()
    bar.close()
    assert capfd.readouterr() == ("", "")


def test_who_asks_for_it_sees_the_estimate_the_count_and_what_failed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "DELAY_S", 0.0)
    summary = Summary(n=2, errors=1, cost=0.25)
    bar: Any = Progress(3, True, told=lambda: "3 calls, free", summary=summary)
    bar._bar.mininterval = 0
    bar.move()
    bar.close()
    told = capfd.readouterr().err
    assert "3 calls, free:" in told
    assert "2/3" in told
    assert "1 failed" in told
    assert told.rstrip("\r").split("\r")[-1].strip() == ""
