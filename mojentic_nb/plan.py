"""From a prompt to a turn: what one call of a broker comes to, before anything is sent.

Law: every shape of call is planned here, once, and the same. What makes no sense is
refused here. Nothing is performed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypedDict

from mojentic_nb import ids
from mojentic_nb.background import wait_for
from mojentic_nb.config import CompletionConfig, Sampling, Timeouts, merged
from mojentic_nb.drive import awaiting, here
from mojentic_nb.effects import Call, Proceed, Turn
from mojentic_nb.events import TurnFinished
from mojentic_nb.hooks.chain import chained
from mojentic_nb.hooks.deadline import Deadline
from mojentic_nb.hooks.inlining import Inline, has_addresses
from mojentic_nb.hooks.points import around, begun
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.hooks.window import Window, window_of
from mojentic_nb.messages import LLMMessage, as_messages
from mojentic_nb.place import place_of_turn
from mojentic_nb.quick import quick
from mojentic_nb.reply import Reply
from mojentic_nb.request import ChatRequest
from mojentic_nb.schema import Shape
from mojentic_nb.setting import Setting
from mojentic_nb.structured import REPAIRS, object_turn, one_object, shape_of
from mojentic_nb.tools.consent import Consent, consent_of
from mojentic_nb.tools.gathering import as_tools
from mojentic_nb.tools.runners import ToolRunner, runner_of
from mojentic_nb.turn import model_call, one_call, turn

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["CallOptions", "How", "Plan", "Prompt", "planned"]

Prompt = str | LLMMessage | Sequence[LLMMessage]


class CallOptions(Sampling, total=False):
    """What a single call may set, besides its messages, tools and config."""

    correlation_id: str | None
    timeout: Timeouts | float | None
    retry: Retry | None
    deadline: float | None
    tool_runner: ToolRunner | None
    consent: Consent | None
    window: Window | None


class How(TypedDict, total=False):
    """What differs between the shapes: pieces or not, one call or a turn, text or an object."""

    stream: bool
    kind: Callable[[Call, Proceed], Turn]
    shape: Shape | None
    repairs: int


@quick
class Plan:
    """One call, ready for a driver."""

    turn: Turn
    setting: Setting

    def run(self) -> TurnFinished:
        """Make the call here; what it came to."""
        *_, last = here(self.turn, self.setting)
        assert isinstance(last, TurnFinished)
        return last

    def reply(self, finished: TurnFinished) -> Reply:
        """What the caller gets."""
        return Reply.of(finished, correlation_id=self.setting.correlation_id)

    async def arun(self) -> TurnFinished:
        """Make the call in the running loop."""
        async with aclosing(awaiting(self.turn, self.setting)) as events:
            async for event in events:
                last = event

        assert isinstance(last, TurnFinished)
        return last


def planned(
    broker: LLMBroker,
    messages: Prompt,
    tools: Any,
    config: CompletionConfig | None,
    options: CallOptions,
    *,
    stream: bool = False,
    kind: Callable[[Call, Proceed], Turn] = turn,
    shape: Shape | None = None,
    repairs: int = REPAIRS,
) -> Plan:
    """Plan one call of a broker.

    Raises:
        BadArgument: The call makes no sense.
    """
    loose: dict[str, Any] = dict(options)
    correlation_id = loose.pop("correlation_id", None) or ids.correlation_id()
    retry = loose.pop("retry", None) or broker.retry
    deadline = loose.pop("deadline", None)
    runner = runner_of(loose.pop("tool_runner", None)) or broker.tool_runner
    consent = consent_of(loose.pop("consent", None)) or broker.consent
    window = window_of(loose.pop("window", None))
    toolbox = as_tools(tools)
    request = ChatRequest(
        model=broker.model,
        messages=as_messages(messages),
        timeouts=Timeouts.of(loose.pop("timeout", None), default=broker.timeouts),
        config=merged(config or broker.config, loose),
        tools=tuple(one.spec for one in toolbox.values()),
        stream=stream,
    )
    bus = broker.bus or None
    setting = Setting(
        gateway=broker.gateway,
        tools=toolbox,
        bus=bus,
        correlation_id=correlation_id,
        await_here=wait_for,
        clock=broker.clock,
        consent=consent,
        place=None if bus is None else place_of_turn(correlation_id),
        model=request.model,
    )
    first = Call(request=request, gateway=broker.gateway, tools_at_once=runner.max_concurrency)
    inmost = [Inline()] if has_addresses(request.messages) else []
    within = None if deadline is None else Deadline(deadline)
    in_order = broker.policies.in_order(retry=retry, deadline=within, window=window)
    policies = begun(in_order, setting.time)
    proceed = chained([*policies, *inmost], model_call)
    shape = shape or shape_of(request.config.response_format)
    if shape is None:
        whole = kind(first, proceed)
    elif kind is one_call:
        whole = one_object(first, shape, proceed)
    else:
        whole = object_turn(first, shape, proceed, repairs)

    return Plan(around(whole, policies), setting)
