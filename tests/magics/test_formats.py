"""`--format` and `--code`: how a reply is shown, and where its code goes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ObjectError
from mojentic_nb.magics.code_blocks import CodeBlock, code_blocks, runnable
from mojentic_nb.magics.formats import as_plain, trouble
from tests.loopback import Answer, ToolUse

CODE = "Like so:\n\n```python\nx = 1\n```\n\nand then\n\n```py\nprint(x)\n```\n\n```bash\nls\n```\n"


def shown(ollama, loopback, text, line):
    """What a reply of this text looks like, and the reply."""
    loopback.script(Answer(text))
    reply = ollama.ok(f"{line} go")
    assert reply == text
    return ollama.last


# code ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, blocks",
    [
        ("no code", []),
        ("```\nx\n```", [("", "x")]),
        ("```Python title='a'\nx\n\ny\n```\nz", [("python", "x\n\ny")]),
        ("~~~js\na```b\n~~~", [("js", "a```b")]),
        ("````md\n```\nx\n```\n````", [("md", "```\nx\n```")]),
        ("- item\n\n  ```py\n  if x:\n      y\n  ```\n", [("py", "if x:\n    y")]),
        ("```py\ncut off", [("py", "cut off")]),
        ("```py\n\n```", []),
        ("```py", []),
        ("a ```x``` b", []),
    ],
)
def test_code_is_what_stands_between_fences(text, blocks):
    found = [CodeBlock(language=language, code=code) for language, code in blocks]
    assert code_blocks(text) == found


def test_the_python_of_a_reply_is_one_cell():
    assert runnable(CODE) == "x = 1\n\nprint(x)"
    assert runnable("```bash\nls\n```") == "ls"
    assert runnable("nothing") == ""


def test_code_goes_into_the_next_cell_and_is_not_run(ollama, loopback):
    loopback.script(Answer("```python\nraise SystemExit\n```"))
    reply = ollama.ok("%llm --code go")
    assert ollama.shell.rl_next_input == "raise SystemExit"
    assert reply.content in ollama.last.plain


def test_a_reply_without_code_is_said_to_be_one(ollama, loopback):
    loopback.script(Answer("No."))
    ollama.said()
    ollama.ok("%llm --code go")
    assert "There is no code in the reply" in ollama.said()[1]
    assert getattr(ollama.shell, "rl_next_input", None) is None


# formats ------------------------------------------------------------------------------


def test_text_is_text(ollama, loopback):
    output = shown(ollama, loopback, "**a** costs $5 and $6", "%llm --format text")
    assert output.data == {"text/plain": "**a** costs $5 and $6"}


@pytest.mark.parametrize("text", ['{"b":[1,"é"]}', 'Here:\n```json\n{"b":[1,"é"]}\n```\n'])
def test_json_is_parsed_and_set_out(ollama, loopback, text):
    output = shown(ollama, loopback, text, "%llm --format json")
    assert output.plain == '{\n  "b": [\n    1,\n    "é"\n  ]\n}'
    assert output.markdown == f"```json\n{output.plain}\n```"


@pytest.mark.parametrize(
    "text, told",
    [
        ("Sure!", "not JSON: Expecting value (line 1, column 1)"),
        ('{"a": 1', "not JSON: Expecting ',' delimiter (line 1, column 8)"),
        ("```json\n{a}\n```", "not JSON: Expecting property name"),
        ("[" * 100_000, "not JSON"),
        ("9" * 5_000, "not JSON"),
    ],
)
def test_what_is_no_json_fails_and_loses_nothing(ollama, loopback, text, told):
    loopback.script(Answer(text), Answer("ok"))
    ran = ollama.run("%llm --format json -o kept go")
    assert isinstance(ran.error_in_exec, ObjectError)
    assert told in str(ran.error_in_exec)
    assert ran.error_in_exec.raw == ollama["_llm"] == text
    assert told in ollama.last.plain
    assert "kept" not in ollama.shell.user_ns
    ollama.ok("%llm and?")
    assert [one["content"] for one in loopback.requests[1].body["messages"]][1] == text


def test_code_alone_is_shown_of_a_whole_reply(ollama, loopback):
    output = shown(ollama, loopback, CODE, "%llm --format code")
    assert (output.markdown, output.plain) == ("```python\nx = 1\n```", "x = 1")
    output = shown(ollama, loopback, "None.", "%llm --format code")
    assert output.plain == "None.\n\n[no code in the reply]"


def test_words_before_a_tools_call_stay_markdown(ollama, loopback):
    loopback.script(Answer("Let me **see**.", tools=[ToolUse("f", {})]), Answer('{"a":1}'))
    ollama.ok("def f() -> int:\n    'One.'\n    return 1")
    ollama.ok("%llm --format json --tools f go")
    assert ollama.last.plain == 'Let me **see**.\n\nf() → 1\n\n{\n  "a": 1\n}'


def test_html_is_sanitised_and_its_source_kept(ollama, loopback):
    text = "```html\n<p onclick='x()'>It costs $5 <b>&amp; $6</b><script>y()</script></p>\n```"
    output = shown(ollama, loopback, text, "%llm --format html")
    assert set(output.data) == {"text/html", "text/plain"}
    assert output.data["text/html"] == (
        "<p>It costs <span>&#36;</span>5 <b>&amp; <span>&#36;</span>6</b></p>"
    )
    output = shown(ollama, loopback, "<i>$x$</i>", "%llm --math --format html")
    assert output.data["text/html"] == "<i>$x$</i>"


def test_html_has_the_quiet_line_and_tools_escaped(ollama, loopback):
    loopback.script(Answer(tools=[ToolUse("f", {"x": "<b>"})]), Answer("<p>done"))
    ollama.ok("def f(x: str) -> str:\n    'Same.'\n    return x\n%llm_config footer=on")
    ollama.ok("%llm --format html --tools f go")
    html = ollama.last.data["text/html"]
    assert "<summary>f(x=&quot;&lt;b&gt;&quot;) → &lt;b&gt;" in html
    assert "<p>done</p>" in html
    assert "<small>llama3.2 · " in html


def test_money_around_html_is_no_formula(ollama, loopback):
    loopback.script(Answer(tools=[ToolUse("f", {"x": "$5 or $6"})]), Answer("<p>done"))
    ollama.ok("def f(x: str) -> str:\n    'Same.'\n    return x")
    ollama.ok("%llm --format html --tools f go")
    line = ollama.last.data["text/html"].partition("</summary>")[0]
    assert "<span>&#36;</span>5 or <span>&#36;</span>6" in line
    assert "$" not in line


@pytest.mark.parametrize("style", ["md", "text", "json", "code", "html"])
def test_while_it_grows_the_kind_of_output_stays(live, style):
    live.ok(f"%llm --format {style} Write a story of 60 words") if style != "json" else live.run(
        "%llm --format json Write a story of 60 words"
    )
    *growing, last = [set(one.data) for one in live.outputs]
    kinds = {"text": {"text/plain"}}.get(style, {"text/markdown", "text/plain"})
    assert growing
    assert all(one == kinds for one in growing)
    assert last == ({"text/html", "text/plain"} if style == "html" else kinds)


def test_a_terminal_waits_for_what_is_reshaped(terminal, loopback, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", loopback.url)
    loopback.script(Answer('{"a":1}'), Answer("a **b**"))
    terminal.ok("%llm -m ollama:x --format json go")
    assert terminal.last.plain == '{\n  "a": 1\n}'
    terminal.ok("%llm -m ollama:x --format text go")
    assert "a **b**" in terminal.said()[0]


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one), max_leaves=9))
def test_every_json_value_comes_through(value):
    text = json.dumps(value)
    assert trouble(text, "json") == ""
    assert json.loads(as_plain(text, "json")) == value


@given(st.text(alphabet='`~ \npy{}[]"1,'))
def test_no_text_is_too_odd_for_any_format(text):
    for style in ("md", "text", "json", "html", "code"):
        trouble(text, style)
        assert isinstance(as_plain(text, style), str)
