"""`df.llm`: a model asked about each row of a DataFrame.

Law: the caller's frame is never changed. Rows keep their order and their index, whatever
that is; a row in which a value is missing is not asked about and has none in the answer; a
row that failed says why. All else is the batch's: pace, retries, store, budget, interrupts.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

from mojentic_nb.batch.answers import Answers
from mojentic_nb.batch.asking import BatchOptions, batch
from mojentic_nb.batch.nearest import is_vector, nearest
from mojentic_nb.batch.new_columns import dtyped, fields_of, objects, parts_of, texts
from mojentic_nb.batch.store import ResultStore, store_of
from mojentic_nb.batch.templates import RowTemplate, column_of, prompts_of
from mojentic_nb.batch.vectors import embedder_of, vectors_of
from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["ATTRS", "FrameAccessor"]

# Where a result tells how it came about, in pandas' own `attrs`.
ATTRS = "mojentic_nb"

_Embedder = str | LLMBroker | EmbeddingsGateway | None
_Store = ResultStore | str | PathLike[str] | None


class FrameAccessor:
    """Ask a model about each row.

    A template names columns in braces: `"Classify: {text}"`, `"{first name}, {price:.2f}"`;
    `{{` is a brace. A function from a row to a prompt will do as well. Rows in which a value
    is missing that the prompt needs are not asked about.

    Answers are kept under the working directory (`store=`), so that the same call again asks
    only for what is missing or failed. What it all came to is in the result's
    `.attrs["mojentic_nb"]`: rows, errors, tokens, dollars, seconds.

    Args:
        frame: The rows; never changed.
    """

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def __repr__(self) -> str:
        return f"df.llm for {len(self._frame):,} rows: generate, structured, embed, similar"

    def generate(
        self,
        template: RowTemplate,
        model: str | LLMBroker | None = None,
        *,
        into: str | None = None,
        **options: Unpack[BatchOptions],
    ) -> Any:
        """Ask about each row, in text.

        Args:
            template: What to ask; see the class.
            model: A name, such as `"ollama:llama3.2"`, or a broker; by default what there is.
            into: A name for the new column.
            **options: As for `mojentic_nb.batch`: `system`, `concurrency`, `store`, `budget`,
                `progress`, `engine`, `temperature` and the like.

        Returns:
            A Series of `string` on the same index, NA where there is no answer; with `into`,
            a new frame with that column, and beside it `<into>_error`: why, where one failed.

        Raises:
            BadArgument: The call makes no sense; nothing was asked.
            Interrupted: A `KeyboardInterrupt`; what was answered is kept.
        """
        _must_name(into)
        _must_not_shape(options)
        asked, answers = self._asked(template, model, options)
        values = asked.spread([None if one is None else str(one) for one in answers])
        column = texts(values, self._frame.index)
        if into is None:
            asked.warn_of(answers)
            column.attrs = {ATTRS: asked.summary(answers)}
            return column

        new = {into: column, f"{into}_error": asked.errors(answers, self._frame)}
        return self._with(new, asked.summary(answers))

    def structured(
        self,
        target: Any,
        template: RowTemplate,
        model: str | LLMBroker | None = None,
        *,
        prefix: str = "",
        **options: Unpack[BatchOptions],
    ) -> DataFrame:
        """Ask about each row for an object, and make columns of its fields.

        Args:
            target: A pydantic model, dataclass, `TypedDict` or JSON schema; of any
                other type, such as `Literal["good", "bad"]`, comes one column, `value`.
            template: What to ask; see the class.
            model: As for `generate`.
            prefix: Put before the names of the new columns.
            **options: As for `generate`.

        Returns:
            A new frame: the columns there were, one for each field, and `error`. Texts are
            `string`, whole numbers `Int64`, numbers `float64`, flags `boolean`, enums and
            literals `category`; nested values are plain data.

        Raises:
            BadArgument: The call makes no sense, or a new column has the name of an old one;
                nothing was asked.
            Interrupted: A `KeyboardInterrupt`; what was answered is kept.
        """
        if target is None:
            raise BadArgument("target=None is no type.", hint="For a text, write df.llm.generate.")
        if not isinstance(prefix, str):
            raise BadArgument(f"prefix={prefix!r} is no text.", hint='Write prefix="llm_".')

        fields = fields_of(target)
        self._must_be_new([*(prefix + name for name in fields), f"{prefix}error"])
        _must_not_shape(options)
        shaped: BatchOptions = {**options, "object_model": target}
        asked, answers = self._asked(template, model, shaped)
        names = list(fields)
        nothing = [None] * len(names)
        rows = [nothing if one is None else parts_of(one, names) for one in answers]
        columns = list(zip(*asked.spread(rows, nothing), strict=True)) or [()] * len(names)
        new = {
            prefix + name: dtyped(column, kind)
            for (name, kind), column in zip(fields.items(), columns, strict=True)
        }
        new[f"{prefix}error"] = asked.errors(answers, self._frame)
        return self._with(new, asked.summary(answers))

    def embed(
        self,
        column: str,
        model: _Embedder = None,
        *,
        into: str | None = None,
        dimensions: int | None = None,
        store: _Store = "auto",
    ) -> Any:
        """The vector of each row's text.

        Equal texts are embedded once, and each is kept: a second run embeds what is new.

        Args:
            column: A column's name, or a template such as `"{title}: {text}"`.
            model: `"openai:text-embedding-3-small"`, a provider's name alone, or a broker.
            into: A name for the new column.
            dimensions: Keep so many numbers of each vector, brought to length 1 again; for
                models that are made for it (Matryoshka), such as `text-embedding-3`.
            store: Where vectors are kept; None to keep none.

        Returns:
            A Series of float32 arrays, None where there is no text; with `into`, a new frame.

        Raises:
            BadArgument: The call makes no sense; nothing was asked.
            GatewayError: The model could not be asked; what had come is kept.
        """
        import pandas

        _must_name(into)
        if dimensions is not None:
            _must_count(dimensions, "dimensions")
        given = self._texts(column)
        embedder = embedder_of(model)
        found = vectors_of([one for one in given if one is not None], embedder, store_of(store))
        vectors = objects([_own(found, text, dimensions) for text in given])
        if into is not None:
            return self._with({into: vectors}, {})

        return pandas.Series(vectors, index=self._frame.index, dtype=object)

    def similar(
        self,
        column: str,
        query: Any,
        k: int = 10,
        model: _Embedder = None,
        *,
        store: _Store = "auto",
    ) -> DataFrame:
        """The rows nearest in meaning to a query.

        Args:
            column: A column of texts or of vectors, or a template.
            query: A text, or a vector.
            k: How many rows, at most.
            model: The embedding model; for a column of vectors, the one they are of.
            store: Where vectors are kept; None to keep none.

        Returns:
            A new frame of those rows on their own index, nearest first, with the cosine in
            the column `similarity`. Rows without a text are not in it.

        Raises:
            BadArgument: The call makes no sense, or the vectors are of several lengths.
            GatewayError: The model could not be asked; what had come is kept.
        """
        _must_count(k, "k")
        vectors = self._vectors(column)
        wanted: list[str] = [query] if isinstance(query, str) else []
        if wanted and not query.strip():
            raise BadArgument("The query is empty: it has no meaning to compare with.")
        if not wanted and not is_vector(query):
            raise BadArgument(f"{query!r} is no query.", hint="Give a text, or a vector.")

        given = self._texts(column) if vectors is None else []
        if given or wanted:
            asked = [one for one in given if one is not None]
            found = vectors_of([*asked, *wanted], embedder_of(model), store_of(store))
            vectors = [_own(found, text) for text in given] if vectors is None else vectors
            query = found[query] if wanted else query

        places, near = nearest(vectors or [], query, k)
        return self._frame.iloc[places].assign(similarity=near)

    def _asked(
        self, template: RowTemplate, model: str | LLMBroker | None, options: BatchOptions
    ) -> tuple[_Asked, Answers]:
        asked = _Asked(prompts_of(self._frame, template))
        return asked, batch(asked.prompts, model, **options)

    def _must_be_new(self, names: Sequence[str]) -> None:
        there = {str(one) for one in self._frame.columns}
        taken = [name for name in names if name in there]
        if taken:
            raise BadArgument(
                f"The frame has a column {', '.join(map(repr, taken))} already.",
                hint='Give a prefix, such as prefix="llm_".',
            )

    def _with(self, new: dict[str, Any], summary: dict[str, Any]) -> DataFrame:
        result = self._frame.assign(**new)
        if summary:
            result.attrs = {**self._frame.attrs, ATTRS: summary}
        return result

    def _texts(self, column: str) -> list[str | None]:
        """The texts of a column, or of a template; None where there is none."""
        if not isinstance(column, str):
            raise BadArgument(f"{column!r} is no column.", hint='Write "text".')
        if "{" in column and column not in map(str, self._frame.columns):
            return [
                one if isinstance(one, str) else None for one in prompts_of(self._frame, column)
            ]

        values = column_of(self._frame, column)
        pairs = zip(values.tolist(), values.isna().tolist(), strict=True)
        return [None if is_missing else str(value) for value, is_missing in pairs]

    def _vectors(self, column: Any) -> list[Any] | None:
        """The vectors of a column; None where it holds texts."""
        if not isinstance(column, str) or column not in map(str, self._frame.columns):
            return None

        values = column_of(self._frame, column)
        cells = [one if is_vector(one) else None for one in values.tolist()]
        return cells if any(one is not None for one in cells) else None


class _Asked:
    """Which rows were asked about.

    Attributes:
        prompts: Of those rows.
    """

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = len(rows)
        self._places = [at for at, one in enumerate(rows) if one is not None]
        self.prompts = [rows[at] for at in self._places]

    def spread(self, values: Sequence[Any], missing: Any = None) -> list[Any]:
        """Values of these rows among all rows."""
        spread = [missing] * self._rows
        for at, value in zip(self._places, values, strict=True):
            spread[at] = value
        return spread

    def errors(self, answers: Answers, frame: DataFrame) -> Series[str]:
        """Why, where a row was asked about in vain."""
        told = answers.errors
        column: Series[str] = texts(
            self.spread([told.get(at) for at in range(len(answers))]), frame.index
        )
        return column

    def warn_of(self, answers: Answers) -> None:
        """Say that rows failed, where no column does."""
        told = answers.errors
        if told:
            warnings.warn(
                f"{len(told)} of {len(answers)} rows have no answer; the first: "
                f"{next(iter(told.values()))} Give into= for a column that says why.",
                RuntimeWarning,
                stacklevel=3,
            )

    def summary(self, answers: Answers) -> dict[str, Any]:
        """What it came to, as plain data."""
        whole = answers.summary
        return {
            "rows": self._rows,
            "asked": len(answers),
            "ok": whole.ok,
            "errors": whole.errors,
            "skipped": whole.skipped,
            "stored": whole.stored,
            "status": whole.status,
            "tokens": whole.tokens,
            "cost": whole.cost,
            "seconds": whole.wall_s,
        }


def _must_not_shape(options: BatchOptions) -> None:
    if options.get("object_model") is not None:
        raise BadArgument(
            "object_model= is not for here.", hint="Write df.llm.structured(Model, template)."
        )


def _must_count(count: Any, name: str) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise BadArgument(f"{name}={count!r} is no whole number from 1 up.", hint="Give 10.")


def _must_name(into: Any) -> None:
    if into is not None and not (isinstance(into, str) and into):
        raise BadArgument(f"into={into!r} is no name for a column.", hint='Write into="label".')


def _own(found: dict[str, Any], text: str | None, dimensions: int | None = None) -> Any:
    """A text's vector, as one of its own that may be changed; None where there is none."""
    import numpy

    vector = found.get(text or "")
    if vector is None:
        return None
    if dimensions is None:
        return vector.copy()
    if dimensions > len(vector):
        raise BadArgument(f"dimensions={dimensions!r}: the model's vectors have {len(vector)}.")

    cut = vector[:dimensions]
    length = numpy.linalg.norm(cut)
    return cut / length if length else cut.copy()
