"""The process a regular expression runs in, where it can be killed.

Law: run by `patterns.py` as a script, so it knows only the standard library; it reads
one request a line and answers each with one line, until its input ends.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any


def bound(memory_bytes: int, seconds: int) -> None:
    """Take the system's own limits, where it has some."""
    try:
        import resource
    except ImportError:
        return

    # Killed from outside in time; this is for the day when nobody is left to do so.
    for kind, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, seconds)):
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            continue


def answer(pattern: re.Pattern[str], request: dict[str, Any]) -> dict[str, Any]:
    """Find or replace in one text."""
    text, most = request["text"], request["most"]
    if "replacement" in request:
        put = expanding(request["replacement"], request["longest"])
        changed, count = pattern.subn(put, text, count=most)
        return {"text": changed, "count": count}

    if request.get("each_line"):
        return {"lines": fitting_lines(pattern, text, most)}

    found = []
    for match in pattern.finditer(text):
        found.append([match.start(), match.end(), match.groups(), match.groupdict()])
        if len(found) == most:
            break

    return {"found": found}


def fitting_lines(pattern: re.Pattern[str], text: str, most: int) -> list[int]:
    """Numbers, from 0, of the first lines that fit, each looked at without its end."""
    lines = text.removesuffix("\n").split("\n") if text else []
    fitting = (place for place, line in enumerate(lines) if pattern.search(line.removesuffix("\r")))
    return list(islice(fitting, most))


def expanding(replacement: str, longest: int) -> Callable[[re.Match[str]], str]:
    """What is put in place of a match, until it is too much."""
    left = longest

    def put(match: re.Match[str]) -> str:
        nonlocal left
        piece = match.expand(replacement)
        left -= len(piece)
        if left < 0:
            raise OverflowError(f"more than {longest} letters would come out")
        return piece

    return put


def told(problem: Exception) -> dict[str, Any]:
    """What went wrong, as an answer."""
    words = str(problem) or "there is not enough memory for it"
    return {"error": words[:500]}


def serve() -> None:
    """Answer requests; the first gives the pattern."""
    pattern: Any = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            if pattern is None:
                bound(request["memory_bytes"], request["seconds"])
                pattern = re.compile(request["pattern"], request["flags"])
                reply: dict[str, Any] = {}
            else:
                reply = answer(pattern, request)
        except (re.error, IndexError, MemoryError, OverflowError, RecursionError) as problem:
            reply = told(problem)
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
