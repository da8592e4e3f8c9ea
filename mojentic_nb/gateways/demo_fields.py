"""Which fact in a prompt belongs to a field of this name.

Law: a table of (words of the field's name, finder) and the claims that keep two
fields from taking one number or one name. Knows nothing of JSON schema beyond a
property's name and description; `demo_schema` makes what is found here valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mojentic_nb.gateways import demo_facts as facts
from mojentic_nb.gateways.demo_arithmetic import expression_in
from mojentic_nb.gateways.demo_facts import Found
from mojentic_nb.gateways.demo_knowledge import CAPITALS, NEGATIVE, POSITIVE

Finder = Callable[[str], str | None]

# What stands beside a number, when it is not the field's own name.
CUES = {
    "age": "year old aged",
    "price": "usd eur dollar euro cost",
    "cost": "usd eur dollar euro price",
    "total": "usd eur dollar euro",
    "amount": "usd eur dollar euro",
    "year": "published born since",
    "serving": "serve people person",
    "rating": "star",
    "score": "star point",
    "temperature": "degree",
    "minute": "min",
    "duration": "minute hour",
    "quantity": "unit piece",
    "page": "page",
    "stars": "star",
    "reading": "degree",
    "salary": "usd eur dollar euro earns",
}
PLAUSIBLE: tuple[tuple[str, Callable[[float], bool]], ...] = (
    (r"\bage\b", lambda value: 0 < value < 130),
    (r"\byear\b", lambda value: 1000 <= value < 3000),
    (r"confidence|probability|certainty", lambda value: 0 <= value <= 1),
    (r"rating|stars", lambda value: 0 <= value <= 10),
    (r"month\b", lambda value: 1 <= value <= 12),
)
# A plain wish names no ingredients, and an empty list makes a poor first example.
USUAL: Mapping[str, Any] = {
    "confidence": 0.9,
    "probability": 0.9,
    "certainty": 0.9,
    "score": 0.9,
    "servings": 4,
    "minutes": 20,
    "ingredients": ["flour", "milk", "eggs"],
    "steps": ["Mix everything.", "Cook until done.", "Serve."],
    "instructions": ["Mix everything.", "Cook until done.", "Serve."],
}
NAME_FIELD = re.compile(
    r"\b(?:name|person|who|author|artist|director|sender|recipient|customer|character|owner"
    r"|speaker|attendee|contact|employee|assignee|hero|user|student|patient|winner)\b"
)
DENIALS = frozenset({"not", "no", "never", "without", "non"})
NAME_LINKS = (
    (r"author|artist|director", "by"),
    (r"sender", "from"),
    (r"recipient", "to"),
    (r"owner", "(?:owned by|owner is|belongs to)"),
)


def first(values: list[str]) -> str | None:
    """The first value, or None."""
    return values[0] if values else None


def _after(link: str) -> Finder:
    pattern = re.compile(rf"\b{link} (?:the )?({facts.PROPER})")

    def find(text: str) -> str | None:
        found = pattern.search(text)
        return found[1] if found else None

    return find


def _matching(pattern: str) -> Finder:
    compiled = re.compile(pattern)

    def find(text: str) -> str | None:
        found = compiled.search(text)
        return found[found.lastindex or 0] if found else None

    return find


def _country(text: str) -> str | None:
    return first([country for country in CAPITALS if country in text]) or first(facts.places(text))


def _city(text: str) -> str | None:
    towns = [place for place in facts.places_meant(text) if place not in facts.COUNTRIES]
    return first(towns or facts.places(text)) or _bare_place(text)


def _bare_place(text: str) -> str | None:
    """The one name there is, as in "Paris weather?"; a sentence about a person has none."""
    named = [str(name.value) for name in facts.names(text)]
    told = re.search(r"\b(?:is|was|has|not|lives)\b|[0-9]", text)
    return named[0] if len(named) == 1 and len(text.split()) <= 5 and not told else None


def _title(text: str) -> str | None:
    marked = re.search(r"(?:\*\*?|_)([^*_\n]+)(?:\*\*?|_)", text)
    if facts.quoted(text) or marked:
        return first(facts.quoted(text)) or (marked[1] if marked else None)

    by = re.search(rf"({facts.PROPER}) (?:is |was )?(?:\w+ )?by {facts.PROPER}", text)
    named = [str(name.value) for name in facts.names(by[1])] if by else []
    return first(named) or summary(text, 8)


def summary(text: str, words: int = 24) -> str | None:
    """The first sentence of the text, at most so many words."""
    told = facts.sentences(facts.payload(text))
    return " ".join(told[0].split()[:words]).rstrip(".,;:") if told else None


def subject(text: str) -> str | None:
    """The thing asked for: "a recipe for pancakes" gives *Pancakes*."""
    text = re.sub(r"\b(?:use|call|with) the \w+ tool\b(?: to)?", "", text, flags=re.I)
    found = re.search(
        r"\b(?:for|about|of|called|named|on|make|describe|invent|find|look up) (?:an? |the |some )?"
        r"([^\W\d_][\w' -]{1,40}?)(?= (?:that|which|with|for|in|and|is)\b|[.,:;!?\n]|$)",
        text,
    )
    return found[1].capitalize() if found else None


def mood(text: str) -> str:
    """Positive, negative or neutral, by counting a few words."""
    words = facts.words_of(text)
    score = sum(word in POSITIVE for word in words) - sum(word in NEGATIVE for word in words)
    if re.search(r"\bnot (?:\w+ )?(?:good|great|happy|like|nice|helpful|recommend)", text.lower()):
        score -= 2

    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


def _relative(text: str) -> str | None:
    every = facts.dates(text)
    return first([date for date in every if not facts.ISO_DATE.fullmatch(date)] or every)


def _reference(text: str) -> str | None:
    """The calendar date that another expression counts from; alone it is no reference."""
    return first(facts.iso_dates(text)) if len(facts.dates(text)) > 1 else None


def _currency(text: str) -> str | None:
    signs = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
    named = re.search(r"\b(?:USD|EUR|GBP|JPY|CHF)\b", text)
    return named[0] if named else first([code for sign, code in signs.items() if sign in text])


# In order: the first row whose words stand in the field's name finds, or finds nothing.
FINDERS: tuple[tuple[str, Finder], ...] = (
    (r"e ?mail", lambda text: first(facts.EMAIL.findall(text))),
    (r"\b(url|uri|link|website|homepage)\b", lambda text: first(facts.URL.findall(text))),
    (r"phone|telephone|mobile", _matching(r"\+?[0-9][0-9 ()-]{6,18}[0-9]")),
    (r"reference", _reference),
    (r"\biso\d*\b", lambda text: first(facts.iso_dates(text))),
    (r"\b(date|when|day|deadline|due|birthday|relative)\b", _relative),
    (r"\btime\b", _matching(r"\b[0-9]{1,2}:[0-9]{2}(?: ?[ap]m)?\b")),
    (r"\bformat\b", _matching(r"%[a-zA-Z](?:[ :/,.-]*%[a-zA-Z])*")),
    (r"expression|formula|equation|calculation", expression_in),
    (r"country|nation", _country),
    (r"city|town|location|place|destination|capital|region|where", _city),
    (r"first name|given name|forename", lambda text: _part_of_name(text, 0)),
    (r"last name|family name|surname", lambda text: _part_of_name(text, -1)),
    (
        r"company|organi[sz]ation|employer|firm|vendor|manufacturer|publisher",
        _after("(?:at|for|by)"),
    ),
    (
        r"occupation|profession|job|role|position",
        _matching(
            r"\b(?:is|was|as|works as) an? (?!\d)([^\W\d_]+(?: [^\W\d_]+)??)"
            r"(?= (?:who|and|in|at|from)|[,.;!]|$)"
        ),
    ),
    (r"currency", _currency),
    (r"sentiment|mood|tone|emotion", mood),
    (
        r"colou?r",
        _matching(r"(?i)\b(red|green|blue|yellow|black|white|purple|orange|brown|gr[ae]y)\b"),
    ),
    (r"title|headline|\bbook\b|\bmovie\b|\bfilm\b", _title),
    (r"\bcode\b|snippet", _matching(r"```(?:\w*\n)?([^`]+)```|`([^`]+)`")),
    (r"summary|abstract|description|overview|gist", summary),
    (
        r"\b(text|content|message|sentence|input|phrase|body|prompt|string|note|quote)\b",
        facts.payload,
    ),
    (
        r"\b(query|question|topic|search|subject|keywords?|term)\b",
        lambda text: first(facts.quoted(text)) or subject(text) or facts.payload(text),
    ),
)


def value_for(field: str, hint: str, text: str) -> str | None:
    """A string for this field: labelled in the text, found by its kind, or beside its name."""
    words = " ".join(facts.words_of(field))
    return labelled(field, text) or _by_kind(words, hint, text) or _beside(words, text)


def _by_kind(words: str, hint: str, text: str) -> str | None:
    named = [finder for pattern, finder in FINDERS if re.search(pattern, words)]
    hinted = [finder for pattern, finder in FINDERS[:5] if re.search(pattern, hint.lower())]
    finder = (named or hinted or [lambda _: None])[0]
    found = finder(text)
    return found.strip() if found else None


def labelled(field: str, text: str) -> str | None:
    """What follows "field:" or "field=" in the text, also in JSON that a tool returned."""
    label = r"[ _]".join(map(re.escape, facts.words_of(field)))
    if not label:
        return None

    found = re.search(
        rf"\b{label}\"?\s*[:=]\s*(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\n,;}}\]\"']+))", text, re.I
    )
    return next((part.strip() for part in found.groups() if part), None) if found else None


def _beside(words: str, text: str) -> str | None:
    """What a sentence says of a field that no rule knows: "the flavour is mint"."""
    found = (
        re.search(
            rf"\b{re.escape(words)}\b (?:is|was|of|called|named|are) (?:an? |the )?"
            r"([^\n.,;!?]+?)(?= (?:and|but|with)\b|[\n.,;!?]|$)",
            text,
            re.I,
        )
        if words
        else None
    )
    return found[1] if found else None


def _part_of_name(text: str, index: int) -> str | None:
    whole = first(facts.people(text))
    parts = whole.split() if whole else []
    return parts[index] if parts and (index == 0 or len(parts) > 1) else None


def truth_of(field: str, text: str) -> bool | None:
    """Whether the text says so; None when it does not speak of the field."""
    told = labelled(field, text)
    if told:
        return told.lower().rstrip(".!") in {"true", "yes", "y", "1", "on"}

    cues = set(facts.stems_of(field)) - {"has", "need", "want"}
    words = facts.words_of(text.replace("n't", " not"))
    for index, word in enumerate(words):
        if facts.stem(word) in cues:
            return DENIALS.isdisjoint(words[max(0, index - 3) : index])

    return None


def claim_names(fields: list[str], text: str) -> dict[str, str]:
    """Share the people in the text among the fields that want a name."""
    wanting = [field for field in fields if wants_name(field)]
    claims = {field: str(name) for field, name in _linked(wanting, text)}
    free = [name for name in facts.people(text) if name not in claims.values()]
    rest = [field for field in wanting if field not in claims]
    return claims | dict(zip(rest, free, strict=False))


def wants_name(field: str) -> bool:
    """Whether a field of this name asks for the name of a person or a thing."""
    words = " ".join(facts.words_of(field))
    known = any(re.search(pattern, words) for pattern, _ in FINDERS)
    return bool(NAME_FIELD.search(words)) and not known


def _linked(fields: list[str], text: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        link = next((link for kind, link in NAME_LINKS if re.search(kind, field)), None)
        name = _after(link)(text) if link else None
        if name:
            yield field, name


# A field takes its number from the first of them; a pasted table is not searched through.
ENOUGH_NUMBERS = 500


def claim_numbers(fields: Mapping[str, Callable[[float], bool]], text: str) -> dict[str, Found]:
    """Share the numbers in the text: first to the field named beside each, then in order.

    Args:
        fields: For each field that wants a number, whether a number fits its bounds.
        text: The prompt, or the piece of it that tells of one thing.
    """
    every = facts.numbers(text)[:ENOUGH_NUMBERS]
    cues = {field: _cues(field) for field in fields}
    near = sorted(
        (distance, index, field)
        for field, fits in fields.items()
        for index, number in enumerate(every)
        if fits(float(number.value))
        and (distance := _distance(cues[field], number, text)) is not None
    )
    claims: dict[str, Found] = {}
    taken: set[int] = set()
    for _, index, field in near:
        if field not in claims and index not in taken:
            claims[field] = every[index]
            taken.add(index)

    _hand_out(fields, [n for i, n in enumerate(every) if i not in taken], claims)
    return claims


def _hand_out(
    fields: Mapping[str, Callable[[float], bool]], free: list[Found], claims: dict[str, Found]
) -> None:
    for field, fits in fields.items():
        if field in claims:
            continue

        number = next((n for n in free if fits(float(n.value)) and _plausible(field, n)), None)
        if number:
            claims[field] = number
            free.remove(number)


def _plausible(field: str, number: Found) -> bool:
    words = " ".join(facts.words_of(field))
    return all(fits(float(number.value)) for kind, fits in PLAUSIBLE if re.search(kind, words))


def _cues(field: str) -> frozenset[str]:
    """Stems of the words that stand beside this field's number; "$" for money."""
    words = facts.words_of(field)
    said = [cue for word in words for cue in [word, *CUES.get(word, "").split()]]
    return frozenset([*map(facts.stem, said), *("$" for cue in said if cue == "usd")])


def _distance(cues: frozenset[str], number: Found, text: str) -> int | None:
    """How many words lie between a number and a word that names its field."""
    after = re.split(r"[.,;\n]", text[number.end : number.end + 30])[0]
    before = re.split(r"[,;\n]|\. ", text[max(0, number.start - 30) : number.start])[-1]
    if "$" in cues and before.rstrip().endswith(("$", "€", "£")):
        return -1

    ahead = facts.words_of(after)[:3]
    behind = facts.words_of(before)[:-4:-1]
    steps = [2 * i for i, word in enumerate(ahead) if facts.stem(word) in cues]
    steps += [2 * i + 1 for i, word in enumerate(behind) if facts.stem(word) in cues]
    return min(steps, default=None)
