"""What a judge is asked about a grid, and the votes its answers become.

Law: pure. Two answers are judged only where both are there, and each order is a question of
its own. Nobody is asked about two answers of the same words: they are a tie.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from mojentic_nb.batch.task import Keys, Result, Task
from mojentic_nb.broker import LLMBroker
from mojentic_nb.compare.battles import Vote, vote_id
from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.items import said
from mojentic_nb.compare.judge import Order, PairwiseJudge, Verdict, outcome_of, reason_of
from mojentic_nb.compare.spec import Spec
from mojentic_nb.schema import Shape

__all__ = ["Pair", "judge_tasks", "pairs_of", "same_votes"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one item, to be shown in one order."""

    a: Cell
    b: Cell
    order: Order = "ab"

    @property
    def is_same(self) -> bool:
        """Whether both say the same to the letter."""
        return self.a.output.strip() == self.b.output.strip()

    @property
    def task(self) -> str:
        """What was asked, its values filled in; of two wordings the first candidate's."""
        return said(self.a.messages)


def pairs_of(spec: Spec, cells: Sequence[Cell]) -> Iterator[Pair]:
    """Every two answers to the same item in the same repeat, item by item."""
    names = {one.name: place for place, one in enumerate(spec.candidates)}
    beside: dict[tuple[int, int], list[Cell]] = {}
    for cell in cells:
        if cell.is_ok:
            beside.setdefault((id(cell.item), cell.repeat), []).append(cell)

    for some in beside.values():
        in_order = sorted(some, key=lambda cell: names[cell.candidate.name])
        for a, b in combinations(in_order, 2):
            yield Pair(a, b)


def judge_tasks(
    judge: PairwiseJudge, broker: LLMBroker, pairs: Sequence[Pair]
) -> Iterator[tuple[Task, Pair]]:
    """The questions to the judge."""
    shape = Shape(Verdict)
    keys = Keys(broker, config=judge.config, shape=shape)
    seen: dict[bytes, int] = {}
    for pair in pairs:
        if pair.is_same:
            continue

        for order in judge.orders_of(pair.a.id, pair.b.id):
            shown = Pair(pair.a, pair.b, order)
            messages = judge.messages(
                shown.task, pair.a.output, pair.b.output, order=order, item=pair.a.item
            )
            key = keys.key(messages)
            times = seen[key] = seen.get(key, -1) + 1
            key = keys.key(messages, times) if times else key
            # A verdict that cannot be read is counted, and not asked for in other words.
            how: dict[str, Any] = {"config": judge.config, "shape": shape, "repairs": 0}
            yield Task(key, broker, messages, label=shown, **how), shown


def same_votes(broker: LLMBroker, pairs: Sequence[Pair]) -> Iterator[Vote]:
    """A tie for every two answers of the same words."""
    for pair in pairs:
        if pair.is_same:
            yield vote_on(pair, broker.model, rationale="Both answers are the same.", by="rule")


def vote_of(pair: Pair, broker: LLMBroker, result: Result) -> Vote:
    """What the judge's answer comes to; no outcome where it is none."""
    if not result.ok:
        trouble = result.error_type or result.status
        return vote_on(pair, broker.model, trouble=trouble, span_id=result.span_id)

    outcome = outcome_of(result.value, pair.order)
    return vote_on(
        pair,
        broker.model,
        outcome=outcome,
        rationale=reason_of(result.value),
        span_id=result.span_id,
        created_ns=result.asked_ns,
    )


def vote_on(
    pair: Pair,
    rater: str,
    *,
    outcome: str | None = "tie",
    by: str = "judge",
    rationale: str = "",
    trouble: str = "",
    span_id: str = "",
    created_ns: int = 0,
) -> Vote:
    """A vote on a pair, by whoever."""
    a, b = pair.a, pair.b
    who = f"{by}:{rater}"
    # A person has one vote on a pair, however it was shown.
    known_by = (min(a.id, b.id), max(a.id, b.id), "") if by == "human" else (a.id, b.id, pair.order)
    return Vote(
        id=vote_id(*known_by, who),
        item_id=a.item.id,
        cluster=a.item.cluster,
        repeat=a.repeat,
        a=a.candidate.name,
        b=b.candidate.name,
        a_cell=a.id,
        b_cell=b.id,
        order=pair.order,
        outcome=None if trouble else outcome,  # type: ignore[arg-type]
        by=by,  # type: ignore[arg-type]
        rater=rater,
        rationale=rationale,
        trouble=trouble,
        span_id=span_id,
        created_ns=created_ns or time.time_ns(),
    )


def taker(broker: LLMBroker, keep: Callable[[Vote], None]) -> Callable[[Task, Result], None]:
    """What takes the judge's answers and keeps the votes they are."""

    def take(task: Task, result: Result) -> None:
        if result.status != "skipped":
            keep(vote_of(task.label, broker, result))

    return take
