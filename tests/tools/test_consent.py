"""Who is asked before a tool runs, and what becomes of the answer."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mojentic_nb import LLMBroker, OpenAIGateway, errors, tool
from mojentic_nb.tools.consent import Consent, Question, ask_text, asked_by
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.toolbox import Toolbox
from tests.loopback import Answer, Loopback, ToolUse
from tests.shapes import Shape, every_shape


def wipe(runs: list[str], **facts: Any) -> LLMTool:
    @tool(**facts)
    def wipe(disk: str) -> str:
        """Wipe a disk."""
        runs.append(disk)
        return f"{disk} is empty"

    return wipe


def answering(*answers: str) -> tuple[list[Question], Any]:
    asked: list[Question] = []
    given = iter(answers)

    def ask(question: Question) -> str:
        asked.append(question)
        return next(given)

    return asked, ask


@every_shape
@pytest.mark.parametrize("answer, runs_it", [("yes", True), ("no", False), ("nobody", False)])
def test_a_destructive_tool_is_asked_about(
    loopback: Loopback, shape: Shape, answer: str, runs_it: bool
) -> None:
    loopback.script(Answer(tools=[ToolUse("wipe", {"disk": "a"})]), Answer("done"))
    runs: list[str] = []
    asked, ask = answering(answer)
    gateway = OpenAIGateway(api_key="k", base_url=f"{loopback.url}/v1")
    broker = LLMBroker("m", gateway, consent=Consent(ask=ask))
    outcome = shape.run(broker, "go", tools=[wipe(runs, destructive=True)])

    assert outcome.error is None
    assert runs == (["a"] if runs_it else [])
    assert [str(one) for one in asked] == ["wipe(disk='a')"]
    told = loopback.requests[1].body["messages"][-1]["content"]
    assert ("is empty" in told) is runs_it
    if answer == "nobody":
        assert "nobody is here" in told


def test_nobody_is_there_without_a_terminal() -> None:
    runs: list[str] = []
    returned = Toolbox([wipe(runs, destructive=True)]).call("wipe", disk="a")

    assert not returned.ok
    assert "needs a person's consent" in returned.text
    assert runs == []
    assert ask_text("well?") is None


@pytest.mark.parametrize(
    "rules, facts, decision",
    [
        ({}, {}, "allow"),
        ({}, {"effects": {"network"}}, "allow"),
        ({}, {"destructive": True}, "ask"),
        ({"destructive": "allow"}, {"destructive": True}, "allow"),
        ({"network": "deny"}, {"effects": {"network"}}, "deny"),
        ({"network": "ask", "writes": "deny"}, {"effects": {"network", "writes"}}, "deny"),
        ({"network": "allow"}, {"effects": {"network"}, "destructive": True}, "ask"),
        ({"wipe": "allow"}, {"destructive": True}, "allow"),
        ({"wipe": "deny"}, {}, "deny"),
    ],
)
def test_the_strictest_rule_holds_and_a_name_goes_first(
    rules: dict[str, str], facts: dict[str, Any], decision: str
) -> None:
    assert Consent(rules).decision(wipe([], **facts))[0] == decision


def test_always_is_remembered_for_that_tool() -> None:
    asked, ask = answering("always", "no")
    consent, runs = Consent(ask=ask), []
    box = Toolbox([wipe(runs, destructive=True)], consent=consent)
    assert [box.call("wipe", disk=disk).ok for disk in "ab"] == [True, True]

    other = tool(name="other", destructive=True)(lambda: "x")
    assert not Toolbox([other], consent=consent).call("other").ok
    assert len(asked) == 2


def test_wrong_arguments_are_told_and_nobody_is_asked() -> None:
    asked, ask = answering()
    box = Toolbox([wipe([], destructive=True)], consent=Consent(ask=ask))
    assert "Wrong arguments" in box.call("wipe", disc="a").text
    assert asked == []


def test_by_hand_nobody_is_asked() -> None:
    runs: list[str] = []
    assert wipe(runs, destructive=True).run(disk="a") == "a is empty"


def test_one_question_at_a_time_whatever_runs_side_by_side() -> None:
    from mojentic_nb.tools.runners import AsyncParallelToolRunner

    busy = threading.Lock()

    def ask(question: Question) -> str:
        assert busy.acquire(blocking=False)
        busy.release()
        return "yes"

    box = Toolbox(
        [wipe([], destructive=True)], consent=Consent(ask=ask), runner=AsyncParallelToolRunner(8)
    )
    assert all(one.ok for one in box.call_all([("wipe", {"disk": str(n)}) for n in range(16)]))


def test_the_question_shows_no_key() -> None:
    asked, ask = answering("no")
    Toolbox([wipe([], destructive=True)], consent=Consent(ask=ask)).call(
        "wipe", disk="sk-abcdefghijklmnop"
    )
    assert "abcdefghijklmnop" not in str(asked[0])


def test_others_may_put_the_questions() -> None:
    with asked_by(lambda question: "yes", lambda question: "fine"):
        assert ask_text("how?") == "fine"
        assert Toolbox([wipe([], destructive=True)]).call("wipe", disk="a").ok
    assert ask_text("how?") is None


@pytest.mark.parametrize("wrong", [{"writes": "perhaps"}, 5])
def test_what_is_no_consent_is_refused(wrong: Any) -> None:
    with pytest.raises(errors.BadArgument):
        LLMBroker("demo", consent=wrong)


def test_a_refusal_is_told_as_one() -> None:
    box = Toolbox([wipe([], effects={"writes"})], consent={"writes": "deny"})
    assert box.call("wipe", disk="a").is_refused
    assert not Toolbox([wipe([])]).call("wipe", disk="a").is_refused
    assert not box.call("wipe", disc="a").is_refused
