"""Nothing unfinished is left behind in words."""

from __future__ import annotations

import re

from tests.house.source import ROOT, files, shown

# Put together here, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
FOLDERS = ("mojentic_nb", "tests", "benchmarks", "widgets", "notebooks", "binder", "docs")
SUFFIXES = (".py", ".js", ".css", ".md", ".ipynb", ".toml", ".yml")


def documents():
    return [*files(*FOLDERS, suffixes=SUFFIXES), *sorted(ROOT.glob("*.md")), ROOT / "Makefile"]


def test_no_unfinished_business():
    found = [
        f"{shown(path)}:{number}"
        for path in documents()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if UNFINISHED.search(line)
    ]
    assert found == []
