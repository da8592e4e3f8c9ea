"""What is kept private: replaced in all that is sent, by the same placeholder each time.

Law: pure. Outermost of all around a call, so that neither cache nor cassette nor server
ever sees what was there. The patterns look at no letter more than a few times, whatever
the text: an own pattern of yours is your own concern.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mojentic_nb.effects import Asking, Call, Proceed, Tell
from mojentic_nb.errors import KEY_SHAPES, BadArgument, GatewayError
from mojentic_nb.events import Answer, Redacted
from mojentic_nb.media import DocumentPart
from mojentic_nb.messages import LLMMessage, LLMToolCall

__all__ = ["Redaction", "redaction_of"]

# Possessive, and begun only where an address can begin: no letter is looked at twice.
_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}+@(?:[A-Za-z0-9-]{1,63}+\.){1,8}[A-Za-z]{2,24}+(?![\w-])"
)
# Networks give out numbers that begin with 2 to 6; those with 1 are mostly times.
# The look back comes second, so that only these digits are stopped at.
_CARD = re.compile(r"[2-6](?<![\d-][2-6])(?:[ -]?\d){12,18}(?![\d-])")
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PLACEHOLDER = re.compile(r"\[[a-z][a-z0-9_]{0,31}-\d{1,9}\]")


class Redaction:
    """What of a conversation is replaced before it is sent.

    E-mail addresses become `[email-1]`, keys `[key-1]`, card numbers `[card-1]`; the same
    text has the same placeholder as long as this object lives. Messages, tool calls,
    tool results and the text of documents are looked at; images are not, and neither is
    what a provider gave back for itself.

    Args:
        emails: E-mail addresses.
        keys: Keys, by the shapes of those that providers give out.
        cards: Numbers of payment cards, by their check digit.
        names: Words or names of yours, whole and in any case, as `[name-1]`.
        patterns: Regular expressions by the label of their placeholder.
        restore: Put the originals back: into the final reply and objects, and into the
            arguments of tools, which run here. Pieces of a stream keep the placeholders.

    Raises:
        BadArgument: A label or pattern is impossible.
    """

    def __init__(
        self,
        *,
        emails: bool = True,
        keys: bool = True,
        cards: bool = True,
        names: Iterable[str] = (),
        patterns: Mapping[str, str | re.Pattern[str]] | None = None,
        restore: bool = False,
    ) -> None:
        own = {label: _compiled(label, one) for label, one in (patterns or {}).items()}
        self._patterns = list(own.items())
        if found := _names(names):
            self._patterns.append(("name", found))
        ours = [("key", KEY_SHAPES, keys), ("email", _EMAIL, emails), ("card", _CARD, cards)]
        self._patterns += [(label, one) for label, one, wanted in ours if wanted]
        self.restore = restore
        self._placeholders: dict[tuple[str, str], str] = {}
        self._originals: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Redaction({', '.join(label for label, _ in self._patterns) or 'nothing'})"

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Make the call with everything private replaced."""
        counts: Counter[str] = Counter()
        messages = tuple(self._message(one, counts) for one in call.request.messages)
        if counts:
            yield Tell(Redacted(dict(counts)))
            call = replace(call, request=replace(call.request, messages=messages))
        try:
            answer = yield from proceed(call)
        except GatewayError as error:
            if self.restore:
                error.partial = self.restored(error.partial)
                error.thinking = self.restored(error.thinking)
            raise

        return self._answer(answer) if self.restore and self._originals else answer

    def redacted(self, text: str) -> str:
        """A text as it would be sent."""
        return self._text(text, Counter())

    def restored(self, text: str) -> str:
        """A text with the originals in the place of their placeholders."""
        if "[" not in text:
            return text

        return _PLACEHOLDER.sub(lambda found: self._originals.get(found[0], found[0]), text)

    def _message(self, message: LLMMessage, counts: Counter[str]) -> LLMMessage:
        changes: dict[str, Any] = {}
        for name in ("content", "thinking"):
            text = getattr(message, name)
            if text and (changed := self._text(text, counts)) is not text:
                changes[name] = changed

        if message.tool_calls:
            changes["tool_calls"] = [self._call(one, counts) for one in message.tool_calls]
        if message.parts:
            changes["parts"] = tuple(
                one.model_copy(update={"text": self._text(one.text, counts)})
                if isinstance(one, DocumentPart) and one.text
                else one
                for one in message.parts
            )

        return message.model_copy(update=changes) if changes else message

    def _call(self, call: LLMToolCall, counts: Counter[str]) -> LLMToolCall:
        def hidden(text: str) -> str:
            return self._text(text, counts)

        changes: dict[str, Any] = {"arguments": _through(call.arguments, hidden)}
        if call.malformed:
            changes["malformed"] = hidden(call.malformed)

        return call.model_copy(update=changes)

    def _text(self, text: str, counts: Counter[str]) -> str:
        # What is a placeholder already is not looked at again: texts and they take turns.
        pieces = [text]
        for label, pattern in self._patterns:
            if pattern is _EMAIL and "@" not in text:
                continue
            if pattern is KEY_SHAPES and not may_hold_key(text):
                continue
            if len(pieces) == 1 and pattern.search(text) is None:
                continue
            fresh: list[str] = []
            for position, piece in enumerate(pieces):
                fresh += [piece] if position % 2 else self._cut(piece, label, pattern, counts)
            pieces = fresh

        return text if len(pieces) == 1 else "".join(pieces)

    def _cut(
        self, text: str, label: str, pattern: re.Pattern[str], counts: Counter[str]
    ) -> Iterator[str]:
        """The text around what was found, and the placeholders between."""
        at = 0
        for match in pattern.finditer(text):
            if not match[0] or (pattern is _CARD and not _is_card(match[0])):
                continue

            counts[label] += 1
            yield text[at : match.start()]
            yield self._placeholder(label, match[0])
            at = match.end()

        yield text[at:]

    def _placeholder(self, label: str, original: str) -> str:
        with self._lock:
            known = self._placeholders.get((label, original))
            if known is None:
                self._numbers[label] += 1
                known = f"[{label}-{self._numbers[label]}]"
                self._placeholders[label, original] = known
                self._originals[known] = original

            return known

    def _answer(self, answer: Answer) -> Answer:
        calls = tuple(
            one.model_copy(update={"arguments": _through(one.arguments, self.restored)})
            for one in answer.tool_calls
        )
        return replace(
            answer,
            text=self.restored(answer.text),
            thinking=self.restored(answer.thinking),
            alternatives=tuple(map(self.restored, answer.alternatives)),
            tool_calls=calls,
        )


