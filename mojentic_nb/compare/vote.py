"""A blind vote: which two answers a person sees next, and what their word comes to.

Law: no page, no thread, no clock. A vote goes to the comparison at once, which keeps it, so
that another ballot goes on where this one stopped. Whose answers they are is told when voting
is over, and then nothing can be voted on any more.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypedDict

from mojentic_nb.compare.battles import Vote, battles_of
from mojentic_nb.compare.judge import Outcome
from mojentic_nb.compare.judging import Pair, pairs_of
from mojentic_nb.errors import BadArgument
from mojentic_nb.views.numbers import UNKNOWN

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison

__all__ = ["Ballot", "Sheet", "Standings", "VoteOptions", "in_turn"]

SAME = "Both answers are the same."
_OTHER_WAY: dict[str, Outcome] = {"a": "b", "b": "a", "tie": "tie", "both_bad": "both_bad"}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Two answers as a person sees them: no name, nothing that gives one away.

    Attributes:
        asked: What both were asked.
        a: The answer on the left.
        b: The one on the right.
    """

    asked: str
    a: str
    b: str


@dataclass(frozen=True, kw_only=True)
class Standings:
    """How the candidates stand by what people said, the strongest first.

    Attributes:
        columns: Of the table.
        rows: One for each candidate.
        note: What makes it doubtful, or why there is no ranking; empty where all is well.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""


class VoteOptions(TypedDict, total=False):
    """What `r.vote()` takes; see `Ballot`."""

    rater: str
    most: int | None
    ask_same: bool


class Ballot:
    """One person's vote on the answers of a comparison.

    Args:
        comparison: Whose answers; it keeps the votes.
        rater: Who votes. What they have voted on before is not asked again.
        most: How many pairs are asked at most, from now on; all by default.
        ask_same: Ask about two answers of the same words, too. Else they are a tie, which is
            taken down when the vote comes past them.

    Raises:
        BadArgument: There are no two answers to one item, or an argument makes no sense.
    """

    def __init__(
        self,
        comparison: Comparison,
        *,
        rater: str = "me",
        most: int | None = None,
        ask_same: bool = False,
    ) -> None:
        if most is not None and most < 1:
            raise BadArgument(f"most={most!r} is no number of pairs.")

        pairs = in_turn(list(pairs_of(comparison.spec, comparison.cells)), comparison.spec.seed)
        if not pairs:
            raise BadArgument(
                "There is nothing to vote on: no item has answers of two candidates.",
                hint="Give at least two models, or run() what is missing.",
            )

        self._comparison = comparison
        self._rater = rater
        self._ask_same = ask_same
        self._is_ended = self._is_revealed = False
        self._passed: list[Pair] = []
        # Two of the same words are a tie already where a judge was asked.
        self._ruled = {_both(vote) for vote in comparison.votes if vote.by == "rule"}
        voted = {_both(vote): vote for vote in comparison.votes if self._is_mine(vote)}
        known = [(pair, voted[key]) for pair in pairs if (key := _cells(pair)) in voted]
        known.sort(key=lambda one: one[1].created_ns)
        # What undo takes back, the last one first; without a vote where it was skipped.
        self._before: list[tuple[Pair, Vote | None]] = [
            one for one in known if self._is_asked(one[0])
        ]
        left = [self._turned(pair) for pair in pairs if _cells(pair) not in voted]
        self._queue = deque(self._first(left, most))
        self._pass_same()

    def _is_mine(self, vote: Vote) -> bool:
        return vote.by == "human" and vote.rater == self._rater

    def _is_asked(self, pair: Pair) -> bool:
        return self._ask_same or not pair.is_same

    def _turned(self, pair: Pair) -> Pair:
        # By the pair itself: shown again, it is shown the same way.
        told = f"{self._comparison.spec.seed}|{self._rater}|{pair.a.id}|{pair.b.id}"
        is_turned = blake2b(told.encode(), digest_size=1).digest()[0] % 2
        return replace(pair, order="ba" if is_turned else "ab")

    def _first(self, pairs: Sequence[Pair], most: int | None) -> Iterator[Pair]:
        for pair in pairs:
            if self._is_asked(pair):
                if most is not None and most <= 0:
                    return
                most = None if most is None else most - 1
            yield pair

    def _pass_same(self) -> None:
        while self._queue and not self._is_asked(self._queue[0]):
            self._passed.append(self._queue.popleft())

    # what is seen -------------------------------------------------------------

    @property
    def sheet(self) -> Sheet | None:
        """What is asked now; None when voting is over."""
        if self.is_over:
            return None

        pair = self._queue[0]
        first, second = (pair.a, pair.b) if pair.order == "ab" else (pair.b, pair.a)
        return Sheet(asked=pair.task, a=first.output, b=second.output)

    @property
    def is_over(self) -> bool:
        """Whether nothing is asked any more."""
        return self._is_ended or self._is_revealed or not self._queue

    @property
    def is_finished(self) -> bool:
        """Whether no pair is left, which is not so where somebody stopped."""
        return not self._queue

    @property
    def done(self) -> int:
        """Pairs this person has voted on, those of an earlier ballot included."""
        return sum(vote is not None for _, vote in self._before)

    @property
    def skipped(self) -> int:
        """Pairs that were put aside; the next ballot asks about them."""
        return len(self._before) - self.done

    @property
    def total(self) -> int:
        """Pairs in all: voted on, skipped, and still to come."""
        return len(self._before) + sum(map(self._is_asked, self._queue))

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._before or self._is_ended) and not self._is_revealed

    # what is done -------------------------------------------------------------

    def vote(self, outcome: Outcome) -> Vote:
        """Take what a person said of the two answers they see, and keep it.

        Args:
            outcome: `a` where the left one is better, `b` the right one, `tie` or `both_bad`.

        Raises:
            BadArgument: Voting is over, or there is no such outcome.
            StateError: It could not be kept; the same pair is still asked.
        """
        if outcome not in _OTHER_WAY:
            raise BadArgument(f"outcome={outcome!r}", hint='"a", "b", "tie" or "both_bad".')

        pair = self._now()
        told = outcome if pair.order == "ab" else _OTHER_WAY[outcome]
        vote = self._keep(pair, told)
        self._before.append((self._queue.popleft(), vote))
        self._pass_same()
        self._keep_same()
        return vote

    def skip(self) -> None:
        """Put the pair aside.

        Raises:
            BadArgument: Voting is over.
        """
        self._before.append((self._now(), None))
        self._queue.popleft()
        self._pass_same()

    def undo(self) -> bool:
        """Take back what was done last and ask again; False where there is nothing.

        Raises:
            BadArgument: The names are known.
        """
        if self._is_revealed:
            raise _over()
        if self._is_ended or not self._before:
            found, self._is_ended = self._is_ended, False
            return found

        pair, vote = self._before[-1]
        if vote is not None:
            self._comparison.take_back(vote)
        self._before.pop()
        self._queue.appendleft(self._turned(pair))
        return True

    def end(self) -> None:
        """Ask no more, whatever is left."""
        self._is_ended = True

    def standings(self) -> Standings:
        """Tell whose answers they were, and how they stand. Nothing is voted on afterwards.

        Raises:
            BadArgument: Voting is not over.
        """
        if not self.is_over:
            left = self.total - len(self._before)
            raise BadArgument(
                f"The vote would no longer be blind: {left:,} of {self.total:,} pairs are left.",
                hint="Vote on them, or end() first.",
            )

        self._keep_same()
        self._is_revealed = True
        return _standings(self._comparison)

    def _now(self) -> Pair:
        if self.is_over:
            raise _over()

        return self._queue[0]

    def _keep(self, pair: Pair, outcome: Outcome, rationale: str = "") -> Vote:
        return self._comparison.add_vote(
            outcome,
            a_cell=pair.a.id,
            b_cell=pair.b.id,
            order=pair.order,
            rater=self._rater,
            rationale=rationale,
        )

    def _keep_same(self) -> None:
        while self._passed:
            if _cells(self._passed[-1]) not in self._ruled:
                self._keep(self._passed[-1], "tie", SAME)
            self._passed.pop()


def _over() -> BadArgument:
    return BadArgument("Voting is over.", hint="A new ballot asks about what is left: r.vote().")


def _cells(pair: Pair) -> frozenset[str]:
    return frozenset((pair.a.id, pair.b.id))


def _both(vote: Vote) -> frozenset[str]:
    return frozenset((vote.a_cell, vote.b_cell))


def in_turn(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """The pairs in an order in which whoever stops early has seen all alike.

    Items come in a random order, each once before any comes again, and every two candidates
    take turns. Repeats come last.

    Args:
        pairs: In any order.
        seed: Of the items' order.
    """
    chance = random.Random(seed)
    names = list(dict.fromkeys(name for pair in pairs for name in _names(pair)))
    items = list(dict.fromkeys(id(pair.a.item) for pair in pairs))
    chance.shuffle(names)
    chance.shuffle(items)
    known = {(pair.a.repeat, id(pair.a.item), frozenset(_names(pair))): pair for pair in pairs}
    kinds = _every_two(names)
    wanted = (
        (repeat, item, kinds[(place + turn) % len(kinds)])
        for repeat in sorted({repeat for repeat, _, _ in known})
        for turn in range(len(kinds))
        for place, item in enumerate(items)
    )
    return [known[one] for one in wanted if one in known]


def _names(pair: Pair) -> tuple[str, str]:
    return pair.a.candidate.name, pair.b.candidate.name


def _every_two(names: Sequence[str]) -> list[frozenset[str]]:
    """Every two, so that each is in one before any is in a second: the tables of a tournament."""
    ring: list[str | None] = [*names, *([None] if len(names) % 2 else [])]
    found = []
    for _ in range(len(ring) - 1):
        half = len(ring) // 2
        across = zip(ring[:half], reversed(ring[half:]), strict=True)
        found += [frozenset((one, other)) for one, other in across if one and other]
        ring = [ring[0], ring[-1], *ring[1:-1]]

    return found


def _standings(comparison: Comparison) -> Standings:
    names = [one.name for one in comparison.spec.candidates]
    wins: Counter[str] = Counter()
    ties: Counter[str] = Counter()
    losses: Counter[str] = Counter()
    for battle in battles_of(one for one in comparison.votes if one.by in ("human", "rule")):
        a, b = battle.first.a, battle.first.b
        if battle.outcome in ("a", "b"):
            wins[a if battle.outcome == "a" else b] += 1
            losses[b if battle.outcome == "a" else a] += 1
        else:
            ties.update((a, b))

    try:
        frame = comparison.bt(by="human")
    except BadArgument as problem:
        ranked, note = {}, f"No ranking yet: {problem.message.rstrip('.')}."
    else:
        ranked = {row["model"]: row for row in frame.to_dict("records")}
        note = str(frame.attrs["warning"] or "")

    names.sort(key=lambda name: (ranked.get(name, {}).get("rank", len(names)), -wins[name]))
    rows = [
        [name, *_strength(ranked.get(name)), wins[name], ties[name], losses[name]] for name in names
    ]
    return Standings(
        columns=("candidate", "Elo", "95 % interval", "won", "tied", "lost"), rows=rows, note=note
    )


def _strength(row: Mapping[Hashable, Any] | None) -> tuple[str, str]:
    if row is None:
        return UNKNOWN, UNKNOWN

    return f"{row['elo']:.0f}", f"{row['elo_lo']:.0f} to {row['elo_hi']:.0f}"
