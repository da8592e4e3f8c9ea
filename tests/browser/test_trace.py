"""A person in JupyterLab walks through a trace: zooms, filters, opens, and reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from mojentic_nb.views.bars import Bar
from mojentic_nb.views.palette import GREY
from mojentic_nb.views.theme import AMBER, BRIGHT, MUTED, RED
from mojentic_nb.views.waterfall import waterfall_html
from mojentic_nb.widgets.browser_half import module, style
from mojentic_nb.widgets.trace_columns import columns_of
from tests.browser.labs import Lab, Notebook
from tests.tracer.spans import a_day, call, id_of

# What a model, a tool or a person may write. Each would run something if taken for markup.
NASTY = "<img src=x onerror=document.title='run'></pre><svg onload=document.title='run'>"
SETUP = f"""
from threading import Event
from mojentic_nb import DemoGateway, LLMBroker, TracerSystem, TraceWidget
nasty, pause = {NASTY!r}, Event()
def heard(question):
    tracer = TracerSystem()
    LLMBroker("demo", DemoGateway(), tracer=tracer).generate(question)
    return tracer
"""
SHOW = """
tracer = heard(nasty)
with tracer.span(nasty):
    pass
TraceWidget(tracer)
"""
# Until somebody interrupts.
BUSY = "while True:\n    pause.wait(0.05)"
LIVE = f"""
from IPython.display import display
tracer = TracerSystem()
live = TraceWidget(tracer)
display(live)
while not live._pages:
    pause.wait(0.05)
