"""One question to a model, complete: what a gateway is given to encode.

Law: a value. `after` makes the next request of a tool loop; nothing here is
ever changed in place, the caller's messages least of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from mojentic_nb.config import CompletionConfig, Timeouts
from mojentic_nb.events import Answer
from mojentic_nb.messages import LLMMessage, MessageRole
from mojentic_nb.quick import quick

__all__ = ["ChatRequest", "EmbeddingRequest", "ToolSpec"]


@quick(kw_only=True)
class ToolSpec:
    """What a model is told of one tool; `parameters` is a JSON schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@quick(kw_only=True)
class EmbeddingRequest:
    """Texts to be turned into vectors; a gateway is asked for them outside of turns.

    Attributes:
        tools: None; as a `ChatRequest` has them.
    """

    model: str
    texts: tuple[str, ...] = field(repr=False)
    tools: tuple[ToolSpec, ...] = ()


@quick(kw_only=True)
class ChatRequest:
    """One call of a model.

    Attributes:
        tools: Tools on offer; empty for a plain answer.
        schema: JSON schema the answer's text must fit; `None` for free text.
        schema_name: Name of that schema, for providers that want one.
        stream: Ask for the answer piece by piece.
        deadline_at: When the answer must be complete, in the clock's seconds.
        is_json: The answer's text must be one JSON object, of any form.
        is_last: The model has to answer now: tools may be named, not called.
        is_aside: Asked for ourselves, as a summary is: no piece of its answer is told.
    """

    model: str
    messages: tuple[LLMMessage, ...]
    config: CompletionConfig = field(default_factory=CompletionConfig)
    tools: tuple[ToolSpec, ...] = ()
    schema: Mapping[str, Any] | None = None
    schema_name: str = "answer"
    stream: bool = True
    timeouts: Timeouts | None = None
    is_last: bool = False
    is_json: bool = False
    is_aside: bool = False
    deadline_at: float | None = None

    def after(self, answer: Answer, results: Sequence[LLMMessage]) -> ChatRequest:
        """Make the next request: the model's words, then what its tools returned."""
        said = LLMMessage(
            role=MessageRole.Assistant,
            content=answer.text or None,
            thinking=answer.thinking or None,
            tool_calls=list(answer.tool_calls) or None,
            provider_state=answer.provider_state,
        )
        return replace(self, messages=(*self.messages, said, *results), config=self._freed())

    def _freed(self) -> CompletionConfig:
        # A tool that has to be called has been; forced again, the model could never answer.
        is_forced = self.config.tool_choice not in (None, "auto", "none")
        return self.config.model_copy(update={"tool_choice": None}) if is_forced else self.config

    def as_last(self) -> ChatRequest:
        """Make the same request, to be answered without tools."""
        return replace(self, is_last=True)

    @property
    def calls_so_far(self) -> int:
        """Tool calls in the conversation, the base of made-up call ids."""
        return sum(
            len(message.tool_calls or ())
            for message in self.messages
            if message.role is MessageRole.Assistant
        )
