"""Regular expressions that cannot hang.

Law: a pattern somebody else wrote is compiled and run in a process that is killed when
its time is over; only one that cannot go back over the text, because it repeats, groups
and chooses nothing, runs here. A process costs about 25 ms (2026-11-21, 2 cores), once
for all texts of a search.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.pattern_child import fitting_lines
from mojentic_nb.tools.policy import Limits

__all__ = ["Match", "Pattern", "find", "replaced", "searching"]

# Letters, points, anchors and classes such as \d, one after another or as `one|other`:
# each place of the text is looked at once for each letter of the pattern.
_ONE_AFTER_ANOTHER = re.compile(r"(?:[^\\*+?{}\[\]()]|\\[dDwWsSbBnrt.^$*+?{}\[\]()|\\/\-])+")
_LONGEST_HERE = 200
LONGEST = 10_000

_CHILD = Path(__file__).with_name("pattern_child.py")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern fits.

    Attributes:
        start: First letter, from 0.
        end: After the last one.
        groups: What its groups hold; None for one that took no part.
        named: The same by name.
    """

    start: int
    end: int
    groups: tuple[str | None, ...] = ()
    named: Mapping[str, str | None] = field(default_factory=dict)


class Pattern:
    """A pattern ready for one text after another; `searching` makes it."""

    def __init__(self, pattern: str, *, flags: int, limits: Limits) -> None:
        self._limits = limits
        self._pattern = pattern
        self._here = re.compile(pattern, flags) if _is_plain(pattern) else None
        self._child = None if self._here else _Child(pattern, flags, limits)

    def find(self, text: str, *, most: int = 1000) -> list[Match]:
        """The first places where it fits.

        Raises:
            ToolError: It took too long.
        """
        if self._here is not None:
            return _first(self._here, text, most)

        answer = self._asked({"text": text, "most": most})
        return [
            Match(start, end, tuple(groups), named) for start, end, groups, named in answer["found"]
        ]

    def lines(self, text: str, *, most: int = 1000) -> list[int]:
        """Numbers, from 0, of the first lines that fit, each looked at by itself.

        Raises:
            ToolError: It took too long.
        """
        if self._here is not None:
            return fitting_lines(self._here, text, most)

        answer = self._asked({"text": text, "most": most, "each_line": True})
        found: list[int] = answer["lines"]
        return found

    def replaced(self, text: str, replacement: str, *, most: int = 0) -> tuple[str, int]:
        r"""A text with what fits replaced, and how often that was.

        Args:
            text: Where.
            replacement: What is put there; `\1` and `\g<name>` stand for groups.
            most: Replace so many; 0 for all.

        Raises:
            ToolError: It took too long, or the replacement names a group that is not there.
        """
        if self._here is not None and "\\" not in replacement:
            return self._replaced_here(self._here, text, replacement, most)
        if self._child is None:
            flags = self._here.flags if self._here else 0
            self._child = _Child(self._pattern, flags, self._limits)

        longest = self._limits.write_bytes
        answer = self._asked(
            {"text": text, "most": most, "replacement": replacement, "longest": longest}
        )
        return answer["text"], answer["count"]

    def _replaced_here(
        self, pattern: re.Pattern[str], text: str, replacement: str, most: int
    ) -> tuple[str, int]:
        longest = self._limits.write_bytes
        found = _first(pattern, text, most or len(text) + 1)
        if len(found) * len(replacement) > longest:
            raise _wrong(self._pattern, f"more than {longest} letters would come out")

        return pattern.subn(lambda _: replacement, text, count=most)

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._child is None:
            raise ToolError("The search is over.")

        return self._child.asked(request)

    def close(self) -> None:
        """End its process."""
        if self._child is not None:
            self._child.close()


class _Child:
    """A process that runs one pattern, and the alarm that ends it."""

    def __init__(self, pattern: str, flags: int, limits: Limits) -> None:
        self._pattern, self._seconds = pattern, limits.seconds
        self._is_late = False
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._alarm = Timer(limits.seconds, self._ring)
        self._alarm.daemon = True
        self._alarm.start()
        first = {"memory_bytes": limits.memory_bytes, "seconds": int(limits.seconds) + 2}
        try:
            self.asked({"pattern": pattern, "flags": flags, **first})
        except BaseException:
            self.close()
            raise

    def _ring(self) -> None:
        self._is_late = True
        self._process.kill()

    def asked(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and wait for its answer."""
        line = b""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is not None and stdout is not None:
            with suppress(OSError, ValueError):  # killed meanwhile
                stdin.write(json.dumps(request).encode() + b"\n")
                stdin.flush()
                line = stdout.readline()
        if not line.endswith(b"\n"):
            raise self._over()

        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _wrong(self._pattern, answer["error"])

        return answer

    def _over(self) -> ToolError:
        words = f"took longer than {self._seconds:g} s" if self._is_late else "took too much memory"
        return ToolError(
            f"The pattern {self._pattern[:200]!r} {words} and was stopped.",
            hint="Repeats within repeats, such as (a+)+, take for ever; write it more plainly.",
        )

    def close(self) -> None:
        """Kill the process and close its ends."""
        self._alarm.cancel()
        self._process.kill()
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                with suppress(OSError):
                    end.close()
        self._process.wait()


@contextmanager
def searching(
    pattern: str,
    *,
    ignore_case: bool = False,
    is_literal: bool = False,
    is_multiline: bool = False,
    spans_lines: bool = False,
    limits: Limits | None = None,
) -> Iterator[Pattern]:
    """A pattern to search several texts with, all of them within one time.

    Args:
        pattern: Python's own kind of regular expression.
        ignore_case: Take A for a.
        is_literal: It is the very text to look for.
        is_multiline: `^` and `$` fit at each line.
        spans_lines: `.` fits the end of a line, too.
        limits: Its seconds and its memory.

    Raises:
        ToolError: It is no regular expression, or took too long.
    """
    flags = re.IGNORECASE * ignore_case | re.MULTILINE * is_multiline | re.DOTALL * spans_lines
    whole = re.escape(pattern) if is_literal else pattern
    if len(whole) > LONGEST:
        raise ToolError(f"The pattern has {len(whole)} letters; at most {LONGEST} are taken.")

    made = Pattern(whole, flags=int(flags), limits=limits or Limits())
    try:
        yield made
    finally:
        made.close()


def find(pattern: str, text: str, *, most: int = 1000, **how: Any) -> list[Match]:
    """The first places where a pattern fits in one text; `how` as for `searching`."""
    with searching(pattern, **how) as made:
        return made.find(text, most=most)


def replaced(
    pattern: str, replacement: str, text: str, *, most: int = 0, **how: Any
) -> tuple[str, int]:
    """One text with what fits replaced, and how often; `how` as for `searching`."""
    with searching(pattern, **how) as made:
        return made.replaced(text, replacement, most=most)


def _is_plain(pattern: str) -> bool:
    if len(pattern) > _LONGEST_HERE or not _ONE_AFTER_ANOTHER.fullmatch(pattern):
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False

    return True


def _first(pattern: re.Pattern[str], text: str, most: int) -> list[Match]:
    found: list[Match] = []
    for one in pattern.finditer(text):
        if len(found) == most:
            break
        found.append(Match(one.start(), one.end(), one.groups(), one.groupdict()))

    return found


def _wrong(pattern: str, words: str) -> ToolError:
    return ToolError(
        f"{pattern[:200]!r} does not work as a regular expression: {words}.",
        hint="Put a backslash before . * + ? ( ) [ ] { } | ^ $ that stand for themselves.",
    )
