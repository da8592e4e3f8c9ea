"""Searching the web, as a tool of ours."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import ShapeError, check
from mojentic_nb.tools.kit.web_search import WebSearchTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.test_search_engines import DUCK, HERE, duck, serp
from tests.tools.web_server import Page, WebServer


def test_examples_fit():
    tool = WebSearchTool()
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]


def test_hits_and_the_engine_that_found_them_are_told():
    with WebServer({"/serp": Page(status=500), "/duck": DUCK.format(n=7)}) as server:
        tool = WebSearchTool(HERE, engines=[serp(server), duck(server)])
        told = tool.invoke({"query": "rain", "region": "DE-de"})
    assert told["engine"] == "duckduckgo"
    assert told["hits"] == [{"title": "Hit 7", "url": "https://e.org/7", "snippet": "Snippet 7"}]
    assert b"l=de-de" in server.asked[1].body
    check(dict(told), tool.output_schema)


def test_no_more_hits_than_the_policy_allows():
    policy = Policy(
        domains=("127.0.0.1",), effects=frozenset({"network"}), limits=Limits(entries=1)
    )
    with WebServer({"/duck": DUCK.format(n=1) + DUCK.format(n=2)}) as server:
        assert len(WebSearchTool(policy, engines=[duck(server)]).run("rain")["hits"]) == 1


def test_without_leave_nothing_is_searched():
    with pytest.raises(ToolDenied, match="uses the network"):
        WebSearchTool().invoke({"query": "rain"})
    with pytest.raises(ToolDenied):
        WebSearchTool().run("rain")


@pytest.mark.parametrize("given", [{"region": "us"}, {"limit": 0}, {"limit": 99}, {"x": 1}])
def test_arguments_that_do_not_fit_are_refused(given):
    with pytest.raises(ShapeError):
        WebSearchTool().arguments({"query": "rain", **given})


def test_an_empty_query_is_told():
    with pytest.raises(ToolError, match="empty"):
        WebSearchTool(HERE, engines=[]).run(" ")
