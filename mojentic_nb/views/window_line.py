"""What the model was not told of a conversation, in one line for a cell and a widget.

Law: pure; counted from the conversation's beginning, whichever turn left it out.
"""

from __future__ import annotations

from mojentic_nb.events import Summarised, Trimmed

__all__ = ["window_line"]


def window_line(event: Trimmed | Summarised) -> str:
    """What had no room: `The first 4 messages had no room and were left out`."""
    count = event.before + event.messages
    if isinstance(event, Summarised):
        return f"{_messages('first', count)} had no room: a summary went along instead"

    which = "next" if event.summed else "first"
    count -= event.summed
    why = f" ({event.reason})" if event.reason else ""
    return f"{_messages(which, count)} had no room and {_were(count)} left out{why}"


def _messages(which: str, count: int) -> str:
    return f"The {which} message" if count == 1 else f"The {which} {count:,} messages"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
