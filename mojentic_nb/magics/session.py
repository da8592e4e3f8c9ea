"""This kernel's side of the conversation: what was said, by which model, at what size.

Law: the only state the magics keep. A turn enters the history when it has an answer; one
that failed leaves no trace, one that was stopped is kept and says so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mojentic_nb.events import Usage
from mojentic_nb.magics.settings import MODEL_VARIABLE, Settings
from mojentic_nb.messages import LLMMessage
from mojentic_nb.reply import Reply

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["Said", "Session"]

# What a model is told of an answer that its reader stopped.
STOPPED_MARK = "[The reader stopped this answer here.]"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One turn of the conversation.

    Attributes:
        is_partial: The answer is not whole; the model is told so in later turns.
    """

    prompt: str
    answer: str
    is_partial: bool = False

    @property
    def messages(self) -> tuple[LLMMessage, LLMMessage]:
        """The turn as a model is told of it."""
        answer = f"{self.answer}\n\n{STOPPED_MARK}" if self.is_partial else self.answer
        return LLMMessage.user(self.prompt), LLMMessage.assistant(answer)


@dataclass(kw_only=True)
class Session:
    """The conversation and the brokers of one kernel.

    Attributes:
        history: Turns so far, oldest first.
        calls: Calls answered so far, structured ones included.
        usage: Their tokens together.
        models: Model names by provider, as last seen; completion reads it and never asks.
    """

    settings: Settings
    history: list[Said] = field(default_factory=list)
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    models: dict[str, list[str]] = field(default_factory=lambda: {"demo": ["demo"]})
    _brokers: dict[str, LLMBroker] = field(default_factory=dict)
    _found: str = ""

    def messages(self, prompt: str, *, system: str | None, fresh: bool) -> list[LLMMessage]:
        """What is sent: the system message, the conversation unless `fresh`, the prompt."""
        told = self.settings.system if system is None else system
        before = [] if fresh else [one for said in self.history for one in said.messages]
        return [*([LLMMessage.system(told)] if told else []), *before, LLMMessage.user(prompt)]

    def keep(self, prompt: str, reply: Reply) -> None:
        """Remember a turn; an answer without a word is not one."""
        if reply.content.strip():
            said = Said(
                prompt=prompt,
                answer=reply.content,
                is_partial=reply.finish_reason == "interrupted",
            )
            self.history.append(said)

    def count(self, usage: Usage) -> None:
        """Add a call to the totals."""
        self.calls += 1
        self.usage += usage

    def forget(self) -> None:
        """Begin a new conversation."""
        self.history.clear()

    def named_model(self, asked: str | None = None) -> str:
        """The model a call without a look around would take; empty when unknown yet."""
        return (
            asked or self.settings.model or os.environ.get(MODEL_VARIABLE, "").strip()
        ) or self._found

    def broker(self, asked: str | None = None) -> LLMBroker:
        """The broker of a model; without a name, of what is found, which is said once."""
        from mojentic_nb.broker import LLMBroker, default_model

        model = self.named_model(asked)
        if not model:
            model = self._found = default_model()
            sys.stdout.write(f"{_told(model)}\n")
        if model not in self._brokers:
            self._brokers[model] = LLMBroker(model)
            self.seen(model)

        return self._brokers[model]

    def seen(self, model: str) -> None:
        """Remember a model that was used, for completion."""
        provider = model.partition(":")[0]
        known = self.models.setdefault(provider, [])
        if model not in known and (":" in model or model == "demo"):
            known.append(model)

    def restart(self, names: Sequence[str]) -> None:
        """Forget everything, and set these settings back to their defaults."""
        self.forget()
        self.calls, self.usage, self._found = 0, Usage(), ""
        self._brokers.clear()
        for name in names:
            setattr(self.settings, name, self.settings.trait_defaults(name))


def _told(model: str) -> str:
    provider = model.partition(":")[0]
    if model == "demo":
        return "Using demo, an offline rule-based model: Ollama is not running and no key is set."
    if provider == "ollama":
        return f"Using {model}, the first model of the running Ollama; choose another with -m."

    variable = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}.get(provider, "")
    return f"Using {model}, because {variable or 'a key'} is set; choose another with -m."
