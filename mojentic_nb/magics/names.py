"""The variable a result goes to.

Law: nothing but `_llm` and the name the person gave is ever written; a module, a
function or one of Python's own names is not replaced by an answer.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["LAST", "bind", "check_name"]

# Always the last reply, as `_` is the last result.
LAST = "_llm"

# IPython's own; losing one costs the session.
_TAKEN = {
    "In",
    "Out",
    "_",
    "__",
    "___",
    "_i",
    "_ih",
    "_oh",
    "_dh",
    "get_ipython",
    "exit",
    "quit",
    LAST,
}

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (ModuleType, "a module"),
    (type, "a class"),
    ((FunctionType, BuiltinFunctionType), "a function"),
)


def check_name(name: str | None, namespace: Mapping[str, Any]) -> None:
    """Refuse a name that cannot be, or should not become, a result's variable.

    Raises:
        BadArgument: Before anything is sent.
    """
    if name is None:
        return

    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadArgument(f"-o {name}: that is not a name a variable can have.")

    if name in _TAKEN or (name not in namespace and hasattr(builtins, name)):
        raise BadArgument(f"-o {name}: that name is taken.", hint="Choose another one.")

    kind = next((word for kind, word in _KINDS if isinstance(namespace.get(name), kind)), "")
    if kind:
        raise BadArgument(
            f"-o {name}: {name} is {kind} here.", hint=f"Choose another name, or del {name} first."
        )


def bind(shell: InteractiveShell, name: str | None, value: Any) -> None:
    """Put a value into the notebook, where a name was given."""
    if name is not None:
        shell.user_ns[name] = value
        # Assigned by the person, so %who lists it.
        shell.user_ns_hidden.pop(name, None)
