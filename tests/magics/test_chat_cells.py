"""Cells as turns of one conversation, which Python shares: their place, and what goes along."""

from __future__ import annotations

import pytest

from mojentic_nb.chat import ChatSession
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.magics.conftest import Notebook
from tests.magics.talk import refused, rows, said, turns

pytestmark = pytest.mark.usefixtures("folder")


# cells ----------------------------------------------------------------------


def test_a_cell_that_runs_again_takes_its_own_place(three: Notebook, loopback: Loopback) -> None:
    three.ok("%%llm\ntwo anew", "two")
    assert said(loopback) == ["one", "answer 1", "two anew"]
    assert three.last.plain == "answer 4\n\n[1 later answer was given before this changed]"
    three.ok("%%llm\nfour", "four")
    assert said(loopback) == [
        "one",
        "answer 1",
        "two anew",
        "answer 4",
        "three",
        "answer 3",
        "four",
    ]


def test_what_was_given_before_a_change_is_told_once(three: Notebook) -> None:
    three.ok("%%llm\none anew", "one")
    assert "[2 later answers were given before this changed]" in three.last.plain
    three.ok("%%llm\none again", "one")
    assert three.last.plain == "answer 5"
    three.ok("%%llm\ntwo", "two")
    three.ok("%%llm\nthree", "three")
    assert three.last.plain == "answer 7"
    three.ok("%llm_chat -o found")
    assert [one.is_stale for one in three["found"].exchanges] == [False] * 3


