"""A chat in the cell: to type into, to stop, and to take up where it was left.

Law: comm handlers put what they hear into an inbox and return. One thread of the widget's own
works through it (`chat_desk.py`), as long as a page shows the chat or a turn is on its way.
Stop has a comm of its own, on which nothing is ever sent from here, and comes on the kernel's
control channel as well, where a page can speak on it. What was said is not in the widget's
state: a page asks for it, and the notebook keeps a transcript.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from queue import Empty
from typing import Any
from weakref import WeakValueDictionary

import ipywidgets
import traitlets

from mojentic_nb.broker import LLMBroker
from mojentic_nb.chat import ChatSession
from mojentic_nb.widgets import browser_half
from mojentic_nb.widgets.answering import Tended, shell_here
from mojentic_nb.widgets.arrival import heed, let_in
from mojentic_nb.widgets.chat_desk import ChatDesk
from mojentic_nb.widgets.chat_transcript import transcript_bundle

__all__ = ["ChatWidget"]

# The kind of message that stops a turn, on the control channel; the browser half says it, too.
STOP = "mojentic_nb_stop"
# By the comm of their Stop.
_chats: WeakValueDictionary[str, ChatWidget] = WeakValueDictionary()


class ChatWidget(Tended):
    """A conversation to type into, shown in the cell.

        ChatWidget("ollama:llama3.2")

    Cells and widget may share one session: what is said in either is seen in both. In a saved
    notebook, on GitHub and after a restart a transcript stands in its place.

    Args:
        session_or_model: A `ChatSession`; or a broker or a model's name, for a new one.
        namespace: The notebook's variables, offered where `{` is typed.
        fill: Puts their values into a question, as text in and text out; by default it is
            sent as typed.
        models: Names offered as other models.
        broker_of: Gives the broker of a model's name.
    """

    name = "chat"
    _esm = browser_half.module("chat")
    _css = browser_half.style("chat")

    control = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        session_or_model: ChatSession | LLMBroker | str | None = None,
        *,
        namespace: Mapping[str, Any] | None = None,
        fill: Callable[[str], str] | None = None,
        models: Sequence[str] = (),
        broker_of: Callable[[str], LLMBroker] | None = None,
    ) -> None:
        self.session = _session_of(session_or_model)
        self._heard: deque[Any] = deque(maxlen=256)
        self._desk = ChatDesk(
            self.session,
            say=lambda message: self.send(message),
            post=self._post,
            namespace={} if namespace is None else namespace,
            fill=fill or (lambda text: text),
            models=models,
            broker_of=broker_of or LLMBroker,
        )
        self._stop = ipywidgets.Widget()
        self._stop.on_msg(self._halt)
        super().__init__(control=self._stop.model_id)
        if self._stop.comm is not None:
            let_in(self._stop.comm)
        _chats[self.control] = self
        heed(getattr(shell_here(), "kernel", None), STOP, _halted)
        self.session.shown_by(self)

    def __repr__(self) -> str:
        return f"ChatWidget({self.session!r})"

    def transcript(self) -> dict[str, str]:
        """The conversation by MIME type, as the notebook keeps it."""
        # nbval compares what is shown; its kernels inherit pytest's variable.
        return transcript_bundle(self.session, stable="PYTEST_CURRENT_TEST" in os.environ)

    kept = transcript

    def changed(self, session: ChatSession, *, at: int) -> None:
        """The session's exchanges from here on are others now; called on any thread."""
        if session is self.session:
            self._post(("changed", at))

    def close(self) -> None:
        """Take it out of every page, hang up, and end its thread."""
        self._desk.pages.clear()
        self._inbox.put(("end",))
        super().close()
        self._stop.close()

    # the page -----------------------------------------------------------------

    def _halt(self, _widget: Any, content: Any, _buffers: Any) -> None:
        job = self._desk.job
        key = content.get("key") if isinstance(content, dict) else None
        if job is not None and key == job.correlation_id:
            self._post(("stopping", key))
            job.cancel()

    def _take(self, _widget: Any, content: Any, buffers: Any) -> None:
        # Everything may come more than once; see `asker` in the browser half.
        if not isinstance(content, dict) or content.get("ask", "") in self._heard:
            return

        if content.get("type") == "stop":  # of a page that has no comm of its own for it
            self._halt(None, content, buffers)
            return

        if "ask" in content:
            self._heard.append(content["ask"])
        self._post(("page", content, buffers))

    def _work(self) -> None:
        """Hear and tell, as long as a page shows the chat or a turn is on its way."""
        while True:
            try:
                item = self._inbox.get(timeout=self._desk.wait_s())
            except Empty:
                item = ("nothing",)
            if item[0] == "end":
                # Here a turn is on its way or not; elsewhere it may be about to begin.
                if self._desk.job is not None:
                    self._desk.job.cancel()
                return
            try:
                self._desk.hear(item)
                if self._desk.tell(is_quiet=self._inbox.empty()):
                    self._show_kept()
            except Exception as error:  # told, so that what comes next is heard all the same
                self._desk.failed(error)
            with self._starting:
                is_idle = not self._desk.pages and not self._desk.is_busy
                if is_idle and self._inbox.empty():
                    self._thread = None
                    return


def _halted(content: Mapping[str, Any]) -> None:
    """Stop was pressed, and comes on the control channel."""
    chat = _chats.get(str(content.get("control")))
    if chat is not None:
        chat._halt(None, content, None)


def _session_of(given: ChatSession | LLMBroker | str | None) -> ChatSession:
    if isinstance(given, ChatSession):
        return given

    return ChatSession(given if isinstance(given, LLMBroker) else LLMBroker(given))
