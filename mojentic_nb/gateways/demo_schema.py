"""A schema filled from a prompt: the demo model's structured answers.

Law: `fill` always gives a value of the schema's shape; what the prompt does not
tell becomes the default, null, or the least valid value. Two steps all the way
down: *seek* a value in the text (`MISSING` when it tells none), then *settle* for
a valid one. `demo_mind` calls this for `format`, `demo_tools` for arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways import demo_fields as fields
from mojentic_nb.gateways import demo_valid as valid
from mojentic_nb.gateways.demo_valid import Schema, Scope


class Sought(Enum):
    """Stands for "the text does not tell", where None would be a value."""

    MISSING = "missing"


MISSING = Sought.MISSING
Answer = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One place to fill: the text that may tell, and what was set aside for this field."""

    scope: Scope
    text: str
    field: str = ""
    hint: str = ""
    claim: Any = MISSING
    answer: Answer | None = None


def fill(schema: Schema, text: str, answer: Answer | None = None) -> Any:
    """A value the schema accepts, from what the text tells.

    Args:
        schema: JSON schema, as pydantic writes it.
        text: The prompt that carries the facts.
        answer: Answers a question in words, for fields named like "answer".
    """
    return settle(schema, Spot(scope=Scope(root=schema), text=text, answer=answer))


def settle(schema: object, spot: Spot) -> Any:
    """The value the text tells, else the least valid one."""
    value = seek(schema, spot)
    return valid.least(schema, spot.scope) if value is MISSING else value


def seek(schema: object, spot: Spot) -> Any:
    """The value the text tells, already valid, or MISSING."""
    flat, scope = spot.scope.plain(schema)
    if scope.repeats or "const" in flat:
        return MISSING

    spot = replace(spot, scope=scope, hint=str(flat.get("description", spot.hint)))
    if "enum" in flat:
        return _choice(flat["enum"], spot)

    options = valid.options_of(flat)
    return _seek_any(options, spot) if options else SEEKERS[valid.kind_of(flat)](flat, spot)


def _seek_any(options: list[Any], spot: Spot) -> Any:
    """The first alternative the text tells; those whose tag it names come first."""
    ranked = sorted(options, key=lambda option: not _is_named(option, spot))
    found = (seek(option, spot) for option in ranked if not valid.is_null(option))
    return next((value for value in found if value is not MISSING), MISSING)


def _is_named(option: object, spot: Spot) -> bool:
    """Whether the text mentions this alternative's title or the constant that tags it."""
    flat, _ = spot.scope.plain(option)
    tags = [part.get("const") for part in flat.get("properties", {}).values()]
    words = set(facts.stems_of(spot.text))
    named = [str(tag) for tag in [*tags, flat.get("title")] if tag is not None]
    return any(set(facts.stems_of(tag)) & words for tag in named)


def _choice(values: list[Any], spot: Spot) -> Any:
    mentioned = _choices(values, spot.text)
    if len(mentioned) == 1:
        return mentioned[0]

    # "Is this positive or negative: ..." mentions both, and the text after it decides.
    told = {str(value).lower(): value for value in values}
    mood = fields.mood(facts.without_request(spot.text))
    return told.get(mood, mentioned[0] if mentioned else MISSING)


def _choices(values: list[Any], text: str) -> list[Any]:
    """The values the text mentions, in its order; a value after a lead-in counts for more."""
    for told in (facts.without_request(text), text):
        low = f" {' '.join(facts.words_of(told))} "
        at = [(low.find(f" {' '.join(facts.words_of(str(value)))} "), value) for value in values]
        found = [value for where, value in sorted(at, key=lambda pair: pair[0]) if where >= 0]
        if found:
            return found

    return []


def _seek_string(schema: Schema, spot: Spot) -> Any:
    value = spot.claim if isinstance(spot.claim, str) else _string(schema, spot)
    return MISSING if value is None else valid.fit_string(str(value), schema)


def _string(schema: Schema, spot: Spot) -> str | None:
    told = _by_format(str(schema.get("format", "")), spot.text) or _by_pattern(schema, spot.text)
    if told or schema.get("format") in valid.FORMATS or schema.get("pattern"):
        return told

    if not spot.field:
        return facts.payload(spot.text) or None

    if ANSWER_FIELD.search(" ".join(facts.words_of(spot.field))) and spot.answer:
        return spot.answer(spot.text)

    found = fields.value_for(spot.field, spot.hint, spot.text)
    return found or (fields.subject(spot.text) if fields.wants_name(spot.field) else None)


