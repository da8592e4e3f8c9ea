"""Telling another program, or the people in a chat room.

Law: what is sent cannot be taken back, so a person is asked first. A chat's webhook is a
secret: it is taken from a variable the policy names, and never told.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError, scrub
from mojentic_nb.tools.address import plain
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.variables import variable
from mojentic_nb.tools.web import Fetched, fetch

__all__ = ["ChatPostTool", "ChatPosted", "WebhookSendTool", "WebhookSent"]

# Letters of a receiver's answer that are told.
ANSWER_CHARS = 2000


class WebhookSent(TypedDict):
    """What the receiver said."""

    status: int
    answer: str


class WebhookSendTool(KitTool):
    """Sends JSON to a webhook."""

    tool_name = "webhook_send"
    facts = Facts(
        category="communication & tasks",
        effects=frozenset({"network", "writes"}),
        is_destructive=True,
        examples=(
            Example(
                arguments={
                    "url": "https://example.org/hooks/build",
                    "payload": {"event": "finished", "run": 7},
                },
                says="tell of an event",
            ),
        ),
        guidance="Sent is sent: do not send again unless the receiver said that it failed.",
    )

    def run(self, url: str, *, payload: Any, headers: dict[str, str] | None = None) -> WebhookSent:
        """Send a JSON payload to a webhook, once, by POST.

        Args:
            url: Whole address of the webhook.
            payload: The JSON value to send.
            headers: Sent along, such as a signature.
        """
        self.policy.check(("writes",), whose=self.tool_name)
        sent = {"Content-Type": "application/json"} | dict(headers or {})
        answer = fetch("POST", url, policy=self.policy, headers=sent, body=json.dumps(payload))
        return {"status": _taken(answer).status, "answer": answer.text[:ANSWER_CHARS]}


def _taken(answer: Fetched, *secrets: str) -> Fetched:
    if not answer.is_ok:
        said = scrub(answer.text[:200], *secrets)
        raise ToolError(
            f"The webhook refused with status {answer.status}: {said!r}.",
            hint="Look at what it wants.",
        )

    return answer


class ChatPosted(TypedDict):
    """Where a message went."""

    platform: str
    status: int


Platform = Literal["slack", "discord"]

# Host, the field that holds the text, and the most letters the platform takes.
PLATFORMS: dict[str, tuple[tuple[str, ...], str, int]] = {
    "slack": (("hooks.slack.com",), "text", 40_000),
    "discord": (("discord.com", "discordapp.com"), "content", 2_000),
}


class ChatPostTool(KitTool):
    """Posts to a chat room through its webhook."""

    tool_name = "chat_post"
    facts = Facts(
        category="communication & tasks",
        effects=frozenset({"network", "writes"}),
        is_destructive=True,
        examples=(
            Example(
                arguments={"text": "The run is finished.", "webhook": "SLACK_WEBHOOK_URL"},
                says="by the variable that holds the webhook",
            ),
        ),
        guidance="Sent is sent: do not post the same text again.",
    )

    def run(self, text: str, *, webhook: str, platform: Platform | None = None) -> ChatPosted:
        """Post a message to a Slack or Discord room, once.

        Args:
            text: The message.
            webhook: Name of the environment variable that holds the room's webhook, or the
                webhook's own address.
            platform: Needed only where the address does not tell.
        """
        self.policy.check(("writes",), whose=self.tool_name)
        if not text.strip():
            raise ToolError("The message is empty.", hint="Say something.")

        url = self._url(webhook)
        where = platform or _platform(url)
        _, name, most = PLATFORMS[where]
        if len(text) > most:
            raise ToolError(
                f"The message has {len(text)} letters; {where} takes {most}.",
                hint="Shorten it, or post it in parts.",
            )

        body = json.dumps({name: text} | _quiet(where))
        kind = {"Content-Type": "application/json"}
        answer = fetch("POST", url, policy=self.policy, headers=kind, body=body)
        return {"platform": where, "status": _taken(answer, url).status}

    def _url(self, webhook: str) -> str:
        if "://" in webhook:
            return webhook

        found = variable(webhook, policy=self.policy)
        if not found:
            raise ToolError(
                f"The variable {webhook[:60]!r} is not set.",
                hint="Put the webhook's address in it.",
            )

        return found


def _quiet(platform: str) -> dict[str, Any]:
    # A model's text must not ring at everybody.
    return {"allowed_mentions": {"parse": []}} if platform == "discord" else {}


def _platform(url: str) -> str:
    host = plain(url).host
    for name, (hosts, _, _) in PLATFORMS.items():
        if any(host == one or host.endswith(f".{one}") for one in hosts):
            return name

    raise ToolError(
        f"{host!r} is neither Slack nor Discord.", hint="Say which it speaks: platform='slack'."
    )
