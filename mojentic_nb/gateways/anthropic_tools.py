"""Tools, and the form an answer is to have, as Anthropic takes them.

At Anthropic itself a form is held by `output_config.format`, beside any tools. Elsewhere,
and where the form cannot be said there, it is one more tool, "the answer": every model
and every compatible server understands that. Its input is the answer's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mojentic_nb.catalogue import ModelCard
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.anthropic_schema import native_schema
from mojentic_nb.gateways.anthropic_terms import is_claude, thinks
from mojentic_nb.gateways.bodies import chosen_tool
from mojentic_nb.request import ChatRequest

__all__ = ["tools_and_form"]

JSON_MODE = "Answer with one JSON object and nothing else."

_CHOICES = {"auto": {"type": "auto"}, "none": {"type": "none"}, "required": {"type": "any"}}


def tools_and_form(request: ChatRequest, card: ModelCard | None) -> tuple[dict[str, Any], str]:
    """The fields `tools`, `tool_choice` and `output_config`, and what the system message adds.

    Raises:
        BadArgument: `tool_choice` forces a tool that is not on offer.
    """
    tools = [
        {"name": spec.name, "description": spec.description, "input_schema": spec.parameters}
        for spec in request.tools
    ]
    choice = _choice(request)
    fields = {"tools": tools} if tools else {}
    if tools and choice is not None:
        fields["tool_choice"] = choice  # type: ignore[assignment]
    if request.schema is None:
        return fields, JSON_MODE if request.is_json else ""
    if form := _native(request, card):
        return {**fields, "output_config": {"format": form}}, ""

    return _answer_tool(request, tools, choice, card)


def _choice(request: ChatRequest) -> Mapping[str, Any] | None:
    chosen = chosen_tool(request)
    # Messages that hold tool calls are refused without their tools, so these stay named
    # when the model has to answer without them.
    if request.is_last:
        return _CHOICES["none"]
    if chosen is None:
        return None

    return _CHOICES.get(chosen) or {"type": "tool", "name": chosen}


def _native(request: ChatRequest, card: ModelCard | None) -> dict[str, Any] | None:
    if card is None or not card.objects or request.schema is None:
        return None

    schema = native_schema(request.schema)
    return None if schema is None else {"type": "json_schema", "schema": schema}


def _answer_tool(
    request: ChatRequest,
    tools: list[dict[str, Any]],
    choice: Mapping[str, Any] | None,
    card: ModelCard | None,
) -> tuple[dict[str, Any], str]:
    name = request.schema_name
    if any(tool["name"] == name for tool in tools):
        raise BadArgument(
            f"A tool and the object asked for are both called {name!r}.",
            hint="Give one of them another name.",
        )

    answer = {
        "name": name,
        "description": "Give the answer in this form.",
        "input_schema": request.schema,
    }
    offered = {"tools": [*tools, answer]}
    if not _may_force(request, card):
        said = f"Give your answer by calling {name}, once you need nothing else."
        return {**offered, "tool_choice": _CHOICES["auto"]}, said
    if choice == _CHOICES["none"] and tools:
        return {**offered, "tool_choice": {"type": "tool", "name": name}}, ""
    if choice is not None and "name" in choice:
        return {**offered, "tool_choice": choice}, ""

    # "any" of one tool is that tool, and is also honoured where a named one is not.
    return {**offered, "tool_choice": {"type": "any"}}, ""


def _may_force(request: ChatRequest, card: ModelCard | None) -> bool:
    """Whether a tool can be forced: Claude refuses that while it thinks."""
    is_thinking = thinks(request)
    if card is not None and card.is_known:
        return "tool_choice" not in card.refused(thinking=is_thinking)

    return not (is_thinking and is_claude(request.model))
