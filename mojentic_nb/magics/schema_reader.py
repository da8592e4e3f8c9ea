"""The grammar of a schema line, read from left to right.

Law: text in, field declarations out; no pydantic. Every refusal knows its column and says what
to write instead. `schema_line.py` states the grammar and is the only caller.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, Literal, NoReturn

from mojentic_nb.errors import BadArgument

__all__ = ["FieldLine", "Reader", "SchemaLineError"]

_TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "date": date,
    "datetime": datetime,
    "time": time,
    "any": Any,
    "Any": Any,
    # What other schema languages and plain English call them.
    "string": str,
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
}
_GENERIC = ("list", "dict")
_KNOWN = (*_TYPES, *_GENERIC, "None")
# Made while running: a type checker must not read `_LIST[kind]` as an annotation.
_LIST: Any = list
_DICT: Any = dict

_OFFERED = "Types: str, int, float, bool, date, datetime, list[...], dict, (a|b|c)."

# Names under which pydantic itself finds a model's methods: a field would hide them.
_PYDANTICS = {
    *("model_computed_fields", "model_config", "model_construct", "model_copy", "model_dump"),
    *("model_dump_json", "model_extra", "model_fields", "model_fields_set", "model_json_schema"),
    *("model_parametrized_name", "model_post_init", "model_rebuild", "model_validate"),
    *("model_validate_json", "model_validate_strings"),
}

_WORD = re.compile(r"[^\W\d]\w*")
_SPACE = re.compile(r"\s+")
_LIST_OF = re.compile(r"\s*list\s+of\b", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"\n]*)"|\'([^\'\n]*)\'')
_REMARK = re.compile(r"#([^,\n]*)")
_CHOICES = re.compile(r"\(([^()]*)\)")


class SchemaLineError(BadArgument):
    """A schema line cannot be read.

    Attributes:
        column: Where, counted from 1 within its line of the text.
    """

    def __init__(self, message: str, *, line: str, at: int, hint: str) -> None:
        start = line.rfind("\n", 0, at) + 1
        self.column = at - start + 1
        self._shown = line[start:].partition("\n")[0]
        super().__init__(f"{message} (column {self.column})", hint=hint)

    def __str__(self) -> str:
        pointer = " " * (self.column - 1) + "^"
        return f"{self.message}\n  {self._shown}\n  {pointer}\n{self.hint}".rstrip()


@dataclass(frozen=True, kw_only=True)
class FieldLine:
    """One field as declared; `type` already allows None where the field is optional."""

    name: str
    type: Any
    is_optional: bool
    description: str


class Reader:
    """Reads one schema line; `at` is where the next thing begins."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    def read(self) -> tuple[list[FieldLine], bool]:
        """The declared fields, and whether a list of such records is meant."""
        list_of = _LIST_OF.match(self._line)
        if list_of:
            self._at = list_of.end()
            return self._fields(""), True

        if self._took("["):
            return self._fields("]"), True

        return self._fields(""), False

    def _fields(self, closing: str) -> list[FieldLine]:
        fields: list[FieldLine] = []
        while not fields or self._took(","):
            if fields and self._is_over(closing):
                break  # a comma after the last field hurts nobody

            fields.append(self._field({field.name for field in fields}))

        if closing and not self._took(closing):
            self._refuse("The list is not closed", f"Write {closing} after the last field.")

        self._skip()
        if self._at < len(self._line):
            self._refuse(f"{self._next()!r} is not expected here", "Separate fields by commas.")

        return fields

    def _is_over(self, closing: str) -> bool:
        self._skip()
        return self._line[self._at :] == "" or bool(closing and self._line[self._at] == closing)

    def _field(self, taken: set[str]) -> FieldLine:
        name = self._name(taken)
        is_optional = self._took("?")
        has_colon = self._took(":")
        is_optional |= self._took("?")
        kind, may_be_none = self._type_or_text(must=has_colon)
        is_optional |= may_be_none
        return FieldLine(
            name=name,
            type=kind | None if is_optional and kind is not Any else kind,
            is_optional=is_optional,
            description=self._description(),
        )

    def _name(self, taken: set[str]) -> str:
        self._skip()
        word = self._match(_WORD)
        if word is None:
            what = (
                f"{self._next()!r} is not a field's name" if self._next() else "A field is missing"
            )
            self._refuse(what, "Write fields as name, age int, tags list[str].")

        name, start = word[0], word.start()
        if name in _PYDANTICS:
            self._refuse(f"{name!r} is pydantic's own name", f"Write {name}_ instead.", start)

        if name.startswith("_"):
            self._refuse(f"{name!r} begins with an underscore", "Begin with a letter.", start)

        if keyword.iskeyword(name):
            self._refuse(f"{name!r} is a word of Python's own", f"Write {name}_ instead.", start)

        if name in taken:
            self._refuse(f"{name!r} is there twice", "Give each field a name of its own.", start)

        return name

    def _type_or_text(self, *, must: bool) -> tuple[Any, bool]:
        """The type that follows and whether it allows None; text when none follows."""
        if not must and self._next() in ("", ",", "]", "#", '"', "'"):
            return str, self._took("?")

        return self._type()

    def _type(self) -> tuple[Any, bool]:
        kinds = [self._one()]
        is_optional = self._took("?")
        while self._took("|"):
            kinds.append(self._one())
            is_optional |= self._took("?")

        present = [kind for kind in kinds if kind is not None]
        if not present:
            self._refuse("None alone is not a type", "Write str? for text that may be missing.")

        union = present[0]
        for kind in present[1:]:
            union = union | kind

        return union, is_optional or len(present) < len(kinds)

    def _one(self) -> Any:
        if self._next() == "(":
            return self._choices()

        self._skip()
        word = self._match(_WORD)
        if word is None:
            self._refuse("A type is missing", _OFFERED)

        if word[0] in _GENERIC:
            return self._list() if word[0] == "list" else self._dict()

        if word[0] == "None":
            return None

        if word[0] not in _TYPES:
            self._refuse(f"{word[0]!r} is not a type", _hint_for_type(word[0]), word.start())

        if self._next() == "[":
            self._refuse(f"{word[0]} takes no brackets", f"Write list[{word[0]}] for several.")

        return _TYPES[word[0]]

    def _list(self) -> Any:
        if not self._took("["):
            return list[str]

        kind = self._inner()
        self._close()
        return _LIST[kind]

    def _dict(self) -> Any:
        if not self._took("["):
            return dict[str, Any]

        key = self._inner()
        if not self._took(","):
            self._refuse("dict needs two types", "Write dict[str, int], or only dict.")

        value = self._inner()
        self._close()
        return _DICT[key, value]

    def _inner(self) -> Any:
        kind, is_optional = self._type()
        return kind | None if is_optional and kind is not Any else kind

    def _close(self) -> None:
        if not self._took("]"):
            self._refuse("The bracket is not closed", "Write ] after the inner type.")

    def _choices(self) -> Any:
        start = self._at
        found = self._match(_CHOICES)
        if found is None:
            self._refuse("The choices are not closed", "Write them as (good|bad).", start)

        words = [_bare(word) for word in found[1].split("|")]
        if not all(words):
            self._refuse("A choice is empty", "Write them as (good|bad).", start)

        if "," in found[1]:
            self._refuse("Choices are separated by |", "Write them as (good|bad).", start)

        if all(re.fullmatch(r"-?\d{1,18}", word) for word in words):
            return Literal[tuple(int(word) for word in words)]

        return Literal[tuple(words)]

    def _description(self) -> str:
        self._skip()
        found = self._match(_QUOTED) or self._match(_REMARK)
        if found is None and self._next() in ('"', "'"):
            self._refuse("The description is not closed", "Close it with the same quote.")

        return " ".join((found[found.lastindex or 0] if found else "").split())

    # Moving along the line

    def _skip(self) -> None:
        self._match(_SPACE)

    def _next(self) -> str:
        self._skip()
        return self._line[self._at : self._at + 1]

    def _took(self, sign: str) -> bool:
        if self._next() != sign:
            return False

        self._at += 1
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._line, self._at)
        if found:
            self._at = found.end()

        return found

    def _refuse(self, message: str, hint: str, at: int | None = None) -> NoReturn:
        raise SchemaLineError(
            f"{message}.",
            line=self._line,
            at=self._at if at is None else at,
            hint=hint,
        )


def _bare(word: str) -> str:
    word = word.strip()
    quoted = _QUOTED.fullmatch(word)
    return quoted[quoted.lastindex or 0] if quoted else word


def _hint_for_type(word: str) -> str:
    close = get_close_matches(word, _KNOWN, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}? {_OFFERED}" if close else _OFFERED
