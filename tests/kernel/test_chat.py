"""The conversation in a real kernel: cells by their ids, a restart, an answer that was stopped."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.kernel.conftest import READY
from tests.kernel.kernels import Kernel, Message
from tests.loopback import Answer, Loopback

LONG = Answer(chunks=[f"word{n} " for n in range(500)], pace=0.05)


def said(loopback: Loopback) -> list[str]:
    """What the model was last told."""
    return [one["content"] for one in (loopback.requests[-1].body or {})["messages"]]


def test_a_cell_is_known_by_the_id_its_front_end_gives(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(*[Answer(f"answer {n}") for n in range(1, 6)])
    for cell, prompt in [("a", "one"), ("b", "two"), ("c", "three"), ("a", "one anew")]:
        ran = kernel.finish(kernel.begin_as(cell, f"%%llm\n{prompt}"))
        assert ran.status == "ok"

    assert said(loopback) == ["one anew"]
    (shown,) = ran.displays
    assert "2 later answers were given before this changed" in shown["data"]["text/markdown"]
    kernel.finish(kernel.begin_as("d", "%%llm\nfour"))
    assert said(loopback)[::2] == ["one anew", "two", "three", "four"]


def test_a_follow_up_across_all_that_may_come_between(loopback: Loopback, kernel: Kernel) -> None:
    def ran(cell: str, code: str) -> str:
        return kernel.finish(kernel.begin_as(cell, code)).status

    loopback.script(Answer("a1"), Answer.error(400, "no"), LONG)
    assert ran("one", "%%llm\nI am Ada.") == "ok"
    assert ran("two", "%%llm\nlost") == "error"
    pressed = []

    def press(message: Message) -> None:
        if "word3" in str(message["content"]) and not pressed:
            pressed.append(True)
            kernel.interrupt()

    stopped = kernel.finish(kernel.begin_as("three", "%%llm\nTell"), watch=press)
    assert stopped.status == "error"

    loopback.clear()
    loopback.script(Answer("7"), Answer("a3"), Answer("alone"), Answer("a4"))
    assert ran("four", "%%structured int\nseven") == "ok"
    assert ran("five", "%%llm -m ollama:other\nAnd you?") == "ok"
    assert (loopback.requests[-1].body or {})["model"] == "other"
    assert ran("six", "%%llm --fresh\nWho am I?") == "ok"
    assert said(loopback) == ["Who am I?"]
    assert ran("seven", "me = '{who}'\n%llm Am I {me}, {\"a\": 1}?") == "ok"
    told = said(loopback)
    assert told[:3] == ["I am Ada.", "a1", "Tell"]
    assert told[3].startswith("word0 ")
    assert told[3].endswith("[This answer broke off here.]")
    assert told[4:] == ["And you?", "a3", 'Am I {who}, {"a": 1}?']
    assert (loopback.requests[-1].body or {})["model"] == "m"


def test_all_cells_run_again_after_a_restart_take_their_own_places(
    loopback: Loopback, tmp_path: Path
) -> None:
    begin = f"import os\nos.chdir({str(tmp_path)!r})\n{READY}\n%llm_chat mine"
    cells = {"a": "%%llm\none", "b": "x = %llm two\ny = %llm three", "c": "%%llm\nfour"}
    loopback.script(*[Answer(f"a{n}") for n in range(1, 9)])
    for _ in range(2):
        with Kernel(OLLAMA_HOST=loopback.url) as one:
            assert one.run(begin).status == "ok"
            for cell, code in cells.items():
                assert one.finish(one.begin_as(cell, code)).status == "ok"
            one.run("%llm_chat -o chat")
            found = one.value(
                "[(one.question, one.answer, one.is_stale) for one in chat.exchanges]"
            )

    assert said(loopback) == ["one", "a5", "two", "a6", "three", "a7", "four"]
    asked = zip(("one", "two", "three", "four"), ("a5", "a6", "a7", "a8"), strict=True)
    assert found == str([(question, answer, False) for question, answer in asked])


def test_a_cell_that_is_run_twice_at_once_says_one_thing(
    loopback: Loopback, kernel: Kernel
) -> None:
    loopback.script(*[Answer(f"a{n}") for n in range(1, 9)])
    requests = [kernel.begin_as(cell, f"%%llm\n{cell}") for cell in ("one", "two", "two", "one")]
    assert [kernel.finish(request).status for request in requests] == ["ok"] * 4
    kernel.run("%llm_chat -o chat")
    assert kernel.value("[(one.answer, one.is_stale) for one in chat.exchanges]") == str(
        [("a4", False), ("a3", True)]
    )
    assert said(loopback) == ["one"]


def test_who_runs_a_notebook_by_machine_names_no_cells(tmp_path: Path) -> None:
    ask = "%load_ext mojentic_nb\n%llm -q -m demo Hello"
    told = "from mojentic_nb.place import standing\nprint([standing.cell.id])"
    cells = [nbformat.v4.new_code_cell(source) for source in (ask, told)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=where).execute()
    assert notebook.cells[-1].outputs[0].text == "['']\n"


def test_a_named_one_is_back_after_a_restart_with_what_was_stopped(
    loopback: Loopback, tmp_path: Path
) -> None:
    loopback.script(Answer("Six of them."), LONG, Answer("So it was."))
    here = f"import os\nos.chdir({str(tmp_path)!r})"
    pressed = []
    with Kernel(OLLAMA_HOST=loopback.url) as first:
        first.run(f"{here}\n{READY}\n%llm_chat quarks")
        first.finish(first.begin_as("a", "%%llm\nHow many quarks?"))

        def press(message: Message) -> None:
            if "word3" in str(message["content"]) and not pressed:
                pressed.append(True)
                first.interrupt()

        assert first.finish(first.begin_as("b", "%%llm\nTell"), watch=press).status == "error"

    with Kernel(OLLAMA_HOST=loopback.url) as second:
        ran = second.run(f"{here}\n{READY}\n%llm_chat quarks")
        assert "'quarks' goes on, after 2 turns." in ran.text
        second.finish(second.begin_as("c", "%%llm\nWhere were we?"))
        told = said(loopback)
        assert told[:3] == ["How many quarks?", "Six of them.", "Tell"]
        assert told[3].startswith("word0 ")
        assert told[3].endswith("[This answer broke off here.]")
        assert told[4] == "Where were we?"


def test_it_is_rebuilt_from_the_file_the_server_names(loopback: Loopback, tmp_path: Path) -> None:
    loopback.script(Answer("Six of them."), Answer("Yes."))
    path = tmp_path / "physics.ipynb"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("%%llm\nHow many quarks?", id="quarks")]
    )
    with Kernel(OLLAMA_HOST=loopback.url) as first:
        first.run(READY)
        ran = first.finish(first.begin_as("quarks", "%%llm\nHow many quarks?"))
        notebook.cells[0].outputs = [
            nbformat.v4.new_output("display_data", one["data"], metadata=one["metadata"])
            for one in ran.displays
        ]
        nbformat.write(notebook, path)

    with Kernel(OLLAMA_HOST=loopback.url, JPY_SESSION_NAME=str(path)) as second:
        ran = second.run(f"{READY}\n%llm_chat rebuild")
        assert "1 turn from 1 cell of physics.ipynb." in ran.text
        second.run("%%llm\nSure?")
        assert said(loopback) == ["How many quarks?", "Six of them.", "Sure?"]


def test_the_widget_has_the_cells_conversation(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(*[Answer(word) for word in ("one", "two", "three", "four")])
    kernel.run("%%llm\nfirst")
    ran = kernel.run("w = %llm_chat widget\nw")
    assert "first" in ran.displays[0]["data"]["text/plain"]
    kernel.run("%%llm\nsecond")
    assert kernel.value("[one.answer for one in w.session.exchanges]") == "['one', 'two']"
    kernel.run("job = w.session.submit('from the widget')\n_ = job.result()\n%llm third")
    assert said(loopback)[-3:] == ["from the widget", "three", "third"]


def test_one_written_as_a_notebook_runs_again_offline_and_is_told_the_same(tmp_path: Path) -> None:
    ask = """%%llm
Repeat: {words}"""
    with Kernel(JPY_SESSION_NAME="") as kernel:
        here = f"import os\nos.chdir({str(tmp_path)!r})"
        kernel.run(f"{here}\n%load_ext mojentic_nb\n%llm_config model=demo")
        kernel.run("words = 'π is {secret} and $5'")
        assert kernel.finish(kernel.begin_as("a/1", ask)).status == "ok"
        kernel.finish(kernel.begin_as("b", "x = %llm What is 17*23?"))
        assert kernel.run("%llm_chat export 'my tälk.ipynb'").status == "ok"

    notebook = nbformat.read(tmp_path / "my tälk.ipynb", as_version=4)
    before = [cell.outputs[0].data["text/plain"] for cell in notebook.cells[2:]]
    notebook.cells.insert(2, nbformat.v4.new_code_cell("secret = 'mine'"))
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=where).execute()
    after = [cell.outputs[0].data["text/plain"] for cell in notebook.cells[3:]]
    assert [len(cell.outputs) for cell in notebook.cells[1:]] == [0, 0, 1, 1]
    assert ["{secret}" in text for text in after] == [True, False]
    assert "391" in after[1]
    for told, anew in zip(before, after, strict=True):
        assert anew.splitlines()[0] in told
