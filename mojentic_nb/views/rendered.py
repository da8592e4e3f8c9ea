"""Markdown from anywhere as HTML that cannot act.

Law: HTML in the source is text, and a picture a link to it: nothing is fetched by being looked
at. What is made of the rest is sanitised all the same: a short list of elements, and on each
no attribute but those named here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

__all__ = ["last_block", "rendered"]

_TAGS = set(
    "a blockquote br code em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead "
    "tr ul".split()
)
# Without a star nh3 lets `lang` and `title` stand on every element.
_ATTRIBUTES = {
    "*": set[str](),
    "a": {"href"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
_REL = "noopener noreferrer nofollow"
# Whole addresses: in a notebook a part of one would lead to a file beside it.
_VALUES = {
    "align": re.compile(r"left|center|right"),
    "class": re.compile(r"language-[\w+#.-]{1,24}"),
    "href": re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE),
    "rel": re.compile(_REL),  # the filter sees what `link_rel` adds, too
    "start": re.compile(r"\d{1,9}"),
}
_SCHEMES = {"http", "https", "mailto"}


def rendered(markdown: str) -> str:
    """Write Markdown as harmless HTML; an open code fence goes to its end."""
    import nh3

    return nh3.clean(
        _reader().render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=_SCHEMES,
        link_rel=_REL,
    )


def _kept(_tag: str, name: str, value: str) -> str | None:
    known = _VALUES.get(name)
    return value if known is not None and known.fullmatch(value) else None


def last_block(markdown: str) -> int:
    """Where the last block begins: nothing that follows can change what stands before it.

    Args:
        markdown: With line feeds alone as ends of lines.
    """
    blocks = [token for token in _reader().parse(markdown) if token.level == 0 and token.map]
    line = blocks[-1].map[0] if len(blocks) > 1 and blocks[-1].map else 0
    at = 0
    for _ in range(line):
        at = markdown.index("\n", at) + 1
    return at


def _columns(state: StateCore) -> None:
    """Say how a column is set without a style, which could say anything."""
    for token in state.tokens:
        style = token.attrs.pop("style", None) if token.type in ("td_open", "th_open") else None
        if style is not None:
            token.attrs["align"] = str(style).removeprefix("text-align:")


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # A picture from elsewhere would tell its server who reads, and what the model put in its
    # address: without the rule, its Markdown is a sign and a link.
    reader = MarkdownIt("commonmark", {"html": False})
    reader.core.ruler.push("columns", _columns)
    return reader.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
