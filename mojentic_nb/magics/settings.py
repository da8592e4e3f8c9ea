"""What holds for every call of this notebook: the traits, and `%llm_config`.

Law: a setting is a trait, so that `%config LLMMagics`, `ipython_config.py` and
`%llm_config` are three doors to one value. A flag on a call overrides it for that call.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from IPython.core.magic import Magics, magics_class
from traitlets import Bool, Enum, Float, Int, TraitError, Unicode

from mojentic_nb.errors import BadArgument

__all__ = ["MODEL_VARIABLE", "NAME_VARIABLE", "SETTINGS", "Settings", "assigned", "change"]

MODEL_VARIABLE = "MOJENTIC_NB_MODEL"
STREAM_VARIABLE = "MOJENTIC_NB_STREAM"
NAME_VARIABLE = "MOJENTIC_NB_MAGIC"

_SWITCH = ["auto", "on", "off"]


@magics_class
class Settings(Magics):
    """The settings, as traits; `%config LLMMagics` shows and sets them."""

    model = Unicode("", help="Model of a call without -m, such as demo or ollama:llama3.2.").tag(
        config=True
    )
    system = Unicode("", help="System message of every call.").tag(config=True)
    temperature = Float(
        None, allow_none=True, help="Randomness, 0 to 2; by default the server's."
    ).tag(config=True)
    max_tokens = Int(None, allow_none=True, help="Upper bound on an answer's tokens.").tag(
        config=True
    )
    tools = Unicode("", help="Tools of every call, as --tools takes them.").tag(config=True)
    stream = Enum(
        _SWITCH, default_value="auto", help="Draw answers while they grow; auto: not in tests."
    ).tag(config=True)
    footer = Enum(
        _SWITCH,
        default_value="auto",
        help="The quiet line of model, seconds and tokens; auto: where a person looks.",
    ).tag(config=True)
    math = Bool(False, help="Dollar signs are mathematics, not money.").tag(config=True)
    name = Unicode("llm", help="The name of %llm and %%llm.").tag(config=True)


# In the order a person asks; `name` is told where it differs.
SETTINGS: dict[str, str] = {
    "model": "",
    "system": "",
    "temperature": "",
    "max_tokens": "",
    "tools": "",
    "stream": STREAM_VARIABLE,
    "footer": "",
    "math": "",
    "name": NAME_VARIABLE,
}

_ASSIGNMENT = re.compile(
    r"""(?:--)?(?P<name>[A-Za-z][\w-]*)(?:\s*=\s*|(?P<space>\s+)(?!=))"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s"']\S*))\s*""",
    re.VERBOSE,
)


def assigned(line: str) -> Iterator[tuple[str, str]]:
    """The settings a line gives, as `name=value` or `--name value`.

    Raises:
        BadArgument: Something is no setting, or has no value.
    """
    at = 0
    line = line.strip()
    while at < len(line):
        found = _ASSIGNMENT.match(line, at)
        is_flag = line.startswith("--", at)
        if found is None or (found["space"] and not is_flag):
            raise _unreadable(line[at:])

        value = next(
            found[kind] for kind in ("double", "single", "bare") if found[kind] is not None
        )
        if found["bare"] is None:
            value = re.sub(r"\\([\"'\\])", r"\1", value)
        yield _known(found["name"]), value
        at = found.end()


def _unreadable(rest: str) -> BadArgument:
    word = rest.split()[0]
    name = word.lstrip("-").partition("=")[0]
    if name.replace("-", "_") in SETTINGS:
        return BadArgument(f"{name} has no value.", hint=f"Write {name}=…")

    return BadArgument(
        f"{word!r} is no setting.", hint=_did_you_mean(name) or "Write name=value, or reset."
    )


def _known(name: str) -> str:
    plain = name.replace("-", "_")
    if plain in SETTINGS:
        return plain

    hint = _did_you_mean(name) or f"There are {', '.join(SETTINGS)}."
    raise BadArgument(f"{name!r} is no setting.", hint=hint)


def _did_you_mean(name: str) -> str:
    close = get_close_matches(name.replace("-", "_"), [*SETTINGS, "reset", "forget"], n=1)
    return f"Did you mean {close[0]}?" if close else ""


def change(settings: Settings, name: str, text: str) -> None:
    """Set one setting from text; `none` and an empty text take it back.

    Raises:
        BadArgument: The value is not one this setting can have.
    """
    try:
        value = _value(settings, name, text)
        if name in ("temperature", "max_tokens"):
            from mojentic_nb.config import merged

            merged(None, {name: value})
        setattr(settings, name, value)
    except (TraitError, ValueError, KeyError) as problem:
        if isinstance(problem, BadArgument):
            raise
        raise BadArgument(f"{name}={text!r}: {_wanted(name)}.") from None


def _value(settings: Settings, name: str, text: str) -> Any:
    if text.lower() in ("", "none", "default"):
        return settings.trait_defaults(name)
    if name == "temperature":
        return float(text)
    if name == "max_tokens":
        return int(text)
    if name in ("stream", "footer"):
        return {"true": "on", "false": "off", "yes": "on", "no": "off"}.get(
            text.lower(), text.lower()
        )
    if name == "name" and not text.isidentifier():
        raise ValueError(text)
    if name == "math":
        return {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}[
            text.lower()
        ]

    return text


def _wanted(name: str) -> str:
    kinds = {
        "temperature": "a number from 0 to 2 is wanted",
        "max_tokens": "a whole number above 0 is wanted",
        "stream": "auto, on or off is wanted",
        "footer": "auto, on or off is wanted",
        "math": "on or off is wanted",
        "name": "a name such as llm or ask is wanted",
    }
    return kinds.get(name, "that is not a value it can have")


def origin(settings: Settings, name: str) -> str:
    """Where a setting's value comes from."""
    if getattr(settings, name) != settings.trait_defaults(name):
        return "set here"

    variable = MODEL_VARIABLE if name == "model" else SETTINGS[name]
    return f"from {variable}" if variable and os.environ.get(variable) else "default"
