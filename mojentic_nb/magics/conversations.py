"""The conversations of one kernel: the notebook's own, and those that have a name.

Law: one is at hand, which cells, widgets and Python share. A named one is in the store from
its first moment; the notebook's own is in memory, and waits there while another is at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.chat import ChatSession
from mojentic_nb.errors import BadArgument, StateError
from mojentic_nb.place import Cell, standing

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker
    from mojentic_nb.state.records import SessionHeader
    from mojentic_nb.state.store import SessionStore

__all__ = ["Conversations"]

# Settings that go into the conversation at hand when they change.
_FOLLOWED = ("system", "max_context", "strategy")


class Conversations:
    """What was said in this notebook.

    Args:
        value: What holds for a setting now.

    Attributes:
        present: The conversation at hand; None until there is a first turn, or one is named.
        own: The one without a name.
    """

    def __init__(self, value: Callable[[str], Any]) -> None:
        self._value = value
        self.present: ChatSession | None = None
        self.own: ChatSession | None = None
        self._named: list[ChatSession] = []
        self._store: SessionStore | None = None
        self._applied: dict[str, Any] = {}
        self._run: Cell | None = None
        self._of_run: list[str] = []

    # the one at hand --------------------------------------------------------

    def settled(self, broker: LLMBroker, *, is_usual: bool = True) -> ChatSession:
        """The conversation at hand, as the settings have it now; begun if there is none.

        Args:
            broker: Whoever is asked.
            is_usual: Also by those who do not say whom.
        """
        if self.present is None:
            self.present = self.own = self._begun(broker)
        if is_usual:
            self.present.llm = broker

        self.followed()
        return self.present

    def followed(self) -> ChatSession | None:
        """The conversation at hand, as the settings have it now; None where there is none."""
        if self.present is not None:
            wanted = {name: self._value(name) for name in _FOLLOWED}
            changed = {name for name in _FOLLOWED if wanted[name] != self._applied[name]}
            self._apply(self.present, changed)
            self._applied = wanted

        return self.present

    def _begun(self, broker: LLMBroker, name: str = "") -> ChatSession:
        # A turn that failed is none; one that a person stopped was read.
        chat = ChatSession(broker, "", name=name, keep_partial="stopped")
        self._apply(chat, set(_FOLLOWED))
        return chat

    def _apply(self, chat: ChatSession, names: set[str]) -> None:
        wanted = {name: self._value(name) for name in _FOLLOWED}
        self._applied = self._applied or wanted
        if "system" in names:
            chat.system_prompt = wanted["system"] or ""
        if "max_context" in names:
            chat.max_context = wanted["max_context"]
        if "strategy" in names:
            chat.strategy = wanted["strategy"]

    def forget(self) -> None:
        """Begin anew, without a name; what is kept stays so."""
        self.present = self.own = None

    def close(self) -> None:
        """Let go of the store."""
        self.forget()
        self._named.clear()
        store, self._store = self._store, None
        if store is not None:
            store.close()

    # cells ------------------------------------------------------------------

    def of_this_cell(self, correlation_id: str = "") -> dict[str, str]:
        """What tells a turn its place: its cell, and the turn of the same run it comes after.

        A run's first turn takes the place of all that its cell said in the last run.

        Args:
            correlation_id: Of a turn that is about to begin.
        """
        cell = standing.cell
        if cell is None or not cell.id:
            return {}
        if cell is not self._run:
            self._run, self._of_run = cell, []

        there = {one.correlation_id for one in self.present.exchanges} if self.present else set()
        before = [one for one in self._of_run if one in there]
        if correlation_id:
            self._of_run.append(correlation_id)
        return {"cell": cell.id, "after": before[-1] if before else ""}

    # those with a name ------------------------------------------------------

    @property
    def store(self) -> SessionStore:
        """Where named conversations are kept."""
        if self._store is None:
            from mojentic_nb.state.sqlite_store import SQLiteStore

            self._store = SQLiteStore()

        return self._store

    def kept(self) -> list[SessionHeader]:
        """All that are kept, the one changed last first."""
        return self.store.names() if self._is_begun else []

    def header(self, name: str) -> SessionHeader | None:
        """What is known of a kept conversation; None where there is none."""
        return self.store.header(name) if self._is_begun else None

    @property
    def _is_begun(self) -> bool:
        """Whether anything was ever kept: to look must not make a file."""
        from mojentic_nb.state.sqlite_store import DEFAULT_PATH

        return self._store is not None or Path(DEFAULT_PATH).exists()

    def take_up(self, name: str, broker: LLMBroker) -> bool:
        """Go on with a named conversation, or begin it; whether it was there.

        Raises:
            StateError: It is damaged, or cannot be kept.
        """
        header = self.header(name)
        known = [*self._named, *([self.own] if self.own else [])]  # Python may name that, too
        chat = next((one for one in known if one.name == name), None)
        if header is None:
            chat = self._begun(broker, name)
            chat.save(store=self.store)
        elif chat is None or chat.session_id != header.session_id:
            chat = ChatSession.resume(name, broker, store=self.store)
            chat.keep_partial = "stopped"
            self._apply(chat, {"max_context"})
        else:
            chat.refresh()

        chat.llm = broker
        self._is_now(chat)
        return header is not None

    def fork(self, name: str) -> ChatSession:
        """Go on with a copy of the conversation at hand, under a name.

        Raises:
            BadArgument: Nothing was said yet, or the name is taken.
        """
        self._check_free(name)
        chat = self._present_or_refuse().fork()
        chat.save(name, store=self.store)
        self._is_now(chat)
        return chat

    def rename(self, name: str) -> None:
        """Give the conversation at hand a name, or another one; kept from now on.

        Raises:
            BadArgument: Nothing was said yet, or the name is taken.
        """
        chat = self._present_or_refuse()
        if name != chat.name:
            self._check_free(name)
            chat.save(name, store=self.store)
        self._is_now(chat)

    def delete(self, name: str) -> None:
        """Forget a named conversation for good; whoever holds it has it in memory only.

        Raises:
            StateError: There is none such.
        """
        if not (self._is_begun and self.store.delete(name)):
            known = ", ".join(repr(one.name) for one in self.kept()[:5])
            raise StateError(
                f"No conversation is called {name!r}.",
                hint=f"There are {known}." if known else "None is kept there yet.",
            )

        for chat in [one for one in self._named if name in (one.name, one.session_id)]:
            self._named.remove(chat)
            chat.unsave()
            if chat is self.present:
                self.present = self.own

    def back(self) -> None:
        """Go on with the notebook's own conversation."""
        self.present = self.own

    def _is_now(self, chat: ChatSession) -> None:
        self.present = chat
        self.own = None if chat is self.own else self.own
        self._named = [*(one for one in self._named if one is not chat), chat]

    def _check_free(self, name: str) -> None:
        if self.header(name) is not None:
            raise BadArgument(
                f"There is a conversation {name!r} already.",
                hint=f"%llm_chat {name} goes on with it.",
            )

    def _present_or_refuse(self) -> ChatSession:
        if self.present is None:
            raise BadArgument("Nothing was said yet.", hint="Run a %%llm cell first.")

        return self.present
