"""The line after a magic's name: flags into values, the rest left as it was typed.

Law: text in, values out; no IPython, no namespace. A prompt is prose, so nothing here
tokenizes it as Python or as a shell would: flags stand first, and from the first other
word on everything is the prompt. A typo is told with its column and what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.options import FORMATS, Option

__all__ = ["Flags", "Line", "read_around", "read_first", "usage"]


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the flags of one call say; `None` where they say nothing."""

    model: str | None = None
    system: str | None = None
    persona: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    tools: tuple[str, ...] | None = None
    image: tuple[str, ...] = ()
    file: str | None = None
    context: int | None = None
    repeats: int | None = None
    check: tuple[str, ...] = ()
    judge: str | None = None
    key: str | None = None
    out: str | None = None
    format: str = "md"
    code: bool = False
    no_stream: bool = False
    fresh: bool = False
    raw: bool = False
    dry_run: bool = False
    debug: bool = False
    quiet: bool = False
    math: bool = False
    frame: bool = False
    help: bool = False

    @classmethod
    def of(cls, typed: Mapping[str, Sequence[str]], fill: Callable[[str, str], str]) -> Flags:
        """Give typed values their types; of a flag typed twice, the last one counts.

        Args:
            typed: Values by option name; a switch has none.
            fill: Puts the notebook's variables into a flag's value.

        Raises:
            BadArgument: A value is not what its flag takes.
        """
        known: dict[str, object] = {}
        for name, values in typed.items():
            filled = [fill(name, value) for value in values]
            kind = _KINDS.get(name)
            if name in _REPEATED:
                known[name] = tuple(_text(name, value) for value in filled)
            else:
                known[name.replace("-", "_")] = kind(name, filled[-1]) if kind else True

        if known.get("format") == "math":
            known |= {"format": "md", "math": True}

        return cls(**known)  # type: ignore[arg-type]  # each kind gives its field's type


def _text(name: str, value: str) -> str:
    if not value.strip():
        raise BadArgument(f"--{name} is empty.")

    return value


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadArgument(f"--{name} takes a number, not {value!r}.") from None


def _count(name: str, value: str) -> int:
    digits = value.replace("_", "")
    if not digits.isdecimal() or int(digits) == 0:
        raise BadArgument(f"--{name} takes a whole number above 0, not {value!r}.")

    return int(digits)


def _names(name: str, value: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in value.split(",") if one.strip())
    if not found:
        raise BadArgument(f"--{name} names no tool.", hint="Write --tools f,g without spaces.")

    return found


def _seconds(name: str, value: str) -> float:
    seconds = _number(name, value)
    if not 0 < seconds < float("inf"):
        raise BadArgument(f"--{name} takes seconds above 0, not {value!r}.")

    return seconds


def _format(name: str, value: str) -> str:
    if value in FORMATS:
        return value

    close = get_close_matches(value, FORMATS, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(FORMATS)}."
    raise BadArgument(f"--{name} {value}: there is no such format.", hint=hint)


