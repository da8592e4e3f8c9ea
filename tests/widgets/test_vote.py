"""The vote's side in the kernel: what the page is told, what it takes, and what a file keeps."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.compare.vote import Ballot
from mojentic_nb.errors import BadArgument
from mojentic_nb.place import standing
from mojentic_nb.widgets.vote import VoteWidget, opened
from tests.compare.answered import answered
from tests.widgets.answering_page import Page
from tests.widgets.payloads import PAYLOADS, is_harmless

SAYS = {"ANN": ["one **1**", "two"], "BEN": ["eins", "zwei"]}


@pytest.fixture
def shown():
    widgets = []

    def show(comparison=None, **options):
        made = comparison or answered(["What is *1*?", "2?"], SAYS)
        widgets.append(VoteWidget(Ballot(made, **options)))
        return Page(widgets[-1], state="page")

    yield show
    for widget in widgets:
        widget.close()


def votes(page):
    return [vote.outcome for vote in page.widget.ballot._comparison.votes]


def says(page, deed):
    return page.asks(type=deed, key=page.widget.page["key"])


def test_it_opens_with_the_first_pair_and_no_name(shown):
    state = shown().widget.get_state()
    page = state["page"]
    assert {page["a"], page["b"]} in (
        {"<p>one <strong>1</strong></p>\n", "<p>eins</p>\n"},
        {"<p>two</p>\n", "<p>zwei</p>\n"},
    )
    assert page["asked"] in ("What is *1*?", "2?")
    assert (page["done"], page["of"], page["can"][-1]) == (0, 2, "end")
    told = {name: value for name, value in state.items() if name not in ("_esm", "_css")}
    assert "ANN" not in json.dumps(told)


def test_a_vote_is_taken_once_and_only_on_what_was_seen(shown):
    page = shown()
    seen = page.widget.page["key"]
    after = page.asks(type="a", key=seen)
    assert (after["count"], after["done"]) == ("1 of 2 pairs voted on", 1)
    for late in ("b", "skip", "end"):
        page.say(type=late, key=seen)
    assert says(page, "tie")["over"] == "<p>That was the last pair.</p>"
    assert len(votes(page)) == 2
    assert "tie" in votes(page)


@pytest.mark.parametrize("deed", ["reveal", "undo", "standings", "__class__", None, ["a"]])
def test_what_cannot_be_done_now_is_not_done(shown, deed):
    page = shown()
    before = page.widget.page
    page.say(type=deed, key=before["key"])
    assert says(page, "a")["done"] == 1
    assert page.has_heard_all


def test_skip_undo_stop_and_the_names(shown):
    page = shown()
    first = page.widget.page
    assert says(page, "skip")["count"] == "0 of 2 pairs voted on, 1 skipped"
    back = says(page, "undo")
    assert (back["a"], back["b"]) == (first["a"], first["b"])
    over = says(page, "end")
    assert (over["over"], over["can"], over["a"]) == (
        "<p>You stopped here.</p>",
        ["undo", "reveal"],
        "",
    )
    assert says(page, "undo")["a"] == first["a"]
    says(page, "b")
    says(page, "end")
    last = says(page, "reveal")
    assert last["can"] == []
    assert all(f"<td>{who}</td>" in last["over"] for who in SAYS)
    html, text = page.widget.still()
    assert "ANN" in html
    assert "ANN" in text
    assert "No ranking yet" in text


def test_a_file_tells_how_far_it_came(shown):
    page = shown()
    says(page, "a")
    html, text = page.widget.still()
    assert text == "A blind vote: 1 of 2 pairs voted on. r.vote() goes on."
    assert html == f"<p>{text}</p>"
    assert repr(page.widget) == "VoteWidget(1 of 2 pairs voted on)"


def test_what_cannot_be_kept_is_told_and_still_asked(shown, tmp_path):
    r = answered(["a?", "b?"], SAYS, store=tmp_path / "results.db")
    page = shown(r)
    before = page.widget.page
    with r.how.store.transaction("IMMEDIATE") as line:
        line.execute("CREATE TRIGGER full BEFORE INSERT ON battle BEGIN"
                     " SELECT RAISE(FAIL, 'database or disk is full'); END")  # fmt: skip
    after = says(page, "a")
    assert after["said"].startswith("StateError: ")
    assert (after["a"], after["done"]) == (before["a"], 0)
    assert after["key"] != before["key"], "so that it can be tried again"


def test_nothing_that_is_written_can_act(shown):
    many = [f"{n} {text}" for n, text in enumerate(PAYLOADS)]
    r = answered(many, {PAYLOADS[0]: many, PAYLOADS[5]: [f"{one} " + one for one in many]})
    page = shown(r)
    pages = [page.widget.page]
    while pages[-1]["a"]:
        pages.append(says(page, "skip"))
    pages.append(says(page, "reveal"))
    assert len(pages) == len(PAYLOADS) + 2
    for one in pages:
        assert all(is_harmless(one[name]) for name in ("asked", "a", "b", "over"))
    assert "<script" not in page.widget.still()[0]
    assert "&lt;script" in page.widget.still()[0]


def test_it_is_opened_by_the_comparison_where_there_is_a_page(monkeypatch):
    r = answered(["a?", "b?"], SAYS)
    with pytest.raises(BadArgument, match="needs a notebook"):
        r.vote()
    assert standing.widget_of("vote") is opened
