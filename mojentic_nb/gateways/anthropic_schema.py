"""A JSON schema as Anthropic's structured outputs take it.

Source: Anthropic's guide, "Structured outputs", its limits, and what Anthropic's own
client does to a schema. What cannot be said there is told in the description instead:
the answer is checked against the whole schema afterwards anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["native_schema"]

FORMATS = frozenset("date-time time date duration email hostname uri ipv4 ipv6 uuid".split())

# Words that are taken as they are; the others have rules of their own, or go into words.
PLAIN = frozenset({"type", "enum", "const", "$ref", "title", "description", "required"})

# Of one request, strict tools included.
MOST_OPTIONAL = 24
MOST_UNIONS = 16


def native_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Rewrite a schema for `output_config.format`.

    Returns:
        The schema, or `None` where Anthropic would refuse it in any form: free keys,
        recursion, or more optional fields and unions than it compiles.
    """
    parts = [schema, *_inside(schema)]
    if any(_is_free(part) for part in parts) or _is_recursive(schema):
        return None
    if sum(map(_optional, parts)) > MOST_OPTIONAL or sum(map(_is_union, parts)) > MOST_UNIONS:
        return None

    return _rewritten(schema)


def _inside(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every schema within a schema."""
    for word in ("properties", "$defs"):
        for part in (schema.get(word) or {}).values():
            yield from _with_inside(part)
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in schema.get(word) or ():
            yield from _with_inside(part)
    yield from _with_inside(schema.get("items"))


def _with_inside(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, Mapping):
        yield part
        yield from _inside(part)


def _is_free(part: Mapping[str, Any]) -> bool:
    """Whether it leaves open what stands there: Anthropic wants every key and type named."""
    if _is_object(part):
        return not isinstance(part.get("properties"), Mapping) or bool(
            part.get("additionalProperties") or part.get("patternProperties")
        )

    return not {"type", "anyOf", "oneOf", "allOf", "enum", "const", "$ref"} & part.keys()


def _is_object(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    return kind == "object" or "properties" in part or (isinstance(kind, list) and "object" in kind)


def _optional(part: Mapping[str, Any]) -> int:
    return len(part.get("properties") or ()) - len(part.get("required") or ())


def _is_union(part: Mapping[str, Any]) -> bool:
    return "anyOf" in part or "oneOf" in part or isinstance(part.get("type"), list)


def _is_recursive(schema: Mapping[str, Any]) -> bool:
    names: Mapping[str, Any] = schema.get("$defs") or {}
    reached = {f"#/$defs/{name}": _references(part) for name, part in names.items()}
    for _ in names:
        for target in reached:
            further = [reached.get(other, frozenset()) for other in reached[target]]
            reached[target] = reached[target].union(*further)

    return any(target in found for target, found in reached.items()) or "#" in _references(schema)


def _references(part: Any) -> frozenset[str]:
    return frozenset(str(one["$ref"]) for one in _with_inside(part) if "$ref" in one)


def _rewritten(schema: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for word, value in schema.items():
        if word in ("properties", "$defs"):
            result[word] = {name: _rewritten(part) for name, part in value.items()}
        elif word in ("anyOf", "oneOf", "allOf"):
            result["anyOf" if word == "oneOf" else word] = [_rewritten(part) for part in value]
        elif word == "items" and isinstance(value, Mapping):
            result[word] = _rewritten(value)
        elif word in PLAIN or _is_taken(word, value):
            result[word] = value
        elif word != "additionalProperties":
            told[word] = value

    if "$ref" in result:
        # As with other compilers of grammars, nothing may stand beside it.
        return {word: result[word] for word in ("$ref", "$defs") if word in result}
    if _is_object(schema):
        result["additionalProperties"] = False
    if told:
        words = ", ".join(f"{word}: {value}" for word, value in told.items())
        result["description"] = f"{result.get('description', '')}\n\n{{{words}}}".lstrip()

    return result


def _is_taken(word: str, value: Any) -> bool:
    return (word == "format" and value in FORMATS) or (word == "minItems" and value in (0, 1))
