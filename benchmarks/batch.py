"""Many prompts at once: CPU of a row, memory, and how near the ideal rate, beside others.

Peers run in their own interpreter where `BATCH_PEERS` names one (`pip install chatlas
litellm langchain-openai`); without it, those that are installed here.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp

from benchmarks.bench import Row, Subject, beside
from benchmarks.streams import body
from mojentic_nb import LLMBroker, LLMMessage, OpenAIGateway
from mojentic_nb.background import wait_for
from mojentic_nb.batch.asking import batch
from mojentic_nb.batch.running import run
from mojentic_nb.batch.task import Keys, Task

ROWS = 10_000
AT_ONCE = 64
SLOW_MS = 200
SLOW_ROWS = AT_ONCE * 20
TIMES_BARE, PLUS_S = 1.5, 60e-6
IDEAL_SHARE = 0.95


def prompts(count: int) -> list[str]:
    return [f"Is {number} a prime?" for number in range(count)]


def broker(url: str, model: str = "small") -> LLMBroker:
    return LLMBroker(model, OpenAIGateway(api_key="k", base_url=f"{url}/v1"))


def with_us(url: str) -> Callable[[], int]:
    """`batch`, keeping every answer in a file."""

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder:
            answers = batch(
                prompts(ROWS),
                broker(url),
                concurrency=AT_ONCE,
                store=f"{folder}/results.db",
                progress=False,
            )
            assert answers.summary.ok == ROWS, answers
            return ROWS

    return work


def with_aiohttp(url: str) -> Callable[[], int]:
    """Bare aiohttp: so many workers, one session, on a loop that stays."""

    async def work() -> None:
        left = iter(prompts(ROWS))
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def worker() -> None:
                for prompt in left:
                    asked = body("small", stream=False)
                    asked["messages"] = [{"role": "user", "content": prompt}]
                    async with session.post(f"{url}/v1/chat/completions", json=asked) as response:
                        answer = await response.json()
                        assert answer["choices"][0]["message"]["content"]

            await asyncio.gather(*(worker() for _ in range(AT_ONCE)))

    def run_it() -> int:
        wait_for(work())
        return ROWS

    return run_it


def batch_rows(url: str) -> list[Row]:
    """All of it."""
    return [*_cpu(url), _memory(url), _rate(url), *_peers(url)]


def _cpu(url: str) -> list[Row]:
    what = f"CPU of a row of {ROWS:,}, {AT_ONCE} at once"
    bare, ours = beside(
        what, [Subject("aiohttp", with_aiohttp(url)), Subject("batch", with_us(url))], rounds=3
    )
    bar = (TIMES_BARE * bare.seconds + PLUS_S) / bare.seconds
    return [bare, Row(what, ours.name, ours.seconds, ours.ratio, bar)]


def _tasks(url: str, count: int) -> Iterator[Task]:
    asked = broker(url)
    keys = Keys(asked)
    for prompt in prompts(count):
        messages = (LLMMessage.user(prompt),)
        yield Task(keys.key(messages), asked, messages)


def _memory(url: str) -> Row:
    """What 20 000 more rows leave behind in a run that hands its results on."""

    def rest(count: int) -> int:
        run(_tasks(url, count), lambda task, result: None, concurrency=AT_ONCE)
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    rest(ROWS)
    before = rest(1000)
    left = max(0, rest(2 * ROWS) - before)
    each = left // (2 * ROWS)
    return Row("memory a row leaves", "run", 0.0, each / 100, 1.0, size_bytes=each)


def _rate(url: str) -> Row:
    """Against a server that takes 200 ms, whatever it is asked."""
    asked = broker(url, f"delay:{SLOW_MS}")
    batch(prompts(AT_ONCE), asked, concurrency=AT_ONCE, store=None, progress=False)
    began = time.perf_counter()
    batch(prompts(SLOW_ROWS), asked, concurrency=AT_ONCE, store=None, progress=False)
    took = time.perf_counter() - began
    ideal = SLOW_ROWS / AT_ONCE * SLOW_MS / 1000
    what = f"wall of {SLOW_ROWS:,} rows of {SLOW_MS} ms, {AT_ONCE} at once, to the ideal"
    return Row(what, "batch", took, took / ideal, 1 / IDEAL_SHARE)


def _peers(url: str) -> list[Row]:
    """CPU of a row, each in a process of its own; ours as well, so that all begin alike."""
    script = Path(__file__).with_name("batch_peers.py")
    python = os.environ.get("BATCH_PEERS", sys.executable)
    found: dict[str, dict[str, float]] = {}
    for interpreter, which in ((sys.executable, "ours"), (python, "peers")):
        done = subprocess.run(
            [interpreter, str(script), url, which], capture_output=True, text=True, check=False
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        found |= json.loads(lines[-1]) if lines else {}

    if len(found) < 2:
        return []
    ours = found["mojentic_nb batch"]
    return [
        Row(f"{kind} of a row of 500, {AT_ONCE} at once", name, row[kind], row[kind] / ours[kind])
        for kind in ("CPU", "wall")
        for name, row in found.items()
    ]
