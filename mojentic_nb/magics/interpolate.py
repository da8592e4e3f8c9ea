"""The notebook's values, put into a prompt.

Law: one pass over the text; what comes out of a variable is never looked at again, so data
cannot smuggle in a reference. What does not lead to a value stays exactly as typed, and the
person is told. Pure: no IPython, no `eval`, no `str.format`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from mojentic_nb.magics.references import PATTERN, NotFound, is_name, references, resolve
from mojentic_nb.views.summary import summarise

__all__ = ["Interpolated", "interpolate", "references", "strip_nbval"]

_NBVAL = re.compile(r"^[ \t]*#[ \t]*NBVAL_\w+[ \t]*\r?(?:\n|\Z)", re.MULTILINE)

# A pasted template may hold dozens of names that are nobody's variables.
_MOST_TOLD = 3


@dataclass(frozen=True, kw_only=True)
class Interpolated:
    """A prompt with its values in place.

    Attributes:
        text: What is sent.
        used: What each reference stood for, in a few words, in order of appearance.
        reasons: Why a reference stayed as typed, by reference, in order of appearance.
        suggestions: The defined name that an undefined one most resembles, where there is one.
    """

    text: str
    used: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    suggestions: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """References that stayed as typed, each once."""
        return tuple(self.reasons)

    @property
    def note(self) -> str:
        """One line for the person about what stayed as typed, or an empty text."""
        told = [self._told(reference) for reference in self.missing[:_MOST_TOLD]]
        if not told:
            return ""

        more = len(self.missing) - len(told)
        rest = f"; and {more} more" if more else ""
        return f"Sent as typed: {'; '.join(told)}{rest}."

    def _told(self, reference: str) -> str:
        suggestion = self.suggestions.get(reference)
        question = f" (did you mean {{{suggestion}}}?)" if suggestion else ""
        return f"{{{reference}}} {self.reasons[reference]}{question}"


def interpolate(
    text: str, namespace: Mapping[str, object], *, builtins_too: bool = False
) -> Interpolated:
    """Replace `{name}`, `{name.attr}` and `{name[key]}` by the values they lead to.

    `{{name}}` becomes `{name}` where the name leads to a value, and is otherwise left alone:
    a template pasted into a prompt stays what it is.

    Args:
        text: The prompt as typed.
        namespace: Variables by name; only read.
        builtins_too: Whether `{len}` may mean Python's own `len`.
    """
    values: dict[str, object] = {}
    written: dict[str, str] = {}
    reasons: dict[str, str] = {}

    def leads_somewhere(reference: str) -> bool:
        if reference not in values and reference not in reasons:
            try:
                values[reference] = resolve(reference, namespace, builtins_too=builtins_too)
            except NotFound as reason:
                reasons[reference] = str(reason)
            except Exception as problem:  # a namespace of the user's own making may fail anyhow
                reasons[reference] = f"failed: {type(problem).__name__}"

        return reference in values

    asked: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        escaped, reference = match["escaped"], match["plain"]
        if escaped and is_name(escaped) and leads_somewhere(escaped):
            return match[0][1:-1]

        if not reference or not is_name(reference):
            return match[0]

        asked[reference] = None
        if not leads_somewhere(reference):
            return match[0]

        if reference not in written:
            written[reference] = summarise(values[reference])

        return written[reference]

    result = PATTERN.sub(replace, text)
    told = {reference: reasons[reference] for reference in asked if reference in reasons}
    return Interpolated(
        text=result,
        used={name: _in_short(values[name], written[name]) for name in asked if name in written},
        reasons=told,
        suggestions=_suggestions(told, namespace),
    )


def _suggestions(names: Iterable[str], namespace: Mapping[str, object]) -> dict[str, str]:
    undefined = [name for name in names if name.isidentifier()]
    if not undefined:
        return {}

    public = [name for name in namespace if not name.startswith("_")]
    close = ((name, get_close_matches(name, public, n=1)) for name in undefined)
    return {name: matches[0] for name, matches in close if matches}


def _in_short(value: object, written: str) -> str:
    """The kind and size of what was put in, such as `DataFrame, 1,234 characters`."""
    kind = type(value).__name__
    if len(written) <= 40 and "\n" not in written and not isinstance(value, str):
        return f"{kind} {written}"

    return f"{kind}, {len(written):,} character{'' if len(written) == 1 else 's'}"


def strip_nbval(text: str) -> str:
    """Drop lines that are only a marker for nbval, which would otherwise be sent to the model."""
    return _NBVAL.sub("", text) if "NBVAL_" in text else text
