"""A request as a cassette knows it: what is compared, and what may be kept.

Law: pure. Keys never get past here: not those that the request carries, nor anything
shaped like one. A model server's host and port are left out, so that a notebook replays on
any machine; those of a file on the web are kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic_core import from_json

from mojentic_nb.errors import HIDDEN, scrub, without
from mojentic_nb.gateways.wire import WireRequest

__all__ = ["Request", "answer_without_keys", "kept_headers", "secrets_of"]

# A shorter one is a placeholder (none, ollama, EMPTY), and those are words of answers too.
SHORTEST_KEY = 8

# Pictures and files; a person reads nothing in more letters of this kind than that.
LONGEST_BASE64 = 256
_BASE64 = re.compile(r"(data:[\w/+.;=-]*;base64,)?([A-Za-z0-9+/_-]+={0,2})", re.ASCII)

# In an answer, only what is long and has a digit is taken for a key by its shape: code that
# calls hf_hub_download must replay as it came.
_MAY_BE_KEY = re.compile(r"(?=[\w*-]*\d)[\w*-]{20,}", re.ASCII)

# A signature in an address lets everybody in, as a key does; it is another one every hour,
# so without it the request is the same one as yesterday.
_SIGNED = re.compile(
    r"([?&;](?:[\w.-]*[_.-])?(?:key|sig|signature|token|secret|password|credential)=)[^\s&#;\"'<>)]+",
    re.IGNORECASE | re.ASCII,
)

_KEPT_HEADERS = re.compile(
    r"content-type|retry-after(-ms)?|(x-)?request-id|(x|anthropic)-ratelimit-.*"
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What tells one request from another.

    Attributes:
        gateway: Who asks.
        path: Of the URL, with its query; the whole URL of a file on the web.
        body: The JSON value, without keys and with digests for pictures; `None` for a GET.
    """

    gateway: str
    method: str
    path: str
    body: Any = None

    @classmethod
    def of(cls, wire: WireRequest) -> Request:
        """Read a request that is about to be sent."""
        secrets = secrets_of(wire)
        return cls(
            gateway=wire.gateway,
            method=wire.method,
            path=_text_without_keys(_asked_path(wire), secrets),
            body=_kept(from_json(wire.body), secrets) if wire.body else None,
        )

    @cached_property
    def key(self) -> str:
        """Equal for requests that are the same; the order of fields does not count."""
        told = [self.gateway, self.method, self.path, self.body]
        return json.dumps(told, sort_keys=True)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _asked_path(wire: WireRequest) -> str:
    parts = urlsplit(wire.url)
    if wire.is_of_the_web:
        return urlunsplit(parts._replace(fragment=""))

    return parts.path + (f"?{parts.query}" if parts.query else "")


def _text_without_keys(text: str, secrets: list[str]) -> str:
    return scrub(_SIGNED.sub(rf"\1{HIDDEN}", text), *secrets)


def secrets_of(wire: WireRequest) -> list[str]:
    """The keys a request carries."""
    return [secret for secret in wire.headers.secrets if len(secret) >= SHORTEST_KEY]


def _kept(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _digest(value) or _text_without_keys(value, secrets)
    if isinstance(value, dict):
        return {name: _kept(one, secrets) for name, one in value.items()}
    if isinstance(value, list):
        return [_kept(one, secrets) for one in value]

    return value


def _digest(text: str) -> str:
    """What stands for a picture; empty for what is none."""
    if len(text) <= LONGEST_BASE64:
        return ""

    found = _BASE64.fullmatch(text)
    if found is None:
        return ""

    name = hashlib.sha256(found[2].encode()).hexdigest()[:16]
    return f"{found[1] or ''}[{len(found[2])} letters of base64, sha256 {name}]"


def answer_without_keys(data: bytes, secrets: Iterable[str]) -> bytes:
    """The bytes of an answer, fit to be kept; as they are where there is no key in them."""
    text = without(data.decode("utf-8", "surrogateescape"), *secrets)
    text = _MAY_BE_KEY.sub(lambda found: scrub(found[0]), text)
    return text.encode("utf-8", "surrogateescape")


def kept_headers(headers: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The few headers of an answer that mean something later."""
    return {
        name.lower(): scrub(value, *secrets)
        for name, value in headers.items()
        if _KEPT_HEADERS.fullmatch(name.lower())
    }
