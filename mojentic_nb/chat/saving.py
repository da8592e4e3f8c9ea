"""A conversation that is kept: written on after every turn, and back after a restart.

Law: a turn that was answered is never lost, whatever becomes of the file: what could not be
written is told once and written with the next turn. Where somebody else went on with the
same conversation meanwhile, both ways are kept, each under a name of its own.
"""

from __future__ import annotations

import time
import warnings
from itertools import count
from typing import Any, Self

from mojentic_nb import ids
from mojentic_nb.chat.body import read, written
from mojentic_nb.chat.exchange import Branch, Exchange
from mojentic_nb.chat.history import History
from mojentic_nb.errors import BadArgument, MojenticError, SessionConflict, StateError
from mojentic_nb.state.records import (
    LONGEST_NAME,
    BranchRow,
    ExchangeRow,
    SessionHeader,
    StoredSession,
)
from mojentic_nb.state.store import SessionStore

__all__ = ["Saved", "store_of"]

_NOTHING = 10**9


class Saved(History):
    """A history that a store keeps, once it has one."""

    def __init__(self, system_prompt: str, name: str = "") -> None:
        super().__init__(system_prompt, name)
        self._store: SessionStore | None = None
        self._version = 0
        self._unwritten = _NOTHING
        self._written_branches: frozenset[str] = frozenset()
        self._has_warned = False
        self._unsure: set[int] = set()  # when writes began of which nobody knows whether they were

    def save(self, name: str = "", *, store: Any = None) -> None:
        """Keep the conversation, now and after every turn from now on.

        Args:
            name: What to call it; by default what it is called.
            store: A `SessionStore`, or the path of an SQLite file; by default
                `.mojentic/sessions.db`.

        Raises:
            BadArgument: It has no name.
            SessionConflict: Another conversation has the name.
            StateError: It cannot be written.
        """
        with self._line.turn():
            called = name or self.name
            if not called:
                raise BadArgument("A conversation is kept by its name.", hint='save("my chat")')

            before = self.name, self._store, self._version, self._written_branches
            chosen = store_of(store) if store is not None or self._store is None else self._store
            if chosen is not self._store:
                self._version, self._written_branches = 0, frozenset()
            self.name, self._store = called, chosen
            try:
                self._write(0)
            except BaseException:
                self.name, self._store, self._version, self._written_branches = before
                raise

    def unsave(self) -> None:
        """Write nothing more of it; it goes on in memory, without a name."""
        with self._line.turn():
            self.name, self._store = "", None
            self._version, self._written_branches = 0, frozenset()

    def load(self, name: str, *, store: Any = None) -> None:
        """Go on with a kept conversation in the place of this one.

        Raises:
            StateError: There is none such, or it is damaged.
        """
        chosen = store_of(store) if store is not None or self._store is None else self._store
        found = stored(chosen, name)
        with self._line.turn():
            self._take_in(found)
            self._store = chosen
            super()._changed(0)

    def refresh(self) -> None:
        """Take in what somebody else wrote into the store meanwhile.

        Raises:
            StateError: The store cannot be read.
        """
        if self._store is None or self._unwritten != _NOTHING:
            return

        header = self._store.header(self.session_id)
        if header is not None and header.version != self._version:
            self.load(self.session_id)

    def fork(self, name: str = "") -> Self:
        """Another conversation that begins with this one; kept where this is, if it has a name.

        Raises:
            SessionConflict: Another conversation has the name.
            StateError: It cannot be written.
        """
        other = super().fork(name)
        other._version, other._written_branches = 0, frozenset()
        other._store = self._store if name else None
        if other._store is not None:
            other.save()
        return other

    def _take_in(self, found: StoredSession) -> None:
        header, rows, branches = found
        lines: dict[str, list[Exchange]] = {}
        for row in rows:
            lines.setdefault(row.branch, []).append(read(row.body, exchange_id=row.exchange_id))
        self.session_id, self.name = header.session_id, header.name
        self.exchanges = tuple(lines.get("", ()))
        self.branches = tuple(
            Branch(id=one.branch_id, at=one.at, exchanges=tuple(lines.get(one.branch_id, ())))
            for one in branches
        )
        settings = header.settings
        self.system_prompt = str(settings.get("system_prompt", self.system_prompt))
        self.summary = str(settings.get("summary", ""))
        self._first = min(int(settings.get("first", 0)), len(self.exchanges))
        self._left_in = int(settings.get("left_in", 0))
        self._version = header.version
        self._written_branches = frozenset(branch.id for branch in self.branches)
        self._unwritten = _NOTHING

    def _settings(self) -> dict[str, Any]:
        """What is kept beside the exchanges, fit for JSON."""
        return {
            "system_prompt": self.system_prompt,
            "summary": self.summary,
            "first": self._first,
            "left_in": self._left_in,
        }

    def _header(self) -> SessionHeader:
        first = self.exchanges[0] if self.exchanges else None
        return SessionHeader(
            session_id=self.session_id,
            name=self.name,
            title=(first.question if first else "")[:80].replace("\n", " ").strip(),
            created_ns=first.created_ns if first else time.time_ns(),
            updated_ns=time.time_ns(),
            settings=self._settings(),
            summary={"exchanges": len(self.exchanges)},
        )

    def _changed(self, at: int) -> None:
        super()._changed(at)
        if self._store is None:
            return

        self._unwritten = min(self._unwritten, at)
        try:
            self._write(self._unwritten)
        except SessionConflict:
            self._go_on_after_conflict()
        except (StateError, BadArgument) as problem:
            self._warn_of(problem)

    def _write(self, at: int) -> None:
        assert self._store is not None
        header = self._header()
        new = [branch for branch in self.branches if branch.id not in self._written_branches]
        known = {branch.id for branch in self.branches}
        gone = [one for one in self._written_branches if one not in known]
        try:
            self._version = self._store.write(
                header,
                _rows(self.exchanges[at:], at),
                from_position=at,
                expected_version=self._version,
                branches=[
                    *((_branch(one), _rows(one.exchanges, one.at, one.id)) for one in new),
                    *((BranchRow(branch_id=one, at=0), []) for one in gone),
                ],
            )
        except SessionConflict:
            raise
        except BaseException:
            # An interrupt may come when all is written, and a server be lost before it says so.
            self._unsure.add(header.updated_ns)
            raise

        self._written_branches = frozenset(known)
        self._unwritten = _NOTHING
        self._unsure.clear()

    def _go_on_after_conflict(self) -> None:
        assert self._store is not None
        try:
            found = self._store.header(self.session_id)
            was_mine = found is not None and found.updated_ns in self._unsure
            if found is None or not was_mine:
                self._part()
            else:
                self._version = found.version
                self._write(self._unwritten)
        except StateError as problem:
            self._warn_of(problem)

    def _part(self) -> None:
        """Somebody else went on with it: this way goes on under another name."""
        assert self._store is not None
        old = self.name
        for number in count(2):
            cut = old[: LONGEST_NAME - len(f" {number}")]
            self.name, self.session_id = f"{cut} {number}", ids.correlation_id()
            self._version, self._written_branches = 0, frozenset()
            try:
                self._write(0)
            except SessionConflict:
                continue
            except StateError as problem:
                self._warn_of(problem)
            break

        self._has_warned = False
        self._warn(
            f"{old!r} was changed elsewhere meanwhile and is kept as it is there; "
            f"this conversation goes on as {self.name!r}."
        )

    def _warn_of(self, problem: MojenticError) -> None:
        self._warn(f"{problem.message} The conversation goes on in memory. {problem.hint}")

    def _warn(self, told: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(told.strip(), RuntimeWarning, stacklevel=2)


def store_of(given: Any) -> SessionStore:
    """Read a `store=` argument: a store, the path of a file, or None for the usual file.

    Raises:
        BadArgument: It is none of these.
    """
    from os import PathLike

    from mojentic_nb.state.sqlite_store import SQLiteStore

    if given is None:
        return SQLiteStore()
    if isinstance(given, str | PathLike):
        return SQLiteStore(given)
    if callable(getattr(given, "write", None)) and callable(getattr(given, "read", None)):
        found: SessionStore = given
        return found

    raise BadArgument(f"store={given!r} keeps no conversations.", hint="Give a path or a store.")


def stored(store: SessionStore, name: str) -> StoredSession:
    """A kept conversation.

    Raises:
        StateError: There is none such; those that there are are named.
    """
    found = store.read(name)
    if found is None:
        known = ", ".join(repr(one.name or one.session_id) for one in store.names()[:5])
        raise StateError(
            f"No conversation is called {name!r}.",
            hint=f"There are {known}." if known else "None is kept there yet.",
        )

    return found


def _branch(branch: Branch) -> BranchRow:
    return BranchRow(branch_id=branch.id, at=branch.at)


def _rows(exchanges: tuple[Exchange, ...], at: int, branch: str = "") -> list[ExchangeRow]:
    return [
        ExchangeRow(
            exchange_id=one.id,
            branch=branch,
            position=position,
            body=written(one),
            created_ns=one.created_ns,
        )
        for position, one in enumerate(exchanges, at)
    ]
