"""How far a batch is: one line that moves while it runs, and is gone when it is over.

Law: drawn in the caller's thread alone, since what a thread prints may land in another
cell. Short runs draw nothing, so that nothing of it is ever saved with a notebook.
"""

from __future__ import annotations

import os
from typing import Any

from mojentic_nb.batch.summary import Summary
from mojentic_nb.views.numbers import dollars

__all__ = ["Progress"]

# Seconds before there is anything to see.
DELAY_S = 0.7


class Progress:
    """A bar.

    Args:
        total: Questions; None where nobody knows.
        shown: Whether to draw one; None draws it for people, not for tests and logs.
        told: What stands before it.
        summary: What is read when it is drawn.
    """

    def __init__(
        self, total: int | None, shown: bool | None, *, told: str = "", summary: Summary
    ) -> None:
        self._summary = summary
        self._bar: Any = None
        if shown is False or (shown is None and _is_watched()):
            return

        from tqdm.auto import tqdm

        # disable=None: not into a file.
        self._bar = tqdm(
            total=total,
            desc=told,
            unit="row",
            leave=False,
            delay=DELAY_S,
            disable=None if shown is None else False,
            dynamic_ncols=True,
        )

    def move(self) -> None:
        """Draw what has come since."""
        bar, summary = self._bar, self._summary
        if bar is None or summary.n == bar.n:
            return

        told = [dollars(summary.cost)] if summary.cost else []
        if summary.errors:
            told.append(f"{summary.errors} failed")
        bar.set_postfix_str(" · ".join(told), refresh=False)
        bar.update(summary.n - bar.n)

    def close(self) -> None:
        """Take it away."""
        if self._bar is not None:
            self._bar.close()


def _is_watched() -> bool:
    """Whether what is shown would be compared with what was shown before."""
    return "PYTEST_CURRENT_TEST" in os.environ
