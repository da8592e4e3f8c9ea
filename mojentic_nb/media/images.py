"""Images for a model, from whatever a notebook has.

Law: no image library is imported here: figures and images are known by what they can do.
Nothing is fetched, and nothing is made smaller behind the person's back.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from mojentic_nb.errors import BadArgument
from mojentic_nb.media.files import quoted, read_bytes, within
from mojentic_nb.media.kinds import image_kind
from mojentic_nb.media.parts import ImagePart, without_query

__all__ = ["LARGEST_IMAGE", "image_from", "image_of"]

# Bytes. OpenAI's vision guide: "up to 20 MB per image" (2024), the largest of any provider;
# Anthropic's is 5 MB, and its own refusal says so.
LARGEST_IMAGE = 20_000_000

_HINT = "Give a path, a web address, bytes, a matplotlib figure or a PIL image."

# Without matplotlib's version, so that the same picture is the same request.
_METADATA: dict[str, Any] = {"Software": None}

# Modes that PNG can hold as they are; others become RGB first.
_PNG_MODES = {"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"}


def image_of(value: Any) -> ImagePart:
    """Make an image part from whatever shows an image.

    Args:
        value: A path, an http(s) address (kept as it is), a data URI, bytes; a matplotlib
            figure or axes, drawn as PNG at `figsize` times `dpi` pixels; a PIL image; an
            array of rows, columns and 3 or 4 colours, `uint8` or 0 to 1; or anything that
            IPython shows as PNG or JPEG.

    Raises:
        BadArgument: It is missing, unreadable, empty, over 20 MB, or no png, jpeg, gif or
            webp.
    """
    if isinstance(value, ImagePart):
        return value
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, Path):
        return _of_file(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return image_from(bytes(value))

    return _of_object(value)


def image_from(data: bytes, *, name: str = "", source: str = "The image") -> ImagePart:
    """Make an image part from an image's bytes.

    Args:
        data: A png, jpeg, gif or webp, whole.
        name: What to call it in messages.
        source: What to call it in errors.

    Raises:
        BadArgument: They are no such image, none, or over 20 MB.
    """
    kind = image_kind(within(data, LARGEST_IMAGE, source), source)
    return ImagePart(media_type=kind, data=b64encode(data).decode(), name=name)


def _of_text(text: str) -> ImagePart:
    scheme = text[:8].lower()
    if scheme.startswith("data:"):
        return image_from(_data_of_uri(text), source="The data URI")
    if scheme.startswith(("http://", "https://")):
        return _at(text)
    if not text.strip():
        raise BadArgument("An image's path is empty.", hint=_HINT)

    return _of_file(text)


def _of_file(path: str | Path) -> ImagePart:
    data = read_bytes(path, limit=LARGEST_IMAGE)
    return image_from(data, name=Path(path).name, source=quoted(path))


def _at(url: str) -> ImagePart:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host or not url.isprintable() or " " in url:
        raise BadArgument(
            f"{quoted(without_query(url))} is no web address.", hint="Blanks are written %20."
        )

    return ImagePart(url=url, name=url.partition("?")[0].rstrip("/").rpartition("/")[2])


def _data_of_uri(uri: str) -> bytes:
    head, comma, body = uri.partition(",")
    if not comma:
        raise BadArgument(
            f"{quoted(head)} is no data URI: it has no comma before its data.",
            hint="It looks like data:image/png;base64,iVBORw0...",
        )
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)

    return _from_base64(unquote_to_bytes(body), "The data URI")


def _from_base64(text: str | bytes, source: str) -> bytes:
    packed = "".join(text.split()) if isinstance(text, str) else b"".join(text.split())
    try:
        return b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise BadArgument(f"{source} is no valid base64.", hint="Is it cut off?") from None


def _of_object(value: Any) -> ImagePart:
    kind = type(value).__name__
    figure = _figure_of(value)
    if figure is not None:
        return _drawn(figure, kind)
    if all(hasattr(value, name) for name in ("save", "convert", "mode", "size")):
        return _of_pil(value)
    if isinstance(getattr(value, "shape", None), tuple) and hasattr(value, "__array__"):
        return _of_array(value)

    return _as_shown(value, kind)


def _figure_of(value: Any) -> Any:
    """The figure that this is, or that it is part of."""
    for found in (value, getattr(value, "figure", None)):
        if callable(getattr(found, "savefig", None)):
            return found

    return None


def _drawn(figure: Any, kind: str) -> ImagePart:
    buffer = BytesIO()
    try:
        figure.savefig(buffer, format="png", metadata=_METADATA)
    except Exception as problem:
        raise BadArgument(
            f"The {kind} cannot be drawn: {type(problem).__name__}: {problem}"
        ) from problem

    return image_from(buffer.getvalue(), name="figure.png", source=f"The {kind}")


def _of_pil(image: Any) -> ImagePart:
    buffer = BytesIO()
    try:
        ready = image if image.mode in _PNG_MODES else image.convert(_colours(image.mode))
        ready.save(buffer, format="PNG")
    except Exception as problem:
        raise BadArgument(
            f"The image cannot be written as PNG: {type(problem).__name__}: {problem}.",
            hint="Convert it first: image.convert('RGB').",
        ) from problem

    name = Path(getattr(image, "filename", "") or "image").stem
    return image_from(buffer.getvalue(), name=f"{name}.png")


def _colours(mode: str) -> str:
    return "RGBA" if mode.endswith(("a", "A")) else "RGB"


def _of_array(array: Any) -> ImagePart:
    shape, kind = array.shape, str(getattr(array, "dtype", ""))
    if len(shape) != 3 or shape[2] not in (3, 4) or 0 in shape:
        raise BadArgument(
            f"An array of shape {shape} is no image.",
            hint="It needs rows, columns and 3 or 4 colours; for other data, give a figure of it.",
        )
    if kind.startswith("float") and not (array.min() >= 0 and array.max() <= 1):
        raise BadArgument("An image of floats needs values from 0 to 1.", hint="Scale them first.")
    if kind != "uint8" and not kind.startswith("float"):
        raise BadArgument(f"An image of {kind} is not read.", hint="Make it uint8, or 0 to 1.")

    from matplotlib.image import imsave

    buffer = BytesIO()
    imsave(buffer, array, format="png", metadata=_METADATA)
    return image_from(buffer.getvalue(), name="array.png")


def _as_shown(value: Any, kind: str) -> ImagePart:
    """What IPython would show of it, such as an `IPython.display.Image`."""
    for method in ("_repr_png_", "_repr_jpeg_"):
        shown = _asked_to_show(getattr(value, method, None), kind)
        data = shown[0] if isinstance(shown, tuple) else shown
        if isinstance(data, str) and data:
            data = _from_base64(data, f"What {kind} shows")
        if isinstance(data, bytes) and data:
            return image_from(data, name="image", source=f"The {kind}")

    return _kept_elsewhere(value, kind)


def _asked_to_show(show: Any, kind: str) -> Any:
    try:
        return show() if callable(show) else None
    except Exception as problem:
        raise BadArgument(
            f"The {kind} cannot be shown: {type(problem).__name__}: {problem}"
        ) from problem


def _kept_elsewhere(value: Any, kind: str) -> ImagePart:
    # IPython's Image of a gif, or of an address, holds it and shows neither png nor jpeg.
    for held in (getattr(value, "data", None), getattr(value, "url", None)):
        if isinstance(held, bytes) or (isinstance(held, str) and held.startswith("http")):
            return image_of(held)

    raise BadArgument(f"An image cannot be made from {kind}.", hint=_HINT)
