"""A model or an agent as a tool of another.

Law: known by what it can do, never by its class. Each call is a conversation of its own;
nobody is called while at work already; who is called may do no more than who calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import ExitStack
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.messages import LLMMessage
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.facts import Facts
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.policy_scope import (
    allowing,
    calling_path,
    correlated,
    current_correlation_id,
    current_policy,
    entered,
)

__all__ = ["ToolWrapper"]

_INPUT = "What it is to do, whole: it sees nothing of this conversation."


class ToolWrapper(LLMTool):
    """A broker or an agent that a model can call.

    Args:
        agent: A broker, which has `generate(messages, …)`, or an agent, which has
            `generate_response(text)` or can be called with a text; it may be async.
        name: What a model calls it by.
        description: What it is good for, in words for that model.
        policy: What its tools may do, as far as the caller may do it; by default all that
            the caller may. It binds the tools that come with us and all that look at
            `policy_scope.current_policy`.
        behaviour: A system message for a broker.
        tools: What a broker may call.
        tracer: Taken for Mojentic's callers.

    Raises:
        ToolError: It is neither.
    """

    facts = Facts(effects=frozenset({"spends"}))

    def __init__(
        self,
        agent: Any,
        name: str,
        description: str,
        *,
        policy: Policy | None = None,
        behaviour: str = "",
        tools: Any = None,
        tracer: Any = None,
    ) -> None:
        super().__init__(tracer)
        self.agent = agent
        self.policy = policy
        self._name = name
        self._description = description
        self._behaviour = behaviour
        self._tools = tools
        self._ask, self._is_broker = _asking(agent)
        if not self._is_broker and (behaviour or tools):
            raise ToolError(
                f"{type(agent).__name__} is an agent, which has its own behaviour and tools.",
                hint="Give these to the agent, or wrap a broker.",
            )

    def __repr__(self) -> str:
        return f"ToolWrapper({self.agent!r}, {self._name!r})"

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """What a model is told of this tool."""
        text = {"type": "string", "description": _INPUT}
        parameters = {
            "type": "object",
            "properties": {"input": text},
            "required": ["input"],
            "additionalProperties": False,
        }
        inner = {"name": self._name, "description": self._description, "parameters": parameters}
        return {"type": "function", "function": inner}

    @property
    def is_async(self) -> bool:
        """Whether the agent answers with an awaitable."""
        return inspect.iscoroutinefunction(self._ask)

    def run(self, input: str) -> Any:
        """Put it to the agent, and give its answer.

        Raises:
            ToolError: It is at work already, or called too deep; the path is in the message.
        """
        with self._scope():
            answer = self._ask(self._prompt(input), **self._options())
            return _Later(answer) if inspect.isawaitable(answer) else answer

    def call_tool(self, correlation_id: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Call it by hand, as part of the turn that the id names."""
        with correlated(correlation_id):
            return super().call_tool(correlation_id, **arguments)

    def _scope(self) -> ExitStack:
        """The caller's path and rights, with ours upon them, until it is closed."""
        with ExitStack() as stack:
            stack.enter_context(entered(self.agent, self._name))
            stack.enter_context(allowing(self.policy))
            return stack.pop_all()

    def _prompt(self, text: str) -> Any:
        if not self._is_broker:
            return text

        first = [LLMMessage.system(self._behaviour)] if self._behaviour else []
        return [*first, LLMMessage.user(text)]

    def _options(self) -> dict[str, Any]:
        options = {"tools": self._tools} if self._tools else {}
        correlation_id = current_correlation_id.get()
        if correlation_id and _takes(self._ask, "correlation_id"):
            options["correlation_id"] = correlation_id

        return options


def _asking(agent: Any) -> tuple[Callable[..., Any], bool]:
    """How to ask it, and whether it wants messages."""
    is_made = not isinstance(agent, type)
    for name, is_broker in (("generate", True), ("generate_response", False)):
        if is_made and callable(found := getattr(agent, name, None)):
            return found, is_broker

    if is_made and callable(agent):
        return (agent if inspect.isroutine(agent) else agent.__call__), False

    raise ToolError(
        f"{agent!r} is no broker and no agent.",
        hint="Give what has generate(messages), generate_response(text), or can be called.",
    )


def _takes(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False

    return name in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


class _Later:
    """An answer still to be awaited, with the path and the rights it was asked under."""

    def __init__(self, answer: Awaitable[Any]) -> None:
        self._answer = answer
        self._path = calling_path.get()
        self._policy = current_policy.get()
        self._correlation_id = current_correlation_id.get()

    def __await__(self) -> Generator[Any, Any, Any]:
        """Wait for it under them."""
        path, rights = calling_path.set(self._path), current_policy.set(self._policy)
        try:
            with correlated(self._correlation_id):
                return (yield from self._answer.__await__())
        finally:
            calling_path.reset(path)
            current_policy.reset(rights)
