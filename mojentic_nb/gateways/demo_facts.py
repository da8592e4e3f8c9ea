"""What the demo model can find in a prompt: numbers, names, places, dates, items.

Law: pure text in, plain values out. Nothing here knows of messages, tools or
schemas; `demo_schema`, `demo_tools` and `demo_words` ask, this file finds. Every
pattern is linear in the prompt's length: a user may paste a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mojentic_nb.gateways.demo_knowledge import CAPITALS, MONTHS, NOT_NAMES

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SPOKEN = {word: n for n, word in enumerate(UNITS)} | {w: 10 * n for n, w in enumerate(TENS, 2)}
COUNTRIES = frozenset(CAPITALS)

_UNIT, _TEN = "|".join(UNITS[1:]), "|".join(TENS)
# 15 digits: what a float holds exactly, and far below the limit of int().
NUMBER = re.compile(
    r"(?<![\w.)])(?P<digits>-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.[0-9]{1,15})?)(?![0-9])"
    rf"|\b(?P<ten>{_TEN})(?:[- ](?P<unit>{_UNIT}))?\b|\b(?P<word>zero|{_UNIT})\b(?! of\b)",
    re.IGNORECASE,
)

_CAP = r"[A-ZÀ-ÖØ-Þ](?:[^\W_]|[-'’.](?=[^\W_]))*"
_INITIAL = r"[A-Z]\."
_LINK = r"(?:(?:de|la|van|von|der|du|al|bin) )"
PROPER = rf"(?:{_INITIAL}|{_CAP})(?: {_LINK}{{0,2}}(?:{_INITIAL}|{_CAP}))*"
_JOIN = rf"(?:,? and |, ){PROPER}(?! (?:is|was|has|lives|works)\b)"
PLACE = re.compile(
    rf"\b(?P<link>in|from|near|at|to|for|of|visit) (?:the )?(?P<list>{PROPER}(?:{_JOIN})*)"
)
LOWER_NAME = re.compile(
    rf"(?:^|,|\band|[.;\n]) ?([a-z]{{2,20}}) (?:is|was) (?=[0-9]|{_TEN}|{_UNIT})"
)
LOWER_PLACE = re.compile(r"\b(?:in|near) ([a-z]{3,})\b")
PLACE_LINKS = ("in", "near", "from", "visit", "to", "at", "for", "of")

_COUNT = rf"(?:[0-9]{{1,4}}|an?|{_UNIT}|{_TEN})"
_SPAN = r"(?:minute|hour|day|week|fortnight|month|year)s?"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:" + "|".join(MONTHS) + r")"
ISO_DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,15}(?:Z|[+-][0-9:]{4,5})?)?\b")
MONTH_DAY = re.compile(
    rf"\b(?P<month>{_MONTH}) (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>[0-9]{{4}})\b)?"
    rf"|\b(?P<day2>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month2>{_MONTH})\b"
    r"(?:,? (?P<year2>[0-9]{4})\b)?",
    re.IGNORECASE,
)
DATE = re.compile(
    rf"{ISO_DATE.pattern}|\bthe day (?:after tomorrow|before yesterday)\b"
    rf"|\bin {_COUNT} {_SPAN}\b"
    rf"|\b{_COUNT} {_SPAN} (?:ago|from (?:now|today|tomorrow|{_DAY})|later)\b"
    rf"|\b(?:next|last|this|coming|previous) (?:{_DAY}|week(?:end)?|month|year|quarter)\b"
    r"|"
    + re.sub(r"\?P<\w+>", "", MONTH_DAY.pattern).replace("(st", "(?:st")
    + rf"|\b(?:christmas(?: eve| day)?|new year'?s (?:day|eve)|{_DAY})\b"
    r"|\b(?:tomorrow|yesterday|today|tonight)\b",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
URL = re.compile(r"https?://[^\s<>\"')]*[^\s<>\"'.,;)]")
QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|(?<!\w)['‘]([^'’\n]+)['’](?!\w)")

REQUEST = re.compile(
    r"\s*(?:(?:please|can you|could you|now|kindly) )?"
    r"(?:extract|parse|list|find|read|get|turn|convert"
    r"|summari[sz]e|classify|label|describe|identify|analy[sz]e|give|make|create|generate|fill"
    r"|from|text|count|reverse|translate|tell|what|how|who|which|rate|tag|put|use|return|here|is|does)\b",
    re.IGNORECASE,
)

STOP = frozenset(
    "a an and are as at be by can could do does for from give have how i if in is it its me my of "
    "on or please s so some t tell than that the their then there this to use using want was what "
    "when where which who will with would you your returns return given tool function".split()
)
SUFFIXES = "ations ation ators ator ions ion ings ing ers er ed ies es s e y".split()


class Found(NamedTuple):
    """A number or a name, and where it stands in the text."""

    value: int | float | str
    start: int
    end: int


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Cut a common ending, so that "calculator" meets "calculate"."""
    word = word.lower()
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]

    return word


