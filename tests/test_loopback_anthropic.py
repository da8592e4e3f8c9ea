"""The loopback's Anthropic beyond chatting, against Anthropic's own client.

Law: as `test_loopback.py`: nothing here imports mojentic_nb.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.loopback import Answer, Loopback, ToolUse
from tests.loopback.anthropic import SIGNATURE
from tests.loopback.clients import ASKED, Clients

EPHEMERAL = {"type": "ephemeral"}
TOOL: dict[str, Any] = {"name": "look", "input_schema": {"type": "object", "properties": {}}}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def client(server: Loopback) -> Iterator[Any]:
    with contextlib.closing(Clients(server.url)) as opened:
        yield opened.anthropic


def test_tokens_are_counted_beforehand(client: Any) -> None:
    assert client.messages.count_tokens(model="m", messages=ASKED).input_tokens > 0


def test_marks_for_the_cache_show_in_the_usage(client: Any) -> None:
    system = [{"type": "text", "text": "S", "cache_control": EPHEMERAL}]
    marked = client.messages.create(model="m", messages=ASKED, max_tokens=9, system=system)
    plain = client.messages.create(model="m", messages=ASKED, max_tokens=9)

    assert marked.usage.cache_creation_input_tokens == 5
    assert marked.usage.cache_read_input_tokens == 3
    assert plain.usage.cache_read_input_tokens == 0


def test_a_tool_loop_with_thinking_goes_as_the_client_gives_it_back(
    server: Loopback, client: Any
) -> None:
    server.script(Answer("Wait.", thinking="hm so", tools=[ToolUse("look")]), Answer("Done"))
    asked: dict[str, Any] = {
        "model": "claude-x",
        "max_tokens": 9000,
        "tools": [TOOL],
        "thinking": {"type": "enabled", "budget_tokens": 4096},
    }
    with client.messages.stream(messages=ASKED, **asked) as told:
        said = told.get_final_message()
    result = {"type": "tool_result", "tool_use_id": said.content[-1].id, "content": "seen"}
    back = [*ASKED, said.to_param(), {"role": "user", "content": [result]}]

    assert client.messages.create(messages=back, **asked).content[0].text == "Done"


def blocks(*content: dict[str, Any], role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": list(content)}


USE = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "x"}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": SIGNATURE}
THINKS = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
MARKED = [{**TOOL, "name": f"t{n}", "cache_control": EPHEMERAL} for n in range(5)]


@pytest.mark.parametrize(
    "told, request_",
    [
        ("seed: Extra inputs", {"extra_body": {"seed": 1}}),
        ("Found 5", {"tools": MARKED}),
        ("must be greater than `thinking.budget", {**THINKS, "max_tokens": 1024}),
        ("greater than or equal to 1024", {"thinking": {"type": "enabled", "budget_tokens": 3}}),
        ("may only be set to 1", {**THINKS, "extra_body": {"temperature": 0.5}}),
        ("forces tool use", {**THINKS, "tools": [TOOL], "tool_choice": {"type": "any"}}),
        (
            "but found `tool_use`",
            {**THINKS, "messages": [*ASKED, blocks(USE), blocks(RESULT, role="user")]},
        ),
        ("Invalid `signature`", {"messages": [*ASKED, blocks({**THOUGHT, "signature": "x"})]}),
        ("ids were found without", {"messages": [*ASKED, blocks(USE)]}),
        ("blocks differ", {"messages": [*ASKED, blocks(USE), blocks(role="user")]}),
        ("non-whitespace", {"messages": [blocks({"type": "text", "text": " "}, role="user")]}),
    ],
)
def test_what_the_api_refuses(client: Any, told: str, request_: dict[str, Any]) -> None:
    asked = {"model": "claude-x", "max_tokens": 99, "messages": ASKED, **request_}
    with pytest.raises(anthropic.BadRequestError, match=told):
        client.messages.create(**asked)
