"""Signs that nobody sees and a terminal obeys.

Law: text in, text out, and as long as it was. A tab and a line's end are no such signs.
"""

from __future__ import annotations

__all__ = ["made_visible"]

_SIGNS = (*range(9), *range(11, 32), *range(127, 160))
_UNSEEN = dict.fromkeys(_SIGNS, "\N{REPLACEMENT CHARACTER}")


def made_visible(text: str) -> str:
    """The text, with a mark in the place of each sign that would be obeyed and not seen."""
    return text if text.isascii() and text.isprintable() else text.translate(_UNSEEN)
