"""Many pieces, one result: each piece by itself, and then all of them together.

Law: the pieces' results stand in the order of the pieces. The first piece that fails ends
the whole, since a sum with a hole in it is no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, TypeVar, cast

from mojentic_nb.background import SLICE_S
from mojentic_nb.batch.asking import answered
from mojentic_nb.batch.running import places_of
from mojentic_nb.batch.summary import Summary
from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument, MojenticError

__all__ = ["map_reduce"]

P = TypeVar("P")
R = TypeVar("R")

PIECE, PIECES = "{piece}", "{pieces}"
QUARTERS = (0.25, 0.5, 0.75, 1.0)


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
        BadArgument: A prompt has no place for its pieces, or the call makes no sense.
        MojenticError: A piece got no answer; it names the first such piece.
        Exception: What `each` or `together` raised; pieces not begun are not worked on.
    """
    places = places_of(concurrency)
    for name, what in (("each", each), ("together", together)):
        if not isinstance(what, str) and not callable(what):
            raise BadArgument(f"{name}={what!r} is no function and no prompt.")
    if not isinstance(each, str) and not isinstance(together, str) and (model or options):
        raise BadArgument(
            f"{', '.join(['model'] if model else options)}: there is no prompt in this.",
            hint="Give a prompt with {piece} or {pieces} in it, or leave that out.",
        )
    if progress is not None and not callable(progress):
        raise BadArgument(f"progress={progress!r} is no function.", hint="Give one, such as print.")
    if not isinstance(pieces, Iterable):
        raise BadArgument(f"pieces={pieces!r} are not several.", hint='Give ["a", "b"].')

    share = _Share(progress)
    if isinstance(each, str):
        asked = [_filled(each, PIECE, one) for one in pieces]
        options["concurrency"] = concurrency
        results = _answers(asked, model, options, share)
    else:
        results = _mapped(list(pieces), each, places, share)

    if not isinstance(together, str):
        return together(results)

    whole = "\n\n".join(str(one) for one in results)
    return cast("R", _answers([_filled(together, PIECES, whole)], model, options, _Share(None))[0])


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
    pieces: Sequence[P], each: Callable[[P], Any], places: int | None, share: _Share
) -> list[Any]:
    pool = ThreadPoolExecutor(max_workers=places, thread_name_prefix="mojentic-map")
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


def _answers(
    asked: list[str], model: str | LLMBroker | None, options: Any, share: _Share
) -> list[Any]:
    def watch(so_far: Summary) -> None:
        share.done(so_far.n, len(asked))

    found = answered(asked, model, options, watch=watch)
    for at, problem in found.errors.items():
        raise MojenticError(
            f"Piece {at + 1} of {len(asked)} got no answer: {problem}",
            hint="The others are kept: the same call again asks only for the rest.",
        )

    share.done(len(asked), len(asked))
    return list(found)


def _filled(prompt: str, name: str, value: object) -> str:
    if name not in prompt:
        raise BadArgument(f"The prompt has no {name} in it: {prompt!r}.")

    return prompt.replace(name, str(value))
