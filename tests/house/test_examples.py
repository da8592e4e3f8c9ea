"""Every example a reader may copy runs: the README's fences and the docstrings'."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pytest

from tests.house.source import ROOT, dotted_name, files

PLAYER = "notebooks.play"
LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

# Running `python -m` is not an example.
MODULES = [name for path in files("mojentic_nb") if "__main__" not in (name := dotted_name(path))]


@pytest.mark.parametrize("document", ["README.md", "docs/batch.md", "docs/compare.md"])
def test_a_documents_python_runs(document, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ran = subprocess.run(
        # Elsewhere: what examples keep is kept under the working directory.
        [sys.executable, "-m", PLAYER, str(ROOT / document)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_readme_has_examples():
    assert (ROOT / "README.md").read_text().count("```python\n") >= 3


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=LENIENT).failed == 0
