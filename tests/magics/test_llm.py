"""`%llm` and `%%llm` in a real shell: shown once, returned, kept, bound."""

from __future__ import annotations

import pickle

import pytest

from mojentic_nb import Reply
from tests.loopback import Answer, ToolUse

PARIS = "The capital of France is **Paris**."


def test_a_cell_is_answered_once_and_is_the_result(notebook):
    reply = notebook.ok("%%llm\nWhat is the capital of France?")
    assert [one.markdown for one in notebook.outputs] == [str(reply)]
    assert notebook.last.plain == reply.content
    assert str(reply).startswith(PARIS)
    assert notebook["_"] is reply is notebook["_llm"]
    assert notebook["Out"][notebook.shell.execution_count - 1] is reply


def test_the_result_is_not_drawn_a_second_time_until_asked_for(notebook):
    notebook.ok("%%llm -o answer\nHello")
    notebook.said()
    notebook.ok("answer")
    out, _ = notebook.said()
    assert notebook["answer"].content in out
    assert len(notebook.outputs) == 1


def test_a_display_in_the_same_cell_is_a_display(notebook):
    notebook.ok("x = %llm Hello\ndisplay(x)")
    assert len(notebook.outputs) == 2


def test_the_reply_is_plain_enough_to_pickle(notebook):
    reply = notebook.ok("%llm Hello")
    assert type(reply) is Reply
    assert pickle.loads(pickle.dumps(reply)) == reply


@pytest.mark.parametrize(
    "prompt",
    [
        "it's broken",
        "it costs $5",
        "Hello;",
        "what is a quark?",
        "is it (so?",
        'say "hi',
        "a {x: 1}",
    ],
)
def test_a_line_is_prose(ollama, loopback, prompt):
    loopback.script(Answer("fine"), Answer("fine"))
    ollama.ok(f"%llm {prompt}")
    ollama.ok(f"x = %llm --fresh {prompt}")
    told = [seen.body["messages"][-1]["content"] for seen in loopback.requests]
    assert told == [prompt, prompt]
    assert ollama["x"] == "fine"


def test_a_line_works_in_loops_and_functions_with_their_variables(notebook):
    notebook.ok(
        "def ask(city):\n"
        "    found = %llm --fresh -q What is the capital of {city}?\n"
        "    return found\n"
        "all = [ask(city) for city in ('France', 'Spain')]\n"
        "for city in ('Italy',):\n"
        "    %llm --fresh What is the capital of {city}?\n"
    )
    assert [("Paris" in notebook["all"][0]), ("Madrid" in notebook["all"][1])] == [True, True]
    assert [("Rome" in one.plain) for one in notebook.outputs] == [True]


def test_words_after_the_flags_begin_the_prompt(ollama, loopback):
    loopback.script(Answer("fine"))
    ollama.ok("%%llm -t 0 Read this:\nline one\n  line two\n")
    sent = loopback.requests[0].body
    assert sent["messages"][-1]["content"] == "Read this:\nline one\n  line two"
    assert sent["options"]["temperature"] == 0


def test_a_late_flag_is_part_of_the_prompt_and_said_to_be(notebook):
    notebook.said()
    notebook.ok("%llm Hello -o x")
    assert "-o came after the prompt began" in notebook.said()[1]
    assert "x" not in notebook.shell.user_ns


@pytest.mark.parametrize(
    "cell", ["%%time\n%llm Hello", "get_ipython().run_cell_magic('llm','','Hello')"]
)
def test_under_other_magics_and_by_hand(notebook, cell):
    assert isinstance(notebook.ok(cell), Reply)
    assert len(notebook.outputs) == 1


def test_capture_keeps_one_output(notebook):
    notebook.ok("%%capture kept\n%llm Hello")
    shown = [one for one in notebook["kept"].outputs if one.data]
    assert [one.data["text/plain"][:5] for one in shown] == ["Hello"]
    assert notebook.outputs == []
    assert notebook["kept"].stdout == ""


def test_quiet_shows_nothing_and_returns_all(notebook):
    notebook.said()
    reply = notebook.ok("%%llm -q -o x\nHello")
    assert (notebook.outputs, notebook["x"]) == ([], reply)


def test_a_follow_up_knows_what_was_said_and_fresh_does_not(ollama, loopback):
    loopback.script(*[Answer(text) for text in ("one", "two", "three", "also", "four")])
    for line in ("first", "second", "--fresh third", "--no-history alone", "fourth"):
        ollama.ok(f"%llm {line}")

    told = [[one["content"] for one in seen.body["messages"]] for seen in loopback.requests]
    assert told == [
        ["first"],
        ["first", "one", "second"],
        ["third"],
        ["alone"],
        ["first", "one", "second", "two", "fourth"],
    ]


def test_a_system_message_is_this_calls_or_the_notebooks(ollama, loopback):
    loopback.script(Answer("a"), Answer("b"))
    ollama.ok('%llm_config system="Be brief."')
    ollama.ok("%llm one")
    ollama.ok("%llm -s 'Be long.' two")
    first, second = (seen.body["messages"][0] for seen in loopback.requests)
    assert first == {"role": "system", "content": "Be brief."}
    assert second == {"role": "system", "content": "Be long."}


