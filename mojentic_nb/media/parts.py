"""What goes with a message besides its text, as values.

Law: no reading and no network. What a part holds never shows in its repr: it may be
megabytes, and a web address may carry a key in its query.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DocumentPart", "ImagePart", "Part", "without_query"]


class ImagePart(BaseModel):
    """An image: its bytes, or where they are on the web.

    `LLMMessage.user(text, images=[...])` makes these from files, figures and more.

    Attributes:
        media_type: Such as `image/png`; `""` where only an address is known.
        data: The bytes in base64; `""` where only an address is known.
        url: An http(s) address, for providers that fetch by themselves.
        name: What to call it in messages, such as its file name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["image"] = "image"
    media_type: str = ""
    data: str = Field(default="", repr=False)
    url: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.data and not self.url:
            raise ValueError("an image needs its data, or the url where it is")
        if self.data and not self.media_type:
            raise ValueError("an image's data needs its media_type, such as image/png")

        return self

    def __repr_args__(self) -> Any:
        shown = {"media_type": self.media_type, "url": without_query(self.url), "name": self.name}
        return [*_told(shown), *_sized("data", self.data, of_base64=True)]


class DocumentPart(BaseModel):
    """A document: a PDF's bytes, or text.

    `LLMMessage.user(text, documents=[...])` makes these from files.

    Attributes:
        media_type: `application/pdf`, or a kind of text such as `text/markdown`.
        data: A PDF's bytes in base64; `""` for text.
        text: The text, where it is text.
        name: Its file name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["document"] = "document"
    media_type: str
    data: str = Field(default="", repr=False)
    text: str = Field(default="", repr=False)
    name: str = ""

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.data and not self.text:
            raise ValueError("a document needs its data or its text")

        return self

    def __repr_args__(self) -> Any:
        shown = {"media_type": self.media_type, "name": self.name}
        held = _sized("data", self.data, of_base64=True) or _sized("text", self.text)
        return [*_told(shown), *held]


Part = ImagePart | DocumentPart


class _Words(str):
    """Words that stand in a repr without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _told(fields: dict[str, str]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in fields.items() if value]


def _sized(name: str, held: str, *, of_base64: bool = False) -> list[tuple[str, Any]]:
    if not held:
        return []
    if not of_base64:
        return [(name, _Words(f"<{len(held):,} characters>"))]

    size = len(held) * 3 // 4 - held[-2:].count("=")
    return [(name, _Words(f"<{size:,} bytes>"))]


def without_query(url: str) -> str:
    """A web address as people should see it: no user, nothing after `?`."""
    whole = url.partition("#")[0]
    known, cut, _ = whole.partition("?")
    scheme, mark, rest = known.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}{'?…' if cut else ''}"
