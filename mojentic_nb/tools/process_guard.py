"""Runs one command as its guard, and leaves nothing of it behind.

Law: a script for a Python of its own, with the standard library only; `process.py` is
the only caller. The guard lives as long as the pipe in its standard input: when the
other end closes, however that came about, it ends the command with all its descendants.

It exists because limits must be set between fork and exec, which a process with threads,
such as a kernel, cannot do safely; and because a descendant that leaves its session is
found again by the process that adopts orphans, and a kernel must not become that one.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

__all__ = ["main"]

# From Linux's <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_PROC = Path("/proc")
_DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main() -> None:
    """Run `json command…` from the command line; tell of it in lines of JSON.

    The JSON object has `report`, the descriptor to write to; `stdin`, the descriptor of
    the command's input; `limits`, soft and hard alike, by the name of `resource`'s
    constant, `NPROC` as how many more than there are now; and `seconds`, after which the
    guard ends the command even if nobody hangs up.
    """
    order: dict[str, Any] = json.loads(sys.argv[1])
    report: int = order["report"]
    os.set_inheritable(report, False)
    for one in _DEAF_TO:  # `kill 0` in a script, Ctrl-C in a terminal
        signal.signal(one, signal.SIG_IGN)

    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)

    child = os.fork()
    if child == 0:
        _become(sys.argv[2:], order)

    _tell(report, pid=child)
    status = _watched(child, awake, order["seconds"])
    # Before the sweep: what a command leaves behind does not change how it ended.
    _tell(report, **({} if status is None else {"exit_code": status}))
    _sweep(child)
    _tell(report, is_swept=True)
    os._exit(0)


def _become(command: list[str], order: dict[str, Any]) -> None:
    """Turn this fork into the command; never returns."""
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for one in (*_DEAF_TO, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(one, signal.SIG_DFL)
        os.dup2(order["stdin"], 0)
        os.close(order["stdin"])
        if unset := _limit(order["limits"]):
            _tell(order["report"], unset=unset)
        os.execvp(command[0], command)
    except OSError as problem:
        _tell(order["report"], problem=problem.strerror)
    finally:
        os._exit(127)


def _limit(limits: dict[str, int]) -> list[str]:
    """Set what can be set; the names of the rest."""
    import resource

    unset = []
    for name, most in limits.items():
        try:
            which = getattr(resource, f"RLIMIT_{name}")
            if name == "NPROC":
                most += _tasks_of(os.getuid())
            hard = resource.getrlimit(which)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(which, (least, least))
        except (AttributeError, OSError, ValueError):
            unset.append(name)

    return unset


def _tasks_of(user: int) -> int:
    """Threads a user has now: the kernel counts them all against one limit."""
    count = 0
    for place in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            count += len(os.listdir(place / "task")) if place.stat().st_uid == user else 0
    if not count:
        raise OSError("this system does not tell how many processes there are")

    return count


def _watched(child: int, awake: int, seconds: float) -> int | None:
    """The child's exit code; None where the caller hung up or the time ended first."""
    ends = monotonic() + seconds
    while True:
        ready, _, _ = select.select([0, awake], [], [], max(ends - monotonic(), 0))
        if 0 in ready or not ready:
            return None

        os.read(awake, 4096)
        for pid, status in _reaped():
            if pid == child:
                return os.waitstatus_to_exitcode(status)


def _reaped() -> Iterator[tuple[int, int]]:
    """Children that have ended, adopted ones too."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def _sweep(child: int) -> None:
    """Kill every descendant, until there is none; without /proc, the command's group."""
    while _has_children():
        # Stopped first, so that none forks while the others are looked for.
        for one in (signal.SIGSTOP, signal.SIGKILL):
            for pid in _descendants():
                with suppress(OSError):
                    os.kill(pid, one)
        if not _PROC.exists():
            with suppress(OSError):
                os.killpg(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)
            list(_reaped())


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False

    return True


def _descendants() -> list[int]:
    below: dict[int, list[int]] = {}
    for place in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold spaces and brackets itself.
            parent = int(place.read_text(errors="replace").rpartition(")")[2].split()[1])
            below.setdefault(parent, []).append(int(place.parent.name))

    found, to_see = [], [os.getpid()]
    while to_see:
        children = below.get(to_see.pop(), [])
        found += children
        to_see += children

    return found


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _tell(report: int, **words: Any) -> None:
    with suppress(OSError):
        os.write(report, json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    main()
