"""What a model reads of a program it ran."""

from __future__ import annotations

import os

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import ShapeError, check
from mojentic_nb.tools.kit.system_process import ProcessRunTool, end_told
from mojentic_nb.tools.policy import Limits, Policy
from mojentic_nb.tools.process import Ended

pytestmark = pytest.mark.skipif(os.name != "posix", reason="runs POSIX programs")

MAY = Policy(effects={"runs code"})


def test_a_program_and_its_end():
    tool = ProcessRunTool(MAY)
    result = tool.invoke(tool.arguments({"command": ["sh", "-c", "cat; exit 2"], "stdin": "hi"}))
    assert result == {"exit_code": 2, "stdout": "hi", "stderr": "", "ended": "exited"}
    check(result, tool.output_schema)


def test_nothing_runs_where_the_policy_does_not_say_so(tmp_path):
    tool = ProcessRunTool(Policy(roots=(tmp_path,), effects={"reads", "writes"}))
    for call in (tool.invoke, lambda given: tool.run(**given)):
        with pytest.raises(ToolDenied, match="runs code"):
            call({"command": ["touch", "made"]})
    assert list(tmp_path.iterdir()) == []


def test_a_person_is_asked_first():
    assert ProcessRunTool.facts.is_destructive
    assert "runs code" in ProcessRunTool.facts.effects


def test_a_limit_is_told_in_words():
    result = ProcessRunTool(MAY).run(["sleep", "600"], seconds=0.2)
    assert (result["exit_code"], result["ended"]) == (None, "time")
    assert result["note"] == "It took too long and was ended."


def test_the_policys_limit_cannot_be_raised():
    tool = ProcessRunTool(Policy(effects={"runs code"}, limits=Limits(seconds=0.2)))
    assert tool.run(["sleep", "600"], seconds=500)["ended"] == "time"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"command": []},
        {"command": "ls -l"},
        {"command": ["ls"], "seconds": 0},
        {"command": ["ls"], "shell": True},
    ],
)
def test_arguments_that_do_not_fit(given):
    with pytest.raises(ShapeError):
        ProcessRunTool(MAY).arguments(given)


def test_a_missing_program_is_told():
    with pytest.raises(ToolError, match="could not be started"):
        ProcessRunTool(MAY).run(["no-such-program-here"])


@pytest.mark.parametrize("example", ProcessRunTool.facts.examples, ids=lambda one: one.says)
def test_its_examples_fit(example):
    tool = ProcessRunTool(MAY)
    assert tool.arguments(example.arguments) == example.arguments


def test_what_has_no_limit_is_told():
    ended = Ended(stdout="", stderr="", exit_code=0, reason="output", not_limited=("memory",))
    told = end_told(ended)
    assert told == "It wrote too much and was ended. This system sets no limit to memory."
