"""Models and agents as tools of others: what they get, what they may, and no circles."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.tools import calling, tool
from mojentic_nb.tools.facts import Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.policy_scope import (
    DEEPEST,
    allowing,
    calling_path,
    correlated,
    current_correlation_id,
    current_policy,
    entered,
)
from mojentic_nb.tools.runners import AsyncParallelToolRunner
from mojentic_nb.tools.wrapper import ToolWrapper
from tests.loopback import Answer, ToolUse
from tests.weather import every_shape


class Agent:
    """Calls the tools it has, one after another, and tells what they said."""

    def __init__(self) -> None:
        self.tools: list[Any] = []
        self.heard: list[str] = []

    def generate_response(self, content: str) -> str:
        self.heard.append(content)
        return " ".join([content, *(str(one.run(content)) for one in self.tools)])


class WriteTool(KitTool):
    """Notes that it was allowed to write."""

    tool_name = "write"
    facts = Facts(effects=frozenset({"writes"}))

    def run(self, text: str) -> str:
        """Write a text.

        Args:
            text: What.
        """
        return f"wrote {text} in {[root.name for root in self.policy.roots]}"


class Writing:
    """An agent with one tool that writes."""

    def __init__(self, policy: Policy) -> None:
        self.tool = WriteTool(policy)

    def generate_response(self, content: str) -> str:
        return str(self.tool.invoke({"text": content}))


def chain(*agents: Any) -> None:
    """Let each agent have the next as its tool."""
    for one, other in pairwise(agents):
        one.tools.append(ToolWrapper(other, f"tool_{agents.index(other)}", "Another."))


# what is offered and what is asked ------------------------------------------------


def test_a_model_is_told_its_name_description_and_one_text():
    wrapper = ToolWrapper(Agent(), "expert", "Knows it all.")
    assert (wrapper.name, wrapper.description) == ("expert", "Knows it all.")
    assert wrapper.spec.parameters["required"] == ["input"]
    assert wrapper.spec.parameters["properties"]["input"]["type"] == "string"
    assert wrapper.tracer is None


def test_the_demo_model_as_a_tool():
    wrapper = ToolWrapper(LLMBroker("demo"), "sums", "Works out sums.")
    told = wrapper.call_tool(input="What is 6 * 7?")
    assert "42" in told["content"][0]["text"]
    assert "isError" not in told


class Recording:
    """A broker of another kind, which remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, dict[str, Any]]] = []

    def generate(self, messages: Any, tools: Any = None) -> str:
        self.given.append((messages, {"tools": tools}))
        return "done"


def test_a_broker_gets_its_behaviour_its_tools_and_a_new_conversation_each_time():
    broker, sums = Recording(), tool(len)
    wrapper = ToolWrapper(broker, "sums", "Sums.", behaviour="Be brief.", tools=[sums])
    assert [wrapper.run(input="one"), wrapper.run(input="two")] == ["done", "done"]
    for (messages, options), text in zip(broker.given, ["one", "two"], strict=True):
        assert [(str(one.role.value), one.content) for one in messages] == [
            ("system", "Be brief."),
            ("user", text),
        ]
        assert options == {"tools": [sums]}


def shout(text: str) -> str:
    return text.upper()


class Loud(Agent):
    generate_response = None

    def __call__(self, text: str) -> str:
        return text.upper()


@pytest.mark.parametrize("agent", [shout, Loud()])
def test_what_can_be_called_is_an_agent(agent):
    assert ToolWrapper(agent, "loud", "Shouts.").run(input="hello") == "HELLO"


@pytest.mark.parametrize(
    "make, why",
    [
        (lambda: ToolWrapper(5, "five", "A number."), "5 is no broker and no agent"),
        (lambda: ToolWrapper(Agent, "kind", "A class."), "no broker and no agent"),
        (lambda: ToolWrapper(Agent(), "a", "b", behaviour="Be brief."), "own behaviour and tools"),
        (lambda: ToolWrapper(Agent(), "a", "b", tools=[len]), "own behaviour and tools"),
        (lambda: ToolWrapper(Agent(), "", "b").name, "descriptor has no name"),
    ],
)
def test_what_cannot_be_wrapped_is_told(make, why):
    with pytest.raises(ToolError, match=why):
        make()


def test_an_agent_that_fails_is_told_to_the_model():
    def broken(text: str) -> str:
        raise ConnectionError("nobody there")

    told = ToolWrapper(broken, "broken", "Fails.").call_tool(input="x")
    assert told["isError"] is True
    assert "nobody there" in told["content"][0]["text"]
    assert calling_path.get() == ()


