"""How large an image is, by its first bytes.

Law: pure, and no image library: only the header is read, so an image that would unpack to
gigabytes is as cheap as any other.
"""

from __future__ import annotations

from mojentic_nb.media.kinds import known_kind

__all__ = ["image_size"]

# JPEG (ITU T.81, table B.1): the frame headers; C4, C8 and CC are tables among them.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
# Marks that stand alone, without a length after them.
_ALONE = {0x01, *range(0xD0, 0xD9)}


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, GIF, WebP or BMP.

    Returns:
        None for other bytes, and for a header that is cut off.
    """
    read = {
        "image/png": _png,
        "image/jpeg": _jpeg,
        "image/gif": _gif,
        "image/webp": _webp,
        "a BMP image": _bmp,
    }.get(known_kind(data))
    found = read(data) if read else None
    return found if found and min(found) > 0 else None


def _number(data: bytes, start: int, size: int, *, big: bool = False) -> int:
    return int.from_bytes(data[start : start + size], "big" if big else "little")


def _png(data: bytes) -> tuple[int, int] | None:
    if len(data) < 24 or data[12:16] != b"IHDR":
        return None

    return _number(data, 16, 4, big=True), _number(data, 20, 4, big=True)


def _gif(data: bytes) -> tuple[int, int] | None:
    return (_number(data, 6, 2), _number(data, 8, 2)) if len(data) >= 10 else None


def _bmp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 26:
        return None
    if _number(data, 14, 4) == 12:  # the header of OS/2 and Windows 2
        return _number(data, 18, 2), _number(data, 20, 2)

    # A negative height means that rows stand from top to bottom.
    height = int.from_bytes(data[22:26], "little", signed=True)
    return _number(data, 18, 4), abs(height)


def _webp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None

    form = data[12:16]
    if form == b"VP8X":
        return _number(data, 24, 3) + 1, _number(data, 27, 3) + 1
    if form == b"VP8L" and data[20] == 0x2F:
        packed = _number(data, 21, 4)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _number(data, 26, 2) & 0x3FFF, _number(data, 28, 2) & 0x3FFF

    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark in _FRAMES:
            if at + 9 > len(data):
                return None
            return _number(data, at + 7, 2, big=True), _number(data, at + 5, 2, big=True)

        if mark == 0xFF:  # padding
            at += 1
        elif mark in _ALONE:
            at += 2
        else:
            at += 2 + max(_number(data, at + 2, 2, big=True), 2)

    return None
