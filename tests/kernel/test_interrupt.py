"""The stop button: the connection closes, the text stays, one line, the queue stops."""

from __future__ import annotations

import pytest

from tests.kernel.kernels import Kernel, Ran
from tests.loopback import Answer, Fault, Loopback

LONG = Answer(chunks=[f"word{n} " for n in range(500)], pace=0.05)


def stopped(kernel: Kernel, loopback: Loopback, code: str = "%%llm -o kept\nhi") -> Ran:
    """Run a cell and interrupt it once some of its answer is on the screen."""
    pressed = []

    def press(message: dict[str, object]) -> None:
        if "word3" in str(message["content"]) and not pressed:
            pressed.append(True)
            kernel.interrupt()

    return kernel.finish(kernel.begin(code), watch=press)


def test_the_server_sees_the_hang_up(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(LONG)
    stopped(kernel, loopback)
    assert loopback.requests[0].hung_up.wait(10)


def test_the_text_so_far_stays_and_is_marked(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(LONG)
    ran = stopped(kernel, loopback)
    (shown,) = ran.displays
    assert "word3" in shown["data"]["text/markdown"]
    assert "word400" not in shown["data"]["text/markdown"]
    assert kernel.value("kept.is_partial, kept.finish_reason") == "(True, 'interrupted')"
    assert "word3" in kernel.value("_llm")


def test_the_cell_fails_with_one_line(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(LONG)
    ran = stopped(kernel, loopback)
    assert ran.status == "error"
    (error,) = ran.of("error")
    assert len(error["traceback"]) == 1
    assert "\n" not in error["traceback"][0].strip()


def test_run_all_stops(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(LONG)
    first = kernel.begin("%%llm\nhi")
    second = kernel.begin("reached = True")
    loopback.wait_for(1, 10)
    kernel.interrupt()
    assert kernel.finish(first).status == "error"
    assert kernel.reply_to(second)["status"] == "aborted"
    assert kernel.value("'reached' in dir()") == "False"


@pytest.mark.parametrize("fault", [Fault.SILENT_BEFORE_HEADERS, Fault.SILENT])
def test_a_silent_server_can_be_left(loopback: Loopback, kernel: Kernel, fault: Fault) -> None:
    loopback.script(Answer("one two three four", fault=fault))
    request = kernel.begin("%%llm\nhi")
    loopback.wait_for(1, 10)
    kernel.interrupt()
    ran = kernel.finish(request)
    assert ran.status == "error"
    assert loopback.requests[0].hung_up.wait(10)


def test_the_conversation_goes_on_after_it(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(LONG, Answer("Here I am."))
    stopped(kernel, loopback)
    assert kernel.run("%%llm\nstill there?").status == "ok"
    messages = (loopback.requests[1].body or {})["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert "word3" in messages[1]["content"]


def test_a_tool_under_way_can_be_left(loopback: Loopback, kernel: Kernel) -> None:
    from tests.loopback import ToolUse

    loopback.script(Answer(tools=[ToolUse("dawdle", {})]))
    kernel.run("import threading\nbegun = threading.Event()")
    kernel.run("def dawdle():\n    'Wait.'\n    print('dawdling', flush=True)\n    begun.wait()")
    pressed = []

    def press(message: dict[str, object]) -> None:
        if "dawdling" in str(message["content"]) and not pressed:
            pressed.append(True)
            kernel.interrupt()

    ran = kernel.finish(kernel.begin("%%llm --tools dawdle\nhi"), watch=press)
    assert ran.status == "error"
