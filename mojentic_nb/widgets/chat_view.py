"""A conversation as the page is told of it.

Law: values in, JSON out; nothing here knows a widget. What a model, a tool or a person wrote
is text, or went through `views.rendered`. Everything folded is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession, Exchange
from mojentic_nb.chat.pieces import Fold, Said, Talk, Told, talk_of
from mojentic_nb.chat.room import Counter
from mojentic_nb.errors import scrub
from mojentic_nb.events import ToolReturned, Usage
from mojentic_nb.media import ImagePart
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.tools.gathering import as_tools
from mojentic_nb.views import numbers
from mojentic_nb.views.markdown import bounded
from mojentic_nb.views.rendered import rendered
from mojentic_nb.views.tool_line import call_line, tool_body

__all__ = [
    "meter_of",
    "model_name",
    "part_of",
    "pictures_of",
    "thinking_part",
    "tool_part",
    "turns_of",
]

LONGEST_BODY = 4000
# Base64 characters of a picture that is shown again; a larger one is named.
LARGEST_SHOWN = 300_000
# From here on the meter is amber.
NEARLY_FULL = 0.8


def part_of(session: ChatSession, begin: int, end: int) -> Talk:
    """Some exchanges of a conversation, by their places, as a reader meets them."""
    part = copy(session)
    part.exchanges = session.exchanges[begin:end]
    return talk_of(part)


def turns_of(session: ChatSession, begin: int, end: int) -> list[dict[str, Any]]:
    """Some exchanges, with the ways the conversation went from each."""
    exchanges = session.exchanges
    told = part_of(session, begin, end).exchanges
    return [
        {**_turn(one, exchanges[at]), "at": at, "ways": _ways(session, exchanges[at], at)}
        for at, one in enumerate(told, start=begin)
    ]


def _turn(told: Told, exchange: Exchange) -> dict[str, Any]:
    asked = "\n\n".join(one.text for one in told.asked if one.text)
    return {
        "question": asked,
        "pictures": pictures_of(exchange.messages[0]),
        "parts": [_part(one) for one in told.came],
        "line": told.about,
        "mark": "; ".join(told.marks),
    }


def _part(piece: Said | Fold) -> dict[str, Any]:
    if isinstance(piece, Fold):
        return {"kind": "fold", "line": piece.line, "body": piece.body}

    return {"kind": "text", "html": rendered(piece.text)}


def _ways(session: ChatSession, exchange: Exchange, at: int) -> dict[str, Any] | None:
    """Which of the ways from here this is, and the branches before and after it."""
    ways = [(one.exchanges[0].created_ns, one.id) for one in session.branches if one.at == at]
    if not ways:
        return None

    ways = sorted([*ways, (exchange.created_ns, "")])
    place = next(nth for nth, (_, branch) in enumerate(ways) if not branch)
    before = ways[place - 1][1] if place else ""
    after = ways[place + 1][1] if place + 1 < len(ways) else ""
    return {"nth": place + 1, "of": len(ways), "before": before, "after": after}


def pictures_of(message: LLMMessage) -> list[dict[str, str]]:
    """What went along with a question: pictures by their data, all else by name."""
    return [_picture(part) for part in message.parts]


def _picture(part: Any) -> dict[str, str]:
    name = scrub(part.name or part.media_type or "attachment")
    is_shown = isinstance(part, ImagePart) and part.data and len(part.data) <= LARGEST_SHOWN
    return {"name": name, "src": f"data:{part.media_type};base64,{part.data}" if is_shown else ""}


def thinking_part(text: str) -> dict[str, Any]:
    """Thoughts, to be folded away."""
    line = f"thinking · {len(text):,} characters"
    return {"kind": "fold", "line": line, "body": bounded(scrub(text), LONGEST_BODY)}


def tool_part(call: LLMToolCall, returned: ToolReturned | None) -> dict[str, Any]:
    """A call of a tool, to be folded away; without a result it is still at work."""
    told = None if returned is None else returned.text
    line = call_line(call, returned, timed=True, clean=scrub)
    return {
        "kind": "fold",
        "line": line,
        "body": tool_body(call, told, longest=LONGEST_BODY, clean=scrub),
    }


def model_name(broker: LLMBroker) -> str:
    """Who answers, with the provider: `openai:gpt-5.4-mini`."""
    provider, model = broker.gateway.name, broker.model
    return model if provider == model else f"{provider}:{model}"


def meter_of(session: ChatSession, count: Counter) -> dict[str, Any]:
    """What the conversation has taken, and how full the context is.

    May ask the provider for the context's size, once: never on the kernel's main thread.

    Args:
        session: The conversation.
        count: Counts its tokens; kept, it counts each message once.
    """
    usage, dollars = _spent(session.exchanges)
    filled = count(session.messages, tools=as_tools(session.tools).values())
    room = session.max_context
    about = "about " if count.is_estimate else ""
    told = [f"{about}{filled:,} of {room:,} tokens of context"]
    if usage.total_tokens:
        told.append(f"{usage.total_tokens:,} tok used")
    if dollars is not None:
        told.append(numbers.dollars(dollars))

    share = filled / room
    return {"share": min(share, 1.0), "told": " · ".join(told), "is_full": share >= NEARLY_FULL}


def _spent(exchanges: Sequence[Exchange]) -> tuple[Usage, float | None]:
    usage, known = Usage(), [one.cost for one in exchanges if one.cost is not None]
    for exchange in exchanges:
        usage += exchange.usage
    return usage, sum(known) if known else None
