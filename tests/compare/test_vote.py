"""A blind vote: what is shown in which order, what is kept, and when names are told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb import DemoGateway, LLMBroker
from mojentic_nb.compare.comparison import Comparison
from mojentic_nb.compare.judging import pairs_of
from mojentic_nb.compare.vote import Ballot, in_turn
from mojentic_nb.errors import BadArgument, StateError
from tests.compare.answered import answered


def three(items: int = 4, **options: Any) -> Comparison:
    """Three candidates, each of whose answers says whose it is."""
    prompts = [f"q{n}?" for n in range(items)]
    says = {who: [f"{who.lower()} {n}" for n in range(items)] for who in ("ANN", "BEN", "CAT")}
    return answered(prompts, says, **options)


def winner_of(ballot: Ballot, who: str) -> Any:
    """A vote for a candidate, wherever it stands."""
    sheet = ballot.sheet
    assert sheet is not None
    return "a" if sheet.a.startswith(who) else "b" if sheet.b.startswith(who) else "tie"


def shown(ballot: Ballot) -> tuple[str, str, str]:
    assert ballot.sheet is not None
    return ballot.sheet.asked, ballot.sheet.a, ballot.sheet.b


def all_shown(ballot: Ballot) -> list[tuple[str, str, str]]:
    found = []
    while not ballot.is_over:
        found.append(shown(ballot))
        ballot.skip()
    return found


# order --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_whoever_stops_early_has_seen_all_alike(seed: int) -> None:
    says = {who: [f"{who} {n}" for n in range(24)] for who in "abcd"}
    r = answered([f"q{n}" for n in range(24)], says, seed=seed)
    ordered = in_turn(list(pairs_of(r.spec, r.cells)), seed)
    assert len(ordered) == 24 * 6
    assert len({(pair.a.id, pair.b.id) for pair in ordered}) == 24 * 6
    for end in range(1, len(ordered)):
        seen = Counter(c.candidate.name for pair in ordered[:end] for c in (pair.a, pair.b))
        items = Counter(pair.a.item.id for pair in ordered[:end])
        assert max(seen.values()) - min(seen[who] for who in "abcd") <= 2
        assert max(items.values()) - min(items[item.id] for item in r.spec.items) <= 1


def test_repeats_come_last() -> None:
    r = answered(
        ["a", "b"], {"x": lambda n, m: f"x{n}{m}", "y": lambda n, m: f"y{n}{m}"}, repeats=3
    )
    ordered = in_turn(list(pairs_of(r.spec, r.cells)), 0)
    assert [pair.a.repeat for pair in ordered] == [0, 0, 1, 1, 2, 2]


def test_sides_are_chance_and_the_same_each_time() -> None:
    r = three(60)
    first, again = all_shown(Ballot(r)), all_shown(Ballot(r))
    assert first == again
    left = Counter(a.split()[0] for _, a, _ in first)
    assert all(40 <= left[who] <= 80 for who in ("ann", "ben", "cat"))
    items = [asked for asked, _, _ in first[:60]]
    assert items != sorted(items, key=lambda asked: int(asked[1:-1])), "nor by their place"
    assert set(all_shown(Ballot(r, rater="you"))) != set(first)
    assert set(all_shown(Ballot(three(60, seed=1)))) != set(first)


def test_answers_that_are_missing_are_not_asked_about() -> None:
    r = answered(["q0", "q1"], {"x": ["x0", None], "y": ["y0", "y1"], "z": ["z0", "z1"]})
    assert Ballot(r).total == 4


# what is kept -------------------------------------------------------------------


@pytest.mark.parametrize("outcome, ends_as", [("tie", "tie"), ("both_bad", "both_bad")])
def test_neither_is_neither_on_both_sides(outcome: Any, ends_as: str) -> None:
    r = three()
    ballot = Ballot(r)
    while not ballot.is_over:
        ballot.vote(outcome)
    assert {vote.outcome for vote in r.votes} == {ends_as}
    assert {vote.order for vote in r.votes} == {"ab", "ba"}


def test_the_vote_goes_to_whose_answer_it_was() -> None:
    r = three(10)
    ballot = Ballot(r)
    while not ballot.is_over:
        ballot.vote(winner_of(ballot, "ben"))
    assert {vote.order for vote in r.votes} == {"ab", "ba"}
    for vote in r.votes:
        assert vote.outcome == {vote.a: "a", vote.b: "b"}.get("BEN", "tie")


def test_another_ballot_goes_on_where_this_one_stopped(tmp_path: Path) -> None:
    store = tmp_path / "results.db"
    ballot = Ballot(three(store=store))
    before = [shown(ballot)]
    ballot.vote("a")
    before.append(shown(ballot))
    ballot.vote("b")
    waiting = shown(ballot)
    again = Ballot(three(store=store))
    assert (again.done, again.total, shown(again)) == (2, 12, waiting)
    assert not {*before} & {*all_shown(again)}
    assert Ballot(three(store=store), rater="you").done == 0


def test_it_stops_after_so_many(tmp_path: Path) -> None:
    r = three()
    first = Ballot(r, most=5)
    assert first.total == 5
    first.vote("a")
    second = Ballot(r, most=3)
    assert (second.done, second.total) == (1, 4)
    with pytest.raises(BadArgument, match="most=0"):
        Ballot(r, most=0)


def test_what_cannot_be_kept_is_still_asked(tmp_path: Path) -> None:
    r = three(store=tmp_path / "results.db")
    ballot = Ballot(r)
    waiting = shown(ballot)
    with r.how.store.transaction("IMMEDIATE") as line:
        line.execute("CREATE TRIGGER full BEFORE INSERT ON battle BEGIN"
                     " SELECT RAISE(FAIL, 'database or disk is full'); END")  # fmt: skip
    with pytest.raises(StateError):
        ballot.vote("a")
    assert (shown(ballot), ballot.done) == (waiting, 0)


# two of the same words ----------------------------------------------------------

ALIKE = {"x": ["same", "x1", "same", "x3"], "y": [" same\n", "y1", "same", "y3"]}


def test_two_of_the_same_words_are_a_tie_that_nobody_is_asked_about() -> None:
    r = answered(["q0", "q1", "q2", "q3"], ALIKE)
    ballot = Ballot(r)
    assert ballot.total == 2
    assert r.votes == [], "looking at it is no vote"
    while not ballot.is_over:
        ballot.vote("a")
    assert Counter(vote.outcome == "tie" for vote in r.votes) == {True: 2, False: 2}
    assert {vote.rationale for vote in r.votes if vote.outcome == "tie"} == {
        "Both answers are the same."
    }
    assert Ballot(r).total == 2


def test_they_are_asked_about_where_that_is_wished() -> None:
    r = answered(["q0", "q1", "q2", "q3"], ALIKE)
    assert Ballot(r, ask_same=True).total == 4


def test_where_all_are_the_same_it_is_over_at_once() -> None:
    r = answered(["q0", "q1"], {"x": ["s", "s"], "y": ["s", "s"]})
    ballot = Ballot(r)
    assert (ballot.is_over, ballot.total, r.votes) == (True, 0, [])
    assert [row[3:] for row in ballot.standings().rows] == [[0, 2, 0], [0, 2, 0]]


def test_a_tie_that_needed_no_judge_needs_no_person() -> None:
    judge = LLMBroker("judge", DemoGateway())
    r = answered(["q0", "q1"], {"x": ["s", "s"], "y": ["s", "s"]}, judge=judge)
    assert [row[3:] for row in Ballot(r).standings().rows] == [[0, 2, 0], [0, 2, 0]]
    assert [vote.by for vote in r.votes] == ["rule", "rule"]


# skip and undo ------------------------------------------------------------------


def test_undo_takes_back_the_last_and_asks_it_again_the_same_way() -> None:
    r = three()
    ballot = Ballot(r)
    assert (ballot.can_undo, ballot.undo()) == (False, False)
    first = shown(ballot)
    ballot.vote("a")
    second = shown(ballot)
    ballot.skip()
    third = shown(ballot)
    assert (ballot.done, ballot.skipped) == (1, 1)
    ballot.vote("b")
    for waiting, left in [(third, 1), (second, 1), (first, 0)]:
        assert ballot.undo()
        assert (shown(ballot), len(r.votes)) == (waiting, left)
    assert (ballot.done, ballot.skipped, ballot.total) == (0, 0, 12)


def test_undo_reaches_what_was_voted_on_before(tmp_path: Path) -> None:
    store = tmp_path / "results.db"
    ballot = Ballot(three(store=store))
    ballot.vote("a")
    last = shown(ballot)
    ballot.vote("a")
    again = Ballot(three(store=store))
    again.undo()
    assert (shown(again), again.done) == (last, 1)
    assert len(three(store=store).votes) == 1


def test_what_was_skipped_is_asked_by_the_next_ballot() -> None:
    r = three(2)
    ballot = Ballot(r)
    ballot.skip()
    while not ballot.is_over:
        ballot.vote("tie")
    assert (ballot.done, ballot.skipped) == (5, 1)
    assert Ballot(r).total - Ballot(r).done == 1


# names --------------------------------------------------------------------------


def test_nothing_that_is_shown_tells_a_name() -> None:
    ballot = Ballot(three())
    while not ballot.is_over:
        told = json.dumps(asdict(ballot.sheet)) + repr(ballot.sheet)
        assert not any(who in told for who in ("ANN", "BEN", "CAT"))
        with pytest.raises(BadArgument, match="no longer be blind"):
            ballot.standings()
        ballot.vote("a")


def test_at_the_end_they_stand_in_order() -> None:
    r = three(8)
    ballot = Ballot(r)
    while not ballot.is_over:
        ballot.vote("a" if winner_of(ballot, "cat") == "tie" else winner_of(ballot, "cat"))
    found = ballot.standings()
    assert found.columns[0] == "candidate"
    assert found.rows[0][0] == "CAT"
    assert found.rows[0][3:] == [16, 0, 0]
    frame = r.bt(by="human")
    assert [row[0] for row in found.rows] == frame.model.tolist()
    assert found.rows[0][1] == f"{frame.elo.iloc[0]:.0f}"
    assert "never lost" in found.note


def test_names_are_told_when_somebody_stops_and_then_no_vote_counts() -> None:
    r = three()
    ballot = Ballot(r)
    ballot.vote("a")
    ballot.end()
    assert ballot.sheet is None
    assert not ballot.is_finished
    assert ballot.undo(), "who stopped may go on"
    assert ballot.sheet is not None
    ballot.end()
    found = ballot.standings()
    assert found.note.startswith("No ranking yet: ")
    assert sorted(row[3:] for row in found.rows) == [[0, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert {row[1] for row in found.rows} == {"–"}
    for late in (lambda: ballot.vote("a"), ballot.skip, ballot.undo):
        with pytest.raises(BadArgument, match="over"):
            late()
    assert (ballot.can_undo, len(r.votes)) == (False, 1)


def test_where_there_is_nothing_to_vote_on_it_says_so() -> None:
    with pytest.raises(BadArgument, match="nothing to vote on"):
        Ballot(answered(["q"], {"x": ["one"]}))
    with pytest.raises(BadArgument, match="outcome='c'"):
        Ballot(three()).vote("c")
