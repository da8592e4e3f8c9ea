"""A conversation otherwise: cleared, undone, edited, forked, put in by hand, asked by cells."""

from __future__ import annotations

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession
from mojentic_nb.errors import BadArgument, GatewayError
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.messages import LLMMessage
from tests.chat.test_session import add, roles, said, session
from tests.loopback import Answer, Loopback, ToolUse


def chatted(loopback: Loopback, turns: int = 3) -> ChatSession:
    loopback.script(*[Answer(f"a{number}") for number in range(turns)])
    chat = session(loopback)
    for number in range(turns):
        chat.send(f"q{number}")
    return chat


def test_clear_begins_anew(loopback: Loopback) -> None:
    chat = chatted(loopback)
    chat.undo()
    chat.summary = "In short."
    chat.clear()
    assert [message.role for message in chat.messages] == ["system"]
    assert (chat.exchanges, chat.branches, chat.summary) == ((), (), "")


def test_undo_takes_the_last_ones_back(loopback: Loopback) -> None:
    chat = chatted(loopback)
    gone = chat.undo(2)
    assert [one.question for one in gone] == ["q1", "q2"]
    assert [one.question for one in chat.exchanges] == ["q0"]
    assert chat.undo(9)
    assert [branch.at for branch in chat.branches] == [0, 0]
    assert chat.undo() == ()
    assert roles(chat) == "s"
    with pytest.raises(BadArgument, match="Nothing was said yet"):
        chat.retry()
    chat.switch(chat.branches[0].id)
    assert len(chat.undo(4)) == 3


def test_undo_takes_one_back_where_no_number_is_given(loopback: Loopback) -> None:
    chat = chatted(loopback)
    assert [one.question for one in chat.undo()] == ["q2"]
    assert chat.undo(0) == ()
    assert [one.question for one in chat.exchanges] == ["q0", "q1"]
    (branch,) = chat.branches
    assert (branch.at, [one.question for one in branch.exchanges]) == (2, ["q2"])
    chat.send("instead")
    assert [content for _, content in said(loopback.requests[-1])][1:] == [
        *("q0", "a0", "q1", "a1", "instead"),
    ]


def test_an_edit_asks_anew_and_keeps_the_old_way(loopback: Loopback) -> None:
    chat = chatted(loopback)
    loopback.script(Answer("other"))
    assert chat.edit(1, "different?") == "other"
    assert [one.question for one in chat.exchanges] == ["q0", "different?"]
    assert [content for _, content in said(loopback.requests[-1])][-1] == "different?"

    (branch,) = chat.branches
    assert (branch.at, [one.question for one in branch.exchanges]) == (1, ["q1", "q2"])
    chat.switch(branch.id)
    assert [one.question for one in chat.exchanges] == ["q0", "q1", "q2"]
    (other,) = chat.branches
    assert [one.question for one in other.exchanges] == ["different?"]


@pytest.mark.parametrize(
    "at, left", [(-1, ["q0", "q1"]), (-3, []), (0, []), (2, ["q0", "q1"])], ids=str
)
def test_an_edit_counts_from_either_end(loopback: Loopback, at: int, left: list[str]) -> None:
    chat = chatted(loopback)
    chat.edit(at, "different?")
    assert [one.question for one in chat.exchanges] == [*left, "different?"]
    told = [content for role, content in said(loopback.requests[-1]) if role == "user"]
    assert told == [*left, "different?"]


def test_an_edit_that_fails_changes_nothing(loopback: Loopback) -> None:
    chat = chatted(loopback)
    before = chat.exchanges, chat.branches
    loopback.script(Answer.error(500, "no"))
    with pytest.raises(GatewayError):
        chat.edit(0, "different?")
    assert (chat.exchanges, chat.branches) == before


@pytest.mark.parametrize("at", [3, -4, 99])
def test_there_is_no_such_exchange(loopback: Loopback, at: int) -> None:
    with pytest.raises(BadArgument, match="There are 3"):
        chatted(loopback).edit(at, "x")


def test_there_is_no_such_branch(loopback: Loopback) -> None:
    with pytest.raises(BadArgument, match="no branch"):
        chatted(loopback).switch("nope")


def test_a_retry_may_ask_another_model(loopback: Loopback) -> None:
    chat = chatted(loopback, 1)
    loopback.script(Answer("better"))
    other = LLMBroker("other", OpenAIGateway("k", f"{loopback.url}/v1"))
    assert chat.retry(model=other) == "better"
    assert [seen.body["model"] for seen in loopback.requests] == ["m", "other"]
    assert (chat.exchanges[0].model, len(chat.exchanges)) == ("openai:other", 1)
    assert chat.branches[0].exchanges[0].answer == "a0"


def test_a_fork_goes_on_apart(loopback: Loopback) -> None:
    chat = chatted(loopback, 1)
    other = chat.fork("other")
    loopback.script(Answer("x"), Answer("y"))
    other.send("there")
    chat.send("here")
    assert [one.question for one in chat.exchanges] == ["q0", "here"]
    assert [one.question for one in other.exchanges] == ["q0", "there"]
    assert (other.name, chat.name) == ("other", "")
    assert other.session_id != chat.session_id


