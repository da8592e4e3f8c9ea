"""What `import mojentic_nb` and `%load_ext mojentic_nb` pull in, seen in fresh processes.

Why: a newcomer's first second. Everything heavy is loaded by the first call that needs it.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.house.source import ROOT

HTTP = {"aiohttp", "httpx", "httpx2", "requests"}
FRAMES = {"matplotlib", "pandas"}
WIDGETS = {"anywidget", "ipywidgets"}
TOKENS = {"tiktoken"}

NOT_ON_IMPORT = HTTP | FRAMES | WIDGETS | TOKENS | {"IPython", "numpy", "tqdm", "traitlets"}
NOT_ON_LOAD = HTTP | FRAMES | WIDGETS | TOKENS

IMPORT = "import mojentic_nb"
NAMES = "import mojentic_nb; dir(mojentic_nb); mojentic_nb.__all__"
SHELL = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
LOAD = f"{SHELL}; s.run_cell('%load_ext mojentic_nb').raise_error()"
RELOAD = f"{LOAD}; s.run_cell('%reload_ext mojentic_nb').raise_error()"

TELL = "; import sys, json; print(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"


def loaded_after(statement: str) -> set[str]:
    """The top-level packages in a fresh process once `statement` has run."""
    ran = subprocess.run(
        [sys.executable, "-c", statement + TELL], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
    *printed, loaded = ran.stdout.splitlines()
    assert printed == [], "importing and loading say nothing"
    return set(json.loads(loaded))


@pytest.mark.parametrize("statement", [IMPORT, NAMES])
def test_importing_the_package_loads_nothing_heavy(statement):
    assert loaded_after(statement) & NOT_ON_IMPORT == set()


@pytest.mark.parametrize("statement", [LOAD, RELOAD])
def test_loading_the_extension_loads_nothing_heavy(statement):
    assert loaded_after(statement) & NOT_ON_LOAD == set()
