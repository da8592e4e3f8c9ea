"""The charts of a comparison, each on matplotlib's axes.

Law: reads the comparison's frames, draws, and returns the axes for more to be drawn; nothing is
forced on the session's own style. What each chart does is in the `plots_*` file of its kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mojentic_nb.compare import (
    plots_items,
    plots_length,
    plots_models,
    plots_pairs,
    plots_power,
)
from mojentic_nb.compare.plots_read import HasComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mojentic_nb.compare.verdict import Value

__all__ = ["ComparePlots"]


class ComparePlots:
    """Charts of one comparison; each takes `ax=` and returns the axes.

    `value` is `passed` for the share of items that pass, `score` for the mean score; by default
    it is what the paired tests are about.
    """

    def __init__(self, comparison: HasComparison) -> None:
        self._comparison = comparison

    def __repr__(self) -> str:
        charts = [name for name in vars(type(self)) if not name.startswith("_")]
        return f"Plots: {', '.join(charts)}"

    def forest(self, *, value: Value | None = None, ax: Axes | None = None) -> Axes:
        """How good each model is, with its interval, the best on top.

        Args:
            value: `passed` or `score`.
            ax: Where to draw.
        """
        return plots_models.forest(self._comparison, value, ax)

    def diffs(self, *, of: str | None = None, ax: Axes | None = None) -> Axes:
        """What every two models differ by on the same items, and whether that is decisive.

        Args:
            of: Only the pairs of this model; by default all, and of many those of the best.
            ax: Where to draw.
        """
        return plots_pairs.diffs(self._comparison, of, ax)

    def heatmap(self, *, value: Value | None = None, ax: Axes | None = None) -> Axes:
        """Which items are hard, and for whom: items across, models down.

        Args:
            value: `passed` or `score`.
            ax: Where to draw.
        """
        return plots_items.heatmap(self._comparison, value, ax)

    def pareto(
        self,
        *,
        x: Literal["cost", "p50_s"] | None = None,
        y: Value | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Worth over price, with the line of the models that nothing beats in both.

        Args:
            x: Dollars an item (`cost`) or the median of seconds (`p50_s`); by default dollars
                where any are known.
            y: `passed` or `score`.
            ax: Where to draw.
        """
        return plots_models.pareto(self._comparison, x, y, ax)

    def scatter(
        self,
        a: str | None = None,
        *,
        b: str | None = None,
        value: Value | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Each item where two models' scores put it; off the diagonal they differ.

        Args:
            a: One model; by default the best.
            b: Another; by default the best of the rest.
            value: `passed` or `score`.
            ax: Where to draw.
        """
        return plots_pairs.scatter(self._comparison, a, b, value, ax)

    def repeats(self, *, value: Value | None = None, ax: Axes | None = None) -> Axes:
        """How much the answer to one item changes when it is asked again.

        Args:
            value: `passed` or `score`.
            ax: Where to draw.
        """
        return plots_items.repeats(self._comparison, value, ax)

    def winmatrix(self, *, ax: Axes | None = None) -> Axes:
        """How often each model beats each other, by battles or item by item."""
        return plots_pairs.winmatrix(self._comparison, ax)

    def bt(self, *, ax: Axes | None = None) -> Axes:
        """The ranking that battles come to, with intervals and ranks left open."""
        return plots_models.bt(self._comparison, ax)

    def power(self, *, ax: Axes | None = None) -> Axes:
        """How many items it would take to tell the models apart."""
        return plots_power.power(self._comparison, ax)

    def length(self, *, value: Value | None = None, ax: Axes | None = None) -> Axes:
        """Whether longer answers score higher.

        Args:
            value: `passed` or `score`.
            ax: Where to draw.
        """
        return plots_length.length(self._comparison, value, ax)
