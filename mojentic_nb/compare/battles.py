"""Battles: one answer against another, and who won.

Law: pure. A vote is what a judge or a person said of one pair in one order; a battle is what
the votes of one rater on one pair come to. Two orders that disagree are a tie: then the place
won, not the answer. Votes that could not be read are counted and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from math import nan
from typing import Literal

from mojentic_nb.compare.judge import Order, Outcome
from mojentic_nb.compare.rates import rate_interval
from mojentic_nb.tracer.statistics import wilson

__all__ = ["Battle", "Judged", "Vote", "battles_of", "judged", "vote_id"]

# What a judge's answer is called that never became a verdict.
UNREADABLE = "ObjectError"

SCORES = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}


@dataclass(frozen=True, kw_only=True)
class Vote:
    """What one rater said of one pair of answers, shown in one order.

    Attributes:
        id: The same for the same pair, order and rater.
        item_id: What both were asked.
        cluster: The item's.
        repeat: Which repeat both answers are.
        a: The first candidate's name.
        b: The second's.
        a_cell: The first answer's cell, as in `r.df`.
        b_cell: Likewise.
        order: `ab` where the first was shown first.
        outcome: `a`, `b`, `tie`, `both_bad`; None where the judge gave no verdict.
        by: `judge` or `human`; `rule` where both answers are the same to the letter, which
            nobody needs to be asked about.
        rater: The judge's model, or the person's name.
        rationale: Why, where it was said.
        trouble: Why there is no outcome: the error's class.
        span_id: Of the judge's call in the trace.
        created_ns: When, in nanoseconds of the Unix epoch.
    """

    id: str
    item_id: str
    cluster: str
    repeat: int
    a: str
    b: str
    a_cell: str
    b_cell: str
    order: Order
    outcome: Outcome | None
    by: Literal["judge", "human", "rule"] = "judge"
    rater: str = ""
    rationale: str = ""
    trouble: str = ""
    span_id: str = ""
    created_ns: int = 0

    @property
    def has_failed(self) -> bool:
        """Whether there was no answer at all; one that is no verdict is an answer."""
        return self.outcome is None and self.trouble != UNREADABLE

    @property
    def is_decided(self) -> bool:
        """Whether one of the two won."""
        return self.outcome in ("a", "b")


@dataclass(frozen=True, kw_only=True)
class Battle:
    """What one rater's votes on one pair come to.

    Attributes:
        votes: They, by order.
        outcome: None where no vote could be read, or only one of the two orders.
        consistent: Whether both orders said the same; None where there was one.
    """

    votes: tuple[Vote, ...]
    outcome: Outcome | None
    consistent: bool | None

    @property
    def first(self) -> Vote:
        """The vote that tells which pair it is."""
        return self.votes[0]

    @property
    def score(self) -> float | None:
        """1 where `a` won, 0 where `b` did, ½ for a tie."""
        return None if self.outcome is None else SCORES[self.outcome]

    def in_order(self, order: Order) -> Outcome | None:
        """What was said with this order, if it was asked."""
        return next((vote.outcome for vote in self.votes if vote.order == order), None)


def vote_id(a_cell: str, b_cell: str, order: str, rater: str) -> str:
    """What one vote is known by."""
    told = "|".join((a_cell, b_cell, order, rater))
    return blake2b(told.encode(), digest_size=16).hexdigest()


def battles_of(votes: Iterable[Vote]) -> list[Battle]:
    """Put the orders of each pair together; people's votes stand as they are."""
    together: dict[tuple[str, ...], list[Vote]] = {}
    for vote in votes:
        # A person sees a pair once, in whatever order.
        key = (vote.by, vote.rater, vote.a_cell, vote.b_cell)
        together.setdefault(key, []).append(vote)

    return [_battle(tuple(sorted(some, key=lambda vote: vote.order))) for some in together.values()]


def _battle(votes: tuple[Vote, ...]) -> Battle:
    outcomes = [vote.outcome for vote in votes]
    if None in outcomes:
        return Battle(votes=votes, outcome=None, consistent=None)
    if len(outcomes) == 1:
        return Battle(votes=votes, outcome=outcomes[0], consistent=None)

    agree = len(set(outcomes)) == 1
    return Battle(votes=votes, outcome=outcomes[0] if agree else "tie", consistent=agree)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """How far a judge is to be believed.

    Attributes:
        n: Pairs of answers it was asked about; those of the same words are not.
        unread: Answers of it that were no verdict.
        failed: Calls of it that failed.
        both: Pairs with a verdict in both orders.
        consistency: Share of these in which both say the same.
        consistency_lo: Lower bound, Wilson's.
        consistency_hi: Upper bound.
        position_bias: How often the answer shown first won, where one did, over the same
            pairs; ½ is fair.
        position_lo: Lower bound, over pairs: the two verdicts on one hang together.
        position_hi: Upper bound.
        tie_rate: Share of pairs that end as a tie, for whatever reason.
    """

    n: int
    unread: int
    failed: int
    both: int
    consistency: float
    consistency_lo: float
    consistency_hi: float
    position_bias: float
    position_lo: float
    position_hi: float
    tie_rate: float

    @property
    def is_biased(self) -> bool:
        """Whether it likes one place better, as far as can be told."""
        return self.position_lo > 0.5 or self.position_hi < 0.5


def judged(votes: Iterable[Vote]) -> Judged:
    """What a judge's votes say of the judge; rates of nothing are NaN."""
    ours = [vote for vote in votes if vote.by == "judge"]
    battles = battles_of(ours)
    both = [battle for battle in battles if battle.consistent is not None]
    agreed = sum(bool(battle.consistent) for battle in both)
    low, high = wilson(agreed, len(both))
    firsts = [[_is_first(vote) for vote in battle.votes if vote.is_decided] for battle in both]
    shares = [sum(some) / len(some) for some in firsts if some]
    first = rate_interval(shares, cells=sum(map(len, firsts)))
    known = [battle.outcome for battle in battles if battle.outcome is not None]
    ties = sum(outcome not in ("a", "b") for outcome in known)
    return Judged(
        n=len(battles),
        unread=sum(vote.outcome is None and not vote.has_failed for vote in ours),
        failed=sum(vote.has_failed for vote in ours),
        both=len(both),
        consistency=agreed / len(both) if both else nan,
        consistency_lo=low,
        consistency_hi=high,
        position_bias=first.rate,
        position_lo=first.lo,
        position_hi=first.hi,
        tie_rate=ties / len(known) if known else nan,
    )


def _is_first(vote: Vote) -> bool:
    return (vote.outcome == "a") == (vote.order == "ab")
