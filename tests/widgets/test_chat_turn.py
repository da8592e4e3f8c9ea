"""What the page is told while an answer grows: little, often, and never twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mojentic_nb.events import TextDelta, ThinkingDelta, ToolCalled, ToolReturned, Trimmed
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.views.rendered import rendered
from mojentic_nb.widgets.chat_turn import DRAW_S, PAUSE_S, SEND_S, LiveTurn

CALL = LLMToolCall(name="add", arguments={"a": 1})


def live() -> LiveTurn:
    return LiveTurn({"question": "q", "pictures": [], "key": "k"}, at=0)


class Page:
    """Puts together what it is told, as the browser half does."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self.whole = self.tail = ""
        self.messages: list[dict[str, Any]] = []

    def hear(self, messages: Any) -> None:
        for one in messages:
            self.messages.append(one)
            if one["type"] == "part":
                self.parts[one["nth"] : one["nth"] + 1] = [one["part"]]
                self.whole = self.tail = ""
            elif one["type"] == "html":
                self.whole, self.tail = self.whole + one["whole"], one["tail"]
            elif one["type"] == "text":
                self.tail += one["text"]

    def kinds(self) -> list[str]:
        return [one["type"] for one in self.messages]


def test_a_delta_goes_at_once_and_then_thirty_times_a_second() -> None:
    turn, page = live(), Page()
    turn.take(TextDelta("One "), 0.0)
    page.hear(turn.due(0.0))
    assert page.kinds() == ["part", "html"]
    turn.take(TextDelta("two "), 0.001)
    page.hear(turn.due(0.001))
    assert page.kinds() == ["part", "html"]
    assert turn.wait_s(0.001) == pytest.approx(SEND_S - 0.001, rel=0.05)
    turn.take(TextDelta("three"), 0.002)
    page.hear(turn.due(1.01 * SEND_S))
    assert page.messages[-1] == {"type": "text", "text": " two three"}


def test_markdown_is_written_anew_ten_times_a_second_and_after_a_pause() -> None:
    turn, page = live(), Page()
    turn.take(TextDelta("a"), 0.0)
    page.hear(turn.due(0.0))
    turn.take(TextDelta("b"), 0.04)
    page.hear(turn.due(0.04))
    assert page.kinds()[-1] == "text"
    wait_s = turn.wait_s(0.04)
    assert wait_s == pytest.approx(PAUSE_S)
    page.hear(turn.due(0.04 + PAUSE_S))
    assert page.messages[-1] == {"type": "html", "whole": "", "tail": "<p>ab</p>\n"}
    assert turn.wait_s(1.0) is None
    turn.take(TextDelta("c"), 1.0)
    page.hear(turn.due(1.0))
    assert page.kinds()[-1] == "html"
    assert DRAW_S == 0.1


@pytest.mark.parametrize("pace_s", [0.002, 0.02])
@pytest.mark.parametrize(
    "text", ["word " * 20_000, "- item of a list\n" * 4_000, "so.\n\n" * 9_000]
)
def test_ten_thousand_tokens_stay_small(text: str, pace_s: float) -> None:
    turn, page = live(), Page()
    pieces = [text[at : at + 5] for at in range(0, 50_000, 5)]
    for nth, piece in enumerate(pieces):
        turn.take(TextDelta(piece), nth * pace_s)
        page.hear(turn.due(nth * pace_s))
    turn.take(ToolCalled(CALL), 999.0)
    page.hear(turn.due(999.0))
    # What a message costs besides, in ipykernel 7.4.
    assert sum(len(json.dumps(one)) + 900 for one in page.messages) < 1_500_000


def test_put_together_it_is_the_whole_text() -> None:
    turn, page = live(), Page()
    text = "# One\n\nTwo *and*\n\n```py\nx = 1\n```\n\nend"
    for nth, letter in enumerate(text):
        turn.take(TextDelta(letter), nth * 0.01)
        page.hear(turn.due(nth * 0.01))
    page.hear(turn.due(10.0))
    assert page.whole + page.tail == rendered(text)
    assert turn.told["parts"][0]["html"] == rendered(text)


def test_a_page_that_comes_late_can_go_on_from_what_it_is_told() -> None:
    turn = live()
    turn.take(TextDelta("one\n\ntwo"), 0.0)
    list(turn.due(0.0))
    (part,) = turn.told["parts"]
    assert part["html"] == part["whole"] + "<p>two</p>\n"
    assert part["whole"] == "<p>one</p>\n"


def test_tools_and_thoughts_are_parts_of_their_own_in_order() -> None:
    turn, page = live(), Page()
    other = LLMToolCall(name="add", arguments={"a": 2})
    turn.take(ThinkingDelta("hm"), 0.0)
    turn.take(ThinkingDelta("m"), 0.1)
    turn.take(TextDelta("so"), 0.2)
    turn.take(ToolCalled(CALL), 0.3)
    turn.take(ToolCalled(other), 0.3)
    turn.take(ToolReturned(other, "2", True, 0.002), 0.4)
    turn.take(ToolReturned(CALL, '{"error": "no"}', False, 0.002), 0.4)
    turn.take(TextDelta("done"), 0.5)
    page.hear(turn.due(0.6))
    lines = [part.get("line") for part in page.parts]
    assert lines == [
        "thinking · 3 characters",
        None,
        "add(a=1) → failed: no · 2 ms",
        "add(a=2) → 2 · 2 ms",
        None,
    ]
    assert page.parts[0]["body"] == "hmm"
    assert page.tail == "<p>done</p>\n"


def test_what_a_reader_must_know_is_noted() -> None:
    turn, page = live(), Page()
    turn.take(Trimmed(4, 100, 50), 0.0)
    page.hear(turn.due(0.0))
    assert page.messages == [
        {"type": "note", "text": "The first 4 messages had no room and were left out"}
    ]


def test_keys_are_out_of_what_is_folded() -> None:
    turn, page = live(), Page()
    call = LLMToolCall(name="go", arguments={"key": "sk-abcdefghijklmnop1234"})
    turn.take(ToolCalled(call), 0.0)
    turn.take(ToolReturned(call, "used sk-abcdefghijklmnop1234", True, 0.1), 0.1)
    page.hear(turn.due(1.0))
    assert "sk-abc" not in json.dumps(page.messages)
