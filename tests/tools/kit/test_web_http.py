"""Asking an address, and taking one apart."""

from __future__ import annotations

import base64
import json

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.web_http import HttpRequestTool, UrlParseTool, with_query
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.web_server import Page, WebServer

READING = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}))
WRITING = Policy(domains=("127.0.0.1",), effects=frozenset({"network", "writes"}))


@pytest.mark.parametrize("tool", [HttpRequestTool(), UrlParseTool()], ids=repr)
def test_examples_fit(tool):
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]
    assert tool.output_schema["type"] == "object"


def test_a_page_is_read():
    page = Page(body='{"a": 1}', headers={"Content-Type": "application/json"}, status=201)
    tool = HttpRequestTool(READING)
    with WebServer({"/x": page}) as server:
        told = tool.run(f"{server.url}/x", query={"q": "a b&c", "yes": True, "n": ["1", "2"]})
    assert (told["status"], json.loads(told["body"]), told["encoding"]) == (201, {"a": 1}, "text")
    assert server.asked[0].path == "/x?q=a%20b%26c&yes=true&n=1&n=2"
    check(dict(told), tool.output_schema)


def test_a_status_of_400_is_an_answer_too():
    with WebServer({"/": Page(body="no", status=403)}) as server:
        assert HttpRequestTool(READING).run(server.url)["status"] == 403


def test_json_is_sent_as_such():
    with WebServer({"/": "ok"}) as server:
        HttpRequestTool(WRITING).run(server.url, method="POST", json_body={"a": [1]})
    asked = server.asked[0]
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {"a": [1]}


def test_what_is_no_text_is_told_in_base64():
    with WebServer({"/": Page(body=b"\x89PNG\0\xff")}) as server:
        told = HttpRequestTool(READING).run(server.url)
    assert told["encoding"] == "base64"
    assert base64.b64decode(told["body"]) == b"\x89PNG\0\xff"


@pytest.mark.parametrize("body", ["x" * 500, b"\xff\0" * 250])
def test_a_long_body_is_cut_and_says_so(body):
    policy = Policy(
        domains=("127.0.0.1",), effects=frozenset({"network"}), limits=Limits(output_chars=100)
    )
    with WebServer({"/": Page(body=body)}) as server:
        told = HttpRequestTool(policy).run(server.url)
    assert (len(told["body"]), told["is_cut"]) == (100, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_change_something_needs_leave_to_write(method):
    with WebServer({"/": "ok"}) as server:
        with pytest.raises(ToolDenied, match="writes"):
            HttpRequestTool(READING).run(server.url, method=method)
        assert server.asked == []
        assert HttpRequestTool(WRITING).run(server.url, method=method)["status"] == 200


def test_without_leave_nothing_is_asked():
    with WebServer({"/": "ok"}) as server:
        with pytest.raises(ToolDenied, match="uses the network"):
            HttpRequestTool().invoke({"url": server.url})
        with pytest.raises(ToolDenied):
            HttpRequestTool().run(server.url)
    assert server.asked == []


def test_two_bodies_are_one_too_many():
    with pytest.raises(ToolError, match="Both"):
        HttpRequestTool(WRITING).run("http://127.0.0.1:9", method="POST", body="a", json_body=1)


@pytest.mark.parametrize(
    "url, asked",
    [
        ("http://a/", "http://a/?q=1"),
        ("http://a/?b=2", "http://a/?b=2&q=1"),
        ("http://a/#c", "http://a/?q=1#c"),
    ],
)
def test_a_query_is_added_in_its_place(url, asked):
    assert with_query(url, {"q": 1}) == asked


def test_an_address_is_taken_apart():
    tool = UrlParseTool()
    told = tool.run("https://me:pw@example.org:8443/a%20b/c?x=1&x=2&y=#z%20w")
    assert told == {
        "url": "https://me@example.org:8443/a%20b/c?x=1&x=2&y=#z%20w",
        "scheme": "https",
        "host": "example.org",
        "port": 8443,
        "path": "/a%20b/c",
        "segments": ["a b", "c"],
        "query": {"x": ["1", "2"], "y": [""]},
        "fragment": "z w",
        "user": "me",
    }
    check(dict(told), tool.output_schema)


def test_a_relative_link_is_resolved():
    assert UrlParseTool().run("../c", base="https://a.org/x/y/")["url"] == "https://a.org/x/c"


@pytest.mark.parametrize("url", ["example.org", "http://a:b/", "http://[::1/", "http://a:99999/"])
def test_what_is_no_address_is_told(url):
    with pytest.raises(ToolError):
        UrlParseTool().run(url)
