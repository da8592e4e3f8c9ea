"""`python -m benchmarks`: the whole table, beside the peers, in one run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.batch import batch_rows
from benchmarks.batch_dask import dask_rows
from benchmarks.bench import Row
from benchmarks.chat import conversations
from benchmarks.crowds import crowds
from benchmarks.notebook import notebook
from benchmarks.objects import growing_objects
from benchmarks.policies import policies
from benchmarks.replays import replays
from benchmarks.starts import starts
from benchmarks.statistics import statistics_rows
from benchmarks.streams import first_chunks, small_calls, streamed_chunks
from benchmarks.tools import tool_rows
from benchmarks.tracer import tracer_rows


@contextmanager
def server() -> Iterator[str]:
    """The loopback server in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.loopback", "--port", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    rows = [*starts(), *growing_objects(), *tool_rows(), *tracer_rows(), *statistics_rows()]
    with server() as url:
        for measure in (
            streamed_chunks,
            small_calls,
            first_chunks,
            crowds,
            replays,
            policies,
            conversations,
            batch_rows,
            dask_rows,
            notebook,
        ):
            rows += measure(url)

    print(table(rows))
    return 1 if any(row.verdict == "SHORT" for row in rows) else 0


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | who | each | ratio | bar | |", "|---|---|--:|--:|--:|---|"]
    for row in rows:
        bar = f"{row.bar:.2f}" if row.bar else ""
        lines.append(
            f"| {row.what} | {row.name} | {row.each} | {row.ratio:.2f} | {bar} | {row.verdict} |"
        )

    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
