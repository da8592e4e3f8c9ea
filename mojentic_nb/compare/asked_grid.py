"""The grid of a comparison while it is asked: who, in which rounds, within which bounds.

Law: what is asked stands in `spec.py` and `grid.py`, who waits in `driving.py`. A cell that
failed is asked again. Checks run in the caller's thread when answers are in: they are the
caller's code.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Literal

from mojentic_nb.batch.call import skipped
from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Result, Task
from mojentic_nb.compare.battles import Vote
from mojentic_nb.compare.driving import How, Round
from mojentic_nb.compare.grid import Cell, cells_of, in_order, scored, task_of
from mojentic_nb.compare.judging import judge_tasks, pairs_of, same_votes, taker, vote_on
from mojentic_nb.compare.keeping import Keeping
from mojentic_nb.compare.spec import Spec
from mojentic_nb.errors import StateError

__all__ = ["AskedGrid"]

Status = Literal["pending", "partial", "stopped", "complete"]


class AskedGrid:
    """Several models, asked the same; see `Comparison`."""

    def __init__(self, spec: Spec, how: How, *, max_cells: int | None = None) -> None:
        self.spec = spec
        self.how = how
        self.cells = cells_of(spec)
        self.asked = Summary()
        self.judging = Summary()
        self.status: Status = "pending"
        self._max_cells = max_cells
        self._is_asking = False
        self._keeping = Keeping(how.store, spec)
        self._by_id = {cell.id: cell for cell in self.cells}
        self._judge_votes: dict[str, Vote] = {}
        self._human_votes = {vote.id: vote for vote in self._keeping.human_votes(self.cells)}

    def rounds(self) -> Iterator[Round]:
        """What is to be asked: the candidates, and then the judge."""
        self.status = "partial"
        self._is_asking = True
        self._keeping.begun(self.cells)
        yield self._cells_round()
        self._is_asking = False
        self._score()
        yield from self._judge_rounds()
        is_left = any(cell.status in ("skipped", "pending") for cell in self.cells)
        self._ended("stopped" if is_left or self.judging.skipped else "complete")

    def _break_off(self) -> None:
        """Keep what there is, after an interrupt."""
        if self._is_asking:  # else it was the checks that took too long
            self._score()
        self._ended("partial")

    def _cells_round(self) -> Round:
        missing = [task_of(c, self.spec) for c in in_order(self.cells) if not c.is_ok]
        tasks = self._within_bounds(missing)
        self.asked = Summary()
        self._cold = self._keeping.cold()
        return Round(tasks, self._take, self.asked)

    def _within_bounds(self, tasks: list[Task]) -> list[Task]:
        """The tasks that may be asked: those an earlier run answered cost nothing."""
        if self._max_cells is None or len(tasks) <= self._max_cells:
            return tasks

        store = self.how.store
        kept = store.get([task.key for task in tasks]) if store is not None else {}
        left, chosen = self._max_cells, []
        for task in tasks:
            if task.key in kept or left > 0:
                left -= task.key not in kept
                chosen.append(task)
            else:
                self._take(task, skipped(task, f"max_cells={self._max_cells} was reached."))

        return chosen

    def _take(self, task: Task, result: Result) -> None:
        cell: Cell = task.label
        if result.stored and cell.id in self._cold:
            result.cold = True
        cell.result = result

    def _score(self) -> None:
        for cell in self.cells:
            if not cell.scores:
                cell.scores = scored(cell, self.spec.checks)

    def _judge_rounds(self) -> Iterator[Round]:
        judge, broker = self.spec.judge, self.spec.judge_broker
        if judge is None or broker is None:
            return

        pairs = list(pairs_of(self.spec, self.cells))
        for vote in same_votes(broker, pairs):
            self._keep_judgment(vote)
        known = {one.id for one in self._judge_votes.values() if one.outcome is not None}
        tasks = [
            task
            for task, pair in judge_tasks(judge, broker, pairs)
            if vote_on(pair, broker.model).id not in known
        ]
        self.judging = Summary()
        yield Round(tasks, taker(broker, self._keep_judgment), self.judging)

    def _keep_judgment(self, vote: Vote) -> None:
        self._judge_votes[vote.id] = vote

    def _ended(self, status: Status) -> None:
        self.status = status
        try:
            self._keeping.ended(self.cells, self._judge_votes.values(), status)
        except StateError as trouble:
            warnings.warn(f"The scores are not kept: {trouble}", RuntimeWarning, stacklevel=2)
