"""Values a JSON schema accepts: the least one, and a found one made to fit.

Law: schema in, value out; never looks at a prompt. `demo_schema` finds values,
this file makes them valid. Covers what pydantic writes; `not`, `if` and
`dependentSchemas` are ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Schema = Mapping[str, Any]
NUMERIC = frozenset({"integer", "number"})

# One valid value for each string format that pydantic writes.
FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uuid4": "00000000-0000-4000-8000-000000000000",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "hostname": "example.com",
    "json-string": "null",
    "ipvanyaddress": "127.0.0.1",
    "idn-email": "someone@example.com",
    "name-email": "someone@example.com",
    "iri": "https://example.com/",
    "multi-host-uri": "https://example.com/",
}
SHAPES = {
    "date": r"\d{4}-\d{2}-\d{2}",
    "date-time": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*",
    "email": r"[^@\s]+@[^@\s]+\.\w+",
    "uri": r"https?://\S+",
    "time": r"\d{2}:\d{2}:\d{2}Z?",
}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where in a schema we are: its root, and the references opened on the way."""

    root: Schema
    opened: tuple[str, ...] = ()

    def plain(self, schema: object) -> tuple[Schema, Scope]:
        """Follow references and merge `allOf`, so that one flat schema remains."""
        here, flat = self, dict(schema) if isinstance(schema, Mapping) else {}
        for _ in range(32):  # a chain of references longer than this is a loop
            if "$ref" not in flat:
                break

            reference = str(flat.pop("$ref"))
            flat = {**here._target(reference), **flat}
            here = replace(here, opened=(*here.opened, reference))

        for part in flat.pop("allOf", []):
            flat = _merged(flat, here.plain(part)[0])

        return flat, here

    def _target(self, reference: str) -> Schema:
        node: Any = self.root
        for key in reference.removeprefix("#").strip("/").split("/"):
            node = node.get(key, {}) if isinstance(node, Mapping) and key else node

        return node if isinstance(node, Mapping) else {}

    @property
    def repeats(self) -> bool:
        """Whether the schema being filled stands inside itself."""
        return len(set(self.opened)) < len(self.opened)


def _merged(one: Mapping[str, Any], other: Schema) -> dict[str, Any]:
    both = {**other, **one}
    both["properties"] = {**other.get("properties", {}), **one.get("properties", {})}
    both["required"] = [*other.get("required", []), *one.get("required", [])]
    return both if both["properties"] else {**other, **one}


def options_of(schema: Schema) -> list[Any]:
    """The alternatives of `anyOf`, `oneOf` or a list of types; empty when there is one way."""
    options = list(schema.get("anyOf") or schema.get("oneOf") or [])
    kinds = schema.get("type")
    if not options and isinstance(kinds, list):
        options = [{**schema, "type": kind} for kind in kinds]

    return options


def kind_of(schema: Schema) -> str:
    """The JSON type; a schema without one is read from its other keys."""
    if isinstance(schema.get("type"), str):
        return str(schema["type"])

    if "properties" in schema or "additionalProperties" in schema:
        return "object"

    return "array" if "items" in schema or "prefixItems" in schema else "string"


def is_null(schema: object) -> bool:
    """Whether this alternative is null."""
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def least(schema: object, scope: Scope) -> Any:
    """The smallest valid value: the default, null where allowed, 0, "", the first choice."""
    flat, inside = scope.plain(schema)
    if len(inside.opened) > 40:  # a schema that requires itself has no finite value
        return None

    for key, take in (("default", _whole), ("const", _whole), ("enum", _first)):
        if key in flat:
            return take(flat[key])

    options = options_of(flat)
    if options:
        return None if any(map(is_null, options)) else least(_easiest(options, inside), inside)

    return _least_of_kind(flat, inside)


def _whole(value: Any) -> Any:
    return value


def _first(values: Any) -> Any:
    return values[0] if values else None


def _easiest(options: list[Any], scope: Scope) -> Any:
    """The first alternative that does not lead back to where we are."""
    return next((one for one in options if not scope.plain(one)[1].repeats), options[0])


def _least_of_kind(schema: Schema, scope: Scope) -> Any:
    match kind_of(schema):
        case "object":
            return least_object(schema, scope)
        case "array":
            return fit_list([], schema, scope)
        case "integer" | "number":
            return fit_number(0, schema)
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return fit_string("", schema)


def least_object(schema: Schema, scope: Scope) -> dict[str, Any]:
    """The properties that must be there or have a default, each with its least value."""
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    wanted = [name for name in properties if name in required or has_default(properties[name])]
    wanted += [name for name in required if name not in properties]
    return {name: least(properties.get(name, {}), scope) for name in wanted}


def has_default(schema: object) -> bool:
    """Whether a property brings its own value."""
    return isinstance(schema, Mapping) and "default" in schema


