"""Text in the letters of another form, and back.

Law: what was encoded comes back as it was; what is not in that form is refused.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["EncodeTool"]

Form = Literal["base64", "base64url", "url", "hex", "html"]


class EncodeTool(KitTool):
    """Encodes and decodes."""

    tool_name = "encode"
    facts = Facts(
        category="text",
        examples=(
            Example(arguments={"text": "Grüße", "form": "base64"}),
            Example(arguments={"text": "a%20b", "form": "url", "decode": True}),
        ),
        guidance="To read an encoded text set decode to true.",
    )

    def run(self, text: str, *, form: Form, decode: bool = False) -> str:
        """Encode text as base64, base64url, URL escapes, hex or HTML entities, or decode it.

        Args:
            text: The text.
            form: The other form.
            decode: Whether text is in that form and is to be read.
        """
        return _decoded(text, form) if decode else _encoded(text, form)


def _encoded(text: str, form: Form) -> str:
    if form == "html":
        return html.escape(text)

    try:
        data = text.encode()
    except UnicodeEncodeError as problem:
        raise ToolError(
            f"Character {problem.start} is half a pair and no text: {text[problem.start]!r}."
        ) from None

    return _ENCODE[form](data)


def _decoded(text: str, form: Form) -> str:
    if form == "html":
        return html.unescape(text)

    try:
        data = _DECODE[form](text)
    except ValueError as problem:
        raise ToolError(f"{text[:60]!r} is not {form}: {problem}.") from None

    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise ToolError(
            f"It decodes to {len(data)} bytes that are no UTF-8 text (at byte {problem.start}):"
            f" {data[:32].hex()}{'…' if len(data) > 32 else ''}.",
            hint="It holds binary data, which this tool does not show as text.",
        ) from None


def _from_base64(text: str) -> bytes:
    """Either alphabet, with or without padding and line ends."""
    letters = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)


def _from_url(text: str) -> bytes:
    if broken := re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError(f"the % at character {broken.start()} has no two hex digits after it")

    return unquote_to_bytes(text)


def _from_hex(text: str) -> bytes:
    return binascii.unhexlify(re.sub(r"0x|[\s:]", "", text))


_ENCODE: dict[str, Callable[[bytes], str]] = {
    "base64": lambda data: base64.b64encode(data).decode(),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode(),
    "url": lambda data: quote(data, safe=""),
    "hex": lambda data: data.hex(),
}
_DECODE: dict[str, Callable[[str], bytes]] = {
    "base64": _from_base64,
    "base64url": _from_base64,
    "url": _from_url,
    "hex": _from_hex,
}
