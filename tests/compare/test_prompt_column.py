"""`df["prompt"]`: what was asked, or the wording it was put into."""

from __future__ import annotations

import mojentic_nb as mj


def prompts_of(*arguments: object, **options: object) -> list[str]:
    made = mj.compare(*arguments, ["demo", "demo:other"], store=None, **options)
    found: list[str] = made.df["prompt"].unique().tolist()
    return found


def test_plain_prompts_are_their_own_words() -> None:
    assert prompts_of(["What is 2+2?", "What is 3+4?"]) == ["What is 2+2?", "What is 3+4?"]


def test_a_row_is_what_it_came_to() -> None:
    rows = [{"prompt": "What is {a}+2?", "a": 1}, {"prompt": "What is {a}+2?", "a": 5}]
    assert prompts_of(rows) == ["What is 1+2?", "What is 5+2?"]


def test_several_wordings_are_called_by_their_templates() -> None:
    wordings = ["What is {a}+2?", "Add 2 to {a}."]
    assert prompts_of(wordings, items=[{"a": 1}, {"a": 5}]) == wordings
