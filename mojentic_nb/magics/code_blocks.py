"""The code in a reply: what stands between fences.

Law: text in, text out; nothing is run or checked. A fence that never closes, as in an
answer that was cut, holds what there is of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["CodeBlock", "code_blocks", "put_next", "runnable"]

_BLOCK = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`{]*)[^\n`]*(?:\n|\Z)"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_PYTHON = ("python", "py", "python3", "ipython", "ipython3", "pycon", "")


@dataclass(frozen=True, kw_only=True)
class CodeBlock:
    """One fenced piece of a text; `language` is what its fence says, in small letters."""

    language: str
    code: str


def code_blocks(text: str) -> list[CodeBlock]:
    """List a text's fenced pieces, in order, without empty ones."""
    found = (
        CodeBlock(language=one["language"].lower(), code=dedent(one["code"]).strip("\n"))
        for one in _BLOCK.finditer(text)
    )
    return [block for block in found if block.code.strip()]


def runnable(text: str) -> str:
    """The Python of a reply as one cell, or whatever code there is where none is Python."""
    found = code_blocks(text)
    python = [block for block in found if block.language in _PYTHON]
    return "\n\n".join(block.code for block in python or found)


def put_next(shell: InteractiveShell, text: str) -> bool:
    """Put a reply's code into the next cell, never run; whether there was any."""
    code = runnable(text)
    if code:
        shell.set_next_input(code, replace=False)

    return bool(code)
