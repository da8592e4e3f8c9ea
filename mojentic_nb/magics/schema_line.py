"""A schema on one line: `name, age int, tags list[str], mood (good|bad), price float?`.

Law: text in, a pydantic model (or a list of it) out; a typo points at its column. Reading is in
`schema_reader.py`; here the fields that were read become a model, and pydantic is loaded.

    line    = ["list of"] fields | "[" fields "]"
    fields  = field ("," field)*
    field   = name ["?"] [":"] [type] ['"what it is"' | "# what it is"]
    type    = one ("|" one)* ["?"]
    one     = str int float bool date datetime time any | list["[" type "]"]
            | dict["[" type "," type "]"] | "(" value ("|" value)* ")" | None
"""

from __future__ import annotations

import warnings
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from mojentic_nb.magics.schema_reader import FieldLine, Reader, SchemaLineError

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["SchemaLineError", "model_from_line"]


def model_from_line(line: str, *, name: str = "Record") -> type[BaseModel] | GenericAlias:
    """Make the model that a schema line describes.

    A field without a type is text; one with `?` may be missing and is then None.

    Args:
        line: The schema; line breaks count as spaces, except that they end a `#` description.
        name: What the model is called, which the language model sees as the schema's title.

    Returns:
        The model's class, or `list[...]` of it for `list of ...` and `[...]`.

    Raises:
        SchemaLineError: The line cannot be read; its message shows the column.
    """
    fields, is_list = Reader(line).read()
    model = _model(fields, name=name, line=line)
    return GenericAlias(list, (model,)) if is_list else model


def _model(fields: list[FieldLine], *, name: str, line: str) -> type[BaseModel]:
    from pydantic import ConfigDict, Field, create_model

    declared: dict[str, Any] = {}
    for field in fields:
        default = None if field.is_optional else ...
        about = Field(default=default, description=field.description or None)
        declared[field.name] = (field.type, about)

    with warnings.catch_warnings():
        # `schema`, `copy` and `json` are good names for data; BaseModel's old methods of these
        # names are deprecated and nobody misses them on a record.
        warnings.simplefilter("ignore", UserWarning)
        try:
            return create_model(name, __config__=ConfigDict(protected_namespaces=()), **declared)
        except Exception as problem:
            said = str(problem).partition("\n")[0]
            raise SchemaLineError(
                f"No model can be made of this: {said}", line=line, at=0, hint="Rename that field."
            ) from problem
