"""Nothing that anybody writes runs in a chat, and everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from mojentic_nb.widgets.browser_half import module
from tests.browser import axe
from tests.browser.labs import Lab, Notebook
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.widgets.payloads import PAYLOADS

# Every payload as prompt, answer, thought, tool, argument, result, model and title.
SAVED = f"""
from mojentic_nb.chat import ChatSession, Exchange
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.widgets import chat_desk, chat_transcript
from mojentic_nb import LLMBroker, OpenAIGateway
from mojentic_nb.widgets.chat import ChatWidget
chat_desk.TURNS_SHOWN = 500
payloads = {PAYLOADS!r}
def exchange(text, nth):
    call = LLMToolCall(id="c", name=text, arguments={{text: text}})
    said = [
        LLMMessage.user(text),
        LLMMessage(role="assistant", content=text, thinking=text, tool_calls=[call]),
        LLMMessage.tool(text, call=call),
        LLMMessage.assistant(text),
    ]
    return Exchange(id=str(nth), messages=tuple(said), model=text, cell=text)
session = ChatSession(LLMBroker("m", OpenAIGateway("k", "URL/v1")), name=" ".join(payloads),
                      max_context=1_000_000)
session.exchanges = tuple(map(exchange, payloads, range(len(payloads))))
chat = ChatWidget(session, models=payloads)
chat
"""
LIVE = """
from mojentic_nb import tool
from mojentic_nb.tools import AskUserTool
def ask(answer):
    "Ask."
    return answer
tools = [tool(ask, name="ask", destructive=True), AskUserTool()]
names = dict.fromkeys(["ok"], None)
live = ChatWidget(ChatSession(LLMBroker("m", OpenAIGateway("k", "URL/v1")), tools=tools,
                              max_context=1_000_000), namespace=names)
