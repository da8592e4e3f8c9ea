"""The tracer: what a notebook did with models, to be looked at.

Law: a listener of brokers and a view of what it heard. It raises where somebody asks it for
something impossible, never where a model is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.events import Envelope
from mojentic_nb.tracer.choice import chosen
from mojentic_nb.tracer.conversation import Conversation
from mojentic_nb.tracer.event_store import EventStore
from mojentic_nb.tracer.exports import Exports
from mojentic_nb.tracer.finished import Finished
from mojentic_nb.tracer.handle import SpanHandle, opened, wrapped
from mojentic_nb.tracer.keeping import Capture, Keeping, StorePath
from mojentic_nb.tracer.live import LiveCalls
from mojentic_nb.tracer.picture import Picture, picture_of
from mojentic_nb.tracer.recorder import Recorder
from mojentic_nb.tracer.recording import Recording
from mojentic_nb.tracer.rows import MessageRow
from mojentic_nb.tracer.span import Span

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from mojentic_nb.tracer.plots import Plots
    from mojentic_nb.tracer.replaying import Replayed
    from mojentic_nb.tracer.store import Store

__all__ = ["NullTracer", "TracerSystem", "null_tracer"]

P = ParamSpec("P")
T = TypeVar("T")


class TracerSystem(Exports):
    """Hears brokers, keeps every call and tool as a span, and shows them.

    Hand it to a broker (`LLMBroker(…, tracer=tracer)`); in a notebook with the magics one
    is there already (`mojentic_nb.current_tracer()`) and hears every broker without its own.

    Args:
        event_store: Gets Mojentic's events at once, in the caller's thread, a call's as it
            begins; by default they are made of the spans when somebody reads them.
        enabled: Whether it listens.
        store: Where spans are kept besides memory: a path of an SQLite file, `"auto"` for
            `./.mojentic/trace.db`, `":memory:"`, or None.
        ring: How many spans stay in memory.
        capture: What is kept of conversations: `full`, `text`, or `none`.
        redact: What to take out of text besides secrets: patterns, or functions
            `(text, where) -> text`.
        sample: Share of traces whose words are kept, 0 to 1; numbers always are.

    Attributes:
        enabled: Whether it listens now.
        event_store: Mojentic's events.
        autoshow: What a notebook shows after each cell: `""`, `summary` or `tree`.

    Raises:
        BadArgument: A setting makes no sense.
    """

    wants_pieces = False

    def __init__(
        self,
        event_store: EventStore | None = None,
        enabled: bool = True,
        *,
        store: StorePath = None,
        ring: int = 5_000,
        capture: Capture = "full",
        redact: Any = (),
        sample: float = 1.0,
    ) -> None:
        self.enabled = enabled
        self.autoshow = ""
        self._is_live = event_store is not None
        self.event_store = event_store or EventStore(max_events=2 * ring)
        self._keeping = Keeping(
            store,
            ring=ring,
            capture=capture,
            redact=redact,
            sample=sample,
            on_span=self._told,
        )
        super().__init__(self._keeping)
        self._recording = Recording(
            self._take,
            store=self.event_store.store,
            scrub=self._keeping.scrubber.value,
            keeps_content=capture != "none",
        )
        self._live = LiveCalls(self.event_store.store, self._read)
        self._recorder = Recorder(self._take, begin=self._live.begin if self._is_live else None)

    def __call__(self, envelope: Envelope) -> None:
        """Hear an event of a broker."""
        if self.enabled:
            self._recorder(envelope)

    def _take(self, done: Finished) -> None:
        intake = self._keeping.intake
        intake.take(done)
        if self._is_live:
            intake.drain()

    def _read(self, messages: tuple[Any, ...], trace_id: str) -> Conversation:
        self._keeping.scrubber.read_environment()
        return self._recording.conversation(messages, keeps=self._keeping.keeps(trace_id))

    def _told(self, span: Span) -> None:
        if not self._recording.has_told(span.span_id):
            find = self._keeping.message
            has_begun = self._live.has_begun(span, find)
            self.event_store.store_span(span, find=find, has_begun=has_begun)

    def __repr__(self) -> str:
        told = [self.summary()]
        keeping, lost = self._keeping, self.stats()["dropped"]
        if keeping.truncated:
            there_were = keeping.totals.total()
            kept = there_were - keeping.gone
            told.append(f"the last {kept:,} of {there_were:,} spans; pass store=… to keep all")
        told += [self.path] if self.path else []
        told += [f"{lost:,} dropped"] if lost else []
        return f"TracerSystem({' · '.join(told)})"

    def clear(self) -> None:
        """Forget everything, in memory and in the file."""
        self._keeping.clear()
        self.event_store.clear()

    # keeping ----------------------------------------------------------------

    @property
    def path(self) -> str:
        """The file it keeps, as long as that works; empty for none."""
        return str(self._keeping.path or "") if self._keeping.store is not None else ""

    def keep_in(self, store: StorePath) -> None:
        """Go on in another file, or in none; what is in memory goes there, too.

        Raises:
            TraceError: The file cannot be used; all stays as it was.
        """
        self._keeping.keep_in(store)

    @property
    def capture(self) -> Capture:
        """What is kept of conversations from now on."""
        return self._keeping.content.capture

    @capture.setter
    def capture(self, capture: Capture) -> None:
        self._keeping.intake.drain()  # what was said until now is kept as it was to be
        self._keeping.content.capture = capture
        self._recording.keeps_content = capture != "none"

    def flush(self, timeout: float | None = None) -> bool:
        """Write out all that is over; whether it was done within so many seconds.

        Calls told by hand whose answer was not told are closed as abandoned.
        """
        self._recording.flush()
        return self._keeping.intake.flush(timeout)

    def stats(self) -> dict[str, Any]:
        """How it fares: spans taken, dropped, open and no longer kept; what ails the file."""
        intake = self._keeping.intake
        return {
            "spans": intake.taken,
            "open": len(self._recorder) + len(self._recording),
            "dropped": intake.dropped + self._recording.dropped,
            "dropped_content": intake.dropped_content,
            "gone": self._keeping.gone,
            "path": self.path,
            "trouble": intake.trouble,
        }

    def prune(self, older_than: Any = None, *, max_mb: float | None = None) -> int:
        """Take old spans out of the file: `older_than="30d"`, or until it is small enough.

        Returns:
            How many.

        Raises:
            TraceError: There is no file.
        """
        return self._file().prune(older_than, max_mb)

    def vacuum(self) -> None:
        """Give back the room in the file that nothing uses any more."""
        self._file().vacuum()

    def attach(self, path: Any) -> int:
        """Take in another trace's file; spans that are there already stay as they are.

        Returns:
            How many were new.
        """
        return self._file().attach(path)

    def close(self) -> None:
        """Write out what is left and let go of the file."""
        self.flush(5.0)
        self._keeping.intake.close()

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> DataFrame:
        """Ask the file in SQL: tables `span`, `message`, …, views `v_calls`, `v_tools`.

        Raises:
            TraceError: There is no file, or SQLite does not understand; it is only read.
        """
        import pandas

        names, rows = self._file().sql(query, parameters)
        return pandas.DataFrame.from_records(rows, columns=list(names))

    def _file(self) -> Store:
        self._keeping.intake.drain()
        if self._keeping.store is None:
            raise TraceError(
                "This tracer keeps no file.",
                hint='Make it with TracerSystem(store=":memory:"), a path, or "auto".',
            )

        return self._keeping.store

    # by hand ----------------------------------------------------------------

    def span(
        self, name: str, kind: str = "span", **attrs: Any
    ) -> AbstractContextManager[SpanHandle]:
        """A block of your own: what is called in it stands under it in the picture.

            with tracer.span("load the data"):
                ...

        Raises:
            BadArgument: There is no such kind.
        """
        take = self._take if self.enabled else lambda _: None
        return opened(take, name, kind, attrs)

    @staticmethod
    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        """A function for a thread of your own that knows where it was wrapped."""
        return wrapped(function)

    def name_session(self, session_id: str, *, title: str) -> None:
        """Call a conversation something in `sessions_df`."""
        self._keeping.name_session(session_id, title)

    def note_cell(self, number: int, *, source: str) -> None:
        """Remember how a cell begins, for `cells_df`."""
        self._keeping.note_cell(number, source)

    # looking ----------------------------------------------------------------

    def spans(
        self, *, trace: str | None = None, cell: int | None = None, session: str | None = None
    ) -> list[Span]:
        """The spans of this run, or of a trace, a cell (-1: the last) or a session.

        Raises:
            BadArgument: There is none such.
        """
        known: dict[str, Any] = {
            "cell_exec": self._last_cell() if cell == -1 else cell,
            "session_id": session,
        }
        of = {name: value for name, value in known.items() if value is not None}
        return chosen(self._keeping.spans(**of), trace=trace, cell=cell, session=session)

    def _last_cell(self) -> int | None:
        cells = (span.cell_exec for span in self._keeping.recent())
        return max((cell for cell in cells if cell is not None), default=None)

    def messages(self, tip: bytes) -> list[MessageRow]:
        """What was said up to a span's `in_tip` or `out_tip`, oldest first, as far as kept."""
        return self._keeping.messages(tip)

    def waterfall(self, *, stable: bool = False, **which: Any) -> Picture:
        """Everything in time, one row each; `trace=`, `cell=` or `session=` choose."""
        return picture_of(self.spans(**which), stable=stable)

    def tree(self, *, stable: bool = False, **which: Any) -> Picture:
        """Everything as a tree, what it was told and what it answered."""
        return picture_of(self.spans(**which), shape="tree", stable=stable)

    def show(self, *, stable: bool = False, **which: Any) -> Picture:
        """The last cell, or what is named: a waterfall, or where stable a tree without times."""
        return self.waterfall(stable=stable, **(which or self._last()))

    def _last(self) -> dict[str, Any]:
        if self._last_cell() is not None:
            return {"cell": -1}

        recent = self._keeping.recent()
        return {"trace": recent[-1].trace_id} if recent else {}

    def summary(self, **which: Any) -> str:
        """One line: calls, tools, seconds, tokens, dollars."""
        return picture_of(self.spans(**which)).summary

    def replay(self, call: str = "", *, model: Any = None) -> Replayed:
        """Make a traced call again, as it was sent, and show what differs.

        Args:
            call: Its span id; the last call of a model where none is named.
            model: Another model's name, or a broker; the same model by default.

        Raises:
            BadArgument: There is no such call.
            TraceError: What it was asked is not kept.
        """
        from mojentic_nb.tracer.replaying import asked_again

        calls = [span for span in self._keeping.spans(everything=True) if span.kind == "llm"]
        named = [span for span in calls if not call or span.span_id == call]
        if not named:
            raise BadArgument(f"call={call!r}: no such call was traced.", hint="See calls_df.")

        span = named[-1]
        sent = self._keeping.messages(span.in_tip) if span.in_tip else []
        answer = self._keeping.message(span.out_tip) if span.out_tip else None
        return asked_again(span, sent, answer.text if answer else "", model=model)

    @property
    def plot(self) -> Plots:
        """Charts: `tracer.plot.latency()` and its kin."""
        from mojentic_nb.tracer.plots import Plots

        return Plots(self)

    def dashboard(self) -> Figure:
        """Six charts of everything."""
        return self.plot.dashboard()


class NullTracer(TracerSystem):
    """A tracer that hears nothing and keeps nothing; it cannot be enabled."""

    hears_nothing = True

    def __init__(self) -> None:
        super().__init__(enabled=False, ring=1)

    def __repr__(self) -> str:
        return "NullTracer()"

    def enable(self) -> None:
        """Nothing: whoever wants to listen takes a `TracerSystem`."""


null_tracer = NullTracer()
