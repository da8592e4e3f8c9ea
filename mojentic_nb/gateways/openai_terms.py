"""What a model at OpenAI's own address may be asked for, as the catalogue knows it.

Law: pure. Somewhere else a model's name means nothing, and a model nobody described may
be asked for everything. What was set and is known to be refused is an error that names
both: nothing is dropped behind the asker's back.
"""

from __future__ import annotations

from mojentic_nb.catalogue import ModelCard
from mojentic_nb.config import ReasoningEffort
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.bodies import refuse_settings
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.request import ChatRequest

__all__ = ["check_terms", "effort_word"]

# Neither of OpenAI's protocols has these; they may be set, for the providers that do.
ABSENT = frozenset({"top_k", "num_ctx", "keep_alive", "cache_prompt"})

# The least thinking of the first GPT-5: "none" came with GPT-5.1.
LEAST_IS_MINIMAL = frozenset({"gpt-5", "gpt-5-mini", "gpt-5-nano"})


def check_terms(request: ChatRequest, card: ModelCard) -> None:
    """See whether a model takes what it is asked for.

    Raises:
        BadArgument: It is known to refuse a setting, tools, images or documents.
    """
    if not card.is_known:
        return

    effort = request.config.reasoning_effort
    thinks = effort is not None and effort is not ReasoningEffort.Disabled
    refuse_settings(
        request,
        card.refused(thinking=thinks) - ABSENT,
        whose=f"{card.model}, asked to think," if thinks else card.model,
        hint=_hint("Leave it out, or ask another model."),
    )
    if thinks and card.kind != "reasoning":
        raise _refusal(card, "does not think", "Leave reasoning_effort out.")
    if card.kind == "embedding":
        raise _refusal(card, "makes embeddings and cannot answer", "Use calculate_embeddings.")
    if request.tools and not card.may("tools"):
        raise _refusal(card, "has no tools", "Leave tools= out, or ask another model.")

    parts = [part for message in request.messages for part in message.parts]
    if not card.may("vision") and any(isinstance(part, ImagePart) for part in parts):
        raise _refusal(card, "reads no images", "Ask another model.")
    if not card.may("documents") and any(_is_pdf(part) for part in parts):
        raise _refusal(card, "reads no PDFs", "Give its text, or ask another model.")


def _is_pdf(part: ImagePart | DocumentPart) -> bool:
    return isinstance(part, DocumentPart) and bool(part.data)


def _refusal(card: ModelCard, why: str, instead: str) -> BadArgument:
    return BadArgument(f"{card.model} {why}.", hint=_hint(instead))


def _hint(instead: str) -> str:
    return f"{instead} If the catalogue is wrong, catalogue.register_model() corrects it."


def effort_word(effort: ReasoningEffort | None, card: ModelCard) -> str | None:
    """OpenAI's word for a reasoning effort; `None` where nothing is to be said."""
    if effort is None:
        return None
    if effort is ReasoningEffort.Enabled:
        return "medium"  # since GPT-5.1 a model does not think unless it is told how much
    if effort is not ReasoningEffort.Disabled:
        return effort.value
    if card.is_known and card.kind != "reasoning":
        return None

    return "minimal" if card.id in LEAST_IS_MINIMAL else "none"
