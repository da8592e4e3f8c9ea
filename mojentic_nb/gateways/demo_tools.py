"""The calls a prompt asks for, with their arguments, and what the results say.

Law: pure. `demo_choice` chooses the tools; this file gives each its part of the
prompt, draws the arguments from it, and lets a step that needs an earlier result
wait for it. `demo_mind` is the only caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways import demo_fields as fields
from mojentic_nb.gateways import demo_schema as schemas
from mojentic_nb.gateways import demo_valid as valid
from mojentic_nb.gateways.demo_choice import Said, Tool, choose, position


def calls_for(
    prompt: str, told: Sequence[Mapping[str, Any]], already: Sequence[str], results: Sequence[str]
) -> list[dict[str, Any]]:
    """The tool calls to make now; empty when it is time to answer.

    Args:
        prompt: The user's latest message.
        told: The request's tools.
        already: Names of the tools called since that message; none is called twice.
        results: What those calls returned; a later step may take its numbers from them.
    """
    said = Said(prompt)
    chosen = choose(said, [Tool.of(tool) for tool in told])
    if not chosen or any(_failure(_read(text)) for text in results):
        return []

    parts = _segments(said, chosen)
    carried = " ".join(str(number.value) for text in results for number in facts.numbers(text))
    calls = []
    for tool in chosen:
        if tool.name in already:
            continue

        text = _with_numbers(tool, parts[tool.name], carried)
        calls += [] if text is None else _calls_of(tool, text)

    return calls


def forced(prompt: str, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A call of the first tool, where one must be called and no words name any."""
    tool = Tool.of(told[0])
    return [_call(tool, arguments_for(tool, prompt))]


def _segments(said: Said, chosen: Sequence[Tool]) -> dict[str, str]:
    """The part of the prompt each tool may draw on, cut at the joints between them."""
    prompt = said.text
    at = [position(tool, said) for tool in chosen]
    cuts = [0, *(_joint(prompt, one, two) for one, two in pairwise(at))]
    ends = [*cuts[1:], len(prompt)]
    return {tool.name: prompt[a:b] for tool, a, b in zip(chosen, cuts, ends, strict=True)}


# A comma between two numbers joins them; "and" parts tools only where nothing else does.
JOINTS = (re.compile(r"[;.?!]\s|,\s(?!-?[0-9])|\bthen\b"), re.compile(r"\band\b"))


def _joint(prompt: str, after: int, before: int) -> int:
    """Where the words about one tool end and those about the next begin."""
    for joint in JOINTS:
        found = [match.start() for match in joint.finditer(prompt, after, before)]
        if found:
            return found[-1]

    return before


def _with_numbers(tool: Tool, text: str, carried: str) -> str | None:
    """The text to draw arguments from, with earlier results where it has too few numbers.

    None when even those are too few: the tool waits for another's result.
    """
    if len(facts.numbers(text)) >= tool.numbers_needed:
        return text

    text = f"{carried}, {text.lstrip(' ,;')}"
    return text if len(facts.numbers(text)) >= tool.numbers_needed else None


def _calls_of(tool: Tool, text: str) -> list[dict[str, Any]]:
    """One call, or one for each place the text names ("Paris and London")."""
    arguments = arguments_for(tool, text)
    where = next((n for n in tool.required if re.search("city|location|place", n.lower())), None)
    each = facts.places_meant(text)
    if where is None or len(each) < 2 or arguments.get(where) not in each:
        return [_call(tool, arguments)]

    return [_call(tool, {**arguments, where: place}) for place in each]


def _call(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"function": {"name": tool.name, "arguments": arguments}}


def arguments_for(tool: Tool, text: str) -> dict[str, Any]:
    """What the text tells of each parameter; a required one it does not tell is guessed."""
    spot = schemas.Spot(scope=valid.Scope(root=tool.parameters), text=text)
    claims = schemas.claims_for(tool.properties, spot)
    arguments = {}
    for name, part in tool.properties.items():
        claim = claims.get(name, schemas.MISSING)
        value = schemas.seek(part, replace(spot, field=name, claim=claim))
        if value is schemas.MISSING and name in tool.required:
            value = _guess(tool, part, text)

        if value is not schemas.MISSING:
            arguments[name] = value

    return arguments


def _guess(tool: Tool, part: Any, text: str) -> Any:
    """The main phrase for a string, the least valid value for anything else."""
    scope = valid.Scope(root=tool.parameters)
    flat, _ = scope.plain(part)
    if valid.kind_of(flat) != "string" or {"enum", "const", "default"} & set(flat):
        return valid.least(part, scope)

    # A word of the tool's own name, at a sentence's start, is no name: "Days until …".
    own = tool.name.lower().split("_")
    named = [str(name.value) for name in facts.names(text) if str(name.value).lower() not in own]
    phrase = (
        fields.first(facts.quoted(text))
        or fields.first(_examples_in(flat, text))
        or fields.first(named)
        or fields.first(_UNTIL.findall(text))
        or fields.subject(text)
        or facts.payload(text)
    )
    return valid.fit_string(phrase.rstrip("?!. "), flat)


_UNTIL = re.compile(r"\b(?:until|till|before|since) (?:the |an? )?([^?.!,;]+)", re.IGNORECASE)


def _examples_in(flat: Mapping[str, Any], text: str) -> list[str]:
    """Values that a parameter's description quotes, as far as the text has them."""
    told = facts.quoted(str(flat.get("description", "")))
    return [value for value in told if value.lower() in text.lower()]


def answer_from(results: Sequence[tuple[str, str]]) -> str:
    """A sentence for each tool's result, with its values; a failure is told as one."""
    told = [_say(name, content) for name, content in results]
    return told[0] if len(told) == 1 else "\n".join(f"- {sentence}" for sentence in told)


def _say(name: str, content: str) -> str:
    value = _read(content)
    failure = _failure(value)
    if failure:
        return f"The tool `{name}` failed: {failure.rstrip('.')}. So I cannot answer from it."

    return f"The tool `{name}` says {_readable(value)}".rstrip(".") + "."


def _read(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.strip()


FAILURE = re.compile(r"(?:tool )?(?:\w*error|failed|\w*exception)\b[: ]*", re.IGNORECASE)


def _failure(value: Any) -> str | None:
    if isinstance(value, Mapping) and value.get("error"):
        return _readable(value["error"])

    said = FAILURE.match(value) if isinstance(value, str) else None
    return value[said.end() :] or "no reason was given" if said else None


def _readable(value: Any) -> str:
    match value:
        case {"summary": str(summary)}:
            return f"so: {summary}"
        case Mapping():
            pairs = {" ".join(facts.words_of(str(key))): part for key, part in value.items()}
            told = [f"{key}: {_readable(part)}" for key, part in pairs.items()]
            return ", ".join(told) or "nothing"
        case list():
            return ", ".join(_readable(part) for part in value) or "nothing"
        case None | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
