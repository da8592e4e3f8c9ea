"""From the rows of a DataFrame to prompts: `"Classify: {text}"`.

Law: everything is checked before the first prompt is made. A row in which a value is
missing that its prompt needs has no prompt; it is never asked about "nan". Values are put
in as they are: braces in them mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from string import Formatter
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.messages import LLMMessage
from mojentic_nb.plan import Prompt

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["RowTemplate", "column_of", "prompts_of"]

RowTemplate = str | Callable[[Any], Prompt | None]


def prompts_of(frame: DataFrame, template: RowTemplate) -> list[Prompt | None]:
    """A prompt for each row, in their order; None where a value is missing.

    Args:
        frame: The rows.
        template: Text with columns in braces, `{name}`, also with a format: `{price:.2f}`;
            `{{` and `}}` are braces. Or a function from a row (a Series) to a prompt.

    Raises:
        BadArgument: It is neither, names no column of the frame, or asks for a format that
            a value does not have.
    """
    if isinstance(template, str):
        return list(_filled(frame, template))
    if callable(template):
        return [_said(template(row)) for _, row in frame.iterrows()]

    raise BadArgument(
        f"{template!r} is no template.", hint='Write "Classify: {text}", or give a function.'
    )


def column_of(frame: DataFrame, name: str) -> Series[Any]:
    """A column by its name as text.

    Raises:
        BadArgument: There is none; the nearest one is named.
    """
    names = [str(one) for one in frame.columns]
    if name not in names:
        near = get_close_matches(name, names, 1, 0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(names) or 'none'}."
        raise BadArgument(f"There is no column {name!r}.", hint=hint)

    return frame.iloc[:, names.index(name)]


def _said(prompt: Any) -> Prompt | None:
    """What a function made of a row; a missing value is no prompt."""
    if isinstance(prompt, str | LLMMessage | list | tuple):
        return prompt
    is_nan = isinstance(prompt, float) and prompt != prompt
    if prompt is None or is_nan or type(prompt).__name__ in ("NAType", "NaTType"):
        return None

    raise BadArgument(
        f"The function made {type(prompt).__name__} of a row.",
        hint="It must return a text, or None for a row that is not to be asked about.",
    )


def _filled(frame: DataFrame, template: str) -> Iterator[str | None]:
    parts = list(_parts(frame, template))
    fields = [part for part in parts if isinstance(part, _Field)]
    if not fields:
        raise BadArgument(
            f"{template!r} names no column.", hint='Write "Classify: {text}", column in braces.'
        )

    for at in range(len(frame)):
        if any(field.missing[at] for field in fields):
            yield None
        else:
            yield "".join(part if isinstance(part, str) else part.at(at) for part in parts)


def _parts(frame: DataFrame, template: str) -> Iterator[str | _Field]:
    """Text and fields, in their order."""
    names = {str(one) for one in frame.columns}
    fields: dict[tuple[str, str, str], _Field] = {}
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as problem:
        raise BadArgument(
            f"{template!r} is no template: {problem}.",
            hint="A brace that is meant as one is written twice: {{ or }}.",
        ) from None

    for text, name, form, conversion in parsed:
        if text:
            yield text
        if name is None:
            continue
        key = name, form or "", conversion or ""
        whole = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        if whole in names:  # a column may be called "a:b"
            key = whole, "", ""
        if key not in fields:
            fields[key] = _Field(frame, *key)
        yield fields[key]


class _Field:
    """A column as a template shows it.

    Attributes:
        missing: For each row, whether it has no value.
    """

    def __init__(self, frame: DataFrame, name: str, form: str, conversion: str) -> None:
        column = column_of(frame, name)
        self._name = name
        self._form = form
        self._conversion = conversion
        self._values = column.tolist()
        self.missing = column.isna().tolist()

    def at(self, place: int) -> str:
        """The value of a row, as text."""
        value = self._values[place]
        try:
            if self._conversion:
                value = Formatter().convert_field(value, self._conversion)
            return format(value, self._form)
        except (TypeError, ValueError) as problem:
            raise BadArgument(
                f"{value!r} in the column {self._name!r} cannot be written so: {problem}."
            ) from None