async def later(text: str) -> str:
    before = [step.name for step in calling_path.get()]
    await asyncio.sleep(0)
    after = [step.name for step in calling_path.get()]
    policy = current_policy.get()
    return f"{text} {before} {after} {policy and sorted(policy.effects)}"


class Later:
    """An agent whose call gives an awaitable without saying so before."""

    def __call__(self, text: str) -> Any:
        return later(text)


@pytest.mark.parametrize("agent", [later, Later()])
def test_an_async_agent_keeps_its_path_and_rights_while_it_waits(agent):
    wrapper = ToolWrapper(agent, "slow", "Waits.", policy=Policy(effects=frozenset({"reads"})))
    with allowing(Policy.everything()):
        told = wrapper.call_tool(input="x")["content"][0]["text"]
    assert told == "x ['slow'] ['slow'] ['reads']"
    assert (calling_path.get(), current_policy.get()) == ((), None)


@pytest.mark.parametrize("is_async", [False, True])
def test_an_async_agent_in_a_loop(is_async):
    async def both() -> list[str]:
        call = LLMToolCall(id="1", name="slow", arguments={"input": "x"})
        tools = {"slow": ToolWrapper(later if is_async else Later(), "slow", "Waits.")}
        from mojentic_nb.clock import FrozenClock

        told = [await calling.arun(tools, call, FrozenClock()) for _ in range(2)]
        return [one.text for one in told]

    assert asyncio.run(both()) == ["x ['slow'] ['slow'] None"] * 2


# no circles ------------------------------------------------------------------------


def test_one_after_another_is_no_circle():
    a, b, c = Agent(), Agent(), Agent()
    chain(a, b, c)
    chain(a, c)
    assert ToolWrapper(a, "first", "A.").run(input="x") == "x x x x"


def test_a_circle_is_refused_with_its_path():
    a, b = Agent(), Agent()
    chain(a, b)
    b.tools.append(ToolWrapper(a, "again", "A, by another name."))
    with pytest.raises(ToolError, match="again is at work already: first → tool_1 → again"):
        ToolWrapper(a, "first", "A.").run(input="x")
    assert (a.heard, b.heard) == (["x"], ["x"])
    assert calling_path.get() == ()


def test_who_is_at_work_by_hand_counts_too():
    a, b = Agent(), Agent()
    chain(a, b)
    chain(b, a)
    with entered(a, "a"), pytest.raises(ToolError, match="a → tool_1 → tool_1"):
        a.generate_response("x")


def test_depth_has_an_end():
    agents = [Agent() for _ in range(DEEPEST + 2)]
    chain(*agents)
    with pytest.raises(ToolError, match=f"deeper than {DEEPEST} calls"):
        ToolWrapper(agents[0], "first", "A.").run(input="x")
    assert sum(len(one.heard) for one in agents) == DEEPEST
    assert ToolWrapper(agents[2], "third", "C.").run(input="x") == " ".join("x" * DEEPEST)


def test_equal_agents_are_two():
    class Same(Agent):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None

    a, b = Same(), Same()
    a.tools.append(ToolWrapper(b, "b", "B."))
    assert ToolWrapper(a, "a", "A.").run(input="x") == "x x"


# a real turn -----------------------------------------------------------------------


def eager() -> LLMBroker:
    """A demo model that calls its first tool whatever it is asked."""
    return LLMBroker("demo", config=CompletionConfig(tool_choice="required"))


def events_of(broker: LLMBroker) -> list[Any]:
    heard: list[Any] = []
    broker.subscribe(heard.append)
    return heard


@every_shape
def test_a_turn_hands_its_correlation_id_to_the_model_it_calls(shape):
    inner, outer = LLMBroker("demo"), LLMBroker("demo")
    heard = events_of(inner)
    expert = ToolWrapper(inner, "ask_expert", "Ask the expert a question.")
    shape(outer, "Use the ask_expert tool: what is 6 * 7?", [expert], correlation_id="turn-7")
    assert heard
    assert {one.correlation_id for one in heard} == {"turn-7"}
    assert current_correlation_id.get() is None


