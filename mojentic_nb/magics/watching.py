"""Which cell runs, told to whoever traces; and the tracer, begun with the first broker.

Law: %load_ext stays light. Only the number and the beginning of a cell are noted; the tracer
itself is made when there is something to trace. A tracer that somebody else put in is
theirs: it is used, and never taken away.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.settings import Settings, held
from mojentic_nb.magics.surroundings import is_attended
from mojentic_nb.place import Cell, standing

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mojentic_nb.tracer import TracerSystem

__all__ = ["Watching", "tracer_here"]

# What is remembered of a cell; a frame shows less of it.
_LONGEST_SOURCE = 800
_FOLLOWED = ("trace", "trace_store", "trace_capture", "autoshow")


class Watching:
    """Follows a shell from cell to cell, from `begin` to `end`.

    Args:
        shell: The shell.
        settings: Say whether to trace, where to keep it, and what to show after each cell.
    """

    def __init__(self, shell: InteractiveShell, settings: Settings) -> None:
        self._shell = shell
        self._settings = settings
        self._is_on = False
        self._outer: list[Cell | None] = []
        self._number = 0
        self._ours: TracerSystem | None = None

    def begin(self) -> None:
        """From now on calls know their cell, and are traced."""
        if self._is_on:
            return

        self._is_on = True
        self._shell.events.register("pre_run_cell", self.begins)
        self._shell.events.register("post_run_cell", self.ended)
        self._settings.observe(self._changed, names=list(_FOLLOWED))
        standing.cell = self._running()
        standing.on_first_bus = self._trace_if_wanted
        if "mojentic_nb.bus" in sys.modules:
            self._trace_if_wanted()

    def end(self) -> None:
        """No more; what was begun here ends."""
        if not self._is_on:
            return

        self._is_on = False
        self._shell.events.unregister("pre_run_cell", self.begins)
        self._shell.events.unregister("post_run_cell", self.ended)
        standing.on_first_bus = standing.cell = None
        self._outer.clear()
        ours, self._ours = self._ours, None
        if ours is None:
            return

        from mojentic_nb.tracer import use_tracer

        if tracer_here() is ours:
            use_tracer(None)
        # Whoever holds it may go on reading; its file is whole.
        ours.flush(5.0)

    # cells ------------------------------------------------------------------

    def begins(self, info: Any = None) -> None:
        """A cell is about to run, maybe inside another."""
        self._outer.append(standing.cell)
        is_numbered = getattr(info, "store_history", True)
        if standing.cell is not None and not is_numbered:
            return  # code that a cell runs, such as %run: it has no number of its own

        # Not `execution_count`: IPython 9 has raised that by now, IPython 7 and 8 have not. Who
        # numbers no cell, as nbval, gets the numbers a person would have seen.
        self._number = (is_numbered and len(self._typed())) or self._number + 1
        standing.cell = Cell(
            self._number,
            str(getattr(info, "cell_id", None) or ""),
            str(getattr(info, "raw_cell", None) or "")[:_LONGEST_SOURCE],
        )

    def ended(self, result: Any = None) -> None:
        """A cell has run: what its tracer is to show, if anything."""
        cell, standing.cell = standing.cell, self._outer.pop() if self._outer else None
        tracer = tracer_here()
        if cell is None or tracer is None:
            return

        tracer.note_cell(cell.number, source=cell.source)
        if tracer.autoshow in ("summary", "tree"):
            self._show(tracer, cell)

    def _running(self) -> Cell | None:
        """The cell that loads us, which began before we listened."""
        typed = self._typed()
        if len(typed) > 1:
            self._number = len(typed) - 1
            return Cell(self._number, "", typed[-1][:_LONGEST_SOURCE])
        if not getattr(self._shell, "parent_header", None):
            return None  # a settings file of IPython loads us, before any cell

        self._number = 1
        return Cell(1)

    def _typed(self) -> list[str]:
        """Cells as they were typed, by their numbers; the one that begins comes later."""
        return getattr(self._shell.history_manager, "input_hist_raw", None) or []

    def _show(self, tracer: TracerSystem, cell: Cell) -> None:
        # A thread's output lands in whatever cell is on; what varies has no place in a test.
        if threading.current_thread() is not threading.main_thread():
            return
        if not is_attended(self._shell):
            return

        spans = [span for span in tracer.spans(cell=-1) if span.cell_exec == cell.number]
        if not any(span.is_call for span in spans):
            return

        from mojentic_nb.magics.publishing import publish
        from mojentic_nb.tracer.picture import picture_of
        from mojentic_nb.views.markdown import inline

        if tracer.autoshow == "tree":
            publish(picture_of(spans, shape="tree")._repr_mimebundle_())
        else:
            line = picture_of(spans).summary
            publish({"text/markdown": f"<small>{inline(line)}</small>", "text/plain": line})

    # the tracer -------------------------------------------------------------

    def tracer(self) -> TracerSystem:
        """The tracer that hears this notebook, made if there is none; it may be switched off."""
        return tracer_here() or self._begun()

    def _trace_if_wanted(self) -> None:
        if self._is_wanted() and tracer_here() is None:
            self._begun()

    def _is_wanted(self) -> bool:
        try:
            return bool(held(self._settings, "trace").value)
        except BadArgument:  # a settings file that is not in order; the call will tell
            return True

    def _begun(self) -> TracerSystem:
        from mojentic_nb.tracer import TracerSystem, use_tracer

        try:
            store = place_of(held(self._settings, "trace_store").value)
            capture = held(self._settings, "trace_capture").value
            autoshow = held(self._settings, "autoshow").value
        except BadArgument:
            store, capture, autoshow = None, "full", "off"

        tracer = TracerSystem(enabled=self._is_wanted(), store=store, capture=capture)
        tracer.autoshow = "" if autoshow == "off" else autoshow
        use_tracer(tracer)
        self._ours = tracer
        if tracer.path:
            sys.stdout.write(f"The trace is kept in {shown(tracer.path)}.\n")

        return tracer

    def _changed(self, change: Any) -> None:
        """A setting was changed here: it holds at once."""
        value = held(self._settings, change.name).value
        if change.name == "trace" and value:
            self.tracer().enable()
            return

        tracer = tracer_here()
        if tracer is None:
            return
        if change.name == "trace":
            tracer.disable()
        elif change.name == "trace_store":
            tracer.keep_in(place_of(value))
        elif change.name == "trace_capture":
            tracer.capture = value
        else:
            tracer.autoshow = "" if value == "off" else value


def tracer_here() -> TracerSystem | None:
    """The tracer, where there is one already."""
    known = sys.modules.get("mojentic_nb.tracer.current")
    return None if known is None else known.present()


def place_of(store: str | None) -> str | None:
    """A setting's word as a tracer takes it."""
    return None if store == "none" else store


def shown(path: str) -> str:
    """A path as a person reads it: from here, where it is below."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
