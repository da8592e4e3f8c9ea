"""A conversation as a reader meets it: what is said, what is folded away, what is marked.

Law: pure, and the only way from a conversation to people: keys are out of every text, signs
that cannot be seen are too, what is folded is bounded with its true size told, and images
are named by kind and size, never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from mojentic_nb.chat.exchange import BROKEN_OFF, Exchange
from mojentic_nb.chat.history import History
from mojentic_nb.errors import scrub
from mojentic_nb.media import DocumentPart, ImagePart, without_query
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.views import numbers
from mojentic_nb.views.markdown import bounded
from mojentic_nb.views.tool_line import tool_body, tool_line
from mojentic_nb.views.unseen import made_visible

__all__ = ["Fold", "Said", "Talk", "Told", "keys_of", "talk_of"]

# Characters. What is folded away is looked into, not read: a page or two.
LONGEST_FOLD = 8_000

PARTIAL = "partial: the answer broke off"
STALE = "stale: something before it was changed later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words, whole, as Markdown.

    Attributes:
        who: `You`, the model's name, `System` or `Tool`.
        text: The words; empty where only something is shown.
        shown: What goes with them, each in a few words.
    """

    who: str
    text: str
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Something that is only looked into: thoughts, or a tool's call and what came of it.

    Attributes:
        who: The model's name.
        line: What stands there always, one line of plain text.
        body: What is folded away, bounded plain text.
    """

    who: str
    line: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One exchange.

    Attributes:
        id: Of the exchange.
        asked: What was said before the model said or did anything.
        came: What was said and done then, in order.
        about: Model, seconds, tokens and cost, on one line; empty where nothing is known.
        marks: What a reader has to know of it, each in a few words.
        cell: Id of the notebook's cell that asked.
        asked_at: `2026-11-21 18:53 UTC`, or empty.
        question: What the person said in words, and nothing else; empty for more than that.
        model: Who answered, with the provider; empty where not known.
    """

    id: str
    asked: tuple[Said, ...]
    came: tuple[Said | Fold, ...]
    about: str
    marks: tuple[str, ...]
    cell: str
    asked_at: str
    question: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A whole conversation.

    Attributes:
        title: Its name.
        about: Its size, tokens and cost, on one line.
        system: The system prompt; empty for none.
        summary: What stands for exchanges the model is no longer told.
        exchanges: All of them.
    """

    title: str
    about: str
    system: str
    summary: str
    exchanges: tuple[Told, ...]


Clean = Callable[[str], str]


def talk_of(history: History) -> Talk:
    """A conversation, ready to be written down in any form."""
    keys = keys_of(history)

    def clean(text: str) -> str:
        shown = made_visible(scrub(text, *keys).replace("\r\n", "\n"))
        return shown.encode("utf-8", "replace").decode()

    exchanges = history.exchanges
    return Talk(
        title=_line(clean(history.name)) or "Conversation",
        about=_line(clean(_about_all(exchanges, len(history.branches)))),
        system=clean(history.system_prompt),
        summary=clean(history.summary),
        exchanges=tuple(_told(one, clean) for one in exchanges),
    )


def keys_of(history: History) -> tuple[str, ...]:
    """The keys of whoever is asked, which may have any shape."""
    gateway = getattr(getattr(history, "llm", None), "gateway", None)
    known = getattr(gateway, "_secrets", None)
    return tuple(known()) if callable(known) else ()


def _told(exchange: Exchange, clean: Clean) -> Told:
    who = _line(clean(exchange.model)) or "Model"
    by_model = [one.role is MessageRole.Assistant for one in exchange.messages]
    first = by_model.index(True) if any(by_model) else len(by_model)
    return Told(
        id=exchange.id,
        asked=tuple(_said(one, clean) for one in exchange.messages[:first]),
        came=tuple(_pieces(exchange.messages[first:], who, clean)),
        about=_line(clean(_about(exchange))),
        marks=_marks(exchange),
        cell=_line(clean(exchange.cell)),
        asked_at=_asked_at(exchange.created_ns),
        question=clean(exchange.question) if _is_plain(exchange.messages) else "",
        model=_line(clean(exchange.model)),
    )


def _is_plain(messages: Sequence[LLMMessage]) -> bool:
    return bool(messages) and not messages[0].parts and not messages[0].image_paths


def _marks(exchange: Exchange) -> tuple[str, ...]:
    told = ((PARTIAL, exchange.is_partial), (STALE, exchange.is_stale))
    return tuple(mark for mark, is_so in told if is_so)


def _asked_at(created_ns: int) -> str:
    # Nobody asked in 1970: then the time is not known. Later than a calendar goes it is none.
    seconds = created_ns // 10**9
    if not 0 < seconds < 250_000_000_000:
        return ""

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


# the lines about it ---------------------------------------------------------


def _about(exchange: Exchange) -> str:
    usage = exchange.usage
    words = [exchange.model]
    if exchange.duration_s is not None:
        words.append(numbers.seconds(exchange.duration_s))
    if usage.input_tokens is not None or usage.output_tokens is not None:
        words.append(_tokens(usage.input_tokens, usage.output_tokens))
    if exchange.cost is not None:
        words.append(numbers.dollars(exchange.cost))

    return " · ".join(word for word in words if word)


def _about_all(exchanges: Sequence[Exchange], branches: int) -> str:
    count = len(exchanges)
    words = [f"{count:,} {'exchange' if count == 1 else 'exchanges'}"]
    words += dict.fromkeys(one.model for one in exchanges if one.model)
    came = [one.usage.input_tokens for one in exchanges if one.usage.input_tokens is not None]
    went = [one.usage.output_tokens for one in exchanges if one.usage.output_tokens is not None]
    if came or went:
        words.append(_tokens(sum(came) if came else None, sum(went) if went else None))

    costs = [one.cost for one in exchanges if one.cost is not None]
    if costs:
        words.append(numbers.dollars(sum(costs)))
    if branches:
        words.append(f"{branches:,} other {'way' if branches == 1 else 'ways'} not shown")

    return " · ".join(words)


def _tokens(came: int | None, went: int | None) -> str:
    return f"{numbers.tokens(came)} → {numbers.tokens(went)} tok"


# the pieces -----------------------------------------------------------------


def _pieces(messages: Sequence[LLMMessage], who: str, clean: Clean) -> Iterator[Said | Fold]:
    answered: set[int] = set()
    for at, message in enumerate(messages):
        if message.role is MessageRole.Assistant:
            answers = _answers(messages, at)
            answered.update(place for place in answers if place is not None)
            results = [None if place is None else messages[place] for place in answers]
            yield from _of_model(message, results, who, clean)
        elif at not in answered:
            yield _said(message, clean)


def _said(message: LLMMessage, clean: Clean) -> Said:
    who = "You" if message.role is MessageRole.User else str(message.role).capitalize()
    shown = tuple(_line(clean(one)) for one in _shown(message))
    return Said(who=who, text=clean(message.content or ""), shown=shown)


def _of_model(
    message: LLMMessage, answers: Sequence[LLMMessage | None], who: str, clean: Clean
) -> Iterator[Said | Fold]:
    if thoughts := clean(message.thinking or ""):
        line = f"thinking · {len(thoughts):,} characters"
        yield Fold(who=who, line=line, body=bounded(thoughts, LONGEST_FOLD))

    words = clean((message.content or "").removesuffix(BROKEN_OFF))
    shown = tuple(_line(clean(one)) for one in _shown(message))
    if words.strip() or shown:
        yield Said(who=who, text=words, shown=shown)

    for call, answer in zip(message.tool_calls or (), answers, strict=True):
        yield _use(call, answer, who, clean)


def _answers(messages: Sequence[LLMMessage], at: int) -> list[int | None]:
    """Where each call of a message is answered; ids may repeat, and then the order counts."""
    end = at + 1
    while end < len(messages) and messages[end].role is MessageRole.Tool:
        end += 1

    left = list(range(at + 1, end))
    found: list[int | None] = []
    for call in messages[at].tool_calls or ():
        place = next((one for one in left if _answered(messages[one]) == call.id), None)
        if place is not None:
            left.remove(place)
        found.append(place)

    return found


def _answered(message: LLMMessage) -> str | None:
    return message.tool_calls[0].id if message.tool_calls else None


def _use(call: LLMToolCall, answer: LLMMessage | None, who: str, clean: Clean) -> Fold:
    came = (answer.content or "") if answer is not None else "(not run)"
    ended = "failed" if answer is not None and answer.is_error else ""
    line = tool_line(call, came, ended=ended, clean=clean)
    return Fold(
        who=who, line=_line(line), body=tool_body(call, came, longest=LONGEST_FOLD, clean=clean)
    )


def _shown(message: LLMMessage) -> Iterator[str]:
    """What goes with a message, each by its kind, size and name."""
    for path in message.image_paths or ():
        is_data = path.startswith("data:")
        name = path[5:].partition(";")[0] if is_data else PurePath(without_query(path)).name
        yield f"image · {name}"
    for part in message.parts:
        yield " · ".join(word for word in _part_words(part) if word)


def _part_words(part: ImagePart | DocumentPart) -> Iterator[str]:
    yield part.media_type or part.type
    if part.data:
        yield f"{len(part.data) * 3 // 4 - part.data[-2:].count('='):,} bytes"
    elif isinstance(part, DocumentPart):
        yield f"{len(part.text):,} characters"
    else:
        yield without_query(part.url)
    yield part.name


def _line(text: str) -> str:
    return " ".join(text.split())
