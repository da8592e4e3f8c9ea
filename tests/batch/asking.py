"""Brokers on the loopback server, and what it was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mojentic_nb import FrozenClock, LLMBroker, OpenAIGateway
from mojentic_nb.batch.task import Keys, Task
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
