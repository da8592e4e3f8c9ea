"""Everything a model asks about a date or a time, in one tool.

Law: phrases are understood by `dates.py` and the calendar's steps are `date_steps.py`'s;
here they are put together: seen from a moment, moved, carried to another zone, written.
A day is no moment: it gets a time only from what adds hours or names a zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from pydantic import BaseModel

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.date_steps import moved
from mojentic_nb.tools.dates import ResolveDateTool
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy

__all__ = ["DateTimeTool", "Moment", "Span", "TimeTool", "zone_of"]


class Span(BaseModel):
    """The time from one moment to another; below zero where the other is earlier.

    Attributes:
        until: The other moment.
        days: Days of the calendar between them.
        seconds: Seconds between them, where both are moments.
        text: In words.
    """

    until: str
    days: int
    seconds: float | None = None
    text: str


class Moment(BaseModel):
    """A day or a moment.

    Attributes:
        iso: The day, as 2026-02-01, or the moment with its offset.
        weekday: Its English name.
        timezone: Zone it is told in.
        timestamp: Seconds since 1970; none for a day.
        formatted: As the format asked for.
        difference: The time until the other moment asked for.
    """

    iso: str
    weekday: str
    timezone: str
    timestamp: float | None = None
    formatted: str | None = None
    difference: Span | None = None


class TimeTool(KitTool):
    """A tool that knows what time it is; `now` tells it."""

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        tracer: Any = None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        super().__init__(policy, tracer=tracer)
        self._now = now


class DateTimeTool(TimeTool):
    """Tells, moves, carries to other zones and compares dates and times.

    Args:
        policy: Not asked: nothing is touched.
        tracer: See `LLMTool`.
        now: Gives the moment it is.
    """

    tool_name = "date_time"
    facts = Facts(
        category="system & time",
        examples=(
            Example(arguments={}, says="now"),
            Example(arguments={"when": "next Friday at 17:00", "timezone": "Europe/Berlin"}),
            Example(arguments={"when": "2026-01-31", "add": "1 month -2 days"}),
            Example(arguments={"when": "today", "until": "25 December"}, says="days between"),
            Example(
                arguments={"when": "2026-07-01T09:00", "timezone": "UTC", "to_zone": "Asia/Tokyo"}
            ),
        ),
        guidance="Write dates as 2026-12-25 and zones as Europe/Berlin when words fail.",
    )

    def run(
        self,
        when: str = "now",
        *,
        reference: str | None = None,
        timezone: str | None = None,
        add: str | None = None,
        to_zone: str | None = None,
        until: str | None = None,
        format: str | None = None,
    ) -> Moment:
        """Find, move, convert, compare and format dates and times.

        Call it for every question that depends on a date; do not work dates out yourself.

        Args:
            when: 'now', an ISO date or moment, or English words: 'tomorrow', 'next Friday at
                17:00', 'in 3 hours', '2 weeks ago', 'end of the month'.
            reference: ISO date or moment the words are seen from. Leave it out for now.
            timezone: IANA zone the words are said in, such as 'Europe/Berlin'. Leave it out
                for the user's own.
            add: What to add, such as '3 days', '-2 weeks', '1 month 12 hours', '5 business days'.
            to_zone: IANA zone to tell the result in.
            until: Another date in the same forms, to get the time from `when` to it.
            format: strftime format for the result, such as '%d %B %Y' or '%A'.
        """
        zone = zone_of(timezone)
        seen_from = self._seen_from(reference, zone)
        found = _added(self._found(when, seen_from, zone), add, zone)
        if to_zone is not None:
            found = _moment(found, zone).astimezone(zone_of(to_zone))

        moment = _told(found, zone)
        if format is not None:
            moment.formatted = _formatted(found, format)
        if until is not None:
            moment.difference = _span(found, self._found(until, seen_from, zone), zone)

        return moment

    def _seen_from(self, reference: str | None, zone: tzinfo | None) -> datetime:
        if reference is None or not reference.strip():
            return self._now().astimezone(zone)

        try:
            given = datetime.fromisoformat(reference.strip())
        except ValueError:
            raise ToolError(
                f"The reference {reference[:100]!r} is not an ISO date such as 2026-11-18."
            ) from None

        return _moment(given, zone)

    def _found(self, phrase: str, seen_from: datetime, zone: tzinfo | None) -> date:
        words = phrase.strip().casefold()
        if words in ("", "now"):
            return seen_from
        if ahead := _AHEAD.fullmatch(words) or _AGO.fullmatch(words):
            sign = 1 if ahead.re is _AHEAD else -1
            return _added(seen_from, f"{sign * int(ahead['count'])} {ahead['unit']}", zone)

        try:
            told = ResolveDateTool(timezone=zone).run(phrase, seen_from.isoformat())
        except ValueError as problem:
            raise ToolError(str(problem)) from None

        if "resolved_datetime" not in told:
            return date.fromisoformat(told["resolved_date"])

        # With its own offset a moment keeps it; any other is on the zone's clock.
        moment = datetime.fromisoformat(told["resolved_datetime"])
        own = _OFFSET.search(words) is not None
        return moment if own else _moment(moment.replace(tzinfo=None), zone)


_OFFSET = re.compile(r"\d(?:z|[+-]\d\d:?\d\d)$")
_SHORT = r"(?P<unit>hours?|h|minutes?|min|seconds?|s)"
_AHEAD = re.compile(rf"in (?P<count>\d{{1,7}}) {_SHORT}")
_AGO = re.compile(rf"(?P<count>\d{{1,7}}) {_SHORT} ago")
_PART = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<count>\d{1,7})\s*(?P<unit>(?:business|working) day|[a-z]+?)s?\b[\s,]*"
    r"(?:and\s+)?"
)
_SECONDS = {"hour": 3600, "h": 3600, "minute": 60, "min": 60, "second": 1, "sec": 1, "s": 1}
_DAYS = ("day", "week", "fortnight", "month", "quarter", "year", "business day", "working day")


def zone_of(name: str | None) -> tzinfo | None:
    """The zone of an IANA name; None, the machine's, for none.

    Raises:
        ToolError: There is no such zone.
    """
    if name is None or name.strip().lower() in ("", "local"):
        return None

    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name.strip())
    except (LookupError, OSError, ValueError):
        raise ToolError(
            f"There is no timezone {name[:100]!r}.",
            hint="Use an IANA name such as 'Europe/Berlin' or 'UTC'.",
        ) from None


def _moment(found: date, zone: tzinfo | None) -> datetime:
    """A day as its midnight; a moment without an offset as the zone's clock shows it."""
    moment = found if isinstance(found, datetime) else datetime.combine(found, time())
    if moment.tzinfo is not None:
        return moment

    return moment.replace(tzinfo=zone) if zone else moment.astimezone()


