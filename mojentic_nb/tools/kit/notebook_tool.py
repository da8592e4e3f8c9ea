"""The notebook as its tools see it, and what of it they keep to themselves.

Law: no IPython here: whoever has a notebook hands it over as a `Notebook`. Values that are
keys have no name for a model, and what a model reads has been scrubbed of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Protocol, runtime_checkable

from mojentic_nb.errors import ToolDenied, ToolError, scrub
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy
from mojentic_nb.views.data_summary import is_from

__all__ = ["Notebook", "NotebookTool"]

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
# "1", "true" or a user's name are no secrets, and taking them out would leave no text.
_SHORTEST = 8

# Settings are few; a dict of a million words is none, and each call looks at all of them.
_MOST_SETTINGS = 200

# What IPython itself puts beside one's own names; those with a leading _ are left out anyway.
_OF_THE_SHELL = {"In", "Out", "exit", "get_ipython", "open", "quit"}


@runtime_checkable
class Notebook(Protocol):
    """A notebook that tools may look at."""

    @property
    def namespace(self) -> MutableMapping[str, Any]:
        """Its values by name; a name added here is there in its cells."""
        ...

    def cell(self, number: int, /) -> str | None:
        """A cell's source and what came of it, in words; None where none was run."""
        ...

    def cells(self) -> Sequence[int]:
        """Numbers of the cells that were run, ascending."""
        ...


class NotebookTool(KitTool):
    """A tool over a notebook.

    Args:
        policy: What it may do.
        notebook: Whose values and cells it sees.
        tracer: Taken for Mojentic's callers.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        notebook: Notebook | None = None,
        tracer: Any = None,
    ) -> None:
        super().__init__(policy, tracer=tracer)
        self._notebook = notebook
        # A value's own repr, or a huge frame, may take for ever.
        self.timeout_s = self.policy.limits.seconds

    @property
    def notebook(self) -> Notebook:
        """Whose values and cells it sees.

        Raises:
            ToolError: It was given none.
        """
        if self._notebook is None:
            raise ToolError(
                f"{self.tool_name} has no notebook to look at.",
                hint=f"Give it one: {type(self).__name__}(notebook=…).",
            )

        return self._notebook

    def own(self) -> dict[str, Any]:
        """The notebook's own values by name: no modules, imports, private names or keys."""
        found = dict(self.notebook.namespace)
        home = str(found.get("__name__", "__main__"))
        return {name: value for name, value in found.items() if _is_own(name, value, home)}

    def value(self, name: str) -> Any:
        """One of the notebook's values.

        Raises:
            ToolDenied: It is a key, or private.
            ToolError: There is none.
        """
        found = self.notebook.namespace
        if name in found and (name.startswith("_") or _is_secret(name, found[name])):
            raise ToolDenied(f"{name!r} is kept from models: it is private or holds a key.")
        if name in found and isinstance(name, str):
            return found[name]

        near = get_close_matches(name, self.own(), n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "namespace_list tells the names."
        raise ToolError(f"The notebook has no {name!r}.", hint=hint)

    def keep(self, name: str, value: Any) -> None:
        """Put a value into the notebook under a new name.

        Raises:
            ToolError: The name is taken, or is none.
        """
        space = self.notebook.namespace
        if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
            raise ToolError(f"{name!r} cannot be the name of a result.", hint="Like top_sales.")
        if name in space:
            raise ToolError(f"The notebook has a {name!r} already.", hint="Choose a new name.")

        space[name] = value

    def secrets(self) -> list[str]:
        """The notebook's keys, those in its dicts too, and the environment's."""
        found = dict(self.notebook.namespace)
        held = [found, *(one for one in found.values() if _may_hold_keys(one))]
        ours = [
            _text_of(value)
            for one in held
            for name, value in dict(one).items()
            if _is_secret(name, value)
        ]
        theirs = [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]
        secrets = (one.strip() for one in (*ours, *theirs))
        return [one for one in secrets if len(one) >= _SHORTEST]

    def scrubbed(self, text: str) -> str:
        """Text without keys: those known, and what looks like one."""
        return scrub(text, *self.secrets())


def _is_own(name: Any, value: Any, home: str) -> bool:
    if not isinstance(name, str) or name.startswith("_") or name in _OF_THE_SHELL:
        return False
    if isinstance(value, ModuleType) or _is_secret(name, value):
        return False
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return getattr(value, "__module__", home) == home

    return True


def _is_secret(name: Any, value: Any) -> bool:
    if is_from(value, "pydantic", "SecretStr") or is_from(value, "pydantic", "SecretBytes"):
        return True

    is_text = isinstance(value, str | bytes)
    return is_text and isinstance(name, str) and bool(_SECRET_NAME.search(name))


def _may_hold_keys(value: Any) -> bool:
    return type(value) is dict and len(value) <= _MOST_SETTINGS


def _text_of(value: Any) -> str:
    plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    return plain.decode(errors="replace") if isinstance(plain, bytes) else str(plain)
