"""A comparison as columns: what the page of its grid draws, and which rows somebody wants.

Law: pure. Every text stands once, in `texts`, and columns hold its place there. Of an answer
there is its beginning; all of it is what is searched, and told when it is opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.values import has_known, values_by_item
from mojentic_nb.views.side_by_side import Answer, SideRow
from mojentic_nb.views.theme import model_colour

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison

__all__ = ["MOST_CELLS", "Grid"]

# Some 3 MB of page; of more, the first items.
MOST_CELLS = 40_000
# Characters of an answer: two lines of a column, fewer where there are many.
LONGEST, SHORTEST, IN_ALL = 120, 40, 200_000

_ONLY: Mapping[str, tuple[str, Callable[[SideRow], bool]]] = {
    "differs": ("disagreements", lambda row: row.differs),
    "failed": ("failed checks", lambda row: _any(row, lambda one: one.passed is False)),
    "errors": ("errors", lambda row: _any(row, lambda one: not one.is_ok)),
}


def _any(row: SideRow, is_so: Callable[[Answer], bool]) -> bool:
    return any(is_so(one) for some in row.answers for one in some)


class Grid:
    """The rows of a comparison's grid, as they stand when it is made.

    Args:
        comparison: Whose.
        most: How many answers are drawn.
    """

    def __init__(self, comparison: Comparison, *, most: int = MOST_CELLS) -> None:
        self.candidates = comparison.spec.candidates
        sides = comparison.grid().rows
        self.rows = sides[: max(most // max(len(self.candidates), 1), 1)]
        self.left_out = len(sides) - len(self.rows)
        self._scores = _scores(comparison)

    def columns(self) -> dict[str, Any]:
        """Write the rows as columns."""
        texts: dict[str, int] = {}

        def place(text: str) -> int:
            return texts.setdefault(text, len(texts))

        cells = len(self.rows) * len(self.candidates)
        room = max(SHORTEST, min(LONGEST, IN_ALL // max(cells, 1)))
        across = range(len(self.candidates))
        table = {
            "names": [one.name for one in self.candidates],
            "hues": [model_colour(one.model) for one in self.candidates],
            "items": [place(row.name) for row in self.rows],
            "marks": [[place(_mark(row.answers[n])) for row in self.rows] for n in across],
            "words": [[place(_begin(row.answers[n], room)) for row in self.rows] for n in across],
            "only": self._only(),
            "sorts": self._sorts(),
            "note": f", {self.left_out:,} more are not drawn" if self.left_out else "",
        }
        return {**table, "texts": list(texts)}

    def _only(self) -> list[list[str]]:
        counts = {name: sum(map(fits, self.rows)) for name, (_, fits) in _ONLY.items()}
        kinds = [[name, f"{_ONLY[name][0]} ({count:,})"] for name, count in counts.items() if count]
        return [["", "all items"], *kinds]

    def _sorts(self) -> list[list[str]]:
        score = [["score", "lowest score first"]] if self._scores else []
        return [["", "as asked"], ["name", "by name"], *score, ["length", "longest first"]]

    def chosen(self, *, text: str = "", only: str = "", sort: str = "") -> list[int]:
        """The rows somebody wants, by their places, in the order they want.

        Args:
            text: Stands in the item's name, in what was asked, or in any answer.
            only: `differs`, `failed`, `errors`; empty for all.
            sort: `name`, `score`, `length`; empty for the order in which items were given.
        """
        sought = text.strip().casefold()
        fits = _ONLY[only][1] if only in _ONLY else lambda _row: True
        places = [
            place
            for place, row in enumerate(self.rows)
            if fits(row) and (not sought or any(sought in one.casefold() for one in _texts(row)))
        ]
        return sorted(places, key=self._key(sort))

    def _key(self, sort: str) -> Callable[[int], Any]:
        if sort == "name":
            return lambda place: self.rows[place].name.casefold()
        if sort == "score" and self._scores:
            return lambda place: self._scores[place]
        if sort == "length":
            return lambda place: -max((len(one) for one in _texts(self.rows[place])[2:]), default=0)

        return lambda place: place


def _scores(comparison: Comparison) -> list[float]:
    """The mean score of each item; above all others where it has none."""
    if not has_known(comparison.cells, "score"):
        return []

    by_candidate = values_by_item(comparison.cells, comparison.spec, "score").values()
    known = [[one for one in some if one is not None] for some in zip(*by_candidate, strict=True)]
    return [sum(some) / len(some) if some else float("inf") for some in known]


def _texts(row: SideRow) -> list[str]:
    return [row.name, row.asked, *(one.text for some in row.answers for one in some)]


def _mark(answers: Sequence[Answer]) -> str:
    """What the checks say of the repeats, as a sign and a word."""
    if not answers:
        return "not asked"

    marks = Counter(one.mark for one in answers)
    if len(marks) == 1:
        return answers[0].mark

    if marks["error"]:
        return f"error {marks['error']} of {len(answers)}"

    sign = "✓" if marks["✓ pass"] > marks["✗ fail"] else "✗"
    return f"{sign} {marks['✓ pass']} of {len(answers)} pass"


def _begin(answers: Sequence[Answer], room: int) -> str:
    """The beginning of the first answer that is there, in one line."""
    shown = next((one for one in answers if one.is_ok), answers[0] if answers else None)
    line = "" if shown is None else " ".join(shown.text[: 4 * room].split())
    return line if len(line) <= room else f"{line[:room].rstrip()}…"
