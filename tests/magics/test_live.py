"""The one output: opened once, redrawn seldom, ended with the whole text."""

from __future__ import annotations

import pytest

from mojentic_nb import FrozenClock
from mojentic_nb.errors import GatewayBusy
from mojentic_nb.events import (
    FellBack,
    Limited,
    ModelAsked,
    Retrying,
    Summarised,
    TextDelta,
    ThinkingDelta,
    ToolCalled,
    ToolReturned,
    Trimmed,
)
from mojentic_nb.magics.frame import Frame
from mojentic_nb.magics.live import Redrawn
from mojentic_nb.messages import LLMToolCall

CALL = LLMToolCall(name="mul", arguments={"a": 2, "text": "x" * 100})


def redrawn(clock):
    return Redrawn(Frame(), clock)


def test_one_output_is_opened_and_replaced(live):
    reply = live.ok("%%llm\nWrite a story of 300 words")
    first, *later = live.outputs
    assert (first.is_update, {one.is_update for one in later}) == (False, {True})
    assert len({one.display_id for one in live.outputs}) == 1
    assert {tuple(sorted(one.data)) for one in live.outputs} == {("text/markdown", "text/plain")}
    assert live.last.plain == reply.content


def test_metadata_come_with_the_last_frame_alone(live):
    live.ok("%%llm --no-stream\nHello")
    live.ok("%%llm\nHello")
    assert [bool(one.metadata) for one in live.outputs if not one.is_update] == [True, False]
    assert live.last.about["model"] == "demo"
    assert [one for one in live.outputs[1:-1] if one.metadata] == []


@pytest.mark.parametrize("way", ["flag", "setting", "variable", "capture"])
def test_streaming_can_be_off(live, monkeypatch, way):
    live.ok("%llm_config stream=" + {"setting": "off", "variable": "none"}.get(way, "on"))
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    if way == "variable":
        monkeypatch.setenv("MOJENTIC_NB_STREAM", "off")
    live.ok(
        {"flag": "%llm --no-stream Hello", "capture": "%%capture kept\n%llm Hello"}.get(
            way, "%llm Hello"
        )
    )
    found = (
        [one.data for one in live["kept"].outputs if one.data] if way == "capture" else live.outputs
    )
    assert len(found) == 1


def test_a_test_gets_one_display_by_itself(live):
    live.ok("%llm_config stream=auto")
    live.ok("%llm Write a story of 200 words")
    assert len(live.outputs) == 1


def test_redraws_are_few_however_many_tokens_come(live):
    clock = FrozenClock()
    shown = redrawn(clock)
    for _ in range(2000):
        shown.take(TextDelta("tokens "))
        clock.sleep(0.0025)
    shown.finish({})

    assert len(live.outputs) < 5 * 15 + 5
    assert live.last.plain == "tokens " * 2000
    assert sum(len(str(one.data)) for one in live.outputs) < 800_000


def test_instant_tokens_cost_two_frames(live):
    shown = redrawn(FrozenClock())
    for _ in range(6000):
        shown.take(TextDelta("x "))
    shown.finish({})
    assert len(live.outputs) == 2


def test_a_turn_that_shows_nothing_opens_nothing(live):
    shown = redrawn(FrozenClock())
    shown.take(ModelAsked("x", 1))
    shown.finish({})
    assert live.outputs == []


def test_tools_are_drawn_at_once_and_folded(live):
    shown = redrawn(FrozenClock())
    shown.take(ToolCalled(CALL))
    assert "→ …" in live.last.markdown
    shown.take(ToolReturned(CALL, "4", True, 0.002))
    assert "→ 4" in live.last.markdown
    shown.take(TextDelta("It is 4."))
    shown.finish({})
    assert live.last.plain.endswith("→ 4\n\nIt is 4.")


def test_an_open_fence_is_closed_in_the_shown_copy_only(live):
    shown = redrawn(FrozenClock())
    shown.take(TextDelta("```python\nprint(1)"))
    assert live.last.markdown.endswith("```")
    assert shown.frame.text == "```python\nprint(1)"


def test_the_picture_in_full():
    frame = Frame(timed=True)
    frame.take(ThinkingDelta("hmm"))
    frame.take(TextDelta("Let me see."))
    frame.take(ToolCalled(CALL))
    frame.take(ToolReturned(CALL, "no", False, 0.002))
    frame.take(ModelAsked("x", 2))
    frame.take(Retrying(GatewayBusy("busy", gateway="ollama", status=429), 1, 2.0))
    assert "ollama is busy: again in 2.00 s" in frame.markdown()
    frame.take(TextDelta("Done."))
    frame.mark, frame.footer = "partial", ("<small>x</small>", "x")
    thinking, first, call, last, mark, footer = frame.plain().split("\n\n")
    assert (thinking, first, last) == ("[thinking · 3 characters]", "Let me see.", "Done.")
    assert call.startswith("mul(a=2, text=")
    assert call.endswith("→ failed: no · 2 ms")
    assert (mark, footer) == ("[partial]", "x")
    assert frame.text == "Done."
    assert frame.markdown().count("<details>") == 2


def test_thoughts_are_folded_away_above_the_answer_and_kept():
    frame = Frame()
    for event in (ModelAsked("m", 1), ThinkingDelta("Hm, $5 <b>"), TextDelta("Yes.")):
        frame.take(event)

    fold, answer = frame.markdown().split("</details>")
    assert fold.startswith("<details><summary>thinking · 10 characters</summary>")
    assert "```\nHm, $5 <b>\n```" in fold
    assert answer.strip() == "Yes."
    assert frame.plain() == "[thinking · 10 characters]\n\nYes."
    assert (frame.thinking, frame.text) == ("Hm, $5 <b>", "Yes.")


def test_a_place_in_line_is_told_while_it_lasts_and_a_fallback_for_good():
    frame = Frame()
    frame.take(Limited("openai", None))
    assert frame.plain() == "[waiting for a place at openai]"
    frame.take(Limited("openai", 2.0))
    assert "2.00 s" in frame.markdown()
    frame.take(FellBack("openai:a", "demo:demo", GatewayBusy("busy")))
    frame.take(TextDelta("Hi"))
    assert frame.plain() == "Hi\n\n[openai:a could not answer; this is from demo:demo]"


def test_what_had_no_room_is_told_for_good_and_once():
    frame = Frame()
    assert frame.take(Trimmed(1, 10, 90))
    frame.take(TextDelta("Hi"))
    assert frame.plain() == "Hi\n\n[The first message had no room and was left out]"
    frame.take(Trimmed(1200, 10, 90, "the summary is cut"))
    told = "The first 1,200 messages had no room and were left out (the summary is cut)"
    assert frame.plain() == f"Hi\n\n[{told}]"
    assert told in frame.markdown()


def test_a_summary_in_the_place_of_messages_is_told():
    frame = Frame()
    frame.take(Summarised(4, 10, "They *spoke*."))
    frame.take(TextDelta("Hi"))
    told = "The first 4 messages had no room: a summary went along instead"
    assert frame.plain() == f"Hi\n\n[{told}]"
