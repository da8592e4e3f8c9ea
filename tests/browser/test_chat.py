"""A person in JupyterLab chats: types, reads along, stops, allows, edits, and comes back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, expect

from tests.browser.labs import PATIENCE_S, Lab, Notebook
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.pictures import picture

SETUP = """
from mojentic_nb import LLMBroker, OpenAIGateway, tool
from mojentic_nb.chat import ChatSession
from mojentic_nb.tools import AskUserTool
from mojentic_nb.widgets.chat import ChatWidget
runs = []
@tool(destructive=True)
def wipe(disk: str) -> str:
    "Wipe a disk."
    runs.append(disk)
    return "wiped " + disk
deadline, data = "Friday", [1, 2]
broker = LLMBroker("m", OpenAIGateway("k", "URL/v1"))
session = ChatSession(broker, tools=[wipe, AskUserTool()], max_context=100_000)
chat = ChatWidget(session, namespace=globals(), fill=lambda text: text.replace("{data}", "[1, 2]"))
chat
"""
OTHER = 'ChatWidget(ChatSession(LLMBroker("other", OpenAIGateway("k", "URL/v1"))))'
TELL = "print(runs, [one.question for one in session.exchanges])"
# Blocks until it is told to go on.
BUSY = """
import os, time
print("busy", flush=True)
while not os.path.exists("go-on"):
    time.sleep(0.02)
