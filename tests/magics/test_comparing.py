"""`%%compare`: the same prompt to several models, side by side, bound and returned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.loopback import Answer


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(loopback) -> list[tuple[str, str]]:
    return sorted(
        (seen.model, seen.body["messages"][-1]["content"])
        for seen in loopback.requests
        if "messages" in (seen.body or {})
    )


def test_every_model_is_asked_and_the_answers_stand_side_by_side(ollama, loopback):
    loopback.script(Answer("Paris"), Answer("Lyon"))
    made = ollama.run("%%compare -m ollama:one,ollama:two -o r\nCapital?").result
    assert asked(loopback) == [("one", "Capital?"), ("two", "Capital?")]
    assert ollama.shell.user_ns["r"] is made is ollama.shell.user_ns["_llm"]
    assert sorted(made.df["output"]) == ["Lyon", "Paris"]
    (shown,) = ollama.outputs
    for form in ("text/plain", "text/html"):
        assert "Paris" in shown.data[form]
        assert "Lyon" in shown.data[form]
        assert "ollama:one" in shown.data[form]


def test_it_works_on_the_demo_model_and_says_so_in_words(notebook):
    notebook.run("%%compare -m demo,demo:other\nWhat is 2+2?")
    assert "all agree" in notebook.outputs[-1].plain


def test_a_saved_notebook_says_the_same_at_every_run(notebook):
    cell = "%%compare -m demo,demo:other -n 2\nWhat is 2+2?"
    first, second = (notebook.run(cell) and notebook.outputs[-1].data for _ in range(2))
    assert first == second
    assert "median" not in first["text/plain"]
    notebook.run("%llm_config footer=on")
    notebook.run(cell)
    assert "median" in notebook.outputs[-1].plain


def test_a_line_of_dashes_parts_the_prompts(notebook):
    made = notebook.run("%%compare -m demo,demo:other\nWhat is 2+2?\n---\nWhat is 3+4?\n").result
    assert made.df["prompt"].unique().tolist() == ["What is 2+2?", "What is 3+4?"]


def test_variables_stand_in_the_prompt(notebook):
    notebook.run("number = 20")
    made = notebook.run("%%compare -m demo,demo:other\nWhat is {number}+2?").result
    assert made.df["prompt"].unique().tolist() == ["What is 20+2?"]


def test_a_line_does_for_a_cell(notebook):
    made = notebook.run("r = %compare -m demo,demo:other What is 2+2?").result
    assert made is None
    assert len(notebook.shell.user_ns["r"].df) == 2


def test_repeats_and_checks(notebook):
    notebook.run("def is_short(text): return len(text) < 1000")
    cell = "%%compare -m demo,demo:other -n 3 -c contains:4 -c is_short -q\nWhat is 2+2?"
    made = notebook.run(cell).result
    assert len(made.df) == 6
    assert made.df["pass_is_short"].all()
    assert made.df["passed"].all()
    assert notebook.outputs == []


def test_settings_go_along(ollama, loopback):
    ollama.run("%llm_config system='Be brief.' temperature=0.5")
    ollama.run("%%compare -m ollama:one,ollama:two\nHi")
    body = loopback.requests[-1].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["options"]["temperature"] == 0.5


def test_the_conversation_stays_out_of_it(notebook):
    notebook.run("%llm -m demo My name is Ada.")
    made = notebook.run("%%compare -m demo,demo:other\nWhat is my name?").result
    assert not any("Ada" in output for output in made.df["output"])
    assert "compare" not in json.dumps([str(one) for one in notebook.shell.user_ns["_llm"].df])


def test_each_run_asks_anew_but_a_key_keeps(ollama, loopback):
    for _ in range(2):
        ollama.run("%%compare -m ollama:one,ollama:two\nHi")
    assert len(asked(loopback)) == 4
    for _ in range(2):
        ollama.run("%%compare -m ollama:one,ollama:two --key hello\nHi")
    assert len(asked(loopback)) == 6


def test_a_budget_of_the_notebook_holds(ollama, loopback):
    ollama.run("%llm_config budget_tokens=10")
    made = ollama.run("%%compare -m ollama:one,ollama:two\n" + "long " * 100).result
    assert asked(loopback) == []
    assert set(made.df["status"]) == {"skipped"}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%%compare -m demo\nHi", "at least two models"),
        ("%%compare\nHi", "at least two models"),
        ("%%compare -m demo,demo\nHi", "at least two models"),
        ("%%compare -m demo,demo:other\n\n", "no prompt"),
        ("%%compare -m demo,demo:other -c nonsense\nHi", "nonsense"),
        ("%%compare -m demo,demo:other -c numeric:many\nHi", "many"),
        ("%%compare -m demo,demo:other -o print\nHi", "print"),
        ("%%compare -m demo,demo:other --repeats 0\nHi", "repeats"),
        ("%%compare -m demo,demo:other --jury demo\nHi", "--jury"),
    ],
)
def test_nonsense_is_told_in_a_line(notebook, cell, told):
    problem = notebook.run(cell).error_in_exec
    assert type(problem).__name__ == "UsageError"
    assert told in str(problem)


def test_help(notebook, capsys):
    notebook.run("%compare --help")
    assert "--check" in capsys.readouterr().out
