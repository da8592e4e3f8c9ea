"""Where a prompt refers to the notebook's variables, and what it refers to.

Law: only `{name}`, `{name.attr}`, `{name[key]}` and chains of these are references; JSON, code,
LaTeX and templates stay what they are. Nothing is evaluated and no method is called.
`interpolate.py` puts the values in; completion reads `references`.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from inspect import ismethod
from types import BuiltinMethodType, ModuleType

__all__ = ["PATTERN", "NotFound", "references", "resolve"]

# Possessive (`++`, `*+`): a failed match is never tried again in pieces, so that a cell of
# 100,000 braces costs one pass.
_NAME = r"[^\W\d]\w*+"
_KEY = r"""-?\d++|"[^"\n]*+"|'[^'\n]*+'|[^\W\d][\w -]*+"""
_REFERENCE = rf"{_NAME}(?:\.{_NAME}|\[(?:{_KEY})\])*+"
_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}"
_LONG_STRING = r'"""(?:[^"]|"(?!""))*+"""'

PATTERN = re.compile(
    rf"""
      # LaTeX: \frac{{a}}{{b}}, and a command's scripts. Two letters at least, because in a
      # prompt `\n{{name}}` is a line break and a reference.
      \\[A-Za-z]{{2,}}+\*?(?:\[[^\]\n]{{0,200}}+\])?(?:[_^]?{_GROUP})++
      # ... x_{{i}}, but not file_{{name}}; x^{{n}} always.
      | (?<![A-Za-z0-9_])[A-Za-z](?:[_^]{_GROUP})++ | \^{_GROUP}
      # A Python f-string is code; f'(x) is a derivative.
      | \b(?:[fF][rR]?|[rR][fF])(?:{_LONG_STRING}|"[^"\n]*+"|'(?!\()[^'\n]*+')
      | (?<!\{{)\{{\{{(?P<escaped>{_REFERENCE})\}}\}}(?!\}})
      | (?<!\{{)\{{(?P<plain>{_REFERENCE})\}}
    """,
    re.VERBOSE,
)
_STEP = re.compile(rf"\.(?P<attribute>{_NAME})|\[(?P<key>{_KEY})\]")
_FIRST = re.compile(_NAME)


class NotFound(LookupError):
    """A reference leads nowhere; the message says why, to be read after the reference."""


def references(text: str) -> list[str]:
    """List what a text refers to, each once, in order, without its braces."""
    found = (match["plain"] for match in PATTERN.finditer(text))
    return list(dict.fromkeys(reference for reference in found if reference and is_name(reference)))


def is_name(reference: str) -> bool:
    """Whether a reference begins with something that can be a variable."""
    first = _FIRST.match(reference)
    return first is not None and not keyword.iskeyword(first[0])


def resolve(reference: str, namespace: Mapping[str, object], *, builtins_too: bool) -> object:
    """Find the value that a reference leads to.

    Raises:
        NotFound: A name, attribute or key is missing or private, or reading it raised.
    """
    first = _FIRST.match(reference)
    if first is None:
        raise NotFound("is not a name")

    value = _variable(first[0], namespace, builtins_too=builtins_too)
    for step in _STEP.finditer(reference, first.end()):
        if step["attribute"]:
            value = _attribute(value, step["attribute"])
        else:
            value = _entry(value, step["key"])

    return value


def _variable(name: str, namespace: Mapping[str, object], *, builtins_too: bool) -> object:
    if name.startswith("__"):
        raise NotFound("is private")

    if name in namespace:
        return namespace[name]

    if builtins_too and hasattr(builtins, name):
        return getattr(builtins, name)

    raise NotFound("is not defined")


def _attribute(value: object, name: str) -> object:
    if name.startswith("_"):
        raise NotFound(f"asks for a private attribute ({name})")

    try:
        found = getattr(value, name)
    except AttributeError as problem:
        if hasattr(type(value), name):  # a property's own code failed
            raise NotFound(f"failed: {_said(problem)}") from problem

        raise NotFound(f"has no {name!r} in it ({type(value).__name__})") from problem
    except Exception as problem:
        raise NotFound(f"failed: {_said(problem)}") from problem

    if _is_method(found):
        raise NotFound("is a method; call it in a cell and name its result")

    return found


def _is_method(value: object) -> bool:
    if ismethod(value):
        return True

    owner = getattr(value, "__self__", None) if isinstance(value, BuiltinMethodType) else None
    return owner is not None and not isinstance(owner, ModuleType)


def _entry(value: object, written: str) -> object:
    """One item, by the key as it stands between the brackets: 0, -1, "a b", 'a b', or a b."""
    if isinstance(value, type):
        raise NotFound("is a class, not a value with items")

    is_number = written.lstrip("-").isdecimal()
    keys: list[object] = [int(written) if is_number else _unquoted(written)]
    if is_number and isinstance(value, Mapping):
        keys.append(written)

    try:
        for key in keys:
            # Asked first, because a defaultdict would make up the entry it is asked for.
            if not isinstance(value, Mapping) or key in value:
                return value[key]  # type: ignore[index]
    except (LookupError, TypeError) as problem:
        raise NotFound(f"has no item {written} ({type(value).__name__})") from problem
    except Exception as problem:
        raise NotFound(f"failed: {_said(problem)}") from problem

    raise NotFound(f"has no item {written} ({type(value).__name__})")


def _unquoted(written: str) -> str:
    return written[1:-1] if written[0] in "\"'" else written


def _said(problem: Exception) -> str:
    try:
        return " ".join(f"{type(problem).__name__}: {problem}".split())[:200]
    except Exception:  # an exception may fail to say what it is
        return type(problem).__name__
