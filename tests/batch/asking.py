"""Brokers on the loopback server, and what it was asked."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from mojentic_nb import FrozenClock, LLMBroker, OpenAIGateway
from mojentic_nb.batch.task import Keys, Task
from mojentic_nb.effects import Wait
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.messages import LLMMessage
from tests.loopback import Loopback


def broker_at(loopback: Loopback, model: str = "small", **how: Any) -> LLMBroker:
    """A broker whose waits cost nothing."""
    gateway = OpenAIGateway(api_key="sk-batch-secret", base_url=f"{loopback.url}/v1")
    how.setdefault("clock", FrozenClock())
    how.setdefault("retry", Retry(attempts=6, jitter_s=0))
    return LLMBroker(model, gateway, **how)


def tasks_of(broker: LLMBroker, prompts: list[str]) -> Iterator[Task]:
    """Each prompt as a task, labelled by its place."""
    keys = Keys(broker)
    for at, prompt in enumerate(prompts):
        messages = (LLMMessage.user(prompt),)
        yield Task(keys.key(messages), broker, messages, label=at)


def asked_of(loopback: Loopback) -> Counter[str]:
    """How often each prompt arrived."""
    return Counter(seen.body["messages"][-1]["content"] for seen in loopback.requests)


class UnderWay:
    """How many calls were under way as each was begun, in that order.

    The first `together` wait for each other, however busy the machine is.
    """

    def __init__(self, together: int = 1) -> None:
        self.seen: list[int] = []
        self._now = 0
        self._lock = threading.Lock()
        self._together = together
        self._all_here: Future[None] = Future()

    def around_model(self, call, proceed):
        with self._lock:
            self._now += 1
            self.seen.append(self._now)
            if len(self.seen) == self._together:
                self._all_here.set_result(None)
        try:
            yield Wait(math.inf, self._all_here)
            return (yield from proceed(call))
        finally:
            with self._lock:
                self._now -= 1
