"""`%cost`: what the calls of this run came to, by model, cell or conversation.

Law: sums of what was traced, each call at the price it had then. A price nobody knows is an
en dash where it stands alone, and is told of where it is missing from a sum: never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import read_around
from mojentic_nb.magics.asking import Desk
from mojentic_nb.magics.costs import left
from mojentic_nb.magics.names import bind, check_name
from mojentic_nb.magics.options import COST
from mojentic_nb.magics.publishing import publish, table
from mojentic_nb.magics.tracing import wish_of
from mojentic_nb.tracer.span import Span
from mojentic_nb.tracer.system import TracerSystem
from mojentic_nb.views import numbers
from mojentic_nb.views.bars import EMPTY

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["cost"]

_LONGEST_SOURCE = 40


@dataclass(frozen=True, kw_only=True)
class Sum:
    """What some calls came to.

    Attributes:
        name: What they have in common.
        unknown: How many were answered at a price that nobody knows.
    """

    name: Any
    calls: int
    tokens_in: int | None
    tokens_out: int | None
    dollars: float | None
    unknown: int

    @classmethod
    def of(cls, name: Any, spans: Sequence[Span]) -> Sum:
        """Add calls up."""
        known = [one.cost for one in spans if one.cost is not None]
        return cls(
            name=name,
            calls=len(spans),
            tokens_in=_total(one.input_tokens for one in spans),
            tokens_out=_total(one.output_tokens for one in spans),
            dollars=sum(known) if known else None,
            unknown=sum(one.cost is None and one.status == "ok" for one in spans),
        )

    @property
    def row(self) -> tuple[Any, ...]:
        """As it stands in the table."""
        tokens = numbers.tokens(self.tokens_in), numbers.tokens(self.tokens_out)
        return str(self.name), self.calls, *tokens, numbers.dollars(self.dollars)


def _total(counts: Iterable[int | None]) -> int | None:
    known = [one for one in counts if one is not None]
    return sum(known) if known else None


def cost(desk: Desk, tracer: TracerSystem, line: str) -> None:
    """Show what was spent; `-o` keeps it as a DataFrame.

    Raises:
        BadArgument: The line cannot be read.
    """
    read = read_around(line, COST, magic="%cost")
    wish = wish_of(read)
    check_name(wish.out, desk.shell.user_ns)
    if read.rest:
        raise BadArgument(f"%cost {read.rest}: only flags are taken.", hint="%cost? shows them.")

    by = wish.by or "model"
    calls = [span for span in tracer.spans() if span.is_call]
    sums = _sums(calls, by)
    if wish.out:
        bind(desk.shell, wish.out, _frame(sums, by))
    if not wish.quiet:
        _show(desk, sums, Sum.of("total", calls), by, gone=tracer.stats()["gone"])


def _sums(calls: Sequence[Span], by: str) -> list[Sum]:
    name_of: Callable[[Span], Any] = {
        "model": _model,
        "cell": lambda span: span.cell_exec,
        "session": lambda span: span.session_id or None,
    }[by]
    groups: dict[Any, list[Span]] = {}
    for span in calls:
        groups.setdefault(name_of(span), []).append(span)

    sums = [Sum.of(name, spans) for name, spans in groups.items()]
    # Cells and conversations as they came; of models the dearest first.
    return sums if by != "model" else sorted(sums, key=lambda one: -(one.dollars or 0))


def _frame(sums: Sequence[Sum], by: str) -> DataFrame:
    from pandas import DataFrame

    kinds = {
        by: "Int64" if by == "cell" else "string",
        **dict.fromkeys(("calls", "input_tokens", "output_tokens"), "Int64"),
        "cost": "float64",
    }
    rows = [(one.name, one.calls, one.tokens_in, one.tokens_out, one.dollars) for one in sums]
    return DataFrame(rows, columns=list(kinds)).astype(kinds)


def _show(desk: Desk, sums: Sequence[Sum], total: Sum, by: str, *, gone: int) -> None:
    budget = left(desk.session.budget)
    if not sums:
        told = f"{EMPTY}{f' ({budget})' if budget else ''}"
        publish({"text/markdown": told, "text/plain": told})
        return

    called = _names(desk, by)
    rows = [(called(one.name), *one.row[1:]) for one in sums]
    notes = [f"budget: {budget}"] if budget else []
    if total.unknown:
        calls = "1 call has" if total.unknown == 1 else f"{total.unknown:,} calls have"
        notes.append(f"{calls} no known price")

    if gone:
        notes.append(f"without {gone:,} older spans; %trace store auto keeps all from then on")

    columns = ({"session": "conversation"}.get(by, by), "calls", "tokens in", "tokens out", "cost")
    table(columns, [*rows, total.row], caption=" · ".join(notes))


def _names(desk: Desk, by: str) -> Callable[[Any], str]:
    """How a cell or a conversation is told."""
    if by == "model":
        return lambda name: name or numbers.UNKNOWN  # told by hand, without one
    if by == "session":
        titles = desk.session.titles
        return lambda name: "none" if name is None else titles.get(name, name)

    typed = list(getattr(desk.shell.history_manager, "input_hist_raw", None) or [])

    def cell(number: int | None) -> str:
        if number is None:
            return "none"

        lines = typed[number].strip().splitlines() if number < len(typed) else []
        line = next((one for one in lines if one.strip()), "")
        short = line if len(line) <= _LONGEST_SOURCE else f"{line[: _LONGEST_SOURCE - 1]}…"
        return f"[{number}] {short}".rstrip()

    return cell


def _model(span: Span) -> str:
    """A model with its provider, unless they are one."""
    is_one = span.provider == span.model
    return span.model if is_one else f"{span.provider}:{span.model}".strip(":")