def test_a_fork_of_a_fork_shares_what_came_before_and_nothing_after(loopback: Loopback) -> None:
    chat = chatted(loopback, 2)
    chat.undo()
    child = chat.fork("child")
    loopback.script(*[Answer("x")] * 4)
    child.send("child's")
    grandchild = child.fork()
    for one, words in ((chat, "own"), (child, "more"), (grandchild, "last")):
        one.send(words)
    told = [[word for _, word in said(seen)][1:] for seen in loopback.requests[-3:]]
    assert told == [
        ["q0", "a0", "own"],
        ["q0", "a0", "child's", "x", "more"],
        ["q0", "a0", "child's", "x", "last"],
    ]
    assert [one.branches[0].exchanges[0].question for one in (chat, child, grandchild)] == [
        *("q1", "q1", "q1"),
    ]
    child.switch(child.branches[0].id)
    assert (len(child.branches), len(grandchild.branches)) == (1, 1)
    assert grandchild.exchanges[-1].question == "last"
    assert len({one.session_id for one in (chat, child, grandchild)}) == 3


def test_what_is_set_in_a_fork_is_its_own(loopback: Loopback) -> None:
    chat = session(loopback, strategy="error", max_messages=4, temperature=0.25)
    other = chat.fork()
    assert (other.strategy, other.max_messages, other.max_context) == ("error", 4, 10_000)
    other.system_prompt, other.max_context, other.llm = "Be long.", 500, LLMBroker("demo")
    assert (chat.system_prompt, chat.max_context, chat.llm.model) == ("Be brief.", 10_000, "m")
    loopback.script(Answer("x"))
    chat.send("still?")
    assert loopback.requests[-1].body["temperature"] == 0.25


def test_a_cell_that_runs_again_replaces_its_turn_and_marks_later_ones(
    loopback: Loopback,
) -> None:
    loopback.script(Answer("a0"), Answer("a1"), Answer("a2"), Answer("new"))
    chat = session(loopback)
    for number in range(3):
        chat.send(f"q{number}", cell=f"c{number}")
    chat.send("changed", cell="c1")

    assert said(loopback.requests[-1])[1:] == [
        ("user", "q0"),
        ("assistant", "a0"),
        ("user", "changed"),
    ]
    assert [one.question for one in chat.exchanges] == ["q0", "changed", "q2"]
    assert [one.is_stale for one in chat.exchanges] == [False, False, True]


def test_messages_put_in_by_hand(loopback: Loopback) -> None:
    chat = session(loopback)
    chat.insert_message(LLMMessage.user("hello"))
    chat.insert_message(LLMMessage.assistant("hi"))
    loopback.script(Answer("ok"))
    chat.send("go")
    assert said(loopback.requests[0])[1:] == [
        ("user", "hello"),
        ("assistant", "hi"),
        ("user", "go"),
    ]
    assert len(chat.exchanges) == 2


def test_messages_are_the_readers_own(loopback: Loopback) -> None:
    chat = chatted(loopback, 1)
    chat.messages.clear()
    assert roles(chat) == "sua"


def test_what_a_turn_cost_and_took_is_known(loopback: Loopback) -> None:
    loopback.script(
        Answer(tools=[ToolUse("add", {"a": 1, "b": 2})], usage=(5, 3)), Answer("3", usage=(7, 1))
    )
    chat = session(loopback)
    reply = chat.send("1+2?", tools=[add], correlation_id="mine")
    (one,) = chat.exchanges
    assert (one.usage.input_tokens, one.usage.output_tokens) == (12, 4)
    assert reply.correlation_id == one.correlation_id == "mine"
    assert one.duration_s is not None
    assert one.duration_s >= 0
    assert one.created_ns > 0


@pytest.mark.parametrize("given, sent", [(None, 900), (512, 512)])
def test_an_ollama_is_told_the_room_it_is_to_make(
    loopback: Loopback, given: int | None, sent: int
) -> None:
    loopback.script(Answer("a"))
    chat = ChatSession(LLMBroker("m", OllamaGateway(loopback.url)), max_context=900)
    chat.send("x", **({} if given is None else {"num_ctx": given}))
    assert loopback.requests[-1].body["options"]["num_ctx"] == sent


def test_a_way_that_began_further_on_is_whole_after_an_earlier_edit(loopback: Loopback) -> None:
    chat = chatted(loopback)
    loopback.script(Answer("x"), Answer("y"))
    chat.edit(2, "late change")
    chat.edit(0, "early change")
    late, early = chat.branches
    assert (late.at, early.at) == (0, 0)
    assert [one.question for one in late.exchanges] == ["q0", "q1", "q2"]
    assert [one.question for one in early.exchanges] == ["q0", "q1", "late change"]
    chat.switch(late.id)
    assert [one.question for one in chat.exchanges] == ["q0", "q1", "q2"]


def test_a_fork_is_shown_by_nobody(loopback: Loopback) -> None:
    class Widget:
        told: list[int] = []

        def changed(self, session: ChatSession, *, at: int) -> None:
            self.told.append(at)

    chat, widget = chatted(loopback, 1), Widget()
    chat.shown_by(widget)
    chat.fork().clear()
    assert widget.told == []
    chat.clear()
    assert widget.told == [0]
