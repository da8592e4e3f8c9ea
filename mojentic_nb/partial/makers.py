"""From finished and open parts to the objects a type describes.

Law: a finished part is validated, once for each level that is still open; an open object
is an instance of its own class, made without its validators, in which everything that has
not come, or does not fit, is None.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from mojentic_nb.partial.document import UNSET, Open

__all__ = ["Maker", "maker", "maker_of"]

# Values of these kinds need no validation to be themselves.
_PLAIN = (str, int, bool)


class Maker:
    """Makes values of one type; this one shows nothing until a value is whole."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._annotation)

    def whole(self, value: Any) -> Any:
        """A finished value; `UNSET` where it does not fit."""
        if type(value) is self._annotation and self._annotation in _PLAIN:
            return value

        try:
            return self._adapter.validate_json(to_json(value))
        except ValidationError:
            return UNSET

    def grown(self, path: Sequence[Open], half: Any) -> Any:
        """A value that is being written: `path` begins with it; empty for a string."""
        if path:
            return self._open(path[0], path[1:], half)

        return half if self._may_be_half else UNSET

    @cached_property
    def _may_be_half(self) -> bool:
        """Whether half a text is a value: of prose, not of a number or date as text."""
        return bool({str, Any} & set(_kinds(self._annotation)))

    def _open(self, level: Open, path: Sequence[Open], half: Any) -> Any:
        return UNSET


class _Anything(Maker):
    """Makes plain data: for a schema without a Python type."""

    def __init__(self) -> None:
        super().__init__(Any)

    def whole(self, value: Any) -> Any:
        return value

    def _open(self, level: Open, path: Sequence[Open], half: Any) -> Any:
        return level.with_tip(self.grown(path, half))


class _Many(Maker):
    """Makes lists that grow, of whatever kind the finished one will be."""

    def __init__(self, annotation: Any, item: Any) -> None:
        super().__init__(annotation)
        self._item = maker(item)
        self._all = Maker(list[item])

    def _open(self, level: Open, path: Sequence[Open], half: Any) -> Any:
        if not isinstance(level.value, list):
            return UNSET

        level.made = made = [] if level.made is None else level.made
        if len(made) < len(level.value):
            made += self._items(level.value[len(made) :])

        tip = self._item.grown(path, half)
        return [*made] if tip is UNSET else [*made, tip]

    def _items(self, parts: list[Any]) -> list[Any]:
        """Finished items; None in the place of one that does not fit."""
        made = self._all.whole(parts) if len(parts) > 1 else UNSET
        if made is not UNSET:
            return list(made)

        return [_shown(self._item.whole(part)) for part in parts]


class _Fields(Maker):
    """Makes what has named parts: objects, and dicts of one type."""

    def whole(self, value: Any) -> Any:
        made = super().whole(value)
        if made is not UNSET or not isinstance(value, dict):
            return made

        return self._made({key: self._part(key).whole(part) for key, part in value.items()})

    def _open(self, level: Open, path: Sequence[Open], half: Any) -> Any:
        if not isinstance(level.value, dict):
            return UNSET

        level.made = made = {} if level.made is None else level.made
        for key, part in islice(level.value.items(), len(made), None):
            made[key] = self._part(key).whole(part)

        if level.key in made or not (path or half):
            return self._made(made)

        return self._made({**made, level.key: self._part(level.key).grown(path, half)})

    def _part(self, key: str) -> Maker:
        raise NotImplementedError

    def _made(self, parts: Mapping[str, Any]) -> Any:
        raise NotImplementedError


