"""`%llm_fix`: what the last error of the notebook was, as a prompt tells it.

Law: only reads what IPython keeps (`sys.last_value` and the cells' history); no hook is
installed and no exception handler replaced. Bounded, and without keys.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

import IPython
from IPython.core.error import UsageError

from mojentic_nb.errors import BadArgument, MojenticError
from mojentic_nb.magics.earlier import cell_told
from mojentic_nb.magics.secrets_here import scrubbed
from mojentic_nb.views.markdown import bounded, fenced

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["fix_prompt"]

_LONGEST_CELL = 6_000
_LONGEST_ERROR = 6_000
_MOST_CELLS = 3

_TASK = (
    "A cell of my notebook failed. Say in a few sentences why. Then give the whole cell, "
    "corrected, in one ```python block."
)
# IPython 7 put a cell's number into its file name.
_OLD_NAME = re.compile(r"<ipython-input-(\d+)-")


def fix_prompt(shell: InteractiveShell, wish: str) -> str:
    """Tell of the last error, and ask for its reason and a cure.

    Args:
        shell: Whose cells the error may have come from.
        wish: What the person adds; may be empty.

    Raises:
        BadArgument: Nothing has failed yet.
    """
    error = getattr(sys, "last_value", None)
    if not isinstance(error, BaseException):
        raise BadArgument("No cell has failed yet: there is nothing to fix.")

    trace = _own_part(getattr(sys, "last_traceback", None))
    numbers = list(dict.fromkeys(_numbers(shell, error, trace)))[:_MOST_CELLS]
    cells = [told for number in numbers if (told := _cell(shell, number))]
    parts = [_TASK, wish.strip(), *cells, "The error:", fenced(_told(shell, error, trace))]
    return scrubbed("\n\n".join(part for part in parts if part))


def _own_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the person's own code on, without IPython's frames above it."""
    home = os.path.dirname(IPython.__file__)
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(home):
        trace = trace.tb_next

    return trace


def _files(error: BaseException, trace: TracebackType | None) -> Iterator[str]:
    if isinstance(error, SyntaxError) and error.filename:
        yield error.filename
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename
        trace = trace.tb_next


def _numbers(
    shell: InteractiveShell, error: BaseException, trace: TracebackType | None
) -> Iterator[int]:
    """Numbers of the cells an error went through, the one that was run first."""
    for file in _files(error, trace):
        if number := _number(shell, file):
            yield number


def _number(shell: InteractiveShell, file: str) -> int:
    known: dict[str, Any] = getattr(shell.compile, "_filename_map", {})
    old = _OLD_NAME.match(file)
    found = known.get(file) or (old[1] if old else 0)
    return int(found)


def _cell(shell: InteractiveShell, number: int) -> str:
    typed: list[str] = list(getattr(shell.history_manager, "input_hist_raw", None) or [])
    if not 0 < number < len(typed) or not typed[number].strip():
        return ""

    return cell_told(shell, number, typed[number], limit=_LONGEST_CELL, with_results=False)


def _told(shell: InteractiveShell, error: BaseException, trace: TracebackType | None) -> str:
    # Of our own errors and IPython's the message says all; the frames are not the person's.
    is_ours = isinstance(error, UsageError | MojenticError)
    try:
        text = "".join(traceback.format_exception(type(error), error, None if is_ours else trace))
    except Exception:  # an exception may fail to say what it is
        text = f"{type(error).__name__} (it cannot say what it is)"

    for file in dict.fromkeys(_files(error, trace)):
        if number := _number(shell, file):
            text = text.replace(f'File "{file}"', f"In [{number}]")

    text = text.replace(os.path.expanduser("~") + os.sep, "~/")
    return bounded(text.strip(), _LONGEST_ERROR)