ANSWER_FIELD = re.compile(
    r"\b(?:answer|response|reply|explanation|reason|reasoning|joke|haiku|poem)\b"
)


def _by_format(form: str, text: str) -> str | None:
    match form:
        case "date":
            return fields.first(facts.iso_dates(text))
        case "date-time":
            stamp = next((m[0] for m in facts.ISO_DATE.finditer(text) if "T" in m[0]), None)
            day = fields.first(facts.iso_dates(text))
            return stamp or (f"{day}T00:00:00Z" if day else None)
        case "email" | "idn-email":
            return fields.first(facts.EMAIL.findall(text))
        case "uri":
            return fields.first(facts.URL.findall(text))
        case _:
            return None


def _by_pattern(schema: Schema, text: str) -> str | None:
    """A word of the text that the schema's own pattern accepts."""
    try:
        pattern = re.compile(schema.get("pattern", r"(?!)"))
    except re.error:
        return None

    return next(
        (word for word in re.findall(r"[\w@.+-]+\b", text[:2000]) if pattern.search(word)), None
    )


def _seek_number(schema: Schema, spot: Spot) -> Any:
    if spot.claim is MISSING and not spot.field:
        found = [n.value for n in facts.numbers(spot.text) if valid.fits(float(n.value), schema)]
        spot = replace(spot, claim=found[0] if found else MISSING)

    usual = fields.USUAL.get(spot.field, MISSING)
    value = usual if spot.claim is MISSING and isinstance(usual, (int, float)) else spot.claim
    if not isinstance(value, (int, float)):
        return MISSING

    return valid.fit_number(value, schema)


def _seek_boolean(schema: Schema, spot: Spot) -> Any:
    told = fields.truth_of(spot.field, spot.text)
    return MISSING if told is None else told


def _seek_object(schema: Schema, spot: Spot) -> Any:
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        return _seek_mapping(schema, spot)

    claims = claims_for(properties, spot)
    found = {
        name: seek(part, replace(spot, field=name, hint="", claim=claims.get(name, MISSING)))
        for name, part in properties.items()
    }
    if all(value is MISSING for value in found.values()):
        return MISSING

    rest = valid.least_object(schema, spot.scope)
    told = {name: value for name, value in found.items() if value is not MISSING}
    ordered = [name for name in [*properties, *rest] if name in told or name in rest]
    return {name: told.get(name, rest.get(name)) for name in dict.fromkeys(ordered)}


# A string with one of these keys is no name to be shared out.
SETTLED = frozenset({"enum", "format", "pattern", "const"})


