"""What a chat leaves in a saved notebook, and what it does not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession
from mojentic_nb.tools import AskUserTool
from mojentic_nb.widgets.answering import VIEW
from mojentic_nb.widgets.chat import ChatWidget
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.widgets.chat_page import PATIENCE_S, Show, session_with, wipe
from tests.widgets.payloads import PAYLOADS


def test_what_was_said_is_not_in_its_state(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("secret answer"))
    page = show()
    page.opened()
    page.send("secret question")
    state = page.widget.get_state()
    kept = {name: value for name, value in state.items() if name not in ("_esm", "_css")}
    assert "secret" not in json.dumps(kept, default=str)


def test_a_saved_notebook_has_the_conversation(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("It is *so*.", thinking=""))
    page = show()
    page.opened()
    page.send("Is it\nso?")
    still, view = page.widget.bundles()
    assert "<blockquote>Is it<br>so?</blockquote>" in still["text/html"]
    assert "<em>so</em>" in still["text/html"]
    assert "It is *so*." in still["text/markdown"]
    assert still["text/plain"].startswith("You:\n  Is it\n  so?")
    assert view[VIEW]["model_id"] == page.widget.model_id
    assert (view["text/html"], view["text/plain"]) == ("", "")
    assert page.widget._repr_mimebundle_()["text/markdown"] == still["text/markdown"]


def test_a_call_is_folded_in_what_is_kept(loopback: Loopback, show: Show) -> None:
    use = ToolUse("ask_user", {"user_request": "Which?"})
    loopback.script(Answer(tools=[use], thinking="hm"), Answer("As you like."))
    page = show(tools=[AskUserTool()])
    page.send("Choose")
    html = page.widget.transcript()["text/html"]
    folded = re.findall(r"<details><summary>(\w+).*?</summary><pre>.*?</pre></details>", html, re.S)
    assert folded == ["thinking", "ask_user"]


def test_where_no_person_looks_it_is_the_same_at_every_run(
    loopback: Loopback, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.script(Answer("yes"))
    page = show()
    page.opened()
    page.send("So?")
    assert page.widget.transcript()["text/plain"] == "You:\n  So?\nopenai:m:\n  yes"
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    for told in page.widget.transcript().values():
        assert "tok" in told


def test_an_empty_one_says_so_and_a_long_one_what_is_left_out(
    loopback: Loopback, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = show()
    assert page.widget.transcript()["text/plain"] == "[Nothing was said yet.]"
    loopback.script(Answer("one"), Answer("two"), Answer("three"))
    page.opened()
    for text in ("first", "second", "third"):
        page.send(text)
    monkeypatch.setattr("mojentic_nb.widgets.chat_transcript.LONGEST", 20)
    told = page.widget.transcript()
    for text in told.values():
        assert "The first 1 of 3 turns are left out here." in text
        assert "second" in text
        assert "first?" not in text


@pytest.mark.parametrize("payload", PAYLOADS[::4])
def test_nothing_in_the_transcript_can_act(loopback: Loopback, show: Show, payload: str) -> None:
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    seen: list[tuple[str, dict[str, str | None]]] = []
    loopback.script(Answer(payload, tools=[ToolUse("wipe", {"disk": payload})]), Answer(payload))
    page = show(tools=[wipe])
    page.send(payload)
    Reader().feed(page.widget.transcript()["text/html"])
    assert not any(name.startswith("on") for _, given in seen for name in given)
    assert {tag for tag, _ in seen}.isdisjoint({"script", "img", "svg", "iframe", "a" * 2})
    hrefs = [given["href"] or "" for tag, given in seen if tag == "a" and "href" in given]
    assert all(href.startswith(("http", "mailto:")) for href in hrefs)


def test_it_takes_a_model_a_broker_or_a_session(loopback: Loopback) -> None:
    for given in ("demo", LLMBroker("demo"), ChatSession(LLMBroker("demo"))):
        widget = ChatWidget(given)
        assert repr(widget) == "ChatWidget(ChatSession('demo', 0 exchanges))"
        widget.close()


def test_closing_it_hangs_up(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS))
    page = show()
    page.opened()
    page.say(type="send", text="go")
    loopback.wait_for(1)
    page.widget.close()
    assert loopback.requests[0].hung_up.wait(PATIENCE_S)


def test_closed_while_a_turn_begins_it_hangs_up(loopback: Loopback, show: Show) -> None:
    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS))
    session = session_with(loopback)
    page = show(session)
    page.opened()
    submit = session.submit

    def closing(*given: Any, **how: Any) -> Any:
        job = submit(*given, **how)
        loopback.wait_for(1)
        page.widget.close()
        return job

    session.submit = closing
    page.say(type="send", text="go")
    loopback.wait_for(1)
    assert loopback.requests[0].hung_up.wait(PATIENCE_S)


def test_ten_thousand_tokens_cost_little(loopback: Loopback, show: Show) -> None:
    text = "One more sentence of six words.\n\n" * 1700
    loopback.script(Answer(text))
    page = show()
    page.opened()
    page.send("long")
    assert len(text) > 55_000
    assert page.bytes_told < 1_500_000


def test_the_front_half_is_there() -> None:
    assert "export default { render }" in ChatWidget._esm
