"""How long it takes to be there: importing, and loading the extension."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.bench import Row

IMPORT_BAR_S = 0.100
LOAD_BAR_S = 0.250

IMPORT = "import time; t = time.perf_counter(); import mojentic_nb; print(time.perf_counter() - t)"
LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
t = time.perf_counter()
shell.run_line_magic("load_ext", "mojentic_nb")
print(time.perf_counter() - t)
"""


def starts() -> list[Row]:
    """Wall seconds, in fresh processes; the ratio is to the bar itself."""
    rows = []
    for name, code, bar_s in (
        ("import mojentic_nb", IMPORT, IMPORT_BAR_S),
        ("%load_ext mojentic_nb", LOAD, LOAD_BAR_S),
    ):
        least_s = min(timed(code) for _ in range(7))
        rows.append(Row(f"start, at most {bar_s * 1000:.0f} ms", name, least_s, least_s / bar_s, 1))

    return rows


def timed(code: str) -> float:
    """What a fresh process says it took."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
