"""What Tab offers on a magic's line and in a prompt.

Law: looks at the text, the namespace and what was seen before; never asks a network,
because it runs at every keystroke in some front ends.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import BadArgument, MojenticError
from mojentic_nb.magics.last_image import LAST_IMAGE
from mojentic_nb.magics.options import (
    ASK,
    CHARTS,
    CHAT,
    CHAT_WORDS,
    COMPARE,
    COST,
    FIX,
    FORMATS,
    HISTORY,
    STRUCTURED,
    TRACE,
    TRACE_WORDS,
    Option,
)
from mojentic_nb.magics.settings import SETTINGS, STRATEGIES
from mojentic_nb.magics.tools import BUILT_IN

if TYPE_CHECKING:
    from mojentic_nb.magics.llm import LLMMagics

__all__ = ["matcher_of", "offers"]

_MAGIC = re.compile(r"^\s*(?:[\w.]+\s*=\s*)?(?P<signs>%%?)(?P<name>\w+)(?P<space>[ \t])")
_LAST_WORD = re.compile(r"\S*$")
_LAST_REFERENCE = re.compile(r"\{(?P<name>[^\W\d]\w*|)$")
_MOST = 100

# Values of settings that can have a few only.
_WORDS = {
    **dict.fromkeys(("stream", "footer"), ("auto", "on", "off")),
    **dict.fromkeys(("math", "nest_asyncio", "trace"), ("on", "off")),
    "trace_store": ("auto", "none"),
    "trace_capture": ("full", "text", "none"),
    "autoshow": ("off", "summary", "tree"),
    "strategy": STRATEGIES,
    "cassette_mode": ("auto", "record", "replay", "off"),
}


CHECKS = tuple(
    f"{one}:"
    for one in ("contains", "not_contains", "regex", "equals", "one_of", "numeric", "length")
)

_ABOUT_CALLS = {"trace": TRACE, "cost": COST, "llm_history": HISTORY, "llm_chat": CHAT}


def matcher_of(magics: LLMMagics) -> Callable[[Any], Any] | None:
    """A matcher for IPython's completer; None where IPython is too old for one."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # IPython 7, as in Colab
        return None

    def matcher(context: Any) -> Any:
        lines = context.full_text.split("\n")
        fragment, words = offers(lines, context.cursor_line, context.cursor_position, magics)
        completions = [SimpleCompletion(text=word, type="magic") for word in words[:_MOST]]
        return {
            "completions": completions,
            "matched_fragment": fragment,
            "suppress": bool(completions),
            "ordered": True,
        }

    known: Any = context_matcher(identifier="mojentic_nb")(matcher)
    known.of_magics = magics
    return known  # type: ignore[no-any-return]


def offers(lines: list[str], row: int, column: int, magics: LLMMagics) -> tuple[str, list[str]]:
    """What is being typed, and the words it may become.

    Args:
        lines: The cell.
        row: The cursor's line, from 0.
        column: Its place in that line.
        magics: Whose names, models and variables are offered.
    """
    before = lines[row][:column]
    head = _MAGIC.match(before) or (_MAGIC.match(f"{lines[0]} ") if row else None)
    if head is None or (row and head["signs"] != "%%"):
        return "", []

    names: dict[str, tuple[Option, ...]] = {"structured": STRUCTURED, "llm_fix": FIX}
    names |= {magics.name: ASK, f"mojentic_{magics.name}": ASK, "compare": COMPARE}
    names |= _ABOUT_CALLS
    options = names.get(head["name"])
    if options is None:
        return _of_settings(head["name"], before, magics)
    if head["name"] == "trace" and (found := _of_trace(before[head.end() :])):
        return found
    if head["name"] == "llm_chat" and (found := _of_chat(before[head.end() :], magics)):
        return found

    reference = _LAST_REFERENCE.search(before)
    if reference:
        return reference["name"], _starting(reference["name"], _variables(magics))
    if _MAGIC.match(before) is None:
        return "", []

    return _on_line(before[head.end() :], options, magics)


def _of_trace(typed: str) -> tuple[str, list[str]] | None:
    """A word of %trace, where one is wanted; None where a flag or its value is."""
    words = typed.split() if typed[-1:].strip() else [*typed.split(), ""]
    match words:
        case [word] if not word.startswith("-"):
            return word, _starting(word, TRACE_WORDS)
        case ["plot", word] if not word.startswith("-"):
            return word, _starting(word, CHARTS)
        case ["store", word]:
            return word, _starting(word, ["auto", "none", *_paths(word)])
        case _:
            return None


