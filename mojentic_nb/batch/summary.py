"""What many questions came to, counted as their results come.

Law: a value that is added to; it asks nothing and keeps no result.
"""

from __future__ import annotations

from dataclasses import dataclass

from mojentic_nb.batch.task import Result

__all__ = ["Summary"]


@dataclass(slots=True)
class Summary:
    """What a run came to.

    Attributes:
        n: Questions.
        ok: Answered, those an earlier run had among them.
        errors: Asked in vain.
        skipped: Not asked.
        stored: Of `ok`, those an earlier run had.
        cost: US dollars of what was asked now, as far as prices are known.
        tokens: Of what was asked now, in and out.
        wall_s: Seconds it took.
        status: `complete`, `partial` where it was interrupted, `stopped` with a `reason`.
        reason: Why what was skipped was.
    """

    n: int = 0
    ok: int = 0
    errors: int = 0
    skipped: int = 0
    stored: int = 0
    cost: float = 0.0
    tokens: int = 0
    wall_s: float = 0.0
    status: str = "partial"
    reason: str = ""

    def add(self, result: Result) -> None:
        """Count one result."""
        self.n += 1
        if result.status == "skipped":
            self.skipped += 1
        elif result.status == "error":
            self.errors += 1
        else:
            self.ok += 1
        if result.stored:
            self.stored += 1
        else:
            self.cost += result.cost or 0.0
            self.tokens += (result.input_tokens or 0) + (result.output_tokens or 0)
