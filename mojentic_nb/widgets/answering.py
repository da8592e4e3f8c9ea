"""A widget with a thread of its own, and a picture that stands in its place in a file.

Law: a handler puts what it hears on a queue and returns; one thread works through it, and is
gone when there is nothing left. What goes wrong there is told to the page. In a saved notebook,
on GitHub and after a restart the picture is shown: no kernel, no widget.
"""

from __future__ import annotations

import os
import sys
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, ClassVar
from uuid import uuid4

import anywidget

from mojentic_nb.errors import BadArgument
from mojentic_nb.views.theme import CSS_CLASS, NO_MATH
from mojentic_nb.widgets.arrival import let_in

__all__ = ["Answering", "Tended", "has_a_page", "shell_here"]

VIEW = "application/vnd.jupyter.widget-view+json"


def has_a_page(what: str, *, instead: str) -> None:
    """See that there is something that could draw a widget.

    Args:
        what: What would be shown.
        instead: What to do where nothing can show it.

    Raises:
        BadArgument: This is a terminal or a script.
    """
    shell = shell_here()
    if hasattr(shell, "kernel") or "marimo" in sys.modules:
        return

    where = "a script" if shell is None else "a terminal"
    raise BadArgument(f"{what} needs a notebook; this is {where}.", hint=instead)


class Tended(anywidget.AnyWidget):
    """A widget that hears its page on a thread of its own, and has a picture for a file.

    Attributes:
        name: Of its browser half.
    """

    name: ClassVar[str]

    def __init__(self, **state: Any) -> None:
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._starting = Lock()
        self._thread: Thread | None = None
        self._shown = ""
        # ipykernel 7.0 sends nothing from a thread that knows of no cell.
        self._cell = copy_context()
        super().__init__(**state)
        self.on_msg(self._take)
        if self.comm is not None:
            let_in(self.comm)

    def kept(self) -> dict[str, str]:
        """What stands in its place in a file, by MIME type."""
        raise NotImplementedError

    # the page -----------------------------------------------------------------

    def _take(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Take what the page says; must not block."""
        raise NotImplementedError

    def _work(self) -> None:
        """Work through the inbox; `_thread` is None before it returns."""
        raise NotImplementedError

    def _post(self, item: Any) -> None:
        self._inbox.put(item)
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                work = self._cell.copy().run
                self._thread = Thread(
                    target=work, args=(self._work,), name=f"mojentic-{self.name}", daemon=True
                )
                self._thread.start()

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers)
        if self.comm is not None:
            let_in(self.comm)

    def close(self) -> None:
        """Take it out of every page; what it was laid out by goes with it."""
        layout = self.layout
        super().close()
        if layout is not None:
            layout.close()

    # the notebook -------------------------------------------------------------

    def bundles(self) -> list[dict[str, Any]]:
        """What to publish one after the other: the picture, and the widget over it.

        A page shows the first that works.
        """
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        # Whoever draws no widget draws nothing a second time.
        return [self.kept(), {VIEW: view, "text/html": "", "text/plain": ""}]

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:  # type: ignore[override]
        still, view = self.bundles()
        return {VIEW: view[VIEW], **still}

    def _ipython_display_(self) -> None:
        # Only a shell calls this. One without a kernel has no page to draw a widget.
        shell = shell_here()
        still, view = self.bundles()
        self._shown = self._shown or f"{self.name}-{uuid4().hex}"
        shell.display_pub.publish(still, transient={"display_id": self._shown})
        if hasattr(shell, "kernel"):
            shell.display_pub.publish(view)

    def _show_kept(self) -> None:
        """Keep in the notebook how it stands now."""
        # nbval hears no later outputs of a cell; its kernels inherit pytest's variable.
        if not self._shown or "PYTEST_CURRENT_TEST" in os.environ:
            return

        about = {"display_id": self._shown}
        shell_here().display_pub.publish(self.kept(), transient=about, update=True)


class Answering(Tended):
    """A widget that answers what its page asks for, one thing after the other."""

    def answer(self, content: dict[str, Any]) -> None:
        """Do what the page asks for; on the widget's own thread."""
        raise NotImplementedError

    def failed(self, content: dict[str, Any], error: Exception) -> None:
        """Tell the page that it could not be done."""
        raise NotImplementedError

    def still(self) -> tuple[str, str]:
        """What stands in its place in a file: HTML and text."""
        raise NotImplementedError

    def kept(self) -> dict[str, str]:
        """What `still` says, hidden where the widget is drawn."""
        html, text = self.still()
        kept, live = f"mj-still-{self.name}", f"mj-{self.name}"
        area = ".jp-OutputArea-child"
        style = (
            f"<style>{area}:has(.{kept}):has(+ {area} .{live}),"
            f"{area}:has(.{kept}) + {area}:not(:has(.{live})){{display:none}}</style>"
        )
        drawn = f'<div class="{CSS_CLASS} {kept} {NO_MATH}">{style}{html}</div>'
        return {"text/html": drawn, "text/plain": text}

    def _take(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict):
            self._post(content)

    def _work(self) -> None:
        while True:
            with self._starting:
                try:
                    content = self._inbox.get_nowait()
                except Empty:
                    self._thread = None
                    return
            try:
                self.answer(content)
            except Exception as error:  # told, so that what comes next is heard all the same
                self.failed(content, error)


def shell_here() -> Any:
    """The session's shell; None in a script."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
