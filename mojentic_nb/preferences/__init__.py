"""What a person has written down once: `mojentic_nb.toml` and the environment.

Law: reads and checks, changes nothing, and holds no key: a file that names one is refused
without its value being shown. Every value knows where it came from. The order is the
environment, the project's file, the person's own file, the default; `magics` put the
settings of a session and the flags of a call before all of these.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.preferences.files import CONFIG_VARIABLE, FILE_NAME, SettingsFile, files
from mojentic_nb.preferences.kinds import (
    DEFAULT,
    Setting,
    did_you_mean,
    is_address,
    is_setting,
    names,
    public_address,
    read,
    standard,
    variables,
)
from mojentic_nb.preferences.reading import PERSONAS, held

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT",
    "FILE_NAME",
    "Setting",
    "SettingsFile",
    "address",
    "did_you_mean",
    "files",
    "is_address",
    "is_setting",
    "names",
    "personas",
    "public_address",
    "read",
    "value",
    "variables",
]


def value(name: str) -> Setting:
    """What holds for a setting outside a session, and where that comes from.

    Raises:
        BadArgument: There is no such setting, or a file or variable is not in order.
    """
    for variable in variables(name):
        if text := os.environ.get(variable, "").strip():
            return Setting(
                name=name, value=_from_environment(name, variable, text), origin=f"from {variable}"
            )

    for file in files():
        found = held(file).get(name)
        if found is not None:
            return found

    return Setting(name=name, value=standard(name))


def _from_environment(name: str, variable: str, text: str) -> Any:
    if is_address(name):
        return text  # each gateway reads its own variable, with what people hide in it

    try:
        return read(name, text)
    except BadArgument as problem:
        raise BadArgument(f"{variable}: {problem.message}") from None


def address(provider: str) -> str | None:
    """Where a file says that a provider is; None where only the environment may say it."""
    name = next((one for one in names() if one.startswith(f"{provider}.")), "")
    if not name or any(os.environ.get(one, "").strip() for one in variables(name)):
        return None

    found: str | None = value(name).value
    return found


def personas() -> dict[str, Setting]:
    """The system messages that files give a name, by that name.

    Raises:
        BadArgument: A file is not in order.
    """
    found: dict[str, Setting] = {}
    for file in reversed(files()):
        for name, setting in held(file).items():
            section, _, rest = name.partition(".")
            if section == PERSONAS:
                found[rest] = replace(setting, name=rest)

    return found
