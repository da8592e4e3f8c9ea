"""Feeds and site maps."""

from __future__ import annotations

import gzip

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.web_feeds import FeedReadTool, SitemapReadTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.web_server import Page, WebServer

HERE = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}))
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<link>https://example.org/</link>
<item><title>Two</title><link>https://example.org/2</link>
<pubDate>Tue, 03 Mar 2026 10:00:00 +0100</pubDate>
<description>&lt;p&gt;More &lt;b&gt;rain&lt;/b&gt;&lt;/p&gt;
&lt;script&gt;x&lt;/script&gt;</description>
</item><item><title>One</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom</title>
<entry><title>A</title><link href="/a"/><updated>2026-03-01T00:00:00Z</updated>
<author><name>Ada</name></author></entry></feed>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c SYSTEM "file:///etc/passwd">]>"""
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def site(*urls):
    return f"<urlset {SPACE}>{''.join(f'<url><loc> {one} </loc></url>' for one in urls)}</urlset>"


def index(*urls):
    listed = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in urls)
    return f"<sitemapindex {SPACE}>{listed}</sitemapindex>"


def pages(told):
    return [one["url"] for one in told["pages"]]


@pytest.mark.parametrize("tool", [FeedReadTool(), SitemapReadTool()], ids=repr)
def test_examples_fit(tool):
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]


def test_a_feed_is_read():
    tool = FeedReadTool(HERE)
    with WebServer({"/": RSS}) as server:
        told = tool.run(server.url)
    assert len(server.asked) == 1
    assert (told["title"], told["link"], told["total"]) == ("News", "https://example.org/", 2)
    assert told["entries"][0] == {
        "title": "Two",
        "link": "https://example.org/2",
        "published": "2026-03-03T09:00:00Z",
        "author": "",
        "summary": "More rain",
    }
    check(dict(told), tool.output_schema)


def test_an_atom_feed_is_read_and_its_links_are_whole():
    with WebServer({"/f": ATOM}) as server:
        told = FeedReadTool(HERE).run(f"{server.url}/f")
    entry = told["entries"][0]
    assert (entry["link"], entry["author"]) == (f"{server.url}/a", "Ada")


def test_a_feed_is_cut_and_counted():
    with WebServer({"/": RSS}) as server:
        told = FeedReadTool(HERE).run(server.url, limit=1)
    assert (len(told["entries"]), told["total"]) == (1, 2)


@pytest.mark.parametrize("page", ["<html>no</html>", "", Page(status=500), "/etc/passwd"])
def test_what_is_no_feed_is_told(page):
    with WebServer({"/": page}) as server, pytest.raises(ToolError):
        FeedReadTool(HERE).run(server.url)


def test_a_feed_with_entities_of_its_own_neither_grows_nor_reads_files():
    items = "<item><title>&b;&b;&c;</title></item>"
    bomb = f'{BOMB}<rss version="2.0"><channel>{items}</channel></rss>'
    with WebServer({"/": bomb}) as server:
        told = FeedReadTool(HERE).run(server.url)
    assert "root:" not in str(told)
    assert len(str(told)) < 500


def test_a_map_is_read():
    body = (
        f"<urlset {SPACE}><url><loc>https://e.org/a?b=1&amp;c=2</loc><lastmod>2026-01-02</lastmod>"
        "<changefreq>daily</changefreq><priority>0.5</priority></url></urlset>"
    )
    tool = SitemapReadTool(HERE)
    with WebServer({"/": body}) as server:
        told = tool.run(server.url)
    assert told["pages"] == [
        {
            "url": "https://e.org/a?b=1&c=2",
            "last_modified": "2026-01-02",
            "change_frequency": "daily",
            "priority": "0.5",
        }
    ]
    check(dict(told), tool.output_schema)


def test_an_index_leads_to_its_maps_and_tells_which_failed():
    with WebServer({}) as server:
        one, two = f"{server.url}/1.xml.gz", f"{server.url}/2.xml"
        server.pages |= {
            "/": index(one, two, f"{server.url}/gone", "http://169.254.169.254/"),
            "/1.xml.gz": Page(body=gzip.compress(site("https://e.org/1").encode())),
            "/2.xml": site("https://e.org/2"),
        }
        told = SitemapReadTool(HERE).run(server.url)
    assert pages(told) == ["https://e.org/1", "https://e.org/2"]
    assert told["maps_read"] == 3
    assert sorted(told["skipped"].values())[1] == "may not be asked"
    assert not told["is_cut"]


def test_an_index_of_indexes_does_not_go_in_circles():
    with WebServer({}) as server:
        server.pages["/"] = index(server.url)
        told = SitemapReadTool(HERE).run(server.url)
    assert (told["maps_read"], told["pages"]) == (2, [])


def test_a_map_is_filtered_and_cut():
    urls = [f"https://e.org/{'blog' if n % 2 else 'shop'}/{n}" for n in range(10)]
    with WebServer({"/": site(*urls)}) as server:
        told = SitemapReadTool(HERE).run(server.url, contains="/blog/", limit=2)
    assert pages(told) == [urls[1], urls[3]]
    assert told["is_cut"]


def test_a_list_of_lines_is_a_map_too():
    page = Page(body="https://e.org/1\nhttps://e.org/2\n", headers={"Content-Type": "text/plain"})
    with WebServer({"/": page}) as server:
        assert len(SitemapReadTool(HERE).run(server.url)["pages"]) == 2


@pytest.mark.parametrize("body, why", [
    (f"{BOMB}<urlset><url><loc>&b;</loc></url></urlset>", "declares entities"),
    (f"{BOMB}<urlset/>".encode("utf-16"), "declares entities"),
    ("<html></html>", "is no sitemap but 'html'"),
    ("<urlset><url>", "is no sitemap"),
    ("", "is no sitemap"),
    (b"\x1f\x8bnonsense", "cannot be unpacked"),
    (gzip.compress(bytes(50_000_000), mtime=0), "longer than 10000 bytes"),
])  # fmt: skip
def test_what_is_no_map_is_told(body, why):
    policy = Policy(
        domains=("127.0.0.1",), effects=frozenset({"network"}), limits=Limits(read_bytes=10_000)
    )
    if isinstance(body, bytes) and len(body) > 10_000:
        policy = Policy(domains=policy.domains, limits=Limits(read_bytes=len(body)))
        why = "longer than"
    with WebServer({"/": Page(body=body)}) as server, pytest.raises(ToolError, match=why):
        SitemapReadTool(policy).run(server.url)


@pytest.mark.parametrize("tool", [FeedReadTool(), SitemapReadTool()], ids=repr)
def test_without_leave_nothing_is_read(tool):
    with WebServer({"/": RSS}) as server:
        with pytest.raises(ToolDenied):
            tool.run(server.url)
        with pytest.raises(ToolDenied):
            tool.invoke({"url": server.url})
    assert server.asked == []
