"""Rounds of questions, asked here or in the caller's loop.

Law: the only place of this room that waits. What is asked, and what becomes of the answers,
is decided by whoever gives the rounds: here is only whose loop does the work.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

from mojentic_nb.batch.answers import in_one_line
from mojentic_nb.batch.progress import Progress, bar_over
from mojentic_nb.batch.running import Take, arun, run
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Task

__all__ = ["How", "Round", "Rounds", "awaiting", "here"]


@dataclass(slots=True)
class Round:
    """Questions that can be asked side by side.

    Attributes:
        tasks: They, in the order in which they are begun.
        take: Given each with its result.
        summary: Kept up to date meanwhile.
    """

    tasks: list[Task]
    take: Take
    summary: Summary = field(default_factory=Summary)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How questions are asked.

    Attributes:
        concurrency: Calls at once at each provider's address, or `"auto"`.
        store: What keeps the answers.
        progress: Whether to draw a bar; None draws it for people.
    """

    concurrency: int | str = "auto"
    store: ResultStore | None = None
    progress: bool | None = None


class Rounds(Protocol):
    """Whoever has something to ask."""

    @property
    def how(self) -> How:
        """How to ask."""

    def rounds(self) -> Iterator[Round]:
        """What to ask, round by round; each is over before the next is wanted."""

    def interrupted(self) -> KeyboardInterrupt:
        """Keep what there is, after an interrupt; what to tell of it."""


def here(work: Rounds) -> None:
    """Ask all rounds and wait.

    Raises:
        KeyboardInterrupt: What was done has been taken; it says so.
    """
    try:
        for one in work.rounds():
            with closing(_bar(one, work.how)) as bar:
                run(one.tasks, one.take, between=bar.move, **_settings(one, work.how))
    except KeyboardInterrupt:
        raise work.interrupted() from None


async def awaiting(work: Rounds) -> None:
    """Ask all rounds in the running loop; cancelled, what was done has been taken."""
    try:
        for one in work.rounds():
            with closing(_bar(one, work.how)) as bar:
                await arun(one.tasks, one.take, between=bar.move, **_settings(one, work.how))
    except CancelledError as cancelled:
        in_one_line(cancelled, str(work.interrupted()))
        raise


def _settings(one: Round, how: How) -> dict[str, Any]:
    return {"concurrency": how.concurrency, "store": how.store, "summary": one.summary}


def _bar(one: Round, how: How) -> Progress:
    return bar_over(one.tasks, how.progress, store=how.store, summary=one.summary)
