"""What came back from the web, and how it is unpacked.

Law: values only; nothing is asked here. A packed body is unpacked a little at a time, so
that whoever reads it can stop.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.address import plain

__all__ = ["Fetched", "origin_of", "unpacked"]

# Bytes unpacked at a time, so that a bomb is noticed long before it fills the memory.
UNPACKED_AT_ONCE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer.

    Attributes:
        url: Where it came from, after redirects.
        status: HTTP status code.
        headers: By name in lower case; values of one name are joined by commas.
        body: Unpacked, as far as the policy lets us read.
        is_cut: There was more of it.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_cut: bool = False

    @property
    def is_ok(self) -> bool:
        """Whether the status is one of the 200s."""
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """Media type in lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body in its charset, by default UTF-8; bytes that do not fit are replaced."""
        told = re.search(r"charset=\"?([\w.:-]+)", self.headers.get("content-type", ""), re.I)
        try:
            return self.body.decode(told[1] if told else "utf-8-sig", "replace")
        except LookupError:
            return self.body.decode("utf-8-sig", "replace")

    def whole(self) -> Fetched:
        """Itself, where nothing of it is missing and the server did not refuse.

        Raises:
            ToolError: It was cut, or the status is none of the 200s.
        """
        if not self.is_ok:
            raise ToolError(f"{origin_of(self.url)} answered with status {self.status}.")
        if self.is_cut:
            raise ToolError(
                f"The answer of {origin_of(self.url)} is longer than {len(self.body)} bytes.",
                hint="Ask for less, or allow more in Policy(limits=Limits(read_bytes=…)).",
            )
        return self


def origin_of(url: str) -> str:
    """All that may be told of an address that may not even be one."""
    with suppress(ToolError):
        return plain(url).origin

    return "The server"


def unpacked(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Pieces of a body, a little at a time however tightly it was packed."""
    codings = [one for one in re.split(r"[\s,]+", coding.lower()) if one not in ("", "identity")]
    if not codings:
        yield from pieces
        return
    if len(codings) > 1 or codings[0] not in ("gzip", "x-gzip", "deflate"):
        raise ToolError(f"The answer is packed as {coding[:40]!r}, which was not asked for.")

    unpack: Any = None
    for piece in pieces:
        if not piece:
            continue
        # Many servers mean deflate without its header; the first nibble tells.
        if unpack is None:
            is_raw = codings[0] == "deflate" and piece[0] & 0x0F != 8
            unpack = zlib.decompressobj(-zlib.MAX_WBITS if is_raw else zlib.MAX_WBITS | 32)
        while piece and not unpack.eof:
            yield unpack.decompress(piece, UNPACKED_AT_ONCE)
            piece = unpack.unconsumed_tail
    if unpack is not None and not unpack.eof:
        raise zlib.error("the packed answer broke off")