def words_of(text: str) -> list[str]:
    """Lower-case words; snake_case and camelCase names come apart."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return [word.lower() for word in re.findall(r"[^\W_]+", apart)]


def stems_of(text: str) -> list[str]:
    """The stems of the words that carry meaning."""
    return [stem(word) for word in words_of(text) if word not in STOP]


def quoted(text: str) -> list[str]:
    """What stands between quotation marks or backticks, in order."""
    return [next(part for part in found.groups() if part) for found in QUOTED.finditer(text)]


def payload(text: str) -> str:
    """The text a request is about: the quotation, what follows its colon, or all of it."""
    quotes = [quote for quote in quoted(text) if quote.strip()]
    if quotes:
        return max(quotes, key=len)

    return without_request(text)


def without_request(text: str) -> str:
    """Drop a lead-in such as "Extract the people from this text:"."""
    head, colon, tail = text.partition(":")
    if colon and tail.strip() and len(head) <= 160 and REQUEST.match(head):
        return tail.strip()

    return text.strip()


def sentences(text: str) -> list[str]:
    """Lines and sentences; an initial or a title does not end one."""
    parts = re.split(r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b[DM]r\.)(?<!\bMrs\.)\s+|\n+", text)
    return [part.strip() for part in parts if part.strip()]


def numbers(text: str) -> list[Found]:
    """Numbers in order of appearance; those inside a calendar date are left out."""
    plain = ISO_DATE.sub(lambda date: " " * len(date[0]), text)
    plain = MONTH_DAY.sub(_hide_day, plain)
    return [Found(_number(match), *match.span()) for match in NUMBER.finditer(plain)]


def _hide_day(date: re.Match[str]) -> str:
    year = date["year"] or date["year2"] or ""
    return year.rjust(len(date[0]))


def _number(match: re.Match[str]) -> int | float:
    digits = match["digits"]
    if digits is None:
        return sum(SPOKEN[word.lower()] for word in match.group("ten", "unit", "word") if word)

    digits = digits.replace(",", "")
    return float(digits) if "." in digits else int(digits)


def names(text: str) -> list[Found]:
    """Capitalised phrases that are not just the first word of a sentence."""
    return [name for match in re.finditer(PROPER, text) for name in _name(match)]


def _name(match: re.Match[str]) -> Iterator[Found]:
    words = re.sub(r"['’]s\b", "", match[0]).split(" ")
    dropped = 0
    while words and words[0].lower().rstrip(".") in NOT_NAMES:
        dropped += len(words.pop(0)) + 1

    while words and words[-1].lower() in NOT_NAMES:
        words.pop()

    if words:
        yield Found(" ".join(words), match.start() + dropped, match.end())


def people(text: str) -> list[str]:
    """Names that are not places; a lower-case "ada is 36" still counts."""
    elsewhere = {
        span for link in ("in", "at", "from", "near") for span in _place_starts(text, link)
    }
    every = names(text)
    kept = [str(name.value) for name in every if name.start not in elsewhere]
    if kept or every:
        return list(dict.fromkeys(kept or [str(name.value) for name in every]))

    return [word.capitalize() for word in LOWER_NAME.findall(text) if word not in NOT_NAMES]


def _place_starts(text: str, link: str) -> list[int]:
    found = (match for match in PLACE.finditer(text) if match["link"] == link)
    return [
        match.start("list") + part.start()
        for match in found
        for part in re.finditer(PROPER, match["list"])
    ]


def places(text: str) -> list[str]:
    """Capitalised phrases after "in", "near", "from" ..., the likeliest first."""
    found = sorted(PLACE.finditer(text), key=lambda match: PLACE_LINKS.index(match["link"].lower()))
    named = [str(name.value) for match in found for name in names(match["list"])]
    if named:
        return list(dict.fromkeys(named))

    lower = [word for word in LOWER_PLACE.findall(text) if word not in NOT_NAMES | STOP]
    return [word.capitalize() for word in lower]


def places_meant(text: str) -> list[str]:
    """The places one question is about: two for "Paris and London", one for "Paris, France"."""
    for match in sorted(
        PLACE.finditer(text), key=lambda match: PLACE_LINKS.index(match["link"].lower())
    ):
        found = [str(name.value) for name in names(match["list"])]
        if found:
            return [place for place in found if place not in COUNTRIES] or found

    return places(text)[:1]


def dates(text: str) -> list[str]:
    """Date expressions as the text writes them: "next Friday", "in two weeks", ISO dates."""
    return [match[0] for match in DATE.finditer(text)]


def iso_dates(text: str) -> list[str]:
    """Calendar dates as YYYY-MM-DD. A relative date needs a clock, which the mind has not."""
    found = [(match.start(), match[0][:10]) for match in ISO_DATE.finditer(text)]
    found += [(match.start(), _iso(match)) for match in MONTH_DAY.finditer(text)]
    return [date for _, date in sorted(found) if _exists(date)]


def _iso(match: re.Match[str]) -> str:
    month = MONTHS.index((match["month"] or match["month2"]).lower()) + 1
    day = int(match["day"] or match["day2"])
    return f"{match['year'] or match['year2'] or '2026'}-{month:02}-{day:02}"


def _exists(date: str) -> bool:
    year, month, day = (int(part) for part in date.split("-"))
    return year > 0 and 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30)


def items(text: str) -> list[str]:
    """The parts of a list: lines, or what commas and "and" separate."""
    body = without_request(text).partition("\n\n")[0]
    rows = [row for row in body.split("\n") if row.strip()]
    parts = rows if len(rows) > 1 else re.split(r",\s*(?:and |or )?|\s+and\s+|;\s*", body)
    cleaned = [re.sub(r"^(?:[-*•]|[0-9]{1,3}[.)])\s+", "", part.strip()) for part in parts]
    if cleaned:
        cleaned[0] = re.sub(
            r"^.*?\b(?:buy|bought|needs?|likes?|loves?|want|are|with|includ(?:e|ing)|uses?"
            r"|contains?)(?: the)? ",
            "",
            cleaned[0],
            flags=re.IGNORECASE,
        )
    return [part.strip().rstrip(".!") for part in cleaned if part.strip().rstrip(".!")]


def pieces(text: str) -> list[str]:
    """One piece for each thing described: a line, a sentence, or a clause with its own subject."""
    body = without_request(text)
    for split in (_by_line, sentences, _by_semicolon, _by_subject):
        told = [part for part in split(body) if names(part) or numbers(part)]
        if len(told) > 1:
            return [piece for part in told for piece in (_by_subject(part) or [part])]

    return [body]


def _by_line(text: str) -> list[str]:
    return [re.sub(r"^\s*(?:[-*•]|[0-9]{1,3}[.)])\s+", "", line) for line in text.splitlines()]


def _by_semicolon(text: str) -> list[str]:
    return text.split(";")


def _by_subject(text: str) -> list[str]:
    """Split before a name that is followed by its own verb, number or bracket."""
    follows = r"(?:is|was|has|lives|works|costs|\(|by\b|[0-9]|, ?[0-9]|: |- )"
    return re.split(rf"(?:,? and |, |; )(?={PROPER}(?: {follows}|, ?[0-9]))", text)
