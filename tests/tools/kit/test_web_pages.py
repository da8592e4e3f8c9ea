"""Pages as people read them."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.web_pages import PageMonitorTool, WebScrapeTool, visible_text
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.web_server import Page, WebServer

HERE = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}))
SHORT = Policy(
    domains=("127.0.0.1",), effects=frozenset({"network"}), limits=Limits(output_chars=40)
)
HTML = {"Content-Type": "text/html; charset=utf-8"}
ARTICLE = Page(
    headers=HTML,
    body="<html><head><title>Rain in Örebro</title><meta name='author' content='Ada Byron'>"
    "<meta property='article:published_time' content='2026-03-01'></head><body>"
    "<nav><a href='/a'>Home</a> <a href='/b'>Shop</a></nav><article><h1>Rain in Örebro</h1>"
    + "".join(
        f"<p>On day {day} it rained for many hours over the wide fields around the old town,"
        " and everybody stayed inside to read.</p>"
        for day in range(5)
    )
    + "</article><script>alert('no')</script><footer>Imprint</footer></body></html>",
)


@pytest.mark.parametrize("tool", [WebScrapeTool(), PageMonitorTool()], ids=repr)
def test_examples_fit(tool):
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]


def test_the_article_is_told_and_nothing_around_it():
    tool = WebScrapeTool(HERE)
    with WebServer({"/": ARTICLE}) as server:
        told = tool.run(server.url)
    assert len(server.asked) == 1
    assert (told["title"], told["author"], told["date"]) == (
        "Rain in Örebro", "Ada Byron", "2026-03-01",
    )  # fmt: skip
    assert "On day 4 it rained" in told["text"]
    assert "alert" not in told["text"]
    assert "Imprint" not in told["text"]
    check(dict(told), tool.output_schema)


def test_markdown_keeps_headings():
    with WebServer({"/": ARTICLE}) as server:
        assert "# Rain in Örebro" in WebScrapeTool(HERE).run(server.url, format="markdown")["text"]


def test_plain_text_is_told_as_it_is():
    page = Page(body="one\ntwo", headers={"Content-Type": "text/plain"})
    with WebServer({"/": page}) as server:
        assert WebScrapeTool(HERE).run(server.url)["text"] == "one\ntwo"


def test_a_long_article_is_cut_and_says_so():
    with WebServer({"/": ARTICLE}) as server:
        told = WebScrapeTool(SHORT).run(server.url)
    assert (len(told["text"]), told["is_cut"]) == (40, True)


@pytest.mark.parametrize("page, why", [
    (Page(status=404, body="gone"), "status 404"),
    (Page(body="<html><body><script>x</script></body></html>", headers=HTML), "no text"),
    (Page(body="", headers=HTML), "no text"),
    (Page(body=b"\x89PNG\0", headers={"Content-Type": "image/png"}), "no page but image/png"),
])  # fmt: skip
def test_a_page_without_text_is_told(page, why):
    with WebServer({"/": page}) as server, pytest.raises(ToolError, match=why):
        WebScrapeTool(HERE).run(server.url)


@pytest.mark.parametrize("tool", [WebScrapeTool(), PageMonitorTool()], ids=repr)
def test_without_leave_no_page_is_read(tool):
    with WebServer({"/": ARTICLE}) as server:
        with pytest.raises(ToolDenied):
            tool.run(server.url)
        with pytest.raises(ToolDenied):
            tool.invoke({"url": server.url})
    assert server.asked == []


def test_a_change_is_shown_line_by_line():
    tool = PageMonitorTool(HERE)
    with WebServer({"/": Page(body="<p>Open</p><p>until 5</p>", headers=HTML)}) as server:
        first = tool.run(server.url)
        same = tool.run(server.url, earlier_text=first["text"], earlier_hash=first["hash"])
        server.pages["/"] = Page(body="<p>Open</p><p>until 6</p>", headers=HTML)
        other = tool.run(server.url, earlier_text=first["text"])
        by_hash = tool.run(server.url, earlier_hash=first["hash"])
    assert (first["has_changed"], first["diff"], first["text"]) == (None, "", "Open\nuntil 5")
    assert (same["has_changed"], same["diff"]) == (False, "")
    assert other["has_changed"] is True
    assert "-until 5\n+until 6" in other["diff"]
    assert (by_hash["has_changed"], by_hash["diff"]) == (True, "")
    check(dict(other), tool.output_schema)


def test_a_change_of_what_nobody_sees_is_none():
    tool = PageMonitorTool(HERE)
    with WebServer({"/": Page(body="<p>Open</p><script>1</script>", headers=HTML)}) as server:
        first = tool.run(server.url)
        server.pages["/"] = Page(body="<p>Open</p>\n<script>2</script>", headers=HTML)
        assert tool.run(server.url, earlier_hash=first["hash"])["has_changed"] is False


def test_a_long_page_is_compared_too():
    tool = PageMonitorTool(HERE)
    lines = [f"line {n}" for n in range(3000)]
    page = Page(body="\n".join([*lines, "new"]), headers={"Content-Type": "text/plain"})
    with WebServer({"/": page}) as server:
        assert tool.run(server.url, earlier_text="\n".join(lines))["diff"] == "+new"


@pytest.mark.parametrize("html, text", [
    ("<p>a <b>b</b>c</p>d", "a bc\nd"),
    ("<head><title>t</title><p>x</head><body>y", "y"),
    ("a<br>b &amp; c<style>s</style>", "a\nb & c"),
])  # fmt: skip
def test_what_a_page_shows(html, text):
    assert visible_text(html) == text
