"""What a batch will cost, before anything is asked.

Law: cheap and honest: prompts are measured, answers are not known, so a price is a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mojentic_nb.batch.store import AHEAD, ResultStore, kept_of
from mojentic_nb.batch.task import Task
from mojentic_nb.catalogue import card, cost_usd
from mojentic_nb.events import Usage
from mojentic_nb.hooks.weight import UNSAID_TOKENS, text_tokens
from mojentic_nb.views.numbers import dollars

__all__ = ["Estimate", "estimated"]

# What an answer has at least and, where nobody bounds it, mostly at most: a label, and
# a page and a half.
SHORT_TOKENS = 5
LONG_TOKENS = 1000


@dataclass(slots=True)
class Estimate:
    """What questions will come to.

    Attributes:
        n: Questions to ask.
        stored: Questions beside these that an earlier run has the answers of.
        input_tokens: Of their prompts, rather a little too many.
        low: US dollars if the answers are short; None where a price is not known.
        high: US dollars if they are as long as they may be, or a page and a half.
    """

    n: int = 0
    stored: int = 0
    input_tokens: int = 0
    low: float | None = 0.0
    high: float | None = 0.0

    def __str__(self) -> str:
        kept = f" ({self.stored:,} kept)" if self.stored else ""
        calls = "call" if self.n == 1 else "calls"
        told = f"{self.n:,} {calls}{kept}, ≈ {self.input_tokens:,} tokens in"
        if self.low is None or self.high is None:
            return f"{told}, price unknown"
        if not self.high:
            return f"{told}, free"

        return f"{told}, ≈ {dollars(self.low)} to {dollars(self.high)}"

    def add(self, task: Task) -> None:
        """Count one question more."""
        broker = task.broker
        read = sum(text_tokens(message.content or "") for message in task.messages)
        known = card(broker.gateway.name, broker.model)
        most = min(task.max_tokens or LONG_TOKENS, known.output_tokens or UNSAID_TOKENS)
        self.n += 1
        self.input_tokens += read
        self.low = _more(
            self.low, cost_usd(Usage(input_tokens=read, output_tokens=SHORT_TOKENS), known)
        )
        self.high = _more(self.high, cost_usd(Usage(input_tokens=read, output_tokens=most), known))


def estimated(tasks: Sequence[Task], store: ResultStore | None = None) -> Estimate:
    """What these questions will come to, each asked once, but for those a store has."""
    whole = Estimate()
    for begin in range(0, len(tasks), AHEAD):
        some = tasks[begin : begin + AHEAD]
        kept = kept_of(some, store)
        whole.stored += len(kept)
        for task in some:
            if task.key not in kept:
                whole.add(task)

    return whole


def _more(so_far: float | None, one: float | None) -> float | None:
    return None if so_far is None or one is None else so_far + one
