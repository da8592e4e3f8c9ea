"""A blind vote in the cell: `r.vote()`.

Law: the page is told what is shown and what can be done, never whose answers they are. What it
says names the page it was said of: anything else is of a page that is no longer there.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Unpack, cast

import traitlets

from mojentic_nb.compare.vote import Ballot, Standings, VoteOptions
from mojentic_nb.views.markdown import bounded
from mojentic_nb.views.rendered import rendered
from mojentic_nb.views.table import html_table, text_table
from mojentic_nb.widgets import browser_half
from mojentic_nb.widgets.answering import Answering, has_a_page

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison
    from mojentic_nb.compare.judge import Outcome

__all__ = ["VoteWidget", "opened"]

# What a page can ask for: its name, what the button says, the key on it, and all keys.
DEEDS = (
    ("a", "A is better", "←", "ArrowLeft a"),
    ("tie", "Tie", "↓", "ArrowDown t"),
    ("b", "B is better", "→", "ArrowRight b"),
    ("both_bad", "Both bad", "x", "x"),
    ("skip", "Skip", "s", "s"),
    ("end", "Stop here", "", ""),
    ("reveal", "Show whose they were", "", ""),
    ("undo", "Undo", "u", "u Backspace"),
)
# Characters of an answer: what a person reads before they vote.
LONGEST = 40_000
_VOTES = ("a", "b", "tie", "both_bad")


def opened(comparison: Comparison, **options: Unpack[VoteOptions]) -> VoteWidget:
    """The widget for `r.vote()`.

    Raises:
        BadArgument: There is no page that could show it, or nothing to vote on.
    """
    has_a_page("A vote", instead="Vote there, or say what you think with r.add_vote(…).")
    return VoteWidget(Ballot(comparison, **options))


class VoteWidget(Answering):
    """Two answers side by side, and a key for each thing one can say of them.

    Args:
        ballot: What is voted on. It goes on without a page, too.
    """

    name = "vote"
    _esm = browser_half.module("vote")
    _css = browser_half.style("vote")

    deeds = traitlets.List(list(map(list, DEEDS))).tag(sync=True)
    page = traitlets.Dict().tag(sync=True)

    def __init__(self, ballot: Ballot) -> None:
        self.ballot = ballot
        self._standings: Standings | None = None
        self._turn = 0
        super().__init__(page=self._page())

    def __repr__(self) -> str:
        return f"VoteWidget({self._count()})"

    def answer(self, content: dict[str, Any]) -> None:
        """Do what a button or a key stands for, on the page that was seen."""
        deed = str(content.get("type"))
        if content.get("key") != self.page["key"] or deed not in self.page["can"]:
            return

        if deed in _VOTES:
            self.ballot.vote(cast("Outcome", deed))
        elif deed == "reveal":
            self._standings = self.ballot.standings()
        else:
            getattr(self.ballot, deed)()
        self._turned()
        self._show_kept()

    def failed(self, content: dict[str, Any], error: Exception) -> None:
        """Tell the page; the same pair is still asked."""
        self._turned(said=f"{type(error).__name__}: {error}")

    def still(self) -> tuple[str, str]:
        """How far the vote has come, and at its end how the candidates stand."""
        if self._standings is None:
            told = f"A blind vote: {self._count()}. r.vote() goes on."
            return f"<p>{escape(told)}</p>", told

        columns, rows, note = self._told(self._standings)
        table = html_table(columns, rows)
        text = "\n".join(part for part in (text_table(columns, rows), note) if part)
        return f"{table}<p>{escape(note)}</p>" if note else table, text

    def _turned(self, said: str = "") -> None:
        self._turn += 1
        self.page = self._page(said)

    def _count(self) -> str:
        ballot = self.ballot
        skipped = f", {ballot.skipped:,} skipped" if ballot.skipped else ""
        return f"{ballot.done:,} of {ballot.total:,} pairs voted on{skipped}"

    def _page(self, said: str = "") -> dict[str, Any]:
        ballot = self.ballot
        sheet = ballot.sheet
        undo = ["undo"] if ballot.can_undo else []
        page: dict[str, Any] = {
            "key": str(self._turn),
            "done": ballot.done + ballot.skipped,
            "of": max(ballot.total, 1),
            "count": self._count(),
            "said": said,
            "over": "",
            **dict.fromkeys(("asked", "a", "b"), ""),
        }
        if sheet is not None:
            for name, text in (("a", sheet.a), ("b", sheet.b)):
                page[name] = rendered(bounded(text, LONGEST)) or "<p>(an empty answer)</p>"
            page["asked"] = escape(bounded(sheet.asked, LONGEST)) or "(no text)"
            return {**page, "can": [*_VOTES, "skip", *undo, "end"]}

        if self._standings is None:
            over = "That was the last pair." if ballot.is_finished else "You stopped here."
            return {**page, "over": f"<p>{over}</p>", "can": [*undo, "reveal"]}

        return {**page, "over": _table(*self._told(self._standings)), "can": []}

    def _told(self, standings: Standings) -> tuple[list[str], list[list[object]], str]:
        return list(standings.columns), [list(row) for row in standings.rows], standings.note


def _table(columns: list[str], rows: list[list[object]], note: str) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(one))}</td>' for one in row)}</tr>" for row in rows
    )
    told = f"<p>{escape(note)}</p>" if note else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{told}"
