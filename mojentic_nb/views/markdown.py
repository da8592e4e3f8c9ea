"""Markdown that may be shown while it is still being written.

Law: text in, text out, in one pass whose cost grows with the length of the text and nothing
else: it runs at every redraw. The caller's text is never changed, only its displayed copy.
To follow one reply, start at `showable`; `blocks.py` says what is code and what is prose.
"""

from __future__ import annotations

import re
from html import escape

from mojentic_nb.views.blocks import Blocks, Fence

__all__ = ["as_html", "bounded", "details", "fenced", "inline", "showable"]

# A doubled `$$` opens displayed mathematics: nobody writes money so. An address stays whole.
_MARK = re.compile(r"\\.|`+|\$\$+|\$(?=\d)|https?://[^\s`<>()\]]+", re.DOTALL)
_MARK_WITH_MATH = re.compile(r"\\.|`+", re.DOTALL)
_TICKS = re.compile(r"`+")
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]~|#])")

# MathJax pairs dollars within one text node, and JupyterLab cuts mathematics out of the
# source before it parses Markdown. The entity hides the sign from the second, the element
# from the first; GitHub shows a plain dollar. A backslash hides it from neither: of
# `\$5 to \$10` JupyterLab 4.6 makes a formula (seen in a browser).
_PLAIN_DOLLAR = "<span>&#36;</span>"


def showable(text: str, *, math: bool = False) -> str:
    r"""Complete the displayed copy of a reply that may still be growing.

    An open code fence is closed, as is an open backtick on the last line, and money outside
    code, written `$5` or `\$5`, gets a dollar that no front end takes for the start of a formula.

    Args:
        text: The reply so far.
        math: Leave every `$` alone: the reply is about mathematics.

    Returns:
        Markdown; a single space for an empty text, because some front ends hide an empty output.
    """
    if not text:
        return " "

    if "`" not in text and "$" not in text and "~~~" not in text:
        return text

    blocks = Blocks(text)
    mark = _MARK_WITH_MATH if math else _MARK
    shown = [
        _prose(piece, mark, is_last=end == len(text)) if is_prose else piece
        for piece, end, is_prose in blocks.pieces()
    ]
    return "".join(shown) + (_closing(text, blocks.open_fence) if blocks.open_fence else "")


def _closing(text: str, fence: Fence) -> str:
    """What is missing after `text` to end its last fence."""
    last = text[text.rfind("\n") + 1 :]
    typed = last[len(fence.prefix) :].strip(" ")
    # One or two signs are a closing fence half typed; three are a fence shown inside a longer one.
    is_half_typed = 0 < len(typed) < 3 and not typed.strip(fence.sign)
    if is_half_typed and last.endswith(fence.sign):
        return fence.sign * (fence.length - len(typed))

    line_end = "\n" if last else ""
    return f"{line_end}{fence.prefix}{fence.sign * fence.length}"


def _prose(block: str, mark: re.Pattern[str], *, is_last: bool) -> str:
    """One paragraph with its money escaped and, at the text's end, its backtick closed."""
    if "`" not in block and "$" not in block:
        return block

    runs = _Runs(block)
    last_line = block.rfind("\n") + 1 if is_last else len(block)
    shown: list[str] = []
    kept = at = 0
    while found := mark.search(block, at):
        at = found.end()
        if found[0] in ("$", "\\$") and mark is _MARK:
            shown += [block[kept : found.start()], _PLAIN_DOLLAR]
            kept = at
        elif found[0][0] == "`":
            span_end = runs.end_of_span(at, len(found[0]))
            if span_end is None and last_line <= found.start() and at < len(block):
                return "".join([*shown, block[kept:], _missing_ticks(block, len(found[0]))])

            at = span_end or at

    return "".join([*shown, block[kept:]])


def _missing_ticks(block: str, length: int) -> str:
    typed = len(block) - len(block.rstrip("`"))
    if typed < length:
        return "`" * (length - typed)

    return " " + "`" * length


class _Runs:
    """Where runs of backticks start, by length; asked from left to right only.

    Searching anew for each opener would be quadratic in a text full of unpaired runs.
    """

    def __init__(self, block: str) -> None:
        self._starts: dict[int, list[int]] = {}
        for run in _TICKS.finditer(block):
            self._starts.setdefault(len(run[0]), []).append(run.start())

        for starts in self._starts.values():
            starts.reverse()

    def end_of_span(self, at: int, length: int) -> int | None:
        """Where the code span that opened before `at` ends, or None when it never does."""
        starts = self._starts.get(length, [])
        while starts and starts[-1] < at:
            starts.pop()

        return starts[-1] + length if starts else None


def as_html(text: str) -> str:
    """Write plain text into HTML so that every sign stands for itself, the dollar too."""
    return escape(text).replace("$", _PLAIN_DOLLAR)


def details(summary: str, body: str) -> str:
    """Fold text away under one line, as Markdown that GitHub and Jupyter both fold.

    Args:
        summary: Plain text of the line; nothing in it is read as HTML or Markdown.
        body: Plain text, shown as it is, in a fence that it cannot close.
    """
    line = as_html(" ".join(summary.split()))
    return f"<details><summary>{line}</summary>\n\n{fenced(body)}\n\n</details>\n"


def fenced(text: str, language: str = "") -> str:
    """Put text into a code fence longer than any fence inside it."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    line_end = "" if text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{line_end}{fence}"


def inline(text: str) -> str:
    """Write plain text into a line of Markdown so that every sign stands for itself."""
    line = " ".join(text.split())
    written = _MARKDOWN_SIGNS.sub(r"\\\1", escape(line, quote=False))
    return written.replace("$", _PLAIN_DOLLAR)


def bounded(text: str, limit: int) -> str:
    """Shorten text in the middle, telling its true size.

    Args:
        text: Any text.
        limit: Characters that may stay, note included; a limit too small for the note still
            keeps half of itself as text, and leaves a text whole that would not be shorter.
    """
    if len(text) <= limit:
        return text

    note = f" […{len(text):,} characters in all; the middle is left out…] "
    if "\n" in text:
        note = f"\n{note.strip()}\n"

    kept = max(limit - len(note), limit // 2, 0)
    tail = (
        kept // 3
    )  # results state their subject first and their outcome last; the subject needs more
    short = text[: kept - tail] + note + text[len(text) - tail :]
    return short if len(short) < len(text) else text
