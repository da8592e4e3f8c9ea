"""Pages as people read them: their text, and what changed in it.

Law: pages come through `tools/web.py` only; the library that finds the article in a page
is given the page, never its address to fetch.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from html.parser import HTMLParser
from typing import Any, Literal

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.web import Fetched, fetch

__all__ = ["Article", "PageChange", "PageMonitorTool", "WebScrapeTool", "visible_text"]


class Article(TypedDict):
    """The text of a page; what the page does not tell is empty."""

    url: str
    title: str
    author: str
    date: str
    text: str
    is_cut: bool


class WebScrapeTool(KitTool):
    """Reads the article of a page."""

    tool_name = "web_scrape"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(arguments={"url": "https://example.org/news/1"}, says="read an article"),
            Example(
                arguments={"url": "https://example.org/", "format": "markdown", "links": True},
                says="keep headings and links",
            ),
        ),
        guidance="A page that is made by its scripts has no text to read; look for another.",
        needs="tools",
    )

    def run(
        self,
        url: str,
        *,
        format: Literal["text", "markdown"] = "text",
        links: bool = False,
        tables: bool = True,
    ) -> Article:
        """Read a web page: its main text without menus and advertisements, title and date.

        Args:
            url: Whole address of the page.
            format: `markdown` keeps headings, lists and emphasis.
            links: Keep addresses of links within the text.
            tables: Keep tables.
        """
        page = _page(fetch("GET", url, policy=self.policy))
        if _is_html(page):
            found = _article(page, form=format, links=links, tables=tables)
        else:
            found = {"text": page.text}
        text = found.get("text") or (visible_text(page.text) if _is_html(page) else "")
        if not text.strip():
            raise ToolError(
                f"The page at {page.url} has no text.", hint="It may be made by its scripts."
            )

        most = self.policy.limits.output_chars
        return {
            "url": page.url,
            "title": found.get("title") or "",
            "author": found.get("author") or "",
            "date": found.get("date") or "",
            "text": text[:most],
            "is_cut": page.is_cut or len(text) > most,
        }


def _page(answer: Fetched) -> Fetched:
    """An answer, where it is a page with text."""
    if not answer.is_ok:
        raise ToolError(f"The page at {answer.url} answered with status {answer.status}.")
    if b"\0" in answer.body[:1000] or answer.content_type.startswith(("image/", "video/")):
        raise ToolError(
            f"{answer.url} is no page but {answer.content_type or 'data'}.",
            hint="Use http_request for what is not text.",
        )

    return answer


def _is_html(page: Fetched) -> bool:
    if page.content_type:
        return "html" in page.content_type

    return bool(re.match(r"\s*<(!doctype html|html)", page.text, re.IGNORECASE))


def _article(page: Fetched, *, form: str, links: bool, tables: bool) -> dict[str, Any]:
    trafilatura = needed("trafilatura", extra="tools")
    terms = {"url": page.url, "include_links": links, "include_tables": tables}
    try:
        text = trafilatura.extract(
            page.text,
            output_format="markdown" if form == "markdown" else "txt",
            include_comments=False,
            **terms,
        )
        facts = trafilatura.extract_metadata(page.text, default_url=page.url)
    except Exception as problem:  # whatever a library stumbles over in a foreign page
        raise ToolError(
            f"The page at {page.url} cannot be read ({type(problem).__name__}).",
            hint="Use http_request to see it as it is.",
        ) from None

    told = facts.as_dict() if facts else {}
    return {"text": text, **{name: told.get(name) for name in ("title", "author", "date")}}


class PageChange(TypedDict):
    """What a page is now, beside what it was."""

    url: str
    has_changed: bool | None
    hash: str
    diff: str
    text: str
    is_cut: bool


class PageMonitorTool(KitTool):
    """Tells whether a page changed."""

    tool_name = "page_monitor"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(arguments={"url": "https://example.org/"}, says="look for the first time"),
            Example(
                arguments={"url": "https://example.org/", "earlier_text": "Open until 6 pm"},
                says="see what changed",
            ),
        ),
        guidance="Keep `hash` and `text` of an answer and give them the next time.",
    )

    def run(self, url: str, *, earlier_text: str = "", earlier_hash: str = "") -> PageChange:
        """Look at the visible text of a web page and tell what changed since an earlier look.

        Args:
            url: Whole address of the page.
            earlier_text: `text` of an earlier answer; gives a diff.
            earlier_hash: `hash` of an earlier answer; tells only whether it changed.
        """
        page = _page(fetch("GET", url, policy=self.policy))
        whole = visible_text(page.text) if _is_html(page) else page.text.strip()
        most = self.policy.limits.output_chars
        text = whole[:most]
        now = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
        changed = None
        if earlier_hash:
            changed = earlier_hash.strip().lower() != now
        elif earlier_text:
            changed = earlier_text.strip() != text.strip()
        return {
            "url": page.url,
            "has_changed": changed,
            "hash": now,
            "diff": _diff(earlier_text, text)[:most] if earlier_text else "",
            "text": text,
            "is_cut": page.is_cut or len(whole) > most,
        }


# difflib takes time with the product of both lengths.
LINES_COMPARED = 2000


def _diff(earlier: str, now: str) -> str:
    before, after = earlier.strip().splitlines(), now.strip().splitlines()
    if max(len(before), len(after)) > LINES_COMPARED:
        gone, come = set(before) - set(after), set(after) - set(before)
        lines = [f"-{one}" for one in before if one in gone]
        return "\n".join(lines + [f"+{one}" for one in after if one in come])

    return "\n".join(difflib.unified_diff(before, after, "earlier", "now", n=1, lineterm=""))


_UNREAD = {"head", "iframe", "noscript", "script", "style", "svg", "template"}
_WITHIN_A_LINE = {
    "a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "img", "kbd", "mark", "q", "s",
    "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var",
}  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _UNREAD:
            self._unread.append(tag)
        elif tag == "body":
            self._unread.clear()  # of a head that was never closed
        if tag not in _WITHIN_A_LINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]
        if tag not in _WITHIN_A_LINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(re.sub(r"\s+", " ", data))


def visible_text(html: str) -> str:
    """What a page shows, a line for each block, without a library."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.pieces).split("\n"))
    return "\n".join(re.sub(r" {2,}", " ", line) for line in lines if line)
