"""A file that is there whole or not at all.

Law: it is written beside its place and put there at its end. A link stays one, and rights
stay as they were. Errors are the system's; what they are called is the caller's affair.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

__all__ = ["drafted"]


@contextmanager
def drafted(place: Path) -> Iterator[Path]:
    """Where to write what is to stand at a place once the block is over.

    Raises:
        OSError: It cannot be put there; what stood there still does.
    """
    real = Path(os.path.realpath(place))
    draft = real.with_name(f".{real.name[:200]}.{uuid4().hex[:8]}")
    try:
        yield draft
        if real.is_file():
            shutil.copymode(real, draft)
        os.replace(draft, real)
    finally:
        draft.unlink(missing_ok=True)
