"""What a request lacks to be one that was recorded.

Law: pure, and only asked after a miss: finding a recording is a look-up by key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from mojentic_nb.gateways.cassette_file import Recording
from mojentic_nb.gateways.cassette_request import Request
from mojentic_nb.gateways.wire import one_line

__all__ = ["differences", "nearest"]

# Letters of a value in a message, and those before the first that differs.
SHOWN = 40
BEFORE = 12

# Letters of two values that are compared to see which recording is nearer.
COMPARED = 200


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()
Difference = tuple[str, Any, Any]


def nearest(request: Request, recordings: Sequence[Recording]) -> tuple[Recording, str] | None:
    """The recording most like a request, and what differs, in words; `None` if there is none."""
    ranked = [
        (_distance(found), recording.line, recording, found)
        for recording in recordings
        if (found := differences(request, recording.request))
    ]
    if not ranked:
        return None

    _, _, recording, found = min(ranked, key=lambda one: one[:2])
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return recording, f"{_told(*found[0])}{more}"


def differences(request: Request, recorded: Request) -> list[Difference]:
    """Every field that differs: its dotted path, its value, the recorded value."""
    ours, theirs = _fields(request), _fields(recorded)
    return [
        (name, ours.get(name, MISSING), theirs.get(name, MISSING))
        for name in [*ours, *(name for name in theirs if name not in ours)]
        if not _are_same(ours.get(name, MISSING), theirs.get(name, MISSING))
    ]


def _are_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _fields(request: Request) -> dict[str, Any]:
    address = {"gateway": request.gateway, "method": request.method, "path": request.path}
    return address | dict(_leaves(request.body, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for place, one in enumerate(value):
            yield from _leaves(one, f"{path}.{place}")
    elif path or value is not None:
        yield path or "body", value


def _distance(found: list[Difference]) -> tuple[int, int, float]:
    """Another address is farther than any body; then fewer fields; then likeness."""
    elsewhere = sum(name in ("gateway", "method", "path") for name, _, _ in found)
    _, ours, theirs = found[0]
    likeness = 0.0
    if isinstance(ours, str) and isinstance(theirs, str):
        likeness = SequenceMatcher(None, ours[:COMPARED], theirs[:COMPARED]).ratio()

    return elsewhere, len(found), -likeness


def _told(name: str, ours: Any, theirs: Any) -> str:
    if theirs is MISSING:
        return f"{name}: {_shown(ours)} was not in what is recorded"
    if ours is MISSING:
        return f"{name}: recorded as {_shown(theirs)}, and now not there"

    start = _parting(ours, theirs)
    return f"{name}: {_shown(ours, start)} was recorded as {_shown(theirs, start)}"


def _parting(ours: Any, theirs: Any) -> int:
    """Where two long texts begin to differ."""
    if not isinstance(ours, str) or not isinstance(theirs, str):
        return 0

    pairs = enumerate(zip(ours, theirs, strict=False))
    at = next((place for place, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
    return max(0, at - BEFORE) if max(len(ours), len(theirs)) > SHOWN else 0


def _shown(value: Any, start: int = 0) -> str:
    if not isinstance(value, str):
        return one_line(repr(value), SHOWN)

    before, after = "…" if start else "", "…" if len(value) > start + SHOWN else ""
    return f"{before}{value[start : start + SHOWN]!r}{after}"
