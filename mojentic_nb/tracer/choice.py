"""Which spans somebody means: a trace, a cell, a session, a call, or all.

Law: pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.span import Span

__all__ = ["chosen"]

_KNOWN = 5


def chosen(
    spans: Sequence[Span],
    *,
    trace: str | None = None,
    cell: int | None = None,
    session: str | None = None,
) -> list[Span]:
    """The spans of a trace, a cell or a session; all of them where none is named.

    Args:
        spans: To choose from.
        trace: A trace id, a correlation id, or the id of any span in it.
        cell: An execution count; -1 for the last cell in which anything was traced.
        session: A session's id.

    Raises:
        BadArgument: There is none such; some that are there are named.
    """
    found = list(spans)
    if cell is not None:
        found = _of_cell(found, cell)
    if session is not None:
        kept = [span for span in found if span.session_id == session]
        found = _there(kept, f"session={session!r}", _few(span.session_id for span in found))
    if trace is not None:
        found = _of_trace(found, trace)

    return sorted(found, key=lambda span: (span.start_ns, span.seq))


def _of_cell(spans: list[Span], cell: int) -> list[Span]:
    of_cells = [span for span in spans if span.cell_exec is not None]
    if cell == -1:
        return _of_last_cell(of_cells)

    kept = [span for span in of_cells if span.cell_exec == cell]
    return _there(kept, f"cell={cell!r}", _few(str(span.cell_exec) for span in of_cells))


def _of_last_cell(of_cells: list[Span]) -> list[Span]:
    if not of_cells:
        return []

    # Every run counts its cells anew, and a file holds many runs.
    last = max(of_cells, key=lambda span: span.start_ns)
    cell = (last.run_id, last.cell_exec)
    return [span for span in of_cells if (span.run_id, span.cell_exec) == cell]


def _of_trace(spans: list[Span], trace: str) -> list[Span]:
    ids = {
        span.trace_id
        for span in spans
        if trace in (span.trace_id, span.span_id, span.correlation_id)
    }
    kept = [span for span in spans if span.trace_id in ids]
    return _there(kept, f"trace={trace!r}", _few(span.correlation_id for span in spans))


def _few(names: object) -> str:
    known = list(dict.fromkeys(name for name in names if name))  # type: ignore[attr-defined]
    return ", ".join(known[-_KNOWN:])


def _there(kept: list[Span], asked: str, known: str) -> list[Span]:
    if kept:
        return kept

    hint = f"There are, among others: {known}." if known else "Nothing of the kind was traced."
    raise BadArgument(f"{asked}: nothing was traced there.", hint=hint)
