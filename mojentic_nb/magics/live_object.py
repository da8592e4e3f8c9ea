"""The output of a `%%structured` call while its object is being written.

Law: as in `live`: one display id, one preferred MIME type, metadata with the last frame
alone, and no timer. What has not come is an ellipsis, and what stays half says so: half an
object must not be taken for a whole one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.magics.live import CHARACTERS_PER_SECOND, REDRAWS_PER_SECOND
from mojentic_nb.magics.objects import growing_bundle
from mojentic_nb.magics.publishing import Changing
from mojentic_nb.magics.surroundings import is_notebook, may_stream

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["LiveObject", "may_grow"]

# A long table takes a while to draw: the kernel spends a twentieth of its time on it.
DRAWING_SHARE = 20


def may_grow(shell: InteractiveShell, *, stream: str, quiet: bool) -> bool:
    """Whether the object is drawn while it grows: where an output can be replaced."""
    return not quiet and is_notebook(shell) and may_stream(shell, stream)


class LiveObject:
    """Redraws one output while an object grows.

    Args:
        target: The type that was asked for.
        as_frame: Draw a single object as a frame, too.
        clock: What the pace of drawing is measured with.
    """

    def __init__(self, target: Any, *, as_frame: bool = False, clock: Clock | None = None) -> None:
        self._target = target
        self._as_frame = as_frame
        self._now = (clock or SystemClock()).now
        self._output = Changing()
        self._next_at = 0.0
        self._latest: Any = None

    @property
    def is_open(self) -> bool:
        """Whether there is an output on the screen already."""
        return self._output.is_open

    def take(self, value: Any) -> None:
        """There is more of the object: draw it, where it is time."""
        self._latest = value
        began = self._now()
        if began < self._next_at:
            return

        drawn = growing_bundle(value, self._target, as_frame=self._as_frame)
        if drawn is None:
            return

        self._output.show({**drawn, "text/plain": "…"})
        ended = self._now()
        size_s = len(drawn["text/html"]) / CHARACTERS_PER_SECOND
        wait_s = max(1 / REDRAWS_PER_SECOND, DRAWING_SHARE * (ended - began), size_s)
        self._next_at = ended + wait_s

    def finish(self, bundle: dict[str, str], about: dict[str, Any]) -> None:
        """Show the object as it stays."""
        self._output.show(bundle, about)

    def leave(self, why: str) -> None:
        """No object came of it: show how far it got, and why no further."""
        drawn = growing_bundle(self._latest, self._target, as_frame=self._as_frame, mark=why)
        if self.is_open and drawn is not None:
            self._output.show(drawn, {"is_partial": True})
