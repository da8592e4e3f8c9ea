"""A person in JupyterLab looks through a comparison: filters, sorts, opens, and reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from mojentic_nb.widgets.browser_half import module, style
from mojentic_nb.widgets.compare_columns import Grid
from tests.browser import axe
from tests.browser.labs import Lab, Notebook
from tests.browser.test_chat_safety import ACTING
from tests.compare.answered import answered
from tests.house.source import ROOT
from tests.widgets.payloads import PAYLOADS

SETUP = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import mojentic_nb
from tests.compare.answered import answered
payloads = {PAYLOADS!r}
says = {{
    "ann": ["It is **Paris** now", "391", "Waves\\nfold", "same"],
    "ben": ["It is Lyon now", "390", None, "same"],
}}
asked = ["What is the capital of France?", "What is 17 * 23?", "A haiku?", "The same?"]
r = answered(asked, says, checks={{"right": lambda text: text in ("391", "same"), "short": "s"}})
"""
SHOW = "r.explore()"
NASTY = """
prompts = [{"prompt": one, "id": one, "expected": one} for one in payloads]
def fails(text):
    raise ValueError(" ".join(payloads))
nasty = answered(
    prompts,
    {payloads[0]: payloads, payloads[5]: [f"more {one}" for one in payloads]},
    checks={payloads[1]: fails},
)
nasty.explore()
"""
TRACED = """
from mojentic_nb import DemoGateway, LLMBroker, compare, current_tracer
current_tracer()
models = {name: LLMBroker(name, DemoGateway()) for name in ("x", "y")}
mojentic_nb.compare(["What is 17 * 23?"], models, store=None, progress=False).explore()
"""
SETUP_AT, SHOW_AT, NASTY_AT, TRACED_AT = range(4)

# Draws the widget in a page without a notebook or a kernel, and keeps what it says.
RENDER = """async ([source, style, table]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  window.said = [];
  const model = {
    get: () => table, send: one => said.push(one),
    on: (name, hear) => { window.tell = told => hear({ view: said.at(-1).view, ...told }); },
    off: () => {},
  };
  window.remove = widget.render({ model, el: document.body });
}"""


@pytest.fixture
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    opened = lab.open(SETUP, SHOW, NASTY, TRACED, theme=getattr(request, "param", "light"))
    opened.run(SETUP_AT)
    yield opened
    assert opened.complaints == []
    assert opened.page.title() != "run"
    opened.close()


def count(widget: Locator, told: str) -> None:
    expect(widget.get_by_role("status").first).to_have_text(told)


# in a notebook ------------------------------------------------------------------


def test_it_filters_sorts_and_opens(notebook: Notebook) -> None:
    widget = notebook.run(SHOW_AT).locator(".mj-compare")
    count(widget, "4 items")
    widget.get_by_label("Show").select_option(label="errors (1)")
    count(widget, "1 of 4 items")
    expect(widget.locator(".rows .name")).to_have_text(["A haiku?"])
    widget.get_by_label("Show").select_option("")
    count(widget, "4 items")
    widget.get_by_label("Filter by text").press_sequentially("PARIS")
    count(widget, "1 of 4 items")
    widget.get_by_label("Filter by text").fill("")
    count(widget, "4 items")
    widget.get_by_label("Sort").select_option(label="by name")
    expect(widget.locator(".rows .name")).to_have_text(
        ["A haiku?", "The same?", "What is 17 * 23?", "What is the capital of France?"]
    )

    widget.locator(".row", has_text="France").locator(".cell").nth(1).click()
    detail = widget.get_by_role("region", name="The answer")
    expect(detail).to_contain_text("ben · What is the capital of France?")
    expect(detail.locator("tbody tr")).to_have_count(2)
    expect(detail).to_contain_text("0.84 s · first 0.12 s")
    detail.get_by_label("Differences").select_option(label="beside ann")
    expect(detail.locator(".plain del").first).to_have_text("**Paris**")
    expect(detail.locator(".plain ins").first).to_have_text("Lyon")
    detail.get_by_role("button", name="Close").click()
    expect(detail).to_be_hidden()
    expect(widget.locator(".cell:focus")).to_contain_text("Lyon")


