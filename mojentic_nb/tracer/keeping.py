"""Where a tracer's spans are kept, and how they are found again.

Law: one source for frames, pictures and exports. What is finished is there at once, stored
or not: whoever reads writes out first. A file that fails is let go of, once, with a word.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mojentic_nb import ids
from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.tracer.assembly import Assembly
from mojentic_nb.tracer.content import Content
from mojentic_nb.tracer.finished import now_ns
from mojentic_nb.tracer.intake import Intake
from mojentic_nb.tracer.rows import Batch, MessageRow, RunRow, SessionRow
from mojentic_nb.tracer.scrubbing import Scrubber
from mojentic_nb.tracer.span import Span
from mojentic_nb.tracer.store import Store

__all__ = ["AUTO_PATH", "Capture", "Keeping", "StorePath"]

Capture = Literal["full", "text", "none"]
StorePath = str | os.PathLike[str] | None

AUTO_PATH = Path(".mojentic") / "trace.db"


class Keeping:
    """The ring, the file and what was said.

    Args:
        store: A path, `"auto"` for `./.mojentic/trace.db`, `":memory:"`, or None for none.
        ring: How many spans stay in memory.
        capture: `full`, `text` (no images' hashes, no thinking), or `none` (numbers alone).
        redact: What else to take out of text: patterns, or functions `(text, where)`.
        sample: Share of traces whose words are kept, 0 to 1; numbers always are.
        on_span: Told of every span as it is written out.

    Raises:
        BadArgument: A setting makes no sense.
    """

    def __init__(
        self,
        store: StorePath = None,
        *,
        ring: int = 5_000,
        capture: Capture = "full",
        redact: Any = (),
        sample: float = 1.0,
        on_span: Callable[[Span], None] | None = None,
    ) -> None:
        if not 0.0 <= sample <= 1.0:
            raise BadArgument(f"sample={sample!r} is no share.", hint="Give 0 to 1.")
        if ring < 1:
            raise BadArgument(f"ring={ring!r}: at least one span is kept.")

        self.run_id = ids.correlation_id()
        self.scrubber = Scrubber(redact)
        self.content = Content(self.scrubber, capture=capture)
        self._below = int(sample * 2**32)
        self.totals: Counter[str] = Counter()
        self._gone = 0
        self._titles: dict[str, str] = {}
        self._foreign: dict[bytes, MessageRow] = {}
        self.cells: dict[int, str] = {}
        self._on_span = on_span
        assembly = Assembly(self.run_id, self.scrubber, self.content, keeps=self.keeps)
        self.intake = Intake(
            assembly,
            self.content,
            ring=ring,
            store=None,
            run=_this_run(self.run_id),
            on_span=self._count,
            before=self.scrubber.read_environment,
        )
        self.path = _path_of(store)
        if self.path is not None:
            self._open(self.path)

    def _open(self, path: str | Path) -> None:
        try:
            self.intake.store = Store(path)
        except TraceError as problem:
            told = f"{problem.message} The trace is kept in memory. {problem.hint}"
            self.intake.lose_store(told)

    def keep_in(self, store: StorePath) -> None:
        """Go on in another file, or in none; what is in memory goes there, too.

        Raises:
            TraceError: The file cannot be used; all stays as it was.
        """
        path = _path_of(store)
        if path != self.path or (path is not None and self.store is None):
            opened = None if path is None else Store(path)
            named = [SessionRow(*one, now_ns()) for one in self._titles.items()]
            gone = self.gone
            self.intake.change_store(opened, _this_run(self.run_id), named)
            self.path, self._gone = path, gone

    def keeps(self, trace_id: str) -> bool:
        """Whether what was said in a trace is kept, all of it or none, in every process."""
        return int(trace_id[:8] or "0", 16) < self._below

    def _count(self, span: Span) -> None:
        self.totals[span.kind] += 1
        if self._on_span is not None:
            self._on_span(span)

    @property
    def store(self) -> Store | None:
        """The file, while it works."""
        return self.intake.store

    # reading ----------------------------------------------------------------

    @property
    def truncated(self) -> bool:
        """Whether older spans are no longer kept."""
        return self.gone > 0

    @property
    def gone(self) -> int:
        """How many spans of this run are no longer kept."""
        self.intake.drain()
        if self.store is not None:
            return self._gone

        return max(0, self.totals.total() - len(self.intake.ring))

    @property
    def sessions(self) -> Mapping[str, str]:
        """What conversations are called, by id."""
        return dict(self._titles)

    def name_session(self, session_id: str, title: str) -> None:
        """Call a conversation something."""
        self._titles[session_id] = title = self.scrubber.text(title, "title")
        self.intake.add_session(SessionRow(session_id, title, now_ns()))

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """These columns of all finished spans, by start and then by end."""
        self.intake.drain()
        store = self.store
        if store is not None:
            try:
                return store.columns(names)
            except TraceError as problem:
                self.intake.lose_store(f"{problem.message} The trace goes on in memory.")

        spans = self.recent()
        return {name: [getattr(span, name) for span in spans] for name in names}

    def spans(self, *, everything: bool = False, **of: Any) -> list[Span]:
        """The spans of this run, or all there are in the file, by start.

        Args:
            everything: Those of other runs, too.
            **of: What columns of theirs are equal to; what is in memory besides may come too.
        """
        self.intake.drain()
        store = self.store
        if store is None or not (everything or self._is_beyond(of.get("cell_exec"))):
            return self.recent()

        of = of if everything else {"run_id": self.run_id, **of}
        where = " AND ".join(f"{name} = ?" for name in of)
        try:
            found = store.spans(where, tuple(of.values()))
        except TraceError as problem:
            self.intake.lose_store(f"{problem.message} The trace goes on in memory.")
            return self.recent()

        return found if everything else _latest([*found, *self.intake.ring])

    def _is_beyond(self, cell: int | None) -> bool:
        """Whether spans of this run, or of one of its cells, are in the file alone."""
        ring = self.intake.ring
        if self.totals.total() <= len(ring):
            return False

        # Cells come one after another: whoever finds an earlier one has all of this one.
        first = ring[0].cell_exec if ring else None
        return cell is None or first is None or first >= cell

    def recent(self) -> list[Span]:
        """The spans in memory, by start."""
        self.intake.drain()
        return _latest(list(self.intake.ring))

    def message(self, digest: bytes) -> MessageRow | None:
        """A message by its hash; None where it is no longer kept."""
        return self.content.message(digest) or self._elsewhere(digest)

    def _elsewhere(self, digest: bytes) -> MessageRow | None:
        store = self.store
        return self._foreign.get(digest) or (None if store is None else store.message(digest))

    def messages(self, tip: bytes) -> list[MessageRow]:
        """The chain of messages that ends with this hash, oldest first."""
        return self.content.messages(tip, self._elsewhere)

    def add(self, batch: Batch) -> int:
        """Take in a trace from elsewhere; how many spans."""
        store = self.store
        if store is None:
            self._foreign.update({row.hash: row for row in batch.messages})
        else:
            store.write(Batch(messages=batch.messages, blobs=batch.blobs))
        for span in batch.spans:
            self.intake.take(span)
        self.intake.drain()
        return len(batch.spans)

    def note_cell(self, number: int, source: str) -> None:
        """Remember how a cell begins."""
        self.cells[number] = self.scrubber.text(source[:800], "cell")[:200]

    def clear(self) -> None:
        """Forget everything, in memory and in the file."""
        self.totals.clear()
        self._gone = 0
        self.cells.clear()
        self._foreign.clear()
        self.intake.clear()


def _latest(spans: Iterable[Span]) -> list[Span]:
    # A replay may bring a span back; the last one holds, as in the file.
    latest = {span.span_id: span for span in spans}
    return sorted(latest.values(), key=lambda span: (span.start_ns, span.end_ns))


def _path_of(store: StorePath) -> str | Path | None:
    if store is None or store == ":memory:":
        return store if store is None else ":memory:"
    if store == "auto":
        return AUTO_PATH.absolute()
    given: Any = store
    if isinstance(given, str | os.PathLike) and str(given):
        return Path(given).expanduser().absolute()

    raise BadArgument(
        f"store={store!r} is no place for a trace.",
        hint='Give a path, "auto", ":memory:", or None.',
    )


def _this_run(run_id: str) -> RunRow:
    versions = {"python": platform.python_version()}
    for name in ("mojentic_nb", "IPython", "ipykernel", "pandas"):
        module = sys.modules.get(name)
        if module is not None:
            versions[name] = str(getattr(module, "__version__", ""))

    notebook = os.environ.get("JPY_SESSION_NAME", "")
    return RunRow(run_id, now_ns(), platform.node(), os.getpid(), notebook, json.dumps(versions))
