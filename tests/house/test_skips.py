"""In CI nothing is skipped: a check that did not run must not look like one that passed."""

import os
import subprocess
import sys

import pytest

from tests.house.source import ROOT

SKIPPED = """
import pytest

@pytest.mark.skipif(True, reason="no such program")
def test_by_a_mark(): ...

def test_by_itself():
    pytest.skip("no such server")
"""


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("test_any.py", ["1 failed, 1 error", "no such program", "no such server"]),
        ("test_tokens_exact.py", ["2 skipped"]),
    ],
)
def test_in_ci_a_skip_is_a_failure(tmp_path, file, told):
    (tmp_path / file).write_text(SKIPPED)
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    environment = {**os.environ, "CI": "true", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    for word in told:
        assert word in ran.stdout