def _added(found: date, add: str | None, zone: tzinfo | None) -> date:
    """So much later: days and longer by the calendar, shorter ones by the clock."""
    seconds, rest, sign = 0, (add or "").strip().casefold(), ""
    try:
        while rest:
            part = _PART.match(rest)
            if part is None:
                raise _no_span(add)
            # "-1 month 2 days" is back by both, as people say it.
            sign = part["sign"] or sign
            count = int(f"{sign}{part['count']}")
            if part["unit"] in _DAYS:
                found = _replaced(found, moved(found, count, part["unit"]), zone)
            elif part["unit"] in _SECONDS:
                seconds += count * _SECONDS[part["unit"]]
            else:
                raise _no_span(add)
            rest = rest[part.end() :]

        if not seconds:
            return found
        start = _moment(found, zone)
        return (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(start.tzinfo)
    except (OverflowError, ValueError):
        raise ToolError(f"No calendar has the date {(add or '')[:100]!r} leads to.") from None


def _replaced(before: date, after: date, zone: tzinfo | None) -> date:
    """The same time by the clock on another day, whatever its offset is then."""
    if not isinstance(after, datetime) or not isinstance(before, datetime):
        return after
    if zone is None:
        return after.replace(tzinfo=None).astimezone()

    return after


def _no_span(add: str | None) -> ToolError:
    return ToolError(
        f"{(add or '')[:100]!r} is not a length of time.",
        hint="Write '3 days', '-2 weeks', '1 month 12 hours' or '5 business days'.",
    )


def _told(found: date, zone: tzinfo | None) -> Moment:
    is_moment = isinstance(found, datetime)
    placed = _moment(found, zone)
    name = getattr(placed.tzinfo, "key", None) or getattr(zone, "key", None) or placed.tzname()
    return Moment(
        iso=found.isoformat(),
        weekday=_WEEKDAYS[found.weekday()],
        timezone=str(name),
        timestamp=placed.timestamp() if is_moment else None,
    )


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _formatted(found: date, given: str) -> str:
    if "%" not in given:  # strftime would give the words back as if they were a time
        raise ToolError(
            f"{given[:100]!r} is no strftime format.", hint="Write '%d %B %Y' or '%H:%M'."
        )

    try:
        return found.strftime(given)
    except (ValueError, UnicodeError):
        raise ToolError(f"{given[:100]!r} is no strftime format.") from None


def _span(start: date, end: date, zone: tzinfo | None) -> Span:
    days = (_day(end, start, zone) - _day(start, start, zone)).days
    if not isinstance(start, datetime) and not isinstance(end, datetime):
        return Span(until=end.isoformat(), days=days, text=_count(days, "day"))

    # Not their difference: within one zone Python subtracts what the clocks show.
    seconds = _moment(end, zone).timestamp() - _moment(start, zone).timestamp()
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    whole, hours = divmod(hours, 24)
    units = ((whole, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second"))
    text = " ".join(_count(count, unit) for count, unit in units if count) or "0 seconds"
    return Span(
        until=end.isoformat(),
        days=days,
        seconds=seconds,
        text=f"{text} before" if seconds < 0 else text,
    )


def _day(found: date, start: date, zone: tzinfo | None) -> date:
    """The day by the calendar of where the first moment is told."""
    if not isinstance(found, datetime):
        return found

    where = start.tzinfo if isinstance(start, datetime) else zone
    return _moment(found, zone).astimezone(where).date()


def _count(count: int, unit: str) -> str:
    return f"{count} {unit}" if abs(count) == 1 else f"{count} {unit}s"
