"""Reading a file from a web address, on behalf of a model that takes no addresses.

Law: only addresses that the caller gave; never one that a model wrote. No key goes along.
"""

from __future__ import annotations

from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.wire import LARGEST_BYTES, WireRequest, address, is_callable_at

__all__ = ["Fetching"]


class Fetching:
    """One file on its way: a driver opens the request and feeds what comes.

    Raises:
        BadArgument: This is no web address.
    """

    def __init__(self, url: str, gateway: LLMGateway, *, within_s: float | None = None) -> None:
        if not is_callable_at(url):
            raise BadArgument(f"{url!r} is no web address.")

        self.transport = gateway.transport
        ends_at = None if within_s is None else SystemClock.now() + within_s
        self.wire = WireRequest(
            gateway=gateway.name, method="GET", url=url, ends_at=ends_at, is_of_the_web=True
        )
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            BadArgument: It is too large to be sent on.
        """
        self._pieces.append(data)
        self._size += len(data)
        if self._size > LARGEST_BYTES:
            raise BadArgument(f"What is at {address(self.wire.url)} is over 64 MB.")

    def whole(self) -> bytes:
        """Everything that came."""
        return b"".join(self._pieces)
