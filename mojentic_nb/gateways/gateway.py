"""What every gateway is: a codec with an address, a key and a transport.

Law: encoding and decoding do no I/O; the one method that does,
`get_available_models`, goes through the transport like everything else. Keys and
addresses are read from the environment when needed, never at construction.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from pydantic import SecretStr
from pydantic_core import to_json

from mojentic_nb.config import Timeouts
from mojentic_nb.errors import (
    BadArgument,
    GatewayDenied,
    GatewayError,
    GatewayGarbled,
    GatewayUnreachable,
    ModelNotFound,
)
from mojentic_nb.events import Answer, Event
from mojentic_nb.gateways.decoder import Decoder
from mojentic_nb.gateways.failures import is_loopback
from mojentic_nb.gateways.transport import Transport, http
from mojentic_nb.gateways.wire import (
    Headers,
    WireRequest,
    address,
    body_of,
    is_callable_at,
    preview,
    record,
    split_user,
)
from mojentic_nb.request import ChatRequest

__all__ = ["Exchange", "LLMGateway"]


class LLMGateway(ABC):
    """The road to one kind of model server.

    Args:
        url: Base address; by default the environment's, then the provider's own.
        api_key: The key; by default the environment's.
        headers: Sent besides our own.
        timeout: `Timeouts`, or the seconds a server may be silent.
        transport: How bytes travel; HTTP by default.
    """

    name: ClassVar[str]
    key_variable: ClassVar[str] = ""
    url_variables: ClassVar[tuple[str, ...]] = ()
    default_url: ClassVar[str]
    listing_path: ClassVar[str] = "/models"
    # What `-m openai` alone means at the provider's own address.
    default_model: ClassVar[str] = ""

    _url: str | None = None  # so that one half made can already show itself

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | SecretStr | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: Timeouts | float | None = None,
        transport: Transport | None = None,
    ) -> None:
        # First of all: a key that is refused must not stand in a traceback as plain text.
        self._key = api_key = hidden(api_key)
        self._url = url
        self._headers = Headers.of(headers)
        self.timeouts = Timeouts.of(timeout, default=Timeouts())
        self.transport: Transport = transport or http
        self._known = ("", SecretStr(""), "", Headers())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({address(self.url)!r})"

    @property
    def url(self) -> str:
        """Base address, without a slash at its end."""
        found = self._url or next(
            (os.environ[name] for name in self.url_variables if os.environ.get(name)),
            self.default_url,
        )
        return found.strip().rstrip("/")

    @property
    def has_own_url(self) -> bool:
        """Whether the address is another than the provider's."""
        return self.url != self.default_url

    @property
    def has_key(self) -> bool:
        """Whether a key is set, here or in the environment."""
        return bool(self._secret())

    def _secret(self) -> SecretStr:
        # Never a plain str in a local variable: verbose tracebacks print those.
        if self._key is not None:
            return SecretStr(self._key.get_secret_value().strip())

        return SecretStr(os.environ.get(self.key_variable, "").strip())

    @abstractmethod
    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """Headers that carry the key."""

    @abstractmethod
    def encode(self, request: ChatRequest) -> WireRequest:
        """Write a request; raises `BadArgument` or `GatewayDenied` before anything is sent."""

    @abstractmethod
    def decoder(self, request: ChatRequest) -> Decoder:
        """A fresh reader for the answer to this request."""

    @abstractmethod
    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Model names in a listing, in the server's order."""

    def wire(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        stream: bool = False,
        timeouts: Timeouts | None = None,
    ) -> WireRequest:
        """Address a request: POST with a body, GET without."""
        url, found = self._addressed()
        headers = Headers(found)
        if body is not None:
            headers.setdefault("content-type", "application/json")

        return WireRequest(
            gateway=self.name,
            method="GET" if body is None else "POST",
            url=url + path,
            headers=headers,
            body=b"" if body is None else body_of(body),
            stream=stream,
            timeouts=timeouts or self.timeouts,
        )

    def _addressed(self) -> tuple[str, Headers]:
        """Where a request goes and what it always carries, worked out when either changes."""
        url, secret = self.url, self._secret()
        if self._known[:2] != (url, secret):
            place, user = split_user(url)
            self._check(place, secret)
            headers = Headers(self._headers)
            if secret:
                _add(headers, self.auth(secret))
            if user:
                _add(headers, _basic(user))
            self._known = (url, secret, place, headers)

        return self._known[2:]

    def _check(self, url: str, secret: SecretStr) -> None:
        if not is_callable_at(url):
            raise BadArgument(
                f"{address(url)!r} is not an address of {self.name}.",
                hint="It must begin with http:// or https:// and name a host.",
            )

        self._headers.check()
        if not _can_be_a_header(secret):
            raise BadArgument(
                f"The key for {self.name} holds blanks or letters no key has.",
                hint=f"Copy it again into {self.key_variable or 'api_key='}.",
            )

        if self.needs_key and not secret and not self._headers.secrets:
            raise GatewayDenied(
                f"No key for {self.name}: {self.key_variable} is not set.",
                hint="Set it in the environment, or carry on offline with model 'demo'.",
                gateway=self.name,
            )

    @property
    def needs_key(self) -> bool:
        """Whether calls without a key make no sense: at the provider's own address."""
        return bool(self.key_variable) and not self.has_own_url

    def exchange(self, request: ChatRequest) -> Exchange:
        """Open one exchange: the request on the wire, and the reader of its answer."""
        return Exchange(self, request)

    def explain(self, error: GatewayError, *, model: str = "") -> GatewayError:
        """Say what an error means with this provider, and take our keys out of it."""
        if not error.hint:
            error.hint = self.hint(error, model=model)
        error.hide(*self._secrets())
        return error

    def _secrets(self) -> list[str]:
        user = split_user(self.url)[1]
        of_user = [*Headers(_basic(user)).secrets, *unquote(user).split(":", 1)] if user else []
        return [self._secret().get_secret_value(), *self._headers.secrets, *of_user]

    def hint(self, error: GatewayError, *, model: str) -> str:
        """What to do about an error."""
        if isinstance(error, GatewayUnreachable):
            return self._hint_where()
        if isinstance(error, GatewayDenied):
            return f"Check {self.key_variable or 'the key'}."
        if isinstance(error, ModelNotFound):
            where = f" Is {address(self.url)} the whole address?" if self.has_own_url else ""
            return f"See what there is with %llm_models {self.name}.{where}"
        if error.retry_after_s:
            return f"Ask again in {error.retry_after_s:.0f} s: the server wants no call before."

        status = error.status or 500
        return _HINTS.get(status) or _HINTS[500 if status >= 500 else 400]

    def _hint_where(self) -> str:
        if is_loopback(self.url):
            return "Start the server there, or carry on offline with model 'demo'."

        return "Check the address and the network, or carry on offline with model 'demo'."

    def listed_models(self, timeout: Timeouts | float | None = None) -> list[str]:
        """Models on this server, in its own order.

        Raises:
            GatewayError: The server cannot be asked.
        """
        timeouts = Timeouts.of(timeout, default=self.timeouts)
        try:
            return self._listing(self.wire(self.listing_path, timeouts=timeouts))
        except GatewayError as problem:
            error = self.explain(problem)

        raise error.alone()

    def _listing(self, wire: WireRequest) -> list[str]:
        with self.transport.open(wire) as reading:
            found = record(b"".join(reading.chunks), self.name)

        try:
            return self.models_in(found)
        except (AttributeError, KeyError, TypeError):
            raise GatewayGarbled(
                f"{self.name} sent what is no list of models: {preview(to_json(found))}",
                hint="Check the address.",
                gateway=self.name,
            ) from None

    def get_available_models(self) -> list[str]:
        """Models on this server, sorted by name.

        Raises:
            GatewayError: The server cannot be asked.
        """
        return sorted(self.listed_models())