def test_an_opened_answer_has_its_trace(notebook: Notebook) -> None:
    widget = notebook.run(TRACED_AT).locator(".mj-compare")
    widget.locator(".cell").first.click()
    widget.locator("summary", has_text="trace").click()
    bar = widget.locator(".spans tbody tr").first
    expect(bar).to_contain_text("28 tok")
    assert bar.locator("i").bounding_box()["width"] > 20


def test_opened_again_without_a_kernel_the_answers_stand_side_by_side(notebook: Notebook) -> None:
    output = notebook.run(SHOW_AT)
    output.locator(".mj-compare .cell").first.wait_for()
    expect(output.locator(".mj-still-compare")).to_be_hidden()
    saved = notebook.saved()
    still, _live = saved.cells[SHOW_AT].outputs
    assert "Waves fold" in still.data["text/plain"]
    assert "widgets" not in saved.metadata
    notebook.page.reload()
    output = notebook.output(SHOW_AT)
    expect(output.locator(".mj-still-compare")).to_contain_text("390")
    expect(output.get_by_text("Error displaying widget")).to_be_hidden()


def test_nothing_that_is_written_runs(notebook: Notebook) -> None:
    widget = notebook.run(NASTY_AT).locator(".mj-compare")
    count(widget, f"{len(PAYLOADS)} items")
    assert widget.evaluate(ACTING) == []
    detail = widget.get_by_role("region", name="The answer")
    for nth in range(0, 2 * len(PAYLOADS), 7):
        title = "more" if nth % 2 else ""
        widget.locator(".cell").nth(nth).evaluate("cell => cell.click()")
        expect(detail.locator(".head b")).to_contain_text("onerror" if nth % 2 else "script")
        assert widget.evaluate(ACTING) == []
        detail.get_by_label("Differences").select_option(index=1)
        expect(detail.locator(".plain").first).to_contain_text(title)
        assert widget.evaluate(ACTING) == []
    expect(detail).to_contain_text("ValueError: ")


@pytest.mark.parametrize("notebook", ["light", "dark"], indirect=True)
def test_everybody_can_use_it(notebook: Notebook) -> None:
    found = axe.find()
    if found is None:
        pytest.skip(axe.HOW_TO_GET_IT)

    notebook.page.set_viewport_size({"width": 1280, "height": 2000})
    widget = notebook.run(SHOW_AT).locator(".mj-compare")
    count(widget, "4 items")
    assert axe.findings(notebook.page, found, ".mj-compare") == []
    detail = widget.get_by_role("region", name="The answer")
    for nth in (1, 5):
        widget.locator(".cell").nth(nth).click()
        expect(detail.locator(".head b")).to_contain_text("ben")
        expect(detail.locator("tbody tr" if nth == 1 else "p.bad")).not_to_have_count(0)
        detail.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert axe.findings(notebook.page, found, ".mj-compare") == []
    widget.locator(".cell").nth(1).click()
    detail.get_by_label("Differences").select_option(label="beside ann")
    expect(detail.locator(".plain del")).not_to_have_count(0)
    assert axe.findings(notebook.page, found, ".mj-compare") == []
    widget.get_by_label("Filter by text").fill("nowhere")
    count(widget, "0 of 4 items")
    assert axe.findings(notebook.page, found, ".mj-compare") == []


# in a page ----------------------------------------------------------------------


@pytest.fixture
def draw(lab: Lab) -> Iterator[object]:
    """Draws a comparison in an empty page of some width."""
    with lab.blank("<!doctype html>") as page:

        def drawn(comparison: object, width: int = 1000) -> Page:
            page.set_viewport_size({"width": width, "height": 700})
            table = Grid(comparison).columns()  # type: ignore[arg-type]
            page.evaluate(RENDER, [module("compare"), style("compare"), table])
            return page

        yield drawn


