"""The charts of a trace, each on matplotlib's axes.

Law: reads frames, draws, and returns the axes for more to be drawn; nothing is forced on the
session's own style. What each chart does is in the `plots_*` file of its kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mojentic_nb.tracer import plots_rates, plots_spread, plots_sums, plots_time
from mojentic_nb.tracer.plots_canvas import house_settings, wake

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["HasFrames", "Plots"]

# The six of the dashboard, by rows.
_DASHBOARD = ("latency", "tokens", "cost", "tools", "timeline", "concurrency")
_DASHBOARD_SIZE = (13.5, 7.5)


class HasFrames(Protocol):
    """What the charts read: frames as `frames.py` makes them."""

    @property
    def calls_df(self) -> Any:
        """One row for each call."""

    @property
    def tools_df(self) -> Any:
        """One row for each use of a tool."""

    @property
    def agents_df(self) -> Any:
        """One row for each event between agents."""


class Plots:
    """Charts of everything traced; each takes `ax=` and returns the axes."""

    def __init__(self, frames: HasFrames) -> None:
        self._frames = frames

    def __repr__(self) -> str:
        charts = [name for name in vars(type(self)) if not name.startswith("_")]
        return f"Plots: {', '.join(charts)}"

    def latency(self, *, ax: Axes | None = None) -> Axes:
        """How long calls take, by model: each call, the median with its interval, the p95."""
        return plots_spread.spread(self._frames.calls_df, plots_spread.LATENCY, ax)

    def ttft(self, *, ax: Axes | None = None) -> Axes:
        """How long until the first token, by model."""
        return plots_spread.spread(self._frames.calls_df, plots_spread.TTFT, ax)

    def speed(self, *, ax: Axes | None = None) -> Axes:
        """Tokens written in a second, by model."""
        return plots_spread.spread(self._frames.calls_df, plots_spread.SPEED, ax)

    def tokens(self, by: plots_sums.By = "model", *, ax: Axes | None = None) -> Axes:
        """Tokens read and written: cached, fresh, reasoning, answer.

        Args:
            by: One bar for each `model`, `cell` or `session`.
            ax: Where to draw.
        """
        return plots_sums.tokens(self._frames.calls_df, by, ax)

    def cost(self, by: plots_sums.By = "model", *, ax: Axes | None = None) -> Axes:
        """Dollars as they add up.

        Args:
            by: One line for each `model` or `session` over time, or steps from `cell` to cell.
            ax: Where to draw.
        """
        return plots_sums.cost(self._frames.calls_df, by, ax)

    def tools(self, *, ax: Axes | None = None) -> Axes:
        """How often each tool succeeds, with Wilson's interval and its count."""
        return plots_rates.tools(self._frames.tools_df, ax)

    def errors(self, *, ax: Axes | None = None) -> Axes:
        """What went wrong, counted by name."""
        return plots_rates.errors(self._frames.calls_df, self._frames.tools_df, ax)

    def timeline(self, *, ax: Axes | None = None) -> Axes:
        """When each call began and how long it took, by model and status."""
        return plots_time.timeline(self._frames.calls_df, ax)

    def context(self, session: str | None = None, *, ax: Axes | None = None) -> Axes:
        """How the context fills from call to call, beside the model's window.

        Args:
            session: Its id; the one used last when None.
            ax: Where to draw.
        """
        return plots_time.context(self._frames.calls_df, session, ax)

    def agents(self, *, ax: Axes | None = None) -> Axes:
        """Who sent how many events to whom."""
        return plots_rates.agents(self._frames.agents_df, ax)

    def concurrency(self, *, ax: Axes | None = None) -> Axes:
        """How many calls were under way at each moment."""
        return plots_time.concurrency(self._frames.calls_df, ax)

    def dashboard(self) -> Figure:
        """Six charts in one figure: latency, tokens, cost, tools, timeline, concurrency."""
        import matplotlib
        from matplotlib import pyplot

        wake()
        with house_settings():
            figure, axes = pyplot.subplots(2, 3, figsize=_DASHBOARD_SIZE)

        for name, ax in zip(_DASHBOARD, axes.flat, strict=True):
            getattr(self, name)(ax=ax)

        # A cell shows the figure that it returns: a notebook's backend would show it again.
        if "inline" in matplotlib.get_backend().lower():
            pyplot.close(figure)

        return figure
