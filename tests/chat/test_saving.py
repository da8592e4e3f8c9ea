"""A kept conversation: back after a restart, written on turn by turn, lost never."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession
from mojentic_nb.errors import BadArgument, GatewayError, SessionConflict, StateError
from mojentic_nb.state.sqlite_store import SQLiteStore
from mojentic_nb.tools import tool
from tests.chat.test_history import chatted
from tests.chat.test_session import roles, said, session
from tests.loopback import Answer, Loopback, ToolUse


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


def test_a_conversation_is_back_as_it_was(loopback: Loopback, path: Path) -> None:
    loopback.script(
        Answer(tools=[ToolUse("add", {"a": 1, "b": 2}, "c1")]), Answer("3"), Answer("bye")
    )
    chat = session(loopback, strategy="error", temperature=0.25)
    chat.save("mine", store=path)
    chat.send("1+2?", tools=[add], cell="c7")

    again = ChatSession.resume("mine", chat.llm, store=path)
    assert again.exchanges == chat.exchanges
    assert again.messages == chat.messages
    assert (again.strategy, again.config.temperature) == ("error", 0.25)
    assert (again.session_id, again.name) == (chat.session_id, "mine")
    again.send("bye")
    assert [role for role, _ in said(loopback.requests[-1])] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    assert len(ChatSession.resume("mine", chat.llm, store=path).exchanges) == 2


def test_a_broker_is_made_of_the_model_it_had(path: Path) -> None:
    chat = ChatSession(LLMBroker("demo"), "Be brief.", max_context=1000)
    chat.save("mine", store=path)
    chat.send("hello")
    again = ChatSession.resume(chat.session_id, store=path)
    assert again.llm.model == "demo"
    assert again.system_prompt == "Be brief."
    assert again.send("hi again")


def test_it_is_back_after_the_process_ended(path: Path) -> None:
    program = """
        import sys
        from mojentic_nb import LLMBroker
        from mojentic_nb.chat import ChatSession
        chat = ChatSession(LLMBroker("demo"), max_context=1000)
        chat.save("mine", store=sys.argv[1])
        chat.send("What is 2+3?")
        import os; os._exit(9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(path)], timeout=60)
    assert done.returncode == 9
    again = ChatSession.resume("mine", store=path)
    assert [one.question for one in again.exchanges] == ["What is 2+3?"]
    assert "5" in again.exchanges[0].answer


def test_edits_and_branches_are_kept(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback)
    chat.save("mine", store=path)
    loopback.script(Answer("other"), Answer("more"))
    chat.edit(1, "different?")
    again = ChatSession.resume("mine", chat.llm, store=path)
    assert (again.exchanges, again.branches) == (chat.exchanges, chat.branches)

    again.switch(again.branches[0].id)
    third = ChatSession.resume("mine", chat.llm, store=path)
    assert [one.question for one in third.exchanges] == ["q0", "q1", "q2"]
    assert [one.question for one in third.branches[0].exchanges] == ["different?"]
    third.undo(2)
    third.clear()
    assert ChatSession.resume("mine", chat.llm, store=path).exchanges == ()


def test_a_failed_turn_is_not_kept(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 1)
    chat.save("mine", store=path)
    loopback.script(Answer.error(500, "no"))
    with pytest.raises(GatewayError):
        chat.send("lost?")
    assert len(ChatSession.resume("mine", chat.llm, store=path).exchanges) == 1


def test_what_was_left_behind_stays_behind(loopback: Loopback, path: Path) -> None:
    loopback.script(*[Answer(f"answer {number} " * 20) for number in range(12)])
    chat = session(loopback, max_context=400)
    chat.save("mine", store=path)
    for number in range(8):
        chat.send(f"question {number}")
    assert len(chat.exchanges) == 8
    assert len(chat.messages) < 17

    again = ChatSession.resume("mine", chat.llm, store=path, max_context=400)
    assert again.messages == chat.messages
    assert len(again.exchanges) == 8


def test_two_who_go_on_with_one_conversation_lose_nothing(loopback: Loopback, path: Path) -> None:
    one = chatted(loopback, 1)
    one.save("mine", store=path)
    other = ChatSession.resume("mine", one.llm, store=path)
    loopback.script(Answer("x"), Answer("y"), Answer("z"))
    one.send("from one")
    with pytest.warns(RuntimeWarning, match="goes on as 'mine 2'"):
        other.send("from the other")
    other.send("and on")

    kept = {name: ChatSession.resume(name, one.llm, store=path) for name in ("mine", "mine 2")}
    assert [chat.exchanges[-1].question for chat in kept.values()] == ["from one", "and on"]
    assert len(kept["mine 2"].exchanges) == 3


def test_a_store_that_fails_loses_no_turn(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 1)
    store = SQLiteStore(path)
    chat.save("mine", store=store)

    class Fails:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def write(self, *args: Any, **how: Any) -> int:
            raise StateError("The disk is full.", hint="Make room.")

        def read(self, name: str) -> Any:
            return store.read(name)

    chat._store = Fails()
    loopback.script(Answer("x"), Answer("y"), Answer("z"))
    with pytest.warns(RuntimeWarning, match=r"disk is full.*in memory.*Make room"):
        chat.send("one")
    chat.send("two")  # said once: a second warning would be an error here
    assert len(chat.exchanges) == 3

    chat._store = store
    chat.send("three")
    assert ChatSession.resume("mine", chat.llm, store=path).exchanges == chat.exchanges


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), StateError("It is not known.")])
def test_what_was_written_although_it_broke_off_was_not_written_by_somebody_else(
    loopback: Loopback, path: Path, problem: BaseException
) -> None:
    chat = chatted(loopback, 1)
    store = SQLiteStore(path)
    chat.save("mine", store=store)

    class BreaksOff:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def write(self, *args: Any, **how: Any) -> int:
            store.write(*args, **how)
            chat._store = store
            raise problem

    chat._store = BreaksOff()
    loopback.script(Answer("x"), Answer("y"))
    told = (
        pytest.warns(RuntimeWarning)
        if isinstance(problem, StateError)
        else pytest.raises(KeyboardInterrupt)
    )
    with told:
        chat.edit(0, "one")
    chat.send("two")  # a warning of somebody else would be an error here
    again = ChatSession.resume("mine", chat.llm, store=path)
    assert [one.question for one in again.exchanges] == ["one", "two"]
    assert again.branches == chat.branches
    assert [one.name for one in store.names()] == ["mine"]