def many(items: int, candidates: int = 4) -> object:
    says = {f"model {who}": [f"{who} {n} word" for n in range(items)] for who in range(candidates)}
    return answered([f"question {n}" for n in range(items)], says)


def test_keys_reach_every_answer(draw) -> None:
    page = draw(many(1000))
    assert page.locator("[tabindex='0'].cell").count() == 1
    page.locator("[tabindex='0'].cell").focus()
    focused = page.locator(".cell:focus")
    for key, text in [
        ("ArrowDown", "0 1 word"), ("ArrowRight", "1 1 word"), ("End", "1 999 word"),
        ("ArrowDown", "1 999 word"), ("Home", "1 0 word"), ("ArrowLeft", "0 0 word"),
    ]:  # fmt: skip
        page.keyboard.press(key)
        expect(focused).to_contain_text(text)
    page.keyboard.press("End")
    assert focused.is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("said.at(-1).item") == 999
    page.evaluate("tell({ title: 'x', html: '<p>whole</p>', picks: [] })")
    expect(page.locator(".detail")).to_contain_text("whole")
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_be_hidden()
    assert page.locator("[tabindex='0'].cell").count() == 1


def test_only_rows_in_sight_are_drawn(draw) -> None:
    page = draw(many(1000))
    seen = "all => all.filter(one => one.checkVisibility({ contentVisibilityAuto: true })).length"
    assert page.locator(".rows .row").count() == 1000
    assert page.locator(".rows .cell b").evaluate_all(seen) < 400
    page.locator(".list").evaluate("list => list.scrollTo(0, 1e6)")
    expect(page.get_by_text("3 999 word")).to_be_visible()


def test_a_filter_leaves_one_cell_to_reach_by_tab(draw) -> None:
    page = draw(many(10))
    page.locator("[tabindex='0'].cell").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_label("Filter by text").fill("q")
    told = page.evaluate("said.at(-1)")
    assert (told["type"], told["text"], told["only"], told["sort"]) == ("look", "q", "", "")
    page.evaluate("tell({ rows: [5, 0, 1] })")
    assert page.locator(".rows .name").all_inner_texts() == [
        "question 5",
        "question 0",
        "question 1",
    ]
    assert page.locator("[tabindex='0'].cell").count() == 1
    expect(page.locator("[tabindex='0'].cell")).to_contain_text("0 5 word")
    page.evaluate("tell({ rows: [1], view: 'another' })")
    assert page.locator(".rows .row").count() == 3


@pytest.mark.parametrize("width", [320, 1000])
@pytest.mark.parametrize("candidates", [1, 4])
def test_it_fits_the_page(draw, width: int, candidates: int) -> None:
    page = draw(many(30, candidates), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cells = page.locator(".rows .row").first.locator(".cell")
    tops = {cells.nth(n).bounding_box()["y"] for n in range(candidates)}
    assert len(tops) == (candidates if width == 320 else 1)
    # Where no header stands above, each answer says whose it is.
    assert page.locator(".top").is_visible() == (width == 1000)
    who = cells.first.locator(".who").bounding_box()
    assert (who["width"] > 30) == (width == 320)


def test_the_page_lets_nothing_through_by_itself(draw) -> None:
    nasty = "\n".join(PAYLOADS)
    says = {one: [text] for one, text in zip(PAYLOADS, PAYLOADS, strict=True)}
    page = draw(answered([{"prompt": nasty, "id": nasty}], says))
    page.locator(".cell").first.evaluate("cell => cell.click()")
    for one in PAYLOADS:
        told = {"title": one, "html": one, "picks": [[one, one, [[one, one]], one]], "said": one}
        page.evaluate("told => tell(told)", told)
        assert page.locator(".detail").is_visible()
        assert page.locator(".mj-compare").evaluate(ACTING) == []
    assert page.title() != "run"
    page.evaluate("remove()")
    assert page.locator(".mj-compare").count() == 0
