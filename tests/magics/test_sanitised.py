"""A model's HTML can say something, and do nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.magics.sanitised import sanitised


@pytest.mark.parametrize(
    "source, written",
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("<p>one<p>two", "<p>one<p>two</p></p>"),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
        ("</b>x", "x"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a<li>b</li></li></ul>"),
        ("a<br/>b<hr>", "a<br>b<hr>"),
        ("<td colspan='2' rowspan=x style='a'>1", '<td colspan="2">1</td>'),
        ("<font color=red>x</font>", "x"),
        ("<b/>x", "x"),
        ("<!-- c --><!doctype html><?php x ?>y", "y"),
        ("<title>t</title><h1>h</h1>", "<h1>h</h1>"),
    ],
)
def test_what_is_harmless_stays(source, written):
    assert sanitised(source) == written


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</script>",
        "<SCRIPT src=//x>",
        "<script>a",
        "<style>@import 'x'</style>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><a href='javascript:x'>y</a></svg>",
        "<math><mi href='javascript:x'>y",
        "<iframe srcdoc='<b>'>x</iframe>",
        "<a href='javascript:alert(1)'>y</a>",
        "<a href=' jav&#x09;ascript:alert(1)'>y</a>",
        "<a href='data:text/html,x'>y</a>",
        "<a href=https://x onclick=alert(1)>y</a>",
        "<p style='background:url(x)' onmouseover=alert(1)>",
        "<form action=x><input><button>y</button></form>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<textarea><img src=x onerror=alert(1)></textarea>",
        "<template><script>alert(1)</script></template>",
        "<object data=x></object><embed src=x><base href=x><meta http-equiv=refresh><link href=x>",
        "<b <script>alert(1)</script>>",
        "<p/onclick=alert(1)>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<xmp><script>alert(1)</script></xmp>",
        "<plaintext><b>",
    ],
)
def test_what_could_act_is_gone(source):
    assert acting(sanitised(source)) == []


def test_a_link_keeps_its_address_alone():
    written = sanitised('<a href="https://x/?a=1&b=\'2" target=_top title=t>y</a>')
    rest = 'rel="noopener noreferrer nofollow">y</a>'
    assert written == f'<a href="https://x/?a=1&amp;b=&#x27;2" {rest}'


ALLOWED = re.compile(
    r'</?[a-z][a-z0-9]*>|<a href="(?:https?://|mailto:)[^"<>\s]*" rel="[a-z ]*">'
    r'|<t[dh](?: (?:colspan|rowspan)="[0-9]+")*>',
    re.IGNORECASE,
)


def acting(html):
    """Whatever in it is more than text, a plain element, a link or a span of cells."""
    rest = ALLOWED.sub("", html)
    elements = {one.lower() for one in re.findall(r"</?([a-z0-9]+)", html, re.IGNORECASE)}
    bad = {"script", "style", "img", "svg", "math", "iframe", "form", "input", "object", "embed"}
    return [*re.findall(r"[<>]", rest), *(elements & bad)]


PIECES = st.sampled_from(
    ["<", ">", "/", "script", "b", " onclick=", "'", '"', "=", "x", "<a href=", "javascript:",
     "https://", "<!--", "-->", "<![CDATA[", "]]>", "</", "&lt;", "&#60;", "<svg>", "</script>",
     "<style>", "<p>", "</p>", "\n", "`", "<title>", "\x00"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_mixture_gets_through(source):
    assert acting(sanitised(source)) == []
