"""What calling a tool costs, what eight slow ones cost together, and what looking around does."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.bench import Row
from mojentic_nb import tool, tools
from mojentic_nb.tools.runners import AsyncParallelToolRunner
from mojentic_nb.tools.toolbox import Toolbox

CALL_BAR_S = 30e-6
SEARCH_BAR_S = 1e-3
TOGETHER_BAR_S = 0.15
ROUNDS = 7


@tool
def add(first: int, second: int, note: str = "") -> int:
    """Add two numbers."""
    return first + second


@tool
def slow(at: int) -> int:
    """Take a tenth of a second."""
    time.sleep(0.1)
    return at


def tool_rows() -> list[Row]:
    """A checked call, eight at once, and a search."""
    box = Toolbox([add])
    eight = Toolbox([slow], runner=AsyncParallelToolRunner(8))
    calls = [("slow", {"at": place}) for place in range(8)]
    return [
        _row(
            "tool call, checked, at most 30 µs",
            "add",
            _least(lambda: box.call("add", first=1, second=2), 2000),
            CALL_BAR_S,
        ),
        _row(
            "eight tools of 100 ms, at most 150 ms",
            "together",
            _least(lambda: eight.call_all(calls), 1, clock=time.perf_counter),
            TOGETHER_BAR_S,
        ),
        _row(
            "search of the tools, at most 1 ms",
            "csv",
            _least(lambda: tools.search("csv"), 200),
            SEARCH_BAR_S,
        ),
    ]


def _least(
    run: Callable[[], object], count: int, *, clock: Callable[[], float] = time.process_time
) -> float:
    run()
    best = float("inf")
    for _ in range(ROUNDS):
        began = clock()
        for _ in range(count):
            run()
        best = min(best, (clock() - began) / count)

    return best


def _row(what: str, name: str, seconds: float, bar_s: float) -> Row:
    return Row(what, name, seconds, seconds / bar_s, 1.0)
