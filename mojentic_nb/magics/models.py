"""`%llm_models`: which models there are, provider by provider.

Law: a provider that does not answer is a row that says so, never a failure. What was
seen is remembered for completion, which may not ask itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from mojentic_nb.config import Timeouts
from mojentic_nb.errors import BadArgument, MojenticError
from mojentic_nb.magics.publishing import table
from mojentic_nb.magics.session import Session

__all__ = ["show_models"]

# Seconds: a table that takes longer to come than it takes to read helps nobody.
PATIENCE = Timeouts(connect_s=1.0, silence_s=8.0)

# OpenAI lists about a hundred; asked for by name, a provider's list is shown whole.
MOST_MODELS = 12

Row = tuple[str, str, str]


def show_models(session: Session, provider: str) -> None:
    """Show the models of one provider, or of all.

    Raises:
        BadArgument: There is no such provider.
    """
    from mojentic_nb.gateways.choose import GATEWAYS

    if provider and provider not in GATEWAYS:
        close = get_close_matches(provider, GATEWAYS, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(GATEWAYS)}."
        raise BadArgument(f"{provider!r} is no provider.", hint=hint)

    names = [provider] if provider else list(GATEWAYS)
    rows = [row for name in names for row in _rows(session, name, is_whole=bool(provider))]
    table(("provider", "model", "state"), rows)


def _rows(session: Session, provider: str, *, is_whole: bool) -> Iterator[Row]:
    try:
        models = _listed(session, provider)
    except MojenticError as error:
        yield provider, "–", f"{error.message} {error.hint}".rstrip()
        return

    shown = models if is_whole else models[:MOST_MODELS]
    for model in shown:
        yield provider, model, "in use" if model == session.named_model() else "ready"
    if len(models) > len(shown):
        yield provider, f"… {len(models) - len(shown)} more", f"%llm_models {provider}"
    if not models:
        yield provider, "–", "no models yet"


def _listed(session: Session, provider: str) -> list[str]:
    """The models of a provider as `-m` takes them; remembered."""
    from mojentic_nb.gateways.configured import configured

    names = sorted(configured(provider).listed_models(timeout=PATIENCE))
    spelled = [name if name == provider else f"{provider}:{name}" for name in names]
    session.models[provider] = spelled
    return spelled
