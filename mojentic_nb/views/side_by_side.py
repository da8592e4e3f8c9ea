"""Answers side by side: a row for each item, a column for each candidate, differences marked.

Law: pure, and no script: what all say alike is folded away by `<details>`. Everything is
escaped; both forms show the same words. The first candidate's answer stands as it is, the
others' as what differs from it, where enough is alike for that to be readable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from mojentic_nb.views.theme import CSS_CLASS, NO_MATH, RED, model_colour
from mojentic_nb.views.word_diff import diff_html, diff_text, likeness

__all__ = ["Answer", "SideBySide", "SideRow", "side_html", "side_text"]

# Below this likeness a diff is harder to read than both texts.
READABLE = 0.4

# Rows shown without asking for more, rows drawn at all (ten candidates on 500 items are some
# 0.8 MB of a notebook), and characters of an answer.
ROWS = 50
MOST_ROWS = 500
LETTERS = 4000
_LINE = 100

_STYLE = f"""<style>.{CSS_CLASS} .sides {{ container-type: inline-size; overflow-x: auto;
color: var(--jp-ui-font-color1, inherit); font-size: 13px; line-height: 20px; }}
.{CSS_CLASS} .sides table {{ table-layout: fixed; width: 100%; border-collapse: collapse;
border: none; margin: 0; font-size: 13px; }}
.{CSS_CLASS} .sides tr:nth-child(n) {{ background: none; }}
.{CSS_CLASS} .sides tr > :nth-child(n) {{ text-align: left; vertical-align: top; background: none;
padding: 8px 12px 8px 0; border: none; border-bottom: 1px solid var(--jp-border-color2, #8886);
overflow-wrap: anywhere; white-space: normal; }}
.{CSS_CLASS} .sides th {{ font-weight: 600; }}
.{CSS_CLASS} .sides small, .{CSS_CLASS} .sides summary {{ font-size: 0.85em;
color: var(--jp-ui-font-color2, inherit); }}
.{CSS_CLASS} .sides summary {{ cursor: pointer; padding: 4px 0; }}
.{CSS_CLASS} .sides .text {{ white-space: pre-wrap; max-height: 320px; overflow-y: auto; }}
.{CSS_CLASS} .sides .error {{ color: var(--jp-error-color1, {RED}); }}
.{CSS_CLASS} .sides b.dot {{ display: inline-block; width: 8px; height: 8px; border-radius: 50%;
margin-right: 8px; }}
.{CSS_CLASS} .sides th details {{ font-weight: normal; }}
.{CSS_CLASS} .sides del + ins {{ margin-left: 4px; }}
.{CSS_CLASS} .sides ins {{ text-decoration: underline 2px; font-weight: 600; }}
.{CSS_CLASS} .sides del {{ opacity: 0.6; }}
@container (max-width: 480px) {{ .{CSS_CLASS} .sides thead {{ display: none; }}
.{CSS_CLASS} .sides tr {{ display: block; padding: 8px 0; }}
.{CSS_CLASS} .sides tr > :nth-child(n) {{ display: block; width: auto; border-bottom: none;
padding: 4px 0; }}
.{CSS_CLASS} .sides tr {{ border-bottom: 1px solid var(--jp-border-color2, #8886); }} }}
@container (min-width: 481px) {{ .{CSS_CLASS} .sides td .who {{ display: none; }} }}</style>"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one candidate said, once.

    Attributes:
        text: The answer; of one that failed, what went wrong.
        is_ok: Whether there is one.
        passed: What the checks say; None where they say nothing.
        told: Seconds, tokens and the like, in a few words.
    """

    text: str
    is_ok: bool = True
    passed: bool | None = None
    told: str = ""

    @property
    def mark(self) -> str:
        """The checks' word, as a sign and a word."""
        if not self.is_ok:
            return "error"

        return {True: "✓ pass", False: "✗ fail", None: ""}[self.passed]


@dataclass(frozen=True, kw_only=True)
class SideRow:
    """One item.

    Attributes:
        name: What it is called.
        asked: What was asked, in words.
        answers: For each candidate its answers, one for each repeat.
        differs: Whether the candidates disagree.
    """

    name: str
    asked: str
    answers: tuple[tuple[Answer, ...], ...]
    differs: bool = True


class SideBySide:
    """A grid of answers, which a notebook shows and exports without a script.

    Args:
        candidates: Their names, in the order of the columns.
        rows: One for each item.
        models: The model of each candidate, whose colour it has; by default its name.
    """

    def __init__(
        self, candidates: Sequence[str], rows: Sequence[SideRow], *, models: Sequence[str] = ()
    ) -> None:
        self.candidates = tuple(candidates)
        self.models = tuple(models) or self.candidates
        self.rows = tuple(rows)

    @property
    def html(self) -> str:
        """The grid for a notebook."""
        return side_html(self.candidates, self.rows, models=self.models)

    @property
    def text(self) -> str:
        """The whole grid in text."""
        return side_text(self.candidates, self.rows)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return side_text(self.candidates, self.rows, most=ROWS)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        made = {"text/html": self.html, "text/plain": repr(self)}
        return {
            mime: value
            for mime, value in made.items()
            if (include is None or mime in include) and mime not in (exclude or ())
        }


def side_html(
    candidates: Sequence[str], rows: Sequence[SideRow], *, models: Sequence[str] = ()
) -> str:
    """Draw the grid; rows on which all agree are folded away under those that differ."""
    whose = [
        _who(name, model) for name, model in zip(candidates, models or candidates, strict=True)
    ]
    in_order = [row for row in rows if row.differs] + [row for row in rows if not row.differs]
    drawn_rows = in_order[:MOST_ROWS]
    apart = [row for row in drawn_rows if row.differs]
    drawn = "".join(_sections(whose, apart, drawn_rows[len(apart) :]))
    if len(in_order) > MOST_ROWS:
        drawn += f"<p><small>{_items(len(in_order) - MOST_ROWS)} more, not drawn</small></p>"
    return (
        f'<div class="{CSS_CLASS} {NO_MATH}">{_STYLE}<div class="sides">'
        f"{drawn or '<p>No answers yet: run the comparison.</p>'}</div></div>"
    )


def _sections(
    whose: Sequence[str], apart: Sequence[SideRow], alike: Sequence[SideRow]
) -> Iterator[str]:
    if apart[:ROWS]:
        yield _table(whose, apart[:ROWS])
    if apart[ROWS:]:
        yield _folded(f"{_items(len(apart) - ROWS)} more", _table(whose, apart[ROWS:]))
    if alike:
        told = f"{_items(len(alike))} on which all agree"
        table = _table(whose, alike)
        yield _folded(told, table, is_open=not apart and len(alike) <= ROWS)


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def _folded(told: str, inside: str, *, is_open: bool = False) -> str:
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{escape(told)}</summary>{inside}</details>"


def _table(whose: Sequence[str], rows: Sequence[SideRow]) -> str:
    head = "".join(f'<th scope="col">{who}</th>' for who in whose)
    body = "".join(_row(whose, row) for row in rows)
    top = f'<thead><tr><th scope="col">item</th>{head}</tr></thead>'
    return f"<table>{top}<tbody>{body}</tbody></table>"


def _who(name: str, model: str) -> str:
    dot = f'<b class="dot" style="background: {model_colour(model)}"></b>'
    return f"{dot}{escape(name)}"


def _row(whose: Sequence[str], row: SideRow) -> str:
    first = _first(row)
    asked = _folded("asked", f'<div class="text">{escape(_cut(row.asked))}</div>')
    asked = asked if " ".join(row.asked.split()) not in (row.name, "") else ""
    cells = "".join(
        f'<td><div class="who">{who}</div>{_cell(answers, first if place else "")}</td>'
        for place, (who, answers) in enumerate(zip(whose, row.answers, strict=True))
    )
    return f'<tr><th scope="row">{escape(row.name)}{asked}</th>{cells}</tr>\n'


def _first(row: SideRow) -> str:
    """The answer that the others are held against."""
    answers = row.answers[0] if row.answers else ()
    return next((answer.text for answer in answers if answer.is_ok), "")


def _cell(answers: Sequence[Answer], beside: str) -> str:
    if not answers:
        return "<small>not asked</small>"

    shown, others = answers[0], _others(answers)
    rest = "".join(_one(answer, shown.text if shown.is_ok else "") for answer in others)
    told = f"{len(others)} other answer{'' if len(others) == 1 else 's'} when asked again"
    same = len(answers) - 1 - len(others)
    again = f"<small> · {same + 1}× the same</small>" if same else ""
    return _one(shown, beside, after=again) + (_folded(told, rest) if others else "")


def _others(answers: Sequence[Answer]) -> list[Answer]:
    return [
        one for one in answers[1:] if (one.text, one.mark) != (answers[0].text, answers[0].mark)
    ]


def _one(answer: Answer, beside: str, *, after: str = "") -> str:
    colour = "" if answer.is_ok else ' class="error"'
    told = " · ".join(escape(word) for word in (answer.mark, answer.told) if word)
    line = f"<small{colour}>{told}</small>{after}" if told else after
    return f'<div class="text">{_marked(answer, beside)}</div>{line}'


def _marked(answer: Answer, beside: str) -> str:
    text = _cut(answer.text)
    if not answer.is_ok or not beside or not _is_readable(beside, text):
        return escape(text)

    return diff_html(_cut(beside), text)


def _is_readable(one: str, other: str) -> bool:
    return one != other and likeness(_cut(one), _cut(other)) >= READABLE


def _cut(text: str) -> str:
    if len(text) <= LETTERS:
        return text

    return f"{text[:LETTERS]}… ({len(text):,} characters)"


def side_text(
    candidates: Sequence[str], rows: Sequence[SideRow], *, most: int | None = None
) -> str:
    """The same in text, those that differ first; `most` bounds the items."""
    if not rows:
        return "No answers yet: run the comparison."

    apart = [row for row in rows if row.differs]
    shown = [*apart, *(row for row in rows if not row.differs)][:most]
    width = max(map(len, candidates), default=0)
    lines = [line for row in shown for line in _text_row(candidates, row, width)]
    if len(shown) < len(rows):
        lines.append(f"… {_items(len(rows) - len(shown))} more")

    return "\n".join(lines).rstrip()


def _text_row(candidates: Sequence[str], row: SideRow, width: int) -> Iterator[str]:
    yield row.name if row.differs else f"{row.name} (all agree)"
    first = _first(row)
    for place, (name, answers) in enumerate(zip(candidates, row.answers, strict=True)):
        for number, answer in enumerate([*answers[:1], *_others(answers)] if answers else []):
            text = answer.text
            if place and answer.is_ok and first and _is_readable(first, text):
                text = diff_text(_cut(first), _cut(text))
            line = " ".join(text.split())
            line = line if len(line) <= _LINE else f"{line[:_LINE]}…"
            mark = f"[{answer.mark}] " if answer.mark else ""
            yield f"  {'' if number else name:<{width}}  {mark}{line}"
        if not answers:
            yield f"  {name:<{width}}  (not asked)"

    yield ""
