"""Documents for a model: PDF and text.

Law: read whole when given; nothing is fetched and nothing converted.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.media.files import quoted, read_bytes, text_of, within
from mojentic_nb.media.kinds import document_kind
from mojentic_nb.media.parts import DocumentPart

__all__ = ["LARGEST_DOCUMENT", "document_from", "document_of"]

# Bytes. Anthropic takes requests up to 32 MB, in which base64 makes 3 bytes 4.
LARGEST_DOCUMENT = 24_000_000

# Not `mimetypes`: that reads the machine's own tables, and requests would differ by machine.
_TEXTS = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
    ".xml": "application/xml",
}


def document_of(value: Any, *, name: str | None = None) -> DocumentPart:
    """Make a document part from a PDF or a text.

    Args:
        value: A path; the bytes of a PDF or a text; or, with `name`, a `str` of text.
        name: What to call it; by default the file's name.

    Raises:
        BadArgument: It cannot be read, is empty, over 24 MB, or neither PDF nor text.
    """
    if isinstance(value, DocumentPart):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        source = f"The document {name!r}" if name else "The document"
        return document_from(bytes(value), name=name or "", source=source)
    if isinstance(value, str) and name is not None:
        return _written(value, name)
    if isinstance(value, str | Path):
        return _read(value, name)

    raise BadArgument(
        f"A document cannot be made from {type(value).__name__}.",
        hint="Give a path, the bytes of a PDF, or document_of(text, name='notes.md').",
    )


def _read(path: str | Path, name: str | None) -> DocumentPart:
    if isinstance(path, str) and path.startswith(("http://", "https://")):
        raise BadArgument(
            f"{quoted(path.partition('?')[0])} is a web address: documents are not fetched.",
            hint="Download it and give its path or its bytes.",
        )
    if isinstance(path, str) and "\n" in path:
        raise BadArgument(
            f"{quoted(path)} is no path.", hint="For text, say document_of(text, name='notes.md')."
        )

    data = read_bytes(path, limit=LARGEST_DOCUMENT)
    known = Path(path).name if name is None else name
    return document_from(data, name=known, source=quoted(path))


def _written(text: str, name: str) -> DocumentPart:
    # Somebody who names a file's part means the file, and its path would be sent as the text.
    if "\n" not in text and _is_file(text):
        raise BadArgument(
            f"{quoted(text)} is a file, and with name= it would be sent as the text itself.",
            hint="Say Path(...) for the file.",
        )

    return document_from(text.encode(), name=name, source=f"The document {name!r}")


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def document_from(data: bytes, *, name: str, source: str) -> DocumentPart:
    """Make a document part from a document's bytes.

    Args:
        data: A PDF or a text, whole.
        name: Its file name, which also says what kind of text it is.
        source: What to call it in errors.

    Raises:
        BadArgument: They are neither, none, or over 24 MB.
    """
    if kind := document_kind(within(data, LARGEST_DOCUMENT, source), source):
        return DocumentPart(media_type=kind, data=b64encode(data).decode(), name=name)

    text = text_of(data, source)
    if not text:
        raise BadArgument(f"{source} is empty.")

    kind = _TEXTS.get(Path(name).suffix.lower(), "text/plain")
    return DocumentPart(media_type=kind, text=text, name=name)
