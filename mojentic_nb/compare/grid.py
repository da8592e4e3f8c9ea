"""Cells: every candidate asked about every item, as often as wanted, and in which order.

Law: pure. A cell is known by all that makes its answer and by its repeat, so that a grid that
begins again, or grows, asks only for what is missing. A local model answers all its questions
before the next one is loaded; questions to providers take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import chain, zip_longest
from urllib.parse import urlsplit

from mojentic_nb.batch.task import Keys, Result, Task
from mojentic_nb.compare.checks import Check, Score, checks_of
from mojentic_nb.compare.items import Item
from mojentic_nb.compare.spec import Candidate, Spec
from mojentic_nb.messages import LLMMessage

__all__ = ["Cell", "cells_of", "in_order", "scored", "task_of"]

# Providers whose server holds one model at a time, wherever it runs.
_LOADS_MODELS = ("ollama",)


@dataclass(slots=True, eq=False)
class Cell:
    """One candidate's answer to one item, once.

    Attributes:
        key: What its result is kept under.
        item: What was asked about.
        candidate: Who was asked.
        repeat: Which of several times, from 0.
        messages: What was asked.
        result: What came of it; None until something has.
        scores: What the checks say, by name.
    """

    key: bytes
    item: Item
    candidate: Candidate
    repeat: int
    messages: tuple[LLMMessage, ...]
    result: Result | None = None
    scores: dict[str, Score] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its key in hexadecimal digits, as in `r.df`."""
        return self.key.hex()

    @property
    def status(self) -> str:
        """`ok`, `error`, `skipped`, or `pending` where nothing came of it yet."""
        return "pending" if self.result is None else self.result.status

    @property
    def is_ok(self) -> bool:
        """Whether there is an answer."""
        return self.result is not None and self.result.ok

    @property
    def output(self) -> str:
        """The answer's text; empty where there is none."""
        return self.result.output if self.result is not None else ""

    @property
    def passed(self) -> bool | None:
        """Whether all checks passed that judge; None where none did."""
        known = [score.passed for score in self.scores.values() if score.passed is not None]
        return all(known) if known else None

    @property
    def score(self) -> float | None:
        """The mean of what the checks say, each from 0 to 1; None where there is none."""
        merits = [merit for score in self.scores.values() if (merit := _merit(score)) is not None]
        return sum(merits) / len(merits) if merits else self._only_measure()

    def _only_measure(self) -> float | None:
        measured = [score.score for score in self.scores.values() if score.score == score.score]
        return measured[0] if len(measured) == 1 else None


def _merit(score: Score) -> float | None:
    # A length of 57 words is no merit of 57: where such a check judges, its verdict counts.
    if 0 <= score.score <= 1:
        return score.score

    return None if score.passed is None else float(score.passed)


def cells_of(spec: Spec) -> list[Cell]:
    """All cells of a comparison: by candidate, item and repeat.

    Equal questions are cells of their own: two items of the same text, and two names of the
    same model.
    """
    taken: dict[bytes, int] = {}
    cells = []
    for candidate in spec.candidates:
        keys = Keys(candidate.broker, config=candidate.config, tools=spec.tools, shape=spec.shape)
        for item in spec.items:
            messages = spec.messages(candidate, item)
            again = keys.key(messages)
            times = taken[again] = taken.get(again, -1) + 1
            for repeat in range(spec.repeats):
                # Apart in their upper half, so that more repeats change no other cell's key.
                key = keys.key(messages, repeat + (times << 32))
                cells.append(Cell(key, item, candidate, repeat, messages))

    return cells


def task_of(cell: Cell, spec: Spec) -> Task:
    """The question a cell is."""
    return Task(
        cell.key,
        cell.candidate.broker,
        cell.messages,
        config=cell.candidate.config,
        tools=spec.tools,
        shape=spec.shape,
        repairs=0,  # what is compared is what a model says, not what it is helped to
        stream=True,  # else nobody knows when its first word came
        label=cell,
    )


def in_order(cells: Iterable[Cell]) -> Iterator[Cell]:
    """The cells in the order in which they are best asked.

    Each address gets its own in turn with the others, so that none waits for the end of
    another's. All items come before any repeat: what is interrupted has seen more items.
    """
    lanes: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        provider, url, _ = cell.candidate.identity
        lanes.setdefault((provider, url), []).append(cell)

    queues = [_queue(lane, is_local(*where)) for where, lane in lanes.items()]
    together = chain.from_iterable(zip_longest(*queues))
    return (cell for cell in together if cell is not None)


def _queue(cells: Sequence[Cell], by_model: bool) -> list[Cell]:
    items = {id(cell.item): place for place, cell in enumerate(cells)}
    models: dict[str, int] = {}
    for cell in cells:
        models.setdefault(cell.candidate.broker.model, len(models))

    def place(cell: Cell) -> tuple[int, int, int]:
        model = models[cell.candidate.broker.model] if by_model else 0
        return model, cell.repeat, items[id(cell.item)]

    return sorted(cells, key=place)  # stable: candidates stay in their order


def is_local(provider: str, url: str) -> bool:
    """Whether a server is likely to hold one model in memory at a time."""
    if provider in _LOADS_MODELS:
        return True

    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def scored(cell: Cell, checks: Sequence[Check]) -> dict[str, Score]:
    """What all checks say of a cell's answer; nothing where there is none."""
    if not cell.is_ok:
        return {}

    every = checks_of([*checks, *cell.item.checks])
    return {check.name: check(cell.output, cell.item) for check in every}
