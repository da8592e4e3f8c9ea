"""Who stands under whom: depth, own time, and which call asked for a tool.

Law: pure Python over columns of spans by start; no pandas. A parent that is not there
(older than what is kept, or of another process) ends the way up, and a loop in foreign
data ends it too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from mojentic_nb.tracer.columns import Columns
from mojentic_nb.tracer.span import CALL_KINDS
from mojentic_nb.tracer.statistics import own_time

__all__ = ["calls_of_tools", "depths", "kinds_of_parents", "own_times", "stand_in_tools"]


def places_of(span_ids: Sequence[str]) -> dict[str, int]:
    """The place of each span in its column."""
    return {span_id: place for place, span_id in enumerate(span_ids)}


def depths(columns: Columns) -> list[int]:
    """How many spans stand above each one."""
    parents, at = columns["parent_id"], places_of(columns["span_id"])
    known = [-1] * len(parents)
    for place in range(len(parents)):
        way: list[int] = []
        here: int | None = place
        while here is not None and known[here] < 0:
            known[here] = 0
            way.append(here)
            here = at.get(parents[here])

        depth = -1 if here is None else known[here]
        for step in reversed(way):
            depth += 1
            known[step] = depth

    return known


def kinds_of_parents(columns: Columns, parents: Sequence[str]) -> list[str | None]:
    """The kind of each of these spans, by id; None of one that is not there."""
    kinds = dict(zip(columns["span_id"], columns["kind"], strict=True))
    return list(map(kinds.get, parents))


def own_times(columns: Columns) -> list[int]:
    """Nanoseconds each span worked itself, without what its children cover together.

    A batch covers its tools, whether they stand under it or beside it.
    """
    starts, ends = columns["start_ns"], columns["end_ns"]
    children: dict[str, list[tuple[int, int]]] = {}
    for place, span_id in enumerate(columns["span_id"]):
        above = {columns["parent_id"][place], columns["batch_id"][place]} - {"", span_id}
        for parent in above:
            children.setdefault(parent, []).append((starts[place], ends[place]))

    return [
        own_time(start, end, children.get(span_id, ()))
        for span_id, start, end in zip(columns["span_id"], starts, ends, strict=True)
    ]


def stand_in_tools(columns: Columns) -> list[bool]:
    """Whether each span stands under a tool: what an expert did inside of it."""
    parents, kinds = columns["parent_id"], columns["kind"]
    at = places_of(columns["span_id"])
    known: list[bool | None] = [None] * len(parents)
    for place in range(len(parents)):
        way: list[int] = []
        here, inside = place, False
        while known[here] is None:
            known[here] = False
            way.append(here)
            above = at.get(parents[here])
            if above is None or kinds[above] == "tool":
                inside = above is not None
                break
            here = above
        else:
            inside = bool(known[here])

        for step in way:
            known[step] = inside

    return [bool(inside) for inside in known]


def calls_of_tools(columns: Columns, places: Sequence[int]) -> list[str | None]:
    """The call that asked for the tool at each of these places; None where nobody did.

    That is the call around it, or else the last one before it that stands beside it, or
    beside what it stands in, and that asked for tools. A tool that another tool's own
    code used was asked for by no call.
    """
    asked = _asking_calls(columns)
    at = places_of(columns["span_id"])
    found = [_call_of(columns, asked, at, place) for place in places]
    ids = columns["span_id"]
    return [None if call is None else ids[call] for call in found]


# Places of calls by what they stand under: a span's id, or at the top the trace itself.
Beside = dict[tuple[str, str], list[int]]


def _asking_calls(columns: Columns) -> Beside:
    asked: Beside = {}
    tool_calls = columns["n_tool_calls"]
    for place, kind in enumerate(columns["kind"]):
        if kind in CALL_KINDS and tool_calls[place] != 0:
            asked.setdefault(_level(columns, place), []).append(place)

    return asked


def _level(columns: Columns, place: int) -> tuple[str, str]:
    parent = columns["parent_id"][place]
    return ("", parent) if parent else (columns["trace_id"][place], "")


def _call_of(columns: Columns, asked: Beside, at: dict[str, int], tool: int) -> int | None:
    here, passed = tool, {tool}
    while True:
        # By place and not by time: a frozen clock gives every span the same one.
        beside = asked.get(_level(columns, here), [])
        before = bisect_left(beside, tool)
        if before:
            return beside[before - 1]

        above = at.get(columns["parent_id"][here])
        if above is None or above in passed or columns["kind"][above] == "tool":
            return None

        if columns["kind"][above] in CALL_KINDS:
            return above

        passed.add(above)
        here = above
