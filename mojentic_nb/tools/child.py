"""A piece of our own work in a process of its own, which can be ended.

Law: for work whose length a model's words decide: a template's loops, a query that
doubles what it finds. JSON goes in and comes out; the process gets a time, a size of
memory, no environment, and is gone when the call is, however that ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from time import monotonic
from typing import Any

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.policy import Limits

__all__ = ["in_child"]

_BOOT = (
    "import json, sys; given = json.load(sys.stdin); sys.path[:] = given['path'];"
    "from mojentic_nb.tools import child; child.answer(given)"
)
# What some systems cannot start a program without; no key is in it.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR")
# As in `apart`: short enough that leaving is felt at once.
SLICE_S = 0.1


def in_child(work: str, /, *, limits: Limits, **given: Any) -> Any:
    """What a function gives for `given`, run in a process of its own.

    Args:
        work: Module and function, as `mojentic_nb.tools.kit.text_diff:difference`.
        limits: `seconds` and `memory_bytes` bound the process, `read_bytes` its answer.
        **given: JSON values.

    Raises:
        ToolError: The work failed, took too long or needed too much memory.
    """
    asked = {
        "path": sys.path,
        "work": work,
        "given": given,
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "answer_chars": limits.read_bytes,
    }
    told = _exchange(json.dumps(asked).encode(), limits.seconds)
    try:
        answered = json.loads(told)
    except ValueError:
        raise _too_much(limits) from None

    if "value" in answered:
        return answered["value"]

    kind = ToolDenied if answered["kind"] == "ToolDenied" else ToolError
    raise kind(answered["message"], hint=answered["hint"])


def _exchange(asked: bytes, seconds: float) -> bytes:
    command = [sys.executable, "-I", "-c", _BOOT]
    # A session of its own: an interrupt of the kernel is for us, and we end the child.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,
    ) as process:
        try:
            return _answer_of(process, asked, monotonic() + seconds)
        except TimeoutError:
            raise ToolError(
                f"It took longer than {seconds:g} s and was stopped.",
                hint="Ask for less at once.",
            ) from None
        finally:
            process.kill()


def _answer_of(process: subprocess.Popen[bytes], asked: bytes, ends: float) -> bytes:
    waiting: bytes | None = asked
    while (left := ends - monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(waiting, timeout=min(left, SLICE_S))[0]
        waiting = None  # it is on its way; what has come is kept for the next call

    raise TimeoutError


def _too_much(limits: Limits) -> ToolError:
    return ToolError(
        f"It needed more than {limits.memory_bytes} bytes of memory and was stopped.",
        hint="Ask for less at once.",
    )


# -- inside the child ----------------------------------------------------------------


def answer(asked: dict[str, Any]) -> None:
    """Do the work asked for and write what it gives; runs in the child only."""
    _bound(asked)
    module, _, name = asked["work"].partition(":")
    try:
        told = json.dumps({"value": getattr(import_module(module), name)(**asked["given"])})
        if len(told) > asked["answer_chars"]:
            raise ToolError(f"The answer has more than {asked['answer_chars']} characters.")
    except ToolError as problem:
        told = _failure(type(problem).__name__, problem.message, problem.hint)
    except RecursionError:
        told = _failure("ToolError", "It is nested too deeply.", "")
    except MemoryError:
        return  # nothing written says so
    except Exception as problem:
        told = _failure("ToolError", f"{type(problem).__name__}: {problem}"[:1000], "")

    sys.stdout.write(told)


def _failure(kind: str, message: str, hint: str) -> str:
    return json.dumps({"kind": kind, "message": message, "hint": hint})


def _bound(asked: dict[str, Any]) -> None:
    try:
        import resource
    except ImportError:  # a system without rlimits still has the parent's clock
        return

    most, seconds = int(asked["memory_bytes"]), int(asked["seconds"]) + 1
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
