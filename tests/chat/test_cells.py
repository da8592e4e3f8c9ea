"""Turns of a notebook's cells: whose place they take, and what else `send` is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession
from mojentic_nb.errors import GatewayError
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.state.sqlite_store import SQLiteStore
from tests.chat.test_session import break_off, said, session
from tests.loopback import Answer, Fault, Loopback


def questions(chat: ChatSession) -> list[str]:
    return [one.question for one in chat.exchanges]


def chatted(loopback: Loopback, cells: str) -> ChatSession:
    """One turn for each letter, which is its cell."""
    loopback.script(*[Answer(f"a{n}") for n in range(len(cells) + 5)])
    chat = session(loopback)
    for at, cell in enumerate(cells):
        chat.send(f"q{at}", cell=cell)
    return chat


def test_all_turns_of_a_cell_go_at_once(loopback: Loopback) -> None:
    chat = session(loopback)
    loopback.script(*[Answer(f"a{n}") for n in range(9)])
    chat.send("q0", cell="a")
    first = chat.send("q1", cell="b")
    chat.send("q2", cell="b", after=first.correlation_id)
    chat.send("q3", cell="c")
    assert questions(chat) == ["q0", "q1", "q2", "q3"]

    again = chat.send("n1", cell="b")
    assert questions(chat) == ["q0", "n1", "q3"]
    chat.send("n2", cell="b", after=again.correlation_id)
    assert questions(chat) == ["q0", "n1", "n2", "q3"]
    assert [content for _, content in said(loopback.requests[-1])][1:] == [
        *("q0", "a0", "n1", "a4", "n2"),
    ]
    assert [one.is_stale for one in chat.exchanges] == [False, False, False, True]


def test_a_turn_that_is_edited_stays_its_cells(loopback: Loopback) -> None:
    chat = chatted(loopback, "ab")
    chat.edit(-1, "otherwise")
    assert [one.cell for one in chat.exchanges] == ["a", "b"]
    chat.retry()
    chat.send("again", cell="b")
    assert questions(chat) == ["q0", "again"]
    chat.edit(0, "mine", cell="c")
    assert [one.cell for one in chat.exchanges] == ["c"]


def test_after_a_turn_that_is_gone_stands_nothing(loopback: Loopback) -> None:
    chat = chatted(loopback, "ab")
    chat.send("new", cell="c", after="gone")
    assert questions(chat) == ["q0", "q1", "new"]


def test_what_would_stand_before_a_question(loopback: Loopback) -> None:
    chat = chatted(loopback, "abc")
    assert [one.content for one in chat.told_before(cell="b")] == ["Be brief.", "q0", "a0"]
    assert chat.told_before(system="Be long.")[0].content == "Be long."
    assert len(chat.told_before()) == 7
    assert len(loopback.requests) == 3


def test_a_system_message_for_one_turn(loopback: Loopback) -> None:
    chat = chatted(loopback, "a")
    chat.send("now", system="Be long.")
    assert said(loopback.requests[-1])[0] == ("system", "Be long.")
    assert said(loopback.requests[-1])[1] == ("user", "q0")
    chat.send("then", system="")
    assert said(loopback.requests[-1])[0] == ("user", "q0")
    assert chat.messages[0].content == "Be brief."


def test_what_was_left_out_comes_back_when_something_before_it_changes(
    loopback: Loopback,
) -> None:
    loopback.script(*[Answer("word " * 50) for _ in range(5)], Answer("short"), Answer("ok"))
    chat = session(loopback, max_context=260)
    for at in range(5):
        chat.send(f"q{at}", cell=f"c{at}")
    assert len(chat.messages) < 11
    chat.max_context = 10_000
    chat.send("short?", cell="c0")
    assert [one.content for one in chat.messages if one.role == "user"] == [
        *("short?", "q1", "q2", "q3", "q4"),
    ]


def test_a_turn_said_again_is_told_what_stands_above_as_there_is_room(loopback: Loopback) -> None:
    loopback.script(*[Answer("word " * 50) for _ in range(5)], Answer("ok"))
    chat = session(loopback, max_context=260)
    for at in range(5):
        chat.send(f"q{at}", cell=f"c{at}")
    assert chat.messages[1].content != "q0"

    chat.send("anew", cell="c3")
    told = [text for role, text in said(loopback.requests[-1]) if role == "user"]
    assert told == ["q0", "q1", "q2", "anew"]


def test_before_what_is_summed_up_a_turn_is_told_the_words_themselves(loopback: Loopback) -> None:
    loopback.script(
        *[Answer("word " * 50) for _ in range(4)], Answer("In short."), *[Answer("ok")] * 2
    )
    chat = session(loopback, max_context=260, strategy="summarise")
    for at in range(5):
        chat.send(f"q{at}", cell=f"c{at}")
    assert chat.summary == "In short."

    chat.send("anew", cell="c1")
    assert [text[:5] for _, text in said(loopback.requests[-1])] == ["Be br", "q0", "word ", "anew"]
    assert chat.summary == ""
    assert [one.content for one in chat.messages][1] == "q0"


@pytest.mark.parametrize(
    "how, is_kept", [("closed", True), ("aclosed", True), ("cancelled", True), ("failed", False)]
)
def test_what_was_stopped_stays_and_what_failed_does_not(
    loopback: Loopback, how: str, is_kept: bool
) -> None:
    fault = Fault.TORN if how == "failed" else Fault.SILENT
    loopback.script(Answer("one two three", fault=fault))
    chat = session(loopback, keep_partial="stopped")
    break_off(chat, how)
    assert [one.is_partial for one in chat.exchanges] == [True] * is_kept


def test_each_model_has_its_own_window(loopback: Loopback) -> None:
    gateway = OllamaGateway(loopback.url)
    small, large = LLMBroker("small", gateway), LLMBroker("large", gateway)
    loopback.script(Answer("a"), Answer("b"))
    chat = ChatSession(small)
    chat.send("one")
    chat.llm = large
    chat.send("two")
    shown = [seen.body["model"] for seen in loopback.requests if seen.path == "/api/show"]
    assert shown == ["small", "large"]


def test_exchanges_of_another_conversation_are_put_at_the_end(
    loopback: Loopback, tmp_path: Path
) -> None:
    one, two = chatted(loopback, "ab"), session(loopback)
    two.save("two", store=tmp_path / "s.db")
    two.append(one.exchanges)
    assert questions(two) == ["q0", "q1"]
    assert questions(ChatSession.resume("two", one.llm, store=tmp_path / "s.db")) == ["q0", "q1"]


def test_what_is_kept_no_more_goes_on_in_memory(loopback: Loopback, tmp_path: Path) -> None:
    chat = chatted(loopback, "a")
    store = SQLiteStore(tmp_path / "s.db")
    chat.save("mine", store=store)
    store.delete("mine")
    chat.unsave()
    chat.send("more")
    assert (chat.name, store.names()) == ("", [])
    assert questions(chat) == ["q0", "more"]


def test_what_somebody_else_wrote_is_taken_in(loopback: Loopback, tmp_path: Path) -> None:
    chat = chatted(loopback, "a")
    chat.refresh()
    chat.save("mine", store=tmp_path / "s.db")
    other = ChatSession.resume("mine", chat.llm, store=tmp_path / "s.db")
    other.send("from elsewhere")
    before = chat.exchanges
    assert before[-1].question == "q0"
    chat.refresh()
    assert questions(chat) == ["q0", "from elsewhere"]
    chat.send("and on")
    assert chat.name == "mine"


def test_a_failed_rerun_leaves_the_turn(loopback: Loopback) -> None:
    loopback.script(Answer("a0"), Answer("a1"), Answer.error(500, "no"))
    gateway_retry = Retry(attempts=1)
    chat = session(loopback)
    chat.send("q0", cell="a")
    chat.send("q1", cell="b")
    with pytest.raises(GatewayError):
        chat.send("new", cell="a", retry=gateway_retry)
    assert questions(chat) == ["q0", "q1"]
    assert not any(one.is_stale for one in chat.exchanges)
