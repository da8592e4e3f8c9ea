"""Answers side by side: what differs is marked, what does not is folded away."""

from __future__ import annotations

import re

from mojentic_nb.views import theme
from mojentic_nb.views.side_by_side import LETTERS, MOST_ROWS, ROWS, Answer, SideBySide, SideRow

ONE = Answer(text="The capital is Paris.", passed=True, told="0.84 s · 7 tok")
OTHER = Answer(text="The capital is Rome.", passed=False)
FAILED = Answer(text="no answer within 3 s", is_ok=False)


def row(*answers: tuple[Answer, ...], name: str = "France", differs: bool = True) -> SideRow:
    return SideRow(name=name, asked="Capital of France?", answers=answers, differs=differs)


def grid(*rows: SideRow) -> SideBySide:
    return SideBySide(["small", "large"], rows)


def words(html: str) -> str:
    """What a reader without any style sees."""
    text = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_what_differs_is_marked_in_both_forms() -> None:
    found = grid(row((ONE,), (OTHER,)))
    assert "The capital is <del>Paris</del><ins>Rome</ins>." in found.html
    assert "The capital is [-Paris-]{+Rome+}." in found.text
    assert "The capital is Paris." in found.text


def test_both_forms_say_the_same() -> None:
    found = grid(row((ONE,), (FAILED,)))
    for said in ("France", "small", "large", "✓ pass", "error", "no answer within 3 s"):
        assert said in words(found.html)
        assert said in found.text
    assert "0.84 s · 7 tok" in words(found.html)


def test_what_has_little_in_common_stands_whole() -> None:
    found = grid(row((ONE,), (Answer(text="42"),)))
    assert "<ins>" not in found.html
    assert "{+" not in found.text


def test_items_on_which_all_agree_are_folded_away() -> None:
    found = grid(row((ONE,), (OTHER,)), row((ONE,), (ONE,), name="Spain", differs=False))
    head, folded = found.html.split("<details><summary>1 item on which all agree")
    assert "France" in head
    assert "Spain" not in words(head)
    assert "Spain" in folded
    assert found.text.index("France") < found.text.index("Spain (all agree)")


def test_where_all_agree_there_is_still_something_to_see() -> None:
    assert "<details open>" in grid(row((ONE,), (ONE,), differs=False)).html


def test_many_items_come_a_page_at_a_time() -> None:
    found = grid(*(row((ONE,), (OTHER,), name=f"item {n}") for n in range(ROWS + 3)))
    assert "<summary>3 items more</summary>" in found.html
    assert repr(found).endswith("… 3 items more")
    assert f"item {ROWS + 2}" in str(found)


def test_a_grid_has_an_end() -> None:
    found = grid(*(row((ONE,), (OTHER,), name=f"item {n}") for n in range(MOST_ROWS + 7)))
    assert "7 items more, not drawn" in words(found.html)
    assert found.html.count("<tr>") == MOST_ROWS + 2
    assert f"item {MOST_ROWS + 6}" in str(found)


def test_repeats_that_say_the_same_are_counted_and_others_shown() -> None:
    found = grid(row((ONE, ONE, OTHER), (OTHER, OTHER)))
    assert "2× the same" in words(found.html)
    assert "1 other answer when asked again" in words(found.html)
    assert found.text.count("small") == 1


def test_what_was_never_asked_says_so() -> None:
    found = grid(row((ONE,), ()))
    assert "not asked" in words(found.html)
    assert "(not asked)" in found.text
    assert "run the comparison" in words(SideBySide([], []).html)
    assert "run the comparison" in SideBySide([], []).text


def test_nothing_a_model_or_a_person_wrote_becomes_markup() -> None:
    evil = "<script>alert(1)</script>"
    answer = Answer(text=evil, told=evil)
    bad = SideRow(name=evil, asked=evil + "!", answers=((answer,), (Answer(text=evil + " x"),)))
    html = SideBySide([evil, evil + "2"], [bad]).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_very_long_answer_is_cut_and_says_so() -> None:
    found = grid(row((Answer(text="x" * (LETTERS + 1)),), (ONE,)))
    assert f"({LETTERS + 1:,} characters)" in found.html


def test_a_candidate_has_its_models_colour() -> None:
    one, other = row((ONE,), (OTHER,)), [theme.model_colour("m1"), theme.model_colour("m2")]
    html = SideBySide(["m1 · short", "m2 · short"], [one], models=["m1", "m2"]).html
    assert re.findall(r"background: (#\w+)", html)[:2] == other


def test_a_notebook_gets_what_it_asks_for() -> None:
    found = grid(row((ONE,), (OTHER,)))
    assert set(found._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert set(found._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(found._repr_mimebundle_(exclude={"text/html"})) == {"text/plain"}
