"""What widgets that answer have in common: the queue, the thread, the picture in a file."""

from __future__ import annotations

import sys
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from mojentic_nb.errors import BadArgument
from mojentic_nb.widgets.answering import VIEW, Answering, has_a_page
from tests.widgets.answering_page import PATIENCE_S, Page


class Echo(Answering):
    """Says what it hears; to some words it has no answer."""

    name = "echo"
    _esm = "export default { render() {} }"

    def __init__(self) -> None:
        self.gate = Event()
        super().__init__()

    def answer(self, content: dict[str, Any]) -> None:
        assert self.gate.wait(PATIENCE_S)
        self.send({"said": content["word"]})

    def failed(self, content: dict[str, Any], error: Exception) -> None:
        self.send({"failed": type(error).__name__})

    def still(self) -> tuple[str, str]:
        return "<p>still</p>", "still"


@pytest.fixture
def echo():
    made = Echo()
    yield made
    made.close()


def test_the_handler_does_not_wait_and_everything_is_answered_in_order(echo):
    page = Page(echo)
    for word in "abc":
        page.say(word=word)
    assert page.has_heard_all
    thread = echo._thread
    echo.gate.set()
    assert [page.hears()["said"] for _ in "abc"] == ["a", "b", "c"]
    thread.join(PATIENCE_S)
    assert (thread.is_alive(), echo._thread) == (False, None)
    assert page.asks(word="d") == {"said": "d"}


def test_what_goes_wrong_is_told_and_the_next_is_heard(echo):
    echo.gate.set()
    page = Page(echo)
    page.say(wrong="")
    page.say(word="b")
    assert [page.hears(), page.hears()] == [{"failed": "KeyError"}, {"said": "b"}]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_could_not_even_tell_has_a_successor(echo):
    echo.gate.set()
    page = Page(echo)
    hears, echo.send = echo.send, None
    page.say(wrong="")
    if thread := echo._thread:
        thread.join(PATIENCE_S)
    echo.send = hears
    assert page.asks(word="b") == {"said": "b"}


@pytest.mark.parametrize("content", [None, "word", 3, ["word"]])
def test_what_is_no_message_changes_nothing(echo, content):
    echo._take(echo, content, [])
    assert echo._thread is None


def test_a_file_has_the_picture_and_a_page_shows_one_of_the_two(echo):
    still, live = echo.bundles()
    assert VIEW not in still
    assert still["text/html"].startswith('<div class="mojentic-nb mj-still-echo ')
    assert "<p>still</p>" in still["text/html"]
    assert ".mj-echo" in still["text/html"]
    assert live == {
        VIEW: {"version_major": 2, "version_minor": 0, "model_id": echo.model_id},
        "text/html": "",
        "text/plain": "",
    }
    bundle = echo._repr_mimebundle_()
    assert (bundle["text/plain"], set(bundle)) == ("still", {VIEW, "text/html", "text/plain"})


class Shell:
    """What a shell publishes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
        self.published: list[tuple[dict[str, Any], dict[str, Any]]] = []
        shell = SimpleNamespace(display_pub=self, **parts)
        ipython = SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)

    def publish(self, data: dict[str, Any], **about: Any) -> None:
        self.published.append((data, about))


def test_in_a_kernel_both_are_published_and_the_picture_is_kept_up(echo, monkeypatch):
    shell = Shell(monkeypatch, kernel=object())
    echo._ipython_display_()
    (still, about), (live, _) = shell.published
    assert (VIEW in still, VIEW in live) == (False, True)
    echo._show_kept()
    assert len(shell.published) == 2, "nbval hears no later outputs"
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    echo._show_kept()
    assert shell.published[2] == (still, {"update": True, **about})
    echo._ipython_display_()
    assert shell.published[3] == (still, about), "shown twice, both are kept up"


def test_in_a_terminal_there_is_the_picture_alone(echo, monkeypatch):
    shell = Shell(monkeypatch)
    echo._ipython_display_()
    assert [VIEW in data for data, _ in shell.published] == [False]
    with pytest.raises(BadArgument, match=r"A vote needs a notebook; this is a terminal\. Go\."):
        has_a_page("A vote", instead="Go.")


def test_what_has_no_page_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    with pytest.raises(BadArgument, match="this is a script"):
        has_a_page("A vote", instead="")
    monkeypatch.setitem(sys.modules, "marimo", SimpleNamespace())
    has_a_page("A vote", instead="")
    monkeypatch.delitem(sys.modules, "marimo")
    Shell(monkeypatch, kernel=object())
    has_a_page("A vote", instead="")
