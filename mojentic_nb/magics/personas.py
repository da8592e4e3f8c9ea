"""`--persona NAME`: a system message by its name.

Law: a few are built in, the settings file's section `[personas]` adds more and may replace
these. Only text; a persona changes no setting.
"""

from __future__ import annotations

from difflib import get_close_matches

from mojentic_nb import preferences
from mojentic_nb.errors import BadArgument
from mojentic_nb.preferences import Setting

__all__ = ["persona", "personas"]

_BUILT_IN = {
    "teacher": (
        "You are a patient teacher. Explain step by step, in plain words, with one small "
        "example, and end with one question that checks the reader's understanding."
    ),
    "reviewer": (
        "You are a careful reviewer. Name what is wrong or risky, most serious first, each with "
        "its reason and a concrete remedy. Say plainly when you find nothing."
    ),
    "terse": "Answer in as few words as will do. No preamble, no repetition, no closing remark.",
}


def personas() -> dict[str, Setting]:
    """Every persona there is, by name.

    Raises:
        BadArgument: A settings file is not in order.
    """
    built_in = {
        name: Setting(name=name, value=text, origin="built in") for name, text in _BUILT_IN.items()
    }
    return {**built_in, **preferences.personas()}


def persona(name: str) -> str:
    """What a persona is told to be.

    Raises:
        BadArgument: There is none of that name.
    """
    known = personas()
    if name not in known:
        close = get_close_matches(name, known, n=1)
        there = f"There are {', '.join(known)}; [personas] in mojentic_nb.toml adds more."
        raise BadArgument(
            f"--persona {name}: there is no such persona.",
            hint=f"Did you mean {close[0]}? {there}" if close else there,
        )

    text: str = known[name].value
    return text
