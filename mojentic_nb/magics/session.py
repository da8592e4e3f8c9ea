"""This kernel's side of the conversation: what was said, by which model, at what size.

Law: the only state the magics keep. A turn enters the history when it has an answer; one
that failed leaves no trace, one that was stopped is kept and says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mojentic_nb.events import Usage
from mojentic_nb.magics.brokers import Brokers
from mojentic_nb.magics.settings import Settings, held
from mojentic_nb.messages import LLMMessage
from mojentic_nb.reply import Reply

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker
    from mojentic_nb.media import ImagePart

__all__ = ["Said", "Session"]

# What a model is told of an answer that its reader stopped.
STOPPED_MARK = "[The reader stopped this answer here.]"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One turn of the conversation.

    Attributes:
        is_partial: The answer is not whole; the model is told so in later turns.
        images: What was sent with the prompt; sent again, so that one can ask further.
    """

    prompt: str
    answer: str
    is_partial: bool = False
    images: Sequence[ImagePart] = ()

    @property
    def messages(self) -> tuple[LLMMessage, LLMMessage]:
        """The turn as a model is told of it."""
        answer = f"{self.answer}\n\n{STOPPED_MARK}" if self.is_partial else self.answer
        return LLMMessage.user(self.prompt, images=self.images), LLMMessage.assistant(answer)


@dataclass(kw_only=True)
class Session:
    """The conversation and the brokers of one kernel.

    Attributes:
        history: Turns so far, oldest first.
        calls: Calls answered so far, structured ones included.
        usage: Their tokens together.
        dollars: Their price together, as far as it is known; None where none is.
        models: Model names by provider, as last seen; completion reads it and never asks.
    """

    settings: Settings
    history: list[Said] = field(default_factory=list)
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: float | None = None
    models: dict[str, list[str]] = field(default_factory=lambda: {"demo": ["demo"]})
    _found: str = ""

    def __post_init__(self) -> None:
        self._brokers = Brokers(self.settings)

    def value(self, name: str) -> Any:
        """What holds for a setting now.

        Raises:
            BadArgument: A settings file or variable is not in order.
        """
        return held(self.settings, name).value

    def messages(
        self,
        prompt: str,
        *,
        system: str | None,
        fresh: bool,
        images: Sequence[ImagePart] = (),
    ) -> list[LLMMessage]:
        """What is sent: the system message, the conversation unless `fresh`, the prompt."""
        before = [] if fresh else [one for said in self.history for one in said.messages]
        own = LLMMessage.user(prompt, images=images)
        return [*([LLMMessage.system(system)] if system else []), *before, own]

    def keep(self, prompt: str, reply: Reply, *, images: Sequence[ImagePart] = ()) -> None:
        """Remember a turn; an answer without a word is not one."""
        if reply.content.strip():
            said = Said(
                prompt=prompt,
                answer=reply.content,
                is_partial=reply.finish_reason == "interrupted",
                images=tuple(images),
            )
            self.history.append(said)

    def count(self, usage: Usage, dollars: float | None = None) -> None:
        """Add a call to the totals."""
        self.calls += 1
        self.usage += usage
        if dollars is not None:
            self.dollars = (self.dollars or 0.0) + dollars

    def forget(self) -> None:
        """Begin a new conversation."""
        self.history.clear()

    def named_model(self, asked: str | None = None) -> str:
        """The model a call without a look around would take; empty when unknown yet."""
        return asked or self.value("model") or self._found

    def broker(self, asked: str | None = None) -> LLMBroker:
        """The broker of a model; without a name, of what is found, which is said once."""
        from mojentic_nb.gateways.choose import default_model
        from mojentic_nb.gateways.configured import configured

        model = self.named_model(asked)
        if not model:
            model = self._found = default_model(configured)
            sys.stdout.write(f"{_told(model)}\n")

        self.seen(model)
        return self._brokers.of(model)

    @property
    def budget(self) -> Any:
        """What this session may spend; None where there is no bound."""
        return self._brokers.budget

    def seen(self, model: str) -> None:
        """Remember a model that was used, for completion."""
        provider = model.partition(":")[0]
        known = self.models.setdefault(provider, [])
        if model not in known and (":" in model or model == "demo"):
            known.append(model)

    def close(self) -> None:
        """Let go of files: the magics are leaving."""
        self._brokers.forget()

    def restart(self, names: Sequence[str]) -> None:
        """Forget everything, and set these settings back to their defaults."""
        self.forget()
        self.calls, self.usage, self.dollars, self._found = 0, Usage(), None, ""
        self._brokers.forget()
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
