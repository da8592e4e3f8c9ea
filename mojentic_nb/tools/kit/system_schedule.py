"""When a cron expression is due."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Annotated

from pydantic import Field

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.system_date_time import TimeTool, zone_of

__all__ = ["ScheduleNextTool"]

# Far above any sensible expression; each one is read with regular expressions.
_LONGEST = 200


class ScheduleNextTool(TimeTool):
    """Tells the next times of a cron expression.

    Args:
        policy: Bounds how many times are told.
        tracer: See `LLMTool`.
        now: Gives the moment it is.
    """

    tool_name = "schedule_next"
    facts = Facts(
        category="system & time",
        examples=(
            Example(arguments={"expression": "*/15 9-17 * * mon-fri"}, says="in working hours"),
            Example(arguments={"expression": "@monthly", "count": 3, "after": "2026-01-31"}),
        ),
        guidance="Five fields: minute, hour, day of month, month, day of week.",
        needs="tools",
    )

    def run(
        self,
        expression: str,
        *,
        count: Annotated[int, Field(ge=1, le=1000)] = 5,
        after: str | None = None,
        timezone: str | None = None,
    ) -> list[str]:
        """Tell the next times a cron expression is due, as ISO moments.

        Args:
            expression: Five cron fields, or @hourly, @daily, @weekly, @monthly, @yearly.
            count: How many times to tell.
            after: ISO moment to begin after. Leave it out for now.
            timezone: IANA zone of the schedule. Leave it out for the user's own.
        """
        croniter = needed("croniter", extra="tools")
        zone = zone_of(timezone)
        try:
            begin = self._now() if after is None else datetime.fromisoformat(after.strip())
        except ValueError:
            raise ToolError(
                f"after={str(after)[:100]!r} is not an ISO moment such as 2026-01-31T09:00."
            ) from None
        if begin.tzinfo is None and zone is not None and after is not None:
            begin = begin.replace(tzinfo=zone)

        words = " ".join(expression.split())
        if not 0 < len(words) <= _LONGEST:
            raise ToolError(f"{words[:_LONGEST]!r} is not a cron expression.")
        try:
            times = croniter.croniter(words, begin.astimezone(zone), ret_type=datetime)
            due = list(islice(times, min(count, self.policy.limits.entries)))
        except (croniter.CroniterError, ValueError, OverflowError) as problem:
            raise ToolError(
                f"The cron expression {words!r} is never due, or is none: {problem}.",
                hint="Write minute, hour, day of month, month, day of week: '30 8 * * mon-fri'.",
            ) from None

        return [one.isoformat() for one in due]
