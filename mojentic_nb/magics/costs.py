"""What calls cost, and what a session may still spend.

Law: a price nobody knows is not shown, and never counted as nothing. The catalogue and the
budget know the figures; here they are only asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.events import Event, FellBack, ModelAnswered, Usage
from mojentic_nb.views import numbers

if TYPE_CHECKING:
    from mojentic_nb.catalogue import ModelCard
    from mojentic_nb.hooks.budget import Budget
    from mojentic_nb.messages import LLMMessage

__all__ = ["Spending", "cost_of", "estimated", "left"]


def cost_of(model: str, usage: Usage) -> float | None:
    """Dollars of a call; None where its price or its tokens are unknown.

    Args:
        model: With its provider, such as `openai:gpt-5.4-mini`.
        usage: Tokens of this one call.
    """
    from mojentic_nb.catalogue import card, cost_usd

    provider, _, name = model.partition(":")
    # Nobody has to be told that a local model is free.
    return cost_usd(usage, card(provider, name)) or None


class Spending:
    """What the calls of one turn came to, each at the price of the model that answered it.

    Args:
        model: The model that is asked first, with its provider.

    Attributes:
        calls: How many calls were answered.
        usage: Their tokens together.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._costs: list[float | None] = []
        self.calls = 0
        self.usage = Usage()

    def take(self, event: Event) -> None:
        """Note what an event cost; most cost nothing."""
        if type(event) is FellBack:
            self._model = event.chosen
        elif type(event) is ModelAnswered:
            self.calls += 1
            self.usage += event.answer.usage
            if not event.answer.is_cached:
                self._costs.append(cost_of(self._model, event.answer.usage))

    @property
    def dollars(self) -> float | None:
        """Their price together; one that nobody knows makes all of it unknown."""
        known = [one for one in self._costs if one is not None]
        return sum(known) if known and len(known) == len(self._costs) else None


def left(budget: Budget | None) -> str:
    """What may still be spent, in a few words; empty without a budget."""
    if budget is None:
        return ""

    rest = budget.remaining
    dollars = [] if rest.usd is None else [numbers.dollars(rest.usd)]
    tokens = [] if rest.tokens is None else [f"{numbers.tokens(rest.tokens)} tok"]
    return f"{' and '.join(dollars + tokens)} left"


def estimated(
    messages: Sequence[LLMMessage], tools: Sequence[Any], *, model: str, max_tokens: int | None
) -> str:
    """What a call would come to: its tokens, its share of the context, its price.

    Args:
        messages: All that would be sent.
        tools: Tools that would go with it.
        model: As `-m` takes it; empty for unknown.
        max_tokens: The bound on its answer, where there is one.
    """
    from mojentic_nb.catalogue import card
    from mojentic_nb.gateways.configured import provider_of
    from mojentic_nb.tokens import TokenizerGateway

    provider = provider_of(model)
    name = model.removeprefix(f"{provider}:")
    count = TokenizerGateway(name or "cl100k_base").count_messages(messages, tools=tools)
    known = [f"about {numbers.tokens(count)} tokens ({count.how})"]
    if name:
        known.extend(_told(card(provider, name), count, max_tokens))

    return "\n".join(known)


def _told(card: ModelCard, tokens: int, max_tokens: int | None) -> Iterator[str]:
    from mojentic_nb.catalogue import estimate_usd

    if card.context_tokens:
        share = tokens / card.context_tokens
        least = "less than 0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")
        yield f"{least} of its context of {numbers.tokens(card.context_tokens)} tokens"

    read = estimate_usd(tokens, 0, card)
    if read:
        yield f"about {numbers.dollars(read)} to read"
    whole = estimate_usd(0, max_tokens, card) if max_tokens else None
    if whole:
        yield f"at most {numbers.dollars(whole)} for an answer of {numbers.tokens(max_tokens)}"
