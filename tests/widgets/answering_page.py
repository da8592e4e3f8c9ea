"""A page that shows a widget which answers on a thread of its own."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

PATIENCE_S = 20


class Page:
    """Says things as a comm would, and keeps what it is told.

    Args:
        widget: What it shows.
        state: The trait in which it is told things, besides messages.
    """

    def __init__(self, widget: Any, state: str = "") -> None:
        self.widget = widget
        self._told: SimpleQueue[dict[str, Any]] = SimpleQueue()
        widget.send = lambda content, buffers=None: self._told.put(content)
        if state:
            widget.observe(lambda change: self._told.put(change["new"]), state)

    def say(self, **content: Any) -> None:
        self.widget._handle_custom_msg(content, [])

    def hears(self) -> dict[str, Any]:
        return self._told.get(timeout=PATIENCE_S)

    def asks(self, **content: Any) -> dict[str, Any]:
        self.say(**content)
        return self.hears()

    @property
    def has_heard_all(self) -> bool:
        return self._told.empty()
