"""Many pieces, one result: each piece by itself, and then all of them together.

Law: the pieces' results stand in the order of the pieces. The first piece that fails ends
the whole, since a sum with a hole in it is no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, TypeVar, cast

from mojentic_nb.batch.asking import batch
from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument, MojenticError

__all__ = ["map_reduce"]

P = TypeVar("P")
R = TypeVar("R")

PIECE, PIECES = "{piece}", "{pieces}"
QUARTERS = (0.25, 0.5, 0.75, 1.0)
SLICE_S = 0.1


def map_reduce(
    pieces: Iterable[P],
    each: Callable[[P], Any] | str,
    together: Callable[[list[Any]], R] | str,
    *,
    model: str | LLMBroker | None = None,
    concurrency: int = 4,
    progress: Callable[[float], object] | None = None,
    **options: Any,
) -> R:
    """Work on each piece, so many at once, and then on all results together.

    Args:
        pieces: Chunks of a text, files, rows, anything.
        each: A function of one piece, run in a thread; or a prompt with `{piece}` in it.
        together: A function of the list of all results; or a prompt with `{pieces}` in it,
            which gets them one under the other.
        model: Whom the prompts are put to; by default what there is.
        concurrency: Pieces at once.
        progress: Told 0.25, 0.5, 0.75 and 1.0 as that share of the pieces is done.
        **options: For prompts: what `batch` takes.

    Raises:
        BadArgument: A prompt has no place for its pieces.
        MojenticError: A piece got no answer; it names the first such piece.
        Exception: What `each` or `together` raised; pieces not begun are not worked on.
    """
    share = _Share(progress)
    if isinstance(each, str):
        asked = [_filled(each, PIECE, one) for one in pieces]
        options.setdefault("concurrency", concurrency)
        results = _answers(asked, model, options)
        share.done(len(results), len(results))
    else:
        results = _mapped(list(pieces), each, concurrency, share)

    if not isinstance(together, str):
        return together(results)

    whole = "\n\n".join(str(one) for one in results)
    return cast("R", _answers([_filled(together, PIECES, whole)], model, options)[0])


class _Share:
    """Tells how much is done, at each quarter once."""

    def __init__(self, progress: Callable[[float], object] | None) -> None:
        self._progress = progress
        self._left = list(QUARTERS)

    def done(self, count: int, total: int) -> None:
        share = count / total if total else 1.0
        while self._left and share >= self._left[0]:
            quarter = self._left.pop(0)
            if self._progress is not None:
                self._progress(quarter)


def _mapped(
    pieces: Sequence[P], each: Callable[[P], Any], concurrency: int, share: _Share
) -> list[Any]:
    pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="mojentic-map")
    try:
        futures = [pool.submit(copy_context().run, each, one) for one in pieces]
        left: set[Future[Any]] = set(futures)
        while left:
            # In slices, so that an interrupt is felt at once on every system.
            done, left = wait(left, timeout=SLICE_S, return_when=FIRST_EXCEPTION)
            for one in done:
                one.result()
            share.done(len(futures) - len(left), len(futures))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)

    if not futures:
        share.done(0, 0)
    return [one.result() for one in futures]


def _answers(asked: list[str], model: str | LLMBroker | None, options: dict[str, Any]) -> list[Any]:
    found = batch(asked, model, **options)
    for at, problem in found.errors.items():
        raise MojenticError(
            f"Piece {at + 1} of {len(asked)} got no answer: {problem}",
            hint="The others are kept: the same call again asks only for the rest.",
        )

    return list(found)


def _filled(prompt: str, name: str, value: object) -> str:
    if name not in prompt:
        raise BadArgument(f"The prompt has no {name} in it: {prompt!r}.")

    return prompt.replace(name, str(value))
