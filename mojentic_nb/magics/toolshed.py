"""What a cell's tools are given: the notebook, the session's model, the folder it is in.

Law: made when a built-in tool is named, and not before. Files are those below the
notebook's folder; no variable of the environment may be read.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.magics.earlier import cell_told
from mojentic_nb.tools.facts import EFFECTS
from mojentic_nb.tools.policy import Policy

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mojentic_nb.magics.asking import Desk

__all__ = ["OfThisNotebook", "fittings_of", "policy_here"]

_MOST = 20_000  # characters of one cell


def policy_here() -> Policy:
    """What tools in a cell may do: all of it, below this folder, at public hosts.

    What cannot be undone is asked about besides.
    """
    return Policy(roots=(Path.cwd(),), domains=("*",), effects=frozenset(EFFECTS))


def fittings_of(desk: Desk) -> dict[str, Any]:
    """What built-in tools need besides a policy."""
    return {
        "notebook": OfThisNotebook(desk.shell),
        "ask": lambda text: str(desk.session.broker().generate(text)),
        "embed": lambda texts: desk.session.broker().gateway.calculate_embeddings(texts),
    }


class OfThisNotebook:
    """The notebook at hand, as tools see it."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    @property
    def namespace(self) -> MutableMapping[str, Any]:
        """Its values by name."""
        space: MutableMapping[str, Any] = self._shell.user_ns
        return space

    def cell(self, number: int, /) -> str | None:
        """A cell's source and what came of it; `None` where none was run."""
        typed = self._typed()
        if not 0 < number < len(typed) or not typed[number].strip():
            return None

        return cell_told(self._shell, number, typed[number], limit=_MOST)

    def cells(self) -> Sequence[int]:
        """Numbers of the cells that were run."""
        return [number for number, source in enumerate(self._typed()) if number and source.strip()]

    def _typed(self) -> list[str]:
        return list(getattr(self._shell.history_manager, "input_hist_raw", None) or [])