# These count each time they are typed.
_REPEATED = {"image", "check"}
_KINDS: dict[str, Callable[[str, str], object]] = {
    "model": _text,
    "system": _text,
    "temperature": _number,
    "max-tokens": _count,
    "tools": _names,
    "out": _text,
    "persona": _text,
    "timeout": _seconds,
    "file": _text,
    "context": _count,
    "repeats": _count,
    "judge": _text,
    "key": _text,
    "format": _format,
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A magic's line, read.

    Attributes:
        typed: Values by option name, as typed, in order; a switch has none.
        rest: Everything that is no flag, as typed.
        late: A flag that stands in the rest, where it is only text.
    """

    typed: dict[str, list[str]] = field(default_factory=dict)
    rest: str = ""
    late: str = ""

    def last(self, name: str) -> str | None:
        """The value that counts of an option typed several times; None where it was not."""
        values = self.typed.get(name)
        return values[-1] if values else None


_SPACE = re.compile(r"\s*")
# A minus before a digit, an arrow or a lone dash begin a prompt, not a flag.
_FLAG = re.compile(r"(?P<flag>--?[A-Za-z][\w-]*)(?P<joined>=)?")
_ENOUGH = re.compile(r"--(?:\s+|\Z)")
_VALUE = re.compile(r'"(?P<double>(?:[^"\\]|\\.)*)"|\'(?P<single>(?:[^\'\\]|\\.)*)\'|(?P<bare>\S+)')
_CHUNK = re.compile(r'"[^"]*"|\'[^\']*\'|\S+')
_AFTER_SPACE = re.compile(r"(?<=\s)--?[A-Za-z][\w-]*(?=\s|=|\Z)")


def read_first(line: str, options: Sequence[Option], *, magic: str) -> Line:
    """Read the flags a line begins with; the first other word begins the rest.

    Raises:
        BadArgument: A flag is unknown or lacks its value.
    """
    reader = _Reader(line, options, magic)
    at = 0
    while (found := reader.flag(at)) is not None:
        at = found

    enough = _ENOUGH.match(line, at)
    rest = line[enough.end() if enough else at :]
    late = "" if enough else reader.first_known(rest)
    return Line(typed=reader.typed, rest=rest, late=late)


def read_around(line: str, options: Sequence[Option], *, magic: str) -> Line:
    """Read flags wherever they stand; what is left between them is the rest.

    Raises:
        BadArgument: A flag is unknown or lacks its value.
    """
    reader = _Reader(line, options, magic)
    kept: list[str] = []
    at = 0
    while at < len(line):
        if (found := reader.flag(at)) is not None:
            at = found
            continue

        chunk = _CHUNK.match(line, at)
        if chunk is None:
            break
        end = _end_of_space(line, chunk.end())
        kept.append(line[at:end])
        at = end

    return Line(typed=reader.typed, rest="".join(kept).strip())


def _end_of_space(line: str, at: int) -> int:
    found = _SPACE.match(line, at)
    return found.end() if found else at


class _Reader:
    """Takes flags off a line, one at a time."""

    def __init__(self, line: str, options: Sequence[Option], magic: str) -> None:
        self._line = line
        self._magic = magic
        self._options = {flag: option for option in options for flag in option.spellings}
        self.typed: dict[str, list[str]] = {}

    def flag(self, at: int) -> int | None:
        """Read the flag at `at`, if there is one; where the next thing begins."""
        at = _end_of_space(self._line, at)
        found = _FLAG.match(self._line, at)
        if found is None:
            return None

        option = self._options.get(found["flag"])
        if option is None:
            raise self._unknown(found["flag"], at)

        if not option.value:
            self.typed[option.name] = []
            return _end_of_space(self._line, self._end_of_switch(found))

        value, end = self._value(option, found)
        self.typed.setdefault(option.name, []).append(value)
        return _end_of_space(self._line, end)

    def first_known(self, text: str) -> str:
        """The first of our flags in a text that is no longer flags."""
        found = (one[0] for one in _AFTER_SPACE.finditer(text.partition("\n")[0]))
        return next((flag for flag in found if flag in self._options), "")

    def _end_of_switch(self, found: re.Match[str]) -> int:
        if found["joined"]:
            raise BadArgument(f"{found['flag']} takes no value.", hint=f"Write {found['flag']}.")

        return found.end()

    def _value(self, option: Option, found: re.Match[str]) -> tuple[str, int]:
        start = found.end() if found["joined"] else _end_of_space(self._line, found.end())
        value = _VALUE.match(self._line, start)
        if value is None or self._options.get(value[0]):
            raise BadArgument(
                f"{found['flag']} needs a {option.value}.",
                hint=f"Write {found['flag']} {option.value}: {option.about}.",
            )

        if value["bare"] is None:
            quoted = value["double"] if value["double"] is not None else value["single"]
            return re.sub(r"\\([\"'\\])", r"\1", quoted), value.end()

        if value["bare"][0] in "\"'":
            raise BadArgument(f"The quote after {found['flag']} is not closed.")

        return value["bare"], value.end()

    def _unknown(self, flag: str, at: int) -> BadArgument:
        close = get_close_matches(flag, self._options, n=1, cutoff=0.5)
        meant = f"Did you mean {close[0]}? " if close else ""
        return BadArgument(
            f"{flag} is not a flag of {self._magic} (column {at + 1}).",
            hint=f"{meant}{self._magic}? shows all; -- before it makes it text.",
        )


def usage(lines: Sequence[str], options: Sequence[Option]) -> str:
    """What `%llm?` and `--help` show of the flags."""
    written = [
        (", ".join(option.spellings) + (f" {option.value}" if option.value else ""), option.about)
        for option in options
    ]
    width = max(len(flag) for flag, _ in written)
    return "\n".join([*lines, "", *(f"  {flag:<{width}}  {about}" for flag, about in written)])
