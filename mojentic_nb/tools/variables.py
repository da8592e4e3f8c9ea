"""Reading a variable of the environment, where the policy names it.

Law: nothing is read that is not named, and a value is never told.
"""

from __future__ import annotations

import os

from mojentic_nb.errors import ToolDenied
from mojentic_nb.tools.policy import Policy

__all__ = ["is_named", "variable"]


def is_named(name: str, policy: Policy) -> bool:
    """Whether the policy lets a variable be read."""
    return any(
        name.startswith(one[:-1]) if one.endswith("*") else name == one for one in policy.env
    )


def variable(name: str, *, policy: Policy) -> str:
    """The value of a variable; empty where there is none.

    Raises:
        ToolDenied: The policy does not name it.
    """
    if not is_named(name, policy):
        raise ToolDenied(
            f"The variable {name[:60]!r} may not be read.",
            hint=f"Policy(env=({name[:60]!r},), …) allows it.",
        )

    return os.environ.get(name, "")
