"""A model's HTML, with everything taken out of it that could act.

Law: nothing of the source is passed on. What is allowed is written anew: a short list of
elements, of their attributes a link's address and a table cell's span. So no script, style,
form, image or event handler can survive, however it is disguised.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

from mojentic_nb.views.markdown import as_html

__all__ = ["sanitised"]

_ALLOWED = set(
    "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 "
    "h4 h5 h6 hr i ins kbd li mark ol p pre s samp small span strong sub summary sup table tbody "
    "td tfoot th thead tr u ul".split()
)
_VOID = {"br", "hr"}
# Their content is no text for readers.
_SILENT = set(
    "head iframe math noembed noframes noscript object plaintext script select style svg "
    "template textarea title xmp".split()
)
_LINK = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)


def sanitised(source: str, *, math: bool = False) -> str:
    """Write a piece of HTML anew, with its harmless part alone.

    Args:
        source: HTML from anywhere.
        math: Leave dollar signs to the front end, which typesets them.
    """
    writer = _Writer(math=math)
    writer.feed(source)
    writer.close()
    return writer.result()


class _Writer(HTMLParser):
    """Hears what a text says, and writes down what may be said."""

    def __init__(self, *, math: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._math = math
        self._written: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []

    def result(self) -> str:
        """Everything written, with every element closed."""
        return "".join([*self._written, *(f"</{name}>" for name in reversed(self._open))])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, if it may be."""
        if tag in _SILENT:
            self._silent.append(tag)
        if self._silent or tag not in _ALLOWED:
            return

        self._written.append(f"<{tag}{_attributes(tag, attrs)}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element that closes itself; only an empty one can."""
        if tag in _VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those inside that never were."""
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
            return

        if tag in self._open:
            while self._open:
                closed = self._open.pop()
                self._written.append(f"</{closed}>")
                if closed == tag:
                    break

    def handle_data(self, data: str) -> None:
        """Text is text."""
        if not self._silent:
            self._written.append(escape(data) if self._math else as_html(data))


def _attributes(tag: str, given: list[tuple[str, str | None]]) -> str:
    known = {name: value or "" for name, value in given}
    if tag == "a" and _LINK.fullmatch(known.get("href", "")):
        return f' href="{escape(known["href"])}" rel="noopener noreferrer nofollow"'
    if tag in ("td", "th"):
        spans = ((name, known.get(name, "")) for name in ("colspan", "rowspan"))
        return "".join(f' {name}="{n}"' for name, n in spans if re.fullmatch(r"[0-9]{1,3}", n))

    return ""
