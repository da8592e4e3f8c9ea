"""Who is asked, and who comes next."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.search_engines import DdgsEngine, Question, SerpApi, engines, found_by
from tests.tools.web_server import Page, WebServer

HERE = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}))
KEYED = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}), env=("SERPAPI_*",))
RAIN = Question(query="rain & wind", limit=2)

# As html.duckduckgo.com writes them: the parts the library looks for.
DUCK = """<html><body><div class="links_main result__body">
<h2><a href="https://e.org/{n}">Hit {n}</a></h2>
<a href="https://e.org/{n}">Snippet <b>{n}</b></a></div></body></html>"""
ORGANIC = {
    "organic_results": [
        {"title": f"T{n}", "link": f"https://e.org/{n}", "snippet": f"S{n}"} for n in range(3)
    ]
}


def duck(server):
    return DdgsEngine("duckduckgo", address=f"{server.url}/duck")


def serp(server, key="hunter2-key"):
    return SerpApi(key, address=f"{server.url}/serp")


def test_an_engine_of_ddgs_is_asked_on_our_road():
    with WebServer({"/duck": DUCK.format(n=1)}) as server:
        hits = duck(server).find(RAIN, policy=HERE)
    assert hits == [{"title": "Hit 1", "url": "https://e.org/1", "snippet": "Snippet 1"}]
    assert parse_qs(server.asked[0].body.decode())["q"] == ["rain & wind"]


def test_an_engine_may_not_be_asked_past_the_policy():
    with WebServer({"/duck": DUCK}) as server:
        with pytest.raises(ToolDenied):
            duck(server).find(RAIN, policy=Policy())
        for name in ("duckduckgo", "brave", "mojeek", "wikipedia"):
            with pytest.raises(ToolDenied):
                DdgsEngine(name).find(RAIN, policy=HERE)
    assert server.asked == []


def test_an_engine_that_is_none_is_told():
    with pytest.raises(ToolError, match="no engine 'altavista'"):
        DdgsEngine("altavista").find(RAIN, policy=HERE)


def test_cookies_of_an_engine_are_sent():
    with WebServer({"/": "<html></html>"}) as server:
        DdgsEngine("mojeek", address=server.url).find(RAIN, policy=HERE)
    assert server.asked[0].headers["cookie"] == "arc=us; lb=en"


def test_serpapi_is_asked_with_its_key():
    question = Question(query="a", language="de", country="at", location="Wien", source="bing")
    with WebServer({"/serp": json.dumps(ORGANIC)}) as server:
        hits = serp(server).find(question, policy=HERE)
    assert hits[0] == {"title": "T0", "url": "https://e.org/0", "snippet": "S0"}
    asked = {k: v[0] for k, v in parse_qs(server.asked[0].path.partition("?")[2]).items()}
    assert asked == {
        "engine": "bing", "q": "a", "hl": "de", "gl": "at", "num": "10", "location": "Wien",
        "api_key": "hunter2-key",
    }  # fmt: skip


@pytest.mark.parametrize("page", [
    Page(status=401, body='{"error": "Invalid API key hunter2-key."}'),
    Page(body='{"error": "Your account hunter2-key has run out."}'),
    Page(status=500, body="hunter2-key"),
    Page(body="[]"),
])  # fmt: skip
def test_serpapi_refuses_and_its_key_is_not_told(page):
    with WebServer({"/serp": page}) as server, pytest.raises(ToolError, match="status") as told:
        serp(server).find(RAIN, policy=HERE)
    assert "hunter2" not in f"{told.value!r}{told.value}"


def test_nothing_found_is_no_error():
    body = '{"error": "Google hasn\'t returned any results for this query."}'
    with WebServer({"/serp": body}) as server:
        assert serp(server).find(RAIN, policy=HERE) == []


def test_the_key_comes_from_the_variable_the_policy_names(monkeypatch):
    monkeypatch.setenv("SERPAPI_API_KEY", "from-env")
    with WebServer({"/serp": json.dumps(ORGANIC)}) as server:
        serp(server, None).find(RAIN, policy=KEYED)
        assert "api_key=from-env" in server.asked[0].path
        with pytest.raises(ToolDenied, match="SERPAPI_API_KEY"):
            serp(server, None).find(RAIN, policy=HERE)
    assert engines(KEYED)[0].name == "serpapi"
    assert engines(HERE)[0].name == "duckduckgo"
    monkeypatch.delenv("SERPAPI_API_KEY")
    assert engines(KEYED)[0].name == "duckduckgo"
    with pytest.raises(ToolError, match="is not set"):
        SerpApi().find(RAIN, policy=KEYED)


def test_the_next_engine_is_asked_where_one_fails():
    with WebServer({"/serp": Page(status=500), "/duck": DUCK.format(n=1)}) as server:
        found = found_by([serp(server), duck(server)], RAIN, policy=HERE)
    assert (found["engine"], len(found["hits"])) == ("duckduckgo", 1)
    assert "status 500" in found["failed"]["serpapi"]


def test_the_next_engine_is_asked_where_one_finds_nothing():
    with WebServer({"/duck": "<html></html>", "/serp": json.dumps(ORGANIC)}) as server:
        found = found_by([duck(server), serp(server)], RAIN, policy=HERE)
        nothing = found_by([duck(server)], RAIN, policy=HERE)
    assert (found["engine"], len(found["hits"]), found["failed"]) == ("serpapi", 2, {})
    assert nothing == {"engine": "duckduckgo", "hits": [], "failed": {}}


def test_all_fail_and_each_says_why():
    with WebServer({}) as server, pytest.raises(ToolError) as told:
        found_by([duck(server), serp(server)], RAIN, policy=HERE)
    assert "duckduckgo: duckduckgo answered with status 404" in str(told.value)
    assert "serpapi: SerpApi answered with status 404" in str(told.value)


def test_all_are_denied_and_so_is_the_search():
    with pytest.raises(ToolDenied, match="No search engine may be asked"):
        found_by(engines(HERE), RAIN, policy=HERE)


def test_nobody_to_ask_is_told():
    with pytest.raises(ToolError, match="No search engine answered"):
        found_by([], RAIN, policy=HERE)
