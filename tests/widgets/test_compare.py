"""The grid's side in the kernel: what it answers, and what a file keeps."""

from __future__ import annotations

import pytest

from mojentic_nb import DemoGateway, LLMBroker, TracerSystem
from mojentic_nb.compare import compare
from mojentic_nb.errors import BadArgument
from mojentic_nb.place import standing
from mojentic_nb.tracer import use_tracer
from mojentic_nb.widgets.compare import CompareWidget, opened
from mojentic_nb.widgets.compare_text import cell_told
from tests.compare.answered import answered
from tests.widgets.answering_page import Page
from tests.widgets.payloads import PAYLOADS, is_harmless

SAYS = {"ann": ["It is **Paris** now", "391"], "ben": ["It is Lyon now", None]}
CHECKS = {"Paris": "Paris", "short": lambda text: len(text) < 9}


def capitals(**options):
    prompts = [{"prompt": "capital?", "expected": "Paris"}, "Sum?"]
    return answered(prompts, SAYS, **options)


@pytest.fixture
def shown():
    widgets = []

    def show(comparison=None):
        widgets.append(CompareWidget(comparison or capitals(checks=CHECKS)))
        return Page(widgets[-1])

    yield show
    for widget in widgets:
        widget.close()


def test_it_opens_with_all_rows_and_answers_about_them(shown):
    page = shown()
    assert len(page.widget.get_state()["table"]["items"]) == 2
    assert page.asks(type="look", view="v", text="lyon") == {"view": "v", "rows": [0]}
    assert page.asks(type="look", view="w", only="errors") == {"view": "w", "rows": [1]}
    assert page.asks(type="look", view="w", text=["x"], sort=3) == {"view": "w", "rows": []}
    assert repr(page.widget) == "CompareWidget(2 × 2)"


def test_an_answer_that_is_opened_is_told_with_its_numbers_and_checks(shown):
    told = shown().asks(type="open", view="v", item=0, candidate=1, beside="", repeat="")
    assert (told["view"], told["title"]) == ("v", "ben · capital?")
    html = told["html"]
    assert "<p>It is Lyon now</p>" in html
    assert "0.84 s · first 0.12 s · 20 tok in · 4 tok out · $0.0021" in html
    assert '<td>Paris</td><td><b class="bad">✗ fail</b></td><td>0</td>' in html
    assert "capital?\n\nexpected: Paris" in html
    assert told["picks"] == [
        ["beside", "Differences", [["", "as it stands"], ["0", "beside ann"]], ""]
    ]


def test_held_against_another_the_words_that_differ_are_marked(shown):
    told = shown().asks(type="open", view="v", item=0, candidate=1, beside="0")
    assert "It is <del>**Paris**</del><ins>Lyon</ins> now" in told["html"]
    assert "<del>only ann</del>" in told["html"]
    assert told["picks"][0][3] == "0"


def test_each_repeat_can_be_opened(shown):
    r = answered(["q"], {"x": lambda _n, m: f"time {m}", "y": ["a"]}, repeats=2)
    told = shown(r).asks(type="open", view="v", item=0, candidate=0, repeat="1")
    assert "<p>time 1</p>" in told["html"]
    assert told["picks"][1] == ["repeat", "Repeat", [["0", "repeat 1"], ["1", "repeat 2"]], "1"]


def test_what_failed_says_why(shown):
    told = shown().asks(type="open", view="v", item=1, candidate=1)
    assert '<p class="bad">✗ GatewayBusy: 429: slow down</p>' in told["html"]
    assert "<table>" not in told["html"]


@pytest.mark.parametrize(
    "wrong",
    [{"item": 9}, {"item": -1}, {"candidate": 2}, {"repeat": "5"}, {"beside": "x"}, {"item": None}],
)
def test_what_is_not_there_is_told(shown, wrong):
    page = shown()
    told = page.asks(**{"type": "open", "view": "v", "item": 0, "candidate": 0, **wrong})
    assert set(told) == {"view", "said"}
    assert page.asks(type="look", view="v")["rows"] == [0, 1]


@pytest.fixture
def use():
    yield use_tracer
    use_tracer(None)


def test_the_picture_of_the_call_is_there_where_it_was_traced(use):
    tracer = TracerSystem()
    models = {name: LLMBroker("demo", DemoGateway(), tracer=tracer) for name in ("x", "y")}
    r = compare(["What is 17 * 23?", "Hello"], models, store=None, progress=False)
    assert "trace" not in cell_told(r, item=1, candidate=1)["html"]
    use(TracerSystem())
    assert "trace" not in cell_told(r, item=1, candidate=1)["html"], "this one knows nothing of it"
    use(tracer)
    html = cell_told(r, item=1, candidate=1)["html"]
    assert "<summary>trace</summary>" in html
    assert "1 call" in html


def test_a_file_has_the_answers_side_by_side(shown):
    r = capitals()
    html, text = shown(r).widget.still()
    assert text == repr(r.grid(stable=True))
    assert html == r.grid(stable=True).html


def test_it_is_opened_by_the_comparison_where_there_is_a_page():
    with pytest.raises(BadArgument, match=r"print\(r.grid\(\)\)"):
        capitals().explore()
    assert standing.widget_of("compare") is opened


def test_nothing_that_is_written_can_act(shown):
    for text in PAYLOADS:
        r = answered(
            [{"prompt": text, "id": text, "expected": text}],
            {text: [text], f"{text}2": [f"more {text}"]},
            checks={text: fails_with(text)},
        )
        page = shown(r)
        for beside in ("", "1"):
            html = page.asks(type="open", view="v", item=0, candidate=0, beside=beside)["html"]
            assert is_harmless(without_ours(html)), html


def fails_with(text):
    def check(_answer):
        raise ValueError(text)

    return check


def without_ours(html):
    """What our own words put there."""
    for ours in ("del", "details", "div", "ins", "p", "summary", "b"):
        for quoted in ("", ' class="quiet"', ' class="plain"', ' class="bad"'):
            html = html.replace(f"<{ours}{quoted}>", "").replace(f"</{ours}>", "")
    return html
