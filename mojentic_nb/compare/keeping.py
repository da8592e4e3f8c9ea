"""A comparison in the file of its results: what was compared, the scores, the votes.

Law: answers are kept by the engine, under their own keys; here is what was thought of them. A
person's vote is written as it is cast and never asked for twice. A vote whose answers are not
in the grid any more stays in the file and counts for nothing.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b

from pydantic_core import to_json

from mojentic_nb.batch.store import ResultStore
from mojentic_nb.compare.battles import Vote
from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.spec import Spec

__all__ = ["Keeping"]

TABLES = (
    """CREATE TABLE IF NOT EXISTS comparison (
    comparison_id TEXT PRIMARY KEY, key TEXT NOT NULL, created_ns INTEGER NOT NULL,
    spec_json TEXT NOT NULL, spec_hash TEXT NOT NULL, status TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS cell (
    comparison_id TEXT NOT NULL, cell_key TEXT NOT NULL, item_id TEXT NOT NULL,
    prompt_id TEXT NOT NULL, model_id TEXT NOT NULL, params_id TEXT NOT NULL,
    repeat INTEGER NOT NULL, status TEXT NOT NULL, span_id TEXT NOT NULL,
    cached INTEGER NOT NULL, cold INTEGER NOT NULL,
    PRIMARY KEY (comparison_id, cell_key)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS score (
    comparison_id TEXT NOT NULL, cell_key TEXT NOT NULL, name TEXT NOT NULL, value REAL,
    passed INTEGER, explanation TEXT NOT NULL, source TEXT NOT NULL, created_ns INTEGER NOT NULL,
    PRIMARY KEY (comparison_id, cell_key, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS battle (
    comparison_id TEXT NOT NULL, id TEXT NOT NULL, item_id TEXT NOT NULL, cluster TEXT NOT NULL,
    repeat INTEGER NOT NULL, a_model TEXT NOT NULL, b_model TEXT NOT NULL, a_cell TEXT NOT NULL,
    b_cell TEXT NOT NULL, "order" TEXT NOT NULL, outcome TEXT, by TEXT NOT NULL,
    rater TEXT NOT NULL, rationale TEXT NOT NULL, trouble TEXT NOT NULL,
    judge_span_id TEXT NOT NULL, created_ns INTEGER NOT NULL,
    PRIMARY KEY (comparison_id, id)) WITHOUT ROWID""",
)

_VOTE = (
    *("id", "item_id", "cluster", "repeat", "a", "b", "a_cell", "b_cell", "order", "outcome"),
    *("by", "rater", "rationale", "trouble", "span_id", "created_ns"),
)


class Keeping:
    """What is kept of one comparison; nothing at all where there is no store.

    Args:
        store: The file of the results.
        spec: What is compared.

    Raises:
        StateError: The file cannot be written.
    """

    def __init__(self, store: ResultStore | None, spec: Spec) -> None:
        self._store = store
        self._spec = spec
        self._id = spec.comparison_id
        with self._line():
            pass

    @contextmanager
    def _line(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection | None]:
        """A transaction; None where nothing is kept. To read, it is DEFERRED."""
        if self._store is None:
            yield None
            return

        with self._store.transaction(kind) as line:
            # Each time: the file may have been taken away, and is another one then.
            for table in TABLES:
                line.execute(table)
            yield line

    def begun(self, cells: Sequence[Cell]) -> None:
        """Write down what is about to be asked, and find which answers came from a cold model."""
        told = to_json(self._spec.told(), fallback=str).decode()
        digest = blake2b(told.encode(), digest_size=8).hexdigest()
        row = (self._id, self._spec.key, time.time_ns(), told, digest, "partial")
        with self._line() as line:
            if not line:
                return
            line.execute(
                "INSERT INTO comparison VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " spec_json = excluded.spec_json, spec_hash = excluded.spec_hash,"
                " status = excluded.status",
                row,
            )
            line.executemany(
                f"INSERT OR IGNORE INTO cell VALUES ({', '.join('?' * 11)})", map(self._row, cells)
            )

    def cold(self) -> set[str]:
        """Ids of the cells that were the first of their model in the run that asked them."""
        with self._line("DEFERRED") as line:
            if not line:
                return set()

            query = "SELECT cell_key FROM cell WHERE comparison_id = ? AND cold"
            return {found for (found,) in line.execute(query, (self._id,))}

    def ended(self, cells: Sequence[Cell], votes: Iterable[Vote], status: str) -> None:
        """Write down what came of it."""
        scores = [
            (
                *(self._id, cell.id, name, None if math.isnan(score.score) else score.score),
                *(score.passed, score.reason, "code", time.time_ns()),
            )
            for cell in cells
            for name, score in cell.scores.items()
        ]
        with self._line() as line:
            if not line:
                return
            line.execute(
                "UPDATE comparison SET status = ? WHERE comparison_id = ?", (status, self._id)
            )
            line.executemany(
                f"INSERT OR REPLACE INTO cell VALUES ({', '.join('?' * 11)})", map(self._row, cells)
            )
            line.executemany(f"INSERT OR REPLACE INTO score VALUES ({', '.join('?' * 8)})", scores)
        self.add_votes(votes)

    def _row(self, cell: Cell) -> tuple[object, ...]:
        one, result = cell.candidate, cell.result
        params = to_json(dict(one.params), fallback=str).decode() if one.params else ""
        return (
            *(self._id, cell.id, cell.item.id, one.wording.label, one.model, params, cell.repeat),
            *(cell.status, result.span_id if result else ""),
            *(bool(result and result.cached), bool(result and result.cold)),
        )

    def add_votes(self, votes: Iterable[Vote]) -> None:
        """Keep votes; one that is there is replaced."""
        rows = [(self._id, *(getattr(vote, name) for name in _VOTE)) for vote in votes]
        with self._line() as line:
            if line and rows:
                marks = ", ".join("?" * (len(_VOTE) + 1))
                line.executemany(f"INSERT OR REPLACE INTO battle VALUES ({marks})", rows)

    def take_back(self, ids: Iterable[str]) -> None:
        """Forget votes."""
        with self._line() as line:
            if line:
                line.executemany(
                    "DELETE FROM battle WHERE comparison_id = ? AND id = ?",
                    [(self._id, one) for one in ids],
                )

    def human_votes(self, cells: Sequence[Cell]) -> list[Vote]:
        """People's votes on answers that are in the grid, oldest first.

        Candidates are called what they are called now.
        """
        with self._line("DEFERRED") as line:
            if not line:
                return []

            query = "SELECT * FROM battle WHERE comparison_id = ? AND by = 'human'"
            found = line.execute(f"{query} ORDER BY created_ns, id", (self._id,)).fetchall()

        by_id = {cell.id: cell for cell in cells}
        votes = (Vote(**dict(zip(_VOTE, row[1:], strict=True))) for row in found)
        return [
            _renamed(vote, by_id) for vote in votes if {vote.a_cell, vote.b_cell} <= by_id.keys()
        ]


def _renamed(vote: Vote, cells: Mapping[str, Cell]) -> Vote:
    a, b = cells[vote.a_cell], cells[vote.b_cell]
    return replace(vote, item_id=a.item.id, a=a.candidate.name, b=b.candidate.name)
