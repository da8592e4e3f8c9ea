"""What a caller gets back: text that knows how it came about.

Law: a `Reply` is a `str` in every respect, so that `print(broker.generate(...))` and
`print(broker.generate(...).content)` both do what they say.
"""

from __future__ import annotations

from typing import Any, Self

from mojentic_nb.events import ToolReturned, TurnFinished, Usage
from mojentic_nb.messages import LLMToolCall

__all__ = ["Reply"]


class Reply(str):
    """A model's answer.

    Attributes:
        content: The same text, as a plain `str`.
        thinking: Reasoning that came apart from the text; `""` for none.
        tool_calls: Calls the model made, in order: those that ran, or, where tools
            are not run, those it asks for.
        tool_results: What the tools that ran returned, in the same order.
        usage: Tokens of all calls of the turn together.
        finish_reason: `stop`, `length`, `tool_calls`, `content_filter`, or
            `interrupted` where the reader stopped it.
        model: The model, as the provider names it.
        duration_s: Seconds from asking to the end, tools and waits included.
        ttft_s: Seconds to the first piece of the answer; `None` if none came.
        correlation_id: Id of the turn, shared by all its events.
        object: The object the text stands for, where a `response_format` asked for one.
        is_partial: The text is not whole: stopped, broken off or cut at a bound.
        is_cached: The answer came from a response cache.
        logprobs: What the provider told of each token, where `logprobs` asked for it.
        alternatives: The texts of the further answers, where `n` asked for several.
    """

    content: str
    thinking: str
    tool_calls: tuple[LLMToolCall, ...]
    tool_results: tuple[ToolReturned, ...]
    usage: Usage
    finish_reason: str
    model: str
    duration_s: float
    ttft_s: float | None
    correlation_id: str
    object: Any
    is_partial: bool
    is_cached: bool
    logprobs: tuple[Any, ...]
    alternatives: tuple[str, ...]

    def __new__(cls, text: str = "", **known: Any) -> Self:
        """Make a reply of its text and whatever else is known of it."""
        reply = super().__new__(cls, text)
        if not known.keys() <= _UNKNOWN.keys():
            unknown = sorted(known.keys() - _UNKNOWN.keys())
            raise TypeError(f"a Reply has no {', '.join(unknown)}")

        reply.__dict__.update(_UNKNOWN)
        reply.__dict__.update(known)
        reply.content = str.__str__(reply)
        return reply

    def __str__(self) -> str:
        return self.content

    def __reduce__(self) -> tuple[Any, ...]:
        known = {name: value for name, value in self.__dict__.items() if name in _UNKNOWN}
        return _made, (type(self), self.content, known)

    @property
    def text(self) -> str:
        """The same text, under the name some libraries use."""
        return self.content

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from mojentic_nb.views.markdown import showable

        return {"text/markdown": showable(self.content), "text/plain": self.content or " "}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython has a printer for str, which would quote; it looks here before.
        printer.text(self.content)

    @classmethod
    def of(cls, finished: TurnFinished, *, correlation_id: str) -> Self:
        """Make the reply of a turn that is over."""
        answer = finished.answer
        ran = tuple(result.call for result in finished.calls)
        return cls(
            answer.text,
            thinking=answer.thinking,
            tool_calls=ran + (answer.tool_calls if not ran else ()),
            tool_results=finished.calls,
            usage=answer.usage,
            finish_reason=answer.finish_reason,
            model=answer.model,
            duration_s=answer.answered_at - answer.asked_at,
            ttft_s=None if answer.first_at is None else answer.first_at - answer.asked_at,
            correlation_id=correlation_id,
            object=finished.value,
            is_partial=answer.finish_reason in ("length", "content_filter"),
            is_cached=answer.is_cached,
            logprobs=answer.logprobs,
            alternatives=answer.alternatives,
        )


_UNKNOWN: dict[str, Any] = {
    "thinking": "",
    "tool_calls": (),
    "tool_results": (),
    "usage": Usage(),
    "finish_reason": "stop",
    "model": "",
    "duration_s": 0.0,
    "ttft_s": None,
    "correlation_id": "",
    "object": None,
    "is_partial": False,
    "is_cached": False,
    "logprobs": (),
    "alternatives": (),
}


def _made(kind: type[Reply], text: str, known: dict[str, Any]) -> Reply:
    return kind(text, **known)
