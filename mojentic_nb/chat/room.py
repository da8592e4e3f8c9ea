"""How much room a conversation has, and how much of it something takes.

Law: whoever knows the model's context best is asked, once and not for long; nothing here
ever keeps a conversation from going on. Counting costs only what is new.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from mojentic_nb.catalogue import ModelContextWindow, card, effective_context_window
from mojentic_nb.config import CompletionConfig, Timeouts
from mojentic_nb.errors import BadArgument, MojenticError
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.messages import LLMMessage
from mojentic_nb.tokens import TokenizerGateway

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker

__all__ = ["USUAL_CONTEXT", "Counter", "context_of", "counter_of"]

# Tokens; Mojentic's default for a session whose model nobody knows.
USUAL_CONTEXT = 32_768

# Seconds in which a server that is there takes a connection. One that is not must not keep
# people from hearing so.
CONNECT_S = 1.0

# What each server said of its models. A server that could not be asked is asked again.
_said: WeakKeyDictionary[LLMGateway, dict[str, ModelContextWindow | None]] = WeakKeyDictionary()


def context_of(
    broker: LLMBroker,
    config: CompletionConfig | None = None,
    *,
    timeout: Timeouts | float | None = None,
) -> tuple[int, str]:
    """The tokens a broker's model can read at once, and how we know.

    The provider's word where it has one, else the catalogue's, else Mojentic's 32,768; and
    never more than `num_ctx` asks for. An Ollama that nobody tells a `num_ctx` loads far less
    than its models could: there a session has to ask for what it counts on.

    Args:
        broker: Whose model.
        config: Settings of the calls; by default the broker's.
        timeout: Patience of the call for whose sake it is asked; by default the broker's.
    """
    config = config or broker.config
    gateway, model = broker.gateway, broker.model
    window, why = _asked(gateway, model, Timeouts.of(timeout, default=broker.timeouts))
    if window is None:
        tokens = card(gateway.name, model).context_tokens
        known = effective_context_window(tokens, config)
        why = "the catalogue" if tokens is not None else why
    else:
        known = effective_context_window(window, config)

    if known is None:
        return USUAL_CONTEXT, why
    if config is not None and config.num_ctx == known:
        return known, "num_ctx"
    if gateway.name == "ollama" and window is not None and window.model_num_ctx is None:
        # The most some of them were made for would not go into a machine's memory.
        return min(known, USUAL_CONTEXT), why

    return known, why


def _asked(
    gateway: LLMGateway, model: str, patience: Timeouts
) -> tuple[ModelContextWindow | None, str]:
    """What the provider says, and how to tell of it."""
    known = _said.get(gateway, {})
    try:
        asked = _hasty(gateway, patience)
        window = known[model] if model in known else asked.get_model_context_window(model)
    except MojenticError as error:
        return None, f"Mojentic's default, as {gateway.name} cannot be asked: {error.message}"

    _said.setdefault(gateway, {})[model] = window
    if window is None:
        return None, "Mojentic's default, as nobody says"

    return window, "the catalogue" if window.field == "catalogue" else f"{gateway.name} says so"


def _hasty(gateway: LLMGateway, patience: Timeouts) -> LLMGateway:
    """The same gateway, which waits less for all of it than a call does for a connection."""
    seconds = patience.connect_s / 2
    connect_s = min(seconds, CONNECT_S)
    other = copy(gateway)
    other.timeouts = Timeouts(connect_s=connect_s, silence_s=seconds, whole_s=seconds)
    return other


class Counter:
    """Counts tokens of messages, each of them once.

    Args:
        tokenizer: Counts whole requests (`count_messages`).
    """

    def __init__(self, tokenizer: TokenizerGateway) -> None:
        self.tokenizer = tokenizer
        self._frame = int(tokenizer.count_messages([]))
        # By identity, as messages never change; each entry goes with its message.
        self._known: dict[int, tuple[weakref.ref[LLMMessage], int]] = {}
        self._last: tuple[tuple[Any, ...], Any, int] = ((), None, self._frame)

    def __repr__(self) -> str:
        return f"Counter({self.tokenizer!r})"

    @property
    def is_estimate(self) -> bool:
        """Whether the texts themselves are only estimated."""
        return self.tokenizer.is_estimate

    def __call__(
        self,
        messages: Sequence[LLMMessage],
        /,
        *,
        tools: Iterable[Any] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> int:
        """Tokens of these messages; with `tools=` given, of a whole request."""
        tokens = self.count(messages)
        return tokens if tools is None else tokens + self.overhead(tools, schema)

    def count(self, messages: Iterable[LLMMessage]) -> int:
        """Tokens of these messages; of several, the sum."""
        return sum(map(self._of, messages))

    def overhead(self, tools: Iterable[Any] = (), schema: Mapping[str, Any] | None = None) -> int:
        """Tokens of a request besides its messages: tools, the answer's schema, its frame."""
        offered = tuple(tools)
        known_tools, known_schema, tokens = self._last
        if known_tools != offered or known_schema != schema:
            tokens = int(self.tokenizer.count_messages([], tools=offered))
            if schema is not None:
                tokens += int(self.tokenizer.count(to_json(schema, fallback=str).decode()))
            self._last = (offered, schema, tokens)

        return tokens

    def _of(self, message: LLMMessage) -> int:
        key = id(message)
        known = self._known.get(key)
        if known is not None:
            return known[1]

        tokens = int(self.tokenizer.count_messages(message)) - self._frame
        held = self._known
        self._known[key] = (weakref.ref(message, lambda _: held.pop(key, None)), tokens)
        return tokens


def counter_of(tokenizer_gateway: Any, broker: LLMBroker) -> Counter:
    """What counts a broker's tokens.

    Args:
        tokenizer_gateway: A `TokenizerGateway`, or whatever encodes and decodes as one; by
            default the broker's, else the one of its model.
        broker: Whose model reads them.

    Raises:
        BadArgument: It is no tokenizer.
    """
    given = broker.tokenizer if tokenizer_gateway is None else tokenizer_gateway
    if given is None:
        return Counter(TokenizerGateway(broker.model))
    if isinstance(given, TokenizerGateway):
        return Counter(given)
    if callable(getattr(given, "encode", None)) and callable(getattr(given, "decode", None)):
        return Counter(TokenizerGateway(broker.model, encoder=given))

    raise BadArgument(
        f"tokenizer_gateway={given!r} is no tokenizer.",
        hint="Give a TokenizerGateway, or an object with encode and decode.",
    )
