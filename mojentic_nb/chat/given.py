"""What a conversation is given: refused here, before anything is sent, where it makes no sense.

Law: pure; the value stands in the message, and what to write instead in the hint.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat.exchange import Exchange
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.window import Strategy
from mojentic_nb.messages import LLMMessage, MessageRole

__all__ = [
    "broker_given",
    "check_settings",
    "count_given",
    "exchanges_given",
    "message_given",
    "question_given",
]


def check_settings(*, strategy: Any, keep_partial: Any, max_messages: Any) -> None:
    """Make sure that a conversation's settings are some.

    Raises:
        BadArgument: One of them is not.
    """
    if strategy not in (known := get_args(Strategy)):
        raise BadArgument(f"strategy={strategy!r} is not known.", hint=f"Take {', '.join(known)}.")
    if keep_partial not in (True, False, "stopped"):
        raise BadArgument(
            f"keep_partial={keep_partial!r} is not known.", hint="Take True, False or 'stopped'."
        )
    if max_messages is not None:
        count_given(max_messages, "max_messages")


def count_given(number: Any, what: str, *, least: int = 1) -> int:
    """A whole number.

    Raises:
        BadArgument: It is none, or too small.
    """
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise BadArgument(f"{what}={number!r} is not a whole number from {least} on.")

    return number


def broker_given(llm: Any) -> LLMBroker:
    """A broker to ask.

    Raises:
        BadArgument: It is none.
    """
    if isinstance(llm, LLMBroker):
        return llm

    name = llm if isinstance(llm, str) else "demo"
    raise BadArgument(f"llm={llm!r} is no LLMBroker.", hint=f"Write LLMBroker({name!r}).")


def question_given(query: Any, images: Any, documents: Any) -> LLMMessage:
    """What a person says.

    Raises:
        BadArgument: It is nothing, or somebody else's to say.
    """
    if isinstance(query, LLMMessage):
        if query.role is MessageRole.User:
            return query
        raise BadArgument(
            f"A message of the {query.role} is no question.",
            hint="Send a person's, and put others in with insert_message.",
        )
    if isinstance(query, str) and (query.strip() or images or documents):
        return LLMMessage.user(query or None, images=images, documents=documents)

    raise BadArgument(f"{query!r} says nothing.", hint="Send text, or an LLMMessage.")


def message_given(message: Any) -> LLMMessage:
    """A message to put in.

    Raises:
        BadArgument: It is none.
    """
    if isinstance(message, LLMMessage):
        return message

    raise BadArgument(f"{message!r} is no message.", hint="Write LLMMessage.user('…').")


def exchanges_given(exchanges: Iterable[Any]) -> tuple[Exchange, ...]:
    """Whole exchanges.

    Raises:
        BadArgument: One of them is none.
    """
    given = tuple(exchanges)
    for one in given:
        if not isinstance(one, Exchange):
            raise BadArgument(f"{one!r} is no Exchange.", hint="Give another chat's .exchanges.")

    return given
