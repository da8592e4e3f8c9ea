"""A JSON document that arrives in pieces.

Law: what has been read is never read again, and never taken back. The document does not
judge: where the text is no JSON it stops growing, and whoever reads the whole text says
why. What stands before the first bracket (words, a Markdown fence) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from pydantic_core import from_json

__all__ = ["UNSET", "Document", "Open"]


class _Unset(Enum):
    UNSET = auto()


# Nothing is known of this value yet; None is a value of its own in JSON.
UNSET: Final = _Unset.UNSET


@dataclass(slots=True)
class Open:
    """An object or list that is still being written.

    Attributes:
        value: Its finished parts. Grown in place: copy before handing on.
        key: Whose value is being written now, in an object.
        made: What a reader has made of the finished parts; the document leaves it alone.
    """

    value: dict[str, Any] | list[Any]
    key: str = ""
    made: Any = None

    def add(self, part: Any) -> None:
        """One part is finished."""
        if isinstance(self.value, list):
            self.value.append(part)
        else:
            self.value[self.key] = part

    def add_all(self, parts: str) -> int:
        """Several are, as they stand in the text, commas between; how many."""
        found: Any
        if isinstance(self.value, list):
            found = from_json(f"[{parts}]", allow_inf_nan=False)
            self.value += found
        else:
            found = from_json(f"{{{parts}}}", allow_inf_nan=False)
            self.value |= found

        return len(found)

    def with_tip(self, tip: Any) -> Any:
        """A copy, with what is being written as its last part."""
        if isinstance(self.value, list):
            return [*self.value] if tip is UNSET else [*self.value, tip]

        return {**self.value} if tip is UNSET else {**self.value, self.key: tip}


# Possessive throughout: a failed match costs one look at each letter.
_START = re.compile(r"[{\[]")
_SPACE = re.compile(r"[ \t\r\n]*+")
_SCALAR = re.compile(r"[-+.0-9A-Za-z]++")
# Whole signs only: an escape is taken with all its digits, a pair of surrogates together.
_TEXT = re.compile(
    r'(?:[^"\\]++|\\[^u]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+"
)
_LONGEST_SIGN = 12  # \ud83d\ude00
_DEEPEST = 200  # pydantic's own bound
_LONGEST_SCALAR = 5000  # Python itself refuses whole numbers of more digits

# Parts with no more than one level nested in them, each with the comma or the end after it:
# whole runs of them are read at the speed of C.
_S = r"[ \t\r\n]*+"
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_FLAT = rf'[{{\[][^{{}}\[\]"]*+(?:{_STRING}[^{{}}\[\]"]*+)*+'
_NEST = rf'[{{\[][^{{}}\[\]"]*+(?:(?:{_STRING}|{_FLAT}[}}\]])[^{{}}\[\]"]*+)*+'
_ITEM = rf"(?:{_STRING}|{_NEST}[}}\]]|{_SCALAR.pattern}){_S}"
_PAIR = rf"{_STRING}{_S}:{_S}{_ITEM}"
_ITEMS = re.compile(rf"(?:{_ITEM},{_S})*+(?:{_ITEM}(?=\]))?+", re.DOTALL)
_PAIRS = re.compile(rf"(?:{_PAIR},{_S})*+(?:{_PAIR}(?=\}}))?+", re.DOTALL)
# How far one looked in vain for one more.
_ITEM_SEEN = re.compile(rf"(?:{_STRING}|{_NEST}(?:{_FLAT})?+)?+", re.DOTALL)
_PAIR_SEEN = re.compile(rf"(?:{_STRING}{_S}:{_S}{_ITEM_SEEN.pattern})?+", re.DOTALL)


class Document:
    """The finished and the open parts of a JSON text so far.

    Attributes:
        path: Open objects and lists, outermost first.
        root: The whole value once it is finished, else `UNSET`.
        finished: How many parts are finished.
        letters_read: Letters looked at so far, repeats included.
    """

    def __init__(self) -> None:
        self.path: list[Open] = []
        self.root: Any = UNSET
        self.finished = 0
        self.letters_read = 0
        # Reads one thing; gives where the next begins, or -1 where more must come first.
        self._step: Callable[[str, int], int] | None = self._start
        self._rest = ""
        self._half: list[str] = []
        self._is_in_text = False
        self._is_key = False

    @property
    def half(self) -> str | None:
        """The text of the string that is being written as a value; None where none is."""
        if not self._is_in_text or self._is_key:
            return None

        if len(self._half) > 1:
            self._half = ["".join(self._half)]
        return self._half[0] if self._half else ""

    def feed(self, piece: str) -> None:
        """Read what has come."""
        text = self._rest + piece
        at = 0
        try:
            while self._step is not None and at < len(text):
                if not self._is_in_text:
                    at = _end(_SPACE, text, at)
                    if at == len(text):
                        break
                end = self._step(text, at)
                if end < 0:
                    break
                at = end
        except ValueError:
            self._step = None

        self._rest = "" if self._step is None else text[at:]

    def _start(self, text: str, at: int) -> int:
        found = _START.search(text, at)
        end = len(text) if found is None else found.start()
        self.letters_read += end - at
        if found is not None:
            self._step = self._value
        return end

    def _first_item(self, text: str, at: int) -> int:
        return self._close(at) if text[at] == "]" else self._item(text, at)

    def _item(self, text: str, at: int) -> int:
        end = self._run(_ITEMS, _ITEM_SEEN, text, at)
        if end == at:
            return self._value(text, at)

        self._step = self._next if text[end : end + 1] == "]" else self._item
        return end

    def _first_key(self, text: str, at: int) -> int:
        return self._close(at) if text[at] == "}" else self._key(text, at)

    def _key(self, text: str, at: int) -> int:
        end = self._run(_PAIRS, _PAIR_SEEN, text, at)
        if end == at:
            return self._begin_text(_after(text, at, '"'), is_key=True)

        self._step = self._next if text[end : end + 1] == "}" else self._key
        return end

    def _run(self, run: re.Pattern[str], seen: re.Pattern[str], text: str, at: int) -> int:
        """Read as many flat parts as there are; where they end."""
        end = _end(run, text, at)
        seen_to = _end(seen, text, end)
        if text[seen_to : seen_to + 1] == '"':
            seen_to = len(text)
        self.letters_read += 2 * (end - at) + seen_to - end
        if end > at:
            self.finished += self.path[-1].add_all(text[at:end].rstrip(", \t\r\n"))
        return end

    def _value(self, text: str, at: int) -> int:
        sign = text[at]
        if sign == '"':
            return self._begin_text(at + 1, is_key=False)
        if sign not in "{[":
            return self._scalar(text, at)
        if len(self.path) == _DEEPEST:
            raise ValueError("too deep")

        self.path.append(Open({} if sign == "{" else []))
        self._step = self._first_key if sign == "{" else self._first_item
        return at + 1

    def _scalar(self, text: str, at: int) -> int:
        end = _end(_SCALAR, text, at)
        self.letters_read += end - at
        if end == at or end - at > _LONGEST_SCALAR:
            raise ValueError("no JSON")
        if end == len(text):
            return -1  # 12 may still become 1234

        self._finish(from_json(text[at:end], allow_inf_nan=False))
        return end

    def _begin_text(self, at: int, *, is_key: bool) -> int:
        self._half = []
        self._is_key = is_key
        self._is_in_text = True
        self._step = self._text
        return at

    def _text(self, text: str, at: int) -> int:
        end = _end(_TEXT, text, at)
        self.letters_read += end - at
        if end > at:
            self._half.append(_told(text[at:end]))
        if text[end : end + 1] == '"':
            self._end_text()
            return end + 1

        if len(text) - end >= _LONGEST_SIGN:
            raise ValueError("no JSON")
        return end if end > at else -1

    def _end_text(self) -> None:
        self._is_in_text = False
        whole = "".join(self._half)
        if self._is_key:
            self.path[-1].key = whole
            self._step = self._colon
        else:
            self._finish(whole)

    def _colon(self, text: str, at: int) -> int:
        self._step = self._value
        return _after(text, at, ":")

    def _next(self, text: str, at: int) -> int:
        is_list = isinstance(self.path[-1].value, list)
        if text[at] == ("]" if is_list else "}"):
            return self._close(at)

        self._step = self._item if is_list else self._key
        return _after(text, at, ",")

    def _close(self, at: int) -> int:
        self._finish(self.path.pop().value)
        return at + 1

    def _finish(self, part: Any) -> None:
        self.finished += 1
        if self.path:
            self.path[-1].add(part)
            self._step = self._next
        else:
            self.root = part
            self._step = None

    def value(self, *, shows_half: bool = False) -> Any:
        """What is known so far, as plain data; finished parts are shared, not copied.

        Args:
            shows_half: Show the text of a string that is being written, too.

        Returns:
            `UNSET` where nothing is known.
        """
        if not self.path:
            return self.root

        half = self.half if shows_half else None
        tip: Any = UNSET if half is None else half
        for level in reversed(self.path):
            tip = level.with_tip(tip)

        return tip


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _after(text: str, at: int, sign: str) -> int:
    if text[at] != sign:
        raise ValueError("no JSON")

    return at + 1


def _told(raw: str) -> str:
    return str(from_json(f'"{raw}"')) if "\\" in raw else raw