def claims_for(properties: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
    """Names and numbers of the text, shared out among the properties that want them."""
    kinds = {name: _simple(part, spot.scope) for name, part in properties.items()}
    wanting = {
        name: (lambda value, flat=flat: valid.fits(value, flat))
        for name, flat in kinds.items()
        if valid.kind_of(flat) in valid.NUMERIC and "enum" not in flat
    }
    strings = [
        name
        for name, flat in kinds.items()
        if valid.kind_of(flat) == "string" and SETTLED.isdisjoint(flat)
    ]
    found = fields.claim_numbers(wanting, spot.text)
    numbers = {name: number.value for name, number in found.items()}
    return {**fields.claim_names(strings, spot.text), **numbers}


def _simple(schema: object, scope: Scope) -> Schema:
    """The schema behind "or null" and references, enough to know its kind."""
    flat, inside = scope.plain(schema)
    options = [option for option in valid.options_of(flat) if not valid.is_null(option)]
    return inside.plain(options[0])[0] if options else flat


def _seek_mapping(schema: Schema, spot: Spot) -> Any:
    """A free-form object: "a=1, b=2", "apples: 3", or "3 apples and 4 pears"."""
    inner = schema.get("additionalProperties", {})
    kind = valid.kind_of(_simple(inner, spot.scope)) if isinstance(inner, Mapping) else "string"
    body = facts.without_request(spot.text)
    pairs = re.findall(r"([^\W\d]\w*)\s*[:=]\s*([^\s,;][^,;\n]*)", body)
    if not pairs:
        pairs = [(noun, n) for n, noun in re.findall(r"\b([0-9]{1,9}) ([^\W\d]\w*)", body)]

    found = {key: _typed(value.strip(), kind, inner) for key, value in pairs}
    told = {key: value for key, value in found.items() if value is not MISSING}
    return told if told and inner is not False else MISSING


def _typed(value: str, kind: str, schema: Any) -> Any:
    if kind == "string":
        return valid.fit_string(value.rstrip("."), schema if isinstance(schema, Mapping) else {})

    counted = facts.numbers(value) if kind in valid.NUMERIC else []
    if not counted:
        return MISSING

    return valid.fit_number(float(counted[0].value), {**schema, "type": kind})


def _seek_list(schema: Schema, spot: Spot) -> Any:
    if "prefixItems" in schema:
        found = _tuple_items(schema["prefixItems"], spot)
    else:
        item = schema.get("items", {})
        found = _list_items(item if isinstance(item, Mapping) else {}, spot)

    if not found and _simple(schema.get("items"), spot.scope).get("type") == "string":
        usual = fields.USUAL.get(spot.field)
        found = usual if isinstance(usual, list) else []

    return valid.fit_list(found, schema, spot.scope) if found else MISSING


def _tuple_items(parts: list[Any], spot: Spot) -> list[Any]:
    counted = iter([number.value for number in facts.numbers(spot.text)])
    said = iter(facts.items(spot.text))
    found = []
    for part in parts:
        numeric = valid.kind_of(_simple(part, spot.scope)) in valid.NUMERIC
        claim = next(counted if numeric else said, MISSING)
        found.append(settle(part, replace(spot, field="item", claim=claim)))

    return found


def _list_items(item: Schema, spot: Spot) -> list[Any]:
    flat = _simple(item, spot.scope)
    if "enum" in flat:
        return _choices(flat["enum"], spot.text)

    match valid.kind_of(flat):
        case "string":
            said = strings_for(spot.field, flat, spot.text)
            found = [seek(item, _held(spot, text)) for text in said]
            return [value for value in found if value is not MISSING]
        case "integer" | "number":
            counted = [number.value for number in facts.numbers(spot.text)]
            return [seek(item, _held(spot, n)) for n in counted if valid.fits(float(n), flat)]
        case _:
            spots = [replace(spot, text=piece, field="") for piece in facts.pieces(spot.text)]
            found = [seek(item, each) for each in spots]
            return [value for value in found if value is not MISSING]


def _held(spot: Spot, value: object) -> Spot:
    return replace(spot, field="item", claim=value)


# For a list's name: what its members are. In order, the first match decides.
LISTS: tuple[tuple[str, Callable[[str], list[str]]], ...] = (
    (r"email", facts.EMAIL.findall),
    (r"url|link", facts.URL.findall),
    (r"dates?\b|deadline", facts.dates),
    (r"people|person|names?\b|authors|characters|attendees|speakers|participants", facts.people),
    (r"cit(?:y|ies)|places|locations|countries|towns", facts.places),
    (
        r"sentences|steps|instructions|points|facts",
        lambda text: facts.sentences(facts.payload(text)),
    ),
    (r"\bwords|tokens", lambda text: facts.payload(text).split()),
    (r"tags|keywords|topics|themes", lambda text: keywords(facts.payload(text))),
)


FORMAT_LISTS: Mapping[str, Callable[[str], list[str]]] = {
    "email": facts.EMAIL.findall,
    "uri": facts.URL.findall,
    "date": facts.iso_dates,
}


def strings_for(field: str, schema: Schema, text: str) -> list[str]:
    """The members of a list of strings, by the list's name, else by its commas."""
    finder = FORMAT_LISTS.get(str(schema.get("format")))
    if finder:
        return finder(text)

    told = fields.labelled(field, text.replace(", ", "\x00")) if field else None
    if told:
        return facts.items(told.replace("\x00", ", "))

    words = " ".join(facts.words_of(field))
    said = next((find for kind, find in LISTS if re.search(kind, words)), None)
    found = said(text) if said else facts.items(text)
    wish = field in fields.USUAL and not re.search(r"[:,]|\n", text)
    return [] if wish else found


def keywords(text: str, most: int = 5) -> list[str]:
    """The longest telling words, in their order."""
    telling = [word for word in facts.words_of(text) if word not in facts.STOP and len(word) > 3]
    return list(dict.fromkeys(telling))[:most]


SEEKERS: Mapping[str, Callable[[Schema, Spot], Any]] = {
    "object": _seek_object,
    "array": _seek_list,
    "string": _seek_string,
    "boolean": _seek_boolean,
    "integer": _seek_number,
    "number": _seek_number,
    "null": lambda schema, spot: MISSING,
}
