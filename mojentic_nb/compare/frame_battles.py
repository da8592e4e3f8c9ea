"""`r.battles()` and `r.bt()`: who won which pair, and the ranking that follows.

Law: builders; what a battle is stands in `battles.py`, the ranking in `ranking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.battles import Battle, Vote, battles_of
from mojentic_nb.compare.ranking import bradley_terry
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.columns import Kind, frame_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["battles_frame", "ranking_frame"]

BATTLES: Mapping[str, Kind] = {
    "item_id": "id",
    "cluster": "category",
    "repeat": "count",
    "a": "id",
    "b": "id",
    "outcome": "category",
    "score": "measure",
    "consistent": "flag",
    "outcome_ab": "category",
    "outcome_ba": "category",
    "by": "category",
    "rater": "category",
    "rationale": "text",
    "trouble": "category",
    "a_cell": "id",
    "b_cell": "id",
    "judge_span_id": "id",
    "created": "time",
}
RANKING: Mapping[str, Kind] = {
    "model": "id",
    "theta": "measure",
    "elo": "measure",
    "se": "measure",
    "lo": "measure",
    "hi": "measure",
    "elo_lo": "measure",
    "elo_hi": "measure",
    "rank": "count",
    "rank_lo": "count",
    "rank_hi": "count",
    "n_battles": "count",
    "win_rate": "measure",
}


def battles_frame(votes: Sequence[Vote]) -> DataFrame:
    """A row for each pair that somebody judged; `score` is of `a`: 1 won, 0 lost, ½ a tie."""
    rows = [_row(battle) for battle in battles_of(votes)]
    return frame_of("battles/1", BATTLES, {name: [row[name] for row in rows] for name in BATTLES})


def _row(battle: Battle) -> dict[str, Any]:
    first = battle.first
    told = next((vote for vote in battle.votes if vote.trouble), first)
    return {
        **{name: getattr(first, name) for name in ("item_id", "cluster", "repeat", "a", "b")},
        **{name: getattr(first, name) for name in ("by", "rater", "a_cell", "b_cell")},
        "outcome": battle.outcome,
        "score": battle.score,
        "consistent": battle.consistent,
        "outcome_ab": battle.in_order("ab"),
        "outcome_ba": battle.in_order("ba"),
        "rationale": "\n".join(vote.rationale for vote in battle.votes if vote.rationale) or None,
        "trouble": told.trouble,
        "judge_span_id": first.span_id,
        "created": max(vote.created_ns for vote in battle.votes),
    }


def _chosen(votes: Sequence[Vote], by: str | None) -> list[Vote]:
    """The votes of some raters; a rule's stand in for theirs where they were not asked."""
    if by is None:
        return list(votes)

    asked = {frozenset((vote.a_cell, vote.b_cell)) for vote in votes if vote.by == by}
    return [
        vote
        for vote in votes
        if vote.by == by
        or (vote.by == "rule" and frozenset((vote.a_cell, vote.b_cell)) not in asked)
    ]


def ranking_frame(votes: Sequence[Vote], by: str | None = None) -> DataFrame:
    """A row for each candidate, the strongest first; what makes it doubtful is in `attrs`.

    Args:
        votes: All there are.
        by: Only the `judge`'s or only `human` votes; all by default.

    Raises:
        BadArgument: There are no battles, too few items, nothing connects the candidates, or
            `by` is none of these.
    """
    if by not in (None, "judge", "human"):
        raise BadArgument(f"by={by!r}", hint='"judge" or "human".')

    decided = [one for one in battles_of(_chosen(votes, by)) if one.score is not None]
    if not decided:
        raise BadArgument(
            "There is nothing to rank by: no battle has an outcome.",
            hint="Give judge=…, or vote: r.vote(); r.notes says what became of a judge.",
        )

    ranking = bradley_terry(
        (one.first.a, one.first.b, one.score, one.first.item_id) for one in decided
    )
    columns = {name: [getattr(one, name) for one in ranking.strengths] for name in RANKING}
    frame = frame_of("ranking/1", RANKING, columns)
    frame.attrs |= {"n_battles": ranking.n_battles, "warning": ranking.warning}
    return frame
