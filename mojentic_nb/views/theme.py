"""Colours and sizes of everything drawn in HTML: one place, one class.

Law: Jupyter's own variables, each with a fallback, so that a dark theme just works; no fixed
white or black, no shadow. A colour never speaks alone: a word or a mark stands with it.
"""

from __future__ import annotations

import re
from threading import Lock

__all__ = [
    "AMBER",
    "BRIGHT",
    "CSS_CLASS",
    "MUTED",
    "NO_MATH",
    "RED",
    "STYLE",
    "WATERFALL_STYLE",
    "ModelColours",
    "model_colour",
]

CSS_CLASS = "mojentic-nb"

# Both names, because MathJax 2 and 3 differ: prices in a cell are not a formula.
NO_MATH = "tex2jax_ignore mathjax_ignore"

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
.{CSS_CLASS} {{ @media (max-width: 480px) {{
  & :is(th, td) {{ padding: 4px; font-size: 0.85em; }}
  & th:nth-child(n) {{ white-space: normal; }}
}} }}
</style>"""

# Names of one letter, because every picture carries this text: `i` is a bar, `u` its wait, `b`
# its time to the first token, `s` one of a run, `.k` a bar that holds others, `.r` a run. The
# words in a bar (its start) are for places that drop styles. A bar's edge is nearer to the text's
# colour than its inside: some hues are as dark as one theme, some as pale as the other. A label
# of the scale that has no room wraps out of sight, as there is something before it. `nth-child(n)`
# outweighs JupyterLab's own rules for tables.
_WATERFALL = """
.spans { container-type: inline-size; color: var(--jp-ui-font-color1, inherit);
  font-family: var(--jp-content-font-family, sans-serif);
& pre { font: 13px/1.5 var(--jp-code-font-family, monospace); margin: 0; padding: 0;
  color: inherit; background: none; overflow-x: auto; white-space: pre; }
& table { table-layout: fixed; width: 100%; margin: 0; border: none; border-collapse: collapse;
  font-size: 13px; line-height: 20px; }
& caption { text-align: left; caption-side: top; padding: 4px 0; color: inherit;
  font-weight: 600; }
& tr:nth-child(n) { background: none; }
& tr > :nth-child(n) { padding: 2px 0; border: none; text-align: left; vertical-align: top;
  overflow: hidden; background: none; line-height: 20px; }
& tr > :nth-child(1) { width: 24%; padding-right: 8px; white-space: nowrap;
  text-overflow: ellipsis; }
& tr > :nth-child(3) { width: 76px; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
& tr > :nth-child(4) { width: 30%; padding: 4px 0 0 12px; overflow-wrap: anywhere;
  line-height: 16px; }
& :is(th, td:nth-child(4), summary, p) { font-size: 0.85em; font-weight: normal;
  color: var(--jp-ui-font-color2, inherit); }
& summary { cursor: pointer; padding: 4px 0; }
& tr > :nth-child(2) { font-size: 0; position: relative; background:
  repeating-linear-gradient(to right, var(--jp-border-color2, #8886) 0 1px,
  transparent 1px var(--step, 25%)); }
& th span { position: absolute; bottom: 4px; right: 0; height: 16px; font-size: 11px;
  line-height: 16px; overflow: hidden; }
& th span::before { padding-left: 4px; content: "\\200b"; }
& th span::after { display: inline-block; white-space: nowrap; content: attr(data-t); }
& i { display: flex; position: relative; height: 12px; margin: 4px 0; min-width: 4px;
  box-sizing: border-box; border-radius: 2px; overflow: hidden; color: #757575;
  border: 1px solid color-mix(in srgb, currentColor 60%, var(--jp-ui-font-color1, currentColor)); }
& i::after { content: ""; flex: 1; background: currentColor; }
& .k { height: 4px; margin: 8px 0; opacity: 0.6; border: none; }
& .r::after { opacity: 0.25; }
& u { background: repeating-linear-gradient(135deg, currentColor 0 2px, transparent 2px 5px); }
& b { border-right: 2px solid var(--jp-ui-font-color1, currentColor); box-sizing: border-box;
  background: color-mix(in srgb, currentColor 35%, transparent); }
& s { position: absolute; height: 100%; min-width: 2px; opacity: 0.75;
  background: currentColor; }
@container (max-width: 560px) {
& tr { display: grid; grid-template-columns: 1fr 76px; padding: 4px 0; }
& tr > :nth-child(n) { width: auto; padding: 0; }
& tr > :nth-child(2) { grid-row: 2; grid-column: 1 / 3; min-height: 20px; }
& tr > :nth-child(4) { grid-column: 1 / 3; }
& :is(th:not(:nth-child(2)), th span:nth-last-child(n+5) ~ :nth-child(even)) { display: none; }
} }
"""


def _packed(sheet: str) -> str:
    """The same rules without the space that only a reader needs."""
    return re.sub(r"\s*([{};,>])\s*|(?<=:) ", r"\1", re.sub(r"\s+", " ", sheet)).replace(";}", "}")


WATERFALL_STYLE = f"<style>.{CSS_CLASS}{_packed(_WATERFALL).strip()}</style>"


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
