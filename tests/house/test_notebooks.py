"""Every notebook is compared by nbval, runs offline, and can be told from its outputs.

`make check` hands the whole folder to nbval, so a new notebook is in by being there.
What this file guards is that it cannot be in name only.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house.source import ROOT, shown

NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/*.ipynb"))
CELLS = 15
SKIPS = {"nbval-skip", "nbval-ignore-output"}


def code_cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def test_the_makefile_runs_them_all():
    text = (ROOT / "Makefile").read_text()
    assert "NOTEBOOKS := $(wildcard notebooks)" in text
    assert "--nbval tests $(NOTEBOOKS)" in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_a_notebook_is_executed_top_to_bottom(path):
    counts = [cell["execution_count"] for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_a_notebook_is_short_and_mostly_compared(path):
    cells = code_cells(path)
    skipped = [cell for cell in cells if tags(cell) & SKIPS]
    assert len(json.loads(path.read_text())["cells"]) <= CELLS
    assert len(skipped) * 3 <= len(cells), "at most a third may be left uncompared"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_a_notebook_has_answers_to_compare(path):
    assert [cell for cell in code_cells(path) if cell["outputs"]] != []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_a_notebook_opens_in_any_python_kernel(path):
    spec = json.loads(path.read_text())["metadata"]["kernelspec"]
    assert spec["name"] == "python3"
