"""Where a magic is running: a notebook, a terminal, a test, a capture.

Law: only asks, changes nothing. Everything here is about the shell at this very moment,
because one kernel may be looked at by a person now and run by a machine later.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = [
    "has_lossy_loops",
    "is_attended",
    "is_captured",
    "is_notebook",
    "is_terminal",
    "is_tested",
    "may_stream",
]


def is_tested() -> bool:
    """Whether a test runs this kernel: nbval's kernels inherit pytest's variable."""
    return "PYTEST_CURRENT_TEST" in os.environ


def _descends_from(shell: InteractiveShell, name: str) -> bool:
    # By name: neither ipykernel nor prompt_toolkit is imported only to ask.
    return any(kind.__name__ == name for kind in type(shell).__mro__)


def is_notebook(shell: InteractiveShell) -> bool:
    """Whether outputs go to a front end that can redraw them."""
    return _descends_from(shell, "ZMQInteractiveShell")


def is_terminal(shell: InteractiveShell) -> bool:
    """Whether outputs go to a terminal's IPython."""
    return _descends_from(shell, "TerminalInteractiveShell")


def is_captured(shell: InteractiveShell) -> bool:
    """Whether `%%capture` collects outputs: it would keep every redraw."""
    from IPython.core.displaypub import CapturingDisplayPublisher

    return isinstance(shell.display_pub, CapturingDisplayPublisher)


def is_attended(shell: InteractiveShell) -> bool:
    """Whether a person waits for this cell: the one who could be asked a question.

    Front ends say with each request whether they can answer `input()`; nbclient,
    papermill and nbconvert say no.
    """
    if is_tested():
        return False

    if is_notebook(shell):
        return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", False))

    return is_terminal(shell)


def has_lossy_loops() -> bool:
    """Whether somebody applied the original nest_asyncio under ipykernel 7 or later.

    There it loses messages to the kernel; nest_asyncio2 does not. Both set the same marks,
    so the patched function's home tells.
    """
    loops: Any = sys.modules.get("asyncio")
    kernel = sys.modules.get("ipykernel")
    version = getattr(kernel, "version_info", (0,))
    return bool(loops) and loops.run.__module__ == "nest_asyncio" and version[0] >= 7


def may_stream(shell: InteractiveShell, wish: str) -> bool:
    """Whether an answer may be drawn while it grows; `wish` is auto, on or off."""
    if wish == "off" or is_captured(shell):
        return False
    if wish == "on":
        return is_notebook(shell) or is_terminal(shell)
    if is_tested():
        return False

    return is_notebook(shell) or is_terminal(shell)