def _of_chat(typed: str, magics: LLMMagics) -> tuple[str, list[str]] | None:
    """A word of %llm_chat, or the name of a conversation."""
    words = typed.split() if typed[-1:].strip() else [*typed.split(), ""]
    match words:
        case [word] if not word.startswith("-"):
            return word, _starting(word, [*CHAT_WORDS, *_conversations(magics)])
        case ["delete", word]:
            return word, _starting(word, _conversations(magics))
        case ["export" | "rebuild", word]:
            return word, _starting(word, _paths(word))
        case ["switch", word]:
            present = magics.session.chats.present
            return word, _starting(
                word, [one.id[:4] for one in present.branches] if present else []
            )
        case _:
            return None


def _conversations(magics: LLMMagics) -> list[str]:
    try:
        return [one.name for one in magics.session.chats.kept() if " " not in one.name]
    except MojenticError:  # the file is not in order; the call will tell
        return []


def _on_line(typed: str, options: Iterable[Option], magics: LLMMagics) -> tuple[str, list[str]]:
    words = typed.split()
    if typed.endswith((" ", "\t")) or not typed:
        words.append("")

    word = words[-1] if words else ""
    previous = words[-2] if len(words) > 1 else ""
    option = next((one for one in options if one.value and previous in one.spellings), None)
    if option is not None:
        return _of_value(option, word, magics)
    if word.startswith("-"):
        flags = [flag for one in options for flag in reversed(one.spellings)]
        return word, _starting(word, flags)

    return "", []


def _shelf() -> list[str]:
    from mojentic_nb.tools import registry

    cards = registry.catalogue()
    return [
        *(card.name for card in cards),
        *sorted({f"@{one.category.split()[0]}" for one in cards}),
    ]


def _of_value(option: Option, word: str, magics: LLMMagics) -> tuple[str, list[str]]:
    if option.name in ("model", "judge"):
        typed = word.rpartition(",")[2]
        return typed, _starting(typed, _models(magics))
    if option.name == "check":
        return word, _starting(word, [*CHECKS, *_tools(magics)])
    if option.name == "tools":
        typed = word.rpartition(",")[2]
        return typed, _starting(typed, [*_tools(magics), *BUILT_IN, *_shelf()])
    if option.name == "out":
        return word, _starting(word, _variables(magics))
    if option.name == "by":
        return word, _starting(word, option.value.split("|"))
    if option.name == "format":
        return word, _starting(word, FORMATS)
    if option.name == "persona":
        return word, _starting(word, _personas())
    if option.name == "image":
        return word, _starting(word, [*_variables(magics), LAST_IMAGE, *_paths(word)])
    if option.name == "file":
        return word, _starting(word, _paths(word))

    return "", []


def _of_settings(name: str, before: str, magics: LLMMagics) -> tuple[str, list[str]]:
    word = _LAST_WORD.search(before)
    typed = word[0] if word else ""
    if name == "llm_config":
        if typed.startswith("model="):
            part = typed.removeprefix("model=")
            return part, _starting(part, _models(magics))
        name, sign, part = typed.partition("=")
        if sign:
            return part, _starting(part, _WORDS.get(name, ()))
        return typed, _starting(
            typed, [*(f"{one}=" for one in SETTINGS), "forget", "personas", "reset"]
        )
    if name == "llm_models":
        return typed, _starting(typed, ("ollama", "openai", "anthropic", "demo"))

    return "", []


def _models(magics: LLMMagics) -> list[str]:
    known = [name for names in magics.session.models.values() for name in names]
    return [*sorted({*known, "demo"}), "ollama:", "openai:", "anthropic:"]


def _personas() -> list[str]:
    from mojentic_nb.magics.personas import personas

    try:
        return list(personas())
    except BadArgument:  # a settings file that is not in order; the call will tell
        return []


def _paths(word: str) -> list[str]:
    """Files and folders that begin so."""
    folder = word[: len(word) - len(os.path.basename(word))]
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as found:
            names = [one.name + ("/" if one.is_dir() else "") for one in found]
    except OSError:
        return []

    return [folder + name for name in sorted(names) if " " not in name and name[0] != "."]


def _variables(magics: LLMMagics) -> Iterator[str]:
    shell: Any = magics.shell
    namespace, hidden = shell.user_ns, shell.user_ns_hidden
    return (name for name in namespace if not name.startswith("_") and name not in hidden)


def _tools(magics: LLMMagics) -> Iterator[str]:
    shell: Any = magics.shell
    return (name for name in _variables(magics) if callable(shell.user_ns[name]))


def _starting(word: str, known: Iterable[str]) -> list[str]:
    return [one for one in dict.fromkeys(known) if one.startswith(word)]
