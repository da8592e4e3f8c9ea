"""A person in JupyterLab votes blind: by keys, by buttons, back again, and to the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from mojentic_nb.widgets.browser_half import module, style
from tests.browser import axe
from tests.browser.labs import Lab, Notebook
from tests.browser.test_chat_safety import ACTING
from tests.house.source import ROOT
from tests.widgets.payloads import PAYLOADS

SETUP = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import mojentic_nb
from tests.compare.answered import answered
payloads = {PAYLOADS!r}
rich = "# One\\n\\n*Words*, `code`, [a link](https://e.org).\\n\\n```python\\nx = 1\\n```"
table = "| a |\\n|---|\\n| 1 |"
def says(who):
    return lambda n, m: f"{{who.lower()}} {{n}}\\n\\n{{rich if n else ''}}\\n\\n{{table}}"
def made():
    prompts = [f"Question {{n}}?" for n in range(4)]
    return answered(prompts, {{who: says(who) for who in ("ANN", "BEN")}})
r = made()
"""
SHOW = "r.vote()"
NASTY = """
many = [f"{n} {text}" for n, text in enumerate(payloads)]
nasty = answered(many, {payloads[0]: many, payloads[5]: [f"{one} {one}" for one in many]})
nasty.vote(most=len(many))
"""
SETUP_AT, SHOW_AT, NASTY_AT = range(3)

# Draws the widget in a page without a notebook or a kernel, and keeps what it says.
RENDER = """async ([source, style, deeds, page]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  window.said = [];
  window.state = { deeds, page };
  const model = {
    get: name => state[name], send: one => said.push(one),
    on: (name, hear) => { window.tell = page => { state.page = page; hear(); }; }, off: () => {},
  };
  window.remove = widget.render({ model, el: document.body });
}"""


@pytest.fixture
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    opened = lab.open(SETUP, SHOW, NASTY, theme=getattr(request, "param", "light"))
    opened.run(SETUP_AT)
    yield opened
    assert opened.complaints == []
    assert opened.page.title() != "run"
    opened.close()


def count(widget: Locator, told: str) -> None:
    expect(widget.get_by_role("status").first).to_have_text(told)


def seen(widget: Locator) -> tuple[str, str]:
    left, right = (widget.get_by_label(f"Answer {one}") for one in "AB")
    return left.inner_text(), right.inner_text()


def test_a_vote_by_keys_back_and_to_the_end(notebook: Notebook) -> None:
    output = notebook.run(SHOW_AT)
    widget = output.locator(".mj-vote")
    count(widget, "0 of 4 pairs voted on")
    before = notebook.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.length")
    # Whoever is elsewhere votes on nothing.
    notebook.page.locator("body").press("t")
    widget.get_by_label("Answer A").click()
    first = seen(widget)
    notebook.page.keyboard.press("x")
    count(widget, "1 of 4 pairs voted on")
    second = seen(widget)
    assert second != first
    notebook.page.keyboard.press("ArrowLeft")
    count(widget, "2 of 4 pairs voted on")
    notebook.page.keyboard.press("Backspace")
    count(widget, "1 of 4 pairs voted on")
    assert seen(widget) == second
    notebook.page.keyboard.press("u")
    count(widget, "0 of 4 pairs voted on")
    assert seen(widget) == first
    for key, told in [("b", "1 of 4"), ("s", "1 of 4"), ("ArrowRight", "2 of 4"), ("t", "3 of 4")]:
        notebook.page.keyboard.press(key)
        skipped = ", 1 skipped" if key != "b" else ""
        count(widget, f"{told} pairs voted on{skipped}")
    expect(widget.locator(".over")).to_have_text("That was the last pair.")
    assert "ANN" not in output.inner_html()
    # Keys go on, though what had the focus is gone.
    notebook.page.keyboard.press("u")
    count(widget, "2 of 4 pairs voted on, 1 skipped")
    notebook.page.keyboard.press("t")
    widget.get_by_role("button", name="Show whose").click()
    expect(widget.locator(".over tr")).to_have_count(3)
    assert {"ANN", "BEN"} <= set(widget.locator(".over td:first-child").all_inner_texts())
    # None of these keys was the notebook's, nor are those that mean nothing here.
    widget.focus()
    for key in "ddxam":
        notebook.page.keyboard.press(key)
    cells = notebook.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.length")
    assert cells == before


def test_buttons_do_the_same_and_stay_in_their_place(notebook: Notebook) -> None:
    widget = notebook.run(SHOW_AT).locator(".mj-vote")
    button = widget.get_by_role("button", name="B is better")
    place = button.bounding_box()
    button.click()
    count(widget, "1 of 4 pairs voted on")
    expect(button).to_be_focused()
    widget.get_by_role("button", name="Stop here").click()
    expect(widget.locator(".over")).to_have_text("You stopped here.")
    widget.get_by_role("button", name="Undo").click()
    expect(button).to_be_visible()
    assert place is not None
    after = button.bounding_box()
    assert after is not None
    assert after["x"] == place["x"]
    assert after["y"] >= place["y"]


