"""A trace to walk through: bars in time, and what was said behind each.

Law: what was said is not in its state: the page asks for one span at a time. Its handler
puts that on a queue, no more; one thread of its own answers, and tells the page what is new
while spans finish. Where no page draws it there is no thread, and the picture stands.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import anywidget
import traitlets

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.picture import Picture, picture_of
from mojentic_nb.tracer.span import Span
from mojentic_nb.tracer.system import TracerSystem
from mojentic_nb.widgets import browser_half
from mojentic_nb.widgets.arrival import let_in
from mojentic_nb.widgets.span_text import span_text
from mojentic_nb.widgets.trace_columns import columns_of

__all__ = ["TraceWidget"]

# Four times a second at most, and seldomer where much is to be drawn.
LEAST_PAUSE_S = 0.25
PAUSE_PER_SPAN_S = 0.0005

# The picture and the widget stand one after the other in a cell; a page shows the first that
# works. A notebook that is opened again has the picture: no kernel, no widget.
_STILL = (
    "<style>.jp-OutputArea-child:has(.mj-still):has(+ .jp-OutputArea-child .mj-trace),"
    ".jp-OutputArea-child:has(.mj-still) + .jp-OutputArea-child:not(:has(.mj-trace))"
    "{display:none}</style>"
)


class TraceWidget(anywidget.AnyWidget):
    """What a tracer heard, as a timeline to zoom, filter and open; it grows while spans finish.

        TraceWidget(current_tracer(), cell=-1)

    In a saved notebook, on GitHub and after a restart the picture of `tracer.waterfall()`
    stands in its place.

    Args:
        tracer: Whose spans.
        trace: Only this trace: its id, a correlation id, or the id of any span in it.
        cell: Only this cell, by its number; -1 for the last one.
        session: Only this conversation.

    Raises:
        BadArgument: Nothing was traced there.
    """

    _esm = browser_half.module("trace")
    _css = browser_half.style("trace")

    table = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        tracer: TracerSystem,
        *,
        trace: str | None = None,
        cell: int | None = None,
        session: str | None = None,
    ) -> None:
        self._tracer = tracer
        self._which: dict[str, Any] = {"trace": trace, "cell": cell, "session": session}
        self._asked: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._heard: deque[Any] = deque(maxlen=64)
        self._pages: set[str] = set()
        self._changing, self._starting = Lock(), Lock()
        self._thread: Thread | None = None
        self._count = self._counted()
        super().__init__(table=columns_of(self._spans()))
        self.on_msg(self._take)
        let_in(self.comm)

    def __repr__(self) -> str:
        count = len(self.table["id"])
        which = "".join(f", {name}={one!r}" for name, one in self._which.items() if one is not None)
        return f"TraceWidget({count:,} span{'' if count == 1 else 's'}{which})"

    def refresh(self) -> None:
        """Show what has come since; a page that is open does so by itself."""
        with self._changing:
            self._count = self._counted()
            # Spans that are no longer kept stay as they were shown.
            with suppress(BadArgument):
                self.table = columns_of(self._spans())

    def picture(self) -> Picture:
        """The same without a widget: it survives in files."""
        # nbval compares what is shown; its kernels inherit pytest's variable.
        return picture_of(self._spans(), stable="PYTEST_CURRENT_TEST" in os.environ)

    def close(self) -> None:
        """Take it out of every page, and end its thread."""
        self._asked.put({"type": "end"})
        layout = self.layout
        super().close()
        if layout is not None:
            layout.close()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        still = self.picture()
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return {**data, "text/html": still.html, "text/plain": repr(still)}, metadata

    def _ipython_display_(self) -> None:
        # Only a shell calls this. One without a kernel has no page to draw a widget.
        shell = sys.modules["IPython"].get_ipython()
        still, live = self._outputs()
        shell.display_pub.publish(*still)
        if hasattr(shell, "kernel"):
            shell.display_pub.publish(*live)

    def _outputs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The picture, and the widget that takes its place, each with its metadata."""
        data, metadata = self._repr_mimebundle_()
        html = f'<div class="mj-still">{_STILL}{data["text/html"]}</div>'
        still = {"text/html": html, "text/plain": data["text/plain"]}
        # Whoever draws no widget draws nothing a second time.
        return [(still, {}), ({**data, "text/html": "", "text/plain": ""}, metadata)]

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers)
        if self.comm is not None:
            let_in(self.comm)

    def _spans(self) -> list[Span]:
        return self._tracer.spans(**self._which)

    def _counted(self) -> int:
        return int(self._tracer.stats()["spans"])

    # the page -----------------------------------------------------------------

    def _take(self, _widget: Any, content: Any, _buffers: Any) -> None:
        # Everything may come more than once; see `asker` in the browser half.
        if not isinstance(content, dict) or content.get("ask", "") in self._heard:
            return

        if "ask" in content:
            self._heard.append(content["ask"])
        self._asked.put(content)
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                # ipykernel 7.0 sends nothing from a thread that knows of no cell.
                work = copy_context().run
                self._thread = Thread(
                    target=work, args=(self._work,), name="mojentic-trace", daemon=True
                )
                self._thread.start()

    def _work(self) -> None:
        """Answer the page and tell it what is new, as long as there is one."""
        while True:
            pause_s = max(LEAST_PAUSE_S, PAUSE_PER_SPAN_S * len(self.table["id"]))
            try:
                content = self._asked.get(timeout=pause_s)
            except Empty:
                content = {"type": "refresh"} if self._counted() != self._count else {}
            if content.get("type") == "end":
                return
            self._answer(content)
            with self._starting:
                if not self._pages and self._asked.empty():
                    self._thread = None
                    return

    def _answer(self, content: dict[str, Any]) -> None:
        kind, page = content.get("type"), str(content.get("view", ""))
        if kind == "ready":
            self._pages.add(page)
        if kind == "gone":
            self._pages.discard(page)
        if kind in ("ready", "refresh"):
            self.refresh()
        if "ask" in content:
            told = self._told(str(content.get("span", ""))) if kind == "span" else {}
            self.send({**told, "type": kind, "ask": content["ask"]})

    def _told(self, span_id: str) -> dict[str, Any]:
        found = [span for span in self._tracer.spans() if span.span_id == span_id]
        if not found:
            gone = "This span is no longer kept."
            return {"title": "", "facts": [], "note": gone, "messages": []}

        tip = found[-1].out_tip or found[-1].in_tip
        return span_text(found[-1], self._tracer.messages(tip) if tip else ())
