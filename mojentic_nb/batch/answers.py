"""What a batch gives back: the answers in the order of the questions, and how each came about.

Law: as many as were asked, in that order, whatever happened. A row that failed is None, and
why stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Result
from mojentic_nb.events import Usage
from mojentic_nb.reply import Reply
from mojentic_nb.tracer.columns import Schema
from mojentic_nb.tracer.columns import frame_of as columns_framed
from mojentic_nb.tracer.plain import as_json
from mojentic_nb.views.numbers import dollars, seconds

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Answers", "Interrupted", "given", "in_one_line", "result_columns"]

RESULTS: Schema = {
    "output": "text",
    "status": "category",
    "error_type": "category",
    "error": "text",
    "provider": "category",
    "model": "category",
    "finish_reason": "category",
    "duration_s": "measure",
    "wait_s": "measure",
    "ttft_s": "measure",
    "input_tokens": "count",
    "output_tokens": "count",
    "cost": "measure",
    "retries": "count",
    "cached": "flag",
    "stored": "flag",
    "span_id": "id",
}


class Answers(Sequence[Any]):
    """The answers of a batch, one for each question.

    Each is a `Reply` (text that knows how it came about), or the object that was asked for;
    None where there is none.

    Attributes:
        prompts: The questions' last words, in their order.
        results: How each went, in the same order.
        summary: What it all came to: counts, dollars, seconds, and whether it is complete.
    """

    def __init__(
        self, prompts: Sequence[str], results: Sequence[Result], summary: Summary, *, shaped: bool
    ) -> None:
        self.prompts = tuple(prompts)
        self.results = tuple(results)
        self.summary = summary
        self._is_shaped = shaped

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [given(one, shaped=self._is_shaped) for one in self.results[index]]

        return given(self.results[index], shaped=self._is_shaped)

    def __iter__(self) -> Iterator[Any]:
        return (given(one, shaped=self._is_shaped) for one in self.results)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sequence) and not isinstance(other, str | bytes):
            return list(self) == list(other)

        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        whole = self.summary
        told = [f"{whole.ok} of {len(self)} answered"]
        if whole.stored:
            told.append(f"{whole.stored} of them by an earlier run")
        if whole.errors:
            told.append(f"{whole.errors} failed")
        if whole.skipped:
            told.append(f"{whole.skipped} not asked")
        told += [seconds(whole.wall_s), dollars(whole.cost)]
        return f"Answers({', '.join(told)})"

    @property
    def errors(self) -> dict[int, str]:
        """What went wrong, by place."""
        return {
            at: f"{one.error_type}: {one.error_message}".removeprefix(": ")
            for at, one in enumerate(self.results)
            if not one.ok
        }

    @property
    def cost(self) -> float:
        """US dollars of what was asked now, as far as prices are known."""
        return self.summary.cost

    @property
    def status(self) -> str:
        """`complete`, `partial` where it was interrupted, `stopped` with a reason."""
        return self.summary.status

    @property
    def df(self) -> DataFrame:
        """A row for each question: the answer, and how it came about; units in the names."""
        columns: dict[str, Any] = {"prompt": list(self.prompts), **result_columns(self.results)}
        schema: dict[str, Any] = {"prompt": "text", **RESULTS}
        if self._is_shaped:
            columns["value"] = [None if one is None else as_json(one) for one in self]
            schema["value"] = "text"
        return columns_framed("batch/1", schema, columns)


class Interrupted(KeyboardInterrupt):
    """A batch was interrupted; what it had is in `answers`.

    Attributes:
        answers: As many as there are questions; None where none had come.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        super().__init__(
            f"Interrupted after {answers.summary.ok} of {len(answers)} answers. They are kept"
            " where the batch has a store: the same call again asks only for the rest."
        )

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def in_one_line(error: BaseException, told: str) -> None:
    """Have a notebook show an error as these words, and other tracebacks end with them.

    The error stays what it is: asyncio wants its own `CancelledError` back.
    """
    error.add_note(told)
    vars(error)["_render_traceback_"] = lambda: [told]


def result_columns(results: Sequence[Result]) -> Mapping[str, list[Any]]:
    """The columns of `RESULTS`, of these results."""
    names = {"error": "error_message"}
    return {
        column: [getattr(one, names.get(column, column)) for one in results] for column in RESULTS
    }


def given(result: Result, *, shaped: bool) -> Any:
    """What the caller gets for a result; None where there is no answer."""
    if not result.ok:
        return None
    if shaped:
        return result.value

    return Reply(
        result.output,
        usage=Usage(input_tokens=result.input_tokens, output_tokens=result.output_tokens),
        finish_reason=result.finish_reason,
        model=result.model,
        duration_s=result.duration_s or 0.0,
        ttft_s=result.ttft_s,
        is_cached=result.cached or result.stored,
        is_partial=result.finish_reason in ("length", "content_filter"),
    )