def test_without_a_cells_name_a_rerun_is_a_new_turn(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(Answer("a"), Answer("b"))
    ollama.ok("%llm same")
    ollama.ok("%llm same")
    assert said(loopback) == ["same", "a", "same"]


def test_all_that_a_cell_said_goes_when_it_runs_again(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(*[Answer(f"answer {n}") for n in range(1, 9)])
    ollama.ok("%llm before", "a")
    ollama.ok("for word in ('x', 'y', 'z'):\n    %llm -q {word}", "b")
    ollama.ok("%llm after", "c")
    ollama.ok("%llm new x\n%llm new y", "b")
    assert said(loopback, -2) == ["before", "answer 1", "new x"]
    assert said(loopback) == ["before", "answer 1", "new x", "answer 6", "new y"]
    assert turns(ollama) == ["before", "new x", "new y", "after"]


def test_a_run_that_fails_leaves_what_the_cell_said_before(
    three: Notebook, loopback: Loopback
) -> None:
    loopback.clear()
    loopback.script(Answer.error(400, "no"), Answer("later"))
    assert not three.run("%%llm\ntwo anew", "two").success
    assert turns(three) == ["one", "two", "three"]
    # The failed call was the run's first; the next one of the same run takes the place.
    three.ok("try:\n    %llm --tools none x\nexcept BaseException: pass\n%llm two", "two")
    assert turns(three) == ["one", "two", "three"]


def test_an_answer_that_broke_off_is_no_turn(three: Notebook, loopback: Loopback) -> None:
    loopback.clear()
    loopback.script(Answer("one two three", fault=Fault.TORN), Answer("ok"))
    assert not three.run("%%llm\nlost", "four").success
    assert three["_llm"].is_partial
    three.ok("%%llm\nand now?", "five")
    assert said(loopback) == [*_pairs("one", "two", "three"), "and now?"]


def test_a_turn_taken_back_in_its_own_cell_is_no_reason_to_lose_the_others(
    three: Notebook,
) -> None:
    three.ok("%llm a\n%llm b\n%llm_chat undo\n%llm c", "four")
    assert turns(three) == ["one", "two", "three", "a", "c"]


def test_a_fresh_call_and_another_cell_leave_the_turns_alone(three: Notebook) -> None:
    three.ok("%%llm --fresh\nalone", "two")
    assert turns(three) == ["one", "two", "three"]
    assert three.last.plain == "answer 4"


def test_a_dry_run_shows_what_a_rerun_would_send(three: Notebook) -> None:
    three.ok("%llm --dry-run now", "two")
    assert "three" not in three.last.plain
    assert "one" in three.last.plain
    three.ok("%llm --dry-run now")
    assert "three" in three.last.plain


@pytest.mark.parametrize(
    "flags, cell, told",
    [
        ("", "x", ["Be brief.", "one", "answer 1", "two", "answer 2", "three", "answer 3", "so?"]),
        ("", "two", ["Be brief.", "one", "answer 1", "so?"]),
        ("-s 'Be long.'", "two", ["Be long.", "one", "answer 1", "so?"]),
        ("--fresh", "two", ["Be brief.", "so?"]),
        ("--fresh -s 'Be long.'", "two", ["Be long.", "so?"]),
    ],
)
def test_a_dry_run_shows_what_is_then_sent(
    three: Notebook, loopback: Loopback, flags: str, cell: str, told: list[str]
) -> None:
    three.ok("%llm_config system='Be brief.'")
    three.ok(f"%%llm --dry-run {flags}\nso?", cell)
    shown = three.last.plain.splitlines()[2:]
    assert [line.strip() for line in shown if line.startswith("  ")] == told
    three.ok(f"%%llm {flags}\nso?", cell)
    assert said(loopback) == told


# one conversation, three doors ----------------------------------------------


def test_python_and_cells_share_it(three: Notebook, loopback: Loopback) -> None:
    three.ok("%llm_chat -o chat")
    assert isinstance(three["chat"], ChatSession)
    three.ok("reply = chat.send('from Python')")
    assert said(loopback) == [*_pairs("one", "two", "three"), "from Python"]
    three.ok("%llm and back")
    assert said(loopback)[-3:] == ["from Python", "answer 4", "and back"]
    assert three["chat"].exchanges[-1].answer == "answer 5"


def _pairs(*questions: str) -> list[str]:
    return [word for n, one in enumerate(questions, 1) for word in (one, f"answer {n}")]


def test_a_system_message_is_the_conversations_in_python_too(
    ollama: Notebook, loopback: Loopback
) -> None:
    loopback.script(*[Answer("ok")] * 4)
    ollama.ok("%llm_config system='Be brief.'\n%llm hi\n%llm_chat -o chat")
    ollama.ok("_ = chat.send('and in Python')")
    assert said(loopback)[0] == "Be brief."
    ollama.ok("%llm -s 'Be long.' now")
    assert said(loopback)[0] == "Be long."
    assert ollama["chat"].messages[0].content == "Be brief."
    ollama.ok("%llm_config system=none\n%llm now")
    assert said(loopback)[0] == "hi"


def test_the_usual_tools_are_pythons_too(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(Answer(tools=[ToolUse("f", {})]), Answer("It is 5."))
    ollama.ok("def f() -> int:\n    'Five.'\n    return 5")
    ollama.ok("%llm_config tools=f\n%llm_chat -o chat\nreply = chat.send('How much?')")
    assert said(loopback) == ["How much?", "", "5"]


def test_what_a_conversation_sets_holds_in_cells_that_do_not(
    ollama: Notebook, loopback: Loopback
) -> None:
    loopback.script(*[Answer("ok")] * 3)
    ollama.ok("from mojentic_nb import CompletionConfig\n%llm one\n%llm_chat -o chat")
    ollama.ok("chat.config = CompletionConfig(temperature=0.2)\n%llm two\n%llm -t 1.0 three")
    options = [seen.body.get("options") or {} for seen in loopback.requests]
    assert [one.get("temperature") for one in options] == [None, 0.2, 1.0]


def test_one_that_python_names_is_the_same_by_that_name(three: Notebook) -> None:
    three.ok("%llm_chat -o chat\nchat.save('mine')\n%llm_chat other\n%llm_chat mine")
    three.ok("%llm_chat -o again")
    assert three["again"] is three["chat"]
    assert sorted(row[1] for row in rows(three, "%llm_chat list")) == ["mine", "other"]


def test_another_model_for_one_call_is_not_everybodys(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(*[Answer("ok")] * 4)
    ollama.ok("%llm -m ollama:other hi")
    ollama.ok("%llm_chat -o chat\n_ = chat.send('there')")
    ollama.ok("%llm -m ollama:other hi\n_ = chat.send('there')")
    models = [seen.body["model"] for seen in loopback.requests if seen.path == "/api/chat"]
    assert models == ["other", "llama3.2"] * 2


# the window -----------------------------------------------------------------


def test_what_does_not_fit_is_left_out_and_told(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(*[Answer("word " * 100)] * 4, Answer("five is short"), Answer("ok"))
    ollama.ok("%llm_config max_context=200")
    notes = []
    for name in ("one", "two", "three", "four", "five", "six"):
        ollama.ok(f"%llm {name}")
        notes.append(ollama.last.plain.partition("[")[2].partition("]")[0])

    assert said(loopback) == ["four", "word " * 100, "five", "five is short", "six"]
    # Counted from the beginning, and told as long as it is so: also where nothing more goes.
    told = "The first {} messages had no room and were left out"
    assert notes == ["", "", *(told.format(number) for number in (2, 4, 6, 6))]


def test_a_summary_is_told_as_long_as_it_goes_along(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(*[Answer("word " * 100)] * 3, Answer("They spoke."), *[Answer("ok")] * 2)
    ollama.ok("%llm_config max_context=300 strategy=summarise")
    for name in ("one", "two", "three", "four", "five"):
        ollama.ok(f"%llm {name}")
        is_told = "[The first 4 messages had no room: a summary went along instead]" in (
            ollama.last.plain
        )
        assert is_told == (name in ("four", "five"))
    assert "They spoke." in said(loopback)[0]


def test_a_cell_run_again_is_told_what_stands_above_it_as_there_is_room(
    ollama: Notebook, loopback: Loopback
) -> None:
    loopback.script(*[Answer("word " * 100)] * 5, Answer("anew"), Answer("ok"))
    ollama.ok("%llm_config max_context=350")
    for name in ("one", "two", "three", "four", "five"):
        ollama.ok(f"%llm {name}", name)
    assert "one" not in said(loopback)

    ollama.ok("%llm two, anew", "two")
    assert said(loopback) == ["one", "word " * 100, "two, anew"]
    assert "left out" not in ollama.last.plain
    ollama.ok("%llm three, anew", "three")
    assert said(loopback)[::2] == ["one", "two, anew", "three, anew"]


def test_where_it_is_to_be_an_error_nothing_is_sent(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(Answer("word " * 100), Answer("ok"))
    ollama.ok("%llm one")
    told = refused(ollama, "%llm_config max_context=50 strategy=error\n%llm two")
    assert "50" in told
    assert len(loopback.requests) == 1
    ollama.ok("%llm_config max_context=none strategy=none max_context=10_000\n%llm three")
    assert said(loopback)[0] == "one"


def test_an_unknown_strategy_is_refused(notebook: Notebook) -> None:
    told = refused(notebook, "%llm_config strategy=oldest")
    assert told == "UsageError: strategy='oldest': drop-oldest, summarise or error is wanted."


def test_the_server_is_asked_once_how_much_it_takes(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(Answer("a"), Answer("b"))
    ollama.ok("%llm_config max_context=none\n%llm one\n%llm two")
    assert [seen.path for seen in loopback.requests].count("/api/show") == 1
