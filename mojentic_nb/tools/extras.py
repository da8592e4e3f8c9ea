"""Libraries that only some tools need.

Law: imported on use, never before; a missing one is told with the words that bring it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mojentic_nb.errors import ToolError

__all__ = ["needed"]


def needed(library: str, *, extra: str) -> Any:
    """Import a library of an extra.

    Raises:
        ToolError: It is not installed.
    """
    try:
        return import_module(library)
    except ImportError:
        raise ToolError(
            f"This tool needs {library.partition('.')[0]}, which is not installed.",
            hint=f'Install it with: pip install "mojentic-nb[{extra}]".',
        ) from None
