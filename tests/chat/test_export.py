"""A conversation for others: all that was said, and nothing that acts or gives a key away."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

from mojentic_nb.chat.body import written
from mojentic_nb.chat.exchange import Exchange
from mojentic_nb.chat.export import (
    as_html,
    as_jsonl,
    as_markdown,
    as_notebook,
    exported,
    from_jsonl,
    transcript,
)
from mojentic_nb.chat.export_markdown import inert
from mojentic_nb.errors import HIDDEN, BadArgument, StateError
from mojentic_nb.media import ImagePart
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from tests.chat.talks import broken_off, everything, exchange, talk, with_images, with_tools

FORMS = ["md", "html", "ipynb", "jsonl"]
READABLE = {
    "md": as_markdown,
    "html": as_html,
    "ipynb": lambda history: json.dumps(as_notebook(history), ensure_ascii=False),
    "text": transcript,
}
in_every_readable_form = pytest.mark.parametrize("form", READABLE)


# what is told ---------------------------------------------------------------


@in_every_readable_form
def test_everything_that_was_said_is_there(form: str) -> None:
    told = READABLE[form](everything())
    for words in (
        "What is 17*23, and what is",
        "Let me see.",
        "And this?",
        "A red one.",
        "Well, it is",
        "openai:gpt-5.4-mini",
        "2026-11-21 16:53 UTC",
        "1,234 → 56 tok",
        "0.0021",
        "0.84 s",
        "partial: the answer broke off",
        "stale: something before it was changed later",
        "1 other way not shown",
        "They spoke about prices.",
        "Be brief.",
        "no such city",
        "failed: no such city",
        "thinking · 11,000 characters",
        "image/png · 73 bytes",
    ):
        assert words in told, words


@in_every_readable_form
def test_what_the_model_alone_is_told_is_not(form: str) -> None:
    assert "This answer broke off here" not in READABLE[form](everything())


@in_every_readable_form
def test_thoughts_and_results_are_bounded_with_their_size(form: str) -> None:
    call = LLMToolCall(id="c", name="read", arguments={"path": "p" * 99_999})
    asks = LLMMessage(role=MessageRole.Assistant, thinking="t" * 99_999, tool_calls=[call])
    one = Exchange(id="a", messages=(asks, LLMMessage.tool("r" * 99_999, call=call)))
    told = READABLE[form](talk(one))
    assert len(told) < 50_000
    assert "99,999 characters" in told


@in_every_readable_form
def test_the_same_conversation_gives_the_same_text(form: str) -> None:
    assert READABLE[form](everything()) == READABLE[form](everything())


@in_every_readable_form
def test_images_are_named_and_never_shown(form: str) -> None:
    data = with_images().messages[0].parts[0].data
    assert len(data) > 50
    assert data not in READABLE[form](everything())


@in_every_readable_form
def test_an_image_on_the_web_is_named_without_what_follows_it(form: str) -> None:
    part = ImagePart(url="https://user:secret1@example.org/a.png?token=hush")
    asks = LLMMessage(content="See", parts=(part,), image_paths=["/home/me/b.png"])
    told = READABLE[form](talk(Exchange(id="a", messages=(asks,))))
    assert "example.org/a.png" in told
    assert "b.png" in told
    assert not any(word in told for word in ("secret1", "hush", "/home/me"))


@in_every_readable_form
def test_nothing_was_said_yet(form: str) -> None:
    assert "0 exchanges" in READABLE[form](talk(system=""))


def test_each_call_stands_with_its_own_result_where_ids_repeat() -> None:
    told = transcript(talk(with_tools()))
    assert '[calculator(expression="17*23") → 391]' in told
    assert f'[lookup(city="Ghent", token="{HIDDEN}") → failed: no such city]' in told


def test_a_call_that_never_ran_says_so_and_so_does_one_that_could_not() -> None:
    calls = [LLMToolCall(id="a", name="f"), LLMToolCall(id="b", name="g", malformed="{oops")]
    asks = LLMMessage(role=MessageRole.Assistant, tool_calls=calls)
    told = transcript(talk(Exchange(id="a", messages=(LLMMessage.user("Do."), asks))))
    assert "[f() → (not run)]" in told
    assert "[g(?) → (not run)]" in told


@in_every_readable_form
def test_messages_put_in_by_hand_are_told(form: str) -> None:
    history = talk()
    history.insert_message(LLMMessage.assistant("Hello first."))
    history.insert_message(LLMMessage.system("Now in French."))
    stray = LLMToolCall(id="x", name="f")
    history.insert_message(LLMMessage.tool("a stray result", call=stray))
    told = READABLE[form](history)
    assert all(words in told for words in ("Hello first.", "Now in French.", "a stray result"))


def test_a_terminal_obeys_nothing_of_it() -> None:
    told = transcript(talk(exchange("\x1b[2Jwiped\x07\x9b31m", "a\r\nb\tc"), name="\x1b]0;x\x07"))
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(told)
    assert "b\tc" in told


def test_half_of_a_surrogate_pair_can_be_written(tmp_path: Path) -> None:
    history = talk(exchange("a\ud800b", "\udfff"))
    for form in FORMS:
        assert exported(history, form, tmp_path / form).read_text(encoding="utf-8")


# markdown -------------------------------------------------------------------


def test_money_is_no_formula_in_markdown() -> None:
    told = as_markdown(everything())
    prose = told.replace("<span>&#36;</span>", "")
    assert "$" not in prose
    assert "$" not in "".join(cell["source"] for cell in as_notebook(talk(with_images()))["cells"])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a <b>bold</b> word", "a &lt;b>bold&lt;/b> word"),
        ("1 < 2 and 3 > 2, <3", "1 < 2 and 3 > 2, <3"),
        ("`<b>` and ``<i> ` <u>``", "`<b>` and ``<i> ` <u>``"),
        ("a ` tick <b>", "a ` tick &lt;b>"),
        ("``` <b> `", "``` &lt;b> `"),
        ("\\<b> \\\\<b>", "&lt;b> \\\\&lt;b>"),
        ("```html\n<b>\n```", "```html\n<b>\n```"),
        ("- a\n  ```\n  <b>\n  ```\n- <b>", "- a\n  ```\n  <b>\n  ```\n- &lt;b>"),
        ("<!-- gone", "&lt;!-- gone"),
        ("</details>", "&lt;/details>"),
        ("![x](http://e.org/x.png)", "\\![x](http://e.org/x.png)"),
        ("`![x](y)`", "`![x](y)`"),
    ],
)
def test_html_in_what_was_said_is_text_and_code_stays(said: str, told: str) -> None:
    assert inert(said) == told
    assert inert(told) == told


def test_an_open_fence_does_not_take_the_rest_with_it() -> None:
    told = as_markdown(talk(exchange("a", "```python\nx = 1"), exchange("b", "after")))
    assert "```python\nx = 1\n```\n" in told


def test_unpaired_ticks_cost_no_more_than_their_length() -> None:
    # 200,000 signs; were it quadratic, the test would run into its time limit.
    said = " ".join("`" * (1 + at % 300) + "<b>" for at in range(1300))
    assert "&lt;b>" in as_markdown(talk(exchange("?", said)))


# html -----------------------------------------------------------------------


def test_the_page_stands_alone_in_both_themes() -> None:
    html = as_html(everything())
    assert html.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in html
    assert "prefers-color-scheme: dark" in html
    assert "url(" not in html
    assert "@import" not in html
    assert "<h1>Prices</h1>" in html
    assert "href=" not in html
    assert "src=" not in html


def test_markdown_is_rendered_on_the_page() -> None:
    said = (
        "**b** `c` <i>d</i> ![pic](https://e.org/x.png)\n\n"
        "- x\n\n| a |\n|---|\n| 1 |\n\n[l](https://e.org)\n\n```python\nx = '<'\n```"
    )
    html = as_html(talk(exchange("?", said)))
    for piece in (
        "<strong>b</strong>",
        "<code>c</code>",
        "&lt;i&gt;d&lt;/i&gt;",
        ">pic</a>",
        "<li>x</li>",
        "<td>1</td>",
        '<a href="https://e.org" rel="noopener noreferrer nofollow">l</a>',
        "x = '&lt;'",
    ):
        assert piece in html


# notebooks ------------------------------------------------------------------


def test_a_cell_that_asked_is_a_cell_again_with_its_answer_under_it() -> None:
    notebook = as_notebook(everything())
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds == ["markdown", "code", "code", *["markdown"] * 4]
    assert notebook["cells"][1]["source"] == (
        "%load_ext mojentic_nb\n%llm_config model=openai:gpt-5.4-mini"
    )
    asked = notebook["cells"][2]
    assert asked["source"] == "%%llm\nWhat is 17*23, and what is $5 or $10?"
    (shown,) = asked["outputs"]
    assert "It is **391**" in shown["data"]["text/markdown"]
    assert "What is 17*23" not in shown["data"]["text/plain"]


@pytest.mark.parametrize(
    "question, model, line",
    [
        ("plain", "demo", "%%llm"),
        ("a {template}", "demo", "%%llm --raw"),
        ("plain", "ollama:llama3.2:1b", "%%llm -m ollama:llama3.2:1b"),
        ("{a}", "hf:org/name@v1", "%%llm -m hf:org/name@v1 --raw"),
        ("plain", "", "%%llm"),
        ("plain", "evil\n!rm -rf", "%%llm"),
        ("plain", "evil --out x", "%%llm"),
        ("plain", "--tools=f", "%%llm"),
    ],
)
def test_a_cell_asks_the_same_model_the_same_words(question: str, model: str, line: str) -> None:
    last = exchange("last", cell="c2", model="demo")
    history = talk(exchange(question, cell="c1", model=model), last)
    setup, first, second = (cell["source"] for cell in as_notebook(history)["cells"][1:])
    assert setup == "%load_ext mojentic_nb\n%llm_config model=demo"
    assert first == f"{line}\n{question}"
    assert second == "%%llm\nlast"


def test_who_is_not_known_by_one_word_is_not_set() -> None:
    for model in ("", "two words", "x\n!ls"):
        notebook = as_notebook(talk(exchange(cell="c", model=model)))
        assert notebook["cells"][1]["source"] == "%load_ext mojentic_nb"


def test_one_that_showed_an_image_is_no_cell_that_could_be_run_again() -> None:
    notebook = as_notebook(talk(replace(with_images(), cell="c1")))
    assert {cell["cell_type"] for cell in notebook["cells"]} == {"markdown"}


def test_ids_are_valid_and_each_its_own() -> None:
    history = talk(exchange(id="x" * 99), exchange(id="x" * 99), exchange(id=""), exchange(id="é/"))
    notebook = as_notebook(history)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    nbformat.validate(notebook, version=4, version_minor=5)


def test_nbconvert_reads_it(tmp_path: Path) -> None:
    path = exported(everything(), "ipynb", tmp_path / "chat.ipynb")
    read: Any = nbformat.read(path, as_version=4)
    nbformat.validate(read)
    html, _ = HTMLExporter().from_notebook_node(read)
    assert "It is <strong>391</strong>" in html
    assert "<details><summary>thinking" in html
    markdown, _ = MarkdownExporter().from_notebook_node(read)
    assert "A red one." in markdown


# json lines -----------------------------------------------------------------


def test_json_lines_read_back_equal() -> None:
    history = talk(with_images(), broken_off(), exchange("a\u2028b\x85c\nd", "\ud800"))
    text = as_jsonl(history)
    assert len(text.splitlines()) == 3
    assert from_jsonl(text) == list(history.exchanges)
    assert all(json.loads(line)["id"] for line in text.splitlines())


def test_only_a_line_feed_ends_a_line() -> None:
    one = exchange("a\u2028b\x85c\x1cd")
    assert from_jsonl(f"{written(one)}\r\n{written(one)}") == [one, one]


def test_no_lines_are_no_exchanges() -> None:
    assert from_jsonl("") == from_jsonl("\n\n") == []
    assert as_jsonl(talk()) == ""


def test_a_damaged_line_is_told_by_its_number() -> None:
    text = as_jsonl(talk(exchange())) + '\n{"id": "ab12"}\n'
    with pytest.raises(StateError, match="Exchange 'ab12' in line 3 is damaged"):
        from_jsonl(text)


# files ----------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_it_is_written_as_it_is_given(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"chat.{form}"
    assert exported(everything(), form, path) == path
    assert path.read_text(encoding="utf-8") == exported(everything(), form)
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_that_was_there_is_replaced_and_a_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "real.md"
    real.write_text("old")
    link = tmp_path / "link.md"
    link.symlink_to(real)
    assert exported(talk(), "md", str(link)) == link
    assert link.is_symlink()
    assert real.read_text().startswith("# Prices")


def test_who_may_read_a_file_that_is_replaced_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.md"
    path.write_text("old")
    path.chmod(0o600)
    exported(everything(), "md", path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["none/chat.md", "taken"])
def test_a_file_that_cannot_be_written_is_a_typed_error(place: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(StateError, match="cannot be written") as caught:
        exported(talk(), "md", tmp_path / place)
    assert caught.value.hint
    assert os.listdir(tmp_path) == ["taken"]


@pytest.mark.parametrize("form", ["pdf", "MD", "", "markdown", None, 3])
def test_a_wrong_form_names_the_four(form: Any) -> None:
    with pytest.raises(BadArgument, match="md, html, ipynb or jsonl"):
        exported(talk(), form)


@pytest.mark.parametrize("path", [3, "a\0b", b"x"])
def test_a_wrong_path_is_a_wrong_call(path: Any) -> None:
    with pytest.raises(BadArgument, match="names no file"):
        exported(talk(), "md", path)
