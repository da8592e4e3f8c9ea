"""`%llm_tools`, and built-in tools by name in `--tools`."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from tests.loopback import Answer


def shown(notebook, line):
    notebook.ok(line)
    return notebook.last.plain


def test_every_tool_is_listed_by_category(notebook):
    lines = shown(notebook, "%llm_tools").splitlines()
    assert lines[0].split()[:3] == ["tool", "category", "effects"]
    assert any(line.startswith("calculator") and "math" in line for line in lines)
    assert any(line.startswith("file_delete") and "asks first" in line for line in lines)


def test_they_are_searched_and_a_category_is_shown_whole(notebook):
    assert "csv_read" in shown(notebook, "%llm_tools csv")
    assert "calculator" not in shown(notebook, "%llm_tools csv")
    rows = shown(notebook, "%llm_tools @math").splitlines()[1:]
    assert len([row for row in rows if " math " in row]) == 4
    assert "No tool has to do with 'xyzzy'" in shown(notebook, "%llm_tools xyzzy")


def test_one_is_shown_with_its_parameters(notebook):
    lines = shown(notebook, "%llm_tools calculator").splitlines()
    assert any(line.startswith("expression") for line in lines)


def test_an_unknown_category_is_named(notebook):
    ran = notebook.run("%llm_tools @xyzzy")
    assert isinstance(ran.error_in_exec, UsageError)
    assert "@xyzzy is no category" in str(ran.error_in_exec)


@pytest.mark.parametrize(
    "given, offered",
    [
        ("calculator", ["calculator"]),
        ("@crypto", ["hash", "secret_token", "uuid"]),
        ("calculator,mine", ["calculator", "mine"]),
        ("date_time,dates", ["date_time", "resolve_date", "get_current_datetime"]),
    ],
)
def test_built_in_tools_go_by_name_and_category(ollama, loopback, given, offered):
    loopback.script(Answer("ok"))
    ollama.ok("def mine(text: str) -> str:\n    'Mine.'\n    return text")
    ollama.ok(f"%llm -q --tools {given} hello")
    sent = [one["function"]["name"] for one in loopback.requests[-1].body["tools"]]
    assert sent == offered


def test_a_tool_of_the_notebook_sees_its_values(notebook):
    notebook.ok("my_number = 41")
    notebook.ok("from mojentic_nb.magics.tools import tools_named")
    notebook.ok("%llm -q --tools namespace_list What names are in the namespace?")
    assert "my_number" in str(notebook.shell.user_ns["_llm"].tool_results)


def test_an_unknown_tool_is_told_with_the_nearest(notebook):
    ran = notebook.run("%llm --tools calculater 2 + 2")
    assert "Did you mean calculator?" in str(ran.error_in_exec)
    ran = notebook.run("%llm --tools @xyzzy 2 + 2")
    assert "@xyzzy is no category" in str(ran.error_in_exec)
