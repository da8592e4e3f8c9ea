"""This kernel's side of the calls: which model, under which policies, in which conversation.

Law: the only state the magics keep. What was said is the conversation's own (`chat.session`);
here is which one is at hand, and what all calls of this kernel came to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mojentic_nb.chat import Exchange
from mojentic_nb.config import CompletionConfig, merged
from mojentic_nb.events import Event, Usage
from mojentic_nb.magics.brokers import Brokers
from mojentic_nb.magics.conversations import Conversations
from mojentic_nb.magics.settings import Settings, held
from mojentic_nb.magics.watching import tracer_here
from mojentic_nb.messages import LLMMessage

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["Session"]

# Characters of a first prompt that a conversation is called by.
LONGEST_TITLE = 60


@dataclass(kw_only=True)
class Session:
    """The conversations and the brokers of one kernel.

    Attributes:
        calls: Calls answered so far, structured ones included.
        usage: Their tokens together.
        dollars: Their price together, as far as it is known; None where none is.
        titles: How each conversation began, by its id.
        models: Model names by provider, as last seen; completion reads it and never asks.
    """

    settings: Settings
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: float | None = None
    models: dict[str, list[str]] = field(default_factory=lambda: {"demo": ["demo"]})
    titles: dict[str, str] = field(default_factory=dict)
    _found: str = ""

    def __post_init__(self) -> None:
        self._brokers = Brokers(self.settings)
        self.chats = Conversations(self.value)

    def value(self, name: str) -> Any:
        """What holds for a setting now.

        Raises:
            BadArgument: A settings file or variable is not in order.
        """
        return held(self.settings, name).value

    # the conversation -------------------------------------------------------

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What was said in the conversation at hand."""
        return self.chats.present.exchanges if self.chats.present else ()

    @property
    def stale(self) -> frozenset[str]:
        """Ids of its exchanges that were answered before something earlier was changed."""
        return frozenset(one.id for one in self.exchanges if one.is_stale)

    @property
    def session_id(self) -> str | None:
        """The id of the conversation as it is traced; None where nothing was said yet."""
        return self.chats.present.session_id if self.chats.present else None

    def told_before(self, system: str | None, *, is_alone: bool = False) -> list[LLMMessage]:
        """What stands before a question of this cell.

        Args:
            system: In the place of the usual system message.
            is_alone: Without the conversation.
        """
        chat = None if is_alone else self.chats.followed()
        if chat is not None:
            return chat.told_before(system=system, **self.chats.of_this_cell())

        prompt = self.value("system") if system is None else system
        return [LLMMessage.system(prompt)] if prompt else []

    def events(
        self,
        question: LLMMessage,
        broker: LLMBroker,
        *,
        is_usual: bool,
        config: CompletionConfig,
        **options: Any,
    ) -> Iterator[Event]:
        """Say something in the conversation at hand, as a turn of this cell.

        Args:
            question: A person's message.
            broker: Who is asked.
            is_usual: Whoever does not say whom asks this one, too.
            config: What this cell sets, over what the conversation has.
            **options: As `ChatSession.send` takes them, with a `correlation_id`.
        """
        chat = self.chats.settled(broker, is_usual=is_usual)
        of_cell = {name: getattr(config, name) for name in config.model_fields_set}
        options["config"] = merged(chat.config, of_cell)
        self._name_in_trace(chat.session_id, chat.name or question.content or "")
        if options.get("at") is None:
            options |= self.chats.of_this_cell(options["correlation_id"])
        return chat.send_events(question, llm=broker, **options)

    def _name_in_trace(self, session_id: str, name: str) -> None:
        if session_id in self.titles:
            return

        words = " ".join(name[: 4 * LONGEST_TITLE].split())
        title = words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1]}…"
        self.titles[session_id] = title
        tracer = tracer_here()
        if tracer is not None and tracer.capture != "none":
            tracer.name_session(session_id, title=title)

    # calls ------------------------------------------------------------------

    def count(self, usage: Usage, dollars: float | None = None) -> None:
        """Add a call to the totals."""
        self.calls += 1
        self.usage += usage
        if dollars is not None:
            self.dollars = (self.dollars or 0.0) + dollars

    def take_up(self, name: str) -> bool:
        """Go on with a named conversation, or begin it; whether it was there.

        Where no model is set, it is asked that it was begun with.
        """
        if not self.named_model():
            header = self.chats.header(name)
            self._found = str(header.settings.get("model") or "") if header else ""
        return self.chats.take_up(name, self.broker())

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
        self.chats.close()
        self._brokers.forget()

    def restart(self, names: Sequence[str]) -> None:
        """Forget everything, and set these settings back to their defaults."""
        self.chats.forget()
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
