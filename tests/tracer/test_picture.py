"""From spans to a picture in a cell."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from base64 import b64decode
from io import BytesIO

import pytest

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.picture import Picture, bars_of, picture_of
from mojentic_nb.views.bars import EMPTY, Bar
from mojentic_nb.views.theme import RED
from tests.tracer.spans import a_day, call, made_span, tool, turn


def shape(spans, **changes):
    return [(bar.depth, bar.name) for bar in bars_of(spans, **changes)]


DAY = [
    (0, "turn"),
    (1, "gemma3"),
    (1, "side by side"),
    (2, "weather"),
    (2, "train_times"),
    (1, "gemma3"),
    (0, "turn"),
    (1, "gpt-4o-mini"),
    (1, "ask_expert"),
    (2, "turn"),
    (3, "gemma3"),
    (1, "gpt-4o-mini"),
    (0, "turn"),
    (1, "gemma3"),
    (1, "weather"),
    (1, "gemma3"),
    (0, "gpt-4o-mini"),
    (0, "gpt-4o-mini"),
    (0, "gemma3"),
    (0, "gemma3"),
    (0, "gpt-4o-mini"),
    (0, "planner → guide"),
]


@pytest.mark.parametrize("seed", range(5))
def test_rows_follow_the_tree_in_whatever_order_spans_come(seed):
    spans = a_day()
    random.Random(seed).shuffle(spans)
    assert shape(spans) == DAY


def test_a_row_holds_what_its_span_knows():
    row = bars_of([turn(1, at_ms=0, for_ms=9_000), *a_day()[16:17]])[1]
    assert (row.start_s, row.duration_s, row.wait_s, row.retries) == (30.0, 3.5, 3.0, 2)
    assert (row.status, row.trouble) == ("error", "RateLimited: 429 from openai after 3 attempts")
    assert (row.tokens_in, row.first_s, row.dollars) == (None, None, None)


def test_a_tool_tells_what_it_was_asked_and_what_it_said():
    (row,) = bars_of([tool(1, None, "weather")])
    assert row.said == 'city="Rome" → 21 degrees, clear'


HUGE = '{"a": ' + "9" * 500


@pytest.mark.parametrize("args", ["", "{}", "[1, 2]", "no json", '{"a": NaN}', HUGE, HUGE + "}"])
def test_any_arguments_can_be_told(args):
    (row,) = bars_of([tool(1, None, "weather", tool_args=args, tool_result="x" * 9999)])
    assert len(row.said) < 90


def test_an_orphan_and_a_circle_of_parents_are_still_drawn():
    orphan = call(1, 99)
    circle = [call(2, 3, at_ms=5), call(3, 2, at_ms=6)]
    selfish = call(4, 4, at_ms=7)
    assert shape([orphan, *circle, selfish]) == [
        (0, "gemma3"),
        (0, "gemma3"),
        (1, "gemma3"),
        (0, "gemma3"),
    ]


def test_ten_thousand_levels_need_no_recursion():
    spans = [call(number, number - 1 or None) for number in range(1, 10_001)]
    assert bars_of(spans)[-1].depth == 9_999
    assert "show all" in picture_of(spans).html


def test_a_span_that_ends_before_it_begins_takes_no_time():
    (row,) = bars_of([made_span(for_ms=-5)])
    assert row.duration_s == 0


def test_stable_shows_only_what_every_run_has():
    day = a_day()
    later = [
        made_span(
            **{name: getattr(span, name) for name in SAME},
            span_id=f"{int(span.span_id, 16) + 77:016x}",
            parent_id=f"{int(span.parent_id, 16) + 77:016x}" if span.parent_id else "",
            at_ms=3 * (span.start_ns - day[0].start_ns) / 1e6 + 17,
            for_ms=2 * span.duration_s * 1000,
            cost=None if span.cost is None else span.cost * 2,
        )
        for span in day
    ]
    for form in ("waterfall", "tree"):
        one, two = (picture_of(spans, shape=form, stable=True) for spans in (day, later))
        assert one.html == two.html
        assert one.text == two.text
        assert "40 → 20 tok" in one.text
        assert " s " not in one.text.replace("side by side", "")
        assert "$" not in one.text


SAME = (
    "trace_id kind name status error_type error_message model tool_name tool_args batch_id "
    "tokens_source finish_reason input_tokens output_tokens cache_hit agent_from agent_to"
).split()


def test_tools_side_by_side_have_one_order_when_stable():
    def both(first_ms, second_ms):
        batch = {"batch_id": "b"}
        return [
            turn(1),
            tool(2, 1, "b", at_ms=first_ms, **batch),
            tool(3, 1, "a", at_ms=second_ms, **batch),
        ]

    assert shape(both(1, 2), stable=True) == shape(both(2, 1), stable=True)
    assert shape(both(1, 2)) != shape(both(2, 1))


def test_a_notebook_gets_html_and_its_text_twin():
    picture = picture_of(a_day(), title="today")
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == repr(picture)
    assert "<script" not in bundle["text/html"]
    json.dumps(bundle)


def test_a_png_comes_only_on_request():
    picture = picture_of(a_day())
    assert set(picture._repr_mimebundle_(include=["image/png"])) == {"image/png"}
    assert set(picture._repr_mimebundle_(exclude=["text/html"])) == {"text/plain"}
    png = b64decode(picture._repr_mimebundle_(include={"image/png"})["image/png"])
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [0, 1, 30, 300])
def test_a_png_is_as_high_as_its_rows_and_bounded(count):
    from PIL import Image

    kinds = ("llm", "tool", "chat_turn")
    bars = [
        Bar(name=f"a$b$ {n}", kind=kinds[n % 3], start_s=n, duration_s=1, first_s=0.5, wait_s=0.2)
        for n in range(count)
    ]
    height = Image.open(BytesIO(Picture(bars, title="$x$").png())).height
    assert height < 2900
    assert height > 20 * min(count, 100)


GRID = "#D8D8D8"


def pixels(picture: Picture, colour: str) -> int:
    """How many pixels of its PNG have exactly this colour."""
    from PIL import Image

    wanted = tuple(bytes.fromhex(colour[1:]))
    return sum(
        count
        for count, found in Image.open(BytesIO(picture.png())).convert("RGB").getcolors(1 << 20)
        if found == wanted
    )


def test_the_shortest_bar_of_a_png_is_seen_and_a_longer_one_does_not_grow():
    failed = {"name": "b", "kind": "tool", "status": "error"}
    frame = Bar(name="a", kind="chat_turn", duration_s=100.0)

    def red(*bars: Bar) -> int:
        return pixels(Picture([frame, *bars]), RED)

    for start_s in (0.0, 50.0, 100.0):
        assert 20 < red(Bar(start_s=start_s, duration_s=0.0, **failed)) < 200
    tenth, half = (red(Bar(duration_s=long, **failed)) for long in (10.0, 50.0))
    assert 4.9 < half / tenth < 5.1


def test_each_of_a_run_is_seen_in_a_png():
    run = [
        Bar(name="b", kind="tool", status="error", start_s=30.0 * n, duration_s=0.001)
        for n in range(4)
    ]
    # Three quarters of red, on white.
    assert pixels(Picture(run), "#D8664D") > 4 * 20


def test_a_png_without_times_has_words_and_no_scale():
    calls = [Bar(name="a", kind="llm", tokens_in=n) for n in (1, 2)]
    assert Picture(calls).png() != Picture(calls[::-1]).png()
    assert pixels(Picture(calls), GRID) < 50
    timed = [Bar(name="a", kind="llm", status="error", duration_s=1.0)]
    assert pixels(Picture(timed), GRID) > 100
    tree = Picture(timed, shape="tree")
    assert pixels(tree, GRID) < 50
    assert pixels(tree, RED) == 0


def test_the_repr_is_bounded_and_print_tells_all():
    picture = Picture([Bar(name=f"row {n}", duration_s=1.0, start_s=n) for n in range(70)])
    assert "row 69" not in repr(picture)
    assert "20 more spans" in repr(picture)
    assert "row 69" in str(picture)


def test_an_empty_picture_says_what_would_fill_it():
    for form in ("waterfall", "tree"):
        picture = picture_of([], shape=form)
        assert EMPTY in picture.html
        assert repr(picture) == EMPTY
        assert picture.summary == "0 calls"


def test_an_unknown_shape_is_told():
    with pytest.raises(BadArgument, match=r"'cake'.*waterfall or tree"):
        Picture([], shape="cake")


def test_the_later_of_two_with_one_id_counts():
    assert [bar.name for bar in bars_of([call(1, None), call(1, None, model="new")])] == ["new"]


def test_a_picture_needs_no_heavy_library():
    program = (
        "import sys; import mojentic_nb.tracer.picture, mojentic_nb.tracer.plots;"
        "heavy = {'matplotlib', 'numpy', 'pandas', 'IPython'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