# What to do where the status alone says it.
_HINTS = {
    400: "The request itself is refused: look at the options and messages.",
    413: "The prompt is too long for this server: shorten it.",
    429: "Wait a little, or check the quota of your account.",
    500: "The server itself is in trouble: look at its log, or ask again later.",
    529: "The provider is overloaded: ask again later.",
}


def hidden(key: str | SecretStr | None) -> SecretStr | None:
    """A key as something that does not show."""
    return SecretStr(key) if isinstance(key, str) else key


def _add(headers: Headers, ours: Mapping[str, str]) -> None:
    # What a caller set wins: a proxy may want a key of its own.
    for name, value in ours.items():
        headers.setdefault(name, value)


def _basic(user: str) -> dict[str, str]:
    pair = b64encode(unquote(user).encode()).decode()
    return {"authorization": f"Basic {pair}"}


def _can_be_a_header(secret: SecretStr) -> bool:
    return all("!" <= mark <= "~" for mark in secret.get_secret_value())


class Exchange:
    """One request and its answer, between a driver and a gateway.

    The driver moves bytes; all that they mean is decided here.
    """

    def __init__(self, gateway: LLMGateway, request: ChatRequest) -> None:
        self._gateway = gateway
        self._model = request.model
        self.wire = gateway.encode(request)
        self.decoder = gateway.decoder(request)
        self.feed = self.decoder.feed

    def finish(self) -> Iterator[Event]:
        """The bytes have ended: what is left to tell, then the error if it is not whole."""
        return self.decoder.finish()

    def answer(self, asked_at: float, first_at: float | None, answered_at: float) -> Answer:
        """What the exchange came to."""
        return self.decoder.answer(asked_at, first_at, answered_at)

    def outlived(self, error: GatewayError) -> bool:
        """Whether the answer was complete before the connection failed.

        If not, the error now holds what had come, and this provider's hint.
        """
        if self.decoder.is_done:
            return True

        self.decoder.failed(error)
        self._gateway.explain(error, model=self._model)
        return False
