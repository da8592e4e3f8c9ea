"""What `--tools f,g` means: functions and objects of the notebook, or tools that ship.

Law: names only; nothing is evaluated. The notebook's own names come first, so that a
person may replace a built-in tool by theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from mojentic_nb.errors import BadArgument

__all__ = ["BUILT_IN", "tools_named"]

# What may be typed, and the classes in mojentic_nb.tools it stands for.
BUILT_IN: dict[str, tuple[str, ...]] = {
    "date_time": ("CurrentDateTimeTool",),
    "current_date_time": ("CurrentDateTimeTool",),
    "resolve_date": ("ResolveDateTool",),
    "dates": ("ResolveDateTool", "CurrentDateTimeTool"),
    "CurrentDateTimeTool": ("CurrentDateTimeTool",),
    "ResolveDateTool": ("ResolveDateTool",),
}


def tools_named(names: Iterable[str], namespace: Mapping[str, Any]) -> list[Any]:
    """Find the tools that names stand for; a list of tools counts as its members.

    Raises:
        BadArgument: A name leads nowhere, or to something that is no tool.
    """
    found: list[Any] = []
    for name in names:
        one = _tool(name, namespace)
        found.extend(one if isinstance(one, (list, tuple)) else [one])

    return found


def _tool(name: str, namespace: Mapping[str, Any]) -> Any:
    first, *steps = name.split(".")
    if first not in namespace:
        return _built_in(name, namespace)

    found = namespace[first]
    for step in steps:
        found = getattr(found, step, None)

    if isinstance(found, (list, tuple)) or _may_be_a_tool(found):
        return found

    raise BadArgument(
        f"--tools {name}: {name} is {type(found).__name__}, not a tool.",
        hint="Name a function, or an object with descriptor and run.",
    )


def _may_be_a_tool(found: Any) -> bool:
    return callable(found) or (hasattr(found, "descriptor") and hasattr(found, "run"))


def _built_in(name: str, namespace: Mapping[str, Any]) -> list[Any]:
    if name in BUILT_IN:
        room = import_module("mojentic_nb.tools")
        return [getattr(room, kind)() for kind in BUILT_IN[name]]

    near = [one for one in namespace if not one.startswith("_") and callable(namespace[one])]
    close = get_close_matches(name, [*near, *BUILT_IN], n=1)
    raise BadArgument(
        f"--tools {name}: no function of that name here, and no built-in tool.",
        hint=f"Did you mean {close[0]}?" if close else "Define it in a cell above.",
    )