def test_opened_again_without_a_kernel_it_tells_how_far_it_came(notebook: Notebook) -> None:
    output = notebook.run(SHOW_AT)
    widget = output.locator(".mj-vote")
    expect(output.locator(".mj-still-vote")).to_be_hidden()
    widget.get_by_role("button", name="Tie").click()
    count(widget, "1 of 4 pairs voted on")
    widget.get_by_role("button", name="Stop here").click()
    widget.get_by_role("button", name="Show whose").click()
    expect(output.locator(".mj-still-vote")).to_contain_text("ANN")
    saved = notebook.saved()
    still, _live = saved.cells[SHOW_AT].outputs
    assert set(still.data) == {"text/html", "text/plain"}
    assert "ANN" in still.data["text/plain"]
    notebook.page.reload()
    output = notebook.output(SHOW_AT)
    expect(output.locator(".mj-still-vote")).to_contain_text("candidate")
    expect(output.get_by_text("Error displaying widget")).to_be_hidden()


def test_nothing_that_is_written_runs(notebook: Notebook) -> None:
    widget = notebook.run(NASTY_AT).locator(".mj-vote")
    widget.focus()
    for nth in range(1, len(PAYLOADS) + 1):
        assert widget.evaluate(ACTING) == []
        notebook.page.keyboard.press("s")
        count(widget, f"0 of {len(PAYLOADS)} pairs voted on, {nth} skipped")
    widget.get_by_role("button", name="Show whose").click()
    expect(widget.locator(".over tr")).to_have_count(3)
    assert widget.evaluate(ACTING) == []


@pytest.mark.parametrize("notebook", ["light", "dark"], indirect=True)
def test_everybody_can_use_it(notebook: Notebook) -> None:
    found = axe.find()
    if found is None:
        pytest.skip(axe.HOW_TO_GET_IT)

    notebook.page.set_viewport_size({"width": 1280, "height": 2000})
    widget = notebook.run(SHOW_AT).locator(".mj-vote")
    count(widget, "0 of 4 pairs voted on")
    for n in range(4):
        assert axe.findings(notebook.page, found, ".mj-vote") == []
        widget.get_by_role("button", name="Both bad").click()
        count(widget, f"{n + 1} of 4 pairs voted on")
    assert axe.findings(notebook.page, found, ".mj-vote") == []
    widget.get_by_role("button", name="Show whose").click()
    expect(widget.locator(".over tr")).to_have_count(3)
    assert axe.findings(notebook.page, found, ".mj-vote") == []


# in a page ----------------------------------------------------------------------

DEEDS = [["a", "A is better", "←", "ArrowLeft a"], ["tie", "Tie", "↓", "ArrowDown t"]]
LONG = "<p>" + "word " * 900 + "</p>"
PAGE = {
    "key": "0", "done": 0, "of": 3, "count": "none", "said": "", "over": "",
    "asked": "What?", "a": LONG, "b": "<p>short</p>", "can": ["a", "tie"],
}  # fmt: skip


@pytest.fixture
def draw(lab: Lab) -> Iterator[object]:
    """Draws a page of a vote without a notebook."""
    with lab.blank("<!doctype html><textarea></textarea>") as page:

        def drawn(width: int = 800, **changes: object) -> object:
            page.set_viewport_size({"width": width, "height": 700})
            sources = [module("vote"), style("vote"), DEEDS, {**PAGE, **changes}]
            page.evaluate(RENDER, sources)
            return page

        yield drawn


def test_what_is_not_seen_yet_is_not_voted_on(draw) -> None:
    page = draw()
    page.locator(".mj-vote").focus()
    for _ in range(3):
        page.keyboard.press("a")
    assert page.evaluate("said") == [{"type": "a", "key": "0"}]
    page.evaluate("page => tell(page)", {**PAGE, "key": "1", "can": ["tie"]})
    page.keyboard.press("a")
    page.keyboard.press("t")
    assert page.evaluate("said.slice(1)") == [{"type": "tie", "key": "1"}]


def test_who_writes_elsewhere_keeps_the_keys(draw) -> None:
    page = draw()
    page.locator("textarea").press_sequentially("at")
    page.evaluate("page => tell(page)", {**PAGE, "key": "1"})
    page.locator("textarea").press_sequentially("x")
    assert page.locator("textarea").input_value() == "atx"
    assert page.evaluate("said") == []


def test_a_long_answer_is_scrolled_by_keys_not_voted_on(draw) -> None:
    page = draw()
    page.get_by_label("Answer A").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "() => document.querySelector('.text[aria-label=\"Answer A\"]').scrollTop"
    )
    assert page.evaluate("said") == []
    page.get_by_label("Answer B").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("said.length") == 1


def test_a_kernel_that_says_nothing_is_told_of(draw) -> None:
    page = draw()
    page.clock.install(time=0)
    page.get_by_role("button", name="Tie").click()
    page.clock.run_for(4000)
    expect(page.get_by_role("status").last).to_contain_text("the kernel is busy")


@pytest.mark.parametrize("width, columns", [(320, 1), (800, 2)])
def test_it_fits_the_page(draw, width: int, columns: int) -> None:
    page = draw(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    lefts = {page.get_by_label(f"Answer {one}").bounding_box()["x"] for one in "AB"}
    assert len(lefts) == columns


def test_the_page_lets_nothing_through_by_itself(draw) -> None:
    page = draw()
    for one in PAYLOADS:
        told = {**PAGE, **dict.fromkeys(("asked", "a", "b", "over", "said", "count"), one)}
        page.evaluate("page => tell(page)", told)
        assert page.locator(".mj-vote").evaluate(ACTING) == []
    assert page.title() != "run"
    page.evaluate("remove()")
    assert page.locator(".mj-vote").count() == 0
