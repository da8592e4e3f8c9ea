"""What waits for a fork of this process, and is put in order on both sides of it.

Law: nobody is inside any of these while the process forks: a lock that is held then is never
let go of in the child, where the thread that holds it is not.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakValueDictionary

__all__ = ["Forked", "mind_forks"]


class Forked(Protocol):
    """What has locks or threads that a child does not get whole."""

    def before_fork(self) -> None:
        """Wait for the other threads."""

    def after_fork(self) -> None:
        """In the parent: go on."""

    def after_fork_in_child(self) -> None:
        """In the child: none of the other threads is here."""


def mind_forks(one: Forked) -> None:
    """From now on tell it of every fork, for as long as somebody else holds it.

    They are told in the order in which they came: who has one's lock may wait for a later
    one's, never for an earlier one's.
    """
    _all[id(one)] = one


_all: WeakValueDictionary[int, Forked] = WeakValueDictionary()
_held: list[Forked] = []
_forking = threading.Lock()


def _before() -> None:
    _forking.acquire()
    for found in _all.valuerefs():
        if (one := found()) is not None:
            one.before_fork()
            _held.append(one)


def _after() -> None:
    for one in _held:
        one.after_fork()
    _held.clear()
    _forking.release()


def _after_in_child() -> None:
    for one in _held:
        one.after_fork_in_child()
    _held.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
