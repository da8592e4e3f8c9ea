"""What goes wrong fails the cell, in one line that says what to do."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from mojentic_nb import errors
from tests.loopback import Answer, Fault, ToolUse

KEY = "sk-house-0123456789abcdef"


@pytest.fixture
def openai(notebook, loopback, monkeypatch):
    """The shell, with the loopback server for OpenAI."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{loopback.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    notebook.ok("%llm_config model=openai:gpt-test")
    notebook.said()
    return notebook


def shown_error(notebook, cell):
    """The exception of a cell that must fail, and the lines it was shown in."""
    notebook.said()
    ran = notebook.run(cell)
    assert not ran.success
    return ran.error_in_exec, "".join(notebook.said()).strip().splitlines()


@pytest.mark.parametrize(
    "cell, told",
    [
        ("%llm --modle demo hi", "Did you mean --model?"),
        ("%llm", "There is nothing to ask."),
        ("%%llm -t 0\n  \n", "There is nothing to ask."),
        ("%%llm\n# NBVAL_SKIP\n", "There is nothing to ask."),
        ("%llm -t 9 hi", "temperature"),
        ("%llm -m {modle} hi", "--model {modle}: {modle} is not defined"),
        ("%llm -o 1x hi", "-o 1x: that is not a name"),
        ("%llm -o class hi", "-o class: that is not a name"),
        ("%llm -o print hi", "-o print: that name is taken"),
        ("%llm -o In hi", "-o In: that name is taken"),
        ("import json\n%llm -o json hi", "json is a module here"),
        ("def f(): pass\n%llm -o f hi", "f is a function here"),
        ("%llm --tools nope hi", "--tools nope: no function of that name"),
        ("def mul(): 1\n%llm --tools mull hi", "Did you mean mul?"),
        ("x = 3\n%llm --tools x hi", "x is int, not a tool"),
        ("%%structured\nhi", "not told what to make"),
        ("%%structured name intt\nhi", "Did you mean int?"),
        ("%%structured Persn\nhi", "There is no class Persn"),
        ("%%structured list[Persn]\nhi", "There is no class Persn"),
        ("%%structured int\n \n", "no text to read"),
        ("%llm_config modle=demo", "Did you mean model?"),
        ("%llm_config temperature=hot", "a number from 0 to 2"),
        ("%llm_config temperature=7", "a number from 0 to 2"),
        ("%llm_config stream=maybe", "auto, on or off"),
        ("%llm_config math=maybe", "on or off"),
        ("%llm_config model", "model has no value"),
        ("%llm_config rest", "Did you mean reset?"),
        ("%llm_models olama", "Did you mean ollama?"),
    ],
)
def test_a_slip_is_a_usage_error_and_nothing_is_sent(ollama, loopback, cell, told):
    error, lines = shown_error(ollama, cell)
    assert type(error) is UsageError
    assert lines[0].startswith("UsageError: ")
    assert told in "\n".join(lines)
    assert loopback.requests == []


def test_a_slip_in_a_setting_changes_none_of_the_line(notebook):
    notebook.run("%llm_config temperature=0.5 stream=maybe")
    magics = notebook.shell.magics_manager.registry["LLMMagics"]
    assert magics.temperature is None


@pytest.mark.parametrize(
    "answer, kind, told",
    [
        (Answer.error(401, "bad key", echo_key=True), errors.GatewayDenied, "OPENAI_API_KEY"),
        (Answer.error(404, "no such model"), errors.ModelNotFound, "%llm_models openai"),
        (Answer.error(429, "slow down", headers={"retry-after": "999"}), errors.GatewayBusy, ""),
        (Answer("x", fault=Fault.HTML), errors.GatewayError, ""),
        (Answer("x", fault=Fault.EMPTY), errors.GatewayError, ""),
    ],
)
def test_a_failure_is_one_line_and_still_typed(openai, loopback, answer, kind, told):
    loopback.script(answer, answer, answer)
    error, lines = shown_error(openai, "%llm hi")
    assert isinstance(error, kind)
    assert len(lines) == 1
    assert error.message in lines[0]
    assert told in lines[0]
    assert KEY not in lines[0] + repr(error) + str(error)
    assert openai.outputs == []


def test_debug_and_tb_show_it_whole(openai, loopback):
    loopback.script(*[Answer.error(401, "bad key")] * 2)
    _, lines = shown_error(openai, "%llm --debug hi")
    assert len(lines) > 5
    shown_error(openai, "%llm hi")
    openai.ok("%tb")
    text = "".join(openai.said())
    assert len(text.splitlines()) > 5
    assert KEY not in text


def test_it_can_be_caught_in_the_cell(openai, loopback):
    loopback.script(Answer.error(404, "no such model"))
    openai.ok(
        "from mojentic_nb import errors\n"
        "try:\n    %llm hi\nexcept errors.ModelNotFound as error:\n    status = error.status\n"
    )
    assert openai["status"] == 404


def test_no_server_and_no_key_say_what_to_do(notebook):
    error, (line,) = shown_error(notebook, "%llm -m ollama:x hi")
    assert isinstance(error, errors.GatewayUnreachable)
    assert "ollama serve" in line
    error, (line,) = shown_error(notebook, "%llm -m anthropic:x hi")
    assert isinstance(error, errors.GatewayDenied)
    assert "ANTHROPIC_API_KEY" in line


def test_a_broken_answer_is_kept_marked_and_not_in_the_conversation(ollama, loopback):
    loopback.script(Answer("one two three four", fault=Fault.TORN, fault_after=2), Answer("whole"))
    error, _ = shown_error(ollama, "%llm -o x hi")
    assert isinstance(error, errors.GatewayError)
    assert ollama["_llm"] == error.partial
    assert ollama["_llm"].is_partial
    assert "x" not in ollama.shell.user_ns
    assert "[broken off: the rest of the answer never came]" in ollama.last.plain
    assert ollama.last.plain.startswith(error.partial.strip())

    ollama.ok("%llm again")
    assert [one["content"] for one in loopback.requests[1].body["messages"]] == ["again"]


def test_waits_are_told_while_they_last(live, loopback, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    busy = Answer.error(503, "busy", headers={"retry-after": "0"})
    loopback.script(busy, Answer("Hello"))
    live.ok("%llm -m ollama:x hi")
    assert "again in" in live.outputs[0].markdown
    assert live.last.markdown == "Hello"
    assert live.last.about["retries"] == 1


def test_a_failing_tool_is_the_models_business(ollama, loopback):
    loopback.script(Answer(tools=[ToolUse("boom", {})]), Answer("It failed."))
    ollama.ok("def boom() -> int:\n    'Fails.'\n    raise ValueError('no')")
    assert ollama.ok("%llm --tools boom go") == "It failed."
    assert "boom() → failed: " in ollama.last.plain
    assert '{"error"' not in ollama.last.plain.partition("boom() → ")[2].partition("\n")[0]
