"""Other libraries' batches, timed in an interpreter that has them; prints JSON.

Imports nothing of ours unless it is asked for: it runs where we are not installed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

URL, WHICH = sys.argv[1], sys.argv[2]
ROWS = 500
AT_ONCE = 64
# Their clients belong to the loop that they were first used in.
LOOP = asyncio.new_event_loop()
PROMPTS = [f"Is {number} a prime?" for number in range(ROWS)]


def timed(work: Callable[[], object]) -> dict[str, float]:
    work()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {
        "CPU": (time.process_time() - cpu) / ROWS,
        "wall": (time.perf_counter() - wall) / ROWS,
    }


def ours() -> dict[str, float]:
    """`batch`, keeping nothing, as the others."""
    mj = import_module("mojentic_nb")
    gateway = mj.OpenAIGateway(api_key="k", base_url=f"{URL}/v1")
    broker = mj.LLMBroker("small", gateway)

    def work() -> None:
        found = mj.batch(PROMPTS, broker, concurrency=AT_ONCE, store=None, progress=False)
        assert found.summary.ok == ROWS

    return timed(work)


def chatlas() -> dict[str, float]:
    """Its parallel_chat, as its documentation has it."""
    library = import_module("chatlas")
    chat = library.ChatOpenAICompletions(model="small", api_key="k", base_url=f"{URL}/v1")

    async def whole() -> None:
        done = await library.parallel_chat(
            chat, PROMPTS, max_active=AT_ONCE, rpm=1_000_000, on_error="stop"
        )
        assert len(done) == ROWS

    return timed(lambda: LOOP.run_until_complete(whole()))


def litellm() -> dict[str, float]:
    """Its batch_completion: a thread for each."""
    library = import_module("litellm")
    messages = [[{"role": "user", "content": prompt}] for prompt in PROMPTS]

    def work() -> None:
        done = library.batch_completion(
            model="openai/small",
            messages=messages,
            max_workers=AT_ONCE,
            api_base=f"{URL}/v1",
            api_key="k",
        )
        assert len(done) == ROWS
        assert done[0].choices[0].message.content

    return timed(work)


def langchain() -> dict[str, float]:
    """Its .abatch."""
    library = import_module("langchain_openai")
    model = library.ChatOpenAI(model="small", api_key="k", base_url=f"{URL}/v1")

    async def whole() -> None:
        done = await model.abatch(PROMPTS, config={"max_concurrency": AT_ONCE})
        assert len(done) == ROWS

    return timed(lambda: LOOP.run_until_complete(whole()))


def main() -> None:
    """Time whatever is here."""
    logging.disable(logging.CRITICAL)
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    named: dict[str, Callable[[], dict[str, float]]] = {"mojentic_nb batch": ours}
    if WHICH == "peers":
        named = {
            "chatlas parallel_chat": chatlas,
            "litellm batch_completion": litellm,
            "langchain abatch": langchain,
        }
    found = {}
    for name, measure in named.items():
        with suppress(ImportError):
            found[name] = measure()

    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
