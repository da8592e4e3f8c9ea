"""Who a conversation asks: with which settings, and how much they can read.

Law: a provider is asked for its room once, and only where a turn is about to begin or a
person wants to see; what one call sets holds for that call.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat.given import broker_given, count_given
from mojentic_nb.chat.room import Counter, context_of, counter_of
from mojentic_nb.chat.saving import Saved
from mojentic_nb.config import CompletionConfig, merged

__all__ = ["Asking"]


class Asking(Saved):
    """A history that has somebody to ask.

    Attributes:
        llm: The broker that is asked.
        config: Settings of every turn; what it leaves open is the broker's.
        tokenizer_gateway: Counts tokens.
    """

    llm: LLMBroker
    config: CompletionConfig
    tokenizer_gateway: Any
    _max_context: int | None
    # How much whoever is asked can read, by the `num_ctx` of the call; and what counts it.
    _rooms: WeakKeyDictionary[LLMBroker, dict[int | None, int]]
    _counters: WeakKeyDictionary[LLMBroker, Counter]

    @property
    def max_context(self) -> int:
        """Tokens that what is sent may have."""
        return self._room_of(self.llm, self._config_of(self.llm))

    @max_context.setter
    def max_context(self, tokens: int | None) -> None:
        self._max_context = None if tokens is None else count_given(tokens, "max_context")

    def _config_of(self, llm: LLMBroker) -> CompletionConfig:
        """The settings of its turns: the broker's, and over them the conversation's."""
        own = self.config
        return merged(llm.config, {name: getattr(own, name) for name in own.model_fields_set})

    def _counter_of(self, llm: LLMBroker) -> Counter:
        """What counts a broker's tokens; kept, since it counts each message once."""
        if llm not in self._counters:
            self._counters[llm] = counter_of(self.tokenizer_gateway, llm)

        return self._counters[llm]

    def _room_of(self, llm: LLMBroker, config: CompletionConfig, timeout: Any = None) -> int:
        if self._max_context is not None:
            return min(self._max_context, config.num_ctx or self._max_context)

        known = self._rooms.setdefault(llm, {})
        if config.num_ctx not in known:
            known[config.num_ctx] = context_of(llm, config, timeout=timeout)[0]

        return known[config.num_ctx]

    def _whom(self, options: dict[str, Any]) -> tuple[LLMBroker, CompletionConfig, int]:
        """Who a turn asks, with which settings, and how much they can read."""
        llm = broker_given(options.get("llm", self.llm))
        config = options.get("config") or self._config_of(llm)
        config = merged(config, {"num_ctx": options.get("num_ctx")})
        return llm, config, self._room_of(llm, config, options.get("timeout"))

    def _is_aside(self, llm: LLMBroker, config: CompletionConfig, options: dict[str, Any]) -> bool:
        """Whether a turn's room is not that of the turns to come."""
        usual = self._config_of(llm).num_ctx
        return llm is not self.llm or config.num_ctx != usual or "window" in options