"""
SPEAK = 'session.send("from a cell");'
SETUP_AT, OTHER_AT, TELL_AT, BUSY_AT, SPEAK_AT = range(5)
# A picture out of the clipboard, or from the desk.
BRING = """(field, [kind, data]) => {
  const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], "brought.png", { type: "image/png" }));
  const how = { bubbles: true, clipboardData: given, dataTransfer: given };
  field.dispatchEvent(new (kind === "paste" ? ClipboardEvent : DragEvent)(kind, how));
}"""
RICH = "Add *them*:\n\n```python\nx = 1/3\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nDone."


@pytest.fixture(scope="module")
def provider() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


@pytest.fixture(scope="module")
def opened(lab: Lab, provider: Loopback) -> Iterator[Notebook]:
    cells = [cell.replace("URL", provider.url) for cell in (SETUP, OTHER, TELL, BUSY, SPEAK)]
    notebook = lab.open(*cells)
    yield notebook
    notebook.close()


@pytest.fixture
def notebook(opened: Notebook, provider: Loopback) -> Iterator[Notebook]:
    """The notebook with a fresh chat."""
    provider.clear()
    opened.run(SETUP_AT).get_by_label("Message", exact=True).wait_for()
    yield opened
    assert opened.complaints == []


class Chat:
    """One chat, as the person at it sees it."""

    def __init__(self, output: Locator) -> None:
        self.root = output.locator(".mj-chat")
        self.text = output.get_by_label("Message", exact=True)
        self.live = output.locator(".turn.live")
        self.turns = output.locator(".turn:not(.live, .gone)")

    def say(self, text: str) -> None:
        self.text.fill(text)
        self.text.press("Enter")

    def ask(self, text: str, answer: str) -> Locator:
        """Say something and wait for the end of the answer."""
        self.say(text)
        turn = self.turns.filter(has_text=answer).filter(has_text="tok").last
        turn.wait_for()
        expect(self.root.get_by_role("button", name="Send")).to_be_visible()
        return turn


@pytest.fixture
def chat(notebook: Notebook) -> Chat:
    return Chat(notebook.output(SETUP_AT))


@contextmanager
def busy(notebook: Notebook) -> Iterator[None]:
    """A cell that blocks the kernel, for as long as the block lasts."""
    go_on = notebook.path.parent / "go-on"
    expect(notebook.begin(BUSY_AT)).to_contain_text("busy")
    try:
        yield
    finally:
        go_on.touch()
        notebook.finish(BUSY_AT)
        go_on.unlink()


def told(notebook: Notebook) -> str:
    return notebook.printed(TELL_AT)


def test_typed_it_is_answered_in_markdown(chat: Chat, provider: Loopback) -> None:
    provider.script(Answer(RICH, usage=(20, 9)))
    chat.text.press_sequentially("How do")
    chat.text.press("Shift+Enter")
    chat.text.press_sequentially("I add?")
    chat.text.press("Enter")
    turn = chat.turns.filter(has_text="Done.")
    turn.wait_for()
    assert turn.locator(".words").inner_text() == "How do\nI add?"
    assert turn.locator("em").inner_text() == "them"
    assert turn.locator("pre code").inner_text() == "x = 1/3\n"
    assert "20 → 9 tok" in turn.locator(".about").inner_text()
    expect(chat.text).to_have_value("")
    expect(chat.text).to_be_focused()
    expect(chat.root.locator(".spent")).to_contain_text("29 tok used")
    expect(chat.root.locator(".heard")).to_have_text("The answer is complete.")


def test_code_goes_into_a_cell_and_to_the_clipboard(
    notebook: Notebook, chat: Chat, provider: Loopback
) -> None:
    provider.script(Answer(RICH))
    turn = chat.ask("code", "Done.")
    cells = notebook.page.locator(".jp-NotebookPanel .jp-CodeCell")
    before = cells.count()
    turn.get_by_role("button", name="Insert").click()
    expect(cells).to_have_count(before + 1)
    expect(notebook.cell(SETUP_AT + 1).locator(".cm-content")).to_have_text("x = 1/3")
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn.get_by_role("button", name="Copy").click()
    expect(chat.root.locator(".said")).to_have_text("Copied.")
    assert notebook.page.evaluate("navigator.clipboard.readText()") == "x = 1/3\n"
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.model.sharedModel.deleteCell(1)")


def test_it_is_read_while_it_comes_and_stopped(
    notebook: Notebook, chat: Chat, provider: Loopback
) -> None:
    provider.script(Answer("One two\n\n- three\n- four", fault=Fault.SILENT, fault_after=6))
    chat.say("Count")
    # Written as Markdown while the rest is awaited.
    expect(chat.live.locator(".tail li")).to_have_text(["three", "four"])
    chat.text.press("Escape")
    expect(chat.root.locator(".mark")).to_have_text("stopped; not part of the conversation")
    assert provider.requests[0].hung_up.wait(PATIENCE_S)
    # What was asked is not lost.
    expect(chat.text).to_have_value("Count")
    assert told(notebook) == "[] []"


def test_stop_works_before_the_first_word_while_a_cell_blocks(
    notebook: Notebook, chat: Chat, provider: Loopback
) -> None:
    provider.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS), Answer("here"))
    with busy(notebook):
        chat.say("Anybody?")
        provider.wait_for(1, timeout=PATIENCE_S)
        chat.root.get_by_role("button", name="Stop").click()
        assert provider.requests[0].hung_up.wait(PATIENCE_S)
        expect(chat.root.locator(".mark")).to_contain_text("stopped")
        # And the next one is answered, too, before the cell is done.
        chat.ask("And now?", "here")
        expect(notebook.cell(BUSY_AT).locator(".jp-InputPrompt").first).to_have_text("[*]:")


@pytest.mark.parametrize("press, after", [("Allow", "['sda']"), ("Not this time", "[]")])
def test_a_tool_asks_first(
    notebook: Notebook, chat: Chat, provider: Loopback, press: str, after: str
) -> None:
    use = Answer("Let me see.", tools=[ToolUse("wipe", {"disk": "sda"})])
    provider.script(use, Answer("That is that."))
    chat.say("Wipe it")
    card = chat.root.locator(".card")
    expect(card.locator("pre")).to_have_text("wipe(disk='sda')")
    # The safe one has the focus.
    expect(card.get_by_role("button", name="Not this time")).to_be_focused()
    card.get_by_role("button", name=press).click()
    turn = chat.turns.filter(has_text="That is that.")
    fold = turn.locator("details")
    expect(fold.locator("summary")).to_contain_text('wipe(disk="sda") →')
    expect(fold.locator("pre")).to_be_hidden()
    expect(card).to_be_hidden()
    expect(chat.text).to_be_focused()
    assert told(notebook).startswith(after)


def test_a_question_in_words_is_answered_in_the_chat(
    notebook: Notebook, chat: Chat, provider: Loopback
) -> None:
    question = "Which one, <b>a</b> or b?\nSay it."
    ask = Answer(tools=[ToolUse("ask_user", {"user_request": question})])
    provider.script(ask, Answer("As you like."))
    chat.say("Choose")
    card = chat.root.locator(".card")
    field = card.get_by_label("Your answer")
    expect(field).to_be_focused()
    assert card.locator(".words").inner_text() == question
    # These keys answer the other kind of question.
    field.press_sequentially("any")
    field.press("Shift+Enter")
    field.press_sequentially("b")
    field.press("Enter")
    chat.turns.filter(has_text="As you like.").wait_for()
    expect(card).to_be_hidden()
    expect(chat.text).to_be_focused()
    said = provider.requests[1].body["messages"]
    assert said[-1]["content"] == "any\nb"


def test_an_error_is_one_red_line(chat: Chat, provider: Loopback) -> None:
    provider.script(Answer.error(401, "no such key"))
    chat.say("Hello")
    expect(chat.root.locator(".about .fault")).to_contain_text("401")
    expect(chat.text).to_have_value("Hello")


def test_an_edit_keeps_both_ways(chat: Chat, provider: Loopback) -> None:
    provider.script(*map(Answer, ["first answer", "second answer", "other answer"]))
    chat.ask("first", "first answer")
    chat.ask("second", "second answer")
    chat.turns.first.get_by_role("button", name="Edit").click()
    expect(chat.text).to_have_value("first")
    chat.ask("changed", "other answer")
    expect(chat.turns).to_have_count(1)
    expect(chat.turns.locator(".acts .quiet")).to_have_text("2 of 2")
    chat.root.get_by_role("button", name="The way before").click()
    expect(chat.turns.locator(".words")).to_have_text(["first", "second"])
    chat.text.press("ArrowUp")
    expect(chat.text).to_have_value("second")
    chat.text.press("Escape")
    chat.root.locator("summary", has_text="openai:m").click()
    chat.root.get_by_role("button", name="Take back the last").click()
    expect(chat.turns.locator(".words")).to_have_text(["first"])
    chat.root.get_by_role("button", name="Bring back").click()
    expect(chat.turns).to_have_count(2)
    for name in ("Clear", "Really clear?"):
        chat.root.get_by_role("button", name=name).click()
    expect(chat.root.get_by_text("Ask something.")).to_be_visible()


def test_two_chats_answer_at_once(notebook: Notebook, chat: Chat, provider: Loopback) -> None:
    other = Chat(notebook.run(OTHER_AT))
    silent = Answer("Half of it", fault=Fault.SILENT, fault_after=2)
    provider.script(silent, silent)
    for one in (chat, other):
        one.say("Go")
        expect(one.live.locator(".tail")).to_contain_text("Half of")
    other.text.press("Escape")
    expect(other.root.locator(".mark")).to_contain_text("stopped")
    expect(chat.live.locator(".tail")).to_contain_text("Half of")
    chat.text.press("Escape")
    expect(chat.root.locator(".mark")).to_contain_text("stopped")
    assert {seen.model for seen in provider.requests} >= {"m", "other"}


def test_cells_and_chat_are_one_conversation(
    notebook: Notebook, chat: Chat, provider: Loopback
) -> None:
    provider.script(Answer("to the cell"), Answer("to the chat"))
    notebook.run(SPEAK_AT)
    expect(chat.turns).to_contain_text("from a cell")
    chat.ask("from the chat", "to the chat")
    assert told(notebook) == "[] ['from a cell', 'from the chat']"
    said = [one["content"] for one in provider.requests[1].body["messages"]]
    assert said[1:] == ["from a cell", "to the cell", "from the chat"]


def test_variables_are_offered_and_pictures_go_along(
    notebook: Notebook, chat: Chat, provider: Loopback, tmp_path: Path
) -> None:
    provider.script(Answer("a red square"))
    chat.text.press_sequentially("of {d")
    options = chat.root.get_by_role("option")
    expect(options).to_have_text(["datalist", "deadlinestr"])
    chat.text.press("ArrowUp")
    chat.text.press("ArrowDown")
    chat.text.press("Enter")
    expect(chat.text).to_have_value("of {data}")
    (tmp_path / "red.png").write_bytes(picture())
    with notebook.page.expect_file_chooser() as choosing:
        chat.root.get_by_role("button", name="Add pictures").click()
    choosing.value.set_files(tmp_path / "red.png")
    expect(chat.root.locator(".chips button")).to_have_text("red.png ×")
    for event in ("paste", "drop"):
        chat.text.evaluate(BRING, [event, b64encode(picture()).decode()])
    expect(chat.root.locator(".chips button")).to_have_count(3)
    chat.root.get_by_role("button", name="brought.png ×").first.click()
    expect(chat.root.locator(".chips button")).to_have_count(2)
    chat.text.press("Enter")
    turn = chat.turns.filter(has_text="a red square")
    expect(turn.locator(".words")).to_have_text("of [1, 2]")
    expect(turn.locator("img")).to_have_count(2)
    sent = provider.requests[0].body["messages"][-1]["content"]
    assert [one["type"] for one in sent] == ["image_url", "image_url", "text"]


def test_ten_thousand_tokens_are_read_along(
    notebook: Notebook, chat: Chat, provider: Loopback
) -> None:
    received: list[int] = []
    provider.script(Answer("One more sentence of six words.\n\n" * 1700 + "The end."))
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        lambda frame: received.append(len(frame["response"]["payloadData"])),
    )
    turn = chat.ask("Go on", "The end.")
    assert turn.locator("p").count() == 1701
    assert sum(received) < 1_500_000
    # The reader who follows is at the end.
    assert (
        chat.root.locator(".log").evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight")
        < 40
    )


def test_a_reader_who_has_scrolled_up_stays_there(chat: Chat, provider: Loopback) -> None:
    provider.script(Answer("line\n\n" * 60 + "end"), Answer("more\n\n" * 20 + "end"))
    chat.ask("one", "end")
    log = chat.root.locator(".log")
    log.evaluate("e => { e.scrollTop = 40; }")
    chat.ask("two", "more")
    assert log.evaluate("e => e.scrollTop") == 40
    chat.root.get_by_role("button", name="To the end").click()
    expect(chat.root.get_by_role("button", name="To the end")).to_be_hidden()


def test_the_conversation_stays_in_the_notebook(lab: Lab, provider: Loopback) -> None:
    provider.clear()
    provider.script(Answer("It *stays*."))
    notebook = lab.open(SETUP.replace("URL", provider.url))
    output = notebook.run(0)
    Chat(output).ask("Does it stay?", "It stays.")
    still = output.locator(".mj-chat-still")
    expect(still.locator("em")).to_have_text("stays")
    expect(still).to_be_hidden()
    saved = notebook.saved()
    data = saved.cells[0].outputs[0].data
    assert "It *stays*." in data["text/markdown"]
    assert "<em>stays</em>" in data["text/html"]
    assert "Does it stay?" in data["text/plain"]
    # So it is read where nothing draws widgets.
    html, _ = HTMLExporter().from_notebook_node(saved)
    with lab.blank() as page:
        page.route("http*://**", lambda route: route.abort())
        page.set_content(html, wait_until="domcontentloaded")
        expect(page.locator(".mj-chat-still em")).to_be_visible()
    # The kernel is gone: the chat says so, and what was said stands.
    notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    expect(output.locator(".said")).to_contain_text("The kernel has not answered")
    notebook.page.reload()
    expect(notebook.page.locator(".mj-chat-still em")).to_be_visible()
    notebook.close()
