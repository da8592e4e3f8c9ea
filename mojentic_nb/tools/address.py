"""Whether an address may be asked, and under which numbers it is to be reached.

Law: pure but for `resolve`. An address written in a way two readers could understand
differently is refused, not repaired. A name is resolved once, and whoever connects uses
the numbers found here: asking the name server again could get another answer. Nothing
of an address but its host is ever told, for the rest may hold secrets.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.policy import Policy

__all__ = ["Address", "Resolve", "checked", "checked_host", "is_public", "plain"]

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[..., Sequence[Any]]
"""Finds the numbers of a name, as `socket.getaddrinfo` does."""

PORTS = {"http": 80, "https": 443}

# Unreserved, reserved and `%`: what RFC 3986 lets stand as it is.
_AS_IT_IS = "!$%&'()*+,-./:;=?@_~[]"
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What browsers read as a number, and so as an IP address: 10, 0x7f, 017.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PLAIN_V4 = re.compile(r"(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}", re.ASCII)
# Blanks, control characters, what is not drawn, and halves of characters.
_UNSEEN = re.compile(
    r"[\x00-\x20\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff"
    r"\ud800-\udfff]"
)

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address that may be asked.

    Attributes:
        url: As it is to be asked, in ASCII and without its fragment.
        scheme: `http` or `https`.
        host: In lower case and ASCII; an IPv6 address without its brackets.
        port: Given, or the scheme's own.
        ips: Where to connect, in the order to try; nowhere else. Empty before `checked`.
    """

    url: str
    scheme: str
    host: str
    port: int
    ips: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Scheme, host and port: all of it that may be told."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def checked(url: str, policy: Policy, *, resolve: Resolve = socket.getaddrinfo) -> Address:
    """Look whether an address may be asked, and resolve its host, once.

    Raises:
        ToolDenied: It is no plain web address, the policy does not name its host, or
            the host leads to a machine that is not public.
        ToolError: There is no such host.
    """
    address = plain(url)
    ips = checked_host(address.host, policy, port=address.port, resolve=resolve)
    return replace(address, ips=ips)


def plain(url: str) -> Address:
    """Read an address that is written plainly; whether it may be asked is not looked at.

    Raises:
        ToolDenied: It is no plain web address.
    """
    scheme, authority, target = _parts(url)
    written, port = _split(authority)
    port = PORTS[scheme] if port is None else port
    bare = Address(url="", scheme=scheme, host=_host(written), port=port)
    return replace(bare, url=bare.origin + target)


def checked_host(
    host: str, policy: Policy, *, port: int, resolve: Resolve = socket.getaddrinfo
) -> tuple[str, ...]:
    """Look whether a host may be asked, and find where to connect.

    Raises:
        ToolDenied: The policy does not name it, or it is not public.
        ToolError: There is no such host.
    """
    host = _host(f"[{host}]" if ":" in host and not host.startswith("[") else host)
    named = {_pattern(one) for one in policy.domains}
    literal = _literal(host)
    if not any(_holds(one, host, is_literal=literal is not None) for one in named):
        raise ToolDenied(
            f"The host {_shown(host)} may not be asked.",
            hint=f"Policy(domains=({_shown(host)},), …) allows it.",
        )

    found = [literal] if literal else _resolved(host, port, resolve)
    if not all(_may_be_reached(ip, host, named) for ip in found):
        raise ToolDenied(
            f"The host {_shown(host)} may not be asked: it is not a public one.",
            hint="A private one is allowed only where the policy names it itself.",
        )

    return tuple(dict.fromkeys(str(ip) for ip in found))


