"""A comparison in the cell, to filter, to sort and to open: `r.explore()`.

Law: what is drawn is in its state, once; what is searched, sorted and opened, the page asks
for. In a file `r.grid()` stands in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from mojentic_nb.views.theme import WATERFALL_STYLE
from mojentic_nb.widgets import browser_half
from mojentic_nb.widgets.answering import Answering, has_a_page
from mojentic_nb.widgets.compare_columns import Grid
from mojentic_nb.widgets.compare_text import cell_told

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison

__all__ = ["CompareWidget", "opened"]


def opened(comparison: Comparison) -> CompareWidget:
    """The widget for `r.explore()`.

    Raises:
        BadArgument: There is no page that could show it.
    """
    has_a_page("A grid to explore", instead="print(r.grid()) has all answers, r.df all numbers.")
    return CompareWidget(comparison)


class CompareWidget(Answering):
    """Items down, candidates across; each answer opens with its checks, numbers and trace.

    Args:
        comparison: What is shown, as it stands now.
    """

    name = "compare"
    _esm = browser_half.module("compare")
    # The picture of a call brings its own style, and a page takes none with it.
    _css = browser_half.style("compare") + WATERFALL_STYLE.removeprefix("<style>").removesuffix(
        "</style>"
    )

    table = traitlets.Dict().tag(sync=True)

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._grid = Grid(comparison)
        super().__init__(table=self._grid.columns())

    def __repr__(self) -> str:
        return f"CompareWidget({len(self._grid.candidates)} × {len(self._grid.rows)})"

    def still(self) -> tuple[str, str]:
        """The answers side by side."""
        # nbval compares what is shown: no seconds, which a grid shows only where asked.
        sides = self._comparison.grid(stable=True)
        return sides.html, repr(sides)

    def answer(self, content: dict[str, Any]) -> None:
        """Tell which rows are wanted, or of one answer."""
        if content.get("type") == "look":
            wanted = {name: str(content.get(name, "")) for name in ("text", "only", "sort")}
            self._tell(content, {"rows": self._grid.chosen(**wanted)})
        elif content.get("type") == "open":
            beside = content.get("beside", "")
            told = cell_told(
                self._comparison,
                item=int(content["item"]),
                candidate=int(content["candidate"]),
                repeat=int(content.get("repeat") or 0),
                beside=int(beside) if beside != "" else None,
            )
            self._tell(content, told)

    def failed(self, content: dict[str, Any], error: Exception) -> None:
        """Say so under the grid."""
        self._tell(content, {"said": f"{type(error).__name__}: {error}"})

    def _tell(self, content: dict[str, Any], told: dict[str, Any]) -> None:
        self.send({"view": content.get("view", ""), **told})
