"""How a reply's text is shown: Markdown, plain text, JSON, HTML or its code alone.

Law: pure; the text is never changed, only its displayed copy. A text that is not in the
format is shown as it is, and `trouble` says what is wrong with it.
"""

from __future__ import annotations

import json
from typing import Any

from mojentic_nb.magics.code_blocks import code_blocks
from mojentic_nb.magics.sanitised import sanitised
from mojentic_nb.views.markdown import fenced, showable

__all__ = ["as_html", "as_markdown", "as_plain", "parsed", "trouble"]


def as_markdown(text: str, style: str, *, math: bool = False, is_whole: bool = True) -> str:
    """The text as Markdown; HTML only as its source, for as long as it grows.

    Args:
        text: A reply, or as much of it as has come.
        style: One of `options.FORMATS`.
        math: Leave dollar signs alone.
        is_whole: Nothing more will come; only then is JSON parsed.
    """
    if style in ("json", "html"):
        return fenced(as_plain(text, style, is_whole=is_whole), style)
    if style == "code":
        block = next(iter(code_blocks(text)), None)
        if block is not None:
            return fenced(block.code, block.language)

    return showable(text, math=math)


def as_plain(text: str, style: str, *, is_whole: bool = True) -> str:
    """The text's plain twin."""
    if style == "json" and is_whole:
        try:
            return json.dumps(parsed(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return text
    if style == "code":
        return next((block.code for block in code_blocks(text)), text)

    return text


def as_html(text: str, *, math: bool = False) -> str:
    """A model's HTML, sanitised: that of its first fence, or the whole text."""
    found = (block.code for block in code_blocks(text) if block.language in ("html", "htm", ""))
    return sanitised(next(found, text), math=math)


def parsed(text: str) -> Any:
    """The JSON that a text is, or that stands in its first fence.

    Raises:
        ValueError: There is none.
    """
    try:
        return json.loads(text)
    except ValueError:
        blocks = code_blocks(text)
        if not blocks:
            raise

        return json.loads(blocks[0].code)


def trouble(text: str, style: str) -> str:
    """Why a reply cannot be shown in a format; empty where it can."""
    if style == "json":
        try:
            parsed(text)
        except json.JSONDecodeError as problem:
            return f"not JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})"
        except (ValueError, RecursionError) as problem:
            return f"not JSON that can be read: {problem}"
    if style == "code" and not code_blocks(text):
        return "no code in the reply"

    return ""
