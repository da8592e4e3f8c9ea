"""Markdown becomes HTML that can do nothing, wherever it is shown."""

from __future__ import annotations

import re

import pytest

from mojentic_nb.views import rendered as place
from mojentic_nb.views.rendered import last_block, rendered
from tests.widgets.payloads import PAYLOADS, is_harmless


def test_markdown_is_written_as_html() -> None:
    html = rendered("# A\n\n*b* `c` [d](https://e.org)\n\n```python\n1 < 2\n```\n\n|f|\n|-|\n|g|")
    for part in ("<h1>A</h1>", "<em>b</em>", "<code>c</code>", 'href="https://e.org"', "<td>g"):
        assert part in html
    assert '<pre><code class="language-python">1 &lt; 2\n</code></pre>' in html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_of_it_can_act(payload: str) -> None:
    assert is_harmless(rendered(payload))


def test_there_are_payloads_enough() -> None:
    assert len(set(PAYLOADS)) >= 60


def test_a_picture_is_a_link_and_nothing_is_fetched() -> None:
    html = rendered("![plan](https://example.org/a.png?secret)")
    assert "<img" not in html
    assert '<a href="https://example.org/a.png?secret"' in html


def test_a_link_has_an_address_and_nothing_else() -> None:
    html = rendered('[a](https://e.org "a title") [b](other.ipynb) [c](https://e.org/x)')
    assert re.findall(r'(\w+)="', html) == ["href", "rel", "rel", "href", "rel"]
    assert html.count('rel="noopener noreferrer nofollow"') == 3


def test_a_column_is_set_as_it_is_written() -> None:
    html = rendered("|a|b|c|d|\n|:-|-:|:-:|-|\n|1|2|3|4|")
    assert re.findall(r"<t[hd]( .*?)?>", html) == 2 * [
        ' align="left"', ' align="right"', ' align="center"', ""
    ]  # fmt: skip


class Html:
    """A reader that lets HTML through, as a mistake in it would."""

    def render(self, markdown: str) -> str:
        return markdown


@pytest.mark.parametrize("is_filtered", [True, False])
def test_no_attribute_stands_that_is_not_named(
    monkeypatch: pytest.MonkeyPatch, is_filtered: bool
) -> None:
    monkeypatch.setattr(place, "_reader", Html)
    if not is_filtered:
        monkeypatch.setattr(place, "_kept", lambda _tag, _name, value: value)
    said = '<p title="t" lang="l" class="c" id="i" style="s" onclick="o">a</p>'
    assert rendered(said) == "<p>a</p>"
    cell = '<table><tr><td style="s" align="{}">a</td></tr></table>'
    assert "<td>" in rendered(cell.format("javascript:x")) or not is_filtered
    assert '<td align="right">' in rendered(cell.format("right"))
    assert "align" not in rendered('<p align="right">a</p>')
    assert "lang" not in rendered('<a lang="l" title="t" href="javascript:x">b</a>')
    assert "title" not in rendered('<code title="t">')
    assert "javascript" not in rendered('<a href="javascript:x">b</a>')


@pytest.mark.parametrize(
    ("text", "last"),
    [("", ""), ("one", "one"), ("one\n\ntwo", "two"), ("- a\n- b", "- a\n- b"), ("# a\nb", "b")],
)
def test_the_last_block_may_still_grow(text: str, last: str) -> None:
    assert text[last_block(text) :] == last
