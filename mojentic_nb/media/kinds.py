"""What some bytes are, by their beginning.

Law: names and extensions are never believed: many a .jpg is a png, and providers refuse a
request whose media type does not fit its bytes.
"""

from __future__ import annotations

from mojentic_nb.errors import BadArgument

__all__ = ["document_kind", "image_kind", "known_kind"]

# What every provider takes; others would be refused by one of them or another.
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"\x93NUMPY", "a NumPy array file"),
    (b"PK\x03\x04", "a zip archive (Word, Excel and OpenDocument files are such)"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x1f\x8b", "a gzip archive"),
)

# ISO base media files say which kind they are after `ftyp`.
_HEIF = {b"heic": "a HEIC image", b"heix": "a HEIC image", b"mif1": "a HEIF image"}
_BRANDS = {**_HEIF, b"avif": "an AVIF image", b"avis": "an AVIF image"}

# A PDF may begin with other bytes: its readers look this far (Adobe, implementation note 13).
_PDF_WITHIN = 1024

_SEND = "Models read png, jpeg, gif and webp."
_SAVE_AS_PNG = "Save it as PNG or JPEG: PIL's Image.open(...).save('it.png') does it."


def known_kind(data: bytes) -> str:
    """The media type of some bytes, or in words what else they are; `""` where unknown."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return "a BMP image"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "a video")

    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind

    if b"%PDF-" in data[:_PDF_WITHIN]:
        return "application/pdf"

    return _kind_of_markup(data[:_PDF_WITHIN].lstrip(b"\xef\xbb\xbf \t\r\n").lower())


def _kind_of_markup(head: bytes) -> str:
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return "an SVG drawing"
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page"

    return ""


def image_kind(data: bytes, source: str) -> str:
    """The media type of an image.

    Args:
        data: Its bytes.
        source: What to call it in the error.

    Raises:
        BadArgument: These are no png, jpeg, gif or webp.
    """
    kind = known_kind(data)
    if kind in IMAGES:
        return kind

    if kind == "application/pdf":
        raise BadArgument(
            f"{source} is a PDF, not an image.",
            hint="Give it as a document: documents=, or add_file().",
        )
    if kind == "an SVG drawing":
        raise BadArgument(
            f"{source} is an SVG drawing, and models read pixels.",
            hint="Export it as PNG; a matplotlib figure can be given as it is.",
        )
    if kind.endswith(" image"):
        raise BadArgument(f"{source} is {kind}, which models do not read.", hint=_SAVE_AS_PNG)

    if kind:
        raise BadArgument(f"{source} is {kind}, not an image.", hint=_SEND)

    raise BadArgument(
        f"{source} is no png, jpeg, gif or webp.",
        hint="It looks like text." if _is_text(data) else "Is it whole, and the right file?",
    )


def _is_text(data: bytes) -> bool:
    # What it says is not shown: a file named by mistake may hold keys.
    return b"\0" not in data and data[:_PDF_WITHIN].isascii()


def document_kind(data: bytes, source: str) -> str:
    """`application/pdf`, or `""` for what may be text.

    Raises:
        BadArgument: These bytes are something that is neither.
    """
    kind = known_kind(data)
    if kind == "application/pdf":
        return kind
    if kind in ("", "an SVG drawing", "a web page"):
        return ""
    if kind in IMAGES or kind.endswith(" image"):
        raise BadArgument(
            f"{source} is an image, not a document.",
            hint="Give it as an image: images=, or add_image().",
        )

    raise BadArgument(
        f"{source} is {kind}; models read PDF and text.", hint="Save it as PDF or as text."
    )
