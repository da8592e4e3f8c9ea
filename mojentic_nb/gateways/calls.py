"""Tool calls, put together from the pieces in which servers send them.

Law: no I/O and no protocol; what a broken server does to ids and indexes is mended here,
once for all of them.
"""

from __future__ import annotations

from pydantic_core import from_json

from mojentic_nb.gateways.wire import is_object
from mojentic_nb.messages import LLMToolCall

__all__ = ["ToolCallParts", "tool_call"]


class ToolCallParts:
    """Tool calls as they are put together from their pieces, in order.

    A list, not a dict by id: some servers repeat an id in one reply, and the first
    call would vanish.
    """

    __slots__ = ("_arguments", "_ids", "_indexes", "_names")

    def __init__(self) -> None:
        self._indexes: list[int] = []
        self._ids: list[str] = []
        self._names: list[str] = []
        self._arguments: list[list[str]] = []

    def __bool__(self) -> bool:
        return bool(self._indexes)

    def begin(self, index: int, call_id: str, name: str) -> int:
        """Open a call; gives its place."""
        self._indexes.append(index)
        self._ids.append(call_id)
        self._names.append(name)
        self._arguments.append([])
        return len(self._indexes) - 1

    def place(self, index: int | None, call_id: str, name: str, arguments: str = "") -> int:
        """Where a piece belongs: an open call, or a new one.

        Servers differ: most send an index; some send none, or 0 for every call, and
        then a new id together with a name begins a new call.
        """
        for place in range(len(self._indexes) - 1, -1, -1):
            if index is not None and self._indexes[place] != index:
                continue
            if name and self._is_another(place, index, call_id, arguments):
                break
            self._ids[place] = self._ids[place] or call_id
            self._names[place] = self._names[place] or name
            return place

        return self.begin(len(self._indexes) if index is None else index, call_id, name)

    def _is_another(self, place: int, index: int | None, call_id: str, arguments: str) -> bool:
        if call_id and self._ids[place]:
            if call_id != self._ids[place]:
                return True
            if index is not None:
                return False

        # Gemini's server gives every call index 0 and no id, but each one whole.
        return bool(arguments) and is_object("".join(self._arguments[place]))

    def add(self, place: int, arguments: str) -> None:
        """Add a piece of a call's arguments."""
        self._arguments[place].append(arguments)

    def name(self, place: int) -> str:
        """The name of the call at this place."""
        return self._names[place]

    def finished(self, calls_before: int) -> tuple[LLMToolCall, ...]:
        """All calls, whole; ids that no server gave count on from `calls_before`."""
        return tuple(
            tool_call(
                self._ids[place] or f"call_{calls_before + place + 1}",
                self._names[place],
                "".join(self._arguments[place]),
            )
            for place in range(len(self._indexes))
        )


def tool_call(call_id: str, name: str, arguments: str) -> LLMToolCall:
    """Make a call of its text; text that is no JSON object is kept as `malformed`."""
    if not arguments.strip():
        return LLMToolCall(id=call_id, name=name)  # some servers send "" for no arguments

    try:
        value = from_json(arguments)
    except ValueError:
        value = None

    if isinstance(value, dict):
        return LLMToolCall(id=call_id, name=name, arguments=value)

    return LLMToolCall(id=call_id, name=name, malformed=arguments)
