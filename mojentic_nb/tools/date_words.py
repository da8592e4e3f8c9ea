"""What people say of days, as dates: a small English grammar.

Law: pure; the reference comes from outside and no clock, locale or zone is asked. A
phrase that is not understood, or means two days, is refused: a date made up is worse
than none. The rules people differ on, chosen here and kept:

* Weeks begin on Monday. "Friday" is the first Friday after the reference day and "this
  Friday" the first from it on, which may be today. "next Friday" is the Friday of next
  week, so it is never the same as "this Friday"; "last Friday" is the latest before today.
* A day without a year is the first from the reference day on. A month too short for a
  day ends with its last: a month after 31 January is 28 February.
* 5/12/2026 is refused: half of the world reads May, the other half December.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from mojentic_nb.tools.date_steps import (
    MONTHS,
    NotADate,
    bounds,
    coming,
    existing,
    monday,
    months,
    moved,
)

__all__ = ["EXAMPLES", "NotADate", "day_of"]

EXAMPLES = (
    "'tomorrow', 'next Friday', 'in 3 days', '2 weeks ago', 'a week from Monday', "
    "'end of the month', '25 December', 'the 15th', '2026-12-25'"
)

# Far more than anybody says; keeps nested phrases shallow.
_LONGEST = 120


def day_of(phrase: str, today: date) -> date:
    """The day a phrase means, seen from `today`.

    Args:
        phrase: English words, without a time of day.
        today: The day the phrase is said; a `datetime` where hours matter.

    Raises:
        NotADate: The phrase is not understood, or its day does not exist.
    """
    words = _plain(phrase)
    if not words or len(words) > _LONGEST:
        raise NotADate("not understood")

    try:
        day = _day(words, today)
    except NotADate:
        raise
    except (OverflowError, ValueError):
        raise NotADate("no calendar has that day") from None

    return date(day.year, day.month, day.day)


def _day(words: str, today: date) -> date:
    for pattern, rule in _RULES:
        if found := pattern.fullmatch(words):
            return rule(found, today)

    raise NotADate("not understood")


_NUMBERS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen eighteen nineteen twenty".split(),
        range(1, 21),
        strict=True,
    )
) | {"a": 1, "an": 1, "a couple of": 2, "a dozen": 12, "thirty": 30, "ninety": 90}
_UNITS = "first second third fourth fifth sixth seventh eighth ninth".split()
_ORDINALS = {
    word: place
    for place, word in enumerate(
        [
            *_UNITS,
            *"tenth eleventh twelfth thirteenth fourteenth fifteenth".split(),
            *"sixteenth seventeenth eighteenth nineteenth twentieth".split(),
            *(f"twenty-{unit}" for unit in _UNITS),
            *("thirtieth", "thirty-first"),
        ],
        1,
    )
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FEASTS = {
    "new year's day": (1, 1),
    "valentine's day": (2, 14),
    "christmas eve": (12, 24),
    "christmas": (12, 25),
    "christmas day": (12, 25),
    "new year's eve": (12, 31),
}
_NEAR = {"today": 0, "now": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_STEPS = {"last": -1, "previous": -1, "this": 0, "the": 0, "current": 0, "next": 1, "coming": 1}


def _plain(phrase: str) -> str:
    words = " ".join(phrase.lower().replace("’", "'").replace(",", " ").split()).strip(" .!?'\"")
    # "Sept." and "Fri.": a dot after letters says nothing; one between digits is kept.
    words = re.sub(r"(?<=[a-z])\.", "", words)
    return re.sub(r"^(?:on|by|due|the date of) ", "", words)


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_COUNT = rf"(?P<count>\d{{1,6}}|{_any(_NUMBERS)})"
_UNIT = r"(?P<unit>hour|day|(?:business|working) day|week|fortnight|month|quarter|year)(?:s|'s|s')?"
# Three letters are enough for a month, and as few for a weekday: Sept, Tues, Thurs.
_MONTH = "(?P<month>" + "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + "|sept)"
_WEEKDAY = r"(?P<weekday>mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?"
_WEEKDAY += r"|sat(?:urday)?|sun(?:day)?)"
_NUMERAL = rf"(?:the )?(?P<day>\d{{1,2}}|{_any(_ORDINALS)})(?:st|nd|rd|th)?"
_ORDINAL = rf"(?:the )?(?P<day>\d{{1,2}}(?:st|nd|rd|th)|{_any(_ORDINALS)})"
_YEAR = r"(?P<year>[12]\d{3})"
_STEP = rf"(?P<step>{_any(_STEPS)})"
_SPAN = r"(?P<span>week|month|quarter|year)"
_EDGE = r"(?:the )?(?P<edge>start|beginning|first day|end|last day) of "


# words ----------------------------------------------------------------------

Found = re.Match[str]


def _count(found: Found) -> int:
    return _NUMBERS.get(found["count"]) or int(found["count"])


def _step(found: Found) -> int:
    return _STEPS[found["step"] or "this"]


def _numeral(found: Found) -> int:
    return _ORDINALS.get(found["day"]) or int(re.sub(r"\D", "", found["day"]))


def _weekday(found: Found) -> int:
    return next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(found["weekday"][:3]))


def _month(found: Found) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if name.startswith(found["month"][:3]))


# rules ----------------------------------------------------------------------


def _iso(found: Found, today: date) -> date:
    return existing(int(found["year"]), int(found["month"]), int(found["day"]))


def _slashed(found: Found, today: date) -> date:
    one, other, year = int(found["one"]), int(found["other"]), int(found["year"])
    if one > 12 or one == other:
        return existing(year, other, one)
    if other > 12:
        return existing(year, one, other)

    raise NotADate(
        f"it may be {year}-{one:02}-{other:02} or {year}-{other:02}-{one:02}; write which"
    )


def _near(found: Found, today: date) -> date:
    return today + timedelta(days=_NEAR[found["near"]])


def _said_weekday(found: Found, today: date) -> date:
    """Friday; this, next and last Friday."""
    step, weekday = found["step"], _weekday(found)
    if step == "next":
        return monday(today) + timedelta(days=7 + weekday)

    ahead = (weekday - today.weekday()) % 7
    if step in ("last", "previous"):
        return today - timedelta(days=7 - ahead if ahead else 7)

    may_be_today = step in ("this", "current")
    return today + timedelta(days=ahead if ahead or may_be_today else 7)


def _weekday_of_week(found: Found, today: date) -> date:
    return monday(today) + timedelta(weeks=_step(found), days=_weekday(found))


def _weekday_in_weeks(found: Found, today: date) -> date:
    return monday(today) + timedelta(weeks=_count(found), days=_weekday(found))


def _checked_weekday(found: Found, today: date) -> date:
    day, weekday = _day(found["rest"], today), _weekday(found)
    if day.weekday() != weekday:
        raise NotADate(f"{day:%Y-%m-%d} is a {_WEEKDAYS[day.weekday()].title()}")

    return day


def _ahead(found: Found, today: date) -> date:
    return moved(today, _count(found), found["unit"])


def _ago(found: Found, today: date) -> date:
    return moved(today, -_count(found), found["unit"])


def _from_other(found: Found, today: date) -> date:
    count = _count(found) if found["count"] else 1
    sign = -1 if found["way"] == "before" else 1
    return moved(_day(found["rest"], today), sign * count, found["unit"])


def _next_span(found: Found, today: date) -> date:
    step = _step(found)
    if not step:
        raise NotADate(f"it is a whole {found['span']}; say 'end of the {found['span']}' or a day")

    return moved(today, step, found["span"])


def _edge(found: Found, today: date) -> date:
    day = moved(_first_of_month(today), _step(found), found["span"])
    if found["span"] == "week":
        day = today + timedelta(weeks=_step(found))

    return bounds(day, found["span"])[found["edge"] in ("end", "last day")]


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _edge_of_month(found: Found, today: date) -> date:
    first = _named_month(found, today)
    return bounds(first, "month")[found["edge"] in ("end", "last day")]


def _named_month(found: Found, today: date) -> date:
    month = _month(found)
    year = int(found["year"]) if found["year"] else today.year + (month < today.month)
    return date(year, month, 1)


def _dated(found: Found, today: date) -> date:
    month, day = _month(found), _numeral(found)
    return existing(int(found["year"]), month, day) if found["year"] else coming(month, day, today)


def _feast(found: Found, today: date) -> date:
    month, day = _FEASTS[found["feast"]]
    return date(int(found["year"]), month, day) if found["year"] else coming(month, day, today)


def _numbered_day(found: Found, today: date) -> date:
    """The 15th: of this month, or of the first month from now that still has it."""
    day = _numeral(found)
    for ahead in range(3):
        first, last = bounds(months(_first_of_month(today), ahead), "month")
        if day <= last.day and (ahead or day >= today.day):
            return first.replace(day=day)

    raise NotADate(f"no month has a day {day}")


def _numbered_day_of_month(found: Found, today: date) -> date:
    first = months(_first_of_month(today), _step(found))
    return existing(first.year, first.month, _numeral(found))


def _nth_weekday(found: Found, today: date) -> date:
    """The second Tuesday of a month."""
    if found["step"]:
        first = months(_first_of_month(today), _step(found))
    else:
        first = _named_month(found, today)

    last = bounds(first, "month")[1]
    if found["nth"] == "last":
        return last - timedelta(days=(last.weekday() - _weekday(found)) % 7)

    nth = _ORDINALS.get(found["nth"]) or int(found["nth"][0])
    day = first + timedelta(days=(_weekday(found) - first.weekday()) % 7, weeks=nth - 1)
    if day > last:
        raise NotADate(f"{first:%B %Y} has no {nth}th {_WEEKDAYS[_weekday(found)].title()}")

    return day


Rule = Callable[[Found, date], date]
_RULES: list[tuple[re.Pattern[str], Rule]] = [
    (re.compile(pattern), rule)
    for pattern, rule in (
        (rf"{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})", _iso),
        (rf"(?P<one>\d{{1,2}})[-/.](?P<other>\d{{1,2}})[-/.]{_YEAR}", _slashed),
        (rf"(?P<near>{_any(_NEAR)})", _near),
        (rf"(?P<near>{_any(_NEAR)}) (?:morning|afternoon|evening|night)", _near),
        (rf"(?:{_STEP} )?{_WEEKDAY}", _said_weekday),
        (rf"this coming {_WEEKDAY}(?P<step>)", _said_weekday),
        (rf"{_STEP} week (?:on )?{_WEEKDAY}", _weekday_of_week),
        (rf"{_WEEKDAY} (?:of )?{_STEP} week", _weekday_of_week),
        (rf"{_WEEKDAY} in {_COUNT} weeks?", _weekday_in_weeks),
        (rf"in {_COUNT} {_UNIT}(?: time)?", _ahead),
        (rf"{_COUNT} {_UNIT} (?:from (?:now|today)|hence|later)", _ahead),
        (rf"{_COUNT} {_UNIT} (?:ago|earlier|before (?:now|today))", _ago),
        (rf"(?:the )?{_COUNT}? ?{_UNIT} (?P<way>before|after|from) (?P<rest>.+)", _from_other),
        (rf"{_STEP} {_SPAN}", _next_span),
        (rf"{_EDGE}{_STEP} {_SPAN}", _edge),
        (rf"{_EDGE}(?P<span>week|month|quarter|year)(?P<step>)", _edge),
        (rf"{_EDGE}{_MONTH}(?: {_YEAR})?", _edge_of_month),
        (rf"{_NUMERAL} (?:of )?{_MONTH}(?: {_YEAR})?", _dated),
        (rf"{_MONTH} {_NUMERAL}(?: {_YEAR})?", _dated),
        (rf"(?P<feast>{_any(_FEASTS)})(?: {_YEAR})?", _feast),
        (_ORDINAL, _numbered_day),
        (rf"{_ORDINAL} (?:of|in) {_STEP} month", _numbered_day_of_month),
        (
            rf"(?:the )?(?P<nth>[1-5](?:st|nd|rd|th)|first|second|third|fourth|fifth|last) "
            rf"{_WEEKDAY} (?:of|in) (?:{_STEP} month|{_MONTH}(?: {_YEAR})?)",
            _nth_weekday,
        ),
        (rf"{_WEEKDAY} (?:the )?(?P<rest>.*\d.*)", _checked_weekday),
    )
]
