"""Charts of a trace: each on real frames, full and empty."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib
import pytest

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.frames import Frames
from mojentic_nb.tracer.plots import Plots
from mojentic_nb.tracer.plots_spread import median_interval
from mojentic_nb.tracer.span import Span
from mojentic_nb.views.theme import RED, model_colour
from tests.tracer.kept import Kept
from tests.tracer.spans import a_day, call, made_span, tool

MODELS = ("llama3.2", "gpt-4o-mini", "claude-haiku", "qwen3")


def frames_over(spans: Sequence[Span]) -> Frames:
    return Frames(Kept(spans))


def busy_week() -> list[Span]:
    """400 calls of four models, with tools, errors and agents; the same every time."""
    spans: list[Span] = []
    for number in range(400):
        chance = (number * 7919 % 1000) / 1000
        spans += [_call(number, chance), _tool(number, chance)]
        if number % 6 == 0:
            spans.append(_event(number))

    return spans


def _call(number: int, chance: float) -> Span:
    place = number % 4
    took = 300 * (place + 1) * (0.4 + chance * chance * 3)
    failed = {"status": "error", "error_type": "GatewayBusy"} if number % 37 == 0 else {}
    stopped = {"status": "cancelled", "error_type": "interrupted"} if number % 53 == 0 else {}
    return call(
        *(2 * number, None),
        at_ms=number * 1_500 + 400 * chance,
        for_ms=took,
        provider=("ollama", "openai", "anthropic", "ollama")[place],
        model=MODELS[place],
        ttft_ms=took * (0.15 + 0.1 * chance),
        output_tokens=int(20 + 300 * chance),
        input_tokens=100 + number % 40 * 60,
        cache_read_tokens=None if place == 0 else number % 40 * 30,
        reasoning_tokens=int(90 * chance) if place == 3 else None,
        cost=(0.0, 0.0004 + chance / 900, 0.001 + chance / 300, None)[place],
        cell_exec=number // 25 + 1,
        session_id=f"session-{number // 100}",
        **failed | stopped,
    )


def _tool(number: int, chance: float) -> Span:
    name = ("web_search", "calculator", "read_file", "weather", "web_search")[number % 5]
    went = {"status": "error", "error_type": "ToolTimeout"} if chance > 0.95 else {}
    return tool(2 * number + 1, None, name, at_ms=number * 1_500 + 900, for_ms=80, **went)


def _event(number: int) -> Span:
    sender, receiver = (("planner", "researcher"), ("researcher", "critic"), ("critic", "planner"))[
        number // 6 % 3 if number % 4 else 0
    ]
    return made_span(
        span_id=f"{10_000 + number:016x}",
        kind="agent",
        name=f"invoke_agent {receiver}",
        at_ms=number * 1_500,
        for_ms=0,
        agent_from=sender,
        agent_to=receiver,
    )


CHARTS = {
    "latency": {},
    "ttft": {},
    "speed": {},
    "tokens": {},
    "tokens by cell": {"by": "cell"},
    "tokens by session": {"by": "session"},
    "cost": {},
    "cost by cell": {"by": "cell"},
    "cost by session": {"by": "session"},
    "tools": {},
    "errors": {},
    "timeline": {},
    "context": {},
    "agents": {},
    "concurrency": {},
}
EMPTY = {
    "agents": "send an event",
    "context": "ask a model twice",
    "errors": "no errors",
    "tools": "give a model tools",
}


@pytest.fixture(autouse=True)
def _off_screen():
    from matplotlib import pyplot

    with matplotlib.rc_context({"backend": "agg"}):
        yield
    pyplot.close("all")


def drawn(chart: str, spans: Sequence[Span], **changes: Any) -> Any:
    """The axes of a chart, laid out and rendered: what cannot be drawn raises here."""
    method = getattr(Plots(frames_over(spans)), chart.partition(" ")[0])
    ax = method(**CHARTS[chart], **changes)
    ax.get_figure().canvas.draw()
    return ax


def words(ax: Any) -> str:
    from matplotlib.text import Text

    return "\n".join(found.get_text() for found in ax.findobj(Text)).replace("\\$", "$")


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_says_its_finding_its_units_and_its_n(chart: str) -> None:
    ax = drawn(chart, busy_week())
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    assert "n = " in words(ax) or chart in ("context", "errors")


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("spans", ["a day", "one call", "calls without numbers"])
def test_any_trace_can_be_drawn(chart: str, spans: str) -> None:
    bare = [made_span(span_id=f"{n:016x}", at_ms=n, for_ms=0) for n in range(3)]
    traces = {"a day": a_day(), "one call": [call(1, None)], "calls without numbers": bare}
    drawn(chart, traces[spans])


@pytest.mark.parametrize("chart", CHARTS)
def test_an_empty_chart_says_what_would_fill_it(chart: str) -> None:
    told = words(drawn(chart, [])).replace("\n", " ")
    assert EMPTY.get(chart, "run a %%llm cell") in told
    assert "yet" in told


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_draws_on_given_axes_and_forces_no_style(chart: str) -> None:
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    _, axes = pyplot.subplots(1, 2)
    assert drawn(chart, a_day(), ax=axes[1]) is axes[1]
    assert not axes[0].has_data()
    assert dict(matplotlib.rcParams) == before
    assert len(pyplot.get_fignums()) == 1


@pytest.mark.parametrize("chart", CHARTS)
def test_a_dark_session_stays_dark(chart: str) -> None:
    from matplotlib import pyplot

    with pyplot.style.context("dark_background"):
        ax = drawn(chart, busy_week())
    assert ax.get_figure().get_facecolor()[:3] == (0, 0, 0)
    assert matplotlib.colors.to_rgb(ax.title.get_color()) == (1, 1, 1)


ODD_NAMES = ("a$b$c", "$\\frac{", "x" * 500, "two\nlines", "%s {0} \\", "_^")


@pytest.mark.parametrize("chart", CHARTS)
def test_any_name_can_be_drawn(chart: str) -> None:
    spans = []
    for n, name in enumerate(ODD_NAMES):
        odd = {"model": name, "session_id": name, "cost": 0.1, "error_type": name}
        spans += [call(9 * n, None, at_ms=n, **odd), call(9 * n + 1, None, status="error", **odd)]
        spans.append(tool(9 * n + 2, None, name, status="error", **odd))
        agents = {"agent_from": name, "agent_to": name}
        spans.append(made_span(kind="agent", span_id=f"agent {n}", **agents))

    drawn(chart, spans)


def test_a_model_has_one_colour_everywhere() -> None:
    to_rgb = matplotlib.colors.to_rgb
    latency, cost, timeline = (drawn(c, busy_week()) for c in ("latency", "cost", "timeline"))
    dots = [colour for made in timeline.collections for colour in made.get_facecolors()]
    for found in (
        {to_rgb(line.get_color()) for line in latency.get_lines()},
        {to_rgb(line.get_color()) for line in cost.get_lines()},
        {to_rgb(colour) for colour in dots},
    ):
        assert to_rgb(model_colour("claude-haiku")) in found


def test_only_errors_are_red() -> None:
    red = matplotlib.colors.to_rgba(RED)
    bars = drawn("errors", busy_week()).patches
    assert {bar.get_facecolor() for bar in bars} == {red}
    assert "18" in words(bars[0].axes)


def test_a_finding_is_claimed_only_where_intervals_are_apart() -> None:
    assert drawn("latency", busy_week()).get_title(loc="left").startswith("llama3.2 is fastest")
    assert drawn("latency", a_day()).get_title(loc="left") == "How long does a call take?"
    assert {"gemma3\nn = 5", "gpt-4o-mini\nn = 3"} <= {
        tick.get_text() for tick in drawn("latency", a_day()).get_yticklabels()
    }
    assert "1 cached, 3 failed" in words(drawn("latency", a_day())).replace("\n", " ")


def test_each_line_of_the_cost_leads_to_its_name() -> None:
    ax = drawn("cost by session", busy_week())
    named = [found for found in ax.texts if found.get_text().startswith("session-")]
    heights = sorted(found.get_position()[1] for found in named)
    assert len(named) == 4
    assert heights[-1] <= 1
    assert all(high - low > 0.07 for low, high in pairwise(heights))
    assert {found.arrow_patch.get_linestyle() for found in named} == {"-", "--", ":", "-."}
    ends = {round(line.get_ydata()[-1] / ax.get_ylim()[1], 6) for line in ax.get_lines()}
    assert {round(found.xy[1], 6) for found in named} == ends


def test_dollars_have_no_more_decimals_than_they_need() -> None:
    ticks = [tick.get_text() for tick in drawn("cost", a_day()).get_yticklabels()]
    assert "\\$0.00020" in ticks


def test_one_call_is_drawn_as_one_call() -> None:
    counts = [tick.get_text() for tick in drawn("context", [call(1, None)]).get_xticklabels()]
    assert len(counts) == len(set(counts)) > 1
    left, right = drawn("timeline", [call(1, None)]).get_xlim()
    assert -0.05 < left < 0 < right
    assert "no errors in 1 call or tool use" in words(drawn("errors", [call(1, None)]))


def test_unknown_prices_and_counts_are_told_not_drawn() -> None:
    assert "100 without a known price" in words(drawn("cost", busy_week()))
    assert "2 without counts" in words(drawn("tokens", a_day()))
    unknown = [call(n, None, cost=None) for n in range(2)]
    assert "no price is known for any of the 2 calls" in words(drawn("cost", unknown))


def test_bars_begin_at_zero_and_hold_every_token() -> None:
    ax = drawn("tokens", a_day())
    assert ax.get_xlim()[0] == 0
    assert ax.get_title(loc="left").startswith("954 tokens")
    assert "488" in words(ax)


def test_a_rate_has_wilsons_interval() -> None:
    ax = drawn("tools", a_day())
    assert "1 of 2" in words(ax)
    low, high = next(line for line in ax.get_lines() if len(line.get_xdata()) == 2).get_xdata()
    assert (round(low), round(high)) == (9, 91)


def test_the_window_is_drawn_where_it_can_be_seen() -> None:
    near = [
        call(
            n,
            None,
            at_ms=n,
            provider="openai",
            model="gpt-4",
            input_tokens=2_000 * n,
            session_id="s",
        )
        for n in range(1, 4)
    ]
    assert "window of gpt-4: 8,192" in words(drawn("context", near))
    assert "window of" not in words(drawn("context", a_day()))
    unknown = [call(1, None, provider="demo", model="who", session_id="s")]
    assert "whose window is not known" in words(drawn("context", unknown))


def test_a_context_is_of_one_session() -> None:
    ax = drawn("context", busy_week(), session="session-0")
    assert "call of the session" in ax.get_xlabel()
    assert "no conversation" in words(drawn("context", busy_week(), session="another"))


def test_calls_one_after_the_other_are_never_two_at_once() -> None:
    spans = [call(n, None, at_ms=n * 100, for_ms=100) for n in range(5)]
    assert drawn("concurrency", spans).get_title(loc="left") == "Calls ran one after the other"
    nested = [call(n, None, at_ms=n, for_ms=1000) for n in range(3)]
    assert drawn("concurrency", nested).get_title(loc="left") == "Up to 3 calls at once"


def test_six_charts_make_a_dashboard() -> None:
    figure = Plots(frames_over(busy_week())).dashboard()
    figure.canvas.draw()
    assert len(figure.axes) == 6
    assert all(ax.get_title(loc="left") for ax in figure.axes)


@pytest.mark.parametrize("chart", ["tokens", "cost"])
def test_an_unknown_group_is_told(chart: str) -> None:
    with pytest.raises(BadArgument, match=r"'planet'.*model, cell or session"):
        getattr(Plots(frames_over([])), chart)(by="planet")


@pytest.mark.parametrize("count, place", [(6, 0), (10, 1), (20, 5), (100, 39), (500, 227)])
def test_the_interval_of_a_median_is_that_of_the_binomial_law(count: int, place: int) -> None:
    # Conover, Practical Nonparametric Statistics (1999): n = 10 gives the 2nd and the 9th value.
    assert median_interval(range(count)) == (place, count - 1 - place)


def test_a_median_of_five_has_no_interval_and_a_large_one_is_continuous() -> None:
    assert median_interval([1.0] * 5) is None
    exact, near = median_interval(range(500)), median_interval(range(501))
    assert exact is not None
    assert near is not None
    assert abs(exact[0] - near[0]) <= 1


def test_the_charts_there_are_can_be_seen():
    from mojentic_nb.tracer import TracerSystem

    told = repr(TracerSystem().plot)
    assert told.startswith("Plots: latency, ttft")
    assert "dashboard" in told
