"""A cell's words, ready to send: without markers for tools, with the notebook's values.

Law: what stays as typed is told in one line on stderr, once; nothing else is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.interpolate import Interpolated, interpolate, strip_nbval

__all__ = ["filled_flag", "note", "worded"]


def worded(text: str, namespace: Mapping[str, Any], *, raw: bool) -> Interpolated:
    """A prompt with its values in place, and the reader told of what had none."""
    text = strip_nbval(text).strip("\n")
    if raw:
        return Interpolated(text=text)

    result = interpolate(text, namespace)
    if result.note:
        note(result.note)

    return result


def note(text: str) -> None:
    """Tell the reader something that is no failure."""
    sys.stderr.write(f"{text}\n")


def filled_flag(name: str, value: str, namespace: Mapping[str, Any]) -> str:
    """A flag's value with the notebook's variables in it, as in `-m {model}`.

    Raises:
        BadArgument: A reference leads nowhere: a model is never called `{modle}`.
    """
    result = interpolate(value, namespace)
    if result.missing and name != "system":
        raise BadArgument(f"--{name} {value}: {result.note.removeprefix('Sent as typed: ')}")
    if result.note:
        note(result.note)

    return result.text