def bounds(schema: Schema) -> tuple[float, float]:
    """The lowest and the highest number allowed, both inclusive."""
    low = max(schema.get("minimum", -math.inf), _inside(schema, "exclusiveMinimum", 1))
    high = min(schema.get("maximum", math.inf), _inside(schema, "exclusiveMaximum", -1))
    return low, high


def _inside(schema: Schema, key: str, sign: int) -> float:
    """An exclusive bound moved inwards: by one for an integer, else by a little."""
    if key not in schema:
        return -sign * math.inf

    edge = schema[key]
    if kind_of(schema) == "integer":
        return float(math.floor(edge) + 1 if sign > 0 else math.ceil(edge) - 1)

    return float(edge + sign * max(1e-6, abs(edge) * 1e-9))


def fits(value: float, schema: Schema) -> bool:
    """Whether the schema accepts the number as it is."""
    low, high = bounds(schema)
    whole = kind_of(schema) != "integer" or float(value).is_integer()
    step = schema.get("multipleOf")
    return whole and low <= value <= high and (not step or math.isclose(value % step, 0))


def fit_number(value: float, schema: Schema) -> int | float:
    """The nearest number the schema accepts."""
    low, high = bounds(schema)
    nearest = min(max(value, low), high)
    step = schema.get("multipleOf")
    if step:
        nearest = math.ceil(nearest / step) * step
        nearest = nearest - step if nearest > high else nearest

    if kind_of(schema) == "integer":
        return math.ceil(nearest) if nearest == low else math.floor(nearest)

    return nearest


def fit_string(value: str, schema: Schema) -> str:
    """The string itself if the schema accepts it, else the nearest that it does."""
    form = schema.get("format")
    if form in FORMATS:
        return value if _has_shape(value, form) else FORMATS[form]

    pattern = schema.get("pattern")
    if pattern and not _matches(pattern, value):
        value = sample(pattern)

    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    if len(value) < shortest:
        value += (value[-1:].strip() or "x") * (shortest - len(value))

    return value if longest is None else _cut(value, longest, shortest)


def _cut(value: str, longest: int, shortest: int) -> str:
    """Cut between words where that leaves enough."""
    if len(value) <= longest:
        return value

    at_a_word = value[: longest + 1].rpartition(" ")[0]
    return at_a_word if at_a_word and len(at_a_word) >= shortest else value[:longest]


def _has_shape(value: str, form: str) -> bool:
    shape = SHAPES.get(form)
    return bool(value) and (shape is not None and re.fullmatch(shape, value) is not None)


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True  # another dialect's pattern: nothing to be done about it here


def sample(pattern: str) -> str:
    """A string that a simple pattern accepts: classes, escapes, groups and counts."""
    plain = re.sub(r"\((?:\?:|\?P<\w+>)?([^()|]*)(?:\|[^()]*)?\)(?![{*+?])", r"\1", pattern)
    plain = plain.split("|")[0]
    part = re.compile(r"(\[\^?\]?[^\]]*\]|\\.|[^\\])(?:\{(\d+)(?:,\d*)?\}|([+*?]))?")
    return "".join(
        _letter(atom) * (int(count) if count else mark not in ("*", "?"))
        for atom, count, mark in part.findall(plain)
    )


def _letter(atom: str) -> str:
    """One character that a class or an escape stands for."""
    if atom in ("^", "$", r"\b", r"\A", r"\Z"):
        return ""

    if len(atom) == 1:
        return "x" if atom == "." else atom

    candidates = "aA0x1_- .+@"
    return next((c for c in candidates if _matches(f"^{atom}$", c)), atom[-1])


def fit_list(values: list[Any], schema: Schema, scope: Scope) -> list[Any]:
    """Drop repeats and what is too many; add the least items that are missing."""
    kept = _unique(values) if schema.get("uniqueItems") else list(values)
    shortest, longest = schema.get("minItems", 0), schema.get("maxItems")
    prefix = schema.get("prefixItems", [])
    for index in range(len(kept), max(shortest, len(prefix))):
        item = prefix[index] if index < len(prefix) else schema.get("items", {})
        kept.append(_another(least(item, scope), item, kept, schema, scope))

    return kept[:longest]


def _unique(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)

    return kept


def _another(value: Any, item: Any, kept: list[Any], schema: Schema, scope: Scope) -> Any:
    """A further item, different from the kept ones where the list must not repeat."""
    flat = scope.plain(item)[0]
    choices = [*flat.get("enum", []), value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        choices += [fit_number(value + n * flat.get("multipleOf", 1), flat) for n in range(100)]
    elif isinstance(value, str):
        choices += [fit_string(value + str(n), flat) for n in range(100)]
    elif isinstance(value, bool):
        choices += [True]

    fresh = [choice for choice in choices if choice not in kept]
    return fresh[0] if schema.get("uniqueItems") and fresh else value
