"""A call of a tool reads the same in a cell, in a widget and in a file."""

from __future__ import annotations

import pytest

from mojentic_nb.chat.exchange import Exchange
from mojentic_nb.chat.history import History
from mojentic_nb.chat.pieces import Fold, talk_of
from mojentic_nb.events import ToolCalled, ToolReturned
from mojentic_nb.magics.frame import Frame
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.views.tool_line import call_line, tool_body, tool_line
from mojentic_nb.widgets.chat_view import tool_part

CALL = LLMToolCall(id="c", name="look", arguments={"at": "Mars", "since": None})
KEY = "sk-abcdefghijklmnop123456"


@pytest.mark.parametrize(
    ("told", "is_error", "shown"),
    [
        ("far", False, "far"),
        ("", False, "(nothing)"),
        ('{"error": "no such place"}', True, "failed: no such place"),
        ('{"error": "no such place"}', False, '{"error": "no such place"}'),
        ('{"error": {"code": 7}}', True, "failed: {'code': 7}"),
        ("[1]", True, "failed: [1]"),
        ("no JSON", True, "failed: no JSON"),
        ("[" * 5000, True, None),
        ("two\nlines", False, "two lines"),
    ],
)
def test_a_cell_a_widget_and_a_file_say_the_same(
    told: str, is_error: bool, shown: str | None
) -> None:
    returned = ToolReturned(CALL, told, not is_error, 0.002)
    frame = Frame(timed=False)
    frame.take(ToolCalled(CALL))
    frame.take(returned)
    asks = LLMMessage(role=MessageRole.Assistant, tool_calls=[CALL])
    result = LLMMessage.tool(told, call=CALL, is_error=is_error)
    history = History("")
    history.exchanges = (Exchange(id="0", messages=(LLMMessage.user("?"), asks, result)),)
    (kept,) = talk_of(history).exchanges[0].came
    assert isinstance(kept, Fold)

    line = call_line(CALL, returned, timed=False)
    assert kept.line == line
    assert line in frame.plain()
    assert tool_part(CALL, returned)["line"] == f"{line} · 2 ms"
    if shown is not None:
        assert line == f'look(at="Mars", since=null) → {shown}'


def test_what_runs_or_was_refused_or_cannot_be_read() -> None:
    refused = ToolReturned(CALL, '{"error": "not today"}', False, 0.002, True)
    wrong = LLMToolCall(id="c", name="look", malformed='{"at": ')
    assert call_line(CALL, refused, timed=True).endswith("→ refused: not today · 2 ms")
    assert call_line(CALL, None, timed=True) == 'look(at="Mars", since=null) → …'
    assert tool_line(wrong, None) == "look(?) → …"
    assert tool_body(wrong, None, longest=99) == '{"at": \n→\n(running)'


@pytest.mark.parametrize("before", range(0, 90, 7))
def test_a_key_goes_before_anything_is_cut(before: int) -> None:
    def clean(text: str) -> str:
        return text.replace(KEY, "(hidden)")

    long = "x" * before + KEY + "y" * 90
    call = LLMToolCall(id="c", name="look", arguments={"at": long})
    failed = f'{{"error": "{long}"}}'
    line = tool_line(call, failed, ended="failed", clean=clean)
    body = tool_body(call, failed, longest=60, clean=clean)
    pieces = [KEY[at : at + 5] for at in range(len(KEY) - 4)]
    assert not [piece for piece in pieces if piece in line + body]
    assert tool_line(call, KEY, clean=clean).endswith("→ (hidden)")


def test_a_line_is_bounded_however_much_was_asked() -> None:
    many = LLMToolCall(name="look", arguments={f"p{at}": "v" * 99 for at in range(50)})
    line = tool_line(many, None)
    assert line.startswith('look(p0="vvv')
    assert line.endswith(", … 48 more) → …")
    long = LLMToolCall(name="n" * 999, arguments={"k" * 999: "v" * 999, "more": 1})
    assert len(tool_line(long, "r" * 9999)) < 600
    none = LLMToolCall(name="look", arguments={})
    assert tool_line(none, "far") == "look() → far"


def test_what_a_cell_folds_away_is_bounded() -> None:
    frame = Frame()
    call = LLMToolCall(name="look", arguments={"at": "v" * 100_000})
    frame.take(ToolCalled(call))
    frame.take(ToolReturned(call, "far " * 100_000, True, 0.1))
    assert "400,000 characters in all" in frame.markdown()
    assert len(frame.markdown()) < 9_000
    assert len(frame.html()) < 9_000


def test_a_terminal_obeys_nothing_of_it() -> None:
    evil = "\x1b]0;mine\x07 \x9b31m \x00\tand\r\nso"
    call = LLMToolCall(name=f"look{evil}", arguments={f"at{evil}": evil})
    line = tool_line(call, evil)
    body = tool_body(call, evil, longest=999)
    assert not [sign for sign in line + body if not sign.isprintable() and sign not in "\n\t"]
    assert line.endswith("\N{REPLACEMENT CHARACTER} and so")
    assert body.endswith("\N{REPLACEMENT CHARACTER}\tand\nso")


def test_a_cell_shows_no_key_that_a_tool_told() -> None:
    frame = Frame()
    call = LLMToolCall(name="look", arguments={"token": KEY})
    frame.take(ToolCalled(call))
    assert KEY not in frame.markdown() + frame.plain()
    frame.take(ToolReturned(call, f"used {KEY}", True, 0.1))
    assert KEY not in frame.markdown() + frame.plain() + frame.html()
    assert "used [key removed]" in frame.plain()


def test_each_result_stands_with_its_own_call_whichever_ends_first() -> None:
    frame = Frame()
    calls = [LLMToolCall(name="add", arguments={"a": at}) for at in (1, 2)]
    for call in calls:
        frame.take(ToolCalled(call))
    frame.take(ToolReturned(calls[1], "two", True, 0.1))
    assert frame.plain() == "add(a=1) → …\n\nadd(a=2) → two"
    changed = LLMToolCall(name="add", arguments={"a": "(hidden)"})
    frame.take(ToolReturned(changed, "one", True, 0.1))
    assert frame.plain() == "add(a=1) → one\n\nadd(a=2) → two"
