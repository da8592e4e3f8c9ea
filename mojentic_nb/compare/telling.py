"""How a comparison shows itself: a short table, a sentence, and what else one has to know.

Law: reads, never asks. The text and the HTML say the same. What a reader could misread is
said beside the numbers: failures, what was not asked, a judge that likes one place better.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.battles import judged
from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.items import said
from mojentic_nb.compare.values import has_known, usual_value
from mojentic_nb.compare.verdict import verdict
from mojentic_nb.errors import BadArgument
from mojentic_nb.place import standing
from mojentic_nb.views.numbers import UNKNOWN, dollars, seconds
from mojentic_nb.views.side_by_side import Answer, SideBySide, SideRow
from mojentic_nb.views.table import html_table, text_table
from mojentic_nb.views.theme import CSS_CLASS, NO_MATH

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison

__all__ = ["Shown", "notes_of", "side_by_side", "verdict_of", "widget"]

# Candidates in the short table; `r.summary()` has all.
MOST_ROWS = 20


class Shown:
    """The short table and the verdict, as text and as HTML.

    Args:
        comparison: What is shown, as it stands now.
        stable: Only what is the same at every run with the same answers: no seconds.
    """

    def __init__(self, comparison: Comparison, *, stable: bool = False) -> None:
        self._title = _title(comparison)
        self._columns, self._rows = _table(comparison, stable)
        self._verdict = verdict_of(comparison)
        self._notes = comparison.notes

    def __repr__(self) -> str:
        lines = [self._title, text_table(self._columns, self._rows), self._verdict]
        return "\n".join([*lines, *(f"note: {note}" for note in self._notes)])

    def _repr_html_(self) -> str:
        notes = "".join(f"<div><small>note: {escape(one)}</small></div>" for one in self._notes)
        table = html_table(self._columns, self._rows, caption=self._title)
        return (
            f'<div style="overflow-x: auto">{table}</div>'
            f'<div class="{CSS_CLASS} {NO_MATH}"><div>{escape(self._verdict)}</div>{notes}</div>'
        )


def _title(comparison: Comparison) -> str:
    spec, cells = comparison.spec, comparison.cells
    done = sum(cell.is_ok for cell in cells)
    parts = [
        _counted(len(spec.candidates), "candidate"),
        _counted(len(spec.items), "item"),
        *([f"{spec.repeats} repeats"] if spec.repeats > 1 else []),
        f"{done:,} of {len(cells):,} answers",
        *([comparison.status] if comparison.status != "complete" else []),
    ]
    return f"Comparison: {' · '.join(parts)}"


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def verdict_of(comparison: Comparison) -> str:
    """What it comes to, in one sentence."""
    if not any(cell.is_ok for cell in comparison.cells):
        return "There is no answer yet, so nothing to compare."

    try:
        ranking = _ranking(comparison)
    except BadArgument as problem:
        return f"The battles decide nothing yet: {problem}"

    about = usual_value(comparison.cells)
    return verdict(comparison.summary(), comparison.pairs(), value=about, ranking=ranking)


def _ranking(comparison: Comparison) -> list[dict[str, Any]]:
    """The rows of `bt()` where it goes by battles: nothing has a score."""
    cells = comparison.cells
    if not comparison.votes or has_known(cells, "passed") or has_known(cells, "score"):
        return []

    return comparison.bt().to_dict("records")  # type: ignore[return-value]


def _table(comparison: Comparison, stable: bool) -> tuple[list[str], list[list[object]]]:
    rows = comparison.summary().to_dict("records")
    headings, merits = _merits(comparison, rows)
    columns = ["candidate", "items", "errors", *headings, *([] if stable else ["median"]), "cost"]
    shown = [
        [
            *(row["candidate"], row["n_items"], row["n_errors"]),
            *merits[row["candidate"]][1:],
            *([] if stable else [seconds(_known(row["p50_s"]))]),
            dollars(_known(row["cost_total"])),
        ]
        for row in sorted(rows, key=lambda row: -merits[row["candidate"]][0])
    ]
    more = len(shown) - MOST_ROWS
    return columns, shown[:MOST_ROWS] + ([[f"… and {more} more"]] if more > 0 else [])


# How good a candidate is, to be sorted by; in words; and within which bounds.
_Merit = tuple[float, str, str]


def _merits(
    comparison: Comparison, rows: Sequence[Mapping[Any, Any]]
) -> tuple[tuple[str, str], dict[str, _Merit]]:
    """What the table says of each candidate, under which headings."""
    try:
        ranking = _ranking(comparison)
    except BadArgument:
        ranking = []
    if ranking:
        nothing = (-math.inf, UNKNOWN, UNKNOWN)
        known = {row["model"]: _won(row) for row in ranking}
        return ("won", "Elo, 95 %"), {
            row["candidate"]: known.get(row["candidate"], nothing) for row in rows
        }

    is_rate = usual_value(comparison.cells) == "passed"
    good = ("pass_rate", "pass_lo", "pass_hi") if is_rate else ("mean", "lo", "hi")
    return ("pass" if is_rate else "score", "95 % interval"), {
        row["candidate"]: (
            _sortable(row[good[0]]),
            *_measured([row[name] for name in good], is_rate),
        )
        for row in rows
    }


def _won(row: Mapping[str, Any]) -> _Merit:
    bounds = f"{row['elo_lo']:.0f} to {row['elo_hi']:.0f}"
    return row["theta"], f"{100 * row['win_rate']:.0f} %", bounds


def _sortable(value: float) -> float:
    return -math.inf if math.isnan(value) else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _measured(values: Sequence[float], is_rate: bool) -> tuple[str, str]:
    middle, low, high = (_number(value, is_rate) for value in values)
    unit = " %" if is_rate and middle != UNKNOWN else ""
    return f"{middle}{unit}", UNKNOWN if low == UNKNOWN else f"{low} to {high}{unit}"


def _number(value: float, is_rate: bool) -> str:
    if math.isnan(value):
        return UNKNOWN

    return f"{100 * value:.0f}" if is_rate else f"{value:.3g}"


def notes_of(comparison: Comparison) -> list[str]:
    """What a reader has to know besides the numbers."""
    return [*_grid_notes(comparison), *_check_notes(comparison.cells), *_judge_notes(comparison)]


def _grid_notes(comparison: Comparison) -> Iterator[str]:
    cells = comparison.cells
    failed = Counter(
        (cell.candidate.name, cell.result.error_type)
        for cell in cells
        if cell.result is not None and cell.status == "error"
    )
    for (name, kind), count in failed.items():
        example = next(
            cell.result.error_message
            for cell in cells
            if cell.result and cell.candidate.name == name and cell.result.error_type == kind
        )
        yield f"{name}: {_counted(count, 'answer')} failed, {kind}: {example}"

    left = [cell for cell in cells if cell.status in ("skipped", "pending")]
    if left:
        reason = next((c.result.error_message for c in left if c.result), "interrupted")
        yield f"{_counted(len(left), 'answer')} not asked for yet: {reason}"

    has_expected = any(item.expected is not None for item in comparison.spec.items)
    if has_expected and not comparison.spec.checks and comparison.spec.judge is None:
        yield "the items have an expected answer, and nothing checks it: checks=[equals()]"


def _check_notes(cells: Sequence[Cell]) -> Iterator[str]:
    raised = Counter(
        (name, score.reason.partition(":")[0])
        for cell in cells
        for name, score in cell.scores.items()
        if score.passed is False and _is_an_error(score.reason)
    )
    for (name, kind), count in raised.items():
        answers = _counted(count, "answer")
        yield f"the check {name} raised {kind} on {answers}, which count as failed"


def _is_an_error(reason: str) -> bool:
    name = reason.partition(":")[0]
    return name.isidentifier() and name.endswith(("Error", "Exception", "Argument"))


def _judge_notes(comparison: Comparison) -> Iterator[str]:
    spec = comparison.spec
    if spec.judge_broker is None:
        return

    if own := spec.judge_is_candidate():
        judge = spec.judge_broker.model
        yield f"the judge {judge} is a candidate itself ({own}): it may favour itself"

    found = judged(comparison.votes)
    if found.unread:
        yield f"{_counted(found.unread, 'verdict')} of the judge could not be read"
    if found.failed:
        kinds = {vote.trouble for vote in comparison.votes if vote.has_failed}
        yield f"{_counted(found.failed, 'call')} of the judge failed: {', '.join(sorted(kinds))}"
    if left := comparison.judging.skipped:
        told = _counted(left, "verdict")
        yield f"{told} of the judge not asked for yet: {comparison.judging.reason}"
    if found.both and found.consistency < 1:
        share = f"{100 * found.consistency:.0f} %"
        yield f"the judge agrees with itself on {share} of {found.both} pairs when they are swapped"
    if found.is_biased:
        place = "first" if found.position_bias > 0.5 else "second"
        yield f"the judge favours the answer shown {place}: only what it says in both orders counts"


def side_by_side(
    comparison: Comparison, *, only_disagreements: bool = False, stable: bool = False
) -> SideBySide:
    """The answers as a grid."""
    spec = comparison.spec
    by_place: dict[tuple[int, int], list[Cell]] = {}
    for cell in comparison.cells:
        by_place.setdefault((id(cell.item), id(cell.candidate)), []).append(cell)

    rows = []
    for item in spec.items:
        cells = [by_place.get((id(item), id(one)), []) for one in spec.candidates]
        answers = tuple(tuple(_answer(cell, stable) for cell in some) for some in cells)
        if (differs := _differs(answers)) or not only_disagreements:
            asked = said(cells[0][0].messages)
            rows.append(SideRow(name=item.id, asked=asked, answers=answers, differs=differs))

    names = [one.name for one in spec.candidates]
    return SideBySide(names, rows, models=[one.model for one in spec.candidates])


def _answer(cell: Cell, stable: bool) -> Answer:
    result = cell.result
    if result is None or not result.ok:
        told = "not asked yet" if result is None else result.error_message or result.error_type
        return Answer(text=told, is_ok=False)

    known = []
    if result.duration_s is not None and not stable:
        known.append(seconds(result.duration_s))
    if result.output_tokens is not None:
        known.append(f"{result.output_tokens} tok")
    return Answer(text=result.output, passed=cell.passed, told=" · ".join(known))


def _differs(answers: Sequence[Sequence[Answer]]) -> bool:
    """Whether candidates disagree: by the checks where those say anything, else in words."""
    said: list[Any] = [[answer.passed for answer in some] for some in answers]
    if all(passed is None for some in said for passed in some):
        said = [[answer.text.strip() for answer in some] for some in answers]

    return any(some != said[0] for some in said[1:])


def widget(name: str) -> Callable[..., Any]:
    """What opens a widget, which stands above us.

    Raises:
        BadArgument: Widgets are not there.
    """
    if standing.widget_of is None:
        raise BadArgument(f"The {name} widget is not there.", hint="import mojentic_nb")

    return standing.widget_of(name)
