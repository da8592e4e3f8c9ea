"""Many prompts, one call: `batch` and `abatch`.

Law: everything is checked before anything is asked. The two shapes differ only in whose
loop does the work.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, TypedDict, Unpack

from mojentic_nb.batch.answers import Answers, Interrupted, in_one_line
from mojentic_nb.batch.call import plan_of, skipped
from mojentic_nb.batch.estimate import Estimate, estimated
from mojentic_nb.batch.pace import AUTO
from mojentic_nb.batch.progress import Progress, bar_over
from mojentic_nb.batch.running import arun, places_of, run
from mojentic_nb.batch.store import ResultStore, store_of
from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Keys, Result, Task
from mojentic_nb.broker import LLMBroker
from mojentic_nb.catalogue import card
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.budget import Budget, priced
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.messages import LLMMessage, as_messages
from mojentic_nb.plan import CallOptions, Prompt
from mojentic_nb.schema import Shape

__all__ = ["BatchOptions", "abatch", "answered", "batch", "broker_for", "estimate"]

# More patient than one call: with one call in twenty in trouble, three attempts would leave
# one row of ten thousand without an answer for every 0.8 s that six take longer.
PATIENT = Retry(attempts=6, cap_s=20.0)


class BatchOptions(CallOptions, total=False):
    """What a batch takes besides its prompts and its model; see `batch`."""

    object_model: Any
    system: str
    tools: Any
    config: CompletionConfig | None
    concurrency: int | str
    store: ResultStore | str | PathLike[str] | None
    budget: Budget | float | None
    progress: bool | None
    engine: Any


class _How(TypedDict):
    concurrency: int | str
    store: ResultStore | None
    summary: Summary


def batch(
    prompts: Iterable[Prompt],
    model: str | LLMBroker | None = None,
    **options: Unpack[BatchOptions],
) -> Answers:
    """Ask a model many things at once, and wait for all the answers.

    What was answered is kept under the working directory (`store=`): the same batch again,
    after an error, an interrupt or a crash, asks only for what is missing. Equal prompts
    are each a question of their own.

    Args:
        prompts: Texts or messages.
        model: A name, such as `"ollama:llama3.2"`, or a broker; by default what there is.
        **options: `object_model` (what each answer is to be), `system` (a system message for
            all), `tools`, `config`; `concurrency` (calls at once, fewer where the provider
            wants fewer; `"auto"` begins with four), `store` (a path, or None to keep
            nothing), `budget` (dollars or a `Budget`; what it does not allow is not asked),
            `progress` (whether to draw a bar), `engine` (`"dask"` or an executor, to send
            the calls from elsewhere); and all that `LLMBroker.generate` takes.

    Returns:
        The answers, in the order of the prompts; None where one failed, and why in `.errors`.

    Raises:
        BadArgument: The call makes no sense; nothing was asked.
        Interrupted: A `KeyboardInterrupt`; it has `.answers`, and what was answered is kept.
    """
    return answered(prompts, model, options)


def answered(
    prompts: Iterable[Prompt],
    model: str | LLMBroker | None,
    options: BatchOptions,
    *,
    watch: Callable[[Summary], object] | None = None,
) -> Answers:
    """What `batch` gives; `watch` is told ten times a second what it came to so far."""
    work = _Batch.of(prompts, model, options)
    with closing(work), closing(work.bar()) as bar:

        def between() -> None:
            bar.move()
            if watch is not None:
                watch(work.how["summary"])

        try:
            run(work.tasks, work.take, between=between, **work.how)
        except KeyboardInterrupt:
            raise Interrupted(work.answers()) from None

    return work.answers()


async def abatch(
    prompts: Iterable[Prompt],
    model: str | LLMBroker | None = None,
    **options: Unpack[BatchOptions],
) -> Answers:
    """Await what `batch` gives, in the running loop.

    Cancelled, as a notebook's stop button does, it keeps what was answered as `batch` does.
    """
    work = _Batch.of(prompts, model, options)
    with closing(work), closing(work.bar()) as bar:
        try:
            await arun(work.tasks, work.take, between=bar.move, **work.how)
        except CancelledError as cancelled:
            in_one_line(cancelled, str(Interrupted(work.answers())))
            raise

    return work.answers()


def estimate(
    prompts: Iterable[Prompt],
    model: str | LLMBroker | None = None,
    **options: Unpack[BatchOptions],
) -> Estimate:
    """What `batch` with the same arguments will come to; nothing is asked."""
    with closing(_Batch.of(prompts, model, options)) as work:
        return estimated(work.tasks, work.how["store"])


@dataclass(slots=True)
class _Batch:
    """A batch, checked and ready."""

    tasks: list[Task]
    prompts: list[str]
    results: list[Result | None]
    shaped: bool
    how: _How
    progress: bool | None
    is_own_store: bool

    @classmethod
    def of(
        cls, prompts: Iterable[Prompt], model: str | LLMBroker | None, options: BatchOptions
    ) -> _Batch:
        loose: dict[str, Any] = dict(options)
        broker = broker_for(
            model, budget=loose.pop("budget", None), engine=loose.pop("engine", None)
        )
        target = loose.pop("object_model", None)
        shape = None if target is None else Shape(target)
        places_of(concurrency := loose.pop("concurrency", AUTO))
        given = loose.pop("store", "auto")
        progress = loose.pop("progress", None)
        system = loose.pop("system", "")
        apart: dict[str, Any] = {
            "config": loose.pop("config", None),
            "tools": loose.pop("tools", None),
            "shape": shape,
            "options": _checked(loose),
        }
        asked = [with_system(one, system) for one in _each(prompts)]
        tasks = list(_tasks(broker, asked, apart))
        if tasks:
            plan_of(tasks[0], apart["options"])
        store = store_of(given)
        return cls(
            tasks=tasks,
            prompts=[one[-1].content or "" for one in asked],
            results=[None] * len(tasks),
            shaped=shape is not None,
            how={"concurrency": concurrency, "store": store, "summary": Summary()},
            progress=progress,
            is_own_store=store is not given,
        )

    def take(self, task: Task, result: Result) -> None:
        self.results[task.label] = result

    def bar(self) -> Progress:
        known = self.how
        return bar_over(self.tasks, self.progress, store=known["store"], summary=known["summary"])

    def close(self) -> None:
        """Let go of a store that nobody else has."""
        store = self.how["store"]
        if store is not None and self.is_own_store:
            store.close()

    def answers(self) -> Answers:
        results = [
            one or skipped(task, "Interrupted before.")
            for task, one in zip(self.tasks, self.results, strict=True)
        ]
        return Answers(self.prompts, results, self.how["summary"], shaped=self.shaped)


def _tasks(
    broker: LLMBroker, asked: Iterable[tuple[LLMMessage, ...]], apart: dict[str, Any]
) -> Iterator[Task]:
    keys = Keys(broker, **apart)
    seen: dict[bytes, int] = {}
    for at, messages in enumerate(asked):
        key = keys.key(messages)
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        if occurrence:
            key = keys.key(messages, occurrence)
        yield Task(key, broker, messages, label=at, **apart)


def _each(prompts: Iterable[Prompt]) -> Sequence[Prompt]:
    if isinstance(prompts, str | LLMMessage):
        raise BadArgument(
            "A batch takes several prompts, and this is one.", hint="Write batch([prompt])."
        )
    if isinstance(prompts, Mapping) or hasattr(prompts, "columns"):
        raise BadArgument(
            f"{type(prompts).__name__}: a batch takes prompts, and this has names for them.",
            hint='Write df.llm.generate("… {column} …"), or batch(df["column"]).',
        )

    if not isinstance(prompts, Iterable):
        raise BadArgument(
            f"{prompts!r} are no prompts.", hint='Write batch(["What is 2+2?", "And 3+4?"]).'
        )

    return list(prompts)


def with_system(prompt: Prompt, system: str) -> tuple[LLMMessage, ...]:
    """A prompt as messages, after a system message where there is one.

    Raises:
        BadArgument: One of them is no text.
    """
    if not isinstance(system, str):
        raise BadArgument(f"system={system!r} is no text.", hint='Write system="Be brief."')

    messages = tuple(as_messages(prompt))
    return (LLMMessage.system(system), *messages) if system else messages


def _checked(loose: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(loose) - set(CallOptions.__annotations__))
    if unknown:
        raise BadArgument(
            f"batch takes no {', '.join(unknown)}.", hint="See help(mojentic_nb.batch)."
        )

    return loose


def broker_for(
    model: str | LLMBroker | None, *, budget: Budget | float | None = None, engine: Any = None
) -> LLMBroker:
    """The broker that many questions are put to.

    Args:
        model: A name, or a broker, which is left as it is.
        budget: What may be spent; a number is dollars.
        engine: Where the calls are made, if not here.

    Raises:
        BadArgument: It is neither, or what it costs is not known and a budget in dollars
            cannot hold.
    """
    if model is None or isinstance(model, str):
        broker = LLMBroker(model, retry=PATIENT)
    elif isinstance(model, LLMBroker):
        broker = copy(model)
    else:
        raise BadArgument(f"{model!r} is no model.", hint='Give "demo", or an LLMBroker.')

    if budget is not None:
        kept = budget if isinstance(budget, Budget) else Budget(usd=budget)
        if kept.usd is not None:
            name = broker.gateway.name
            priced(card(name, broker.model), name, broker.model)
        broker.policies = replace(broker.policies, budget=kept)
    if engine is not None:
        from mojentic_nb.batch.engines import run_by

        broker = run_by(engine, broker)

    return broker
