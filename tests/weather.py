"""What the tests of the tool loop share: ways to call, tools to call, and how to read
what the model was told.

Law: requests are read as they arrived, in each protocol's own words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.tools import tool
from tests.loopback import Loopback, ToolUse

GATEWAYS: dict[str, Callable[[str], LLMGateway]] = {
    "ollama": lambda url: OllamaGateway(host=url),
    "openai": lambda url: OpenAIGateway(api_key="k", base_url=url + "/v1"),
    "anthropic": lambda url: AnthropicGateway(api_key="k", base_url=url),
}

Shape = Callable[..., str]


def here(broker: LLMBroker, *given: Any, **options: Any) -> str:
    return broker.generate(*given, **options)


def streaming(broker: LLMBroker, *given: Any, **options: Any) -> str:
    return "".join(broker.generate_stream(*given, **options))


def awaiting(broker: LLMBroker, *given: Any, **options: Any) -> str:
    return asyncio.run(broker.agenerate(*given, **options))


def away(broker: LLMBroker, *given: Any, **options: Any) -> str:
    return broker.submit(*given, **options).result(timeout=20)


every_shape = pytest.mark.parametrize("shape", [here, streaming, awaiting, away])
every_protocol = pytest.mark.parametrize("protocol", GATEWAYS)


class Weather:
    """Two tools, and what they were asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.tools = [tool(self.weather), tool(self.measure), tool(self.fail)]

    def weather(self, city: str, days: int = 1) -> str:
        """Tell the weather."""
        self.asked.append((city, days))
        return f"In {city}: “sunny”"

    async def measure(self, city: str) -> dict[str, Any]:
        """Measure, which takes waiting."""
        await asyncio.sleep(0)
        self.asked.append((city, "measured"))
        return {"city": city, "degrees": 21.5}

    def fail(self, city: str) -> str:
        """Fail."""
        raise ConnectionError(f"no station in {city}")


PARIS = ToolUse("weather", {"city": "Paris"}, id="toolu_p")
OSLO = ToolUse("measure", {"city": "Oslo"}, id="toolu_o")


def bodies(loopback: Loopback) -> list[dict[str, Any]]:
    return [seen.body for seen in loopback.requests]


def results_in(protocol: str, body: dict[str, Any]) -> list[tuple[Any, str]]:
    """What a request says of tools: whom each result answers, and its text."""
    if protocol == "anthropic":
        blocks = [block for message in body["messages"] for block in message["content"]]
        found = [block for block in blocks if block["type"] == "tool_result"]
        return [(block["tool_use_id"], block["content"]) for block in found]

    found = [message for message in body["messages"] if message["role"] == "tool"]
    return [(message["tool_call_id"], message["content"]) for message in found]


def offers_tools(protocol: str, body: dict[str, Any]) -> bool:
    """Whether the model may call a tool in answer to this request."""
    return "tools" in body and body.get("tool_choice") != {"type": "none"}
