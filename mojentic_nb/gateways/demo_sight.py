"""What the demo model can tell of an image without seeing it: its kind and its size.

Law: pure; it reads a header, never a pixel. `demo_mind` is the only caller.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from struct import unpack

__all__ = ["seen"]

# Of the image's text in base64: a PNG's and a GIF's sizes stand in their first bytes.
LOOK_AT = 64


def seen(image: str) -> str:
    """Say what an image in base64 is, such as "a PNG of 640 by 480 pixels"."""
    try:
        head = b64decode(image[:LOOK_AT])
    except (Error, ValueError):
        return "something that is no image"

    if head[:8] == b"\x89PNG\r\n\x1a\n" and len(head) >= 24:
        return "a PNG of {} by {} pixels".format(*unpack(">II", head[16:24]))
    if head[:3] == b"GIF" and len(head) >= 10:
        return "a GIF of {} by {} pixels".format(*unpack("<HH", head[6:10]))

    kind = "a JPEG" if head[:3] == b"\xff\xd8\xff" else "an image"
    return f"{kind} of {_bytes(image):,} bytes"


def _bytes(image: str) -> int:
    return len(image) * 3 // 4 - image[-2:].count("=")
