"""What goes over the wire, as values, and how bytes become records.

Law: no I/O. Anything holding a key shows itself without it, in every repr, since
tracebacks print local variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic_core import from_json, to_json

from mojentic_nb.clock import Stamp, SystemClock
from mojentic_nb.config import Timeouts
from mojentic_nb.errors import BadArgument, GatewayGarbled, MojenticError
from mojentic_nb.quick import quick

__all__ = ["Headers", "WireRequest", "address", "record", "said"]

_PRIVATE = re.compile(r"auth|key|token|cookie|secret", re.IGNORECASE)

# Of one record or one whole answer. Images and long contexts stay far below it; a server
# that sends one endless line must not take all memory.
LARGEST_BYTES = 64 * 1024 * 1024

# Of an error's body; some proxies send megabytes of page.
ERROR_BYTES = 64_000

# Seconds a server gets to end an answer whose final marker has come. In the same packet
# or the next one, as a rule; keeping the connection is not worth more waiting.
MOMENT_S = 0.1

# Seconds an idle connection is kept. Uvicorn, Node and cpp-httplib close theirs after 5;
# a call on one that is just being closed would break.
KEPT_S = 4.0

# Seconds. Less than a socket can be told to wait is no time at all.
LEAST_S = 0.002

# Kept connections that one call may find closed before it gives up.
MOST_TRIED = 8

# Frames are read raw as they come, so compression could only delay them.
OUR_HEADERS = {"user-agent": "mojentic-nb", "accept-encoding": "identity"}


class Headers(dict[str, str]):
    """Request headers, their names in lower case; those that hold keys never show."""

    def __repr__(self) -> str:
        shown = {
            name: "[removed]" if _PRIVATE.search(name) else value for name, value in self.items()
        }
        return f"Headers({shown})"

    @classmethod
    def of(cls, given: Mapping[str, str] | None) -> Self:
        """Read headers as a person gives them."""
        return cls({str(name).lower(): value for name, value in (given or {}).items()})

    def check(self) -> None:
        """See whether they can be sent; no value ever stands in a local variable.

        Raises:
            BadArgument: One cannot.
        """
        for name in self:
            if not _NAME.fullmatch(name) or not _is_sendable(self[name]):
                raise BadArgument(
                    f"The header {name!r} cannot be sent as it is given.",
                    hint="Names are letters and dashes, values printable ASCII.",
                )

    @property
    def secrets(self) -> list[str]:
        """Values that must not show, without the word (such as Bearer) before them."""
        values = [value for name, value in self.items() if _PRIVATE.search(name)]
        return [value.rpartition(" ")[2] for value in values]


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


def _is_sendable(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


@quick(kw_only=True)
class WireRequest:
    """One HTTP request, ready to go.

    Attributes:
        gateway: Who asks, for messages.
        body: JSON bytes; `b""` for a GET.
        stream: Whether the answer is expected piece by piece.
        ends_at: When the answer must be whole, by the machine's clock.
        stamp: Where a cassette writes when this took place.
        unsendable: Why it can only be answered by a cassette, and not be sent.
        is_of_the_web: The host says what is asked for; it is no server of models, which
            may stand anywhere.
    """

    gateway: str
    method: str
    url: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    timeouts: Timeouts = field(default_factory=Timeouts)
    stream: bool = False
    ends_at: float | None = None
    stamp: Stamp = field(default_factory=Stamp, repr=False, compare=False)
    unsendable: MojenticError | None = None
    is_of_the_web: bool = False

    @property
    def silence_s(self) -> float:
        """How long the server may say nothing, in seconds."""
        return self.timeouts.silence_s if self.stream else self.timeouts.whole_s

    def within(self, seconds: float) -> float:
        """So many seconds, or fewer where the answer must be whole before."""
        if self.ends_at is None:
            return seconds

        return max(LEAST_S, min(seconds, self.ends_at - SystemClock.now()))

    @property
    def is_late(self) -> bool:
        """Whether the time for the answer is over."""
        return self.ends_at is not None and SystemClock.now() >= self.ends_at - LEAST_S


def body_of(value: Mapping[str, Any]) -> bytes:
    """Write a request's body.

    Raises:
        BadArgument: Something in it has no form in JSON.
    """
    try:
        return to_json(value)
    except ValueError as problem:
        told = one_line(str(problem))

    raise BadArgument(f"This cannot be sent as JSON: {told}.")


def address(url: str) -> str:
    """The host and port of a URL, as people should see it: no user, no query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or parts.path.rpartition("@")[2], parts.port
    except ValueError:
        return url.rpartition("@")[2]

    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def is_callable_at(url: str) -> bool:
    """Whether a client can call this address at all."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        reachable = parts.port != 0 and bool(host.encode("idna" if ":" not in host else "ascii"))
    except ValueError:
        return False

    return reachable and parts.scheme in ("http", "https") and url.isprintable() and " " not in url


def split_user(url: str) -> tuple[str, str]:
    """Take user and password out of an address: what is left, and `user:password`.

    The two HTTP libraries treat them differently, and would show them.
    """
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, _, host = place.rpartition("@")
    return f"{scheme}{mark}{host}{slash}{path}", user


def record(data: bytes, gateway: str) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        GatewayGarbled: These bytes are none.
    """
    try:
        value = from_json(data)
    except ValueError:
        value = None

    if isinstance(value, dict):
        return value

    raise GatewayGarbled(
        f"{gateway} sent something that is no record: {preview(data)}",
        hint="Check that the address is a model server's and not a web page's.",
        gateway=gateway,
    )


def is_object(text: bytes | str) -> bool:
    """Whether this is one JSON object."""
    try:
        return isinstance(from_json(text), dict)
    except ValueError:
        return False


def preview(data: bytes, limit: int = 120) -> str:
    """The beginning of some bytes, readable on one line."""
    if not data.strip():
        return "nothing at all"

    text = data[:ENOUGH_BYTES].decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title:
        return f"a web page titled '{one_line(title[1], limit)}'"

    # Not its repr: what that escapes would no longer be found, were it a key.
    return f"'{one_line(text + ('…' if len(data) > ENOUGH_BYTES else ''), limit)}'"


# What a preview looks at: a page's title stands in its first few kilobytes.
ENOUGH_BYTES = 8_000


def one_line(text: str, limit: int = 400) -> str:
    """Text on one line, without letters that would move a terminal's cursor."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return line[:limit] + ("…" if len(line) > limit else "")


def said(problem: Any) -> str:
    """What an error object says, in whichever of the usual forms."""
    if isinstance(problem, dict):
        names = ("error", "message", "detail", "type")
        inner = next((problem[name] for name in names if problem.get(name)), None)
        return said(inner) if inner is not None else one_line(str(problem))

    return one_line(str(problem))
