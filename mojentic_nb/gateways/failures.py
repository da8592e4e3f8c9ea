"""What went wrong on the way to a server, in our own words.

Law: pure. Exceptions of the HTTP libraries are known by their names alone, so that this
imports neither; nothing of them is kept, because they hold requests and those hold keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from pydantic_core import from_json

from mojentic_nb.errors import (
    DeadlineExceeded,
    GatewayError,
    GatewayGarbled,
    GatewayStatus,
    GatewayTimeout,
    GatewayTorn,
    GatewayUnreachable,
    kind_of_status,
)
from mojentic_nb.gateways.wire import WireRequest, address, preview, said

__all__ = ["failure", "is_loopback", "refusal", "refuse_compressed", "too_late"]


@lru_cache(maxsize=256)
def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


# The first line that fits wins; an exception fits by its own name or a parent's.
_KINDS: tuple[tuple[str, type[GatewayError]], ...] = (
    ("ConnectTimeout ConnectionTimeoutError PoolTimeout", GatewayUnreachable),
    ("ReadTimeout WriteTimeout SocketTimeoutError ServerTimeoutError", GatewayTimeout),
    ("ConnectError ClientConnectorError ClientProxyConnectionError ProxyError", GatewayUnreachable),
    ("UnsupportedProtocol InvalidURL LocalProtocolError UnicodeError", GatewayUnreachable),
    ("TimeoutError", GatewayTimeout),
)


def failure(problem: BaseException, wire: WireRequest) -> GatewayError:
    """An HTTP library's exception as one of ours."""
    names = {kind.__name__ for kind in type(problem).__mro__}
    if wire.is_late and any("Timeout" in name for name in names):
        return too_late(wire)

    kind = next((kind for words, kind in _KINDS if names & set(words.split())), GatewayTorn)
    place = address(wire.url)
    if kind is GatewayUnreachable:
        told, hint = f"No answer from {wire.gateway} at {place}.", ""
    elif kind is GatewayTimeout:
        told = f"{wire.gateway} at {place} said nothing for {wire.silence_s:g} s."
        hint = "Raise timeout=, or ask for less; what came is in the error's .partial."
    else:
        told = f"The connection to {wire.gateway} at {place} broke ({type(problem).__name__})."
        hint = "Ask again; what came is in the error's .partial."

    return kind(told, hint=hint, gateway=wire.gateway)


def too_late(wire: WireRequest) -> DeadlineExceeded:
    """The turn's own time is over."""
    return DeadlineExceeded(
        f"The deadline came before the whole answer of {wire.gateway}.",
        hint="Raise deadline=, or ask for less; what came is in the error's .partial.",
        gateway=wire.gateway,
    )


def refusal(
    wire: WireRequest, status: int, headers: Mapping[str, str], body: bytes
) -> GatewayStatus:
    """A status that is no success, with what the server said, as one of our errors."""
    if status < 400:
        return _redirect(wire, status, headers.get("location") or "")

    return kind_of_status(status)(
        f"{wire.gateway} answered {status}: {_told(body)}",
        gateway=wire.gateway,
        status=status,
        retry_after_s=_retry_after(headers),
    )


def _redirect(wire: WireRequest, status: int, location: str) -> GatewayStatus:
    # Never followed: the key would go to whomever the answer names.
    try:
        target = address(urljoin(wire.url, location)) if location else "nowhere"
    except ValueError:
        target = "no address"

    return GatewayStatus(
        f"{wire.gateway} at {address(wire.url)} answered {status} and points to {target}.",
        hint="If that is where it lives now, give its whole address as the base address.",
        gateway=wire.gateway,
        status=status,
    )


def refuse_compressed(wire: WireRequest, headers: Mapping[str, str]) -> None:
    """See that an answer comes as plain bytes.

    Raises:
        GatewayGarbled: It is compressed, although asked not to be.
    """
    encoding = headers.get("content-encoding") or "identity"
    if encoding != "identity":
        raise GatewayGarbled(
            f"{wire.gateway} compressed its answer ({encoding}), although asked not to.",
            hint="A proxy may do that: give the server's own address.",
            gateway=wire.gateway,
        )


def _told(body: bytes) -> str:
    try:
        return said(from_json(body))
    except ValueError:
        return preview(body)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    # RFC 9110 10.2.3: seconds or a date; retry-after-ms is OpenAI's finer form.
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue

        try:
            return max(0.0, float(value) * unit)
        except ValueError:
            return _seconds_until(value)

    return None


def _seconds_until(date: str) -> float | None:
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
