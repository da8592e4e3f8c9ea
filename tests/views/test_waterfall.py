"""Bars in time: what they show, that they say it in words, and that nothing in them runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from mojentic_nb.views.bars import EMPTY, Bar
from mojentic_nb.views.theme import model_colour
from mojentic_nb.views.waterfall import waterfall_html, waterfall_text


class Page(HTMLParser):
    """The tags, attributes and words of a page, as a browser would have them."""

    VOID = ()

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def call(**changes: object) -> Bar:
    values = {"name": "gemma3", "kind": "llm", "model": "gemma3", "duration_s": 1.0, **changes}
    return Bar(**values)


def many(count: int) -> list[Bar]:
    names = ("gemma3", "qwen3", "phi4")
    return [
        call(
            name=names[number % 3],
            model=names[number % 3],
            start_s=number * 0.5,
            duration_s=0.4 + 0.05 * (number % 7),
            first_s=0.1,
            tokens_in=100 + number,
            tokens_out=20,
        )
        for number in range(count)
    ]


def bars_in(page: str) -> list[str]:
    return re.findall(r"<i[ >].*?</i>", page)


def place(bar: str) -> tuple[float, float]:
    left, width = re.search(r"left:([\d.]+)%;width:([\d.]+)%", bar).groups()
    return float(left), float(width)


def test_a_bar_stands_where_it_began_as_long_as_it_took() -> None:
    page = waterfall_html([call(start_s=10, duration_s=4), call(start_s=11, duration_s=1)])
    assert [place(bar) for bar in bars_in(page)] == [(0, 100), (25, 25)]


def test_tools_that_ran_side_by_side_overlap_on_rows_of_their_own() -> None:
    tools = [Bar(name=n, kind="tool", start_s=1, duration_s=s) for n, s in (("a", 2), ("b", 3))]
    (left, width), (other, _) = (place(bar) for bar in bars_in(waterfall_html(tools)))
    assert left <= other < left + width


def test_the_wait_is_hatched_and_the_first_token_marked() -> None:
    page = waterfall_html([call(duration_s=2, wait_s=0.5, first_s=1.0, retries=1)])
    (bar,) = bars_in(page)
    assert '<u style="width:25%"></u><b style="width:25%"></b>' in bar
    assert "first 1.00 s · waited 0.50 s · 1 retry" in page


@pytest.mark.parametrize("first", [None, 0.0, 0.3, 99.0, float("nan"), -1.0])
@pytest.mark.parametrize("wait", [None, 0.0, 0.5, 99.0, float("inf"), -1.0])
def test_times_that_cannot_be_are_drawn_within_the_bar(
    first: float | None, wait: float | None
) -> None:
    bars = [call(duration_s=1.0, first_s=first, wait_s=wait)]
    widths = [
        float(width) for width in re.findall(r'<[ub] style="width:([\d.]+)%', waterfall_html(bars))
    ]
    assert sum(widths) <= 100
    assert "nan" not in waterfall_text(bars) + waterfall_html(bars)


def test_a_bar_too_short_for_a_mark_keeps_its_colour() -> None:
    page = waterfall_html([call(duration_s=100), call(start_s=50, duration_s=1, first_s=0.5)])
    assert "<b " not in bars_in(page)[1]


def test_colour_says_model_or_trouble_and_words_say_it_too() -> None:
    page = waterfall_html([call(), call(status="error", trouble="GatewayBusy: 429"), call()])
    ours, failed, _ = bars_in(page)
    assert f"color:{model_colour('gemma3')}" in ours
    assert "color:#CC3311" in failed
    assert "✗ GatewayBusy: 429" in page


def test_a_frame_is_a_thin_bar_and_a_tool_a_grey_one() -> None:
    turn, tool = bars_in(
        waterfall_html(
            [
                Bar(name="turn", kind="chat_turn", duration_s=1, model="gemma3"),
                call(kind="tool", model=""),
            ]
        )
    )
    assert 'class="k"' in turn
    assert "color" not in turn
    assert "color" not in tool


def test_a_run_is_one_row_that_shows_each_and_all_are_behind_show_all() -> None:
    run = [Bar(name="calc", kind="tool", start_s=n, duration_s=0.5) for n in range(12)]
    page = waterfall_html(run)
    main, rest = page.split("<details>")
    assert "calc ×12" in main
    assert main.count("<s ") == 12
    assert rest.count("<tr><td>calc</td>") == 12
    assert "show all 12 spans, one by one" in rest
    assert waterfall_text(run).count("calc") == 1


def test_a_run_of_thousands_draws_a_few_marks() -> None:
    run = [Bar(name="calc", kind="tool", start_s=n, duration_s=0.5) for n in range(5000)]
    assert waterfall_html(run).count("<s ") <= 24


def test_beyond_fifty_spans_the_rest_waits_and_keeps_the_time() -> None:
    main, rest = waterfall_html(many(120)).split("<details>")
    assert main.count("<tr><td>") == 50
    assert rest.count("<tr><td>") == 70
    assert "show all 120 spans" in rest
    assert 'data-t="0 s"' in main
    assert 'data-t="20 s"' in rest
    assert 'data-t="0 s"' not in rest


def test_a_page_is_bounded_and_says_what_is_missing() -> None:
    page = waterfall_html(many(3000))
    assert page.count("<tr><td>") == 550
    assert "2,450 more" in page


def test_sizes() -> None:
    style = waterfall_html(many(1)).index("</style>")
    assert style < 2600
    assert len(waterfall_html(many(20)).encode()) - style < 4500
    assert len(waterfall_html(many(200)).encode()) < 40_000


def test_without_styles_it_is_a_table_that_says_all() -> None:
    bar = call(duration_s=2, start_s=3, first_s=0.5, wait_s=0.2, tokens_in=4, tokens_out=5)
    page = waterfall_html([Bar(name="turn", kind="chat_turn", duration_s=5), bar], title="cell 7")
    bare = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    bare = re.sub(r' (style|class|data-t)="[^"]*"', "", bare)
    found = Page(bare)
    assert not found.attributes
    words = [word for word in found.words if word.strip()]
    assert words[0] == "cell 7 · 1 call · 5.00 s · 9 tok"
    assert words[1:5] == ["span", "start", "takes", "what"]
    assert words[5:8] == ["turn", "0\u00a0ms", "5.00 s"]
    assert words[8:11] == ["gemma3", "3.00\u00a0s", "2.00 s"]
    assert words[11] == "4 → 5 tok · first 0.50 s · waited 0.20 s"


def test_nothing_timed_is_a_tree() -> None:
    page = waterfall_html([call(duration_s=None, tokens_in=3, tokens_out=4)])
    assert "<pre>" in page
    assert "gemma3 · 3 → 4 tok" in page


def test_an_empty_picture_says_what_would_fill_it() -> None:
    assert EMPTY in waterfall_html([])
    assert waterfall_text([]) == EMPTY


@pytest.mark.parametrize("duration", [0.0, 1e-9, 0.004, 59.0, 100_000.0, float("inf")])
def test_any_duration_can_be_drawn(duration: float) -> None:
    bars = [call(duration_s=duration), call(start_s=1e-10, duration_s=0.0)]
    Page(waterfall_html(bars))
    assert waterfall_text(bars)


def test_the_text_twin_draws_the_same_in_blocks() -> None:
    bars = [
        Bar(name="turn", kind="chat_turn", duration_s=8),
        call(depth=1, duration_s=4, first_s=2, wait_s=1),
        Bar(name="天気", kind="tool", depth=1, start_s=4, duration_s=4, status="cancelled"),
        call(depth=1, start_s=8, duration_s=0, name="none"),
    ]
    assert waterfall_text(bars, title="cell 7").splitlines() == [
        "cell 7 · 2 calls · 1 tool · 8.00 s",
        "turn       " + "━" * 32 + "      8.00 s",
        "├─ gemma3  ╌╌╌╌░░░░████████" + " " * 16 + "      4.00 s  first 2.00 s · waited 1.00 s",
        "├─ 天気    " + " " * 16 + "█" * 16 + "      8.00 s".replace("8", "4") + "  ◌ cancelled",
        "└─ none    " + " " * 31 + "█" + "        0 ms",
        "░ until the first token, ╌ waiting",
    ]


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</td></tr></table><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "</pre><iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<math><mtext></mtext></math>",
    '" style="position:fixed" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<details open ontoggle=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "\x00<script>alert(1)</script>",
    "<scr\u0000ipt>alert(1)</scr\u0000ipt>",
    "<ScRiPt/x>alert(1)</sCrIpT>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>go",
    "{{constructor.constructor('alert(1)')()}}",
    "$\\href{javascript:alert(1)}{x}$",
]
KNOWN = set("div style table caption thead tbody tr th td span i u b s details".split())
KNOWN |= {"summary", "pre", "p"}
OUR_STYLE = re.compile(r"(?:(?:--step|left|width|color):(?:[\d.]+%|#[0-9A-F]{6});?)+")


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("duration", [1.0, None])
def test_no_text_becomes_markup(payload: str, duration: float | None) -> None:
    for field in ("name", "model", "said", "trouble", "marks", "title"):
        changes: dict[str, object] = {"status": "error", "duration_s": duration}
        if field != "title":
            changes[field] = (payload,) if field == "marks" else payload

        page = Page(
            waterfall_html([call(**changes)] * 5, title=payload if field == "title" else "")
        )
        assert set(page.tags) <= KNOWN
        assert page.tags.count("style") == 1
        assert {name for name, _ in page.attributes} <= {"class", "style", "data-t"}
        styles = [value for name, value in page.attributes if name == "style"]
        assert all(OUR_STYLE.fullmatch(style) for style in styles)
        assert page.open == []
