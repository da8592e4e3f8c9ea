"""Reading a cassette's file.

Law: bytes to values, no I/O. What makes no sense is refused with its line; nothing is
guessed, since a guess would be replayed as a model's words.
"""

from __future__ import annotations

import math
from base64 import b64decode
from dataclasses import replace
from typing import Any

from pydantic_core import from_json

from mojentic_nb.errors import CassetteError
from mojentic_nb.gateways.cassette_file import BREAKS, FORM, Broken, Recording
from mojentic_nb.gateways.cassette_request import Request

__all__ = ["read"]


def read(data: bytes, path: str) -> list[Recording]:
    """The exchanges in a file, in its order; none in an empty one.

    Raises:
        CassetteError: It is no cassette, or damaged; tells the line.
    """
    lines = data.split(b"\n")
    if not data.strip():
        return []

    _check_form(lines[0], path)
    reader = _Reader()
    for number, line in enumerate(lines[1:], start=2):
        if not line or line.isspace():
            continue
        try:
            reader.take(from_json(line), number)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as problem:
            raise _damaged(path, number, problem) from None

    if reader.draft is not None:
        begun = reader.draft.line
        raise _damaged(path, begun, ValueError("the exchange that begins there has no end"))

    return reader.recordings


def _check_form(line: bytes, path: str) -> None:
    try:
        form = from_json(line)["cassette"]
    except (ValueError, TypeError, KeyError):
        raise CassetteError(
            f"{path} is no cassette: line 1 does not say so.",
            hint="It was left as it is: give another file.",
            path=path,
            line=1,
        ) from None

    if form != FORM:
        raise CassetteError(
            f"{path} is a cassette of form {form!r}; only form {FORM} is known here.",
            hint="A newer version of mojentic_nb reads it.",
            path=path,
            line=1,
        )


def _damaged(path: str, line: int, problem: Exception) -> CassetteError:
    told = f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)
    return CassetteError(
        f"{path} is damaged at line {line}: {told.splitlines()[0]}.",
        hint="It was left as it is: mend or remove that exchange, or delete the file.",
        path=path,
        line=line,
    )


class _Draft:
    """An exchange as far as it has been read."""

    def __init__(self, found: dict[str, Any], line: int) -> None:
        method, _, path = str(found["ask"]).partition(" ")
        if not path:
            raise ValueError("ask needs a method and a path")

        self.line = line
        self.request = Request(gateway=str(found["gateway"]), method=method, path=path)
        self.place = str(found["run"]), int(found["number"]), _seconds(found["at_s"])
        self.body: Any = None
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.broken: Broken | None = None
        self.data: list[bytes] = []
        self.pieces: list[tuple[float, int]] = []


class _Reader:
    """Takes line after line."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self.draft: _Draft | None = None

    def take(self, found: dict[str, Any], line: int) -> None:
        """Read one line; raises one of Python's own errors where it makes no sense."""
        draft = self.draft
        if "ask" in found:
            if draft is not None:
                raise ValueError(f"the exchange that begins at line {draft.line} has no end")
            self.draft = _Draft(found, line)
        elif draft is None:
            raise ValueError("no exchange has begun")
        elif "end" in found:
            self.recordings.append(_finished(draft, found))
            self.draft = None
        else:
            _add(draft, found)


def _add(draft: _Draft, found: dict[str, Any]) -> None:
    # The first two lines are most of a file.
    if "frame" in found:
        draft.data.append(found["frame"].encode())
    elif "pieces" in found:
        draft.pieces += [(_seconds(at), _count(size)) for at, size in found["pieces"]]
    elif "base64" in found:
        draft.data.append(b64decode(found["base64"], validate=True))
    elif "field" in found:
        _add_field(draft, found)
    elif "body" in found:
        draft.body = found["body"]
    elif "answer" in found:
        draft.status = _count(found["answer"])
        draft.headers = {str(name): str(value) for name, value in found.get("headers", {}).items()}
        if draft.status >= 300:
            draft.broken = _broken(found)
    else:
        raise ValueError(f"{', '.join(found) or 'nothing'} means nothing here")


def _add_field(draft: _Draft, found: dict[str, Any]) -> None:
    draft.body = draft.body or {}
    name = found["field"]
    if not isinstance(name, str):
        raise ValueError(f"{name!r} is no name of a field")

    if "item" in found:
        draft.body.setdefault(name, []).append(found["item"])
    else:
        draft.body[name] = found["value"]


def _broken(found: dict[str, Any]) -> Broken:
    wait_s = found.get("retry_after_s")
    return Broken(
        kind=str(found.get("kind", "")),
        message=str(found["message"]),
        hint=str(found["hint"]),
        retry_after_s=None if wait_s is None else float(wait_s),
    )


def _finished(draft: _Draft, found: dict[str, Any]) -> Recording:
    ended_s = _seconds(found["at_s"])
    broken = draft.broken
    if found["end"] == "broken" and broken is None:
        broken = _broken(found)
        if broken.kind not in BREAKS:
            raise ValueError(f"{broken.kind!r} is no way to break off")

    data = b"".join(draft.data)
    if sum(size for _, size in draft.pieces) != len(data):
        raise ValueError(f"the pieces of this exchange do not add up to its {len(data)} bytes")
    if draft.status is None and broken is None:
        raise ValueError("the exchange has no answer")

    run, number, asked_s = draft.place
    return Recording(
        request=replace(draft.request, body=draft.body),
        run=run,
        number=number,
        asked_s=asked_s,
        status=draft.status,
        headers=draft.headers,
        data=data,
        pieces=tuple(draft.pieces),
        ended_s=ended_s,
        broken=broken,
        line=draft.line,
    )


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{value!r} is no number of seconds")

    return float(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no whole number")

    return value
