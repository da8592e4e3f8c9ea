"""The chat's side in the kernel: what it says to its page, starts, and stops."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.tools import tool
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.pictures import picture
from tests.widgets.chat_page import PATIENCE_S, Show, runs, session_with, wipe


def test_what_is_sent_is_answered_and_stays(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("It is **4**.", usage=(9, 3)))
    page = show()
    assert page.opened()["turns"] == []
    page.say(type="send", text="2 + 2?")
    told = page.until("from")
    (turn,) = told["turns"]
    assert (turn["question"], turn["at"], told["landed"]) == ("2 + 2?", 0, True)
    assert turn["parts"] == [{"kind": "text", "html": "<p>It is <strong>4</strong>.</p>\n"}]
    assert turn["line"].startswith("openai:m · ")
    assert "9 → 3 tok" in turn["line"]
    meter = page.until("meter")
    assert "of 10,000 tokens of context · 12 tok used" in meter["told"]
    assert meter["is_full"] is False
    assert page.widget.session.exchanges[0].answer == "It is **4**."


def test_the_meter_tells_the_cost_and_warns_before_the_context_is_full(
    loopback: Loopback, show: Show
) -> None:
    loopback.script(Answer("Yes.", usage=(9, 3)))
    session = session_with(loopback, max_context=1000)
    session.send("word " * 100)
    (one,) = session.exchanges
    page = show(session)
    for count, is_full, dollars in [(1, False, "$0.0021"), (8, True, "$0.017")]:
        session.exchanges = (replace(one, cost=0.0021),) * count
        page.opened()
        meter = page.until("meter")
        assert (meter["share"] >= 0.8, meter["is_full"]) == (is_full, is_full)
        assert meter["told"].endswith(dollars)


def test_it_is_told_while_it_comes(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one two three", fault=Fault.SILENT, fault_after=3))
    page = show()
    page.opened()
    page.say(type="send", text="go")
    live = page.until("live")["live"]
    # Whose it is: a page takes out of its field what it sent itself.
    assert (live["question"], live["ask"]) == ("go", "2")
    text = ""
    while "three" not in text:
        told = page.told.get(timeout=PATIENCE_S)
        text = told.get("tail", text) if told["type"] == "html" else text + told.get("text", "")
    page.stop(live["key"])
    over = page.until("over")
    assert (over["kept"], over["mark"]) == (False, "stopped; not part of the conversation")
    assert loopback.requests[0].hung_up.wait(PATIENCE_S)
    assert page.widget.session.exchanges == ()


def test_stop_hangs_up_before_the_first_word(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS), Answer("second"))
    page = show()
    page.opened()
    page.say(type="send", text="go")
    key = page.until("live")["live"]["key"]
    loopback.wait_for(1)
    page.stop(key)
    assert page.until("over")["mark"].startswith("stopped")
    assert loopback.requests[0].hung_up.wait(PATIENCE_S)
    # A second press is meant for the first turn, not for the next.
    page.say(type="send", text="again")
    page.until("live")
    page.stop(key)
    assert page.until("from")["turns"][0]["question"] == "again"


def test_stop_is_heard_where_there_is_no_comm_for_it(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS))
    page = show()
    page.opened()
    page.say(type="send", text="go")
    key = page.until("live")["live"]["key"]
    page.say(type="stop", key=key)
    page.until("stopping")
    assert page.until("over")["mark"].startswith("stopped")


def test_a_partial_turn_is_kept_where_that_is_wanted(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one two three", fault=Fault.SILENT, fault_after=2))
    page = show(keep_partial=True)
    page.opened()
    page.say(type="send", text="go")
    key = page.until("live")["live"]["key"]
    page.until("html")
    page.stop(key)
    told = page.until("from")
    assert told["turns"][0]["mark"] == "partial: the answer broke off"
    assert told["landed"] is True


def test_an_error_is_one_line(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer.error(401, "no such key"))
    page = show()
    page.opened()
    page.say(type="send", text="go")
    over = page.until("over")
    assert "401" in over["error"]
    assert "\n" not in over["error"]
    assert page.widget.session.exchanges == ()


@pytest.mark.parametrize("answer, ran", [("yes", ["sda"]), ("no", []), ("always", ["sda"])])
def test_a_tool_asks_in_the_chat(
    loopback: Loopback, show: Show, answer: str, ran: list[str]
) -> None:
    loopback.script(Answer("", tools=[ToolUse("wipe", {"disk": "sda"})]), Answer("done"))
    page = show(tools=[wipe])
    page.opened()
    page.say(type="send", text="wipe it")
    card = page.until("card")["card"]
    assert card["call"] == "wipe(disk='sda')"
    page.say(type="answer", key="another", answer="yes")
    page.say(type="answer", key=card["key"], answer=answer)
    assert page.until("card")["card"] is None
    fold, _ = page.until("from")["turns"][0]["parts"]
    assert (runs, fold["line"].startswith('wipe(disk="sda") → ')) == (ran, True)


def test_a_call_and_its_result_are_folded_and_bounded(loopback: Loopback, show: Show) -> None:
    @tool
    def look(where: str) -> str:
        """Look."""
        return f"seen:\n{where}"

    where = "line\n" * 20_000
    use = ToolUse("look", {"where": where})
    loopback.script(Answer("", thinking="hm" * 50_000, tools=[use]), Answer("done"))
    page = show(session_with(loopback, tools=[look], max_context=10_000_000))
    page.opened()
    turn = page.send("look")["turns"][0]
    thought, fold, _ = turn["parts"]
    for one in (thought, fold):
        assert one["kind"] == "fold"
        assert "\n" not in one["line"]
        assert len(one["line"]) < 400
        assert "characters in all" in one["body"]
    assert fold["line"].startswith('look(where="line')
    # Twice, while it came and at the end; not the hundred thousand characters of each.
    assert page.bytes_told < 100_000


def test_where_no_page_shows_it_nobody_is_asked(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("", tools=[ToolUse("wipe", {"disk": "sda"})]), Answer("done"))
    page = show(tools=[wipe])
    page.say(type="send", text="wipe it")
    page.until("from")
    assert runs == []
    assert "nobody is here" in loopback.requests[1].body["messages"][-1]["content"]


def test_stop_ends_a_question(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("", tools=[ToolUse("wipe", {"disk": "sda"})]))
    page = show(tools=[wipe])
    page.opened()
    page.say(type="send", text="wipe it")
    key = page.until("live")["live"]["key"]
    page.until("card")
    page.stop(key)
    assert page.until("card")["card"] is None
    assert page.until("over")["mark"].startswith("stopped")
    assert runs == []


def test_two_chats_ask_each_their_own_page(loopback: Loopback, show: Show) -> None:
    use = Answer("", tools=[ToolUse("wipe", {"disk": "sda"})])
    loopback.script(use, use, Answer("done"), Answer("done"))
    pages = [show(tools=[wipe]), show(tools=[wipe])]
    for page in pages:
        page.opened()
        page.say(type="send", text="wipe it")
    for page in reversed(pages):
        card = page.until("card")["card"]
        page.say(type="answer", key=card["key"], answer="no")
    for page in pages:
        page.until("from")
    assert runs == []


def test_what_a_cell_says_is_shown(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one"), Answer("two"))
    page = show()
    page.opened()
    session = page.widget.session
    session.send("from a cell")
    told = page.until("from")
    assert [turn["question"] for turn in told["turns"]] == ["from a cell"]
    assert told["landed"] is False
    page.send("from the chat")
    assert [one.question for one in session.exchanges] == ["from a cell", "from the chat"]
    session.clear()
    assert page.until("from")["turns"] == []


def test_an_edit_is_a_way_of_its_own(loopback: Loopback, show: Show) -> None:
    loopback.script(*map(Answer, ["one", "two", "other", "model"]))
    page = show()
    page.opened()
    page.send("first")
    page.send("second")
    page.say(type="send", text="changed", at=0)
    assert page.until("live")["live"]["at"] == 0
    (turn,) = page.until("from")["turns"]
    page.until("over")  # while an answer is on its way nothing is switched
    assert (turn["question"], turn["ways"]["nth"], turn["ways"]["of"]) == ("changed", 2, 2)
    page.say(type="switch", branch=turn["ways"]["before"])
    turns = page.until("from")["turns"]
    assert [one["question"] for one in turns] == ["first", "second"]
    assert turns[0]["ways"]["after"]
    page.say(type="undo")
    told = page.until("from")
    assert told["turns"] == []
    assert told["since"] == 1
    page.say(type="switch", branch=told["undone"])
    assert page.until("from")["turns"][0]["question"] == "second"


def test_another_model_is_asked_again(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one"), Answer("two"))
    gateway = OpenAIGateway("k", f"{loopback.url}/v1")
    page = show(broker_of=lambda name: LLMBroker(name, gateway), models=["other"])
    assert page.opened()["models"] == ["other"]
    page.send("ask")
    page.say(type="again", at=0, model="other", temperature=0.5)
    (turn,) = page.until("from")["turns"]
    assert turn["line"].startswith("openai:other")
    assert loopback.requests[1].body["temperature"] == 0.5
    assert loopback.requests[1].model == "other"
    assert page.widget.session.llm.model == "m"


def test_pictures_go_along(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("a square"))
    page = show()
    page.opened()
    told = page.send("what is it?", picture())
    (shown,) = told["turns"][0]["pictures"]
    assert shown["src"].startswith("data:image/png;base64,")
    content = loopback.requests[0].body["messages"][-1]["content"]
    assert [part["type"] for part in content] == ["image_url", "text"]


@pytest.mark.parametrize("buffers", [[b"no picture"], [b"x" * 5_000_001], [b"x"] * 9])
def test_what_is_no_picture_is_refused(show: Show, buffers: list[bytes]) -> None:
    page = show()
    page.opened()
    page.say(*buffers, type="send", text="see")
    assert page.until("refused")["told"]
    assert page.widget.session.exchanges == ()


def test_variables_are_offered_and_filled(loopback: Loopback, show: Show) -> None:
    import pandas as pd

    loopback.script(Answer("yes"))
    names = {"df": pd.DataFrame({"a": [1, 2]}), "date": "today", "_x": 1, "json": json, "In": []}
    page = show(namespace=names, fill=lambda text: text.replace("{date}", "today"))
    page.opened()
    page.say(type="names", word="d")
    assert page.until("names")["names"] == [["date", "str"], ["df", "DataFrame 2 × 1"]]
    page.say(type="names", word="")
    assert [name for name, _ in page.until("names")["names"]] == ["date", "df"]
    page.send("Due {date}?")
    assert loopback.requests[0].body["messages"][-1]["content"] == "Due today?"


def test_a_page_that_comes_late_has_all_of_it(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one"), Answer("two three", fault=Fault.SILENT, fault_after=1))
    page = show()
    page.opened()
    page.send("first")
    page.say(type="send", text="second")
    page.until("html")
    page.say(type="ready", view="other")
    told = page.until("all", view="other")
    assert [turn["question"] for turn in told["turns"]] == ["first"]
    assert told["live"]["parts"][0]["html"] == "<p>two</p>\n"
    page.stop(told["live"]["key"])


def test_a_long_conversation_opens_with_its_end(loopback: Loopback, show: Show) -> None:
    session = session_with(loopback)
    loopback.script(Answer("yes"))
    session.send("asked")
    (one,) = session.exchanges
    session.exchanges = (one,) * 1000
    page = show(session)
    told = page.opened()
    assert (told["first"], len(told["turns"])) == (970, 30)
    page.say(type="earlier", first=970, view="v")
    more = page.until("earlier")
    assert (more["first"], [turn["at"] for turn in more["turns"]]) == (940, list(range(940, 970)))
    assert page.bytes_told < 100_000


def test_what_a_page_says_twice_is_done_once(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one"), Answer("two"))
    page = show()
    page.opened()
    for _ in range(2):
        page.say(type="send", text="go", ask="same")
    page.until("over")
    page.say(type="send", text="go", ask="same")
    page.say(type="ready", view="w")
    assert page.until("all", view="w")["live"] is None
    assert len(loopback.requests) == 1


def test_a_page_that_leaves_takes_its_question_along(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("", tools=[ToolUse("wipe", {"disk": "sda"})]), Answer("done"))
    page = show(tools=[wipe])
    page.opened()
    page.say(type="send", text="wipe it")
    page.until("card")
    page.say(type="gone", view="v")
    page.until("over")
    assert runs == []
    assert page.opened()["card"] is None


@pytest.mark.parametrize(
    "content",
    [None, "send", 3, {}, {"type": "nothing"}, {"type": ["x"]}, {"type": "switch", "branch": 3},
     {"type": "again", "at": 7}, {"type": "send", "text": "x", "at": "y"},
     {"type": "send", "text": "x", "temperature": "hot"}, {"type": "earlier", "first": None}],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(show: Show, content: Any) -> None:
    page = show()
    page.opened()
    page.widget._handle_custom_msg(content, [])
    page.say(type="ready", view="w")
    assert page.until("all", view="w")["turns"] == []


def test_the_handler_only_puts_it_into_the_inbox(show: Show, loopback: Loopback) -> None:
    page = show()
    page.opened()
    is_held, may_go_on = Event(), Event()

    def hold(_content: Any, _buffers: Any = None) -> None:
        is_held.set()
        may_go_on.wait(PATIENCE_S)

    page.widget.send = hold
    page.say(type="names", word="")
    assert is_held.wait(PATIENCE_S)
    page.say(type="names", word="")  # returns although the thread is busy
    may_go_on.set()


def test_its_thread_ends_with_its_pages(show: Show) -> None:
    page = show()
    assert page.widget._thread is None
    page.opened()
    thread = page.widget._thread
    page.say(type="gone", view="v")
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert page.opened()["turns"] == []


def test_what_cannot_be_told_does_not_end_the_chat(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("one"))
    page = show()
    page.opened()
    hear = page.widget.send

    def torn(content: dict[str, Any], _buffers: Any = None) -> None:
        if content["type"] == "from":
            page.widget.send = hear
            raise OSError("torn")
        hear(content)

    page.widget.send = torn
    page.say(type="send", text="go")
    assert page.until("refused")["told"] == "OSError: torn"
    assert page.opened()["turns"][0]["question"] == "go"
