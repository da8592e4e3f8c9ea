"""The magics: how a notebook's cells talk to models.

Law: the only room that imports IPython. `load` and `unload` are each other's mirror, may
be called twice, and print nothing; what is heavy is imported by the first call.
To follow one prompt: `llm.py`, `arguments.py`, `prompt.py`, `asking.py`, `live.py`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["load", "unload"]


def load(shell: Any) -> None:
    """Register the magics with a shell; a second call changes nothing."""
    from mojentic_nb.magics.registration import register

    register(shell)


def unload(shell: Any) -> None:
    """Take everything away that `load` brought."""
    from mojentic_nb.magics.registration import unregister

    unregister(shell)
