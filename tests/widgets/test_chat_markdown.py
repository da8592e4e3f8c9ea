"""A model's Markdown is written as HTML while it grows, and only its end again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.views.rendered import rendered
from mojentic_nb.widgets.chat_markdown import Growing
from tests.widgets.payloads import PAYLOADS, is_harmless


def grown(pieces: list[str]) -> str:
    text, whole, tail = Growing(), "", ""
    for piece in pieces:
        text.add(piece)
        more, tail = text.take()
        whole += more
    return whole + tail


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_of_it_can_act(payload):
    assert is_harmless(grown([payload[:7], payload[7:], "\n\nmore"]))


TEXT = """# One

Two *words*
and a line

- a
- b

  c

```py
x = 1

y = 2
```

| a | b |
|---|---|
| 1 | 2 |

> said
> so

1. last
2. of all
"""


@given(st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_grown_in_pieces_it_is_the_same_at_its_end(cuts):
    places = [0, *sorted(cuts), len(TEXT)]
    pieces = [TEXT[begin:end] for begin, end in pairwise(places)]
    assert grown(pieces) == rendered(TEXT)


@given(st.text(alphabet="a*`#->|1. \n\r\t[]()_~<&", max_size=60))
def test_no_text_is_too_odd_to_grow(text):
    assert is_harmless(grown([text[: len(text) // 2], text[len(text) // 2 :]]))


def test_only_the_last_block_is_written_again():
    text = Growing()
    text.add("one\n\ntwo\n\nthr")
    assert text.take() == ("<p>one</p>\n<p>two</p>\n", "<p>thr</p>\n")
    text.add("ee\n\nfour")
    assert text.take() == ("<p>three</p>\n", "<p>four</p>\n")
