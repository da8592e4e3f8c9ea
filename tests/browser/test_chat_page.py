"""A chat in a page without a kernel: what a fast typist, a narrow window and a keyboard meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mojentic_nb.views.rendered import rendered
from mojentic_nb.widgets.browser_half import module, style
from tests.browser.labs import Lab

# Draws the chat, and keeps what it says; `tell` is what a kernel says.
RENDER = """async ([source, style]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  window.heard = [];
  const model = {
    get: name => name,
    send: (message, _, buffers) => heard.push({ ...message, buffers: buffers?.length ?? 0 }),
    on: (name, hear) => { if (name === "msg:custom") window.tell = hear; },
    off: () => {},
  };
  window.remove = widget.render({ model, el: document.body });
}"""
SAID = "kind => heard.filter(one => one.type === kind)"
TURN = {"question": "Why?", "pictures": [], "line": "", "mark": "", "parts": []}
ALL = {"type": "all", "title": "", "first": 0, "undone": "", "model": "m", "models": []}
RICH = (
    "# One\n\nA_word_" + "x" * 300 + "\n\n```python\nx = " + "1 + " * 200 + "1\n```\n\n"
    "| name | " + "much | " * 20 + "\n|:-:|" + "--:|" * 20 + "\n| a | " + "1 | " * 20
)

Draw = Callable[..., Page]


@pytest.fixture
def draw(lab: Lab) -> Iterator[Draw]:
    """Draws a chat of these turns in an empty page of some width."""
    with lab.blank("<!doctype html>") as page:

        def drawn(*answers: str, width: int = 800, is_stopped: bool = False) -> Page:
            page.set_viewport_size({"width": width, "height": 700})
            if is_stopped:
                page.clock.install(time=0)
                page.clock.pause_at(1000)
            page.evaluate(RENDER, [module("chat"), style("chat")])
            turns = [
                {**TURN, "at": at, "parts": [{"kind": "text", "html": rendered(one)}]}
                for at, one in enumerate(answers)
            ]
            told = {**ALL, "turns": turns}
            page.evaluate("told => tell({ ...told, view: heard[0].view })", told)
            page.evaluate("tell({ type: 'heard', ask: heard[0].ask })")
            return page

        yield drawn


def said(page: Page, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(SAID, kind)
    return found


def begin(page: Page, ask: str) -> None:
    live = {**TURN, "at": 0, "key": "k", "ask": ask}
    page.evaluate("live => tell({ type: 'live', live })", live)


def message(page: Page) -> Any:
    return page.get_by_label("Message", exact=True)


def test_what_is_typed_before_the_kernel_answers_stays(draw: Draw) -> None:
    page = draw()
    message(page).fill("Count")
    message(page).press("Enter")
    message(page).press_sequentially(" and more")
    # Nor is anything sent twice.
    message(page).press("Enter")
    page.wait_for_function("heard.some(one => one.type === 'send')")
    (sent,) = said(page, "send")
    assert sent["text"] == "Count"
    # A turn that another page began takes nothing away.
    begin(page, "another")
    assert message(page).input_value() == "Count and more"
    begin(page, sent["ask"])
    assert message(page).input_value() == " and more"
    # It failed: what is in the field is the newer.
    page.evaluate("tell({ type: 'over', kept: false, error: 'no', mark: '' })")
    assert message(page).input_value() == " and more"
    message(page).press("Enter")
    page.wait_for_function("heard.filter(one => one.type === 'send').length === 2")


def test_what_is_refused_can_be_sent_again(draw: Draw) -> None:
    page = draw()
    message(page).fill("Count")
    for nth in range(2):
        message(page).press("Enter")
        page.wait_for_function(
            "count => heard.filter(one => one.type === 'send').length === count", arg=nth + 1
        )
        ask = said(page, "send")[-1]["ask"]
        page.evaluate("tell({ type: 'refused', told: 'no' })")
        page.evaluate("ask => tell({ type: 'heard', ask })", ask)
        assert message(page).input_value() == "Count"
        expect(page.locator(".said.fault")).to_have_text("no")


def test_said_again_to_a_silent_kernel_it_is_the_same(draw: Draw) -> None:
    page = draw(is_stopped=True)
    message(page).fill("Count")
    for _ in range(2):
        message(page).press("Enter")
        page.clock.run_for(4000)
        expect(page.locator(".said")).to_contain_text("The kernel has not answered")
    message(page).fill("Count on")
    message(page).press("Enter")
    page.wait_for_function("heard.filter(one => one.type === 'send').length === 3")
    asks = [one["ask"] for one in said(page, "send")]
    assert asks[0] == asks[1] != asks[2]


def test_a_slow_kernel_is_told_of_the_page_for_long_enough(lab: Lab) -> None:
    with lab.blank("<!doctype html>") as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.evaluate(RENDER, [module("chat"), style("chat")])
        page.clock.run_for(3900)
        assert page.locator(".said").inner_text() == ""
        page.clock.run_for(300)
        expect(page.locator(".said")).to_contain_text("The kernel has not answered")
        before = len(said(page, "ready"))
        page.clock.run_for(10_000)
        assert len(said(page, "ready")) > before
        page.clock.run_for(60_000)
        before = len(said(page, "ready"))
        page.clock.run_for(60_000)
        assert len(said(page, "ready")) == before
        assert len({one["ask"] for one in said(page, "ready")}) == 1


def test_keys_stay_in_the_chat_when_what_had_them_goes(draw: Draw) -> None:
    page = draw("```python\nx = 1\n```")
    page.get_by_role("button", name="Copy").focus()
    told = {"type": "from", "since": 0, "first": 0, "turns": [], "undone": "", "landed": False}
    page.evaluate("told => tell(told)", {**told, "title": ""})
    expect(page.get_by_label("Conversation")).to_be_focused()


def test_columns_are_set_as_they_are_written(draw: Draw) -> None:
    page = draw("| a | b | c | d |\n|:--|--:|:-:|---|\n| 1 | 2 | 3 | 4 |")
    for row in ("th", "td"):
        set_to = page.locator(row).evaluate_all(
            "all => all.map(e => getComputedStyle(e).textAlign)"
        )
        assert [one.removeprefix("-webkit-") for one in set_to] == [
            "left", "right", "center", "start",
        ]  # fmt: skip


@pytest.mark.parametrize("width", [320, 800, 1600])
def test_it_fits_the_page(draw: Draw, width: int) -> None:
    page = draw(RICH, width=width)
    page.locator("summary").first.click()
    page.evaluate(
        "card => tell({ type: 'card', card })",
        {"kind": "consent", "key": "k", "tool": "t" * 90, "call": "c" * 900, "why": "w" * 90},
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for one in page.locator("button:visible, input:visible, textarea:visible").all():
        box = one.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    # What is too wide is scrolled where it stands.
    assert page.locator("pre").first.evaluate("e => e.scrollWidth > e.clientWidth")
    log = page.get_by_label("Conversation")
    assert log.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_field_grows_to_eight_lines(draw: Draw) -> None:
    page = draw()
    heights = []
    for lines in (1, 4, 8, 40):
        message(page).fill("\n".join(["line"] * lines))
        heights.append(message(page).bounding_box()["height"])
    one, four, eight, many = heights
    assert one < four < eight
    assert abs(many - eight) < 1
    assert 5 < eight / one < 9


def test_the_meter_says_how_full_it_is(draw: Draw) -> None:
    page = draw()
    meter = page.get_by_role("meter")
    for share, is_full in [(0.25, False), (0.8, True)]:
        told = {"type": "meter", "share": share, "told": f"{share} of it", "is_full": is_full}
        page.evaluate("told => tell(told)", told)
        expect(meter).to_have_attribute("aria-valuenow", f"{100 * share:.0f}")
        expect(meter).to_have_attribute("aria-valuetext", f"{share} of it")
        expect(page.locator(".spent")).to_have_text(f"{share} of it")
        drawn, whole = meter.locator("div").bounding_box(), meter.bounding_box()
        assert abs(drawn["width"] / whole["width"] - share) < 0.02
        assert ("full" in (meter.get_attribute("class") or "")) == is_full


def test_model_and_temperature_go_along(draw: Draw) -> None:
    page = draw("an answer")
    page.locator("summary", has_text="m").click()
    page.get_by_label("Model", exact=True).fill("other")
    page.get_by_label("Temperature").fill("0.3")
    expect(page.locator(".settings summary")).to_have_text("other")
    page.get_by_role("button", name="Ask again").click()
    (again,) = said(page, "again")
    assert (again["at"], again["model"], again["temperature"]) == (0, "other", 0.3)
    page.get_by_label("Temperature").fill("")
    message(page).fill("Now?")
    message(page).press("Enter")
    page.wait_for_function("heard.some(one => one.type === 'send')")
    (sent,) = said(page, "send")
    assert (sent["model"], sent["temperature"]) == ("other", None)


def test_what_is_read_out_is_not_every_word(draw: Draw) -> None:
    page = draw()
    begin(page, "")
    part = {"kind": "text", "html": "<p>one</p>"}
    page.evaluate("part => tell({ type: 'part', nth: 0, part })", part)
    page.evaluate("tell({ type: 'text', text: ' two' })")
    expect(page.locator(".live")).to_contain_text("one two")
    loud = page.locator("[aria-live], [role=status], [role=log], [role=alert]")
    assert loud.all_inner_texts() == ["", "The model is answering."]
