"""How a failure looks in a cell: one line that says what happened, then what to do.

Law: the exception that left the broker is the one the cell raises, so that `except
errors.GatewayError` keeps its meaning; only its looks change, and only the first time,
so that `%tb` shows everything. The person's own slips become IPython's `UsageError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.error import UsageError

from mojentic_nb.errors import BadArgument, MojenticError, ToolError

__all__ = ["Stopped", "friendly", "one_line"]

RED, PLAIN = "\x1b[31m", "\x1b[0m"


class Stopped(KeyboardInterrupt):
    """The reader interrupted a magic; raised on, so that queued cells stay unrun."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextmanager
def friendly(*, debug: bool = False) -> Iterator[None]:
    """Let failures out of a magic in their one-line form, or whole with `debug`."""
    try:
        yield
    except (BadArgument, ToolError) as mistake:
        if debug:
            raise
        raise UsageError(str(mistake)) from None
    except MojenticError as error:
        if not debug:
            one_line(error)
        raise
    except KeyboardInterrupt as stop:
        if debug or isinstance(stop, Stopped):
            raise
        raise Stopped("Stopped.") from None


def one_line(error: MojenticError) -> None:
    """Have IPython show this error as one line, once."""

    def rendered() -> list[str]:
        # Gone after the first use: %tb asks again, and wants the whole story.
        vars(error).pop("_render_traceback_", None)
        return [f"{RED}{error.message}{PLAIN} {error.hint}".rstrip()]

    vars(error)["_render_traceback_"] = rendered
