"""A call of a tool as a person meets it, in a cell, a widget, a file: one line, and what is folded.

Law: pure; one wording for all of them, whatever a model or a tool comes up with: bounded, and
nothing in it is obeyed by a terminal. A tool that failed has said so in words, which are shown
as words; the folded part has what the model was told, to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mojentic_nb.events import ToolReturned
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.views import numbers
from mojentic_nb.views.markdown import bounded
from mojentic_nb.views.unseen import made_visible

__all__ = ["call_line", "tool_body", "tool_line"]

# Characters.
LONGEST_VALUE = 60
LONGEST_RESULT = 80
LONGEST_GIVEN = 240


def call_line(
    call: LLMToolCall,
    returned: ToolReturned | None,
    *,
    timed: bool,
    clean: Callable[[str], str] = str,
) -> str:
    """One line for a call of this moment; without a result it is still at work."""
    if returned is None:
        return tool_line(call, None, clean=clean)

    ended = "" if returned.ok else "refused" if returned.is_refused else "failed"
    duration_s = returned.duration_s if timed else None
    return tool_line(call, returned.text, ended=ended, duration_s=duration_s, clean=clean)


def tool_line(
    call: LLMToolCall,
    result: str | None,
    *,
    ended: str = "",
    duration_s: float | None = None,
    clean: Callable[[str], str] = str,
) -> str:
    """One line: `calculator(expression="17*23") → 391 · 2 ms`.

    Args:
        call: What was asked of the tool.
        result: What the model was told; None while it is at work.
        ended: `failed` or `refused`; empty where it went well.
        duration_s: Seconds it took; None for not to tell.
        clean: Takes out what nobody may see, before anything is cut: half of a key would have
            no shape any more.
    """
    given = _given(call.arguments, clean) if call.malformed is None else "?"
    line = f"{bounded(clean(call.name), LONGEST_VALUE)}({given}) → "
    if result is None:
        return _line(clean(f"{line}…"))

    words = clean(_error_in(result) if ended else result)
    short = bounded(" ".join(words.split()), LONGEST_RESULT) or "(nothing)"
    took = "" if duration_s is None else f" · {numbers.seconds(duration_s)}"
    return _line(clean(f"{line}{ended}{': ' if ended else ''}{short}{took}"))


def tool_body(
    call: LLMToolCall, told: str | None, *, longest: int, clean: Callable[[str], str] = str
) -> str:
    """What is folded below it: all that was asked, and what the model was told.

    Args:
        call: What was asked of the tool.
        told: What came of it; None while it is at work.
        longest: Characters of either that are shown.
        clean: Takes out what nobody may see.
    """
    asked = call.malformed
    if asked is None:
        asked = json.dumps(call.arguments, ensure_ascii=False, indent=2, default=str)
    came = "(running)" if told is None else bounded(clean(told), longest)
    return made_visible(f"{bounded(clean(asked), longest)}\n→\n{came}".replace("\r\n", "\n"))


def _given(arguments: Mapping[str, Any], clean: Callable[[str], str]) -> str:
    """The arguments that a line has room for; of the others, how many they are."""
    shown: list[str] = []
    left = LONGEST_GIVEN
    for name, value in arguments.items():
        one = f"{bounded(clean(str(name)), LONGEST_VALUE)}={_short(value, clean)}"
        left -= len(one)
        if shown and left < 0:
            return f"{', '.join(shown)}, … {len(arguments) - len(shown):,} more"
        shown.append(one)

    return ", ".join(shown)


def _line(text: str) -> str:
    return made_visible(" ".join(text.split()))


def _short(value: Any, clean: Callable[[str], str]) -> str:
    return bounded(clean(json.dumps(value, ensure_ascii=False, default=str)), LONGEST_VALUE)


def _error_in(text: str) -> str:
    """The words of an error, out of the JSON in which a model is told of it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text

    return str(found["error"]) if isinstance(found, dict) and "error" in found else text
