"""`%llm_chat`: conversations named and kept, turns taken back, shown and written down."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from pandas import NA

from tests.chat.talks import broken_off
from tests.loopback import Answer, Loopback
from tests.magics.conftest import Notebook
from tests.magics.talk import refused, rows, said, told, turns

pytestmark = pytest.mark.usefixtures("folder")


# names ----------------------------------------------------------------------


def test_a_named_one_is_back_after_a_restart(three: Notebook, loopback: Loopback) -> None:
    begins = told(three, "%llm_chat physics")
    assert begins == f"'physics' begins, and is kept in {Path('.mojentic/sessions.db')}."
    three.ok("%llm What is a quark?", "q")
    three.ok("%reload_ext mojentic_nb")
    three.ok("%llm_config model=ollama:llama3.2 max_context=32768")
    assert told(three, "%llm_chat physics") == "'physics' goes on, after 1 turn."
    three.ok("%llm And a lepton?", "l")
    assert said(loopback) == ["What is a quark?", "answer 4", "And a lepton?"]
    three.ok("%llm What is a gluon?", "q")
    assert turns(three) == ["What is a gluon?", "And a lepton?"]


def test_a_kept_one_asks_the_model_it_had(ollama: Notebook, loopback: Loopback) -> None:
    loopback.script(Answer("ok"), Answer("ok"))
    ollama.ok("%llm_config model=ollama:mine\n%llm_chat a\n%llm hi")
    ollama.ok("%reload_ext mojentic_nb\n%llm_chat a\n%llm -q again")
    models = [seen.body["model"] for seen in loopback.requests if seen.path == "/api/chat"]
    assert models == ["mine", "mine"]


def test_the_notebooks_own_waits_meanwhile(three: Notebook) -> None:
    three.ok("%llm_chat other\n%llm hi")
    assert turns(three) == ["hi"]
    assert told(three, "%llm_chat notebook").endswith("goes on: 3 turns.")
    assert turns(three) == ["one", "two", "three"]
    three.ok("%llm_chat other")
    assert turns(three) == ["hi"]


def test_what_another_kernel_wrote_is_taken_in(three: Notebook) -> None:
    three.ok("%llm_chat shared\n%llm hi\n%llm_chat notebook")
    three.ok("from mojentic_nb.chat import ChatSession\nfrom mojentic_nb import LLMBroker")
    three.ok("elsewhere = ChatSession.resume('shared', LLMBroker('demo'))")
    three.ok("_ = elsewhere.send('Hello')")
    three.ok("%llm_chat shared")
    assert turns(three) == ["hi", "Hello"]


def test_one_that_another_kernel_began_anew_is_not_the_old_one(three: Notebook) -> None:
    three.ok("%llm_chat shared\n%llm hi\n%llm_chat notebook")
    three.ok("from mojentic_nb.chat import ChatSession\nfrom mojentic_nb import LLMBroker")
    three.ok("from mojentic_nb.state.sqlite_store import SQLiteStore\nstore = SQLiteStore()")
    three.ok("elsewhere = ChatSession(LLMBroker('demo'))\n_ = elsewhere.send('Hello')")
    three.ok("store.delete('shared')\nelsewhere.save('shared', store=store)")
    three.ok("%llm_chat shared")
    assert turns(three) == ["Hello"]
    three.ok("%llm_chat notebook\nstore.close()")


def test_a_fork_goes_on_apart(three: Notebook) -> None:
    assert told(three, "%llm_chat fork bold").startswith("'bold' goes on from here, after 3 turns")
    three.ok("%llm four")
    assert turns(three) == ["one", "two", "three", "four"]
    three.ok("%llm_chat notebook")
    assert turns(three) == ["one", "two", "three"]


def test_a_name_for_what_was_said_and_another(three: Notebook) -> None:
    three.ok("%llm_chat rename first")
    three.ok("%llm_chat rename second\n%llm four")
    shown = rows(three, "%llm_chat list")
    assert shown == [["→", "second", "4", "one"]]
    assert "there is a conversation" not in told(three, "%llm_chat rename second").casefold()
    three.ok("%llm_chat notebook")
    assert turns(three) == []


def test_the_list_shows_all(three: Notebook, folder: Path) -> None:
    assert rows(three, "%llm_chat list") == [["→", "notebook", "3", "one"]]
    assert not (folder / ".mojentic").exists(), "to look must not make a file"
    three.ok("%llm_chat a\n%llm_chat b\n%llm hi")
    assert sorted(rows(three, "%llm_chat list")) == [
        ["", "a", "0", ""],
        ["", "notebook", "3", "one"],
        ["→", "b", "1", "hi"],
    ]


@pytest.mark.parametrize(
    "typed, name",
    [
        ('"list"', "list"),
        ("'edit this'", "edit this"),
        ("名前 🎉", "名前 🎉"),
        ("rock 'n'", "rock 'n'"),
        ("a/b; DROP TABLE", "a/b; DROP TABLE"),
        ('"Notebook"', "Notebook"),
    ],
)
def test_a_name_may_be_almost_anything(three: Notebook, typed: str, name: str) -> None:
    assert told(three, f"%llm_chat {typed}").startswith(f"{name!r} begins")
    three.ok("%llm hi\n%llm_chat notebook")
    assert told(three, f"%llm_chat {typed}") == f"{name!r} goes on, after 1 turn."
    three.ok(f"%llm_chat delete {typed}")
    assert turns(three) == ["one", "two", "three"]
    assert told(three, f"%llm_chat fork {typed}").startswith(f"{name!r} goes on from here")


def test_a_cell_says_each_thing_in_the_conversation_at_hand(three: Notebook) -> None:
    three.ok("%llm_chat other")
    three.ok("%%llm\ntwo there", "two")
    assert turns(three) == ["two there"]
    three.ok("%llm_chat notebook")
    assert turns(three) == ["one", "two", "three"]
    three.ok("%%llm\ntwo here", "two")
    assert turns(three) == ["one", "two here", "three"]
    three.ok("%llm_chat other")
    assert turns(three) == ["two there"]


def test_a_fork_of_a_fork_goes_on_from_where_it_was(three: Notebook, loopback: Loopback) -> None:
    three.ok("%llm_chat fork a\n%llm in a\n%llm_chat fork b")
    three.ok("%%llm\ntwo in b", "two")
    assert said(loopback) == ["one", "answer 1", "two in b"]
    three.ok("%llm_chat a\n%llm more in a")
    assert said(loopback)[-3:] == ["in a", "answer 4", "more in a"]
    for name, there in [
        ("notebook", ["one", "two", "three"]),
        ("a", ["one", "two", "three", "in a", "more in a"]),
        ("b", ["one", "two in b", "three", "in a"]),
    ]:
        three.ok(f"%llm_chat {name}")
        assert turns(three) == there
    assert "There is a conversation 'a' already" in refused(three, "%llm_chat fork a")
    assert "There is a conversation 'a' already" in refused(three, "%llm_chat rename a")


def test_what_is_deleted_is_gone_and_stays_so(three: Notebook) -> None:
    three.ok("%llm_chat gone\n%llm hi\n%llm_chat -o held\n%llm_chat delete gone")
    assert turns(three) == ["one", "two", "three"]
    three.ok("_ = held.send('in memory')")
    assert "gone" not in str(rows(three, "%llm_chat list"))
    assert "No conversation is called 'gone'" in refused(three, "%llm_chat delete gone")


def test_forget_leaves_what_is_kept(three: Notebook) -> None:
    three.ok("%llm_chat kept\n%llm hi\n%llm_config forget\n%llm new")
    assert turns(three) == ["new"]
    three.ok("%llm_chat kept")
    assert turns(three) == ["hi"]


# turns ----------------------------------------------------------------------


def test_undo_and_back_again(three: Notebook) -> None:
    said = told(three, "%llm_chat undo 2")
    assert said.startswith("Took back 2 turns, from 'two' on; %llm_chat switch ")
    assert turns(three) == ["one"]
    branch = said.split("switch ")[1].split()[0]
    assert rows(three, "%llm_chat branches") == [[branch, "1", "2", "two"]]
    three.ok(f"%llm_chat switch {branch}")
    assert turns(three) == ["one", "two", "three"]
    assert told(three, "%llm_chat branches").startswith("It has no branches")


def test_undo_takes_one_back_and_says_where_nothing_is_left(three: Notebook) -> None:
    said = told(three, "%llm_chat undo")
    assert said.startswith("Took back 1 turn, from 'three' on; %llm_chat switch ")
    assert said.endswith(" brings it back.")
    assert turns(three) == ["one", "two"]
    assert told(three, "%llm_chat undo 99").startswith("Took back 2 turns, from 'one' on")
    assert told(three, "%llm_chat") == (
        "Nothing is left. %llm_chat branches shows what was taken back."
    )
    assert refused(three, "%llm_chat undo") == "UsageError: There is no turn to take back."


def test_edit_asks_in_the_place_of_a_turn(three: Notebook, loopback: Loopback) -> None:
    three.ok("word = 'else'")
    reply = three.ok("%llm_chat edit 2 something {word}?", "elsewhere")
    assert reply == "answer 4"
    assert said(loopback) == ["one", "answer 1", "something else?"]
    assert turns(three) == ["one", "something else?"]
    assert three["found"].branches[0].exchanges[0].question == "two"
    three.ok("%%llm\ntwo", "two")
    assert turns(three) == ["one", "two"]


def test_edit_puts_the_question_into_the_next_cell(three: Notebook) -> None:
    three.ok("%llm_chat edit 2")
    assert three.shell.rl_next_input == "%%llm\ntwo"
    assert turns(three) == ["one"]


def test_what_is_edited_in_the_next_cell_is_not_filled_in_again(
    three: Notebook, loopback: Loopback
) -> None:
    three.ok("secret, told = 'S', '{secret}'\n%llm Say {told}")
    three.ok("%config LLMMagics.name = 'ask'\n%llm_chat edit 4")
    next_cell = three.shell.rl_next_input
    assert next_cell == "%%ask --raw\nSay {secret}"
    three.ok(next_cell)
    assert said(loopback)[-1] == "Say {secret}"
    three.ok("%config LLMMagics.name = 'llm'")


def test_an_edited_question_keeps_its_pictures(three: Notebook, loopback: Loopback) -> None:
    three.ok("from tests.pictures import picture\nred = picture()\n%llm --image red What is it?")
    three.ok("%llm_chat edit 4 Which colour?")
    asked = loopback.requests[-1].body["messages"][-1]
    assert (asked["content"], len(asked["images"])) == ("Which colour?", 1)
    assert told(three, "%llm_chat edit 4").startswith(
        "Turn 4 is in the next cell, without its pictures, to be changed and run;"
    )


def test_clear_forgets_what_was_said(three: Notebook, loopback: Loopback) -> None:
    assert told(three, "%llm_chat clear").endswith("is empty; 3 turns forgotten.")
    three.ok("%llm new")
    assert said(loopback) == ["new"]


def test_the_history_is_the_conversations_own(three: Notebook) -> None:
    three.ok("%%llm\ntwo anew", "two")
    three.ok("%llm_chat undo")
    frame = three.ok("%llm_history")
    assert frame["text"].tolist() == ["one", "answer 1", "two anew", "answer 4"]
    assert frame["model"].tolist()[1::2] == ["ollama:llama3.2"] * 2


def test_the_history_knows_its_cells_whatever_failed_or_ran_again(
    ollama: Notebook, loopback: Loopback
) -> None:
    loopback.script(Answer("1"), Answer.error(400, "no"), Answer("2"), Answer("3"), Answer("4"))
    ollama.ok("%llm one", "a")
    assert "400" in refused(ollama, "%llm fails")
    ollama.ok("%llm two\n%llm_chat -o chat\n_ = chat.send('there')", "c")
    ollama.ok("%llm anew", "a")
    ollama["chat"].append([broken_off()])
    frame = ollama.ok("%llm_history")
    assert frame["text"].tolist() == [
        "anew",
        "4",
        "two",
        "2",
        "there",
        "3",
        "Go on.",
        "Well, it is",
    ]
    assert frame["characters"].tolist()[-1] == len("Well, it is")
    first, again, *later = frame["cell"].tolist()[::2]
    assert first > again
    assert later[-1] is NA


# showing --------------------------------------------------------------------


def test_it_shows_its_turns(three: Notebook) -> None:
    three.ok("%%llm\ntwo <b>anew</b>", "two")
    shown = rows(three, "%llm_chat")
    assert three.last.plain.splitlines()[0] == "this notebook's conversation · 3 turns"
    assert [row[:3] for row in shown] == [
        ["1", "one", "answer 1"],
        ["2", "two <b>anew</b>", "answer 4"],
        ["3", "three", "answer 3"],
    ]
    assert [row[-1] for row in shown] == ["", "", "given before a change"]
    assert "<b>anew" not in three.last.data["text/html"]
    assert "context" not in three.last.plain


def test_what_fills_the_window_is_shown_to_a_person(three: Notebook) -> None:
    three.ok("%llm_config footer=on system='Be brief.'\n%llm four\n%llm_chat")
    assert "of 1,000,000 tok" in three.last.plain
    assert "system" in three.last.plain
    assert 'role="img"' in three.last.data["text/html"]


@pytest.mark.parametrize("form", ["md", "html", "ipynb", "jsonl"])
def test_it_is_written_down(three: Notebook, folder: Path, form: str) -> None:
    assert told(three, f"%llm_chat export talk.{form}") == f"3 turns written to talk.{form}."
    text = (folder / f"talk.{form}").read_text()
    assert "answer 3" in text
    if form == "ipynb":
        nbformat.validate(nbformat.reads(text, 4))


def test_this_notebook_is_not_written_over(
    three: Notebook, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "mine.ipynb"))
    assert "mine.ipynb is this notebook" in refused(three, "%llm_chat export mine.ipynb")
    assert os.listdir(folder) == []


# slips ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, what",
    [
        ("udno", 'Did you mean undo? To begin one of that name, write "udno".'),
        ("undo x", "takes a number above 0, not 'x'"),
        ("undo 0", "takes a number above 0, not '0'"),
        ("edit", "takes a number above 0, not ''"),
        ("edit 4", "There is no turn 4. There are 3."),
        ("edit 9 what?", "There is no turn 9."),
        ("fork", "Which one? %llm_chat fork NAME"),
        ("fork undo", '%llm_chat undo means something else. Take another name, or write "undo".'),
        ("fork ''", "Which one? %llm_chat fork NAME"),
        ('""', "Which one? %llm_chat NAME"),
        ("LIST", "Did you mean list?"),
        ("undo -1", "takes a number above 0, not '-1'"),
        ("undo 1 2", "takes a number above 0, not '1 2'"),
        ("edit 0 x", "takes a number above 0, not '0'"),
        ("edit -1 x", "takes a number above 0, not '-1'"),
        ("list all", "nothing follows list"),
        ("clear now", "nothing follows clear"),
        ("switch", "%llm_chat switch: that names no branch. Branches: none."),
        ("delete it", "No conversation is called 'it'. None is kept there yet."),
        ("export talk.pdf", "End it with .md, .html, .ipynb, .jsonl."),
        ("export nowhere/talk.md", "cannot be written"),
        ("-o 1x", "not a name a variable can have"),
        ("--name x", "--name is not a flag of %llm_chat"),
        ("rebuild", "Nobody says which notebook this is. Write %llm_chat rebuild FILE.ipynb."),
        ("rebuild nope.ipynb", "No such file or directory. Was the notebook renamed?"),
    ],
)
def test_a_slip_is_told_in_one_line(
    three: Notebook, monkeypatch: pytest.MonkeyPatch, line: str, what: str
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    line_told = refused(three, f"%llm_chat {line}")
    assert what in line_told
    assert "\n" not in line_told
    assert turns(three) == ["one", "two", "three"]


def test_before_anything_was_said(notebook: Notebook) -> None:
    assert told(notebook, "%llm_chat").startswith("Nothing was said yet.")
    for line in ("undo", "clear", "branches", "fork x", "rename x", "export x.md"):
        assert "Nothing was said yet" in refused(notebook, f"%llm_chat {line}")
    assert rows(notebook, "%llm_chat list") == [["→", "notebook", "0", ""]]


def test_a_name_in_quotes_may_be_like_a_word(notebook: Notebook) -> None:
    assert "Did you mean branches?" in refused(notebook, "%llm_chat branchess")
    assert told(notebook, '%llm_chat "branchess"').startswith("'branchess' begins")
    assert told(notebook, "%llm_chat branchess").startswith("'branchess' goes on")


def test_a_store_that_is_damaged_is_told_and_left(notebook: Notebook, folder: Path) -> None:
    (folder / ".mojentic").mkdir()
    (folder / ".mojentic/sessions.db").write_text("this is no database, and is long enough to see")
    line = refused(notebook, "%llm_chat physics")
    assert "sessions.db" in line
    assert notebook.ok("%llm Hello").startswith("Hello")