LLMBroker("demo", DemoGateway(), tracer=tracer).generate("Now?")
{BUSY}
"""
SETUP_AT, SHOW_AT, BUSY_AT, LIVE_AT = range(4)

# Draws the widget in a page without a notebook or a kernel, and keeps what it says.
RENDER = """async ([source, style, table]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  window.said = [];
  const model = { get: () => table, send: one => said.push(one), on: () => {}, off: () => {} };
  window.remove = widget.render({ model, el: document.body });
}"""

# Text and surface of Lab's two themes.
THEMES = [("rgba(0, 0, 0, 0.87)", "#ffffff"), ("rgba(255, 255, 255, 1)", "#111111")]
# How far the edge of a bar stands out from the surface, as WCAG counts it.
CONTRAST = """(bar) => {
  const seen = (...colours) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = canvas.getContext("2d");
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((part) =>
      part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const surface = getComputedStyle(document.body).backgroundColor;
  const two = [seen(surface), seen(surface, getComputedStyle(bar).borderTopColor)];
  return Math.max(...two) / Math.min(...two);
}"""
# Of the labels of a scale: how many are seen, and how many of them are cut or run into the next.
LABELS = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  const ends = [...document.querySelectorAll("th span")]
    .filter((one) => one.checkVisibility() && one.scrollHeight <= one.clientHeight)
    .map((one) => {
      pen.font = getComputedStyle(one).font;
      const { left } = one.getBoundingClientRect();
      const { right } = one.parentElement.getBoundingClientRect();
      return { left, right, end: left + 4 + pen.measureText(one.dataset.t).width };
    });
  const cut = ends.filter(({ end, right }, n) => end > Math.min(right, ends[n + 1]?.left ?? 1e9));
  return [ends.length, cut.length];
}"""


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    """A notebook that has a trace to show."""
    opened = lab.open(SETUP, SHOW, BUSY, LIVE)
    opened.run(SETUP_AT)
    yield opened
    assert opened.complaints == []
    assert opened.page.title() != "run"
    opened.close()


@pytest.fixture
def draw(lab: Lab) -> Iterator[object]:
    """Draws spans in an empty page of some width."""
    with lab.blank("<!doctype html>") as page:

        def drawn(spans, width: int = 1000) -> Page:
            page.set_viewport_size({"width": width, "height": 700})
            page.evaluate(RENDER, [module("trace"), style("trace"), columns_of(spans)])
            return page

        yield drawn


def named(page: Page, names: list[str]) -> None:
    expect(page.locator(".mj-trace .row bdi")).to_have_text(names)


def shown(page: Page) -> str:
    return str(page.locator(".ruler").get_attribute("aria-label")).partition(";")[0]


def shows(page: Page, told: str) -> None:
    """What is in sight; a wheel and a drag are seen a frame later."""
    label = re.compile(rf"{re.escape(told)};")
    expect(page.locator(".ruler")).to_have_attribute("aria-label", label)


def shows_no_more(page: Page, *told: str) -> None:
    for one in told:
        label = re.compile(rf"^{re.escape(one)}")
        expect(page.locator(".ruler")).not_to_have_attribute("aria-label", label)


# in a notebook ------------------------------------------------------------------


def test_an_opened_span_is_told_while_another_cell_runs(notebook: Notebook) -> None:
    widget = notebook.run(SHOW_AT).locator(".mj-trace")
    widget.locator(".row").first.wait_for()
    notebook.begin(BUSY_AT)
    widget.locator(".row", has_text="demo").click()
    expect(widget.locator(".message pre").first).to_have_text(NASTY)
    expect(widget.locator(".said")).to_have_text("")
    assert widget.locator(":is(img, svg, script)").count() == 0
    notebook.interrupt()
    notebook.finish(BUSY_AT)


def test_it_grows_while_its_own_cell_runs(notebook: Notebook) -> None:
    widget = notebook.begin(LIVE_AT).locator(".mj-trace")
    expect(widget.locator(".empty")).to_contain_text("no calls traced yet")
    widget.locator(".row", has_text="demo").wait_for()
    notebook.interrupt()
    notebook.finish(LIVE_AT)


def test_opened_again_without_a_kernel_it_is_a_picture(notebook: Notebook) -> None:
    output = notebook.run(SHOW_AT)
    output.locator(".mj-trace .row").first.wait_for()
    # One of the two is seen.
    expect(output.locator(".mj-still")).to_be_hidden()
    saved = notebook.saved()
    still, _live = saved.cells[SHOW_AT].outputs
    assert set(still.data) == {"text/html", "text/plain"}
    assert "1 call" in still.data["text/plain"]
    assert "widgets" not in saved.metadata
    notebook.command("kernelmenu:shutdown")
    row = output.locator(".mj-trace .row", has_text="demo")
    row.click()
    expect(output.locator(".said")).to_contain_text("The kernel has not answered")
    notebook.page.reload()
    output = notebook.output(SHOW_AT)
    expect(output.locator(".mj-still")).to_contain_text("1 call")
    expect(output.get_by_text("Error displaying widget")).to_be_hidden()


# in a page ----------------------------------------------------------------------


def test_it_zooms_by_button_key_wheel_and_drag(draw) -> None:
    page = draw(a_day())
    everything = "Time from 0 ms to 40.0 s"
    shows(page, everything)
    page.get_by_role("button", name="Zoom in").click()
    shows_no_more(page, everything)
    page.get_by_role("button", name="Fit everything").click()
    shows(page, everything)

    page.locator(".ruler").focus()
    page.keyboard.press("+")
    shows_no_more(page, everything)
    closer = shown(page)
    page.keyboard.press("ArrowRight")
    shows_no_more(page, everything, closer)
    page.keyboard.press("0")
    shows(page, everything)

    box = page.locator(".scale").bounding_box()
    y = box["y"] + 8
    page.mouse.move(box["x"] + 1, y)
    page.mouse.wheel(0, -100)
    shows(page, "s to 26.7 s")
    page.mouse.dblclick(box["x"] + 9, y)
    shows(page, everything)

    page.mouse.move(box["x"] + box["width"] / 4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, y, steps=3)
    page.mouse.up()
    shows(page, "Time from 10.0 s to 20.0 s")
    lane = page.locator(".lane").first.bounding_box()
    page.mouse.move(lane["x"] + 90, lane["y"] + 9)
    page.mouse.down()
    page.mouse.move(lane["x"] + 5, lane["y"] + 9, steps=3)
    page.mouse.up()
    shows_no_more(page, "Time from 10.0 s")
    # A drag opens nothing.
    expect(page.locator(".detail")).to_be_hidden()


def test_it_filters(draw) -> None:
    page = draw(a_day())
    page.get_by_label("Filter by tool").select_option("weather")
    named(page, ["turn", "side by side", "weather", "turn", "✗ weather"])
    expect(page.locator(".sums")).to_contain_text("2 of 22 spans · 2 tools · ")
    page.get_by_label("Filter by status").select_option("error")
    named(page, ["turn", "✗ weather"])
    page.get_by_label("Filter by text").fill("nowhere")
    named(page, [])
    expect(page.locator(".empty")).to_have_text("No span fits the filter.")


def test_keys_reach_every_span(draw) -> None:
    page = draw([call(n, 1 if n > 1 else None, at_ms=n) for n in range(1, 2_001)])
    drawn = page.locator(".row")
    assert drawn.count() < 40
    page.locator(".row[tabindex='0']").focus()
    page.keyboard.press("End")
    focused = page.locator(".row:focus")
    expect(focused).to_have_attribute("data-id", id_of(2_000))
    expect(focused).to_have_attribute("aria-rowindex", "2000")
    expect(focused).to_have_attribute("aria-level", "2")
    assert drawn.count() < 40
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("data-id", id_of(1))
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-expanded", "false")
    expect(drawn).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    # Nobody answers here: that it is there is said again meanwhile.
    assert page.evaluate("said.findLast(one => one.type === 'span').span") == id_of(2)
    expect(page.locator(".detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_be_hidden()
    expect(focused).to_have_attribute("data-id", id_of(2))


# Keys faster than the page is drawn: each goes where the focus is by then.
TYPE = """async keys => {
  for (const [nth, key] of keys.entries()) {
    const press = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(press);
    if (nth % 7 === 0) await new Promise(requestAnimationFrame);
  }
}"""


def test_no_key_is_lost_however_fast_they_come(draw) -> None:
    page = draw([call(n, 1 if n > 1 else None, at_ms=n) for n in range(1, 301)])
    page.locator(".row[tabindex='0']").focus()
    page.evaluate(TYPE, ["ArrowDown"] * 150 + ["PageDown", "PageDown", "ArrowUp", "Enter"])
    expect(page.locator(".row:focus")).to_have_attribute("data-id", id_of(170))
    assert page.evaluate("said.findLast(one => one.type === 'span').span") == id_of(170)
    page.evaluate(TYPE, ["Escape", "ArrowLeft", "ArrowLeft", "ArrowRight", "End", "Enter"])
    assert page.evaluate("said.findLast(one => one.type === 'span').span") == id_of(300)


@pytest.mark.parametrize("width", [320, 1400])
def test_it_fits_the_page(draw, width: int) -> None:
    page = draw(a_day(), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    scale, lane = (page.locator(one).first.bounding_box() for one in (".scale", ".lane"))
    assert abs(scale["x"] - lane["x"]) < 1
    assert abs(scale["width"] - lane["width"]) < 1


def test_a_narrow_page_has_room_for_names(draw) -> None:
    page = draw(a_day(), 220)
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    assert page.locator(".name").count() > 5
    assert page.locator(".name").evaluate_all(cut) == 0


def test_a_long_name_leaves_room_for_the_button(draw) -> None:
    page = draw([call(1, None, model="a model of a very long name indeed")], 220)
    page.locator(".row").click()
    close = page.get_by_role("button", name="Close")
    assert close.evaluate("one => one.scrollHeight <= one.clientHeight")


@pytest.mark.parametrize("text, surface", THEMES)
def test_a_bar_of_any_hue_is_seen(lab: Lab, text: str, surface: str) -> None:
    with lab.blank(waterfall_html([Bar(name="a", kind="llm", duration_s=1.0)])) as page:
        sheet = f"body {{ background: {surface}; --jp-ui-font-color1: {text} }}"
        page.add_style_tag(content=sheet)
        for hue in (*BRIGHT, *MUTED, RED, AMBER, GREY):
            page.locator("i").evaluate("(bar, hue) => { bar.style.color = hue; }", hue)
            assert page.locator("i").evaluate(CONTRAST) > 3, hue


@pytest.mark.parametrize("takes", [0.1801, 0.2005, 1.02, 6.4, 95.0])
def test_the_labels_of_the_scale_are_whole(lab: Lab, takes: float) -> None:
    with lab.blank(waterfall_html([Bar(name="a", kind="llm", duration_s=takes)])) as page:
        for width in (230, 320, 560, 700, 1000):
            page.set_viewport_size({"width": width, "height": 300})
            seen, cut = page.evaluate(LABELS)
            assert seen >= 2
            assert cut == 0, width


def test_what_is_drawn_is_text(draw) -> None:
    page = draw([call(1, None, model=NASTY, error_type=NASTY, status="error")])
    assert page.locator(".row bdi").inner_text().startswith("✗ <img src=x")
    assert page.locator(":is(img, svg)").count() == 0
    page.evaluate("remove()")
    assert page.locator(".mj-trace").count() == 0
    assert page.evaluate("said.at(-1).type") == "gone"
