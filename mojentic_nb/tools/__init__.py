"""Tools a model may call: the ones that come with us, and how to make your own.

Law: importing this loads no tool; each comes on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mojentic_nb.tools.dates import CurrentDateTimeTool, ResolveDateTool
    from mojentic_nb.tools.definition import LLMTool, tool

__all__ = ["CurrentDateTimeTool", "LLMTool", "ResolveDateTool", "tool"]

_HOMES = {
    "CurrentDateTimeTool": "mojentic_nb.tools.dates",
    "LLMTool": "mojentic_nb.tools.definition",
    "ResolveDateTool": "mojentic_nb.tools.dates",
    "tool": "mojentic_nb.tools.definition",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
        globals()[name] = found
        return found

    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
