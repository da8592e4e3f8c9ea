"""The context window: every call of the model is made to fit what the model can read.

Law: pure. It stands around each call, those of a tool loop included, and measures what that
call would send: messages, tool calls, images, tools and schema. What goes is said. Where
even that does not fit which must stay, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, get_args

from mojentic_nb.clock import Clock
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.window_fit import Fit, fitted
from mojentic_nb.hooks.window_summary import Summary
from mojentic_nb.hooks.window_turn import Fitting
from mojentic_nb.messages import LLMMessage

__all__ = ["Counting", "Strategy", "Window", "window_of"]

Messages = Sequence[LLMMessage]
Strategy = Literal["drop-oldest", "summarise", "error"]


class Counting(Protocol):
    """Counts tokens: of several messages it is the sum, and of none what a request costs besides.

    `chat.room.counter_of` makes one.
    """

    def __call__(
        self,
        messages: Messages,
        /,
        *,
        tools: Iterable[Any] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> int:
        """Tokens of these messages; with `tools=` given, tools, schema and frame besides."""


class Window:
    """How much of a conversation goes along with each call, and what becomes of the rest.

    Keep one for as long as the conversation lasts: it remembers the summary it made.

    Args:
        max_context: Tokens of a whole call, tools and schema included.
        count: Counts tokens.
        strategy: `drop-oldest` leaves out the oldest exchanges; `summarise` has the model
            sum them up first; `error` raises `ContextOverflow` instead.
        max_messages: The most messages to send besides the system's; the current question and
            what follows it go along all the same.
        earlier: A summary of what was said before the first message; it goes along as any.
        left_out: How many messages were said before the first one, and do not go along.

    Attributes:
        summary: What stands for the beginning of the conversation now; None for nothing.

    Raises:
        BadArgument: One of them makes no sense.
    """

    def __init__(
        self,
        max_context: int,
        count: Counting,
        strategy: Strategy = "drop-oldest",
        max_messages: int | None = None,
        *,
        earlier: str = "",
        left_out: int = 0,
    ) -> None:
        if not _is_whole(max_context):
            raise BadArgument(f"max_context={max_context!r} is not a number of tokens above 0.")
        if not callable(count):
            raise BadArgument(f"count={count!r} cannot count: it is not callable.")
        if strategy not in get_args(Strategy):
            known = ", ".join(map(repr, get_args(Strategy)))
            raise BadArgument(f"strategy={strategy!r} is none of {known}.")
        if max_messages is not None and not _is_whole(max_messages):
            raise BadArgument(f"max_messages={max_messages!r} is not a number above 0.")

        self.max_context = max_context
        self.count = count
        self.strategy = strategy
        self.max_messages = max_messages
        self.earlier = Summary((), earlier) if earlier else None
        self.summary = self.earlier
        self.left_out = left_out

    def __repr__(self) -> str:
        return f"Window({self.max_context}, strategy={self.strategy!r})"

    def begin(self, clock: Clock) -> Fitting:
        """The window of one turn, which knows its question."""
        return Fitting(self)

    def fit(
        self,
        messages: Messages,
        *,
        tools: Iterable[Any] = (),
        schema: Mapping[str, Any] | None = None,
        question: int | None = None,
        less: int = 0,
    ) -> Fit:
        """What of these messages has room.

        Args:
            messages: The conversation.
            tools: Tools on offer.
            schema: What the answer must fit.
            question: Where the current question stands; by default the last one of all.
            less: Tokens to leave free.
        """
        return fitted(
            messages,
            room=self.max_context - less,
            fixed=self.count((), tools=tools, schema=schema),
            count=self.count,
            question=question,
            max_messages=self.max_messages,
        )


def window_of(given: Any) -> Window | None:
    """Read a `window=` option.

    Raises:
        BadArgument: It is no window.
    """
    if given is not None and not isinstance(given, Window):
        raise BadArgument(f"window={given!r} is no Window.", hint="Write window=Window(…).")

    return given


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
