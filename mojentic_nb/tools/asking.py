"""Tools with which a model speaks to the person: a question, and a message.

Law: the question is shown as the model put it, and an answer comes from a person or not
at all: where nobody is there to answer, the model is told so at once. A turn that was begun
within `spoken_with` speaks there (a chat in the cell), every other where questions go.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.consent import ask_text
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.facts import Example, Facts

__all__ = ["AskUserTool", "TellUserTool", "spoken_with"]

Ask = Callable[[str], str | None]
Tell = Callable[[str], None]

_spoken_with: ContextVar[tuple[Ask, Tell] | None] = ContextVar("spoken_with", default=None)


@contextmanager
def spoken_with(ask: Ask, tell: Tell) -> Iterator[None]:
    """Have the tools of turns that begin in this block speak with the person by these.

    Args:
        ask: Puts a question and gives the answer, `None` where nobody is there.
        tell: Shows a message.
    """
    before = _spoken_with.set((ask, tell))
    try:
        yield
    finally:
        _spoken_with.reset(before)


class AskUserTool(LLMTool):
    """Asks the person a question and hands the answer back.

    Args:
        tracer: See `LLMTool`.
        ask: Puts a question and gives the answer, None where nobody is there; by default
            the cell in a notebook and the terminal elsewhere.
    """

    facts = Facts(
        category="communication & tasks",
        effects=frozenset({"asks"}),
        examples=(Example(arguments={"user_request": "Which of the two files is meant?"}),),
        guidance="If nobody is there to answer, go on with what you know and say what you assumed.",
    )

    def __init__(self, tracer: Any = None, *, ask: Ask | None = None) -> None:
        super().__init__(tracer)
        self._ask = ask

    def __repr__(self) -> str:
        return "AskUserTool()"

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """What a model is told of this tool."""
        return _described(
            "ask_user",
            "Ask the user a question and wait for the answer. Use it when only the user can know,"
            " or to have them do something you cannot.",
            "user_request",
            "The question, whole: the user sees nothing else.",
        )

    def run(self, user_request: str) -> str:
        """Ask.

        Returns:
            The person's answer, as it was given.

        Raises:
            ToolError: The question is empty, or nobody is there to answer it.
        """
        if not user_request.strip():
            raise ToolError("The question is empty.", hint="Put it in user_request.")

        here, _ = _spoken_with.get() or (ask_text, _written)
        answer = (self._ask or here)(user_request)
        if answer is None:
            raise ToolError(
                "Nobody is here to answer.",
                hint="Go on with what you know, and say what you assumed.",
            )

        return answer


class TellUserTool(LLMTool):
    """Tells the person something while the model goes on working.

    Args:
        tracer: See `LLMTool`.
        tell: Shows a message; by default it goes to where the cell's or the program's
            output goes.
    """

    facts = Facts(
        category="communication & tasks",
        effects=frozenset({"asks"}),
        examples=(Example(arguments={"message": "The first of three files is read."}),),
        guidance="It expects no answer; use ask_user for one.",
    )

    def __init__(self, tracer: Any = None, *, tell: Tell | None = None) -> None:
        super().__init__(tracer)
        self._tell = tell

    def __repr__(self) -> str:
        return "TellUserTool()"

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """What a model is told of this tool."""
        return _described(
            "tell_user",
            "Show the user a message, such as progress or an interim result, without waiting for"
            " an answer.",
            "message",
            "The message.",
        )

    def run(self, message: str) -> str:
        """Tell it."""
        _, here = _spoken_with.get() or (ask_text, _written)
        (self._tell or here)(message)
        return "Message delivered to user."


def _written(message: str) -> None:
    out = sys.stdout
    if out is None:  # a windowed program has none
        raise ToolError("There is nowhere to show a message.")

    out.write(f"{message}\n")
    out.flush()


def _described(name: str, description: str, parameter: str, text: str) -> Mapping[str, Any]:
    parameters = {
        "type": "object",
        "properties": {parameter: {"type": "string", "description": text}},
        "required": [parameter],
        "additionalProperties": False,
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}
