"""A person in JupyterLab is asked by buttons in the cell before a tool runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from mojentic_nb.widgets.browser_half import module
from tests.browser.labs import Lab, Notebook

# A loaded machine may draw later than a person would wait; what is looked at here is what
# happens then, not when.
SETUP = """
%load_ext mojentic_nb
%llm_config model=demo
from mojentic_nb import tool
from mojentic_nb.widgets import consent
consent.DRAWN_WITHIN_S = 30
runs = []
@tool(destructive=True)
def wipe(disk: str) -> str:
    \"\"\"Wipe a disk.\"\"\"
    runs.append(disk)
    return "wiped"
@tool(destructive=True)
def erase(disk: str) -> str:
    \"\"\"Erase a disk.\"\"\"
    runs.append(disk)
    return "erased"
"""
ASK = '%%llm --tools wipe --fresh\nPlease wipe the disk "sda"'
ASK_OTHER = ASK.replace("wipe", "erase")
# What a model may write into a call. Each would run something if it were taken for markup.
NASTY = [
    "<img src=x onerror=\"document.title='run'\">",
    "</script><script>document.title='run'</script>",
    "</pre><svg onload=document.title='run'>",
    "`](javascript:document.title='run') <b>bold</b>",
]
NASTY_CELL = f"""
from mojentic_nb.tools.consent import Question, _asker
nasty = {NASTY!r}
question = Question(tool=nasty[0], arguments={{one: one for one in nasty}}, why=nasty[1])
print(_asker()(question))
"""
LONG_CELL = """
from mojentic_nb.tools.consent import Question, _asker
arguments = {"content": "line\\n" * 900, "path": "notes.txt", "key": "sk-abcdefghijklmnop"}
print(_asker()(Question(tool="file_write", arguments=arguments, why="effect: writes")))
"""
# Draws the widget in a page without a notebook, and keeps what it says.
RENDER = """async source => {
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  window.heard = [];
  const model = { get: name => name, send: message => heard.push(message) };
  widget.render({ model, el: document.body });
}"""
SETUP_CELL, ASK_CELL, RUNS_CELL, NASTY_AT, LONG_AT, OTHER_AT = range(6)


@pytest.fixture(scope="module")
def opened(lab: Lab) -> Iterator[Notebook]:
    notebook = lab.open(SETUP, ASK, "print(runs)", NASTY_CELL, LONG_CELL, ASK_OTHER)
    yield notebook
    notebook.close()


@pytest.fixture
def notebook(opened: Notebook) -> Iterator[Notebook]:
    """The notebook with nothing run so far."""
    opened.run(SETUP_CELL)
    yield opened
    assert opened.complaints == []


def runs(notebook: Notebook) -> str:
    return notebook.printed(RUNS_CELL)


def test_allowed_it_runs_and_a_line_stays(notebook: Notebook) -> None:
    output = notebook.begin(ASK_CELL)
    question = output.locator(".mj-consent")
    question.locator(".call", has_text="wipe(disk='sda')").wait_for()
    question.get_by_role("button", name="Allow").click()
    notebook.finish(ASK_CELL)

    expect(output).to_contain_text("The tool wipe says wiped.")
    expect(output).to_contain_text("Allowed: wipe(disk='sda')")
    expect(question).to_have_count(0)
    assert runs(notebook) == "['sda']"


def test_declined_it_does_not_run(notebook: Notebook) -> None:
    output = notebook.begin(ASK_CELL)
    output.get_by_role("button", name="Not this time").click()
    notebook.finish(ASK_CELL)
    expect(output).to_contain_text("Declined: wipe(disk='sda')")
    assert runs(notebook) == "[]"


@pytest.mark.parametrize("key, told, after", [("n", "Declined", "[]"), ("y", "Allowed", "['sda']")])
def test_a_key_answers(notebook: Notebook, key: str, told: str, after: str) -> None:
    output = notebook.begin(ASK_CELL)
    notebook.page.locator("button.yes:enabled").wait_for()
    # The safe one has the focus.
    output.locator("button.no:focus").press(key)
    notebook.finish(ASK_CELL)
    expect(output).to_contain_text(f"{told}: wipe(disk='sda')")
    assert runs(notebook) == after


def test_an_interrupt_ends_the_question(notebook: Notebook) -> None:
    output = notebook.begin(ASK_CELL)
    output.locator(".mj-consent").wait_for()
    notebook.interrupt()
    notebook.finish(ASK_CELL)
    expect(output).to_contain_text("Interrupted: wipe(disk='sda')")
    expect(output.locator(".mj-consent")).to_have_count(0)
    assert runs(notebook) == "[]"


def test_always_asks_no_more(notebook: Notebook) -> None:
    cells = notebook.page.locator(".jp-Cell").count()
    output = notebook.begin(OTHER_AT)
    notebook.page.locator("button.always:enabled").wait_for()
    # For the notebook these keys mean another cell.
    output.locator("button.no:focus").press("b")
    output.locator("button.no:focus").press("a")
    notebook.finish(OTHER_AT)
    notebook.run(OTHER_AT)
    assert notebook.page.locator(".jp-Cell").count() == cells
    assert runs(notebook) == "['sda', 'sda']"


def test_nothing_is_allowed_before_it_can_be_read(lab: Lab) -> None:
    with lab.blank() as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.evaluate(RENDER, module("consent"))
        (safe,) = page.locator("button:enabled").all()
        assert safe.get_attribute("class") == "no"
        page.clock.run_for(499)
        page.keyboard.press("y")
        assert page.evaluate("heard.filter(one => one.type === 'answer')") == []
        page.clock.run_for(1)
        assert page.locator("button:enabled").count() == 3
        page.keyboard.press("y")
        assert page.evaluate("heard.at(-1)") == {"type": "answer", "answer": "yes"}


def test_a_person_who_is_writing_keeps_the_cursor(lab: Lab) -> None:
    with lab.blank("<textarea></textarea>") as page:
        page.locator("textarea").focus()
        page.evaluate(RENDER, module("consent"))
        page.wait_for_function("heard.length > 0")
        page.keyboard.type("nay")
        assert page.locator("textarea").input_value() == "nay"
        assert page.evaluate("heard.filter(one => one.type === 'answer')") == []


def test_what_a_model_writes_is_text(notebook: Notebook) -> None:
    output = notebook.begin(NASTY_AT)
    call = output.locator(".mj-consent .call")
    call.wait_for()
    shown = output.locator(".mj-consent").inner_text()
    for one in NASTY:
        assert one in shown.replace("\\'", "'")
    assert output.locator(".mj-consent :is(img, script, svg, b, a)").count() == 0
    output.get_by_role("button", name="Not this time").click()
    notebook.finish(NASTY_AT)
    line = output.locator(".jp-RenderedMarkdown", has_text="Declined")
    line.wait_for()
    assert line.locator(":is(img, script, svg, b, a)").count() == 0
    assert notebook.page.title() != "run"


def test_a_long_call_is_bounded_and_says_so(notebook: Notebook) -> None:
    output = notebook.begin(LONG_AT)
    call = output.locator(".mj-consent .call").inner_text()
    told = output.locator(".mj-consent .more").inner_text()
    output.get_by_role("button", name="Not this time").click()
    notebook.finish(LONG_AT)
    assert "4,500 characters in all" in call
    assert "    path='notes.txt',\n" in call
    assert "Scroll to read all" in told
    assert "sk-abc" not in call + output.inner_text()
    assert len(call.splitlines()) > 20


def test_the_saved_notebook_is_read_without_a_widget(notebook: Notebook) -> None:
    output = notebook.begin(ASK_CELL)
    output.get_by_role("button", name="Not this time").click()
    notebook.finish(ASK_CELL)
    saved = notebook.saved()
    kinds = {kind for one in saved.cells[ASK_CELL].outputs for kind in one.get("data", {})}
    assert kinds == {"text/markdown", "text/plain"}
    assert "widgets" not in saved.metadata
    told = [one["data"]["text/plain"] for one in saved.cells[ASK_CELL].outputs]
    assert "Declined: wipe(disk='sda')" in told
