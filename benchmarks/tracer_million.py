"""`python -m benchmarks.tracer_million [spans]`: what a tracer's memory does over a million spans.

It takes minutes, so it stands by itself: not in the table of `python -m benchmarks`.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tracer import ANSWER, QUESTION, SYSTEM, traced
from mojentic_nb import LLMMessage, TracerSystem

SPANS = 1_000_000
SAMPLES = 10
AT_ONCE = 2_000
# By the third sample the ring and what was said fill their bounds. From then on Python's own
# count of what it holds stays. The process's memory goes up and down by 30 MB: the table of
# what was said is made anew every 180 000 messages, and the allocator keeps old ones a while.
FULL_AT = 3
BLOCKS_BAR = 1.02
GROWTH_BAR_MB = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How it stands after so many spans.

    Attributes:
        blocks: Pieces of memory that Python has given out and not got back.
        rss_mb: What the process holds in memory, in megabytes of 1 000 000 bytes.
        file_mb: What the trace takes on the disk, the same.
        cpu_s: CPU seconds since the first span.
    """

    spans: int
    blocks: int
    rss_mb: float
    file_mb: float
    cpu_s: float


def samples(spans: int = SPANS) -> Iterator[Sample]:
    """Trace so many calls into a file; a sample at every tenth."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        tracer, began = TracerSystem(store=path), time.process_time()
        for number in range(1, spans + 1):
            said = (SYSTEM, LLMMessage.user(f"{number}: {QUESTION}"))
            traced(tracer, said, f"{number}: {ANSWER}")
            if number % AT_ONCE == 0:
                tracer.flush()
            if number % (spans // SAMPLES) == 0:
                tracer.flush()
                size = sum(file.stat().st_size for file in Path(folder).iterdir())
                cpu_s = time.process_time() - began
                gc.collect()
                yield Sample(number, sys.getallocatedblocks(), _rss_mb(), size / 1e6, cpu_s)
        lost = {name: tracer.stats()[name] for name in ("dropped", "dropped_content", "trouble")}
        assert not any(lost.values()), lost
        tracer.close()


def _rss_mb() -> float:
    with Path("/proc/self/status").open() as status:
        (line,) = [line for line in status if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024 / 1e6


def main(spans: int) -> int:
    """Print each sample as it comes; 1 where memory grew."""
    print("| spans | blocks | memory, MB | file, MB | CPU, s |\n|--:|--:|--:|--:|--:|")
    found: list[Sample] = []
    for one in samples(spans):
        found.append(one)
        print(
            f"| {one.spans:,} | {one.blocks:,} | {one.rss_mb:.1f} | {one.file_mb:.1f}"
            f" | {one.cpu_s:.1f} |",
            flush=True,
        )

    full, last = found[FULL_AT - 1], found[-1]
    ratio, grown = last.blocks / full.blocks, last.rss_mb - full.rss_mb
    print(f"\nfrom {full.spans:,} on: blocks {ratio:.3f}, at most {BLOCKS_BAR}")
    print(f"memory {grown:+.1f} MB, at most {GROWTH_BAR_MB:.0f}")
    return 1 if ratio > BLOCKS_BAR or grown > GROWTH_BAR_MB else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SPANS))
