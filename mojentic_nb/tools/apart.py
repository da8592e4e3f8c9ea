"""A tool's work in a thread of its own, which can be left and stopped.

Law: nobody waits for such a thread without being able to leave it. Stopping raises
inside it, at its next line of Python; a call into C ends first.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from time import monotonic
from typing import Any

__all__ = ["Apart"]

# Seconds. Short enough that an interrupt is felt at once on every system.
SLICE_S = 0.1


class _Stopped(BaseException):
    """Raised in a thread that is to end; no tool's own `except Exception` holds it."""


class Apart:
    """Work under way in a daemon thread, with the caller's context variables.

    Args:
        work: Gives its outcome, and hands every error back as one too.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self.future: Future[Any] = Future()
        self._work = work
        self._context = copy_context()
        self._ending = threading.Lock()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="mojentic-tool", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with suppress(_Stopped):
            outcome = self._context.run(self._work)
            with self._ending:
                self._is_over = True
            self.future.set_result(outcome)

    def result(self, timeout_s: float) -> Any:
        """Wait for the outcome here; leaving early, by interrupt or by time, stops the work.

        Raises:
            TimeoutError: It took longer.
        """
        ends = monotonic() + timeout_s
        try:
            while not self.future.done():
                left = ends - monotonic()
                if left <= 0:
                    raise TimeoutError
                with suppress(TimeoutError):
                    return self.future.result(min(left, SLICE_S))
        except BaseException:
            self.stop()
            raise

        return self.future.result()

    def stop(self) -> None:
        """Have it end at its next line; does nothing where it is over."""
        with self._ending:
            if not self._is_over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(_Stopped)
                )
