"""The frames of a tracer: everything that happened, as pandas DataFrames.

Law: each property builds a new frame of what is there at that moment, which the caller may
change. Nothing is kept between two of them. What is in which column is told beside each
frame's builder (`frame_*.py`); ids join the frames to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mojentic_nb.tracer.columns import Columns
from mojentic_nb.tracer.frame_calls import CALLS_NEED, calls_frame
from mojentic_nb.tracer.frame_messages import MESSAGES_NEED, messages_frame
from mojentic_nb.tracer.frame_models import MODELS_NEED, models_frame
from mojentic_nb.tracer.frame_sessions import (
    CELLS_NEED,
    SESSIONS_NEED,
    cells_frame,
    sessions_frame,
)
from mojentic_nb.tracer.frame_spans import AGENTS_NEED, SPANS_NEED, agents_frame, spans_frame
from mojentic_nb.tracer.frame_tools import (
    TOOL_STATS_NEED,
    TOOLS_NEED,
    tool_stats_frame,
    tools_frame,
)
from mojentic_nb.tracer.rows import MessageRow
from mojentic_nb.tracer.span import CALL_KINDS, KINDS

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Frames", "Source"]


class Source(Protocol):
    """Where frames come from: what a tracer has, wherever it keeps it."""

    @property
    def truncated(self) -> bool:
        """Whether there were more spans than are still kept."""

    @property
    def totals(self) -> Mapping[str, int]:
        """How many spans of each kind there ever were, kept or not."""

    @property
    def cells(self) -> Mapping[int, str]:
        """The beginning of each cell's text, by its number in this run."""

    @property
    def sessions(self) -> Mapping[str, str]:
        """What conversations are called, by id."""

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """These columns of all finished spans, by start and then by end."""

    def messages(self, tip: bytes) -> Sequence[MessageRow]:
        """The chain of messages that ends with this hash, oldest first."""


class Frames:
    """Everything that happened, as DataFrames.

    Each frame's `attrs` say its `schema`, whether it is `truncated` (older spans are no
    longer kept), and `rows_total`: how many rows there would be, None where that cannot be
    told. Times are UTC; seconds end in `_s`; money is US dollars; what is not known is NA
    or NaN.

    Args:
        source: What the tracer has.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def calls_df(self) -> DataFrame:
        """One row for each request to a model; `span_id` joins it to the other frames.

        `work_s` is `duration_s` without `wait_s`; `gen_s` goes from the first piece to the
        end; `prompt_chars` and `prompt_preview` are of the last message sent.
        """
        return self._frame(calls_frame, CALLS_NEED, kinds=CALL_KINDS)

    @property
    def tools_df(self) -> DataFrame:
        """One row for each use of a tool; `call_span_id` is the call that asked for it.

        `parallel_peers` counts the others of its batch; `attempt` tells which try came
        through; `args` are JSON.
        """
        return self._frame(tools_frame, TOOLS_NEED, kinds=("tool",))

    @property
    def messages_df(self) -> DataFrame:
        """One row for each message of each call: what was sent (`in`) and what came (`out`).

        `is_new` holds for a message that no earlier call of the conversation had, so
        that those rows alone are the conversation without repeats.
        """
        read = self._source.messages
        return self._frame(lambda columns: messages_frame(columns, read), MESSAGES_NEED)

    @property
    def sessions_df(self) -> DataFrame:
        """One row for each conversation; `wall_s` goes from its first span to its last."""
        titles = self._source.sessions
        return self._frame(lambda columns: sessions_frame(columns, titles), SESSIONS_NEED)

    @property
    def agents_df(self) -> DataFrame:
        """One row for each word from one agent to another."""
        return self._frame(agents_frame, AGENTS_NEED, kinds=("agent",))

    @property
    def spans_df(self) -> DataFrame:
        """One row for everything that happened: what the waterfall is drawn from.

        `start_offset_s` counts from the start of the trace; `self_s` is without what
        stands under it; `depth` is 0 at the top.
        """
        return self._frame(spans_frame, SPANS_NEED, kinds=KINDS)

    @property
    def cells_df(self) -> DataFrame:
        """One row for each run of a cell in which something happened."""
        sources = self._source.cells
        return self._frame(lambda columns: cells_frame(columns, sources), CELLS_NEED)

    @property
    def models_df(self) -> DataFrame:
        """One row for each model, by provider and model: use, speed, cost, failures.

        Times are of answers that came whole and not from a cache, without waiting.
        """
        return self._frame(models_frame, MODELS_NEED)

    @property
    def tool_stats_df(self) -> DataFrame:
        """One row for each tool; `ok_lo` to `ok_hi` is Wilson's 95 % interval of `ok_rate`."""
        return self._frame(tool_stats_frame, TOOL_STATS_NEED)

    def _frame(
        self,
        build: Callable[[Columns], DataFrame],
        names: Sequence[str],
        *,
        kinds: Sequence[str] = (),
    ) -> DataFrame:
        source = self._source
        frame = build(source.columns(names))
        if source.truncated:
            totals = source.totals
            known = sum(totals.get(kind, 0) for kind in kinds) if kinds else None
            # A file may hold other runs' as well, and nobody counted those.
            known = None if known is not None and known < len(frame) else known
            frame.attrs |= {"rows_total": known, "truncated": True}

        return frame