def test_values_go_in_and_names_that_lead_nowhere_are_told(ollama, loopback):
    loopback.script(Answer("ok"), Answer("ok"))
    ollama.ok("x = {'a': [1, 2]}; model = 'ollama:other'")
    ollama.said()
    ollama.ok('%%llm -m {model}\nUse {x[a]} and {y} as JSON {"z": 1}')
    sent = loopback.requests[0].body
    assert sent["messages"][-1]["content"] == 'Use [1, 2] and {y} as JSON {"z": 1}'
    assert sent["model"] == "other"
    assert ollama.said()[1] == "Sent as typed: {y} is not defined.\n"

    ollama.ok("%%llm --raw --fresh\n{x}")
    assert loopback.requests[1].body["messages"][-1]["content"] == "{x}"
    assert ollama.said()[1] == ""


def test_markers_for_nbval_are_not_sent(ollama, loopback):
    loopback.script(Answer("ok"))
    ollama.ok("%%llm\n# NBVAL_IGNORE_OUTPUT\nhello")
    assert loopback.requests[0].body["messages"][-1]["content"] == "hello"


def test_a_dry_run_shows_all_and_sends_nothing(ollama, loopback):
    ollama.ok("def halve(x: float) -> float:\n    'Half of x.'\n    return x / 2\nn = 4")
    ollama.ok("%llm_config model=none")
    result = ollama.ok("%llm --dry-run -t 0.5 -s 'Be brief' --tools halve Halve {n}")
    assert result is None
    assert loopback.requests == []
    for text in (ollama.last.plain, ollama.last.markdown):
        for part in ("Not sent", "Be brief", "Halve 4", "temperature=0.5", "halve", "Half of x."):
            assert part in text


def test_a_tools_call_is_told_above_the_answer(ollama, loopback):
    loopback.script(Answer(tools=[ToolUse("mul", {"a": 17, "b": 23})]), Answer("It is 391."))
    ollama.ok("def mul(a: int, b: int) -> int:\n    'Multiply.'\n    return a * b")
    reply = ollama.ok("%llm --tools mul What is 17 times 23?")
    assert reply == "It is 391."
    assert ollama.last.plain == "mul(a=17, b=23) → 391\n\nIt is 391."
    assert "<details><summary>mul(a=17, b=23) → 391</summary>" in ollama.last.markdown
    assert [seen.body["messages"][-1]["role"] for seen in loopback.requests] == ["user", "tool"]


def test_metadata_tell_model_usage_and_times(ollama, loopback):
    loopback.script(Answer("Hello", usage=(11, 7)))
    ollama.ok("%llm hi")
    about = ollama.last.about
    assert about["usage"] == {"input_tokens": 11, "output_tokens": 7}
    assert about["model"] == "llama3.2"
    assert 0 <= about["ttft_s"] <= about["duration_s"]
    assert (about["finish_reason"], about["is_partial"]) == ("stop", False)


def test_the_quiet_line_comes_where_it_is_wanted(notebook):
    notebook.ok("%llm Hello")
    assert "tok" not in notebook.last.plain
    notebook.ok("%llm_config footer=on")
    notebook.ok("%llm Hello")
    assert notebook.last.markdown.splitlines()[-1].startswith("<small>demo · ")
    assert notebook.last.plain.splitlines()[-1].endswith(" tok")


def test_what_is_cut_or_empty_is_marked(ollama, loopback):
    loopback.script(Answer("One two", finish="length"), Answer(""))
    reply = ollama.ok("%llm tell")
    assert reply.is_partial
    assert "[cut at its bound: raise --max-tokens for more]" in ollama.last.plain
    ollama.ok("%llm tell")
    assert ollama.last.plain == "[an empty reply]"


def test_money_is_money_unless_it_is_mathematics(ollama, loopback):
    loopback.script(*[Answer("$5 and $6")] * 3)
    assert ollama.ok("%llm price") == "$5 and $6"
    assert ollama.last.markdown == "<span>&#36;</span>5 and <span>&#36;</span>6"
    ollama.ok("%llm --math price")
    assert ollama.last.markdown == "$5 and $6"
    ollama.ok("%llm --format math price")
    assert ollama.last.markdown == "$5 and $6"


def test_the_model_found_is_said_once(notebook):
    notebook.ok("%llm_config reset")
    notebook.said()
    notebook.ok("%llm -q Hello")
    notebook.ok("%llm -q Hello")
    out, _ = notebook.said()
    told = "Using demo, an offline rule-based model: Ollama is not running and no key is set."
    assert out.count(told) == 1


def test_a_running_ollama_is_found_and_the_environment_goes_before(ollama, loopback, monkeypatch):
    loopback.models = ["tiny:1b", "big:9b"]
    loopback.script(Answer("a"), Answer("b"))
    ollama.ok("%llm_config reset")
    ollama.said()
    ollama.ok("%llm -q hi")
    assert "Using ollama:tiny:1b, the first model of the running Ollama" in ollama.said()[0]

    monkeypatch.setenv("MOJENTIC_NB_MODEL", "ollama:big:9b")
    ollama.ok("%llm -q hi")
    chats = [seen.body for seen in loopback.requests if seen.path == "/api/chat"]
    assert [body["model"] for body in chats] == ["tiny:1b", "big:9b"]


def test_help_and_question_mark_show_the_flags(notebook):
    notebook.said()
    notebook.ok("%llm --help")
    assert "--max-tokens COUNT" in notebook.said()[0]
    notebook.ok("%llm?")
    assert "--max-tokens COUNT" in notebook.said()[0]
    notebook.ok("%%structured?")
    assert "--frame" in notebook.said()[0]
