"""Tools whose arguments OpenAI holds to their schema.

Law: pure. A strict schema requires every property, so one that may be left out becomes
one that may be null; `tools/fitting.py` reads that null as not given. Where a schema
cannot be said so, the tool is offered as it is, and its arguments are checked by us as
they always are.

Source: OpenAI's guides, "Function calling: strict mode" and "Structured outputs:
supported schemas".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mojentic_nb.schema import strict

__all__ = ["strict_parameters"]

Schema = Mapping[str, Any]

# What a strict schema may hold. Another word is answered with an error, so no others.
_WORDS = frozenset(
    "type properties required additionalProperties items enum const anyOf $ref $defs "
    "title description default minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
    "pattern format minItems maxItems".split()
)
_FORMATS = frozenset("date-time time date duration email hostname ipv4 ipv6 uuid".split())
_SAYS_WHAT = ("type", "anyOf", "$ref", "enum", "const")


def strict_parameters(schema: Schema) -> dict[str, Any] | None:
    """A tool's parameters in the strict form; `None` where they cannot be said so."""
    if schema.get("type") != "object" or "properties" not in schema:
        return None

    required = schema.get("required") or ()
    properties = {}
    for name, part in schema["properties"].items():
        found = part if name in required else _or_null(part, schema)
        if found is None:
            return None
        properties[name] = found

    whole = {**schema, "properties": properties, "required": list(properties)}
    return strict(whole) if _can_be_strict(whole) else None


def _or_null(part: Any, schema: Schema) -> dict[str, Any] | None:
    """The schema of what may be left out, as one of what may be null."""
    if not isinstance(part, Mapping) or not _is_typed(part, schema):
        return None

    if _takes_null(part):
        # Null is then a value of its own; it must mean the same as leaving it out.
        return dict(part) if part.get("default") is None else None

    said = {name: part[name] for name in ("title", "description") if name in part}
    bare = {name: value for name, value in part.items() if name not in (*said, "default")}
    return {"anyOf": [bare, {"type": "null"}], **said}


def _is_typed(part: Schema, schema: Schema) -> bool:
    """Whether it is plain that null is none of its values; else null would stay one."""
    target = str(part.get("$ref", "")).removeprefix("#/$defs/")
    named = (schema.get("$defs") or {}).get(target, part)
    options = named.get("anyOf") or (named,)
    return all(isinstance(option, Mapping) and "type" in option for option in options)


def _takes_null(part: Schema) -> bool:
    kind = part.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind):
        return True

    options = part.get("anyOf") or ()
    return any(isinstance(option, Mapping) and _takes_null(option) for option in options)


def _can_be_strict(schema: Any) -> bool:
    if not isinstance(schema, Mapping) or not _WORDS.issuperset(schema):
        return False
    if not any(word in schema for word in _SAYS_WHAT):
        return False
    if schema.get("format", "date") not in _FORMATS:
        return False

    # An object within may leave nothing out: null there would be read as a value.
    properties = schema.get("properties") or {}
    if set(properties) != set(schema.get("required") or ()):
        return False

    inner = [*properties.values(), *(schema.get("$defs") or {}).values()]
    inner += [*(schema.get("anyOf") or ()), *([schema["items"]] if "items" in schema else [])]
    has_items = schema.get("type") != "array" or "items" in schema
    return has_items and all(map(_can_be_strict, inner))
