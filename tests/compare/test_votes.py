"""People's votes: taken at once, kept, and counted beside the judge's."""

from __future__ import annotations

from pathlib import Path

import pytest

from mojentic_nb.compare.asking import compare
from mojentic_nb.compare.comparison import Comparison
from mojentic_nb.errors import BadArgument
from mojentic_nb.place import standing
from tests.compare.grids import models, says
from tests.loopback import Loopback


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compared(loopback: Loopback, *prompts: str, **options: object) -> Comparison:
    loopback.script(*says(*[f"answer {n}" for n in range(2 * len(prompts))]))
    found = compare(list(prompts), models(loopback), concurrency=1, **options)
    loopback.clear()
    return found


def cell(r: Comparison, model: str, item: str) -> str:
    frame = r.df
    return str(frame[(frame.model == model) & (frame.item_id == item)].cell_key.item())


def vote(r: Comparison, outcome: str, item: str = "a?", **more: str) -> None:
    r.add_vote(outcome, a_cell=cell(r, "small", item), b_cell=cell(r, "large", item), **more)


def test_votes_outlive_the_session(loopback: Loopback) -> None:
    first = compared(loopback, "a?", "b?")
    vote(first, "a", rationale="clearer")
    vote(first, "both_bad", "b?")
    again = compared(loopback, "a?", "b?")
    rows = again.battles()
    assert rows.outcome.tolist() == ["a", "both_bad"]
    assert rows.rationale.tolist()[0] == "clearer"
    assert again.bt(by="human").model.tolist() == ["small", "large"]


def test_a_second_vote_on_a_pair_replaces_the_first_however_it_is_shown(
    loopback: Loopback,
) -> None:
    r = compared(loopback, "a?")
    vote(r, "a")
    r.add_vote("a", a_cell=cell(r, "large", "a?"), b_cell=cell(r, "small", "a?"), order="ba")
    assert [(one.a, one.outcome) for one in r.votes] == [("large", "a")]
    vote(r, "b", rater="you")
    assert len(compared(loopback, "a?").votes) == 2


def test_a_vote_taken_back_is_gone(loopback: Loopback) -> None:
    r = compared(loopback, "a?")
    vote(r, "a")
    r.take_back(r.votes[0])
    assert r.votes == compared(loopback, "a?").votes == []


def test_votes_are_kept_under_the_key_while_the_grid_grows(loopback: Loopback) -> None:
    vote(compared(loopback, "a?", key="k"), "tie")
    r = compared(loopback, "a?", "b?", key="k", repeats=2)
    assert [one.outcome for one in r.votes] == ["tie"]
    assert compared(loopback, "a?", key="other").votes == []


def test_a_vote_on_an_answer_that_is_gone_counts_for_nothing(loopback: Loopback) -> None:
    vote(compared(loopback, "a?", key="k"), "a")
    assert compared(loopback, "c?", key="k").votes == []
    assert len(compared(loopback, "a?", key="k").votes) == 1


def test_without_a_store_votes_are_there_for_now(loopback: Loopback) -> None:
    r = compared(loopback, "a?", store=None)
    vote(r, "a")
    assert len(r.votes) == 1
    assert list(Path().iterdir()) == []


def test_a_candidate_called_otherwise_keeps_its_votes(loopback: Loopback) -> None:
    vote(compared(loopback, "a?"), "a")
    both = models(loopback)
    r = compare("a?", {"mine": both["small"], "theirs": both["large"]})
    assert [(one.a, one.b) for one in r.votes] == [("mine", "theirs")]


def test_a_vote_without_sense_is_refused(loopback: Loopback) -> None:
    r = compared(loopback, "a?", "b?")
    one, other = cell(r, "small", "a?"), cell(r, "small", "b?")
    for a, b in [(one, one), (one, other), ("", one)]:
        with pytest.raises(BadArgument, match="two answers to one item"):
            r.add_vote("a", a_cell=a, b_cell=b)
    with pytest.raises(BadArgument, match="outcome"):
        vote(r, "c")
    with pytest.raises(BadArgument, match="order='aa'"):
        vote(r, "a", order="aa")
    vote(r, "a")
    vote(r, "a", "b?")
    with pytest.raises(BadArgument, match="by='people'"):
        r.bt(by="people")


def test_a_persons_tie_on_the_same_words_counts_once(loopback: Loopback) -> None:
    verdicts = says(*['{"reason": "so", "winner": "A"}'] * 2)
    loopback.script(*says("same", "one", "same", "other"), *verdicts)
    judge = models(loopback, "judge")["judge"]
    r = compare(["a?", "b?"], models(loopback), concurrency=1, judge=judge)
    shown_otherwise = cell(r, "large", "a?"), cell(r, "small", "a?")
    r.add_vote("tie", a_cell=shown_otherwise[0], b_cell=shown_otherwise[1])
    vote(r, "a", "b?")

    assert [r.bt(by=by).attrs["n_battles"] for by in ("human", "judge", None)] == [2, 2, 4]
    r.take_back(r.votes[-2])  # nobody was asked now, and the rule says the same
    assert r.bt(by="human").attrs["n_battles"] == 2


def test_it_goes_on_where_the_file_was_taken_away(loopback: Loopback) -> None:
    r = compared(loopback, "a?")
    for one in Path(".mojentic").iterdir():
        one.unlink()
    vote(r, "a")
    for one in Path(".mojentic").iterdir():
        one.unlink()
    assert r.run().status == "complete"
    vote(r, "b", rater="you")
    r.take_back(r.votes[0])

    assert [one.outcome for one in compared(loopback, "a?").votes] == ["b"]


def test_the_widget_is_asked_for_by_name(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = compared(loopback, "a?")
    monkeypatch.setattr(
        standing, "widget_of", lambda name: lambda *given, **more: [name, given, more]
    )
    assert r.vote(rater="you") == ["vote", (r,), {"rater": "you"}]
    assert r.explore() == ["compare", (r,), {}]
    monkeypatch.setattr(standing, "widget_of", None)
    with pytest.raises(BadArgument, match="import mojentic_nb"):
        r.vote()
