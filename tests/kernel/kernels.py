"""A real kernel in a process of its own, driven as a front end drives it.

Law: messages are awaited, never slept for; whatever a cell publishes is kept in order.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, Self

import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

PATIENCE_S = 30.0
HOW_TO_GET_OLDER = (
    "no older ipykernels: `.ci/kernels PYTHON DIRECTORY` gets them; name that in OLDER_KERNELS"
)

Message = dict[str, Any]


@dataclass
class Ran:
    """What came of one cell: its reply, and everything it published."""

    reply: Message
    published: list[Message] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`ok`, `error` or `aborted`."""
        return str(self.reply["status"])

    def of(self, *kinds: str) -> list[Message]:
        """Contents of the messages of these kinds."""
        return [one["content"] for one in self.published if one["msg_type"] in kinds]

    @property
    def displays(self) -> list[Message]:
        """What the cell's output area holds at the end, updates applied."""
        shown: dict[str, Message] = {}
        for one in self.of("display_data", "update_display_data"):
            name = one.get("transient", {}).get("display_id") or f"alone {len(shown)}"
            shown[name] = one
        return list(shown.values())

    @property
    def text(self) -> str:
        """All that is streamed to stdout and stderr, and tracebacks."""
        streamed = "".join(one["text"] for one in self.of("stream"))
        return streamed + "".join("\n".join(one["traceback"]) for one in self.of("error"))


class Kernel:
    """One running kernel, of this Python or another."""

    def __init__(self, *, python: str = "", **environment: str) -> None:
        left_out = ("PYTEST_CURRENT_TEST",)
        inherited = {name: word for name, word in os.environ.items() if name not in left_out}
        self._environment = {**inherited, **environment}
        self._manager = KernelManager(kernel_name="python3")
        if python:
            self._manager.kernel_spec.argv[0] = python

    def __enter__(self) -> Self:
        self._manager.start_kernel(env=self._environment)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=PATIENCE_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def begin(self, code: str, **settings: Any) -> str:
        """Send a cell; gives the id of its request."""
        return str(self._client.execute(code, **settings))

    def begin_as(self, cell: str, code: str) -> str:
        """Send a cell as a front end that names its cells; gives the id of its request."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True}
        message = self._client.session.msg("execute_request", content)
        message["metadata"]["cellId"] = cell
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, request: str, *, watch: Callable[[Message], object] | None = None) -> Ran:
        """Wait until a cell is done, and gather what it published."""
        published: list[Message] = []
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            published.append(message)
            if watch is not None:
                watch(message)
            is_status = message["msg_type"] == "status"
            if is_status and message["content"]["execution_state"] == "idle":
                return Ran(self.reply_to(request), published)

    def reply_to(self, request: str) -> Message:
        """The execute reply of one request."""
        while True:
            reply = self._client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == request:
                content: Message = reply["content"]
                return content

    def say(self, kind: str, content: Message, *, channel: str = "shell", **header: str) -> str:
        """Send a message as a page does, and do not wait; gives its id."""
        message = self._client.session.msg(kind, content)
        message["header"].update(header)
        getattr(self._client, f"{channel}_channel").send(message)
        return str(message["header"]["msg_id"])

    def until(self, is_it: Callable[[Message], bool]) -> Message:
        """Wait for something published; what comes before is dropped."""
        while True:
            message: Message = self._client.get_iopub_msg(timeout=PATIENCE_S)
            if is_it(message):
                return message

    def subshell(self) -> str:
        """Ask for a place beside the running cell; empty where the kernel has none."""
        asked = self.say("create_subshell_request", {}, channel="control")
        while True:
            reply = self._client.get_control_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == asked:
                return str(reply["content"].get("subshell_id", ""))

    def has(self, feature: str) -> bool:
        """Whether the kernel says that it supports something."""
        asked = self._client.kernel_info()
        while True:
            reply = self._client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == asked:
                return feature in reply["content"].get("supported_features", [])

    def answer(self, line: str) -> str:
        """Wait for a running cell's `input()`, and answer it; gives its prompt."""
        asked = self._client.get_stdin_msg(timeout=PATIENCE_S)
        self._client.input(line)
        return str(asked["content"]["prompt"])

    def run(self, code: str, **settings: Any) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.begin(code, **settings))

    def interrupt(self) -> None:
        """What the stop button of a notebook does."""
        self._manager.interrupt_kernel()

    def value(self, expression: str) -> str:
        """An expression's text, evaluated in the kernel."""
        ran = self.run("", user_expressions={"it": f"str(({expression}))"}, silent=False)
        found = ran.reply["user_expressions"]["it"]
        assert found["status"] == "ok", found
        return str(eval(found["data"]["text/plain"]))

    def quiet(self) -> bool:
        """Whether nothing more is on its way."""
        try:
            self._client.get_iopub_msg(timeout=0.2)
        except Empty:
            return True
        return False


def older(version: str) -> str:
    """The PYTHONPATH that makes a kernel an older one."""
    folder = Path(os.environ.get("OLDER_KERNELS", ".missing"), version)
    if not folder.is_dir():
        pytest.skip(HOW_TO_GET_OLDER)

    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


def size_of(messages: list[Message]) -> int:
    """Bytes these messages took on the wire."""
    session = Session(key=b"")
    return sum(
        len(frame)
        for message in messages
        for frame in session.serialize({**message, "buffers": []})
    )
