"""What the policies cost: each by itself and all together, a call, a chunk, a hit."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.bench import Row, Subject, beside
from mojentic_nb import Budget, LLMBroker, LLMMessage, RateLimit, Redaction, ResponseCache
from mojentic_nb.clock import SystemClock, TurnClock
from mojentic_nb.effects import Asking, Call, Turn
from mojentic_nb.events import Answer, TurnFinished, Usage
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.chain import chained
from mojentic_nb.hooks.points import around, begun
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.request import ChatRequest
from mojentic_nb.turn import one_call

BAR_S = 10e-6
HIT_BAR_S = 1e-3
CALLS = 2000
HITS = 200
ROUNDS = 9
TOKENS = 4000

ANSWER = Answer(
    text="A short answer, as most of them are.", usage=Usage(input_tokens=20, output_tokens=9)
)
SAID = (
    LLMMessage.system("You are a helpful assistant who answers in one sentence."),
    LLMMessage.user("What is the tallest mountain of Scotland, and how high is it?"),
)


class Own:
    """The smallest policy that a person can write."""

    def around_model(self, call: Call, proceed: Any) -> Asking:
        """Pass on what comes."""
        answer: Answer = yield from proceed(call)
        return answer


def each_policy() -> dict[str, dict[str, Any]]:
    """What a broker is given for each of them; money and places never run out here."""
    return {
        "deadline": {"deadline": 1000.0},
        "redaction": {"redact": Redaction(restore=True)},
        "own": {"policies": [Own()]},
        "fallback": {"fallback": [OllamaGateway("http://127.0.0.1:9")]},
        "budget, tokens": {"budget": Budget(tokens=10**15)},
        "budget, dollars": {"budget": Budget(usd=1e9)},
        "limit": {"limit": RateLimit(concurrent=10**6)},
    }


def answered(call: Call) -> Asking:
    """A model that answers at once."""
    yield from ()  # no effect, so that no driver is measured either
    return ANSWER


def broker_with(**settings: Any) -> LLMBroker:
    """A broker that is never driven; its model has a price."""
    gateway = OpenAIGateway(api_key="k", base_url="http://127.0.0.1:9/v1")
    return LLMBroker("gpt-5.4-mini", gateway, **settings)


def turns(broker: LLMBroker, retry: Retry | None = None) -> Callable[[], int]:
    """Whole turns of one call, from the plan's policies to the answer."""
    request = ChatRequest(model=broker.model, messages=SAID)
    call = Call(request=request, gateway=broker.gateway)
    clock = TurnClock(SystemClock())

    def run() -> int:
        for _ in range(CALLS):
            policies = begun(broker.policies.in_order(retry=retry), clock)
            ended(around(one_call(call, chained(policies, answered)), policies))
        return CALLS

    return run


def ended(turn: Turn) -> TurnFinished:
    """A turn whose effects are only told."""
    try:
        while True:
            turn.send(None)
    except StopIteration as end:
        finished: TurnFinished = end.value
        return finished


def cost_a_call() -> list[Row]:
    """CPU that each policy adds to a call; the ratio is to the bar itself."""
    each = each_policy()
    subjects = [Subject("none", turns(broker_with()))]
    subjects += [Subject(name, turns(broker_with(**given))) for name, given in each.items()]
    subjects.append(Subject("retry", turns(broker_with(), Retry())))
    together = {name: value for given in each.values() for name, value in given.items()}
    subjects.append(Subject("all of them", turns(broker_with(**together), Retry())))
    none, *rows = beside("policies", subjects, rounds=ROUNDS)
    # Dollars and tokens are one policy.
    counts = {"all of them": len(rows) - 2}
    return [
        against_bar("policy, CPU added to a call", row.name, row.seconds - none.seconds, BAR_S,
                    counts.get(row.name, 1))
        for row in rows
    ]  # fmt: skip


def against_bar(what: str, name: str, seconds: float, bar_s: float, count: int = 1) -> Row:
    """A row whose ratio is to a time, for so many of them."""
    return Row(what, name, seconds, seconds / (bar_s * count), 1)


def cost_a_chunk(url: str) -> list[Row]:
    """CPU of a streamed chunk with policies, beside one without any."""
    given = each_policy()
    given.pop("budget, dollars")
    settings = {name: value for one in given.values() for name, value in one.items()}
    gateway = OpenAIGateway(api_key="k", base_url=f"{url}/v1")
    model = f"bench:{TOKENS}"

    def streamed(broker: LLMBroker) -> Callable[[], int]:
        return lambda: sum(1 for _ in broker.generate_events("hi", max_tokens=8192))

    # The deadline is looked at with every piece: it has to be.
    settings.pop("deadline")
    subjects = [
        Subject("without policies", streamed(LLMBroker(model, gateway))),
        Subject("all but deadline", streamed(LLMBroker(model, gateway, **settings))),
    ]
    # The same, but for what 4000 of them are noisy by.
    bars = {"all but deadline": 1.1}
    return beside("CPU per streamed chunk", subjects, bars=bars, rounds=ROUNDS)


def hits(url: str) -> list[Row]:
    """Wall seconds of a whole call that a cache answers, in memory and from a file."""
    with tempfile.TemporaryDirectory() as room:
        return [hit(url, None, "in memory"), hit(url, Path(room) / "answers.db", "in a file")]


def hit(url: str, path: Path | None, name: str) -> Row:
    """Seconds of one hit, the least of many rounds."""
    gateway = OpenAIGateway(api_key="k", base_url=f"{url}/v1")
    least_s = float("inf")
    with ResponseCache(path) as cache:
        broker = LLMBroker("small", gateway, cache=cache)
        broker.generate("hi")
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for _call in range(HITS):
                assert broker.generate("hi").is_cached
            least_s = min(least_s, (time.perf_counter() - began) / HITS)

    return against_bar("cache hit, a whole call, at most 1 ms", name, least_s, HIT_BAR_S)


def policies(url: str) -> list[Row]:
    """Everything about policies."""
    return [*cost_a_call(), *cost_a_chunk(url), *hits(url)]