def may_hold_key(text: str) -> bool:
    """Whether anything of the shape of a key can be there: all of these have one of these."""
    if "-" in text or "_" in text or "://" in text:
        return True

    return "AIza" in text or "earer" in text or "key=" in text


def redaction_of(given: Redaction | Mapping[str, Any] | bool | None) -> Redaction | None:
    """Read a `redact=` argument.

    Raises:
        BadArgument: It is none of these.
    """
    if given is None or given is False or isinstance(given, Redaction):
        return given or None
    if given is True:
        return Redaction()
    if isinstance(given, Mapping):
        return Redaction(patterns=given)

    raise BadArgument(f"redact={given!r} is no Redaction.", hint="Write redact=True.")


def _through(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text in it changed, the names of fields apart."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _through(one, change) for name, one in value.items()}
    if isinstance(value, list):
        return [_through(one, change) for one in value]

    return value


def _compiled(label: Any, pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise BadArgument(
            f"{label!r} cannot label a placeholder.", hint="Take lower-case letters and digits."
        )

    try:
        return re.compile(pattern)
    except (re.error, TypeError) as problem:
        raise BadArgument(f"The pattern {pattern!r} for {label!r}: {problem}.") from None


def _names(names: Iterable[Any]) -> re.Pattern[str] | None:
    given = [names] if isinstance(names, str) else list(names)
    for name in given:
        if not isinstance(name, str) or not name.strip():
            raise BadArgument(f"names: {name!r} is no name.")

    words = "|".join(re.escape(name) for name in sorted(given, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None


def _is_card(text: str) -> bool:
    """Luhn's check digit, as every payment card has it."""
    digits = [int(mark) for mark in reversed(text) if mark.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
