"""Code a model wrote, in a Python of its own."""

from __future__ import annotations

import os
import sys

import pytest

from mojentic_nb.errors import ToolDenied
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.system_python import PythonRunTool
from mojentic_nb.tools.policy import Limits, Policy

MAY = Policy(effects={"runs code"})


def ran(code, policy=MAY, **more):
    return PythonRunTool(policy).run(code, **more)


@pytest.mark.parametrize(
    "code, value",
    [
        ("1 + 1", "2"),
        ("x = 6\nx * 7", "42"),
        ("'ü'", "'ü'"),
        ("def f(n):\n    return n + y\ny = 1\nf(2)", "3"),
        ("[n for n in range(3)]", "[0, 1, 2]"),
        ("'__main__' == __name__", "True"),
    ],
)
def test_the_last_expression_is_the_value(code, value):
    assert ran(code) == {"stdout": "", "stderr": "", "value": value}


def test_what_it_prints_is_kept_apart():
    result = ran("import sys\nprint('out'); print('bad', file=sys.stderr); 5")
    assert result == {"stdout": "out\n", "stderr": "bad\n", "value": "5"}
    check(result, PythonRunTool().output_schema)


@pytest.mark.parametrize("code", ["x = 1", "", "None", "print"[:0], "import os"])
def test_no_value_is_none(code):
    assert ran(code) == {"stdout": "", "stderr": ""}


@pytest.mark.parametrize(
    "code, error",
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise ValueError('no')", "ValueError: no"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("input()", "EOFError: EOF when reading a line"),
        ("import sys; sys.exit(3)", "It exited with code 3."),
        ("raise SystemExit('words')", "It exited with code 1."),
        ("import os; os._exit(4)", "The process ended with exit code 4."),
    ],
)
def test_how_it_failed_is_told(code, error):
    result = ran(code)
    assert result["error"] == error
    assert "value" not in result


def test_a_traceback_shows_the_code_and_none_of_ours():
    told = ran("print('before')\ndef f():\n    return missing\nf()")
    assert told["stdout"] == "before\n"
    lines = [line for line in told["traceback"].splitlines() if "File" in line]
    assert lines == ['  File "<code>", line 4, in <module>', '  File "<code>", line 3, in f']
    assert "return missing" in told["traceback"]


def test_code_that_is_no_python():
    told = ran("def f(:\n    pass")
    assert "SyntaxError" in told["error"]
    assert "ast.py" not in told["traceback"]


def test_a_good_exit_is_no_error():
    assert ran("import sys\nprint(1)\nsys.exit()") == {"stdout": "1\n", "stderr": ""}


def test_nothing_is_kept_and_nothing_of_the_kernel_is_there():
    assert "NameError" in (ran("kept = 1"), ran("kept"))[1]["error"]
    told = ran("import os, sys\nos.getpid(), 'mojentic_nb' in sys.modules, 'pytest' in sys.modules")
    assert told["value"].endswith(", False, False)")
    assert told["value"] != f"({os.getpid()}, False, False)"


def test_our_own_modules_do_not_hide_others():
    assert "ModuleNotFoundError" in ran("import signature")["error"]


def test_it_works_in_the_first_root(tmp_path):
    (tmp_path / "mine.py").write_text("answer = 42")
    (tmp_path / "data.txt").write_text("text")
    policy = Policy(effects={"runs code"}, roots=(tmp_path,))
    assert ran("import mine; mine.answer, open('data.txt').read()", policy)["value"] == (
        "(42, 'text')"
    )


def test_it_sees_only_allowed_variables(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "hidden-value")
    assert ran("import os; 'OPENAI_API_KEY' in os.environ")["value"] == "False"


def test_it_is_ended_in_time():
    assert ran("while True: pass", seconds=1)["error"] == "It took too long and was ended."


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds memory for certain")
def test_it_cannot_eat_all_memory():
    policy = Policy(effects={"runs code"}, limits=Limits(memory_bytes=300_000_000))
    assert "MemoryError" in ran("x = [0] * 10**9", policy)["error"]


def test_a_long_value_is_cut():
    policy = Policy(effects={"runs code"}, limits=Limits(output_chars=1000))
    assert ran("'x' * 10_000", policy)["value"] == "'" + "x" * 499 + "…"


def test_nothing_runs_where_the_policy_does_not_say_so():
    tool = PythonRunTool(Policy(effects={"reads"}))
    for call in (tool.invoke, lambda given: tool.run(**given)):
        with pytest.raises(ToolDenied, match="runs code"):
            call({"code": "1"})


@pytest.mark.parametrize("example", PythonRunTool.facts.examples)
def test_its_examples_run(example):
    tool = PythonRunTool(MAY)
    assert "error" not in tool.invoke(tool.arguments(example.arguments))
