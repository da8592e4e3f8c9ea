"""Requests that every gateway has to write, and reading what a server got."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from mojentic_nb.config import CompletionConfig
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest, ToolSpec
from mojentic_nb.schema import Shape
from tests.loopback import Loopback

LOOK = ToolSpec(
    name="look",
    description="Look somewhere.",
    parameters={
        "type": "object",
        "properties": {"at": {"type": "string"}},
        "required": ["at"],
    },
)
CALLS = [
    LLMToolCall(id="c1", name="look", arguments={"at": "é"}),
    LLMToolCall(id="c2", name="look", arguments={}, malformed="{'at"),
]
TALK = (
    LLMMessage.system("Be brief."),
    LLMMessage.user("Look twice."),
    LLMMessage(role=MessageRole.Assistant, tool_calls=CALLS, thinking="hm"),
    LLMMessage.tool("seen", call=CALLS[0]),
    LLMMessage.tool("no JSON", call=CALLS[1], is_error=True),
    LLMMessage.assistant("One."),
    LLMMessage.user("Thanks."),
)
EVERYTHING = CompletionConfig(temperature=0.5, num_ctx=4096, max_tokens=9, top_p=0.9, top_k=40)


class Pet(BaseModel):
    name: str
    legs: int = Field(4, description="how many")


class Owner(BaseModel):
    """Who owns pets."""

    name: str
    pet: Pet | None = None
    first: Pet = Field(description="the first one")
    others: list[Pet] = []


OWNER = Shape(Owner)


def ask(*messages: LLMMessage, **settings: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages or (LLMMessage.user("hi"),), **settings)


def sent(gateway: LLMGateway, request: ChatRequest) -> dict[str, Any]:
    """The body this gateway writes."""
    import json

    found: dict[str, Any] = json.loads(gateway.encode(request).body)
    return found


def last_body(loopback: Loopback) -> Any:
    return loopback.requests[-1].body
