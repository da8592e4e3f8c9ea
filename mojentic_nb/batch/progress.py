"""How far a batch is: one line that moves while it runs, and is gone when it is over.

Law: drawn in the caller's thread alone, since what a thread prints may land in another
cell. Nothing of it is ever saved with a notebook, nor drawn where nobody looks: a cell's
line is one display that is emptied at the end, and no widget, which would stay behind.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from mojentic_nb.batch.estimate import estimated
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Task
from mojentic_nb.views.numbers import dollars

__all__ = ["Progress", "bar_over"]

# Seconds before there is anything to see.
DELAY_S = 0.7


class Progress:
    """A bar.

    Args:
        total: Questions.
        shown: Whether to draw one; None draws it for people, not for tests and logs.
        told: Makes what stands before it; not asked where nothing is drawn.
        summary: What is read when it is drawn.
    """

    def __init__(
        self, total: int, shown: bool | None, *, told: Callable[[], str], summary: Summary
    ) -> None:
        self._summary = summary
        self._bar: Any = None
        shell = _shell()
        if shown is False or (shown is None and not _is_attended(shell)):
            return

        from tqdm import tqdm

        line = _Line(shell.display_pub) if _is_notebook(shell) else None
        self._bar = tqdm(
            total=total,
            desc=told(),
            unit="row",
            leave=False,
            delay=DELAY_S,
            # disable=None: not into a file.
            disable=None if shown is None and line is None else False,
            # A number of its own: else tqdm's watching thread would draw, too.
            miniters=1,
            dynamic_ncols=line is None,
            file=line,
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


def bar_over(
    tasks: Sequence[Task], shown: bool | None, *, store: ResultStore | None, summary: Summary
) -> Progress:
    """A bar for these questions, after what they will cost."""

    def told() -> str:
        return str(estimated(tasks, store)) if tasks else ""

    return Progress(len(tasks), shown, told=told, summary=summary)


class _Line:
    """A file to tqdm: each line that is written replaces the one before, in one display."""

    encoding = "utf-8"

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self._about: dict[str, str] = {}

    def write(self, text: str) -> None:
        """Show a line; a blank one leaves the display empty."""
        line = text.strip()
        is_there = bool(self._about)
        if not line and not is_there:
            return

        self._about = self._about or {"display_id": f"mojentic-progress-{uuid4().hex}"}
        bundle = {"text/plain": line} if line else {}
        self._publisher.publish(bundle, transient=self._about, update=is_there)

    def flush(self) -> None:
        """Everything is shown at once."""


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _is_notebook(shell: Any) -> bool:
    """Whether a display can be replaced; what `%%capture` collects cannot."""
    return hasattr(shell, "kernel") and not hasattr(shell.display_pub, "outputs")


def _is_attended(shell: Any) -> bool:
    """Whether somebody looks, and nobody compares what is shown with what was before."""
    if "PYTEST_CURRENT_TEST" in os.environ:
        return False

    # Front ends say with each cell whether a person is there to be asked; nbclient says no.
    kernel = getattr(shell, "kernel", None)
    return kernel is None or bool(getattr(kernel, "_allow_stdin", False))
