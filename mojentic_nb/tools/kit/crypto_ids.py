"""Names nobody else has: identifiers and secrets.

Law: whatever must not be guessed comes from the system's own source of randomness.
"""

from __future__ import annotations

import secrets
import string
import time
import uuid
from typing import Annotated, Literal

from pydantic import Field

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["SecretTokenTool", "UuidTool"]

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


class UuidTool(KitTool):
    """Makes UUIDs."""

    tool_name = "uuid"
    facts = Facts(
        category="crypto & ids",
        examples=(
            Example(arguments={}, says="one random UUID"),
            Example(arguments={"version": 7, "count": 3}, says="three that sort by time"),
            Example(arguments={"version": 5, "name": "example.org"}, says="always the same one"),
        ),
        guidance="Version 5 needs a name; versions 4 and 7 take none.",
    )

    def run(
        self,
        version: Literal[4, 5, 7] = 4,
        *,
        count: Annotated[int, Field(ge=1, le=1000)] = 1,
        name: str | None = None,
        namespace: str = "dns",
    ) -> list[str]:
        """Make UUIDs: random (4), sorting by time (7), or always the same of a name (5).

        Args:
            version: 4, 5 or 7.
            count: How many; one for version 5.
            name: What version 5 is made of.
            namespace: What kind of name it is: dns, url, oid, x500, or a UUID of your own.
        """
        if (version == 5) != (name is not None):
            raise ToolError("A name belongs to version 5, and version 5 needs one.")

        if name is not None:
            return [str(uuid.uuid5(_namespace(namespace), name))]

        count = min(count, self.policy.limits.entries)
        made = _timed(count) if version == 7 else (uuid.uuid4() for _ in range(count))
        return [str(one) for one in made]


def _namespace(given: str) -> uuid.UUID:
    if given in _NAMESPACES:
        return _NAMESPACES[given]

    try:
        return uuid.UUID(given)
    except ValueError:
        raise ToolError(
            f"The namespace {given[:100]!r} is neither {', '.join(_NAMESPACES)} nor a UUID."
        ) from None


def _timed(count: int) -> list[uuid.UUID]:
    """RFC 9562's version 7: milliseconds, then a counter that starts at random, then chance."""
    # Python has its own from 3.14 on; this one is the same on all.
    milliseconds = time.time_ns() // 1_000_000
    first = secrets.randbits(41)
    return [
        _version_7(milliseconds, (first + step) << 32 | secrets.randbits(32))
        for step in range(count)
    ]


def _version_7(milliseconds: int, rest: int) -> uuid.UUID:
    high, low = rest >> 62 & 0xFFF, rest & (1 << 62) - 1
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


class SecretTokenTool(KitTool):
    """Makes passwords and tokens nobody can guess."""

    tool_name = "secret_token"
    facts = Facts(
        category="crypto & ids",
        examples=(
            Example(arguments={}, says="a token of 32 bytes for a URL"),
            Example(arguments={"kind": "password", "length": 20}),
            Example(arguments={"kind": "digits", "length": 6}, says="a code to type"),
        ),
        guidance="The model sees what it makes: do not use it for what the model must not know.",
    )

    def run(
        self,
        kind: Literal["urlsafe", "hex", "letters", "digits", "password"] = "urlsafe",
        *,
        length: Annotated[int, Field(ge=4, le=1024)] = 32,
    ) -> str:
        """Make a random token, password or code that cannot be guessed.

        Args:
            kind: urlsafe and hex are of random bytes; password has letters, digits and signs.
            length: Bytes for urlsafe and hex, characters for the others.
        """
        if kind == "urlsafe":
            return secrets.token_urlsafe(length)
        if kind == "hex":
            return secrets.token_hex(length)
        if kind == "password":
            return _password(length)

        letters = string.digits if kind == "digits" else string.ascii_letters + string.digits
        return "".join(secrets.choice(letters) for _ in range(length))


_SIGNS = "!#$%&*+-=?@_"
_SHELVES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SIGNS)


def _password(length: int) -> str:
    """At least one of each kind, as most sites want it; drawn again until it has them."""
    letters = "".join(_SHELVES)
    while True:
        word = "".join(secrets.choice(letters) for _ in range(length))
        if all(set(shelf) & set(word) for shelf in _SHELVES):
            return word
