"""What a docstring tells: a summary, and a description of each parameter.

Law: text to text. Google, NumPy and Sphinx styles are read alike; what is none of them
is all summary. Nothing here raises: a docstring is written for people first.
"""

from __future__ import annotations

import re

__all__ = ["parameters_in", "summary_in"]

_WORDS = (
    "Args|Arguments|Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters|Returns?"
    "|Yields?|Raises|Warns|Examples?|Notes?|References|See Also|Attributes|Todo|Warnings?"
)
# A heading stands alone on its line: Google ends it with a colon, NumPy underlines it.
# "Returns the weather." in the midst of a summary is none.
_HEADING = re.compile(rf"^(?:({_WORDS}):[ ]*$|({_WORDS})[ ]*\n[ ]*-{{3,}}[ ]*$)", re.MULTILINE)
_OF_PARAMETERS = re.compile("Args|Arguments|Param|Keyword|Other")
_SPHINX = re.compile(r"^:(\w+)(?:[ ]+([^:\n]*?))?:[ ]*", re.MULTILINE)
_SPHINX_PARAMETERS = {"param", "parameter", "arg", "argument", "key", "keyword"}
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:(?:\s+(.*)|$)")
_NUMPY_ENTRY = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")


def summary_in(doc: str) -> str:
    """The text before the first section, as one paragraph."""
    starts = [found.start() for found in (_HEADING.search(doc), _SPHINX.search(doc)) if found]
    return " ".join(doc[: min(starts, default=len(doc))].split())


def parameters_in(doc: str) -> dict[str, str]:
    """Description of each parameter that has one, in the docstring's order."""
    told = _sphinx(doc)
    for heading, text in _parts(_HEADING, doc):
        google, numpy = heading.groups()
        if _OF_PARAMETERS.match(google or numpy):
            told |= _section(text, is_numpy=numpy is not None)

    return {name: text for name, text in told.items() if text}


def _parts(mark: re.Pattern[str], doc: str) -> list[tuple[re.Match[str], str]]:
    """Each mark with the text from it to the next one."""
    marks = list(mark.finditer(doc))
    ends = [later.start() for later in marks[1:]] + [len(doc)]
    return [(one, doc[one.end() : end]) for one, end in zip(marks, ends, strict=False)]


def _sphinx(doc: str) -> dict[str, str]:
    return {
        field[2].split()[-1]: _first_paragraph(text)
        for field, text in _parts(_SPHINX, doc)
        if field[1] in _SPHINX_PARAMETERS and field[2]
    }


def _first_paragraph(text: str) -> str:
    return " ".join(re.split(r"\n\s*\n", text)[0].split())


def _section(text: str, *, is_numpy: bool) -> dict[str, str]:
    """Entries of one section; whatever is indented deeper belongs to the entry above it."""
    lines = [line for line in text.splitlines() if line.strip()]
    depth = _depth(lines[0]) if lines else 0
    told: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        if _depth(line) < depth:
            break
        if _depth(line) == depth:
            names, words = _entry(line.strip(), is_numpy=is_numpy)
        else:
            words = line.strip()
        told |= {name: f"{told.get(name, '')} {words}".strip() for name in names}

    return told


def _entry(line: str, *, is_numpy: bool) -> tuple[list[str], str]:
    if is_numpy:
        found = _NUMPY_ENTRY.match(line)
        return (re.findall(r"\w+", found[1]), "") if found else ([], "")

    found = _GOOGLE_ENTRY.match(line)
    return ([found[1]], found[2] or "") if found else ([], "")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
