"""Images and documents that go with a message.

Law: values, complete when made: a missing or unreadable file is refused here, before
anything is sent. What a part holds never shows in its repr: it may be megabytes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["DocumentPart", "ImagePart", "Part"]


class ImagePart(BaseModel):
    """An image: its bytes, or where they are on the web.

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


class DocumentPart(BaseModel):
    """A document: a PDF's bytes, or text.

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


Part = ImagePart | DocumentPart
