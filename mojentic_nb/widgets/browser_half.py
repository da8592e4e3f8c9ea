"""Where a widget's browser half lies: its module and its style.

Law: only reads files. A wheel carries them beside this module, a checkout has them at its
top and reads them in place: an edit counts at the next start of the kernel.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["module", "style"]

_HERE = Path(__file__).resolve().parent
_CARRIED = _HERE / "static"
_IN_PLACE = _HERE.parent.parent / "widgets"
_COMMENT = re.compile(
    r"^[ \t]*/\*\*(?:(?!\*/).)*\*/\n|/\*\* @type [^*]*\*/ ?|^[ \t]*//(?! @ts-check).*?\n",
    re.MULTILINE | re.DOTALL,
)
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.\.?)/(\w+\.js)";\n', re.MULTILINE)
# What only a test needs, and what only an editor does.
_SPARE = re.compile(r"(?!\A)// @ts-check\n|^export (?=function|const)|^[ \t]+", re.MULTILINE)
_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")')
_SPACED = re.compile(r" *([-+*=<>!&|?:;,(){}\[\]]+) *")
_END = re.compile(r",?\n+(?=[})\]])|(?<=[;{},(\[])\n+")


def module(name: str) -> str:
    """The ECMAScript module of a widget, as text; what it imports of its own stands in it.

    Without its comments and the space that only a reader needs: a notebook that keeps its
    widgets has it once for each of them.
    """
    text = _SPARE.sub("", _COMMENT.sub("", _joined(f"{name}/index.js", set())))
    return _END.sub("", "".join(map(_tight, text.splitlines(keepends=True))))


def _tight(line: str) -> str:
    """A line without the space around signs; one where signs may be text stays as it is."""
    if line.startswith("export") or any(sign in line for sign in "`/'"):
        return line

    code_and_texts = _TEXT.split(line)
    code_and_texts[::2] = [_SPACED.sub(r"\1", code) for code in code_and_texts[::2]]
    return "".join(code_and_texts)


def style(name: str) -> str:
    """The style of a widget, on top of the theme that all share."""
    return "\n".join([_read("theme.css"), _read(f"{name}/style.css")])


def _joined(path: str, taken: set[str]) -> str:
    # Once each: a page gets one module, which can load no other.
    if path in taken:
        return ""

    taken.add(path)
    here = path.rpartition("/")[0]

    def inside(found: re.Match[str]) -> str:
        return _joined(f"{here}/{found[2]}" if found[1] == "." else found[2], taken)

    return _IMPORT.sub(inside, _read(path))


@cache
def _read(path: str) -> str:
    folder = _CARRIED if _CARRIED.is_dir() else _IN_PLACE
    return (folder / path).read_text(encoding="utf-8")
