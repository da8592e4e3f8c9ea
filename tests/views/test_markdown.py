"""What is shown of a reply that is still being written."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.views import blocks, markdown
from mojentic_nb.views.markdown import bounded, details, fenced, inline, showable

parse = mistune.create_markdown(renderer="ast")

LETTERS = st.text(alphabet="`~$5ab \n->\\|#1.\t\r", max_size=80)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("", " "),
        (" ", " "),
        ("plain", "plain"),
        # Fences
        ("```py\nx", "```py\nx\n```"),
        ("```py\nx\n", "```py\nx\n```"),
        ("```", "```\n```"),
        ("```py\nx\n```", "```py\nx\n```"),
        ("```py\nx\n```\nafter", "```py\nx\n```\nafter"),
        ("~~~\n```\nx", "~~~\n```\nx\n~~~"),
        ("````\n```\nx\n```", "````\n```\nx\n```\n````"),
        ("```\nx\n````", "```\nx\n````"),
        ("```\n``` py", "```\n``` py\n```"),
        ("``` a`b\nx", "``` a`b\nx"),
        ("   ```\nx", "   ```\nx\n```"),
        ("    ```\nx", "    ```\nx"),
        ("text\n```\nx", "text\n```\nx\n```"),
        ("```\r\nx\r\n```\r\n$5", "```\r\nx\r\n```\r\n<span>&#36;</span>5"),
        # A fence whose closing is half typed does not flicker
        ("```\nx\n``", "```\nx\n```"),
        ("~~~~\nx\n~", "~~~~\nx\n~~~~"),
        ("- ```\n  x\n  `", "- ```\n  x\n  ```"),
        # Inside lists and quotes
        ("- a\n  ```\n  x", "- a\n  ```\n  x\n  ```"),
        ("1. ```js\n   x", "1. ```js\n   x\n   ```"),
        ("- a\n  - b\n    ```\n    x", "- a\n  - b\n    ```\n    x\n    ```"),
        ("> ```\n> x", "> ```\n> x\n> ```"),
        ("> - ```\n>   x", "> - ```\n>   x\n>   ```"),
        ("- ```\n  x\n\n  y", "- ```\n  x\n\n  y\n  ```"),
        ("- ```\n      ```\n  x", "- ```\n      ```\n  x\n  ```"),
        ("- ````\n  ```\n  x", "- ````\n  ```\n  x\n  ````"),
        ("-\n  ```\n  x", "-\n  ```\n  x\n  ```"),
        ("- a\nlazy\n  ```\n  x", "- a\nlazy\n  ```\n  x\n  ```"),
        ("- ```\n  x\nafter $5", "- ```\n  x\nafter <span>&#36;</span>5"),
        ("> ```\n> x\n\nafter", "> ```\n> x\n\nafter"),
        ("\t```\n\t$5", "\t```\n\t$5"),
        # Backticks on the last line
        ("use `pri", "use `pri`"),
        ("use ``a ` b", "use ``a ` b``"),
        ("use ``a `", "use ``a ``"),
        ("use `a``", "use `a`` `"),
        ("use `", "use `"),
        ("use `a` and `b", "use `a` and `b`"),
        ("a ` b\nlast", "a ` b\nlast"),
        ("a \\`b", "a \\`b"),
        ("a `b\nc` d", "a `b\nc` d"),
        ("# a ` b\nthen `c", "# a ` b\nthen `c`"),
        ("- a ` b\n- c `d", "- a ` b\n- c `d`"),
        ("| ` |\n| `d", "| ` |\n| `d`"),
        # Money
        ("$5 and $6", "<span>&#36;</span>5 and <span>&#36;</span>6"),
        ("already \\$5", "already <span>&#36;</span>5"),
        ("a backslash \\\\$5", "a backslash \\\\<span>&#36;</span>5"),
        ("`$5` is $5", "`$5` is <span>&#36;</span>5"),
        ("`$5\n$6` is $7", "`$5\n$6` is <span>&#36;</span>7"),
        ("say `$5", "say `$5`"),
        ("$x$ stays", "$x$ stays"),
        ("$$5x = 10$$", "$$5x = 10$$"),
        ("```\n$5\n```\n$5", "```\n$5\n```\n<span>&#36;</span>5"),
        ("    $5\n", "    $5\n"),
        ("words\n    $5", "words\n    <span>&#36;</span>5"),
        ("- item\n\n      $5", "- item\n\n      $5"),
        ("1. costs $5", "1. costs <span>&#36;</span>5"),
        ("http://x.y/$5 for $5", "http://x.y/$5 for <span>&#36;</span>5"),
        ("[$5](http://x.y/$5)", "[<span>&#36;</span>5](http://x.y/$5)"),
    ],
)
def test_the_displayed_copy_is_complete(text: str, shown: str) -> None:
    assert showable(text) == shown


def test_mathematics_is_left_alone_when_asked() -> None:
    assert showable("$5x$ and `a", math=True) == "$5x$ and `a`"
    assert showable(r"\$5 and \$6", math=True) == r"\$5 and \$6"


@pytest.mark.parametrize(
    "reply",
    [
        "Try this:\n\n```python\nprint(`1`)\n```\n\nIt costs $5.",
        "1. First\n   ```sh\n   ls\n   ```\n2. Second ``a ` b`` and `c`\n",
        "> quoted\n> ~~~\n> ```\n> ~~~\n\nend",
        "- a\n  - b\n\n    ````md\n    ```\n    x\n    ```\n    ````\n- c",
    ],
)
def test_at_no_moment_does_code_swallow_what_follows(reply: str) -> None:
    for cut in range(1, len(reply) + 1):
        told = parse(showable(reply[:cut]) + "\n\nAFTER")
        assert told[-1] == {"type": "paragraph", "children": [{"type": "text", "raw": "AFTER"}]}


@given(LETTERS)
def test_showing_twice_changes_nothing(text: str) -> None:
    once = showable(text)
    assert showable(once) == once


@given(LETTERS)
def test_nothing_typed_is_lost(text: str) -> None:
    shown = showable(text, math=True)
    assert shown == " " if not text else shown.startswith(text)


@given(LETTERS)
def test_no_fence_stays_open(text: str) -> None:
    scan = blocks.Blocks(showable(text))
    assert "".join(piece for piece, _, _ in scan.pieces()) == showable(text)
    assert scan.open_fence is None


def lines_run(text: str) -> int:
    """How many lines of our code it takes to show the text: a clock that never wavers."""
    ours = {markdown.__file__, blocks.__file__}
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace if frame.f_code.co_filename in ours else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        showable(text)
    finally:
        sys.settrace(before)

    return count


@pytest.mark.parametrize(
    "piece",
    [
        "costs $5 and `x`\n",
        "```\nx\n```\n",
        "- `a\n",
        "> $5\n",
        "` `` ``` ",
        "\\`$5",
        "- ",
        "> - a `\n",
    ],
)
def test_twice_the_text_is_twice_the_work(piece: str) -> None:
    assert lines_run(piece * 400) <= 2.2 * lines_run(piece * 200) + 100


def test_blank_lines_below_a_deep_list_cost_no_more_than_below_a_shallow_one() -> None:
    deep, shallow = (lines_run("- " * depth + "`\n" + " \n" * 200) for depth in (2000, 20))
    assert deep <= 1.2 * shallow


def test_a_summary_cannot_break_out_of_its_line() -> None:
    folded = details("</summary><img onerror=x>\n\n# $5 & $6", "body")
    first = folded.splitlines()[0]
    assert first == (
        "<details><summary>&lt;/summary&gt;&lt;img onerror=x&gt; "
        "# <span>&#36;</span>5 &amp; <span>&#36;</span>6</summary>"
    )


@pytest.mark.parametrize("body", ["", "plain\n", "```\nx\n```", "a `````b\n</details>\n\n<img>"])
def test_a_body_cannot_break_out_of_its_fence(body: str) -> None:
    told = [block for block in parse(details("s", body)) if block["type"] != "blank_line"]
    assert [block["type"] for block in told] == ["block_html", "block_code", "block_html"]
    assert told[1]["raw"].rstrip("\n") == body.rstrip("\n")


def test_a_fence_names_its_language() -> None:
    assert fenced("x", "python") == "```python\nx\n```"


def test_plain_text_stays_plain_in_a_line_of_markdown() -> None:
    assert inline("a*b_c `d` <img>\n$5") == (r"a\*b\_c \`d\` &lt;img&gt; <span>&#36;</span>5")


@given(st.text(max_size=300), st.integers(0, 300))
def test_shortened_text_tells_its_true_size(text: str, limit: int) -> None:
    shown = bounded(text, limit)
    if len(text) <= limit:
        assert shown == text
    else:
        assert shown == text or f"{len(text):,} characters in all" in shown
        assert len(shown) <= min(max(limit, limit // 2 + 70), len(text))


def test_shortened_text_keeps_both_ends() -> None:
    shown = bounded("a" * 500 + "b" * 500, 200)
    assert len(shown) == 200
    assert shown.startswith("a" * 50)
    assert shown.endswith("b" * 40)
