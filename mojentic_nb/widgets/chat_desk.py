"""What a chat does about what its page, its turn and its session tell it.

Law: one thread runs this, one thing after another; nothing here waits for a model or a
person. A turn is a `Job`, whose events come back to the same inbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock, Thread
from typing import Any

from mojentic_nb import ids
from mojentic_nb.background import Job
from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession
from mojentic_nb.chat.room import Counter, counter_of
from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import BadArgument, JobCancelled, MojenticError, scrub
from mojentic_nb.media import image_from
from mojentic_nb.messages import LLMMessage
from mojentic_nb.tools.asking import spoken_with
from mojentic_nb.tools.consent import Question
from mojentic_nb.widgets.chat_consent import Card, consent_card, words_card
from mojentic_nb.widgets.chat_names import names_like
from mojentic_nb.widgets.chat_turn import LiveTurn
from mojentic_nb.widgets.chat_view import meter_of, model_name, pictures_of, turns_of

__all__ = ["ChatDesk"]

# Turns that a page shows at first, and more with each wish for earlier ones.
TURNS_SHOWN = 30
LARGEST_PICTURE = 5_000_000
MOST_PICTURES = 8

Post = Callable[[tuple[Any, ...]], None]
Say = Callable[[dict[str, Any]], None]


class ChatDesk:
    """Answers the pages of one chat.

    Args:
        session: The conversation.
        say: Tells all pages something.
        post: Puts something into the inbox, from any thread.
        namespace: The notebook's variables, for `{name}`.
        fill: Puts their values into a question.
        models: Names that are offered.
        broker_of: Gives the broker of a name.

    Attributes:
        job: The turn on its way, or the last one.
        pages: Views that show the chat.
    """

    def __init__(
        self,
        session: ChatSession,
        *,
        say: Say,
        post: Post,
        namespace: Mapping[str, Any],
        fill: Callable[[str], str],
        models: Sequence[str],
        broker_of: Callable[[str], LLMBroker],
    ) -> None:
        self.session = session
        self.job: Job | None = None
        self.pages: set[str] = set()
        self._say, self._post = say, post
        self._namespace, self._fill = namespace, fill
        self._models, self._broker_of = models, broker_of
        self._brokers: dict[str, LLMBroker] = {}
        self._live: LiveTurn | None = None
        self._card: Card | None = None
        self._asking = Lock()
        # The turn whose questions are put; empty between turns.
        self._asks_for = ""
        self._changed_from: int | None = None
        self._is_other = False
        self._counter: tuple[LLMBroker, Counter] | None = None
        self._wishes: dict[str, Callable[[dict[str, Any]], Any]] = {
            "ready": self._ready,
            "gone": lambda wish: self.pages.discard(str(wish.get("view", ""))),
            "send": self._send,
            "again": self._again,
            "answer": self._answered,
            "names": self._names,
            "earlier": self._earlier,
            "undo": lambda _: self._aside(self.session.undo),
            "clear": lambda _: self._aside(self.session.clear),
            "switch": lambda wish: self._aside(
                partial(self.session.switch, str(wish.get("branch", "")))
            ),
        }

    @property
    def is_busy(self) -> bool:
        """Whether a turn is on its way."""
        return self._live is not None

    def wait_s(self) -> float | None:
        """How long until something is due to be told; None where nothing is."""
        if self._live is None:
            return None

        return self._live.wait_s(SystemClock.now())

    def hear(self, item: tuple[Any, ...]) -> None:
        """Something came into the inbox."""
        kind, *rest = item
        if kind == "page":
            self._wish(*rest)
        elif kind == "changed":
            (at,) = rest
            before = at if self._changed_from is None else self._changed_from
            self._changed_from = min(at, before)
        elif kind == "card":
            self._show_card(*rest)
        elif kind == "event" and rest[0] == self._key and self._live is not None:
            self._live.take(rest[1], SystemClock.now())
        elif kind == "refused":
            self.failed(rest[0])
        elif kind == "stopping" and rest[0] == self._asks_for:
            self._say({"type": "stopping"})
        elif kind == "told" and rest[0] == self._asks_for:
            self._say({"type": "note", "text": rest[1]})
        elif kind == "over" and rest[0] == self._key:
            self._over(rest[1])

    def failed(self, error: Exception) -> None:
        """Something could not be done or told."""
        self._say({"type": "refused", "told": _told(error)})

    def tell(self, *, is_quiet: bool) -> bool:
        """Tell what is due; whether the conversation is another one than before.

        Args:
            is_quiet: Nothing more is waiting in the inbox, so that changes can be told at once.
        """
        if self._live is not None:
            for message in self._live.due(SystemClock.now()):
                self._say(message)
        if is_quiet:
            self._tell_changes()
        is_other, self._is_other = self._is_other and is_quiet, self._is_other and not is_quiet
        return is_other

    @property
    def _key(self) -> str:
        return self.job.correlation_id if self.job is not None else ""

    # what a page wishes -----------------------------------------------------

    def _wish(self, wish: dict[str, Any], buffers: Sequence[Any]) -> None:
        do = self._wishes.get(str(wish.get("type")))
        if do is None:
            return

        try:
            do({**wish, "buffers": buffers})
        except Exception as error:  # a wish of a page must not end what others wait for
            self.failed(error)
        self._say({"type": "heard", "ask": wish.get("ask", "")})

    def _ready(self, wish: dict[str, Any]) -> None:
        self.pages.add(str(wish.get("view", "")))
        count = len(self.session.exchanges)
        first = max(0, count - TURNS_SHOWN)
        self._say(
            {
                "type": "all",
                "view": wish.get("view"),
                "title": self.session.name,
                "first": first,
                "turns": turns_of(self.session, first, count),
                "undone": self._undone(),
                "model": model_name(self.session.llm),
                "models": list(self._models),
                "live": self._live.told if self._live is not None else None,
                "card": self._card.told if self._card and self._card.is_open else None,
            }
        )
        self._tell_meter()

    def _earlier(self, wish: dict[str, Any]) -> None:
        first = min(int(wish.get("first", 0)), len(self.session.exchanges))
        begin = max(0, first - TURNS_SHOWN)
        turns = turns_of(self.session, begin, first)
        self._say({"type": "earlier", "view": wish.get("view"), "first": begin, "turns": turns})

    def _send(self, wish: dict[str, Any]) -> None:
        text = self._fill(str(wish.get("text", "")))
        pictures = [bytes(one) for one in wish["buffers"]]
        if len(pictures) > MOST_PICTURES or any(len(one) > LARGEST_PICTURE for one in pictures):
            raise BadArgument(
                f"{len(pictures)} pictures of {sum(map(len, pictures)):,} bytes are too many.",
                hint=f"At most {MOST_PICTURES}, of {LARGEST_PICTURE:,} bytes each.",
            )
        images = [image_from(one, source="The picture") for one in pictures]
        if not text.strip() and not images:
            return

        self._begin(LLMMessage.user(text, images=images), wish)

    def _again(self, wish: dict[str, Any]) -> None:
        at = self.session.place(int(wish.get("at", -1)))
        self._begin(self.session.exchanges[at].messages[0], {**wish, "at": at})

    def _answered(self, wish: dict[str, Any]) -> None:
        if self._card is not None:
            self._card.take(wish.get("key"), wish.get("answer"))
            if not self._card.is_open:
                self._end_card()

    def _names(self, wish: dict[str, Any]) -> None:
        names = names_like(str(wish.get("word", "")), self._namespace)
        self._say({"type": "names", "word": wish.get("word"), "names": names})

    def _aside(self, do: Callable[[], Any]) -> None:
        """Do what may have to wait for a cell's turn, and must not hold up the pages."""
        self._refuse_while_busy()
        Thread(target=self._tried, args=(do,), name="mojentic-chat-aside", daemon=True).start()

    def _tried(self, do: Callable[[], Any]) -> None:
        try:
            do()
        except MojenticError as error:
            self._post(("refused", error))

    def _refuse_while_busy(self) -> None:
        if self._live is not None:
            raise BadArgument("An answer is still on its way.", hint="Stop it first.")

    # a turn -----------------------------------------------------------------

    def _begin(self, question: LLMMessage, wish: Mapping[str, Any]) -> None:
        self._refuse_while_busy()
        broker = self._broker(str(wish.get("model") or ""))
        at = wish.get("at")
        options: dict[str, Any] = {} if at is None else {"at": self.session.place(int(at))}
        if wish.get("temperature") is not None:
            options["temperature"] = float(wish["temperature"])
        # Known before it begins: a quick one may ask before `submit` returns. What it tells
        # goes to the inbox, and is heard after this.
        key = self._asks_for = ids.correlation_id()
        with spoken_with(
            partial(self._put_words, key), lambda text: self._post(("told", key, text))
        ):
            self.job = self.session.submit(
                question,
                llm=broker,
                consent=broker.consent.put_by(partial(self._put_consent, key)),
                correlation_id=key,
                **options,
            )
        asked = {"question": question.content or "", "pictures": pictures_of(question)}
        self._live = LiveTurn(
            {**asked, "key": key, "ask": wish.get("ask")},
            at=options.get("at", len(self.session.exchanges)),
        )
        self._say({"type": "live", "live": self._live.told})
        Thread(
            target=_follow, args=(self.job, self._post), name="mojentic-chat-turn", daemon=True
        ).start()

    def _broker(self, name: str) -> LLMBroker:
        if not name or name == model_name(self.session.llm):
            return self.session.llm
        if name not in self._brokers:
            self._brokers[name] = self._broker_of(name)

        return self._brokers[name]

    def _over(self, error: BaseException | None) -> None:
        """The turn ended; a whole one is in the session by now, and the page hears of that."""
        live, self._live = self._live, None
        self._asks_for = ""
        self._end_card()
        if live is None:
            return

        for message in live.due(float("inf")):
            self._say(message)
        self._tell_changes()
        is_kept = any(one.correlation_id == self._key for one in self.session.exchanges)
        if error is None:
            told, mark = "", ""
        elif isinstance(error, JobCancelled):
            told, mark = "", "stopped" if is_kept else "stopped; not part of the conversation"
        else:
            told, mark = _told(error), ""
        self._say({"type": "over", "kept": is_kept, "error": told, "mark": mark})

    # questions to the person, on the thread that waits for the answer --------

    def _put_consent(self, key: str, question: Question) -> str:
        return self._put(key, consent_card(question)) or "nobody"

    def _put_words(self, key: str, question: str) -> str | None:
        return self._put(key, words_card(question))

    def _put(self, key: str, card: Card) -> str | None:
        def is_shown() -> bool:
            return bool(self.pages) and self._asks_for == key

        # One at a time, whatever runs side by side.
        with self._asking:
            if not is_shown():
                return None
            self._post(("card", key, card))
            return card.wait(is_shown)

    def _show_card(self, key: str, card: Card) -> None:
        if key == self._asks_for and card.is_open:
            self._card = card
            self._say({"type": "card", "card": card.told})

    def _end_card(self) -> None:
        if self._card is not None:
            self._card.end()
            self._card = None
            self._say({"type": "card", "card": None})

    # what the conversation is now -------------------------------------------

    def _tell_changes(self) -> None:
        if self._changed_from is not None:
            at, self._changed_from = self._changed_from, None
            self._is_other = True
            self._tell_from(at)
            self._tell_meter()

    def _tell_from(self, at: int) -> None:
        count = len(self.session.exchanges)
        first = max(min(at, count), count - TURNS_SHOWN)
        turns = turns_of(self.session, first, count)
        is_mine = any(one.correlation_id == self._key for one in self.session.exchanges[at:])
        self._say(
            {
                "type": "from",
                "since": at,
                "first": first,
                "turns": turns,
                "undone": self._undone(),
                "title": self.session.name,
                "landed": is_mine,
            }
        )

    def _undone(self) -> str:
        """The branch that goes on where the conversation ends, where one does."""
        count = len(self.session.exchanges)
        ends = [branch.id for branch in self.session.branches if branch.at == count]
        return ends[-1] if ends else ""

    def _tell_meter(self) -> None:
        broker = self.session.llm
        if self._counter is None or self._counter[0] is not broker:
            self._counter = broker, counter_of(self.session.tokenizer_gateway, broker)
        self._say({"type": "meter", **meter_of(self.session, self._counter[1])})


def _follow(job: Job, post: Post) -> None:
    """Hand on what a job tells, to its end."""
    key = job.correlation_id
    for event in job.events():
        post(("event", key, event))
    try:
        job.result()
    except BaseException as error:  # whatever it was, the page has to hear of it
        post(("over", key, error))
    else:
        post(("over", key, None))


def _told(error: BaseException) -> str:
    if isinstance(error, MojenticError):
        return str(error)

    return scrub(f"{type(error).__name__}: {error}")
