"""What an image or a PDF is: its kind, its size, its first words.

Law: bytes are believed, names are not. An image is never unpacked; of a PDF only the pages
asked for are read, and no longer than the policy allows.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from io import BytesIO
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.media.kinds import known_kind
from mojentic_nb.tools.apart import Apart
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.folder import Folder
from mojentic_nb.tools.kit.ai_image_size import image_size
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["MediaInfo", "MediaInfoTool"]

# A red dot, for the example.
_DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQAY"
    "3Y2wAAAAAElFTkSuQmCC"
)


class MediaInfo(TypedDict, total=False):
    """What a file is.

    `kind` is its media type, or in words what else it is. An image has `width` and `height`
    in pixels; a PDF has `pages` in all, and the `text` of those from `first_page` to
    `last_page`. `is_cut` tells that there was more text on them.
    """

    name: str
    kind: str
    bytes: int
    width: int
    height: int
    pages: int
    title: str
    first_page: int
    last_page: int
    text: str
    is_cut: bool


class MediaInfoTool(KitTool):
    """Tells what an image or a PDF is."""

    tool_name = "media_info"
    facts = Facts(
        category="ai & media",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={"data": _DOT}, says="an image given as it is"),
            Example(
                arguments={"path": "report.pdf", "first_page": 2, "page_count": 1},
                says="the text of a PDF's second page",
            ),
        ),
        guidance="A scanned PDF has pages but no text: look at it as an image.",
        needs="tools",
    )

    def run(
        self,
        path: str = "",
        *,
        data: str = "",
        first_page: Annotated[int, Field(ge=1)] = 1,
        page_count: Annotated[int, Field(ge=0)] = 10,
    ) -> MediaInfo:
        """Tell an image's format and size, or a PDF's pages and text.

        Args:
            path: The file; leave it out where `data` is given.
            data: The file itself, in base64 or as a data URI.
            first_page: Of a PDF, where to begin reading.
            page_count: Of a PDF, how many pages to read; 0 for none.
        """
        if bool(path) == bool(data):
            raise ToolError("Give either a path or data.")

        whole = self._file(path) if path else self._given(data)
        kind = known_kind(whole)
        info: MediaInfo = {"kind": kind or "unknown", "bytes": len(whole)}
        if path:
            info["name"] = path
        if size := image_size(whole):
            info["width"], info["height"] = size
        elif kind == "application/pdf":
            info.update(self._document(whole, first_page, page_count))

        return info

    def _file(self, path: str) -> bytes:
        return Folder(self.policy.roots, limits=self.policy.limits).read_bytes(path)

    def _given(self, data: str) -> bytes:
        head, comma, body = data.partition(",")
        packed = "".join((body if comma and head.startswith("data:") else data).split())
        most = self.policy.limits.read_bytes
        if len(packed) * 3 // 4 > most + 3:
            raise ToolError(f"The data is more than the {most} bytes allowed.")

        try:
            return b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            raise ToolError("The data is no valid base64.", hint="Is it cut off?") from None

    def _document(self, data: bytes, first: int, count: int) -> MediaInfo:
        """Read a PDF in a thread that can be left: a broken one may keep a reader busy."""
        needed("pypdf", extra="tools")
        limits = self.policy.limits
        count = min(count, limits.entries)
        reading = Apart(lambda: _outcome(data, first, count, limits.output_chars))
        try:
            outcome = reading.result(limits.seconds)
        except TimeoutError:
            raise ToolError(
                f"Reading the PDF took longer than {limits.seconds:g} s and was stopped.",
                hint="Ask for fewer pages.",
            ) from None

        if isinstance(outcome, BaseException):
            raise outcome
        info: MediaInfo = outcome
        return info


def _outcome(data: bytes, first: int, count: int, most: int) -> Any:
    try:
        return _read(data, first, count, most)
    except ToolError as problem:
        return problem
    except Exception as problem:  # a damaged file makes pypdf raise many kinds
        return ToolError(f"The PDF cannot be read: {type(problem).__name__}: {str(problem)[:200]}")


def _read(data: bytes, first: int, count: int, most: int) -> MediaInfo:
    reader = needed("pypdf", extra="tools").PdfReader(BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise ToolError("The PDF is locked with a password.", hint="Save it without one.")

    pages = len(reader.pages)
    info: MediaInfo = {"pages": pages}
    if title := reader.metadata and reader.metadata.title:
        info["title"] = str(title)[:200]
    if not count:
        return info
    if first > pages:
        raise ToolError(f"There is no page {first}: the PDF has {pages}.")

    last = min(first + count - 1, pages)
    told, size = [], 0
    for number in range(first, last + 1):
        told.append(reader.pages[number - 1].extract_text().strip())
        size += len(told[-1])
        if size > most:
            last = number
            break

    text = "\n\n".join(told)
    info["first_page"], info["last_page"] = first, last
    info["text"], info["is_cut"] = text[:most], len(text) > most
    return info
