"""Telling another program, or the people in a chat room."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.tasks_webhooks import ChatPostTool, WebhookSendTool
from mojentic_nb.tools.policy import Policy
from tests.tools.web_server import Page, WebServer

HERE = Policy(domains=("127.0.0.1",), effects=frozenset({"network", "writes"}), env=("ROOM_URL",))
READING = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}))


@pytest.mark.parametrize("tool", [WebhookSendTool(), ChatPostTool()], ids=repr)
def test_examples_fit_and_a_person_is_asked(tool):
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]
    assert tool.facts.is_destructive
    assert tool.facts.effects == {"network", "writes"}


@pytest.mark.parametrize("payload", [{"a": "ü"}, [1, 2], "text", None])
def test_a_payload_is_sent_as_json(payload):
    tool = WebhookSendTool(HERE)
    with WebServer({"/hook": Page(status=202, body="taken")}) as server:
        told = tool.run(f"{server.url}/hook", payload=payload, headers={"X-Sign": "s"})
    assert told == {"status": 202, "answer": "taken"}
    asked = server.asked[0]
    assert (asked.method, json.loads(asked.body), asked.headers["x-sign"]) == ("POST", payload, "s")
    check(dict(told), tool.output_schema)


def test_a_refusal_is_told_and_nothing_sent_again():
    with (
        WebServer({"/": Page(status=500, body="no such event")}) as server,
        pytest.raises(ToolError, match=r"status 500: 'no such event'"),
    ):
        WebhookSendTool(HERE).run(server.url, payload={})
    assert len(server.asked) == 1


@pytest.mark.parametrize("platform, field", [("slack", "text"), ("discord", "content")])
def test_a_message_is_posted_in_the_words_of_the_platform(platform, field):
    tool = ChatPostTool(HERE)
    with WebServer({"/": "ok"}) as server:
        told = tool.run("Done <!channel>", webhook=server.url, platform=platform)
    body = json.loads(server.asked[0].body)
    assert body[field] == "Done <!channel>"
    assert body.get("allowed_mentions") == ({"parse": []} if platform == "discord" else None)
    assert told == {"platform": platform, "status": 200}
    check(dict(told), tool.output_schema)


def test_the_webhook_comes_from_a_variable_and_is_not_told(monkeypatch):
    with WebServer({"/hunter2": Page(status=403, body="bad /hunter2")}) as server:
        monkeypatch.setenv("ROOM_URL", f"{server.url}/hunter2")
        server.pages["/hunter2"] = Page(status=403, body=f"bad {server.url}/hunter2")
        with pytest.raises(ToolError, match="status 403") as told:
            ChatPostTool(HERE).run("Done", webhook="ROOM_URL", platform="slack")
    assert server.asked[0].path == "/hunter2"
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("given, why", [
    ({"webhook": "OTHER_URL"}, "'OTHER_URL' may not be read"),
    ({"webhook": "ROOM_URL"}, "'ROOM_URL' is not set"),
    ({"webhook": "http://127.0.0.1/x"}, "neither Slack nor Discord"),
    ({"webhook": "https://hooks.slack.com.evil.org/x"}, "neither Slack nor Discord"),
    ({"webhook": "https://hooks.slack.com/x"}, "may not be asked"),
    ({"webhook": "https://discord.com/x"}, "may not be asked"),
    ({"webhook": "https://discord.com/x", "text": "x" * 2001}, "discord takes 2000"),
    ({"webhook": "https://discord.com/x", "text": " "}, "empty"),
])  # fmt: skip
def test_what_cannot_be_posted_is_told(monkeypatch, given, why):
    monkeypatch.delenv("ROOM_URL", raising=False)
    with pytest.raises(ToolError, match=why):
        ChatPostTool(HERE).run(**{"text": "Done", **given})


def test_without_leave_to_write_nothing_is_sent():
    with WebServer({"/": "ok"}) as server:
        with pytest.raises(ToolDenied, match="writes"):
            WebhookSendTool(READING).run(server.url, payload={})
        with pytest.raises(ToolDenied, match="writes"):
            ChatPostTool(READING).run("Done", webhook=server.url, platform="slack")
    assert server.asked == []
