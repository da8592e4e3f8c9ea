"""Plays a notebook, or a Markdown file's ```python fences, in this terminal.

Law: each cell is shown and then run in one real IPython shell, in order; the first cell
that fails ends it. Called as `python -m notebooks.play FILE` by `make hello`, and by the
test that keeps the README true.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from IPython.terminal.interactiveshell import TerminalInteractiveShell
from traitlets.config import Config

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def cells(path: Path) -> list[str]:
    """The code in a document, cell by cell."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return FENCE.findall(text)

    found = json.loads(text)["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def play(path: Path) -> bool:
    """Show and run every cell; whether all went well."""
    settings = Config()
    # In memory: what is played must not end up among what the person typed.
    settings.HistoryManager.hist_file = ":memory:"
    settings.TerminalInteractiveShell.simple_prompt = True
    shell = TerminalInteractiveShell.instance(config=settings)
    for number, cell in enumerate(cells(path), start=1):
        margin = f"In [{number}]: "
        print("\n" + margin + cell.rstrip().replace("\n", "\n" + " " * len(margin)), flush=True)
        if not shell.run_cell(cell, store_history=True).success:
            return False

    return True


if __name__ == "__main__":
    raise SystemExit(0 if play(Path(sys.argv[1])) else 1)
