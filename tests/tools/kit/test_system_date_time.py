"""Dates and times: found, moved, carried to other zones, compared, written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.schema import ShapeError, check
from mojentic_nb.tools.kit.system_date_time import DateTimeTool
from mojentic_nb.tools.result import text_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 14, 30, tzinfo=BERLIN)
TOOL = DateTimeTool(now=lambda: NOW)


def told(when="now", **more):
    return TOOL.run(when, **{"timezone": "Europe/Berlin", **more})


def test_a_word_seen_from_a_day():
    assert DateTimeTool().run("tomorrow", reference="2026-01-31").iso == "2026-02-01"


@pytest.mark.parametrize(
    "when, iso",
    [
        ("now", "2026-11-18T14:30:00+01:00"),
        ("", "2026-11-18T14:30:00+01:00"),
        ("today", "2026-11-18"),
        ("next Friday at 17:00", "2026-11-27T17:00:00+01:00"),
        ("in 3 hours", "2026-11-18T17:30:00+01:00"),
        ("90 minutes ago", "2026-11-18T13:00:00+01:00"),
        ("2 weeks ago", "2026-11-04"),
        ("2026-07-01", "2026-07-01"),
        ("2026-07-01T09:00", "2026-07-01T09:00:00+02:00"),
        ("2026-07-01T09:00Z", "2026-07-01T09:00:00+00:00"),
        ("2026-07-01T09:00-05:00", "2026-07-01T09:00:00-05:00"),
    ],
)
def test_what_is_meant(when, iso):
    assert told(when).iso == iso


@pytest.mark.parametrize(
    "when, add, iso",
    [
        ("2026-01-31", "1 month", "2026-02-28"),
        ("2026-01-31", "1 month -2 days", "2026-02-26"),
        ("2026-01-31", "-1 month 1 day", "2025-12-30"),
        ("2026-01-31", "2 weeks and 1 day", "2026-02-15"),
        ("2026-11-20", "5 business days", "2026-11-27"),
        ("2026-11-18", "36 hours", "2026-11-19T12:00:00+01:00"),
        # The night the clocks go forward: a day keeps the time, 24 hours do not.
        ("2026-03-28T12:00", "1 day", "2026-03-29T12:00:00+02:00"),
        ("2026-03-28T12:00", "24 hours", "2026-03-29T13:00:00+02:00"),
        ("2026-10-25T02:30", "1 hour", "2026-10-25T02:30:00+01:00"),
        ("now", "1h 30min 5s", "2026-11-18T16:00:05+01:00"),
    ],
)
def test_what_is_added(when, add, iso):
    assert told(when, add=add).iso == iso


def test_another_zone():
    found = told("2026-07-01T09:00", to_zone="Asia/Tokyo")
    assert (found.iso, found.timezone) == ("2026-07-01T16:00:00+09:00", "Asia/Tokyo")
    assert found.timestamp == datetime(2026, 7, 1, 7, tzinfo=UTC).timestamp()


def test_the_zone_words_are_said_in():
    found = TOOL.run("today", timezone="Pacific/Auckland")
    assert (found.iso, found.weekday, found.timezone) == (
        "2026-11-19",
        "Thursday",
        "Pacific/Auckland",
    )


@pytest.mark.parametrize(
    "when, until, days, seconds, text",
    [
        ("2026-11-18", "25 December", 37, None, "37 days"),
        ("2026-11-18", "2026-11-17", -1, None, "-1 day"),
        ("2026-11-18T23:00", "2026-11-19T01:30", 1, 9000, "2 hours 30 minutes"),
        ("2026-11-18T01:00", "2026-11-17T23:59:59", -1, -3601, "1 hour 1 second before"),
        # Across the change of clocks there are 23 hours.
        ("2026-03-28T12:00", "2026-03-29T12:00", 1, 82800, "23 hours"),
        ("2026-11-18T10:00Z", "2026-11-18T12:00+02:00", 0, 0, "0 seconds"),
    ],
)
def test_the_time_between(when, until, days, seconds, text):
    span = told(when, until=until).difference
    assert (span.days, span.seconds, span.text) == (days, seconds, text)


def test_a_format():
    assert told("2026-12-24", format="%A, %d %B %Y").formatted == "Thursday, 24 December 2026"


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "someday"},
        {"when": "31 November"},
        {"when": "5/12/2026"},
        {"when": "2026-13-01"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"to_zone": "Europe/Atlantis"},
        {"reference": "yesterday"},
        {"add": "a while"},
        {"add": "3 moons"},
        {"add": "1 month, soon"},
        {"add": "9999999 years"},
        {"add": "9999999 hours 9999999 days 9999999 years"},
        {"format": "words only"},
        {"until": "never"},
    ],
)
def test_what_is_not_understood_is_refused(wrong):
    with pytest.raises(ToolError) as refused:
        told(**wrong)
    assert str(next(iter(wrong.values())))[:10] in str(refused.value)


def test_arguments_that_do_not_fit():
    with pytest.raises(ShapeError):
        TOOL.arguments({"when": "today", "zone": "UTC"})


@pytest.mark.parametrize("example", TOOL.facts.examples)
def test_its_examples_run(example):
    result = TOOL.invoke(TOOL.arguments(example.arguments))
    check(result.model_dump(mode="json"), TOOL.output_schema)
    assert text_of(result).startswith('{"iso":"20')


@given(st.text(max_size=40))
def test_any_words_are_understood_or_refused(words):
    try:
        found = told(words)
    except ToolError:
        return
    assert datetime.fromisoformat(found.iso)


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)),
    st.integers(-10_000, 10_000),
    st.sampled_from(["hour", "minute", "second"]),
)
def test_adding_by_the_clock_is_what_it_is_in_utc(moment, count, unit):
    start = moment.replace(microsecond=0, tzinfo=UTC)
    found = told(start.isoformat(), add=f"{count} {unit}s")
    assert datetime.fromisoformat(found.iso) - start == timedelta(**{f"{unit}s": count})
