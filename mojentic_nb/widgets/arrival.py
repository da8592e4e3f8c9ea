"""Messages from the page that arrive while the cell that made a widget still runs.

Law: what is known here of a kernel's inside is asked for and never relied on. Where it has
changed, messages come after the cell, the widget does not hear that it was drawn, and
whoever shows it goes another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["can_arrive", "heed", "let_in"]


def can_arrive(kernel: Any) -> bool:
    """Whether a kernel has a place for messages beside a cell: ipykernel 7 and later."""
    return "kernel subshells" in getattr(kernel, "kernel_info", {}).get("supported_features", ())


def let_in(comm: Any) -> None:
    """Have a comm's messages handled beside the running cell, not after it.

    Call it after everything a cell has published on the comm. A front end names the shell
    that is to take its messages, but ipykernel 7.4 hands them to the one that published on
    the comm last, and opening counts: that is the cell itself. Forgotten, the front end's
    word holds again, as in 7.0 to 7.3 (measured in JupyterLab 4.6: without this an answer
    arrives when the cell has ended; with it, within 50 ms).
    """
    vars(comm).pop("_reply_subshell_id", None)


def heed(kernel: Any, kind: str, hear: Callable[[Mapping[str, Any]], None]) -> None:
    """Have messages of a kind heard on the kernel's control channel, whatever its cells do.

    On ipykernel 6 a comm is heard when the running cell has ended, no sooner. The control
    channel has a thread of its own since 6.0, and JupyterLab and Notebook 7 let a widget
    speak on it (measured in Lab 4.6 with ipykernel 6.31: heard within 20 ms).

    Args:
        kernel: The shell's kernel, or `None`, of which nothing is asked.
        kind: The `msg_type`.
        hear: Takes the message's content, on the control thread; must not block.
    """
    handlers = getattr(kernel, "control_handlers", None)
    if isinstance(handlers, dict):
        handlers[kind] = lambda _stream, _who, message: hear(message["content"])
