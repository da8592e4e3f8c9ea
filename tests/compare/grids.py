"""Candidates on the loopback server, and what it was asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mojentic_nb import LLMBroker
from tests.batch.asking import broker_at
from tests.loopback import Answer, Loopback


def models(loopback: Loopback, *names: str, **how: Any) -> dict[str, LLMBroker]:
    """A broker for each name, asked once only."""
    from mojentic_nb.hooks.retry import Retry

    how.setdefault("retry", Retry(attempts=1))
    return {name: broker_at(loopback, name, **how) for name in names or ("small", "large")}


def asked(loopback: Loopback) -> Counter[tuple[str, str]]:
    """How often each model was asked each prompt."""
    return Counter((seen.model, seen.body["messages"][-1]["content"]) for seen in loopback.requests)


def says(*texts: str) -> list[Answer]:
    """Answers of these texts."""
    return [Answer(text) for text in texts]
