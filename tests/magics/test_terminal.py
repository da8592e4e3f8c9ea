"""In a terminal an answer is written as it comes, once; `Out[n]` carries the quiet line."""

from __future__ import annotations

from tests.loopback import Answer, ToolUse


def test_an_answer_is_written_once(terminal):
    reply = terminal.ok("%llm Hello")
    out, err = terminal.said()
    assert out.count("Hello! Ask me") == 1
    assert out.startswith(str(reply))
    assert out.splitlines()[-1].endswith(f"a reply of {len(reply)} characters")
    assert (terminal.outputs, err) == ([], "")


def test_the_quiet_line_stands_after_out(terminal):
    terminal.ok("%llm_config footer=on")
    terminal.ok("%llm Hello")
    assert terminal.said()[0].splitlines()[-1].endswith(" tok")


def test_an_assignment_writes_no_out(terminal):
    reply = terminal.ok("x = %llm Hello") or terminal["x"]
    assert terminal.said()[0] == f"{reply}\n"


def test_tools_and_marks_get_lines_of_their_own(terminal, loopback, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    loopback.script(Answer("Let me see.", tools=[ToolUse("one", {})]), Answer("1", finish="length"))
    terminal.ok("def one() -> int:\n    'One.'\n    return 1")
    terminal.ok("x = %llm -m ollama:x --tools one How many?")
    assert terminal.said()[0].splitlines() == [
        "Let me see.",
        "one() → 1",
        "1",
        "[cut at its bound: raise --max-tokens for more]",
    ]


def test_older_terminals_have_their_formatter_switched_off(terminal):
    formatter = terminal.shell.display_formatter.ipython_display_formatter
    formatter.enabled = False
    terminal.ok("%llm Hello")
    assert terminal.said()[0].count("Hello! Ask me") == 1
    assert formatter.enabled is False


def test_an_object_is_a_table_of_text(terminal):
    terminal.ok("%%structured name, age int\nAda Lovelace is 36 years old.")
    assert "Ada Lovelace" in terminal.last.plain
    assert terminal.said()[0].strip().startswith("Out[")
