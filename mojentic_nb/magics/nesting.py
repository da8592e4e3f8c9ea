"""`nest_asyncio=on`: loops within loops, for the user's own code.

Law: done only when asked for, and told. Nothing of this package needs it: magics are
synchronous, and what runs in the background has a loop of its own.
"""

from __future__ import annotations

import asyncio

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.prompt import note

__all__ = ["nest"]


def nest(*, wish: str) -> None:
    """Patch asyncio for this process, and say so; `off` is refused once it is.

    Raises:
        BadArgument: The package is missing, another one was there before, or what is done
            should be undone.
    """
    there = asyncio.run.__module__.partition(".")[0]
    if wish == "off":
        _refuse_to_undo(there)
        return
    if there == "nest_asyncio":
        raise BadArgument(
            "nest_asyncio is applied in this kernel already, and makes it lose messages.",
            hint="Restart the kernel, and leave out nest_asyncio.apply().",
        )
    if there == "nest_asyncio2":
        note("nest_asyncio2 was applied already: asyncio.run(...) works in cells.")
        return

    try:
        import nest_asyncio2
    except ImportError:
        raise BadArgument(
            "nest_asyncio=on needs the package nest-asyncio2, which is not installed.",
            hint='Run  pip install "mojentic-nb[nest]"',
        ) from None

    nest_asyncio2.apply()
    note(
        "nest_asyncio2 is applied to asyncio in this kernel: asyncio.run(...) now works in "
        "cells. A restart takes it back; these magics do not need it."
    )


def _refuse_to_undo(there: str) -> None:
    if there.startswith("nest_asyncio"):
        raise BadArgument(
            "asyncio is patched until this kernel ends.", hint="Restart the kernel to undo it."
        )
