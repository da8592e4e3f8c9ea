"""The messages of one call, read when somebody looks.

Law: a sequence of dicts in all but weight. Two hundred turns hold two hundred of these and
no copies: what was said stands once, in the content store or with whoever said it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

__all__ = ["Conversation"]


class Conversation(Sequence[dict[str, Any]]):
    """Messages as dicts, made anew each time they are read.

    Args:
        read: Gives the messages, oldest first; nothing where they are no longer kept.
        told: How many there were, where that is known without reading.
    """

    __slots__ = ("_read", "_told")

    def __init__(
        self, read: Callable[[], Iterable[dict[str, Any]]], *, told: int | None = None
    ) -> None:
        self._read = read
        self._told = told

    def kept_by(self, read: Callable[[], Iterable[dict[str, Any]]]) -> None:
        """Somebody keeps the messages now: read them there, and let go of them here."""
        self._read = read

    @property
    def n_messages(self) -> int:
        """How many there were, whether they are still kept or not."""
        return len(self) if self._told is None else self._told

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return list(self._read())[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(list(self._read()))

    def __len__(self) -> int:
        return len(list(self._read()))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Conversation | list | tuple):
            return list(self) == list(other)

        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def __reduce__(self) -> tuple[type, tuple[list[dict[str, Any]]]]:
        # Copied or pickled it is what it says: a list.
        return list, (list(self),)
