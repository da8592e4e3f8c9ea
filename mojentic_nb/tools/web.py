"""The one door through which tools reach the web.

Law: every hop is looked at by `address.checked` and connects to the numbers found there,
no other file of the tools knows an HTTP library, and no proxy or key is taken from the
environment. What comes back is bounded in bytes, also unpacked, and in seconds, from the
name's look-up to the last byte. Of an address only its origin is told, for paths and
queries hold secrets.
"""

from __future__ import annotations

import re
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.address import Address, Resolve, checked
from mojentic_nb.tools.apart import Apart
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.web_answer import Fetched, origin_of, unpacked

if TYPE_CHECKING:
    import httpx2

__all__ = ["MOST_REDIRECTS", "Fetched", "fetch"]

MOST_REDIRECTS = 5

# Seconds. One number of several that does not answer must not use up all the time.
CONNECT_S = 10.0

_METHOD = re.compile(r"[A-Z]{1,20}")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8000}")

# Said by whoever connects, never by a caller: with them a request could be made two.
_OURS = {
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
# All else may be a key, and stays with the host it was meant for.
_FOR_EVERYBODY = {"accept", "accept-language", "content-type", "user-agent"}


@dataclass(slots=True, kw_only=True)
class _Trip:
    """What one fetch wants and may, over all its hops."""

    method: str
    headers: dict[str, str]
    body: bytes | None
    policy: Policy
    ends_at: float
    clock: Clock

    def left_s(self) -> float:
        left_s = self.ends_at - self.clock.now()
        if left_s <= 0:
            raise TimeoutError
        return left_s

    def redirected(self, status: int, *, to_another: bool) -> None:
        """Change as browsers do where a redirect says so."""
        sees_other = status == 303 and self.method != "HEAD"
        if sees_other or (status < 303 and self.method == "POST"):
            self.method, self.body = "GET", None
            self.headers.pop("content-type", None)
        if to_another:
            kept = {k: v for k, v in self.headers.items() if k in _FOR_EVERYBODY}
            self.headers = kept


def fetch(
    method: str,
    url: str,
    *,
    policy: Policy,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    timeout_s: float | None = None,
    resolve: Resolve = socket.getaddrinfo,
    clock: Clock | None = None,
) -> Fetched:
    """Ask an address, following up to five redirects.

    Args:
        method: Such as `GET`.
        url: Whole, with its scheme.
        policy: Says which hosts, how many bytes and how many seconds.
        headers: Sent along; to another host only those that cannot be keys.
        body: Sent along.
        timeout_s: Fewer seconds than the policy's.
        resolve: Looks names up.
        clock: Tells when the time is over.

    Raises:
        ToolDenied: The address, or one it redirects to, may not be asked.
        ToolError: There is no answer, or none that can be read.
    """
    clock = clock or SystemClock()
    limit_s = min(policy.limits.seconds, timeout_s or policy.limits.seconds)
    trip = _Trip(
        method=_method(method),
        headers=_headers(headers or {}),
        body=_body(body),
        policy=policy,
        ends_at=clock.now() + limit_s,
        clock=clock,
    )
    try:
        return _followed(trip, url, resolve)
    except TimeoutError:
        pass

    raise ToolError(
        f"{origin_of(url)} did not answer within {limit_s:g} s.", hint="Try later, or ask for less."
    )


def _followed(trip: _Trip, url: str, resolve: Resolve) -> Fetched:
    for _ in range(MOST_REDIRECTS + 1):
        address = _looked_up(trip, url, resolve)
        answer = _asked(trip, address)
        goes_on = answer.status in (301, 302, 303, 307, 308) and "location" in answer.headers
        if not goes_on:
            return answer

        url = urljoin(address.url, answer.headers["location"])
        trip.redirected(answer.status, to_another=origin_of(url) != address.origin)

    raise ToolError(f"{origin_of(url)} redirects more than {MOST_REDIRECTS} times.")


def _looked_up(trip: _Trip, url: str, resolve: Resolve) -> Address:
    """Look an address up, apart: a name server may take longer than anybody has."""

    def look_up() -> Address | BaseException:
        try:
            return checked(url, trip.policy, resolve=resolve)
        except Exception as problem:
            return problem

    found = Apart(look_up).result(trip.left_s())
    if isinstance(found, BaseException):
        raise found.alone() if isinstance(found, ToolError) else found

    address: Address = found
    return address


def _asked(trip: _Trip, address: Address) -> Fetched:
    """Ask one address at the first of its numbers that answers."""
    import httpx2

    why = "no connection"
    for ip in address.ips:
        try:
            return _asked_at(trip, address, ip)
        except httpx2.ConnectError as problem:
            why = _reason(problem)
        except httpx2.ConnectTimeout:
            why = "no connection in time"
        except httpx2.TimeoutException:
            raise TimeoutError from None
        except (httpx2.HTTPError, httpx2.InvalidURL, zlib.error) as problem:
            why = f"the answer cannot be read ({type(problem).__name__})"
            break
        except OSError as problem:
            if isinstance(problem, TimeoutError):
                raise
            why = f"the connection broke ({type(problem).__name__})"
            break

    raise ToolError(f"{address.origin} gave no answer: {why}.", hint="Look at the address.")


def _reason(problem: BaseException) -> str:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "no secure connection"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        cause = cause.__cause__ or cause.__context__

    return "no connection"


def _asked_at(trip: _Trip, address: Address, ip: str) -> Fetched:
    import httpx2

    host = f"[{ip}]" if ":" in ip else ip
    target = address.url.removeprefix(address.origin)
    left_s = trip.left_s()
    request = httpx2.Request(
        trip.method,
        f"{address.scheme}://{host}:{address.port}{target}",
        headers={
            "accept": "*/*",
            "user-agent": "mojentic-nb",
            **trip.headers,
            "host": address.origin.partition("://")[2],
            "accept-encoding": "gzip, deflate",
            "connection": "close",
        },
        content=trip.body,
        extensions={
            "timeout": {"connect": min(left_s, CONNECT_S), "read": left_s, "write": left_s},
            "trace": partial(_in_time, trip),
            "sni_hostname": address.host,
        },
    )
    # The transport alone: a client would write whole addresses into the log.
    verify = _trusted() if address.scheme == "https" else False
    with httpx2.HTTPTransport(verify=verify, trust_env=False) as transport:
        response = transport.handle_request(request)
        try:
            return _read(trip, address, response)
        finally:
            response.close()


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()


def _in_time(trip: _Trip, step: str, told: dict[str, Any]) -> None:
    """Have a connection keep to the end of the trip, as the HTTP library's `trace`.

    Its own limits are for one read each: a server that sends a byte now and then would
    keep us for ever.
    """
    if step.endswith(("connect_tcp.complete", "start_tls.complete")):
        line = told["return_value"]
        line.read = partial(_read_in_time, trip, line.read)


def _read_in_time(trip: _Trip, read: Any, size: int, timeout: float | None = None) -> bytes:
    data: bytes = read(size, timeout=trip.left_s())
    return data


def _read(trip: _Trip, address: Address, response: httpx2.Response) -> Fetched:
    most = trip.policy.limits.read_bytes
    stream: Any = response.stream
    body, is_cut = bytearray(), False
    for piece in unpacked(stream, response.headers.get("content-encoding", "")):
        trip.left_s()
        body += piece
        if len(body) > most:
            is_cut = True
            break

    return Fetched(
        url=address.url,
        status=response.status_code,
        headers=dict(response.headers.items()),
        body=bytes(body[:most]),
        is_cut=is_cut,
    )


def _method(given: str) -> str:
    method = given.strip().upper()
    if not _METHOD.fullmatch(method) or method in ("CONNECT", "TRACE"):
        raise ToolError(f"{given[:40]!r} is no method.", hint="Use GET, POST, PUT or the like.")

    return method


def _body(given: bytes | str | None) -> bytes | None:
    try:
        return given.encode() if isinstance(given, str) else given
    except UnicodeEncodeError:
        raise ToolError("The body holds half a character.", hint="Write it whole.") from None


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name.lower() in _OURS:
            raise ToolDenied(f"The header {name} may not be set.", hint="Leave it out.")
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            # The value is not told: it may be a key.
            raise ToolError(
                f"The header {name[:40]!r} is not plain.", hint="Use one line of Latin letters."
            )

    return {name.lower(): value for name, value in given.items()}
