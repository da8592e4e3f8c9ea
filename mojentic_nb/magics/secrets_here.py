"""Keys that stand in this process's environment, kept out of what a magic gathers by itself.

Law: a person may put anything into a prompt. What is gathered for them (earlier cells, an
error) goes through here first.
"""

from __future__ import annotations

import os
import re

from mojentic_nb.errors import scrub

__all__ = ["scrubbed"]

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
# "1", "true" or a user's name are no secrets, and taking them out would leave no text.
_SHORTEST = 8


def scrubbed(text: str) -> str:
    """The text without the environment's secrets, and without what looks like a key."""
    found = (value.strip() for name, value in os.environ.items() if _SECRET_NAME.search(name))
    return scrub(text, *(value for value in found if len(value) >= _SHORTEST))
