"""What changed: shown, counted, and understood by `patch`."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit import text_diff
from mojentic_nb.tools.kit.text_diff import DiffTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of


@pytest.mark.parametrize("kind, arguments", examples_of(DiffTool))
def test_every_example_runs(kind, arguments):
    told = called(kind(), **arguments)
    assert (told["added"], told["removed"]) == (1, 1)
    assert "-two\n+2\n" in told["diff"]


def test_the_same_has_no_difference():
    told = called(DiffTool(), before="a\n", after="a\n")
    assert told == {"diff": "", "added": 0, "removed": 0, "is_same": True, "similarity": 1.0}


def test_a_missing_end_of_line_is_a_difference():
    told = called(DiffTool(), before="a\n", after="a")
    assert not told["is_same"]
    assert "\\ No newline at end of file" in told["diff"]


def test_dashes_and_pluses_in_the_text_count_once():
    told = called(DiffTool(), before="-- a\n", after="++ a\n")
    assert (told["added"], told["removed"]) == (1, 1)


def test_long_texts_are_compared_elsewhere_with_the_same_result(monkeypatch):
    before, after = "a\nb\nc\n" * 20, "a\nc\nd\n" * 20
    here = called(DiffTool(), before=before, after=after)
    monkeypatch.setattr(text_diff, "MOST_PAIRS", 0)
    assert called(DiffTool(), before=before, after=after) == here


def test_a_comparison_without_end_is_stopped():
    tool = DiffTool(Policy(limits=Limits(seconds=0.3)))
    before = "\n".join(str(number % 190) for number in range(150_000))
    after = "\n".join(str(number % 189) for number in range(150_000))
    with pytest.raises(ToolError, match="longer than"):
        called(tool, before=before, after=after)


lines = st.lists(
    st.sampled_from(["a", "b", "", "c d", "\x0b", "\u2028e", "-- x", "\r"]), max_size=8
)
texts = st.tuples(lines, st.booleans()).map(
    lambda parts: "\n".join(parts[0]) + "\n" * (parts[1] and bool(parts[0]))
)


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the program patch")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts, texts)
def test_patch_makes_the_one_into_the_other(tmp_path, before, after):
    told = DiffTool().run(before, after=after)
    if not before or not after or told["is_same"]:
        return  # patch would make or delete the file

    file = tmp_path / "text"
    file.write_bytes(before.encode())
    subprocess.run(
        ["patch", "--binary", "-s", str(file)], input=told["diff"].encode(), check=True, timeout=20
    )
    assert file.read_bytes() == after.encode()
