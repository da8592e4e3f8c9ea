"""A conversation as one page of HTML that stands alone.

Law: nothing on it acts and nothing is fetched: no script, and a policy that says so; what was
said is rendered and sanitised (`views.rendered`), everything else escaped. Light and dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from mojentic_nb.chat.history import History
from mojentic_nb.chat.pieces import Fold, Said, Told, talk_of
from mojentic_nb.views.rendered import rendered
from mojentic_nb.views.theme import NO_MATH

__all__ = ["as_html"]

# The colours of text are 4.5 to 1 and more on both grounds; amber says partial or stale.
_SHEET = """
:root { color-scheme: light dark; --ink: #212121; --quiet: #616161; --ground: #fdfdfd;
  --surface: #f1f3f5; --line: #d9dcdf; --accent: #1558a6; --amber: #9a4a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e3e3; --quiet: #a8a8a8;
  --ground: #161616; --surface: #232527; --line: #3a3d40; --accent: #8ab8f0;
  --amber: #ffab66; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 76ch; margin: 0 auto; padding: 24px 16px 64px; overflow-wrap: anywhere; }
header { border-bottom: 1px solid var(--line); margin-bottom: 24px; padding-bottom: 12px; }
header h1 { font-size: 1.5em; line-height: 1.25; margin: 0 0 4px; }
.about, .who small, summary { font-size: 0.85em; color: var(--quiet); font-weight: normal;
  font-variant-numeric: tabular-nums; }
.about { margin: 8px 0 0; }
.exchange { margin: 0 0 32px; }
.exchange:target .who { color: var(--accent); }
.asked { background: var(--surface); border-radius: 8px; padding: 8px 16px; margin-bottom: 16px; }
.who { font-size: 0.85em; font-weight: 600; margin: 8px 0 4px; }
.mark { color: var(--amber); font-weight: 600; }
.shown { font-size: 0.85em; color: var(--quiet); margin: 4px 0; padding-left: 20px; }
.said > :first-child { margin-top: 0; }
.said > :last-child { margin-bottom: 0; }
.said { margin: 8px 0; }
.said :is(h1, h2, h3, h4, h5, h6) { font-size: 1.1em; line-height: 1.3; margin: 16px 0 8px; }
a { color: var(--accent); }
pre, code { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: 0.9em; }
pre { background: var(--surface); border: 1px solid var(--line); border-radius: 4px;
  padding: 8px 12px; overflow-x: auto; overflow-wrap: normal; line-height: 1.4; }
pre code { font-size: inherit; }
.asked .said p { white-space: pre-line; }
.asked pre { background: var(--ground); }
details pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 32em; overflow-y: auto;
  margin: 4px 0 8px; }
details { margin: 4px 0; }
summary { cursor: pointer; padding: 4px 0; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
blockquote { margin: 8px 0; padding-left: 12px; border-left: 3px solid var(--line);
  color: var(--quiet); }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: 4px 12px 4px 0;
  vertical-align: top; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
:is(th, td):not([align]) { text-align: left; }
@media print { details { display: none; } .asked { border: 1px solid var(--line); } }
"""

# Said to the browser as well: what is not allowed here could not even be fetched.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def as_html(history: History) -> str:
    """A conversation as one page of HTML."""
    talk = talk_of(history)
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(talk.title)}</title>\n<style>{_SHEET}</style>\n</head>\n"
    )
    begins = [f"<h1>{escape(talk.title)}</h1>", f'<p class="about">{escape(talk.about)}</p>']
    if talk.system:
        begins.append(_folded(f"system prompt · {len(talk.system):,} characters", talk.system))
    if talk.summary:
        begins.append(_folded("summary of what the model is no longer told", talk.summary))

    body = [f"<header>\n{_lines(begins)}</header>\n"]
    body += [_exchange(one, place) for place, one in enumerate(talk.exchanges, start=1)]
    if not talk.exchanges:
        body.append('<p class="about">Nothing was said yet.</p>\n')

    return f'{head}<body class="{NO_MATH}">\n<main>\n{"".join(body)}</main>\n</body>\n</html>\n'


def _exchange(one: Told, place: int) -> str:
    parts = [f'<section class="exchange" id="exchange-{place}" aria-label="Exchange {place}">']
    if one.asked:
        parts += ['<div class="asked">', *_pieces(one.asked, _asked_about(one)), "</div>"]
    parts += [*_pieces(one.came), _about(one), "</section>"]
    return _lines(parts)


def _pieces(pieces: Iterable[Said | Fold], about: str = "") -> Iterator[str]:
    who = None
    for piece in pieces:
        if piece.who != who:
            who = piece.who
            yield f'<h2 class="who">{escape(who)}{about}</h2>'
            about = ""
        if isinstance(piece, Fold):
            yield _folded(piece.line, piece.body)
        else:
            yield from _said(piece)


def _said(piece: Said) -> Iterator[str]:
    if piece.shown:
        yield f'<ul class="shown">{"".join(f"<li>{escape(one)}</li>" for one in piece.shown)}</ul>'
    if piece.text.strip():
        yield f'<div class="said">{rendered(piece.text)}</div>'


def _folded(line: str, body: str) -> str:
    return f"<details><summary>{escape(line)}</summary><pre>{escape(body)}</pre></details>"


def _asked_about(one: Told) -> str:
    words = [one.asked_at, f"cell {one.cell}" if one.cell else ""]
    line = " · ".join(word for word in words if word)
    return f" <small>{escape(line)}</small>" if line else ""


def _about(one: Told) -> str:
    words = [escape(one.about)] if one.about else []
    words += [f'<span class="mark">{escape(mark)}</span>' for mark in one.marks]
    return f'<p class="about">{" · ".join(words)}</p>' if words else ""


def _lines(parts: Iterable[str]) -> str:
    return "".join(f"{part}\n" for part in parts if part)