class _Dict(_Fields):
    """Makes dicts that grow."""

    def __init__(self, annotation: Any, item: Any) -> None:
        super().__init__(annotation)
        self._item = maker(item)
        self._all = Maker(dict[str, item])

    def _open(self, level: Open, path: Sequence[Open], half: Any) -> Any:
        if not isinstance(level.value, dict):
            return UNSET

        seen, made = level.made or (0, {})
        if count := len(level.value) - seen:
            # From the end: to skip thousands of old ones for a few new ones costs.
            last = list(islice(reversed(level.value.items()), count))
            made |= self._items(dict(reversed(last)))
            level.made = len(level.value), made

        if level.key in level.value:
            return {**made}

        tip = self._item.grown(path, half)
        return {**made} if tip is UNSET else {**made, level.key: tip}

    def _items(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Finished items, without those that do not fit."""
        made = self._all.whole(parts) if len(parts) > 1 else UNSET
        if made is not UNSET:
            return dict(made)

        return dict(self._made({key: self._item.whole(part) for key, part in parts.items()}))

    def _part(self, key: str) -> Maker:
        return self._item

    def _made(self, parts: Mapping[str, Any]) -> Any:
        return {key: part for key, part in parts.items() if part is not UNSET}


class _Record(_Fields):
    """Makes instances of a class whose fields come one after another."""

    def __init__(
        self, annotation: Any, kind: type, make: Callable[[type, dict[str, Any]], Any]
    ) -> None:
        super().__init__(annotation)
        self._kind = kind
        self._make = make
        self._parts: dict[str, Maker] = {}

    @cached_property
    def _fields(self) -> dict[str, tuple[str, Any]]:
        """Field name and type, by the name in JSON."""
        return _fields_of(self._kind)

    def _part(self, key: str) -> Maker:
        if key not in self._parts:
            self._parts[key] = maker(self._fields[key][1]) if key in self._fields else _ANYTHING
        return self._parts[key]

    def _made(self, parts: Mapping[str, Any]) -> Any:
        known = {
            self._fields[key][0]: part
            for key, part in parts.items()
            if part is not UNSET and key in self._fields
        }
        return self._make(self._kind, known)


class _Wrapped(Maker):
    """Takes a value out of the object it travels in, if it does."""

    def __init__(self, inner: Maker) -> None:
        super().__init__(None)
        self._inner = inner

    def whole(self, value: Any) -> Any:
        is_inside = isinstance(value, dict) and set(value) == {"value"}
        return self._inner.whole(value["value"] if is_inside else value)

    def _open(self, level: Open, path: Sequence[Open], half: Any) -> Any:
        if isinstance(level.value, list):
            return self._inner.grown([level, *path], half)
        if "value" in level.value:
            return self._inner.whole(level.value["value"])

        return self._inner.grown(path, half) if level.key == "value" else UNSET


_ANYTHING = _Anything()


def maker_of(target: Any, *, is_wrapped: bool) -> Maker:
    """The maker for what an answer has to be: a type, or a schema.

    Args:
        target: A type, or a JSON schema as a dict.
        is_wrapped: It travels in an object, under the name `value`.
    """
    inner = _ANYTHING if isinstance(target, Mapping) else maker(target)
    return _Wrapped(inner) if is_wrapped else inner


def maker(annotation: Any) -> Maker:
    """The maker for a type."""
    kinds = _kinds(annotation)
    if len(kinds) != 1:
        return Maker(annotation)  # which of them it is shows only in the end

    kind = kinds[0]
    origin = get_origin(kind) or kind
    arguments = get_args(kind)
    if isinstance(origin, type):
        if _is_many(origin, arguments):
            return _Many(annotation, arguments[0])
        if issubclass(origin, Mapping) and len(arguments) == 2:
            return _Dict(annotation, arguments[1])
        if make := _making(kind):
            return _Record(annotation, kind, make)

    return Maker(annotation)


def _kinds(annotation: Any) -> list[Any]:
    """The types a value may have, without their names, their constraints, and None."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for one in get_args(annotation) for kind in _kinds(one)]
    if hasattr(annotation, "__value__"):
        return _kinds(annotation.__value__)

    return [] if annotation in (None, NoneType) else [annotation]


def _is_many(origin: type, arguments: tuple[Any, ...]) -> bool:
    if issubclass(origin, tuple):
        return len(arguments) == 2 and arguments[1] is Ellipsis

    return issubclass(origin, (Sequence, Set)) and len(arguments) == 1


def _making(kind: Any) -> Callable[[type, dict[str, Any]], Any] | None:
    if not isinstance(kind, type):
        return None
    if issubclass(kind, BaseModel):
        return None if issubclass(kind, RootModel) else _model
    if issubclass(kind, dict) and hasattr(kind, "__total__"):  # typing's TypedDict, or another's
        return lambda _, known: known

    return _record if dataclasses.is_dataclass(kind) else None


def _model(kind: Any, known: dict[str, Any]) -> Any:
    # As `model_construct` does it, but without defaults, which would look like values
    # that have come, and without `model_post_init`, which expects a whole object.
    made = kind.__new__(kind)
    whole = {name: known.get(name) for name in kind.model_fields}
    object.__setattr__(made, "__dict__", whole)
    object.__setattr__(made, "__pydantic_fields_set__", set(known))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


def _record(kind: Any, known: dict[str, Any]) -> Any:
    made = kind.__new__(kind)
    for one in dataclasses.fields(kind):
        object.__setattr__(made, one.name, known.get(one.name))

    return made


def _fields_of(kind: type) -> dict[str, tuple[str, Any]]:
    if not issubclass(kind, BaseModel):
        hints = get_type_hints(kind, include_extras=True)
        return {name: (name, hint) for name, hint in hints.items()}

    found: dict[str, tuple[str, Any]] = {}
    for name, field in kind.model_fields.items():
        typed = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        for spelling in _spellings(name, field.validation_alias or field.alias):
            found[spelling] = (name, typed)

    return found


def _spellings(name: str, alias: Any) -> list[str]:
    choices = getattr(alias, "choices", [alias])
    return [name, *(one for one in choices if isinstance(one, str))]


def _shown(value: Any) -> Any:
    return None if value is UNSET else value
