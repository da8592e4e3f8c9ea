"""What every gateway is: a codec with an address, a key and a transport.

Law: encoding and decoding do no I/O; the few methods that do (listing models, their
context windows, embeddings) go through the transport like everything else. Keys and
addresses are read from the environment when needed, never at construction.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload
from urllib.parse import unquote

from pydantic import SecretStr
from pydantic_core import to_json

from mojentic_nb.config import Timeouts
from mojentic_nb.errors import (
    BadArgument,
    GatewayDenied,
    GatewayError,
    GatewayGarbled,
)
from mojentic_nb.gateways.cassette_scope import laid_over
from mojentic_nb.gateways.decoder import Decoder
from mojentic_nb.gateways.embeddings import embedded
from mojentic_nb.gateways.exchange import Exchange
from mojentic_nb.gateways.hints import usual_hint
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

if TYPE_CHECKING:
    from mojentic_nb.catalogue import ModelContextWindow

__all__ = ["LLMGateway"]

Found = TypeVar("Found")


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
    takes_image_urls: ClassVar[bool] = True  # else images by address are fetched for it
    default_embedding_model: ClassVar[str] = ""
    most_embedded_at_once: ClassVar[int] = 256

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
        self._transport: Transport = transport or http
        self._known = ("", SecretStr(""), "", Headers(), False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({address(self.url)!r})"

    @property
    def transport(self) -> Transport:
        """How bytes travel: its own way, or a cassette that lies over it now."""
        return laid_over(self._transport)

    @property
    def own_transport(self) -> Transport:
        """How bytes travel where no cassette holds."""
        return self._transport

    def travelling(self, transport: Transport) -> Self:
        """The same gateway, by another way."""
        other = copy(self)
        other._transport = transport
        return other

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
            return self._key

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
        url, found, lacks_key = self._addressed()
        unsendable = self._no_key() if lacks_key else None
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
            unsendable=unsendable,
        )

    def _addressed(self) -> tuple[str, Headers, bool]:
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
            lacks_key = self.needs_key and not secret and not self._headers.secrets
            self._known = (url, secret, place, headers, lacks_key)

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

    def _no_key(self) -> GatewayDenied:
        """Why nothing can be sent; raised, unless a cassette may know the answer."""
        denied = GatewayDenied(
            f"No key for {self.name}: {self.key_variable} is not set.",
            hint="Set it in the environment, or carry on offline with model 'demo'.",
            gateway=self.name,
        )
        if not getattr(self.transport, "may_answer", False):
            raise denied

        return denied

    @property
    def takes_schema_with_tools(self) -> bool:
        """Whether tools can be called where a schema is asked for; else it is asked for last."""
        return True

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
        return usual_hint(error, self)

    def listed_models(self, timeout: Timeouts | float | None = None) -> list[str]:
        """Models on this server, in its own order.

        Raises:
            GatewayError: The server cannot be asked.
        """
        timeouts = Timeouts.of(timeout, default=self.timeouts)
        wire = self.wire(self.listing_path, timeouts=timeouts)
        return self.page(wire, self.models_in, told="no list of models")

    def page(
        self,
        wire: WireRequest,
        read: Callable[[dict[str, Any]], Found],
        *,
        told: str,
        model: str = "",
    ) -> Found:
        """Ask for one JSON object, here and now, and read it.

        Args:
            wire: What to ask.
            read: Makes something of it; misfits may raise as they come.
            told: What the answer is if it cannot be read, such as "no list of models".
            model: The model it is about, for hints.

        Raises:
            GatewayError: The server cannot be asked, or sent something else.
        """
        try:
            return self._page(wire, read, told)
        except GatewayError as problem:
            error = self.explain(problem, model=model)

        raise error.alone()

    def _page(self, wire: WireRequest, read: Callable[[dict[str, Any]], Found], told: str) -> Found:
        with self.transport.open(wire) as reading:
            found = record(b"".join(reading.chunks), self.name)

        try:
            return read(found)
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
            raise GatewayGarbled(
                f"{self.name} sent what is {told}: {preview(to_json(found))}",
                hint="Check the address.",
                gateway=self.name,
            ) from None

    def get_available_models(self) -> list[str]:
        """Models on this server, sorted by name.

        Raises:
            GatewayError: The server cannot be asked.
        """
        return sorted(self.listed_models())

    def get_model_context_window(self, model: str) -> ModelContextWindow | None:
        """How much a model can read at once; `None` where nobody says.

        Raises:
            GatewayError: The server would say, but cannot be asked.
        """
        return None

    @overload
    def calculate_embeddings(  # type: ignore[overload-overlap]  # a text is no list of texts
        self, text: str, model: str | None = None
    ) -> list[float]: ...
    @overload
    def calculate_embeddings(
        self, text: Iterable[str], model: str | None = None
    ) -> list[list[float]]: ...
    def calculate_embeddings(
        self, text: str | Iterable[str], model: str | None = None
    ) -> list[float] | list[list[float]]:
        """Turn a text into a vector, or several texts into as many, in their order.

        A text longer than the model reads is cut at blanks; its vector is the mean of
        its pieces', weighted by their length in tokens and brought to length 1.

        Args:
            text: One text, or several; none of them empty.
            model: An embedding model; by default the provider's usual one.

        Raises:
            BadArgument: A text is empty, or this provider has no embeddings.
            GatewayError: The server cannot be asked, or sent something else.
        """
        return embedded(self, text, model or self.default_embedding_model)

    def encode_embeddings(self, texts: Sequence[str], model: str) -> WireRequest:
        """Write the request for the vectors of these texts."""
        raise self._no_embeddings()

    def vectors_in(self, found: dict[str, Any]) -> Any:
        """The vectors in an answer, in the order of the texts."""
        raise self._no_embeddings()

    def embedded_tokens(self, found: dict[str, Any]) -> int | None:
        """Tokens the server read for these vectors; `None` where it does not say."""
        return None

    def _no_embeddings(self) -> BadArgument:
        return BadArgument(
            f"{self.name} has no embeddings.", hint="Use OllamaGateway or OpenAIGateway."
        )

    def embedding_bound(self, model: str) -> int:
        """The most tokens this model turns into one vector; longer texts are cut."""
        return 8191


def hidden(key: str | SecretStr | None) -> SecretStr | None:
    """A key as something that does not show, without blanks around it."""
    if isinstance(key, SecretStr):
        return SecretStr(key.get_secret_value().strip())

    return key if key is None else SecretStr(key.strip())


def _add(headers: Headers, ours: Mapping[str, str]) -> None:
    # What a caller set wins: a proxy may want a key of its own.
    for name, value in ours.items():
        headers.setdefault(name, value)


def _basic(user: str) -> dict[str, str]:
    pair = b64encode(unquote(user).encode()).decode()
    return {"authorization": f"Basic {pair}"}


def _can_be_a_header(secret: SecretStr) -> bool:
    return all("!" <= mark <= "~" for mark in secret.get_secret_value())
