"""What a turn asks of its driver, and what it is sent back.

Law: values only. A turn, and every policy around it, yields these; `drive.py` is the only
one that performs them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from mojentic_nb.events import Answer, Event, ToolReturned, TurnFinished
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.quick import quick
from mojentic_nb.request import ChatRequest

__all__ = [
    "Ask",
    "Asking",
    "Call",
    "Effect",
    "Fetch",
    "Outcome",
    "Proceed",
    "Stopped",
    "Tell",
    "Turn",
    "Use",
    "UseTogether",
    "Wait",
]


@quick
class Ask:
    """Call the model; the outcome is its `Answer`, or a `GatewayError` thrown in.

    `gateway` is the road to take where it is another than the turn's own.
    """

    request: ChatRequest
    gateway: Any = None


@quick
class Use:
    """Run one tool, for so many seconds at most; the outcome is what it returned."""

    call: LLMToolCall
    within_s: float | None = None


@quick
class UseTogether:
    """Run several tools, so many at once; the outcome is what they returned, in order."""

    calls: tuple[LLMToolCall, ...]
    at_once: int
    within_s: float | None = None


@quick
class Fetch:
    """Read a web address, within so many seconds; the outcome is its bytes.

    Or a `GatewayError` thrown in.
    """

    url: str
    within_s: float | None = None


@quick
class Wait:
    """Let this many seconds pass, or fewer where `until` is done before."""

    seconds: float
    until: Future[None] | None = None


@quick
class Tell:
    """Let everybody know."""

    event: Event


class Stopped(BaseException):
    """The turn is left in the middle of an answer, by an interrupt or a reader who went.

    Thrown into the turn before it is closed, so that a policy can learn what had come:
    `text`, thoughts included. No GeneratorExit, since `yield from` passes none of that on.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


Effect = Ask | Use | UseTogether | Fetch | Wait | Tell
Outcome = Answer | ToolReturned | list[ToolReturned] | bytes | None
Turn = Generator[Effect, Outcome, TurnFinished]

# One call of a model under way, with everything the policies do around it.
Asking = Generator[Effect, Outcome, Answer]
Proceed = Callable[["Call"], Asking]


@quick(kw_only=True)
class Call:
    """One call of a model, as policies see it.

    Attributes:
        request: What is asked.
        gateway: The road: has `name`, `url` and `timeouts`.
        round: Which call of the turn this is, from 1.
        tools_at_once: How many of the tools it asks for may run at the same time.
    """

    request: ChatRequest
    gateway: Any
    round: int = 1
    tools_at_once: int = 1
