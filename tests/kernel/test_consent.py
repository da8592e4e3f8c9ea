"""A person at the cell is asked before a tool does what cannot be undone.

Here the page that draws widgets is missing, as in a front end that cannot answer while a
cell runs, or is a client that answers for it. The real one is in tests/browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kernel.kernels import PATIENCE_S, Kernel, Message, Ran

pytestmark = pytest.mark.kernel

SETUP = """
%load_ext mojentic_nb
%llm_config model=demo
from mojentic_nb import tool
runs = []
@tool(destructive=True)
def wipe(disk: str) -> str:
    \"\"\"Wipe a disk.\"\"\"
    runs.append(disk)
    return "wiped"
"""
CELL = '%%llm --tools wipe\nPlease wipe the disk "sda"'


WIDGET = "application/vnd.jupyter.widget-view+json"


def shown(ran: Ran) -> list[dict[str, Any]]:
    """Every bundle the cell published, updates too, in order."""
    return [one["data"] for one in ran.of("display_data", "update_display_data")]


class Page:
    """Answers for a page, by a shell of its own as JupyterLab has one for widgets."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._client = kernel._client
        message = self._client.session.msg("create_subshell_request", {})
        self._client.control_channel.send(message)
        reply = self._client.get_control_msg(timeout=PATIENCE_S)
        self._subshell = reply["content"]["subshell_id"]
        self.comm = ""

    def run(self, cell: str, says: list[Any], *, then: Callable[[], object] = bool) -> Ran:
        """Run a cell, say these things when its widget is shown, then do something."""
        request = self._kernel.begin(cell, allow_stdin=True)

        def watch(message: Message) -> None:
            view = message["content"].get("data", {}).get(WIDGET)
            if view and not self.comm:
                self.comm = view["model_id"]
                for one in says:
                    self._say(one)
                then()

        return self._kernel.finish(request, watch=watch)

    def _say(self, content: Any) -> None:
        data = {"method": "custom", "content": content}
        message = self._client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        message["header"]["subshell_id"] = self._subshell
        self._client.shell_channel.send(message)


@pytest.fixture
def lab(kernel: Kernel) -> Kernel:
    assert kernel.run(SETUP).status == "ok"
    return kernel


@pytest.mark.parametrize("answer, runs", [("y", "['sda']"), ("n", "[]"), ("", "[]")])
def test_the_exact_call_is_shown_and_nothing_runs_before_the_answer(
    lab: Kernel, answer: str, runs: str
) -> None:
    request = lab.begin(CELL, allow_stdin=True)
    prompt = lab.answer(answer)
    ran = lab.finish(request)

    assert prompt == "Run it? [y]es, [n]o, [a]lways: "
    assert ran.status == "ok"
    asked = next(one for one in shown(ran) if "wants to run" in one.get("text/markdown", ""))
    assert "\n```\nwipe(disk='sda')\n```" in asked["text/markdown"]
    assert asked["text/plain"] == "Run wipe(disk='sda')?"
    assert lab.value("runs") == runs


def test_always_is_asked_once(lab: Kernel) -> None:
    request = lab.begin(CELL, allow_stdin=True)
    lab.answer("a")
    lab.finish(request)
    assert lab.run(CELL, allow_stdin=True).status == "ok"
    assert lab.value("runs") == "['sda', 'sda']"


def test_where_nobody_can_answer_it_is_denied_and_said(lab: Kernel) -> None:
    ran = lab.run(CELL, allow_stdin=False)
    assert ran.status == "ok"
    assert lab.value("runs") == "[]"
    assert "nobody is here" in str(ran.published)


def test_a_refusal_is_shown_as_one(lab: Kernel) -> None:
    ran = lab.run(CELL, allow_stdin=False)
    shown = "".join(one["data"].get("text/plain", "") for one in ran.displays)
    assert 'wipe(disk="sda") → refused: wipe needs a person' in shown


def test_where_no_page_draws_it_the_widget_goes_and_the_line_asks(lab: Kernel) -> None:
    request = lab.begin(CELL, allow_stdin=True)
    lab.answer("y")
    ran = lab.finish(request)

    (first, *_, last) = [one for one in shown(ran) if "wipe(disk='sda')" in str(one)]
    assert WIDGET in first
    assert list(last) == ["text/markdown", "text/plain"]
    assert last["text/plain"] == "Allowed: wipe(disk='sda')"
    opened, closed = ran.of("comm_open"), ran.of("comm_close")
    assert {one["comm_id"] for one in opened} == {one["comm_id"] for one in closed}
    assert lab.value("runs") == "['sda']"


@pytest.mark.parametrize(
    "answer, told, runs",
    [
        ("yes", "Allowed: ", "['sda']"),
        ("always", "Allowed, and always from now on: ", "['sda']"),
        ("no", "Declined: ", "[]"),
    ],
)
def test_a_page_that_draws_it_answers_while_the_cell_waits(
    lab: Kernel, answer: str, told: str, runs: str
) -> None:
    page = Page(lab)
    ran = page.run(CELL, [{"type": "ready"}, {"type": "answer", "answer": answer}])
    assert ran.status == "ok"
    assert f"{told}wipe(disk='sda')" in [one["text/plain"] for one in shown(ran)]
    assert lab.value("runs") == runs


def test_only_an_answer_answers_and_only_the_first(lab: Kernel) -> None:
    odd: list[Any] = ["yes", None, ["yes"], {"answer": "yes"}, {"type": "answer"}]
    odd += [{"type": "answer", "answer": one} for one in ("", "YES", ["yes"], {"yes": 1}, None, 1)]
    last = [{"type": "answer", "answer": one} for one in ("no", "yes")]
    ran = Page(lab).run(CELL, [{"type": "ready"}, *odd, *last])
    assert ran.status == "ok"
    assert "Declined: wipe(disk='sda')" in [one["text/plain"] for one in shown(ran)]
    assert lab.value("runs") == "[]"


def test_an_interrupt_leaves_no_open_question(lab: Kernel) -> None:
    page = Page(lab)
    ran = page.run(CELL, [{"type": "ready"}], then=lab.interrupt)
    assert ran.status == "error"
    assert "Interrupted: wipe(disk='sda')" in [one["text/plain"] for one in shown(ran)]
    assert page.comm in [one["comm_id"] for one in ran.of("comm_close")]
    assert lab.value("runs") == "[]"


def test_a_captured_cell_asks_with_the_whole_call(lab: Kernel) -> None:
    request = lab.begin(f"%%capture\n%llm --tools wipe {CELL.splitlines()[1]}", allow_stdin=True)
    assert lab.answer("n") == "Run wipe(disk='sda')? [y]es, [n]o, [a]lways: "
    assert lab.finish(request).of("comm_open") == []
