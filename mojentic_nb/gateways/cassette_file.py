r"""The form of a cassette: lines of JSON that a person can review as a diff.

Law: values and their lines; no I/O. `cassette_reading.py` reads them back. A line is one
thing, and says by its first name which:

    {"cassette": 1}                                     the first line: which form this is
    {"ask": "POST /v1/chat/completions", "gateway": …,  an exchange begins: what was asked,
     "run": …, "number": 1, "at_s": 0.0}                in which run, as which one, and when
    {"field": "model", "value": "tiny"}                 a field of the request's body
    {"field": "messages", "item": {…}}                  one item of a field that is a list
    {"body": …}                                         a body that has no fields
    {"answer": 200, "headers": {…}}                     the answer's head
    {"frame": "data: {…}\n\n"}                          its bytes, cut after line ends
    {"base64": "…"}                                     bytes that are no UTF-8
    {"pieces": [[0.013, 245], …]}                       how they came: seconds, bytes
    {"end": "whole", "at_s": 0.2}                       the exchange ends

A refusal's head holds `message`, `hint` and `retry_after_s`. An exchange that broke off
ends with `"end": "broken"` and the error's `kind`, `message` and `hint`. All seconds count
from the asking, that of the asking itself from the beginning of its run. How the bytes
were cut and timed stands apart from them, so that a diff of two recordings shows what
was said. Requests that are equal are answered in the order of run and number.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mojentic_nb.errors import GatewayError, GatewayTimeout, GatewayTorn, kind_of_status
from mojentic_nb.gateways.cassette_request import Request

__all__ = ["BREAKS", "FIRST_LINE", "FORM", "Broken", "Recording", "written"]

FORM = 1
FIRST_LINE = f'{{"cassette": {FORM}}}\n'.encode()

# Of a line that says how the bytes came.
PIECES_IN_A_LINE = 16

_FRAME = re.compile(rb"[^\n]+(?:\n[\r\n]*)?|\n[\r\n]*")

# Letters that would break a line in an editor, or turn its direction: written as escapes.
_UNSEEN = {
    code: f"\\u{code:04x}"
    for first, last in ((0x7F, 0x9F), (0x2028, 0x202E), (0x2066, 0x2069), (0xFEFF, 0xFEFF))
    for code in range(first, last + 1)
}

BREAKS: dict[str, type[GatewayError]] = {
    kind.__name__: kind for kind in (GatewayTorn, GatewayTimeout)
}


@dataclass(frozen=True, kw_only=True)
class Broken:
    """How an exchange failed: refused where it has a status, else broken off."""

    kind: str = ""
    message: str
    hint: str = ""
    retry_after_s: float | None = None

    def error(self, gateway: str, status: int | None) -> GatewayError:
        """The same error again."""
        if status is None or status < 300:
            return BREAKS[self.kind](self.message, hint=self.hint, gateway=gateway)

        return kind_of_status(status)(
            self.message,
            hint=self.hint,
            gateway=gateway,
            status=status,
            retry_after_s=self.retry_after_s,
        )


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One exchange.

    Attributes:
        run: Which recording session it is of.
        number: Which of its requests this was, from 1.
        asked_s: When, in seconds of the run.
        status: Of the answer; `None` where it broke off before one.
        headers: The few that are kept.
        data: The answer's bytes, whole.
        pieces: How they came: seconds since asking, and how many, in order.
        ended_s: Seconds until it was over.
        broken: How it failed, if it did.
        line: Where in the file it begins; 0 for one that is not from a file.
    """

    request: Request
    run: str
    number: int
    asked_s: float
    status: int | None = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    pieces: tuple[tuple[float, int], ...] = ()
    ended_s: float = 0.0
    broken: Broken | None = None
    line: int = 0

    @property
    def is_refusal(self) -> bool:
        """Whether there is no answer to read."""
        return self.status is None or self.status >= 300

    def error(self) -> GatewayError | None:
        """How it failed, as a fresh error."""
        if self.broken is None:
            return None

        return self.broken.error(self.request.gateway, self.status)

    def cut(self) -> Iterator[tuple[float, bytes]]:
        """Its bytes as they came, with the seconds since asking."""
        at = 0
        for seconds, size in self.pieces:
            yield seconds, self.data[at : at + size]
            at += size


def written(recording: Recording) -> bytes:
    """The lines of one exchange."""
    lines = [_line(value) for value in _values(recording)]
    return "".join(lines).encode()


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_UNSEEN) + "\n"


def _values(recording: Recording) -> Iterator[dict[str, Any]]:
    request = recording.request
    yield {
        "ask": str(request),
        "gateway": request.gateway,
        "run": recording.run,
        "number": recording.number,
        "at_s": recording.asked_s,
    }
    yield from _body_values(request.body)
    if recording.status is not None:
        yield _head(recording)
    for found in _FRAME.finditer(recording.data):
        yield _frame(found[0])

    for first in range(0, len(recording.pieces), PIECES_IN_A_LINE):
        yield {"pieces": recording.pieces[first : first + PIECES_IN_A_LINE]}

    end = {"end": "broken" if recording.broken else "whole", "at_s": recording.ended_s}
    broken = None if recording.is_refusal and recording.status else recording.broken
    if broken is not None:
        end |= {"kind": broken.kind, "message": broken.message, "hint": broken.hint}
    yield end


def _body_values(body: Any) -> Iterator[dict[str, Any]]:
    if not body or not isinstance(body, dict):
        yield from () if body is None else ({"body": body},)
        return

    for name, value in body.items():
        if isinstance(value, list) and value:
            yield from ({"field": name, "item": item} for item in value)
        else:
            yield {"field": name, "value": value}


def _head(recording: Recording) -> dict[str, Any]:
    head: dict[str, Any] = {"answer": recording.status}
    broken = recording.broken
    if recording.is_refusal and broken is not None:
        head |= {"message": broken.message, "hint": broken.hint}
        if broken.retry_after_s is not None:
            wait_s = broken.retry_after_s
            # JSON has no word for endless.
            head["retry_after_s"] = wait_s if math.isfinite(wait_s) else str(wait_s)
    if recording.headers:
        head["headers"] = dict(recording.headers)

    return head


def _frame(data: bytes) -> dict[str, str]:
    try:
        return {"frame": data.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode()}
