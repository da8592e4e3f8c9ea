"""A comparison: the grid of answers, what is thought of them, and what follows.

Law: a facade. What is asked stands in `spec.py` and `grid.py`, in which rounds in
`asked_grid.py`, who waits in `driving.py`, every table in a `frame_*.py` beside its statistics.
A cell that failed is a row.
"""

from __future__ import annotations

from collections.abc import Coroutine
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Unpack, get_args

from mojentic_nb.compare import driving, exporting, telling
from mojentic_nb.compare.asked_grid import AskedGrid
from mojentic_nb.compare.battles import Judged, Vote, judged
from mojentic_nb.compare.judge import Order, Outcome
from mojentic_nb.compare.judging import Pair, vote_on
from mojentic_nb.errors import BadArgument

if TYPE_CHECKING:
    from pandas import DataFrame

    from mojentic_nb.compare.plots import ComparePlots
    from mojentic_nb.compare.vote import VoteOptions
    from mojentic_nb.views.side_by_side import SideBySide

__all__ = ["Comparison", "Interrupted"]


class Comparison(AskedGrid):
    """Several models, asked the same; `compare` makes it.

    Args:
        spec: What is compared.
        how: How it is asked.
        max_cells: How many answers may be asked for; the rest is skipped.

    Attributes:
        spec: What is compared.
        how: How it is asked.
        cells: Every answer, by candidate, item and repeat.
        asked: What the last run of the candidates came to: counts, dollars, seconds.
        judging: The same of the judge.
        status: `complete`; `partial` where it was interrupted, `stopped` where a bound was
            reached: `run()` goes on with what is missing.
    """

    # asking -----------------------------------------------------------------

    def run(self) -> Comparison:
        """Ask for what is missing or failed, and wait; itself.

        Raises:
            Interrupted: A `KeyboardInterrupt`; what was answered is kept.
        """
        driving.here(self)
        return self

    resume = run

    def arun(self) -> Coroutine[Any, Any, None]:
        """Await what `run` does, in the running loop."""
        return driving.awaiting(self)

    def interrupted(self) -> KeyboardInterrupt:
        """Keep what there is, after an interrupt; what to tell of it."""
        self._break_off()
        return Interrupted(self)

    # tables -----------------------------------------------------------------

    @property
    def df(self) -> DataFrame:
        """A row for each cell: the answer, how it came about, and what the checks say."""
        from mojentic_nb.compare.frame_cells import cells_frame

        return cells_frame(self.spec, self.cells)

    def matrix(self, value: str | None = None) -> DataFrame:
        """Items down, candidates across.

        Args:
            value: `passed`, `score`, `output`, `cost` or another number of `df`, repeats
                averaged; by default what the checks give.

        Raises:
            BadArgument: There is no such column.
        """
        from mojentic_nb.compare.frame_cells import matrix_frame

        return matrix_frame(self.spec, self.cells, value)

    def disagreements(self, value: str | None = None) -> DataFrame:
        """The rows of `matrix` on which candidates differ; in what they say, without checks.

        Raises:
            BadArgument: There is no such column.
        """
        from mojentic_nb.compare.frame_cells import disagreements_frame

        return disagreements_frame(self.spec, self.cells, value)

    def summary(self) -> DataFrame:
        """A row for each candidate: how good, how steady, how fast, how dear."""
        from mojentic_nb.compare.frame_summary import summary_frame

        return summary_frame(self.spec, self.cells)

    def pairs(
        self,
        value: str | None = None,
        *,
        effect: float | None = None,
        statistic: Literal["mean", "median"] = "mean",
    ) -> DataFrame:
        """A row for each two candidates: the difference on the same items, tested.

        Args:
            value: Of which number; by default whether an item passed, else its score.
            effect: Difference that `n_needed` is for; by default the one that was found.
            statistic: Difference of the means, or of the medians, as for seconds.

        Raises:
            BadArgument: There is no such number, or it cannot be compared so.
        """
        from mojentic_nb.compare.frame_summary import pairs_frame

        return pairs_frame(self.spec, self.cells, value, effect, statistic)

    def power(self, value: str | None = None, *, effect: float | None = None) -> DataFrame:
        """How likely so many items show the difference; the arguments are those of `pairs`."""
        from mojentic_nb.compare.frame_summary import power_frame

        return power_frame(self.spec, self.cells, value, effect)

    def battles(self) -> DataFrame:
        """A row for each pair of answers that the judge or somebody compared."""
        from mojentic_nb.compare.frame_battles import battles_frame

        return battles_frame(self.votes)

    def bt(self, *, by: Literal["judge", "human"] | None = None) -> DataFrame:
        """The ranking that the battles come to (Bradley and Terry), the strongest first.

        Args:
            by: Only the judge's or only people's votes.

        Raises:
            BadArgument: There are too few battles, nothing connects the candidates, or nobody
                is called so.
        """
        from mojentic_nb.compare.frame_battles import ranking_frame

        return ranking_frame(self.votes, by)

    def judged(self) -> Judged:
        """How far the judge can be trusted: consistency, liking of a place, ties."""
        return judged(self.votes)

    def verdict(self) -> str:
        """What it comes to, in one sentence."""
        return telling.verdict_of(self)

    @property
    def notes(self) -> list[str]:
        """What a reader has to know besides: failures, bounds, doubts."""
        return telling.notes_of(self)

    @property
    def cost(self) -> float:
        """US dollars of what was asked now, the judge's too, as far as prices are known."""
        return self.asked.cost + self.judging.cost

    # pictures ---------------------------------------------------------------

    @property
    def plot(self) -> ComparePlots:
        """Charts: `r.plot.forest()` and its kin."""
        from mojentic_nb.compare.plots import ComparePlots

        return ComparePlots(self)

    def grid(self, *, only_disagreements: bool = False, stable: bool = False) -> SideBySide:
        """The answers side by side, with what differs marked.

        Args:
            only_disagreements: Leave out the items on which all agree.
            stable: Leave out seconds, which differ from run to run.
        """
        return telling.side_by_side(self, only_disagreements=only_disagreements, stable=stable)

    def explore(self) -> Any:
        """The same as a widget: to filter, to sort, and to open each answer.

        Raises:
            BadArgument: There is no page that could show it.
        """
        return telling.widget("compare")(self)

    def show(self, *, stable: bool = False) -> telling.Shown:
        """The short table and the verdict; `stable` leaves out seconds."""
        return telling.Shown(self, stable=stable)

    def __repr__(self) -> str:
        return repr(self.show())

    def _repr_html_(self) -> str:
        return self.show()._repr_html_()

    # votes ------------------------------------------------------------------

    @property
    def votes(self) -> list[Vote]:
        """What the judge and people said, each in the order in which it was shown."""
        return [*self._judge_votes.values(), *self._human_votes.values()]

    def vote(self, **options: Unpack[VoteOptions]) -> Any:
        """Compare answers yourself, two at a time, without knowing whose they are.

        Args:
            **options: `rater` (who votes), `most` (pairs to be asked), `ask_same` (ask about
                two answers of the same words, too).

        Raises:
            BadArgument: There is nothing to vote on, or no page to vote in.
        """
        return telling.widget("vote")(self, **options)

    def add_vote(
        self,
        outcome: Outcome,
        *,
        a_cell: str,
        b_cell: str,
        order: Order = "ab",
        rater: str = "me",
        rationale: str = "",
    ) -> Vote:
        """Take a person's vote on two answers, and keep it at once.

        Args:
            outcome: `a`, `b`, `tie` or `both_bad`.
            a_cell: The first answer's `cell_key`.
            b_cell: The second's.
            order: Which of them was shown first.
            rater: Who votes; the same person's second vote on a pair replaces the first.
            rationale: Why.

        Raises:
            BadArgument: There are no such answers to one item, or there is no such outcome
                or order.
        """
        if outcome not in get_args(Outcome):
            raise BadArgument(f"outcome={outcome!r}", hint='"a", "b", "tie" or "both_bad".')
        if order not in get_args(Order):
            raise BadArgument(f"order={order!r}", hint='"ab", or "ba" where the second was first.')

        a, b = self._by_id.get(a_cell), self._by_id.get(b_cell)
        if a is None or b is None or a is b or a.item is not b.item:
            raise BadArgument(f"{a_cell!r} and {b_cell!r} are not two answers to one item.")

        pair = Pair(a, b, order)
        vote = vote_on(pair, rater, outcome=outcome, by="human", rationale=rationale)
        self._human_votes[vote.id] = vote
        self._keeping.add_votes([vote])
        return vote

    def take_back(self, vote: Vote) -> None:
        """Forget a person's vote."""
        self._human_votes.pop(vote.id, None)
        self._keeping.take_back([vote.id])

    # files ------------------------------------------------------------------

    def to_csv(self, path: str | PathLike[str]) -> int:
        """Write `df` as CSV; how many rows. The file is there whole or not at all.

        Raises:
            StateError: It cannot be written.
        """
        return exporting.to_csv(self.df, path)

    def to_parquet(self, path: str | PathLike[str]) -> int:
        """Write `df` as Parquet (`mojentic-nb[parquet]`); else as `to_csv`."""
        return exporting.to_parquet(self.df, path)

    def to_jsonl(self, path: str | PathLike[str]) -> int:
        """Write `df` as JSON lines; else as `to_csv`."""
        return exporting.to_jsonl(self.df, path)


class Interrupted(KeyboardInterrupt):
    """A comparison was interrupted; it is in `comparison`, with what it has.

    Attributes:
        comparison: Its `run()` goes on, and so does the same call again.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        done = sum(cell.is_ok for cell in comparison.cells)
        kept = "The same call again asks only for the rest." if comparison.how.store else ""
        told = f"Interrupted after {done} of {len(comparison.cells)} answers. {kept}"
        super().__init__(told.rstrip())

    def _render_traceback_(self) -> list[str]:
        return [str(self)]
