"""Mojentic's web search."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.address import checked_host
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.search_engines import engines
from mojentic_nb.tools.search_web import SEARCHING, OrganicWebSearchTool
from tests.tools.test_search_engines import DUCK, HERE, ORGANIC, duck, serp
from tests.tools.web_server import Page, WebServer


def test_it_is_described_as_mojentic_does():
    function = OrganicWebSearchTool("key").descriptor["function"]
    assert function["name"] == "organic_web_search"
    assert set(function["parameters"]["properties"]) == {"query"}
    assert function["parameters"]["required"] == ["query"]


def test_organic_results_come_as_json_text():
    with WebServer({"/serp": json.dumps(ORGANIC)}) as server:
        tool = OrganicWebSearchTool(engines=[serp(server)], policy=HERE)
        told = tool.run("rain", engine="google", location="Toronto", hl="fr", gl="ca")
        assert tool.matches("organic_web_search")
    assert json.loads(told)[0] == {
        "position": 1, "title": "T0", "link": "https://e.org/0", "snippet": "S0",
    }  # fmt: skip
    for term in ("engine=google", "location=Toronto", "hl=fr", "gl=ca"):
        assert term in server.asked[0].path


def test_a_free_engine_is_asked_where_the_key_is_refused():
    with WebServer({"/serp": Page(status=401, body="{}"), "/duck": DUCK.format(n=1)}) as server:
        tool = OrganicWebSearchTool(engines=[serp(server), duck(server)], policy=HERE)
        assert json.loads(tool.run("rain"))[0]["link"] == "https://e.org/1"


def test_a_call_by_hand_works_and_fails_as_a_result():
    with WebServer({"/serp": json.dumps(ORGANIC)}) as server:
        tool = OrganicWebSearchTool(engines=[serp(server)], policy=HERE)
        assert "T0" in tool.call_tool(query="rain")["content"][0]["text"]
        assert tool.call_tool(query=" ")["isError"]


def test_its_key_is_not_in_its_words():
    assert "hunter2" not in repr(OrganicWebSearchTool("hunter2"))


def test_making_it_lets_it_ask_its_engines_and_nobody_else(monkeypatch):
    monkeypatch.setenv("SERPAPI_API_KEY", "k")
    assert engines(SEARCHING)[0].name == "serpapi"

    def public(host, port, **_):
        return [(0, 0, 0, "", ("93.184.216.34", port))]

    for host in ("serpapi.com", "html.duckduckgo.com", "search.brave.com", "en.wikipedia.org"):
        assert checked_host(host, SEARCHING, port=443, resolve=public)
    with pytest.raises(ToolDenied):
        checked_host("example.org", SEARCHING, port=443, resolve=public)


def test_without_leave_nothing_is_searched():
    with pytest.raises(ToolDenied):
        OrganicWebSearchTool(policy=Policy()).run("rain")
    with pytest.raises(ToolError, match="empty"):
        OrganicWebSearchTool().run("")
