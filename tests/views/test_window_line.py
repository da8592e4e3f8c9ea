"""What had no room, in one line: counted from the conversation's beginning."""

from __future__ import annotations

import pytest

from mojentic_nb.events import Summarised, Trimmed
from mojentic_nb.views.window_line import window_line

LEFT_OUT = "had no room and were left out"
SUMMED = "had no room: a summary went along instead"


@pytest.mark.parametrize(
    "event, line",
    [
        (Trimmed(1, 10, 90), "The first message had no room and was left out"),
        (Trimmed(2, 10, 90, before=1200), f"The first 1,202 messages {LEFT_OUT}"),
        (Trimmed(0, 0, 90, before=4), f"The first 4 messages {LEFT_OUT}"),
        (Trimmed(4, 9, 90, "it is cut", 4, 6), f"The next 2 messages {LEFT_OUT} (it is cut)"),
        (Summarised(2, 9, "So.", 4), f"The first 6 messages {SUMMED}"),
        (Summarised(1, 9, "So."), f"The first message {SUMMED}"),
    ],
)
def test_what_had_no_room(event: Trimmed | Summarised, line: str) -> None:
    assert window_line(event) == line
