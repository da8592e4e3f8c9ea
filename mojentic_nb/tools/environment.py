"""Which of this process's variables others may see.

Law: none but those a policy names, and the few without which no program starts.
"""

from __future__ import annotations

import os

from mojentic_nb.tools.policy import Policy

__all__ = ["allowed_environment", "is_allowed"]

# Without these no program starts, or none finds its tools; none of them is a secret.
_ALWAYS = ("PATH", "LANG", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT")


def allowed_environment(policy: Policy) -> dict[str, str]:
    """The variables of this process that a command may see."""
    allowed = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _ALWAYS or is_allowed(name, policy)
    }
    return {"LANG": "C.UTF-8", **allowed}


def is_allowed(name: str, policy: Policy) -> bool:
    """Whether a policy lets a variable be read."""
    return any(
        name.startswith(one[:-1]) if one.endswith("*") else name == one for one in policy.env
    )
