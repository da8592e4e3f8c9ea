"""Several models, the same questions: `compare` and `acompare`.

Law: everything is checked before anything is asked. The two shapes differ only in whose loop
does the work.
"""

from __future__ import annotations

import warnings
from os import PathLike
from typing import Any, TypedDict, Unpack

from mojentic_nb.batch.running import places_of
from mojentic_nb.batch.store import ResultStore, store_of
from mojentic_nb.compare.comparison import Comparison
from mojentic_nb.compare.driving import How, awaiting
from mojentic_nb.compare.spec import spec_of
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.budget import Budget

__all__ = ["CompareOptions", "acompare", "compare"]


class CompareOptions(TypedDict, total=False):
    """What a comparison takes besides its prompts and models; see `compare`."""

    items: Any
    repeats: int
    params: Any
    system: str
    checks: Any
    judge: Any
    key: str | None
    concurrency: int | str
    budget: Budget | float | None
    budget_usd: float | None
    store: ResultStore | str | PathLike[str] | None
    tools: Any
    object_model: Any
    progress: bool | None
    seed: int
    max_cells: int | None
    engine: Any


def compare(prompts: Any, models: Any, **options: Unpack[CompareOptions]) -> Comparison:
    """Ask several models the same, and wait for all the answers.

    Every candidate (a model with a wording and settings) is asked about every item, `repeats`
    times, each time anew. What was answered is kept under the working directory (`store=`):
    the same call again, after an interrupt, a crash, or with a model, an item or a repeat
    more, asks only for what is missing. An answer that failed is a row with its error.

    Args:
        prompts: Text, or several; rows (dicts or a DataFrame) with a `prompt`, and `expected`,
            `cluster`, `id` or values for `{name}` in it. With `items`, one template or several.
        models: Names, brokers, or a dict of names of your own to either.
        **options: `items` (rows that the templates are filled with), `repeats`, `params`
            (settings: a list of values is tried one by one), `system`; `checks` (functions of
            the answer's text, texts it must contain, or those of
            `mojentic_nb.compare.checks`), `judge` (a model's name or a `PairwiseJudge`);
            `key` (what votes and scores are kept under; by default the questions),
            `store` (a path, or None to keep nothing), `concurrency` (calls at once at each
            provider; `"auto"` begins with four), `budget` (dollars or a `Budget`, the
            judge's calls included) and `max_cells`, at which it stops; `tools`,
            `object_model` (what each answer is to be; one that is not is an error, and not
            asked for in other words), `progress` (whether to draw a bar), `seed` (of the
            statistics), `engine` (as for `batch`).

    Returns:
        The comparison: `.summary()`, `.pairs()`, `.verdict()`, `.df`, `.grid()`, `.plot`.

    Raises:
        BadArgument: The call makes no sense; nothing was asked.
        Interrupted: A `KeyboardInterrupt`; it has `.comparison`, and what was answered is kept.
    """
    return _made(prompts, models, options).run()


async def acompare(prompts: Any, models: Any, **options: Unpack[CompareOptions]) -> Comparison:
    """Await what `compare` gives, in the running loop."""
    made = _made(prompts, models, options)
    await awaiting(made)
    return made


def _made(prompts: Any, models: Any, options: CompareOptions) -> Comparison:
    loose: dict[str, Any] = dict(options)
    unknown = sorted(set(loose) - set(CompareOptions.__annotations__))
    if unknown:
        raise BadArgument(
            f"compare takes no {', '.join(unknown)}.", hint="See help(mojentic_nb.compare)."
        )

    places_of(concurrency := loose.pop("concurrency", "auto"))
    progress, max_cells = loose.pop("progress", None), loose.pop("max_cells", None)
    if max_cells is not None and (not isinstance(max_cells, int) or max_cells < 0):
        raise BadArgument(f"max_cells={max_cells!r} is no number of answers.")

    store, dollars = loose.pop("store", "auto"), loose.pop("budget_usd", None)
    if dollars is not None:
        if loose.get("budget") is not None:
            raise BadArgument("budget and budget_usd are one bound with two names; give one.")
        loose["budget"] = dollars

    spec = spec_of(prompts, models, **{**loose, "key": loose.get("key") or ""})
    if own := spec.judge_is_candidate():
        warnings.warn(
            f"The judge is a candidate itself ({own}); models favour their own answers.",
            UserWarning,
            stacklevel=3,
        )

    how = How(concurrency=concurrency, store=store_of(store), progress=progress)
    return Comparison(spec, how, max_cells=max_cells)
