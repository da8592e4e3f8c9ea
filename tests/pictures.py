"""Small real images and documents for tests.

Law: whole files, written by a library that is not ours.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

PDF = b"%PDF-1.4\n1 0 obj\n<</Type /Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"


def picture(kind: str = "PNG", *, colour: Any = "red") -> bytes:
    """A picture of 4 by 3 pixels."""
    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (4, 3), colour).save(buffer, kind)
    return buffer.getvalue()


def pixels(data: bytes) -> Any:
    """A picture, read back."""
    from PIL import Image

    return Image.open(BytesIO(data))