@every_shape
def test_two_models_that_call_each_other_end(shape):
    """The second call of a model at work becomes an error that the caller reads."""
    told: list[str] = []
    one, other = eager(), eager()
    first, second = (
        ToolWrapper(one, "ask_expert", "Ask the expert a question."),
        ToolWrapper(other, "ask_expert", "Ask the expert a question."),
    )
    first._tools, second._tools = [second], [first]
    one.subscribe(lambda event: told.append(str(event)))
    shape(other, "Use the ask_expert tool: what is 6 * 7?", [first])
    assert any("is at work already: ask_expert → ask_expert → ask_expert" in one for one in told)


def test_an_id_by_hand_is_handed_on_where_it_is_taken():
    got: list[Any] = []

    class Taking:
        def generate(self, messages: Any, correlation_id: str | None = None) -> str:
            got.append(correlation_id)
            return "done"

    ToolWrapper(Taking(), "a", "A.").call_tool("turn-1", input="x")
    with correlated("turn-2"):
        ToolWrapper(Taking(), "a", "A.").run(input="x")
        ToolWrapper(Recording(), "b", "B.").run(input="x")  # takes none
    ToolWrapper(Taking(), "a", "A.").run(input="x")
    assert got == ["turn-1", "turn-2", None]


# no more rights than the caller's ----------------------------------------------------


def writing(*effects: Any, roots: tuple[str, ...] = ()) -> Policy:
    return Policy(effects=frozenset(effects), roots=tuple(map(Path, roots)))


READS, WRITES = writing("reads"), writing("reads", "writes")


@pytest.mark.parametrize(
    "callers, wrappers, own, may",
    [
        (None, None, WRITES, True),
        (WRITES, None, WRITES, True),
        (WRITES, WRITES, WRITES, True),
        (READS, None, WRITES, False),
        (None, READS, WRITES, False),
        (WRITES, READS, WRITES, False),
        (READS, WRITES, WRITES, False),
        (WRITES, WRITES, READS, False),
    ],
)
def test_who_is_called_may_do_what_all_allow(callers, wrappers, own, may):
    wrapper = ToolWrapper(Writing(own), "writer", "Writes.", policy=wrappers)

    def ask() -> Any:
        with allowing(callers):
            return wrapper.run(input="x")

    if may:
        assert ask() == "wrote x in []"
        return
    with pytest.raises(ToolDenied, match="write may not be used"):
        ask()


def test_rights_only_shrink_on_the_way_down_and_are_back_after():
    inner = ToolWrapper(Writing(WRITES), "writer", "Writes.", policy=WRITES)
    middle = Agent()
    middle.tools.append(inner)
    with pytest.raises(ToolDenied):
        ToolWrapper(middle, "reader", "Reads.", policy=READS).run(input="x")
    assert current_policy.get() is None
    assert inner.run(input="x") == "wrote x in []"


def test_folders_are_those_of_both(tmp_path):
    both, ours, theirs = (tmp_path / name for name in ("both", "ours", "theirs"))
    own = Policy(effects=frozenset({"writes"}), roots=(both, ours))
    wrapper = ToolWrapper(Writing(own), "writer", "Writes.")
    with allowing(Policy(effects=frozenset({"writes"}), roots=(both, theirs))):
        assert wrapper.run(input="x") == "wrote x in ['both']"


@every_shape
def test_rights_follow_into_the_tools_of_a_model(shape):
    """A policy set around a wrapped model binds the tools that model calls, in every shape."""
    seen: list[Any] = []

    @tool
    def look_up(question: str) -> str:
        """Look up the answer to a question."""
        policy = current_policy.get()
        seen.append(policy and sorted(policy.effects))
        return "42"

    expert = ToolWrapper(
        eager(), "ask_expert", "Ask the expert a question.", policy=READS, tools=[look_up]
    )
    shape(eager(), "What is it?", [expert])
    assert seen == [["reads"]]


@every_shape
def test_models_asked_at_once_belong_to_the_same_turn(shape, loopback):
    inner = LLMBroker("demo")
    heard = events_of(inner)
    experts = [ToolWrapper(inner, name, "Ask an expert.") for name in ("one", "two")]
    uses = [ToolUse(name, {"input": "What is 6 * 7?"}) for name in ("one", "two")]
    loopback.script(Answer(tools=uses), Answer("fine"))
    outer = LLMBroker("some-model", OllamaGateway(host=loopback.url))
    both = AsyncParallelToolRunner(2)
    assert shape(outer, "Hello", experts, correlation_id="turn-8", tool_runner=both) == "fine"
    assert {one.correlation_id for one in heard} == {"turn-8"}
    assert [one.sequence for one in heard].count(0) == 2
