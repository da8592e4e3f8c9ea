"""How long a long recorded answer takes to be there again: opening the file, decoding, all."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.bench import Row
from mojentic_nb import Cassette, LLMBroker, OpenAIGateway

TOKENS = 6000
BAR_S = 0.3
ROUNDS = 7


def replays(url: str) -> list[Row]:
    """Wall seconds from the closed file to the last event; the ratio is to the bar itself."""
    broker = LLMBroker(f"bench:{TOKENS}", OpenAIGateway(api_key="k", base_url=f"{url}/v1"))
    with tempfile.TemporaryDirectory() as room:
        file = Path(room) / "long.jsonl"
        with Cassette(file):
            whole = "".join(broker.generate_stream("hi"))

        least_s = min(replayed_s(broker, file, whole) for _ in range(ROUNDS))

    what = f"replay of {TOKENS} tokens, at most {BAR_S * 1000:.0f} ms"
    return [Row(what, "Cassette", least_s, least_s / BAR_S, 1)]


def replayed_s(broker: LLMBroker, file: Path, whole: str) -> float:
    """Seconds of one replay."""
    began = time.perf_counter()
    with Cassette(file, mode="replay"):
        told = "".join(broker.generate_stream("hi"))
    took_s = time.perf_counter() - began
    assert told == whole
    return took_s