def test_a_name_that_leaves_no_room_for_a_number(loopback: Loopback, path: Path) -> None:
    one = chatted(loopback, 1)
    one.save("n" * 200, store=path)
    other = ChatSession.resume("n" * 200, one.llm, store=path)
    loopback.script(Answer("x"), Answer("y"))
    one.send("from one")
    with pytest.warns(RuntimeWarning, match="n 2'"):
        assert other.send("from the other")
    assert other.name == "n" * 198 + " 2"
    assert len(ChatSession.resume(other.name, one.llm, store=path).exchanges) == 2


def test_a_name_that_cannot_be_kept_loses_no_answer(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 1)
    chat.save("mine", store=path)
    chat.name = "two\nlines"
    loopback.script(Answer("x"), Answer("y"))
    with pytest.warns(RuntimeWarning, match=r"cannot be seen.*in memory"):
        assert chat.send("one") == "x"
    chat.name = "mine"
    chat.send("two")
    assert len(ChatSession.resume("mine", chat.llm, store=path).exchanges) == 3


def test_a_fork_with_a_name_is_kept_beside(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 1)
    chat.save("mine", store=path)
    loopback.script(Answer("x"), Answer("y"))
    other, nameless = chat.fork("other"), chat.fork()
    other.send("there")
    nameless.send("nowhere")
    assert [one.name for one in SQLiteStore(path).names()] == ["other", "mine"]
    assert len(ChatSession.resume("mine", chat.llm, store=path).exchanges) == 1
    assert len(ChatSession.resume("other", chat.llm, store=path).exchanges) == 2


def test_a_fork_of_a_fork_is_back_on_its_own(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 2)
    chat.save("mine", store=path)
    chat.undo()
    third = chat.fork("second").fork("third")
    loopback.script(Answer("x"))
    third.send("there")
    kept = {name: ChatSession.resume(name, chat.llm, store=path) for name in ("second", "third")}
    assert [len(one.exchanges) for one in kept.values()] == [1, 2]
    kept["third"].undo()
    kept["third"].switch(kept["third"].branches[0].id)
    assert [one.question for one in kept["third"].exchanges] == ["q0", "q1"]
    assert [one.question for one in kept["second"].exchanges] == ["q0"]


def test_a_fork_takes_no_name_that_another_has(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 1)
    chat.save("mine", store=path)
    chat.fork("other").send("there")
    with pytest.raises(SessionConflict, match="other"):
        chat.fork("other")
    assert [one.name for one in SQLiteStore(path).names()] == ["other", "mine"]
    assert len(ChatSession.resume("other", chat.llm, store=path).exchanges) == 2


def test_load_goes_on_in_the_place_of_this_one(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 2)
    chat.save("mine", store=path)
    other = session(loopback)
    other.load("mine", store=path)
    assert roles(other) == "suaua"
    assert other.session_id == chat.session_id


def test_who_shows_it_is_told_what_came_from_the_store(loopback: Loopback, path: Path) -> None:
    class Page:
        seen: list[int] = []

        def changed(self, session: ChatSession, *, at: int) -> None:
            self.seen.append(len(session.exchanges) - at)

    chat, page = chatted(loopback, 1), Page()
    chat.save("mine", store=path)
    other = ChatSession.resume("mine", chat.llm, store=path)
    other.shown_by(page)
    loopback.script(Answer("x"))
    chat.send("more")
    other.refresh()
    assert page.seen == [2]


def test_names_that_are_none_or_somebody_elses(loopback: Loopback, path: Path) -> None:
    chat = chatted(loopback, 1)
    with pytest.raises(BadArgument, match="by its name"):
        chat.save(store=path)
    chat.save("mine", store=path)
    other = session(loopback)
    with pytest.raises(SessionConflict):
        other.save("mine", store=path)
    assert (other.name, other._store) == ("", None)
    with pytest.raises(StateError, match="'nope'") as told:
        ChatSession.resume("nope", chat.llm, store=path)
    assert "'mine'" in told.value.hint


def test_a_store_that_is_none(loopback: Loopback) -> None:
    with pytest.raises(BadArgument, match="keeps no conversations"):
        session(loopback).save("x", store=3)


def test_nothing_is_kept_unless_asked_for(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chat = chatted(loopback, 1)
    assert list(tmp_path.iterdir()) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat.save("mine")
    assert (tmp_path / ".mojentic" / "sessions.db").exists()


def test_the_stores_are_there_by_name() -> None:
    from mojentic_nb import state

    assert state.SQLiteStore is SQLiteStore
    assert dir(state) == ["PostgresStore", "SQLiteStore", "SessionStore"]
    with pytest.raises(AttributeError):
        state.nothing  # noqa: B018
