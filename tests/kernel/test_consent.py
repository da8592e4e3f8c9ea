"""A person at the cell is asked before a tool does what cannot be undone."""

from __future__ import annotations

import pytest

from tests.kernel.kernels import Kernel

pytestmark = pytest.mark.kernel

SETUP = """
%load_ext mojentic_nb
%llm_config model=demo
from mojentic_nb import tool
runs = []
@tool(destructive=True)
def wipe(disk: str) -> str:
    \"\"\"Wipe a disk.\"\"\"
    runs.append(disk)
    return "wiped"
"""
CELL = '%%llm --tools wipe\nPlease wipe the disk "sda"'


@pytest.fixture
def lab(kernel: Kernel) -> Kernel:
    assert kernel.run(SETUP).status == "ok"
    return kernel


@pytest.mark.parametrize("answer, runs", [("y", "['sda']"), ("n", "[]"), ("", "[]")])
def test_the_exact_call_is_shown_and_nothing_runs_before_the_answer(
    lab: Kernel, answer: str, runs: str
) -> None:
    request = lab.begin(CELL, allow_stdin=True)
    prompt = lab.answer(answer)
    ran = lab.finish(request)

    assert prompt == "Run it? [y]es, [n]o, [a]lways: "
    assert ran.status == "ok"
    shown = [one["data"].get("text/markdown", "") for one in ran.displays]
    assert any("wipe(disk='sda')" in one for one in shown)
    assert lab.value("runs") == runs


def test_always_is_asked_once(lab: Kernel) -> None:
    request = lab.begin(CELL, allow_stdin=True)
    lab.answer("a")
    lab.finish(request)
    assert lab.run(CELL, allow_stdin=True).status == "ok"
    assert lab.value("runs") == "['sda', 'sda']"


def test_where_nobody_can_answer_it_is_denied_and_said(lab: Kernel) -> None:
    ran = lab.run(CELL, allow_stdin=False)
    assert ran.status == "ok"
    assert lab.value("runs") == "[]"
    assert "nobody is here" in str(ran.published)


def test_a_refusal_is_shown_as_one(lab: Kernel) -> None:
    ran = lab.run(CELL, allow_stdin=False)
    shown = "".join(one["data"].get("text/plain", "") for one in ran.displays)
    assert 'wipe(disk="sda") → refused: wipe needs a person' in shown
