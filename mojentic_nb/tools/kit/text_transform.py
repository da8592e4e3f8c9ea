r"""Text in another case, order or shape.

Law: Unicode throughout: ß, İ and combining marks are letters, lines end at `\n` only.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Annotated, Literal, get_args

from pydantic import Field

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["TextTransformTool", "Way"]

Way = Literal[
    "upper",
    "lower",
    "title",
    "sentence",
    "swap case",
    "snake",
    "kebab",
    "camel",
    "pascal",
    "strip",
    "strip accents",
    "single spaces",
    "dedent",
    "indent",
    "wrap",
    "sort lines",
    "unique lines",
    "reverse lines",
    "number lines",
    "no empty lines",
    "reverse",
    "normalize",
]


class TextTransformTool(KitTool):
    """Gives text another form."""

    tool_name = "text_transform"
    facts = Facts(
        category="text",
        examples=(
            Example(arguments={"text": "Größe der Straße", "ways": ["strip accents", "kebab"]}),
            Example(arguments={"text": "b\na\nb", "ways": ["unique lines", "sort lines"]}),
        ),
        guidance=f"The ways are {', '.join(get_args(Way))}; several are done one after another.",
    )

    def run(
        self,
        text: str,
        *,
        ways: Annotated[list[Way], Field(min_length=1, max_length=20)],
        width: Annotated[int, Field(ge=1, le=1000)] = 80,
    ) -> str:
        """Change the case, spacing or order of lines of a text, in one or several ways.

        Args:
            text: The text.
            ways: What to do, one after another.
            width: Characters of a line when wrapping; spaces when indenting are 4.
        """
        most = self.policy.limits.read_bytes
        for way in ways:
            if len(text) > most:
                raise ToolError(f"The text has {len(text)} characters; {most} are allowed.")
            text = _wrapped(text, width) if way == "wrap" else _WAYS[way](text)

        return text


def _words(text: str) -> list[str]:
    """The words of a phrase or of a name in any of the usual cases."""
    spaced = "".join(
        f" {one}" if _begins_word(text, place) else one for place, one in enumerate(text)
    )
    return [word.replace("'", "").replace("’", "") for word in _found(spaced)]


def _found(text: str) -> list[str]:
    kept = (one if _is_of_word(one) else " " for one in text)
    return "".join(kept).split()


def _is_of_word(one: str) -> bool:
    return one in "'’" or unicodedata.category(one)[0] in "LMN"


def _begins_word(text: str, place: int) -> bool:
    """Whether a capital begins a word: `fooBar` has two, `HTTPServer` too."""
    if not place or not text[place].isupper():
        return False

    before, after = text[place - 1], text[place + 1 : place + 2]
    return before.islower() or before.isdigit() or (before.isupper() and after.islower())


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.translate(_NO_MARKS))
    return unicodedata.normalize("NFC", "".join(one for one in apart if not _is_mark(one)))


def _is_mark(one: str) -> bool:
    # Of Latin, Greek and Cyrillic only: elsewhere marks are vowels.
    return "\u0300" <= one <= "\u036f"


# Letters whose stroke is part of them, so no normal form takes it off.
_NO_MARKS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th", "ð": "d"}
)


def _title(text: str) -> str:
    # Not str.title, which makes "Don'T" of "don't".
    return re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)*", lambda found: _capital(found[0]), text)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:].lower()


def _sentence(text: str) -> str:
    return re.sub(
        r"(^\s*|[.!?]\s+)([^\W\d_])", lambda found: found[1] + found[2].upper(), text.lower()
    )


def _camel(text: str) -> str:
    first, *rest = _words(text) or [""]
    return first.lower() + "".join(map(_capital, rest))


def _wrapped(text: str, width: int) -> str:
    paragraphs = re.split(r"\n[ \t]*\n", text)
    return "\n\n".join(textwrap.fill(one, width, break_on_hyphens=False) for one in paragraphs)


def _by_line(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        ending = "\n" if text.endswith("\n") else ""
        return "\n".join(change(text.removesuffix("\n").split("\n"))) + ending

    return changed


def _numbered(lines: list[str]) -> list[str]:
    wide = len(str(len(lines)))
    return [f"{number:{wide}}  {line}" for number, line in enumerate(lines, 1)]


_WAYS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": _title,
    "sentence": _sentence,
    "swap case": str.swapcase,
    "snake": lambda text: "_".join(_words(text)).lower(),
    "kebab": lambda text: "-".join(_words(text)).lower(),
    "camel": _camel,
    "pascal": lambda text: "".join(map(_capital, _words(text))),
    "strip": str.strip,
    "strip accents": _without_accents,
    "single spaces": lambda text: " ".join(text.split()),
    "dedent": textwrap.dedent,
    "indent": lambda text: textwrap.indent(text, "    "),
    "sort lines": _by_line(sorted),
    "unique lines": _by_line(lambda lines: list(dict.fromkeys(lines))),
    "reverse lines": _by_line(lambda lines: lines[::-1]),
    "number lines": _by_line(_numbered),
    "no empty lines": _by_line(lambda lines: [line for line in lines if line.strip()]),
    "reverse": lambda text: "".join(reversed(_letters(text))),
    "normalize": lambda text: unicodedata.normalize("NFC", text),
}


def _letters(text: str) -> list[str]:
    """Characters with the marks that belong to them."""
    letters: list[str] = []
    for one in text:
        if letters and unicodedata.combining(one):
            letters[-1] += one
        else:
            letters.append(one)

    return letters
