"""Images by address, for models that take only bytes.

Law: only addresses in messages that the caller gave. It stands inmost of all policies,
where the gateway that will be asked is known, and costs nothing elsewhere: the plan leaves
it out where no message has an address.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import TypeGuard

from mojentic_nb.effects import Asking, Call, Effect, Fetch, Outcome, Proceed
from mojentic_nb.errors import (
    BadArgument,
    GatewayError,
    GatewayGarbled,
    GatewayTimeout,
    GatewayTorn,
    GatewayUnreachable,
    MojenticError,
)
from mojentic_nb.media import ImagePart, Part, image_from, without_query
from mojentic_nb.messages import LLMMessage

__all__ = ["Inline", "has_addresses"]

Fetching = Generator[Effect, Outcome, ImagePart]

# What a later try may mend; any other refusal means that the address is wrong.
_PASSING = {408, 425, 429}

_ROADS: dict[type[GatewayError], str] = {
    GatewayUnreachable: "nothing answers there",
    GatewayTimeout: "its server went silent",
    GatewayTorn: "the connection broke",
    GatewayGarbled: "its server sent it compressed",
}


class Inline:
    """Fetches images for a gateway that does not; one for each turn, as it remembers them."""

    def __init__(self) -> None:
        self._fetched: dict[str, ImagePart] = {}

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Make a call with the images themselves where the gateway takes no addresses."""
        if getattr(call.gateway, "takes_image_urls", True):
            return (yield from proceed(call))

        # One after another, in order, so that a recorded turn replays.
        for part in addressed(call.request.messages):
            if part.url not in self._fetched:
                self._fetched[part.url] = yield from fetched(part)

        messages = tuple(self._whole(message) for message in call.request.messages)
        return (yield from proceed(replace(call, request=replace(call.request, messages=messages))))

    def _whole(self, message: LLMMessage) -> LLMMessage:
        if not has_addresses([message]):
            return message

        parts = tuple(self._held(part) for part in message.parts)
        return message.model_copy(update={"parts": parts})

    def _held(self, part: Part) -> Part:
        return self._fetched[part.url] if is_addressed(part) else part


def has_addresses(messages: Iterable[LLMMessage]) -> bool:
    """Whether any message has an image that is only an address."""
    return any(is_addressed(part) for message in messages for part in message.parts)


def addressed(messages: Iterable[LLMMessage]) -> list[ImagePart]:
    """The images of messages that are only addresses, in order."""
    parts = (part for message in messages for part in message.parts)
    return [part for part in parts if is_addressed(part)]


def is_addressed(part: Part) -> TypeGuard[ImagePart]:
    """Whether a part is only an address."""
    return isinstance(part, ImagePart) and not part.data


def fetched(part: ImagePart) -> Fetching:
    """The image itself.

    Raises:
        BadArgument: Nothing is there, or no png, jpeg, gif or webp.
        GatewayError: The road there failed.
    """
    place = without_query(part.url)
    try:
        data = yield Fetch(part.url)
    except GatewayError as error:
        failed = _explained(error, place)
    else:
        assert isinstance(data, bytes)
        return image_from(data, name=part.name, source=f"What is at {place}")

    raise failed.alone()


def _road(error: GatewayError) -> str:
    # Not the error's own words: they name the model's gateway.
    if error.status is not None:
        return f"its server answered {error.status}"

    return _ROADS.get(type(error), "the road there failed")


def _explained(error: GatewayError, place: str) -> MojenticError:
    """What went wrong, said of the image and not of the model's server.

    No gateway is named: nothing was sent to the model, which costs and limits nothing.
    """
    status = error.status
    if status is None or status >= 500 or status in _PASSING:
        return type(error)(
            f"The image at {place} could not be fetched: {_road(error)}.",
            hint="Ask again, or download it and give its path.",
            status=status,
            retry_after_s=error.retry_after_s,
        )

    if status < 400:
        return BadArgument(
            f"The image at {place} has moved ({status}), and redirects are not followed.",
            hint="Give its final address, or download it and give its path.",
        )

    return BadArgument(
        f"There is no image at {place} for us ({status}).",
        hint="Check the address; where it needs a login, download it and give its path.",
    )