live
"""
# Elements and attributes that could act, within a chat or its transcript.
ACTING = """root => [...root.querySelectorAll("*")].filter(one =>
  [...one.attributes].some(({name, value}) => /^on/i.test(name)
    || (/^(href|src|action|formaction|data)$/i.test(name)
        && !/^(https?:|mailto:|data:image[/])/i.test(value)))
  || /^(script|iframe|object|embed|svg|math|form|base|meta|link|video|audio)$/i.test(one.localName)
).map(one => one.outerHTML.slice(0, 200))"""
# Draws the chat in a page without a notebook, where `tell` is what a kernel says.
RENDER = """async source => {
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  window.heard = [];
  const model = {
    get: name => name,
    send: message => heard.push(message),
    on: (name, hear) => { if (name === "msg:custom") window.tell = hear; },
    off: () => {},
  };
  widget.render({ model, el: document.body });
}"""
RICH = "# One\n\n*Words* and `code` and [a link](https://e.org).\n\n```python\nx = 1\n```\n\n" + (
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n> said\n\n- item"
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


@pytest.fixture
def notebook(lab: Lab, provider: Loopback, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    provider.clear()
    theme = getattr(request, "param", "light")
    cells = [cell.replace("URL", provider.url) for cell in (SAVED, LIVE)]
    opened = lab.open(*cells, theme=theme)
    yield opened
    assert opened.complaints == []
    opened.close()


def test_nothing_that_is_written_runs(notebook: Notebook, provider: Loopback) -> None:
    output = notebook.run(0)
    chat = output.locator(".mj-chat")
    expect(chat.locator(".turn")).to_have_count(len(PAYLOADS))
    for selector in (".mj-chat", ".mj-chat-still"):
        assert output.locator(selector).evaluate(ACTING) == []
    words = chat.locator(".you .words").all_text_contents()
    assert [one.replace("\ufffd", "\x01") for one in words] == PAYLOADS
    chat.evaluate("root => root.querySelectorAll('details').forEach(one => { one.open = true; })")
    # What comes while it is written, and what is asked, are no other.
    notebook.run(1)
    live = notebook.output(1).locator(".mj-chat")
    everything = "\n\n".join(PAYLOADS)
    use = ToolUse("ask", {"answer": everything})
    words = Answer(everything, tools=[ToolUse("ask_user", {"user_request": everything})])
    once = Answer(everything, thinking=everything, tools=[use])
    provider.script(once, words, Answer(everything))
    live.get_by_label("Message", exact=True).fill(everything)
    live.get_by_role("button", name="Send").click()
    card = live.locator(".card")
    expect(card.locator("pre")).to_contain_text("onerror")
    assert live.evaluate(ACTING) == []
    card.get_by_role("button", name="Allow").click()
    # The same in words.
    expect(card.locator(".words")).to_contain_text("onerror")
    assert live.evaluate(ACTING) == []
    card.get_by_label("Your answer").fill(everything)
    card.get_by_role("button", name="Answer").click()
    expect(live.locator(".turn:not(.live)")).to_contain_text("tok")
    assert live.evaluate(ACTING) == []
    assert notebook.page.title() != "run"


def test_the_page_lets_nothing_through_by_itself(lab: Lab) -> None:
    part = {"kind": "text", "html": ""}
    turn = {"at": 0, "question": "", "pictures": [], "parts": [], "line": "", "mark": ""}
    told: dict[str, Any] = {
        "type": "all", "title": "", "first": 0, "undone": "", "model": "", "models": [],
    }  # fmt: skip
    turns = [{**turn, "parts": [{**part, "html": one}]} for one in PAYLOADS]
    turns += [{**turn, "pictures": [{"name": one, "src": one}]} for one in PAYLOADS]
    with lab.blank() as page:
        page.evaluate(RENDER, module("chat"))
        page.evaluate("told => tell({ ...told, view: heard[0].view })", {**told, "turns": turns})
        page.evaluate(
            "told => { tell(told); tell({ type: 'html', whole: told.html, tail: told.html }); }",
            {"type": "live", "live": {**turns[0], "key": "k"}, "html": "\n".join(PAYLOADS)},
        )
        assert page.locator(".turn").count() == 2 * len(PAYLOADS) + 1
        assert page.locator(".mj-chat").evaluate(ACTING) == []
        assert page.title() != "run"


CONSENT = {"kind": "consent", "key": "k", "tool": "wipe", "call": "wipe()", "why": "so"}
WORDS = {"kind": "words", "key": "k", "question": "Which?"}


def test_nothing_is_allowed_before_it_can_be_read(lab: Lab) -> None:
    with lab.blank() as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.evaluate(RENDER, module("chat"))
        page.evaluate("card => tell({ type: 'card', card })", CONSENT)
        card = page.locator(".card")
        assert [one.inner_text() for one in card.locator("button:enabled").all()] == [
            "Not this time"
        ]
        page.clock.run_for(499)
        page.keyboard.press("y")
        page.keyboard.press("a")
        assert page.evaluate("heard.filter(one => one.type === 'answer')") == []
        page.clock.run_for(1)
        page.keyboard.press("y")
        answers = page.evaluate("heard.filter(one => one.type === 'answer').map(one => one.answer)")
        assert answers == ["yes"]


def test_one_click_clears_nothing(lab: Lab) -> None:
    with lab.blank() as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.evaluate(RENDER, module("chat"))
        page.locator(".settings summary").click()
        page.get_by_role("button", name="Clear").click()
        # Who does not answer did not mean it.
        page.clock.run_for(4000)
        page.get_by_role("button", name="Clear", exact=True).click()
        assert page.evaluate("heard.filter(one => one.type === 'clear')") == []
        page.get_by_role("button", name="Really clear?").click()
        assert len(page.evaluate("heard.filter(one => one.type === 'clear')")) == 1


@pytest.mark.parametrize("asked", [CONSENT, WORDS], ids=["consent", "words"])
def test_who_writes_elsewhere_keeps_the_cursor(lab: Lab, asked: dict[str, Any]) -> None:
    with lab.blank("<textarea></textarea>") as page:
        page.evaluate(RENDER, module("chat"))
        page.locator("body > textarea").focus()
        page.evaluate("card => tell({ type: 'card', card })", asked)
        page.keyboard.type("nay")
        assert page.locator("body > textarea").input_value() == "nay"
        # A new question takes the keys of the one before with it.
        page.evaluate("card => tell({ type: 'card', card })", WORDS)
        page.get_by_label("Your answer").press_sequentially("any")
        assert page.get_by_label("Your answer").input_value() == "any"
        assert page.evaluate("heard.filter(one => one.type === 'answer')") == []


@pytest.mark.parametrize("notebook", ["light", "dark"], indirect=True)
def test_everybody_can_use_it(notebook: Notebook, provider: Loopback) -> None:
    found = axe.find()
    if found is None:
        pytest.skip(axe.HOW_TO_GET_IT)

    # Definitions alone: all of the chat is to have room in the window.
    notebook.run(0)
    notebook.page.evaluate("() => document.querySelector('.mj-chat').remove()")
    notebook.page.set_viewport_size({"width": 1280, "height": 3000})
    output = notebook.run(1)
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    provider.script(
        Answer(RICH, thinking="hm", tools=[ToolUse("ask", {"answer": "42"})]),
        Answer("", tools=[ToolUse("ask_user", {"user_request": "Which?"})]),
        Answer(RICH),
        Answer("Half of it", fault=Fault.SILENT, fault_after=2),
        Answer.error(401, "no"),
    )
    text = output.get_by_label("Message", exact=True)
    text.fill("Please")
    text.press("Enter")
    card = output.locator(".card")
    expect(card.get_by_role("button", name="Allow")).to_be_enabled()
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    card.get_by_role("button", name="Allow").click()
    field = card.get_by_label("Your answer")
    expect(field).to_be_focused()
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    field.fill("This")
    field.press("Enter")
    expect(output.locator(".turn:not(.live)")).to_contain_text("tok")
    text.fill("Again {o")
    text.press("k")
    expect(output.get_by_role("option")).to_be_visible()
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    output.locator(".code button").first.focus()
    output.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    text.fill("Stop")
    text.press("Enter")
    expect(output.locator(".live .tail")).to_contain_text("Half of")
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    text.press("Escape")
    expect(output.locator(".mark")).to_be_visible()
    assert axe.findings(notebook.page, found, ".mj-chat") == []
    text.fill("Fail")
    text.press("Enter")
    expect(output.locator(".about .fault")).to_be_visible()
    assert axe.findings(notebook.page, found, ".mj-chat") == []
