"""A comparison whose answers are given: all of it is real but the asking.

Law: candidates are brokers of the demo model, which is never asked; what each says is written
down beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mojentic_nb import DemoGateway, LLMBroker
from mojentic_nb.batch.store import store_of
from mojentic_nb.batch.task import Result, Task
from mojentic_nb.compare.comparison import Comparison
from mojentic_nb.compare.driving import How
from mojentic_nb.compare.spec import spec_of

Says = Sequence[str | None] | Callable[[int, int], str | None]


def answered(
    prompts: Sequence[Any], says: Mapping[str, Says], *, store: Any = None, **options: Any
) -> Comparison:
    """A comparison that has run.

    Args:
        prompts: As for `compare`.
        says: What each candidate says to each prompt: texts, or a function of the prompt's
            place and the repeat; None for a call that fails.
        store: Where it is kept.
        **options: As for `compare`.
    """
    models = {name: LLMBroker(name, DemoGateway()) for name in says}
    spec = spec_of(list(prompts), models, **options)
    made = Comparison(spec, How(concurrency=1, store=store_of(store)))
    places = {id(item): place for place, item in enumerate(spec.items)}
    for one in made.rounds():
        for task in one.tasks:
            cell = task.label
            told = says[cell.candidate.name]
            place = places[id(cell.item)]
            text = told(place, cell.repeat) if callable(told) else told[place]
            one.take(task, _result(task, text))

    return made


def _result(task: Task, text: str | None) -> Result:
    if text is None:
        return Result(
            key=task.key, status="error", error_type="GatewayBusy", error_message="429: slow down"
        )

    return Result(
        key=task.key,
        status="ok",
        output=text,
        model=task.broker.model,
        finish_reason="stop",
        duration_s=0.84,
        ttft_s=0.12,
        input_tokens=20,
        output_tokens=len(text.split()),
        cost=0.0021,
    )
