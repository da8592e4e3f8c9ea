"""Images and documents beside a message's text, as OpenAI's two protocols write them.

Law: pure. Text documents go as text, their names with them: every model reads those.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.bodies import inlined
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage

__all__ = ["content_of", "input_of", "plain_content"]

Part = ImagePart | DocumentPart


def content_of(message: LLMMessage) -> str | list[dict[str, Any]]:
    """A user's content for chat completions: one text, or a list with images in it."""
    if all(map(_is_text, message.parts)):
        return plain_content(message)

    parts = [_chat_part(part) for part in message.parts]
    text = [{"type": "text", "text": message.content}] if message.content else []
    return parts + text


def _chat_part(part: Part) -> dict[str, Any]:
    if isinstance(part, ImagePart):
        return {"type": "image_url", "image_url": {"url": _address(part)}}
    if not part.data:
        return {"type": "text", "text": inlined(part, whose="OpenAI")}

    return {"type": "file", "file": {"filename": _file_name(part), "file_data": data_uri(part)}}


def input_of(message: LLMMessage) -> str | list[dict[str, Any]]:
    """The same for the Responses API."""
    if all(map(_is_text, message.parts)):
        return plain_content(message)

    parts = [_input_part(part) for part in message.parts]
    text = [{"type": "input_text", "text": message.content}] if message.content else []
    return parts + text


def _input_part(part: Part) -> dict[str, Any]:
    if isinstance(part, ImagePart):
        return {"type": "input_image", "image_url": _address(part)}
    if not part.data:
        return {"type": "input_text", "text": inlined(part, whose="OpenAI")}

    return {"type": "input_file", "filename": _file_name(part), "file_data": data_uri(part)}


def plain_content(message: LLMMessage) -> str:
    """A content that can only be text, its documents before it.

    Raises:
        BadArgument: There is an image or a PDF with it.
    """
    said = []
    for part in message.parts:
        if isinstance(part, ImagePart) or part.data:
            kind = "image" if isinstance(part, ImagePart) else "PDF"
            raise BadArgument(
                f"OpenAI takes no {kind} in a message of the role {message.role.value!r}.",
                hint="Put it into a user's message.",
            )
        said.append(inlined(part, whose="OpenAI"))

    return "\n\n".join([*said, message.content] if message.content else said)


def data_uri(part: Part) -> str:
    """A part's bytes as an address that holds them."""
    return f"data:{part.media_type};base64,{part.data}"


def _address(part: ImagePart) -> str:
    return data_uri(part) if part.data else part.url


def _is_text(part: Part) -> bool:
    return isinstance(part, DocumentPart) and not part.data


def _file_name(part: DocumentPart) -> str:
    return part.name or "document.pdf"
