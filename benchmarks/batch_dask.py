"""What sending a batch's calls by dask costs: wall time of a row, beside the same made here.

Two local workers of one thread each, on the machine that is the client, the scheduler and the
model's server as well: with workers elsewhere there is less to share.
"""

from __future__ import annotations

import gc
import time
from typing import Any

from benchmarks.bench import Row
from mojentic_nb import LLMBroker, OpenAIGateway
from mojentic_nb.batch.asking import batch

ROWS = 1000
AT_ONCE = 64
ROUNDS = 5
BAR_S = 3e-3


def dask_rows(url: str) -> list[Row]:
    """Wall time of one of 1000 rows, 64 at a time: here, by dask, and the difference."""
    import distributed

    dask: Any = distributed

    gateway = OpenAIGateway(api_key="k", base_url=f"{url}/v1")
    broker = LLMBroker("small", gateway)
    cluster = dask.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0"
    )
    with cluster, dask.Client(cluster) as client:
        here = there = over = float("inf")
        for engine in (None, client):
            _timed(broker, engine)  # connections and imports are not what is measured
        for _ in range(ROUNDS):
            alone, sent = _timed(broker, None), _timed(broker, client)
            here, there, over = min(here, alone), min(there, sent), min(over, sent - alone)

    what = f"wall time of a row, {AT_ONCE} at once"
    return [
        Row(what, "made here", here, 1.0),
        Row(what, "dask, two workers", there, there / here),
        Row("a row's overhead by dask, at most 3 ms", "mojentic_nb", over, over / BAR_S, 1.0),
    ]


def _timed(broker: LLMBroker, engine: Any) -> float:
    prompts = [f"row {number}" for number in range(ROWS)]
    gc.collect()
    began = time.perf_counter()
    answers = batch(prompts, broker, engine=engine, concurrency=AT_ONCE, store=None, progress=False)
    spent = time.perf_counter() - began
    assert answers.summary.ok == ROWS
    return spent / ROWS


def main() -> None:
    """Print the rows alone."""
    from benchmarks.__main__ import server, table

    with server() as url:
        print(table(dask_rows(url)))


if __name__ == "__main__":
    main()
