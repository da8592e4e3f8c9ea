"""One model as the catalogue knows it: limits, abilities, refusals, price.

Law: values only. `None` is "nobody told us" and takes nothing away; a price nobody told
us is never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mojentic_nb.config import CompletionConfig
from mojentic_nb.events import Usage

__all__ = [
    "ABILITIES",
    "Ability",
    "ModelCard",
    "ModelContextWindow",
    "Price",
    "cost_usd",
    "effective_context_window",
    "estimate_usd",
]

Ability = Literal["tools", "vision", "documents", "objects", "thinking", "streaming", "embeddings"]
ABILITIES: tuple[Ability, ...] = (
    "tools",
    "vision",
    "documents",
    "objects",
    "thinking",
    "streaming",
    "embeddings",
)

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost in USD; `None` where unknown.

    Attributes:
        input: Tokens read, but for the cached and the written ones.
        cached_input: Tokens read from the provider's cache.
        cache_write: Tokens written to that cache, for its shortest life.
        output: Tokens written, reasoning included.
        above_tokens: Calls with more input than this cost `above`, every token of them.
        above: The price of such long calls.
    """

    input: float | None = None
    cached_input: float | None = None
    cache_write: float | None = None
    output: float | None = None
    above_tokens: int | None = None
    above: Price | None = None

    @property
    def is_free(self) -> bool:
        """Whether every part is known to cost nothing."""
        return {self.input, self.cached_input, self.cache_write, self.output} == {0}

    def at(self, input_tokens: int) -> Price:
        """The price of a call that reads this many tokens."""
        is_long = self.above_tokens is not None and input_tokens > self.above_tokens
        return self.above if is_long and self.above is not None else self


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of one model.

    An ability is True, False, or None for unknown; only False takes anything away
    (`may`). A model that nobody described has `is_known=False` and can do everything.

    Attributes:
        provider: Name of its gateway, such as `openai`.
        model: The name it was asked for by.
        id: The catalogue's entry that describes it; `""` for none.
        kind: `chat`, `reasoning` (made to think first) or `embedding`.
        api: OpenAI's protocol it speaks: `chat` completions or `responses` only.
        context_tokens: Largest input and output together.
        output_tokens: Largest answer, thoughts included.
        parameters_b: Its size in billions of parameters, where that is published.
        tools: It can call tools.
        vision: It reads images.
        documents: It reads PDFs.
        objects: Its provider can hold its answer to a JSON schema.
        thinking: It can reason apart from its answer.
        streaming: It can answer piece by piece.
        embeddings: It makes embeddings.
        refuses: Settings it answers with an error, by our names. `tool_choice` there
            means a forced one: "required" or a tool's name.
        refuses_thinking: Further ones it refuses while it is asked to think.
        token_bound: What its provider calls `max_tokens`.
        price: In USD.
        priced_on: The day the price was read, as `2026-10-24`; `""` for unknown.
        source: Where it was read.
        note: What else a person should know.
    """

    provider: str
    model: str
    id: str = ""
    is_known: bool = False
    kind: Literal["chat", "reasoning", "embedding"] | None = None
    api: Literal["chat", "responses"] = "chat"
    context_tokens: int | None = None
    output_tokens: int | None = None
    parameters_b: float | None = None
    tools: bool | None = None
    vision: bool | None = None
    documents: bool | None = None
    objects: bool | None = None
    thinking: bool | None = None
    streaming: bool | None = None
    embeddings: bool | None = None
    refuses: frozenset[str] = frozenset()
    refuses_thinking: frozenset[str] = frozenset()
    token_bound: Literal["max_completion_tokens", "max_tokens"] | None = None
    price: Price = field(default_factory=Price)
    priced_on: str = ""
    source: str = ""
    note: str = ""

    def may(self, ability: Ability) -> bool:
        """Whether to try: False only where the model is known not to be able."""
        return getattr(self, ability) is not False

    def refused(self, *, thinking: bool = False) -> frozenset[str]:
        """Settings not to send; `thinking` tells whether it will be asked to think."""
        return self.refuses | self.refuses_thinking if thinking else self.refuses


def cost_usd(usage: Usage, card: ModelCard) -> float | None:
    """What one call cost.

    Add up the costs of several calls, not their tokens: some models charge more for
    every token of a long call. Where the provider did not say how much came from its
    cache, nothing did, which is the dearer reading.

    Returns:
        USD, or `None` where a price or a count that matters is unknown.
    """
    if card.price.is_free:
        return 0.0

    read, written = usage.input_tokens, usage.output_tokens
    if read is None or written is None:
        return None

    # A provider may say more was cached than was read; nobody is paid for that.
    cached = min(max(usage.cached_tokens or 0, 0), read)
    stored = min(max(usage.cache_write_tokens or 0, 0), read - cached)
    price = card.price.at(read)
    parts = (
        (read - cached - stored, price.input),
        (cached, price.cached_input),
        (stored, price.cache_write),
        (written, price.output),
    )
    dollars = 0.0
    for tokens, each in parts:
        if tokens and each is None:
            return None
        dollars += tokens * (each or 0)

    return dollars / MILLION


def estimate_usd(input_tokens: int, output_tokens: int, card: ModelCard) -> float | None:
    """What a call of this size would cost, with nothing from a cache; `None` for unknown."""
    return cost_usd(Usage(input_tokens=input_tokens, output_tokens=output_tokens), card)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContextWindow:
    """The context a server says a model has.

    Attributes:
        max_context_tokens: The most it was made for.
        field: Where the server said so, such as `llama.context_length`.
        model_num_ctx: The window the model's own file asks for; Ollama.
    """

    max_context_tokens: int
    field: str = ""
    model_num_ctx: int | None = None


def effective_context_window(
    window: ModelContextWindow | ModelCard | int | None, config: CompletionConfig | None = None
) -> int | None:
    """The context a call really has: what is asked for, but never more than there is.

    Args:
        window: What the server or the catalogue says; `None` for unknown.
        config: Its `num_ctx` is what is asked for.

    Returns:
        Tokens, or `None` where neither side says.
    """
    asked = config.num_ctx if config is not None else None
    most: int | None
    if isinstance(window, ModelContextWindow):
        asked, most = asked or window.model_num_ctx, window.max_context_tokens
    else:
        most = window.context_tokens if isinstance(window, ModelCard) else window

    known = [tokens for tokens in (asked, most) if tokens is not None]
    return min(known, default=None)
