"""A notebook for tests of tools: real values by name, and cells as they are told.

Law: it is what a `Notebook` has to be and no more; the real one is the magics'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class PlainNotebook:
    """Values and cells, given."""

    def __init__(self, cells: dict[int, str] | None = None, **values: Any) -> None:
        self._cells = cells or {}
        self.namespace: dict[str, Any] = values

    def cell(self, number: int, /) -> str | None:
        return self._cells.get(number)

    def cells(self) -> Sequence[int]:
        return sorted(self._cells)
