"""Widgets answer their pages on every ipykernel that people have, and Stop beats a busy cell.

Law: a page is played by what JupyterLab sends: comm messages on the shell channel, to a
subshell where the kernel has them, and one word on the control channel. The older kernels are
the real ones, put beside each other by `.ci/kernels`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kernel.kernels import Kernel, Message, older
from tests.loopback import Answer, Fault, Loopback, ToolUse

pytestmark = pytest.mark.kernel

OURS = "this environment's"
COLAB = "6.17"
SETUP = """
from mojentic_nb import LLMBroker, OpenAIGateway
from mojentic_nb.chat import ChatSession
from mojentic_nb.tools import AskUserTool
from mojentic_nb.widgets.chat import ChatWidget
broker = LLMBroker("m", OpenAIGateway("k", "URL/v1"))
w = ChatWidget(ChatSession(broker, tools=[AskUserTool()], max_context=9000))
w
"""
BUSY = """
import os, time
print("busy", flush=True)
while not os.path.exists({!r}):
    time.sleep(0.02)
"""


class Page:
    """A page that shows a kernel's one chat."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.chat, control = eval(kernel.value("(w.model_id, w.control)"))
        self.control = control.removeprefix("IPY_MODEL_")
        place = kernel.subshell() if kernel.has("kernel subshells") else ""
        self._place = {"subshell_id": place} if place else {}
        self.is_beside = bool(place)
        self._asks = 0

    def say(self, comm: str, **content: str) -> None:
        self._asks += 1
        content = {"ask": str(self._asks), **content}
        data = {"method": "custom", "content": content}
        self._kernel.say("comm_msg", {"comm_id": comm, "data": data}, **self._place)

    def until(self, kind: str) -> Message:
        def is_it(message: Message) -> bool:
            content = message["content"].get("data", {}).get("content", {})
            return message["msg_type"] == "comm_msg" and content.get("type") == kind

        told: Message = self._kernel.until(is_it)["content"]["data"]["content"]
        return told

    def send(self, text: str) -> str:
        """Say something; gives the turn's key."""
        self.say(self.chat, type="ready", view="v")
        self.until("all")
        self.say(self.chat, type="send", text=text)
        return str(self.until("live")["live"]["key"])


@pytest.fixture(params=[OURS, "7.3", "7.0", "6.31", COLAB], scope="module")
def started(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A kernel of one ipykernel: started once, each is three seconds."""
    place = {}
    if request.param == COLAB:
        place = {"python": request.getfixturevalue("colab_python")}
    elif request.param != OURS:
        place = {"PYTHONPATH": older(request.param)}
    with Kernel(**place) as running:
        if request.param != OURS:
            version = running.value("__import__('ipykernel').__version__")
            assert version.startswith(f"{request.param}.")
        yield running


@pytest.fixture
def kernel(started: Kernel, loopback: Loopback) -> Kernel:
    """A kernel of one ipykernel, with a chat of its own in it."""
    assert started.run(SETUP.replace("URL", loopback.url)).status == "ok"
    return started


@contextmanager
def busy(kernel: Kernel, go_on: Path) -> Iterator[None]:
    """A cell that blocks the kernel, for as long as the block lasts."""
    request = kernel.begin(BUSY.format(str(go_on)))
    kernel.until(lambda message: "busy" in str(message["content"].get("text")))
    try:
        yield
    finally:
        go_on.touch()
        assert kernel.reply_to(request)["status"] == "ok"


@pytest.mark.parametrize("way", ["comm", "control"])
def test_stop_hangs_up_before_the_first_word_while_a_cell_blocks(
    kernel: Kernel, loopback: Loopback, tmp_path: Path, way: str
) -> None:
    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS))
    page = Page(kernel)
    key = page.send("Anybody?")
    loopback.wait_for(1, timeout=10)
    with busy(kernel, tmp_path / "go-on"):
        if way == "comm":
            page.say(page.control, type="stop", key=key)
        else:
            content = {"key": key, "control": page.control}
            kernel.say("mojentic_nb_stop", content, channel="control")
        if way == "control" or page.is_beside:
            assert loopback.requests[0].hung_up.wait(10)
            assert page.until("over")["mark"].startswith("stopped")
        else:
            # ipykernel 6 has no place beside a cell: the page says that this Stop waits for it.
            assert not loopback.requests[0].hung_up.is_set()
    assert loopback.requests[0].hung_up.wait(10)


def test_what_is_no_chats_is_left_alone(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer("here"))
    page = Page(kernel)
    for content in ({}, {"control": page.control}, {"control": [], "key": None}, {"key": "x"}):
        kernel.say("mojentic_nb_stop", content, channel="control")
    page.send("Go on")
    assert page.until("from")["landed"] is True


def test_a_question_of_the_model_is_answered_in_the_chat(
    kernel: Kernel, loopback: Loopback
) -> None:
    use = ToolUse("ask_user", {"user_request": "Which one?"})
    loopback.script(Answer(tools=[use]), Answer("thanks"))
    page = Page(kernel)
    page.send("Tidy up")
    card = page.until("card")["card"]
    assert card["question"] == "Which one?"
    page.say(page.chat, type="answer", key=card["key"], answer="the “first”")
    page.until("from")
    assert loopback.requests[1].body["messages"][-1]["content"] == "the “first”"


def test_a_trace_answers_its_page(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer("here"))
    ran = kernel.run(
        "from mojentic_nb.tracer import TracerSystem\n"
        "from mojentic_nb.widgets.trace import TraceWidget\n"
        "tracer = TracerSystem()\n"
        "LLMBroker('m', broker.gateway, tracer=tracer).generate('hi')\n"
        "t = TraceWidget(tracer)"
    )
    assert ran.status == "ok", ran.text
    page = Page(kernel)
    page.say(kernel.value("t.model_id"), type="ready", view="v")
    assert page.until("ready")
