"""What a site tells of itself: its news feed and the map of its pages.

Law: fetched through `tools/web.py`, unpacked and read within the policy's limits; XML
that declares entities of its own is refused, for a line of it can stand for gigabytes.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from time import strftime, struct_time
from typing import Annotated, Any
from xml.parsers import expat

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.web_pages import visible_text
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Limits
from mojentic_nb.tools.web import fetch

__all__ = ["Feed", "FeedEntry", "FeedReadTool", "SiteMap", "SiteMapEntry", "SitemapReadTool"]

# Letters of one entry's summary: a feed is read for what is in it, not to read it all.
SUMMARY_CHARS = 1000


class FeedEntry(TypedDict):
    """One piece of news; what the feed does not tell is empty."""

    title: str
    link: str
    published: str
    author: str
    summary: str


class Feed(TypedDict):
    """A feed, newest first as a rule; `total` counts entries, also those not shown."""

    title: str
    link: str
    entries: list[FeedEntry]
    total: int


class FeedReadTool(KitTool):
    """Reads a feed."""

    tool_name = "feed_read"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(
                arguments={"url": "https://example.org/feed.xml", "limit": 5}, says="the latest"
            ),
        ),
        guidance="Give the feed's own address; a page names it in its <link rel=alternate>.",
        needs="tools",
    )

    def run(self, url: str, *, limit: Annotated[int, Field(ge=1)] = 20) -> Feed:
        """Read an RSS or Atom feed: titles, links, dates and summaries of its entries.

        Args:
            url: Whole address of the feed.
            limit: Entries at most.
        """
        feedparser = needed("feedparser", extra="tools")
        answer = fetch("GET", url, policy=self.policy).whole()
        kind = answer.headers.get("content-type", "application/xml")
        # A stream, for text it would take for a file's name or an address to fetch.
        told = {"content-type": kind, "content-location": answer.url}
        found = feedparser.parse(io.BytesIO(answer.body), response_headers=told)
        if not found.entries and not found.get("version"):
            raise ToolError(
                f"There is no feed at {answer.url}.", hint="Look for its address on the page."
            )

        most = min(limit, self.policy.limits.entries)
        return {
            "title": found.feed.get("title", ""),
            "link": found.feed.get("link", ""),
            "entries": [_entry(one) for one in found.entries[:most]],
            "total": len(found.entries),
        }


def _entry(one: Any) -> FeedEntry:
    moment = one.get("published_parsed") or one.get("updated_parsed")
    written = one.get("published") or one.get("updated") or ""
    summary = visible_text(one.get("summary", ""))
    return {
        "title": one.get("title", ""),
        "link": one.get("link", ""),
        "published": _iso(moment) if isinstance(moment, struct_time) else written,
        "author": one.get("author", ""),
        "summary": summary[:SUMMARY_CHARS],
    }


def _iso(moment: struct_time) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", moment)


class SiteMapEntry(TypedDict):
    """One page; what the map does not tell is empty."""

    url: str
    last_modified: str
    change_frequency: str
    priority: str


class SiteMap(TypedDict):
    """Pages, and how many maps they were read from; `skipped` maps with the reason."""

    pages: list[SiteMapEntry]
    maps_read: int
    skipped: dict[str, str]
    is_cut: bool


class SitemapReadTool(KitTool):
    """Reads the map of a site."""

    tool_name = "sitemap_read"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(arguments={"url": "https://example.org/sitemap.xml"}, says="all pages"),
            Example(
                arguments={"url": "https://example.org/sitemap.xml", "contains": "/blog/"},
                says="some of them",
            ),
        ),
        guidance="Most sites name their map in /robots.txt.",
    )

    def run(
        self,
        url: str,
        *,
        contains: str = "",
        limit: Annotated[int, Field(ge=1)] = 200,
        maps: Annotated[int, Field(ge=1, le=50)] = 10,
    ) -> SiteMap:
        """List the pages of a site from its sitemap, following a sitemap index.

        Args:
            url: Whole address of the sitemap, also one packed as .gz.
            contains: Only pages whose address contains this.
            limit: Pages at most.
            maps: Sitemaps to read at most, where an index names several.
        """
        clock = SystemClock()
        ends_at = clock.now() + self.policy.limits.seconds
        most = min(limit, self.policy.limits.entries)
        pages: list[SiteMapEntry] = []
        skipped: dict[str, str] = {}
        waiting, read = [url], 0
        while waiting and read < maps and len(pages) <= most:
            place, left_s = waiting.pop(0), ends_at - clock.now()
            try:
                if left_s <= 0:
                    raise ToolError("There was no time left.")
                listed, inner = self._read(place, left_s)
            except ToolError as problem:
                if not read:
                    raise
                if len(skipped) < 50:
                    skipped[place] = _why(problem)
                continue
            read += 1
            # An index names maps, not further indexes: it cannot send us in circles.
            waiting += inner if read == 1 else []
            pages += [one for one in listed if contains in one["url"]]

        is_cut = len(pages) > most or bool(waiting)
        return {"pages": pages[:most], "maps_read": read, "skipped": skipped, "is_cut": is_cut}

    def _read(self, url: str, left_s: float) -> tuple[list[SiteMapEntry], list[str]]:
        answer = fetch("GET", url, policy=self.policy, timeout_s=left_s).whole()
        body = _unpacked(answer.body, self.policy.limits)
        if body.lstrip()[:1] != b"<" and answer.content_type == "text/plain":
            lines = body.decode("utf-8", "replace").split()
            return [_page(one) for one in lines if one.startswith("http")], []

        return _parsed(body, url=answer.url)


def _why(problem: ToolError) -> str:
    return "may not be asked" if isinstance(problem, ToolDenied) else problem.message


def _unpacked(body: bytes, limits: Limits) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body

    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = unpack.decompress(body, limits.read_bytes + 1)
    except zlib.error:
        raise ToolError("The packed sitemap cannot be unpacked.") from None
    if len(data) > limits.read_bytes:
        raise ToolError(
            f"The sitemap is longer than {limits.read_bytes} bytes.",
            hint="Allow more in Policy(limits=Limits(read_bytes=…)).",
        )

    return data


def _page(url: str, told: dict[str, str] | None = None) -> SiteMapEntry:
    told = told or {}
    return {
        "url": url,
        "last_modified": told.get("lastmod", ""),
        "change_frequency": told.get("changefreq", ""),
        "priority": told.get("priority", ""),
    }


class _MapReader:
    """Gathers `url` and `sitemap` elements, whatever their namespace's prefix."""

    def __init__(self) -> None:
        self.pages: list[SiteMapEntry] = []
        self.maps: list[str] = []
        self.root = ""
        self._told: dict[str, str] = {}
        self._name = ""

    def start(self, name: str, attributes: Any) -> None:
        self._name = name.rpartition(":")[2]
        self.root = self.root or self._name
        if self._name in ("url", "sitemap"):
            self._told = {}

    def text(self, data: str) -> None:
        self._told[self._name] = self._told.get(self._name, "") + data

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        told = {key: value.strip() for key, value in self._told.items()}
        if name == "url" and told.get("loc"):
            self.pages.append(_page(told["loc"], told))
        elif name == "sitemap" and told.get("loc"):
            self.maps.append(told["loc"])
        self._name = ""


def _refused(*_: Any) -> None:
    raise ToolError("The sitemap declares entities, as no sitemap needs to.")


def _parsed(body: bytes, *, url: str) -> tuple[list[SiteMapEntry], list[str]]:
    reader, parser = _MapReader(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    refuse: Callable[..., Any] = _refused
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as problem:
        raise ToolError(f"{url} is no sitemap: {problem}.", hint="Look in /robots.txt.") from None
    if reader.root not in ("urlset", "sitemapindex"):
        raise ToolError(f"{url} is no sitemap but {reader.root!r}.", hint="Look in /robots.txt.")

    return reader.pages, reader.maps
