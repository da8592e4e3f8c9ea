"""What a model of Anthropic's may be asked for: thinking, bounds, and what it refuses.

Law: pure. What is known of a model holds at Anthropic's own address; somewhere else its
name means nothing, and nothing is taken from it. What was set and cannot be had is an
error that names it.

Source: Anthropic's pages "Extended thinking", "Adaptive thinking" and "Effort".
"""

from __future__ import annotations

import re
from typing import Any

from mojentic_nb.catalogue import ModelCard
from mojentic_nb.config import ReasoningEffort
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.bodies import refuse_settings
from mojentic_nb.request import ChatRequest

__all__ = ["bounds_and_thinking", "check_terms", "is_claude", "thinks"]

# The API insists on a bound; every model since Claude 3.5 can write this much.
DEFAULT_MAX_TOKENS = 8192

# What a model that can write more gets: the most that Anthropic's own client lets through
# without streaming, as it would take longer than ten minutes.
MOST_BY_DEFAULT = 21_333

# Anthropic takes no less, and advises to go beyond 32 000 only in batches.
LEAST_BUDGET = 1024
BUDGETS = {
    ReasoningEffort.Low: 4_096,
    ReasoningEffort.Enabled: 8_192,
    ReasoningEffort.Medium: 8_192,
    ReasoningEffort.High: 16_384,
    ReasoningEffort.XHigh: 32_000,
}

# Up to Claude 4.5 thinking has a budget in tokens; from 4.6 on the model decides, and from
# 4.7 on a budget is refused. Other servers of this protocol know only the budget.
_BUDGETED = re.compile(r"claude-3|-4(?![-.][6-9]\b|\d)")

# Anthropic's protocol has no such fields; num_ctx and keep_alive are a local server's own.
ABSENT = ("frequency_penalty", "logprobs", "n", "presence_penalty", "seed")


def is_claude(model: str) -> bool:
    """Whether this is a model of Anthropic's own, whoever serves it."""
    return "claude" in model.lower()


def thinks(request: ChatRequest) -> bool:
    """Whether the model is asked to think."""
    return request.config.reasoning_effort not in (None, ReasoningEffort.Disabled)


def check_terms(request: ChatRequest, card: ModelCard | None) -> None:
    """See whether a model takes what it is asked for.

    Args:
        request: What is asked.
        card: What is known of the model; `None` at another server than Anthropic's.

    Raises:
        BadArgument: A setting is not to be had, or known to be refused.
    """
    hint = "Leave it out, or ask another provider."
    refuse_settings(request, ABSENT, whose="Anthropic", hint=hint)
    if card is None or not card.is_known:
        return

    is_thinking = thinks(request)
    if is_thinking and not card.may("thinking"):
        raise BadArgument(
            f"{card.model} does not think.", hint=_hint("Leave reasoning_effort out.")
        )

    refuse_settings(
        request,
        card.refused(thinking=is_thinking),
        whose=f"{card.model}, asked to think," if is_thinking else card.model,
        hint=_hint("Leave it out, or ask another model."),
    )


def _hint(instead: str) -> str:
    return f"{instead} If the catalogue is wrong, catalogue.register_model() corrects it."


def bounds_and_thinking(request: ChatRequest, card: ModelCard | None) -> dict[str, Any]:
    """The fields `max_tokens`, `thinking` and `output_config`, as far as they are needed.

    Raises:
        BadArgument: `max_tokens` leaves no room to think in.
    """
    effort = request.config.reasoning_effort
    usual = _usual_bound(card)
    if effort is None:
        return {"max_tokens": request.config.max_tokens or usual}
    if effort is ReasoningEffort.Disabled:
        bound = {"max_tokens": request.config.max_tokens or usual}
        may_think = card is None or card.may("thinking")
        return {**bound, "thinking": {"type": "disabled"}} if may_think else bound
    if is_claude(request.model) and not _BUDGETED.search(request.model.lower()):
        return _adaptive(request, usual, effort)

    return _budgeted(request, usual, effort, card)


def _usual_bound(card: ModelCard | None) -> int:
    if card is None or card.output_tokens is None:
        return DEFAULT_MAX_TOKENS

    return min(card.output_tokens, MOST_BY_DEFAULT)


def _adaptive(request: ChatRequest, usual: int, effort: ReasoningEffort) -> dict[str, Any]:
    # From 4.7 on thoughts come empty unless they are asked for.
    said: dict[str, Any] = {
        "max_tokens": request.config.max_tokens or usual,
        "thinking": {"type": "adaptive", "display": "summarized"},
    }
    if effort is not ReasoningEffort.Enabled:
        said["output_config"] = {"effort": effort.value}

    return said


def _budgeted(
    request: ChatRequest, usual: int, effort: ReasoningEffort, card: ModelCard | None
) -> dict[str, Any]:
    budget, bound = BUDGETS[effort], request.config.max_tokens
    if bound is None:
        most = card.output_tokens if card is not None else None
        bound = min(budget + usual, most or budget + usual)
        budget = min(budget, bound - DEFAULT_MAX_TOKENS)
    elif bound <= LEAST_BUDGET:
        raise BadArgument(
            f"max_tokens={bound} leaves no room: thinking takes {LEAST_BUDGET} tokens of it.",
            hint=f"Raise max_tokens above {LEAST_BUDGET}, or leave reasoning_effort out.",
        )
    else:
        # Half of a bound that was asked for is left to the answer.
        budget = min(budget, max(LEAST_BUDGET, bound // 2))

    return {"max_tokens": bound, "thinking": {"type": "enabled", "budget_tokens": budget}}
