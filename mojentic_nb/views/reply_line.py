"""The one quiet line under a reply: who answered, how fast, at what size and price.

Law: a line, never two; every value a reply may lack is an en dash. Read by `magics`, and by
widgets and transcripts, which must say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from mojentic_nb.views import numbers
from mojentic_nb.views.markdown import inline

__all__ = ["reply_line", "reply_line_markdown"]

_SEPARATOR = " · "


def reply_line(
    *,
    model: str | None,
    duration_s: float | None,
    ttft_s: float | None,
    usage_in: int | None,
    usage_out: int | None,
    dollars: float | None = None,
    marks: Sequence[str] = (),
) -> str:
    """Write the line as plain text.

    Args:
        model: Name as the user knows it.
        duration_s: Seconds from asking to the last token.
        ttft_s: Seconds to the first token.
        usage_in: Tokens sent.
        usage_out: Tokens received.
        dollars: Price of the call; left out when None, as most local models have none.
        marks: Words such as `partial`, `cached`, `estimated`, in the order to show.

    Returns:
        For example `demo · 0.84 s (first 0.05 s) · 12 → 34 tok · partial`.
    """
    first = numbers.seconds(ttft_s, beside=duration_s)
    parts = [
        model or numbers.UNKNOWN,
        f"{numbers.seconds(duration_s)} (first {first})",
        f"{numbers.tokens(usage_in)} → {numbers.tokens(usage_out)} tok",
    ]
    if dollars is not None:
        parts.append(numbers.dollars(dollars))

    return " ".join(_SEPARATOR.join([*parts, *marks]).split())


def reply_line_markdown(
    *,
    model: str | None,
    duration_s: float | None,
    ttft_s: float | None,
    usage_in: int | None,
    usage_out: int | None,
    dollars: float | None = None,
    marks: Sequence[str] = (),
) -> str:
    """Write the same line small, as Markdown in which no name can become markup.

    `<small>` is one of the few elements that JupyterLab's and GitHub's sanitisers both keep.
    """
    line = reply_line(
        model=model,
        duration_s=duration_s,
        ttft_s=ttft_s,
        usage_in=usage_in,
        usage_out=usage_out,
        dollars=dollars,
        marks=marks,
    )
    return f"<small>{inline(line)}</small>"
