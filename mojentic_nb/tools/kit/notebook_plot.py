"""A picture of a frame of the notebook.

Law: drawn on a figure of its own, without pyplot: nothing is shown by itself, and no other
figure is touched. It is put into the notebook under a new name; showing it is the cells'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.notebook_filter import selected
from mojentic_nb.tools.kit.notebook_table import FrameTool, checked_columns

__all__ = ["FramePlotTool", "Plotted"]

# More cannot be told apart on 800 pixels, and drawing them takes seconds.
_MOST_POINTS = 100_000
_MOST_BARS = 200
_BINS = 30


class Plotted(TypedDict):
    """A picture, which stands in the notebook as `name`; sizes are in pixels."""

    name: str
    width: int
    height: int
    says: str


Kind = Literal["area", "bar", "barh", "box", "hist", "line", "pie", "scatter"]


class FramePlotTool(FrameTool):
    """Draws a frame."""

    tool_name = "frame_plot"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(
                arguments={"name": "orders", "kind": "scatter", "x": "amount", "y": ["price"]},
                says="one column against another",
            ),
            Example(
                arguments={"name": "orders", "kind": "hist", "y": ["price"]},
                says="how often each price is",
            ),
        ),
        guidance="For bars of groups, keep the result of frame_group and plot that.",
    )

    def run(
        self,
        name: str,
        *,
        y: list[str],
        kind: Kind = "line",
        x: str = "",
        where: str = "",
        title: str = "",
        keep_as: str = "",
    ) -> Plotted:
        """Draw columns of a DataFrame of the notebook; the figure gets a name in it.

        Args:
            name: The frame.
            y: Columns of numbers to draw.
            kind: What to draw.
            x: The column along the other axis; empty for the frame's own index.
            where: Only rows for which this condition holds, as in frame_query.
            title: What stands above it.
            keep_as: The figure's new name; empty for figure_1, figure_2 and so on.
        """
        frame = self.frame(name)
        labels = [*checked_columns(frame, y, whose=name)]
        along = [*checked_columns(frame, [x] if x else [], whose=name)]
        found = selected(frame, where) if where.strip() else frame
        _check(found, labels, kind)
        places = found[along[0]] if along else found.index.to_series()
        figure = _drawn(kind, places, [found[label] for label in labels], x, title)
        width, height = figure.canvas.get_width_height()
        kept = keep_as or self._free_name()
        self.keep(kept, figure)
        says = f"{kind} of {', '.join(y)} over {x or 'the index'}, {len(found)} rows"
        return {"name": kept, "width": int(width), "height": int(height), "says": says}

    def _free_name(self) -> str:
        taken, number = self.notebook.namespace, 1
        while f"figure_{number}" in taken:
            number += 1

        return f"figure_{number}"


def _check(frame: Any, labels: list[Any], kind: Kind) -> None:
    if not labels:
        raise ToolError("There is no column to draw.", hint='Name one: y=["price"].')
    if not len(frame):
        raise ToolError("There is no row to draw.")
    if kind == "pie" and len(labels) > 1:
        raise ToolError("A pie shows one column.")

    most = _MOST_BARS if kind in ("bar", "barh", "pie") else _MOST_POINTS
    if len(frame) > most:
        raise ToolError(
            f"These are {len(frame)} rows, and a {kind} plot shows {most}.",
            hint="Group them with frame_group, or choose some with where.",
        )
    for label in labels:
        if frame[label].dtype.kind not in "iufb":
            raise ToolError(f"{label!r} holds no numbers but {frame[label].dtype}.")


def _drawn(kind: Kind, places: Any, columns: list[Any], x: str, title: str) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    try:
        _HOW[kind](axes, places, columns)
        if x and kind not in ("box", "hist", "pie"):
            (axes.set_ylabel if kind == "barh" else axes.set_xlabel)(x)
        if len(columns) > 1 and kind != "box":
            axes.legend()
        elif kind not in ("box", "pie"):
            (axes.set_xlabel if kind in ("barh", "hist") else axes.set_ylabel)(columns[0].name)
        if title:
            axes.set_title(title)
        canvas.draw()
    except (TypeError, ValueError) as problem:
        raise ToolError(f"The {kind} plot cannot be drawn: {str(problem)[:300]}") from None

    return figure


def _lines(axes: Any, places: Any, columns: list[Any]) -> None:
    for one in columns:
        axes.plot(places.to_numpy(), one.to_numpy(), label=str(one.name))


def _areas(axes: Any, places: Any, columns: list[Any]) -> None:
    values = [one.fillna(0).to_numpy() for one in columns]
    axes.stackplot(places.to_numpy(), *values, labels=[str(one.name) for one in columns])


def _points(axes: Any, places: Any, columns: list[Any]) -> None:
    for one in columns:
        axes.scatter(places.to_numpy(), one.to_numpy(), label=str(one.name), s=12)


def _upright(axes: Any, places: Any, columns: list[Any]) -> None:
    _bars(places, columns, axes.bar)
    axes.set_xticks(range(len(places)), [str(one) for one in places], rotation=45, ha="right")


def _lying(axes: Any, places: Any, columns: list[Any]) -> None:
    _bars(places, columns, axes.barh)
    axes.set_yticks(range(len(places)), [str(one) for one in places])


def _bars(places: Any, columns: list[Any], bars: Callable[..., Any]) -> None:
    """A bar per row and column, those of one row side by side."""
    thick = 0.8 / len(columns)
    for number, one in enumerate(columns):
        shift = (number - (len(columns) - 1) / 2) * thick
        bars([place + shift for place in range(len(places))], one, thick, label=str(one.name))


def _frequencies(axes: Any, _: Any, columns: list[Any]) -> None:
    for one in columns:
        axes.hist(one.dropna().to_numpy(), bins=_BINS, alpha=0.7, label=str(one.name))


def _boxes(axes: Any, _: Any, columns: list[Any]) -> None:
    axes.boxplot([one.dropna().to_numpy() for one in columns])
    axes.set_xticks(range(1, len(columns) + 1), [str(one.name) for one in columns])


def _pie(axes: Any, places: Any, columns: list[Any]) -> None:
    axes.pie(columns[0].fillna(0).to_numpy(), labels=[str(one) for one in places])


_HOW: dict[str, Callable[[Any, Any, list[Any]], None]] = {
    "area": _areas,
    "bar": _upright,
    "barh": _lying,
    "box": _boxes,
    "hist": _frequencies,
    "line": _lines,
    "pie": _pie,
    "scatter": _points,
}