def is_public(ip: IP) -> bool:
    """Whether a number belongs to the public internet, also one carried within another."""
    if isinstance(ip, ipaddress.IPv6Address):
        carried = _carried(ip)
        if carried is not None:
            return is_public(carried)
        if ip not in _GLOBAL_V6:
            return False

    special = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast
    return ip.is_global and not (special or ip.is_reserved or ip.is_unspecified)


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address an IPv6 one leads to."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _SIX_TO_FOUR:
        return ip.sixtofour

    return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme, authority and the rest, of an address written plainly."""
    url = url.strip(" ")
    if _UNSEEN.search(url) or "\\" in url:
        raise _odd("it holds a blank, a control character or a backslash")

    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in PORTS:
        raise _odd("only http:// and https:// addresses may be asked")
    if not rest.startswith("//") or rest.startswith("///"):
        raise _odd("two slashes and a host must follow the scheme")

    try:
        split = urlsplit(f"{scheme}:{rest}")
    except ValueError:
        raise _odd("its host is not written plainly") from None
    if "@" in split.netloc:
        raise _odd("it holds a user name or password", hint="Send a header instead.")

    path = quote(split.path or "/", safe=_AS_IT_IS)
    query = f"?{quote(split.query, safe=_AS_IT_IS)}" if split.query else ""
    return scheme, split.netloc, path + query


def _split(authority: str) -> tuple[str, int | None]:
    end = authority.find("]") if authority.startswith("[") else 0
    host, colon, port = authority[end:].partition(":")
    if not colon or not port:
        return authority[:end] + host, None
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise _odd("its port is not a number from 1 to 65535")

    return authority[:end] + host, int(port)


def _host(written: str) -> str:
    """A host as its labels in ASCII, or as an IP address in its only plain form."""
    if written.startswith("["):
        return str(_v6(written))

    host = _ascii(written).lower()
    host = host.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        if not _PLAIN_V4.fullmatch(host) or _literal(host) is None:
            raise _odd("its host is a number in disguise", hint="Write it as in 192.0.2.1.")
        return host

    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _odd("its host is empty or not written plainly")

    return host


def _ascii(written: str) -> str:
    if written.isascii():
        return written

    try:
        return written.encode("idna").decode("ascii")
    except UnicodeError:
        raise _odd("its host is not written plainly") from None


def _v6(written: str) -> ipaddress.IPv6Address:
    try:
        if not written.endswith("]") or "%" in written:
            raise ValueError(written)
        return ipaddress.IPv6Address(written[1:-1])
    except ValueError:
        raise _odd("its host is no IPv6 address") from None


def _odd(why: str, *, hint: str = "") -> ToolDenied:
    return ToolDenied(
        f"This address may not be asked: {why}.",
        hint=hint or "Write it as in https://example.org/page.",
    )


def _literal(host: str) -> IP | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _pattern(written: str) -> str:
    """A pattern of a policy in the same form as a host; the first label may be `*`."""
    if written == "*":
        return written

    star = "*." if written.startswith("*.") else ""
    name = written.removeprefix("*.").strip("[]")
    try:
        return star + _host(f"[{name}]" if ":" in name else name)
    except ToolDenied:
        return ""  # names nothing


def _holds(pattern: str, host: str, *, is_literal: bool) -> bool:
    if pattern in ("*", host):
        return True

    return pattern.startswith("*.") and not is_literal and host.endswith(pattern[1:])


def _may_be_reached(ip: IP, host: str, named: Iterable[str]) -> bool:
    """Public, or private where the policy names this host and its very number."""
    if is_public(ip):
        return True
    if host not in named:
        return False

    return str(ip) in named or (host == "localhost" and ip.is_loopback)


def _resolved(host: str, port: int, resolve: Resolve) -> list[IP]:
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
        numbers = [str(one[4][0]).partition("%")[0] for one in found]
        ips = [ipaddress.ip_address(one) for one in numbers]
    except (OSError, UnicodeError, ValueError):
        ips = []
    if not ips:
        raise ToolError(
            f"There is no host {_shown(host)}, or its name cannot be looked up now.",
            hint="Look at how it is spelled.",
        )

    return ips


def _shown(host: str) -> str:
    return repr(host if len(host) <= 100 else f"{host[:100]}…")
