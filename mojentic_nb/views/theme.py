"""Colours and sizes of everything drawn in HTML: one place, one class.

Law: Jupyter's own variables, each with a fallback, so that a dark theme just works; no fixed
white or black, no shadow. A colour never speaks alone: a word or a mark stands with it.
"""

from __future__ import annotations

from threading import Lock

__all__ = ["AMBER", "BRIGHT", "CSS_CLASS", "MUTED", "RED", "STYLE", "ModelColours", "model_colour"]

CSS_CLASS = "mojentic-nb"

# Reserved: red for errors, amber for what is partial, cancelled or estimated.
RED = "#CC3311"
AMBER = "#EE7733"

# Paul Tol, "Colour Schemes" (2021), in his order. His reds and greys are left out, because red
# says error here and grey says unknown.
BRIGHT = ("#4477AA", "#228833", "#AA3377", "#66CCEE", "#CCBB44")
MUTED = ("#332288", "#44AA99", "#999933", "#882255", "#88CCEE", "#117733", "#AA4499", "#DDCC77")
_UNKNOWN_MODEL = "#BBBBBB"

STYLE = f"""<style>
.{CSS_CLASS} {{ color: var(--jp-ui-font-color1, inherit);
  font-family: var(--jp-content-font-family, sans-serif); }}
.{CSS_CLASS} table {{ border-collapse: collapse; border: none; margin: 4px 0; }}
.{CSS_CLASS} caption {{ caption-side: top; text-align: left; padding: 4px 8px; font-size: 0.85em;
  color: var(--jp-ui-font-color2, inherit); }}
.{CSS_CLASS} th, .{CSS_CLASS} td {{ padding: 4px 8px; border: none; vertical-align: top;
  border-bottom: 1px solid var(--jp-border-color2, #8886); background: none; }}
.{CSS_CLASS} th {{ font-weight: 600; white-space: nowrap;
  color: var(--jp-ui-font-color2, inherit); }}
.{CSS_CLASS} .number {{ font-variant-numeric: tabular-nums; white-space: nowrap; }}
</style>"""


class ModelColours:
    """One hue per model, given in the order in which models are first seen."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._lock = Lock()  # charts are drawn in the cell while a background job meets a model

    def of(self, name: str) -> str:
        """The colour of a model as `#rrggbb`; the same one for as long as this object lives."""
        if not name:
            return _UNKNOWN_MODEL

        with self._lock:
            place = self._places.setdefault(name, len(self._places))

        hues = BRIGHT + MUTED
        return hues[place % len(hues)]


# One for the session: a model must not change its colour between a table and a chart.
model_colour = ModelColours().of
