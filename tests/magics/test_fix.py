"""`%llm_fix`: the last error, told to a model with its cell."""

from __future__ import annotations

import sys

import pytest
from IPython.core.error import UsageError

from tests.loopback import Answer

FIXED = "You divide by zero.\n\n```python\na = 1\na / 2\n```\n"


@pytest.fixture
def here(ollama, loopback, monkeypatch):
    """The shell, with nothing failed yet and an answer ready."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        monkeypatch.delattr(sys, name, raising=False)
    loopback.script(*[Answer(FIXED)] * 3)
    yield ollama
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        vars(sys).pop(name, None)


def told(loopback):
    """What the model is told last."""
    return loopback.requests[-1].body["messages"][-1]["content"]


def test_the_cell_and_the_error_are_told(here, loopback):
    here.run("a = 1\na / 0")
    number = here.shell.execution_count - 1
    reply = here.ok("%llm_fix")
    assert f"In [{number}]:\n```python\na = 1\na / 0\n```" in told(loopback)
    assert f"In [{number}], line 2, in <module>" in told(loopback)
    assert "ZeroDivisionError: division by zero" in told(loopback)
    assert "IPython" not in told(loopback)
    assert here["_llm"] is reply
    assert here.last.plain == FIXED


def test_the_corrected_cell_comes_next_and_is_not_run(here):
    here.run("a = 1\na / 0")
    here.ok("%llm_fix --code")
    assert here.shell.rl_next_input == "a = 1\na / 2"
    assert here["a"] == 1


def test_cells_further_down_are_told_too(here, loopback):
    here.ok("def halve(x):\n    return x / nothing")
    here.run("y = halve(1)")
    here.ok("%llm_fix -p terse why {y}?")
    assert told(loopback).index("y = halve(1)") < told(loopback).index("return x / nothing")
    assert "why {y}?" in told(loopback)
    assert loopback.requests[0].body["messages"][0]["role"] == "system"


def test_a_slip_of_the_pen_is_an_error_too(here, loopback):
    here.run("a = (1")
    here.ok("%llm_fix")
    assert "In [" in told(loopback)
    assert "a = (1" in told(loopback)
    assert "SyntaxError: " in told(loopback)


def test_of_our_own_errors_the_message_says_all(here, loopback):
    here.run("%llm -p tecaher hi")
    here.ok("%llm_fix")
    assert "there is no such persona" in told(loopback)
    assert 'File "' not in told(loopback)


def test_before_anything_failed_there_is_nothing_to_fix(here, loopback):
    ran = here.run("%llm_fix")
    assert isinstance(ran.error_in_exec, UsageError)
    assert "No cell has failed yet" in str(ran.error_in_exec)
    assert loopback.requests == []


def test_keys_are_taken_out_and_long_errors_are_bounded(here, loopback, monkeypatch):
    monkeypatch.setenv("LAB_PASSWORD", "correct-horse-battery")
    here.run("raise ValueError('sk-abcdef0123456789 correct-horse-battery ' + 'x' * 100_000)")
    here.ok("%llm_fix")
    assert [word for word in ("abcdef", "horse") if word in told(loopback)] == []
    assert len(told(loopback)) < 10_000


def test_an_error_that_cannot_speak(here, loopback):
    here.run(
        "class Mute(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Mute"
    )
    here.ok("%llm_fix")
    assert "Mute" in told(loopback)


def test_braces_of_the_cell_are_not_filled(here, loopback):
    here.ok("a = 5")
    here.run("f'{a}' + 1")
    here.said()
    here.ok("%llm_fix")
    assert "f'{a}' + 1" in told(loopback)
    assert here.said()[1] == ""


def test_a_dry_run_sends_nothing(here, loopback):
    here.run("1 / 0")
    here.ok("%llm_fix --dry-run --code what now?")
    assert loopback.requests == []
    for part in ("1 / 0", "ZeroDivisionError", "what now?", "code put into the next cell"):
        assert part in here.last.plain


def test_help_names_its_flags(here):
    here.said()
    here.ok("%llm_fix --help")
    assert "--code" in here.said()[0]
    here.ok("%llm_fix?")
    assert "the corrected cell comes next" in here.said()[0]
