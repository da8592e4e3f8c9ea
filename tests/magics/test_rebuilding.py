"""`%llm_chat rebuild`: the conversation from the notebook's own file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.loopback import Answer, Loopback, ToolUse
from tests.magics.conftest import Notebook
from tests.magics.talk import refused, said, told, turns

pytestmark = pytest.mark.usefixtures("folder")


# from the notebook's own file -------------------------------------------------


def saved(folder: Path, cells: list[tuple[str, str, list[dict]]]) -> Path:
    """A notebook's file, as a front end saves it: ids, sources, outputs."""
    path = folder / "mine.ipynb"
    told = [
        {
            "cell_type": "code",
            "id": name,
            "source": source,
            "outputs": outputs,
            "metadata": {},
            "execution_count": 1,
        }
        for name, source, outputs in cells
    ]
    path.write_text(json.dumps({"cells": told, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return path


def outputs_of(notebook: Notebook, since: int) -> list[dict]:
    """What was shown, as it is saved."""
    return [
        {"output_type": "display_data", "data": one.data, "metadata": one.metadata}
        for one in notebook.outputs[since:]
    ]


@pytest.fixture
def file(ollama: Notebook, loopback: Loopback, folder: Path) -> Path:
    """The notebook's own file, after a few cells were run."""
    loopback.script(*[Answer(f"answer {n}", usage=(n, 2)) for n in range(1, 20)])
    ollama.ok("x = 4\n%llm_config footer=on")
    cells = []
    for name, source in [
        ("c1", "%%llm -t 0\n# NBVAL_IGNORE_OUTPUT\nWhat is {x}?"),
        ("c2", "print(x)"),
        ("c3", "%%llm --fresh\nAlone?"),
        ("c4", "a = %llm first\n%llm -q hidden\n%llm second"),
        ("c5", "%llm --dry-run nothing"),
        ("c6", "a = %llm one\nb = %llm two"),
    ]:
        before = len(ollama.outputs)
        ollama.ok(source, name)
        cells.append((name, source, outputs_of(ollama, before)))
    return saved(folder, cells)


def test_it_is_rebuilt_from_the_notebooks_cells(
    ollama: Notebook, loopback: Loopback, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(file))
    ollama.ok("%reload_ext mojentic_nb\n%llm_config model=ollama:llama3.2 max_context=32768")
    line = told(ollama, "%llm_chat rebuild")
    assert line == "3 turns from 2 cells of mine.ipynb; 1 cell could not be read."
    ollama.ok("%llm_chat -o chat")
    first = ollama["chat"].exchanges[0]
    assert [one.question for one in ollama["chat"].exchanges] == ["What is {x}?", "one", "two"]
    assert (first.answer, first.cell, first.usage.input_tokens) == ("answer 1", "c1", 1)
    assert first.correlation_id

    ollama.ok("%%llm\nWhat is it now?", "c1")
    assert said(loopback) == ["What is it now?"]
    assert turns(ollama) == ["What is it now?", "one", "two"]


def test_what_was_said_since_becomes_a_branch(ollama: Notebook, file: Path) -> None:
    before = turns(ollama)
    ollama.ok("%llm_chat rebuild mine.ipynb")
    assert turns(ollama) == ["What is {x}?", "one", "two"]
    assert [one.question for one in ollama["found"].branches[0].exchanges] == before


def test_an_answer_is_rebuilt_without_what_stands_around_it(
    ollama: Notebook, loopback: Loopback, folder: Path
) -> None:
    loopback.script(Answer(tools=[ToolUse("f", {})]), Answer("It is $5.\n\nReally."))
    ollama.ok("def f() -> int:\n    'Five.'\n    return 5")
    ollama.ok("%llm_config footer=on")
    ollama.ok("%%llm --tools f\nHow much?", "c1")
    path = saved(folder, [("c1", "%%llm --tools f\nHow much?", outputs_of(ollama, 0))])
    ollama.ok(f"%llm_config forget\n%llm_chat rebuild {path.name}\n%llm_chat -o chat")
    assert ollama["chat"].exchanges[0].answer == "It is $5.\n\nReally."


def test_an_answer_that_was_stopped_is_told_to_be_so(ollama: Notebook, file: Path) -> None:
    told_file = json.loads(file.read_text())
    about = told_file["cells"][0]["outputs"][0]["metadata"]["mojentic_nb"]
    about |= {"finish_reason": "interrupted", "is_partial": True}
    failed = told_file["cells"][5]["outputs"][0]["metadata"]["mojentic_nb"]
    failed["finish_reason"] = "error"
    file.write_text(json.dumps(told_file))
    ollama.ok("%llm_chat rebuild mine.ipynb")
    assert turns(ollama) == ["What is {x}?", "two"]
    first = ollama["found"].exchanges[0]
    assert (first.is_partial, first.answer) == (True, "answer 1")
    assert (first.messages[-1].content or "").endswith("[This answer broke off here.]")


def test_forgetting_is_read_as_such(ollama: Notebook, file: Path) -> None:
    told_file = json.loads(file.read_text())
    told_file["cells"].insert(1, {**told_file["cells"][1], "source": ["%llm_config ", "forget"]})
    file.write_text(json.dumps(told_file))
    ollama.ok("%llm_chat rebuild mine.ipynb")
    assert turns(ollama) == ["one", "two"]


@pytest.mark.parametrize(
    "text, what",
    [
        ("{", "is no notebook"),
        ('{"cells": 4}', "is no notebook"),
        ("[" * 100_000, "is no notebook"),
        ('{"cells": []}', "has no answers of %%llm cells. Save it, and say this again."),
    ],
)
def test_a_file_that_tells_nothing(notebook: Notebook, folder: Path, text: str, what: str) -> None:
    (folder / "mine.ipynb").write_text(text)
    assert what in refused(notebook, "%llm_chat rebuild mine.ipynb")


def test_other_magics_may_stand_above_and_a_line_may_go_on(
    ollama: Notebook, loopback: Loopback, folder: Path
) -> None:
    answers = [Answer(f"answer {n}") for n in range(6)]
    loopback.script(*answers, Answer('{"answer": "so"}'))
    cells = []
    for name, source in [
        ("c1", "%%time\n%llm timed"),
        ("c2", "a = %llm one \\\n  line"),
        ("c3", "for _ in range(2):\n    %llm in a loop"),
        ("c4", "get_ipython().run_line_magic('llm', 'by a function')"),
        ("c5", "%%llm\nno longer"),
        ("c6", "%%structured answer: str -o found\nWhich?"),
    ]:
        before = len(ollama.outputs)
        ollama.ok(source, name)
        cells.append((name, source, outputs_of(ollama, before)))

    cells[4][2].clear()
    live = turns(ollama)
    saved(folder, cells)
    line = told(ollama, "%llm_chat rebuild mine.ipynb")
    assert line == (
        "2 turns from 2 cells of mine.ipynb; 2 cells could not be read;"
        " without a saved answer: 1 cell."
    )
    assert turns(ollama) == live[:2] == ["timed", "one    line"]
    assert ollama["found"].exchanges[0].model == "ollama:llama3.2"


@pytest.mark.parametrize("name", ["my nötebook [1] 'x' %20.ipynb", "a  b.ipynb", "#1 = π.ipynb"])
def test_a_notebook_may_have_any_name(
    ollama: Notebook, file: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place = file.rename(file.with_name(name))
    assert told(ollama, f'%llm_chat rebuild "{name}"').startswith(f"3 turns from 2 cells of {name}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(place))
    assert told(ollama, "%llm_chat rebuild").startswith(f"3 turns from 2 cells of {name}")


def test_a_file_whose_answers_were_cleared_says_so(ollama: Notebook, file: Path) -> None:
    before = turns(ollama)
    cells = json.loads(file.read_text())["cells"]
    saved(file.parent, [(one["id"], one["source"], []) for one in cells])
    assert "has no answers of %%llm cells" in refused(ollama, "%llm_chat rebuild mine.ipynb")
    assert turns(ollama) == before


@pytest.mark.parametrize(
    "about, tokens",
    [
        ({"answer": "x", "usage": [1], "cost_usd": "much", "duration_s": {}, "model": None}, None),
        ({"answer": [0, 8, 9], "usage": {"input_tokens": "7"}, "cost_usd": True}, None),
        ({"answer": [None, 8], "provider": 5}, 1),
    ],
)
def test_what_somebody_changed_in_the_file_is_not_believed(
    ollama: Notebook, file: Path, about: dict, tokens: int | None
) -> None:
    content = json.loads(file.read_text())
    content["cells"][0]["outputs"][0]["metadata"]["mojentic_nb"] |= about
    content["cells"][5]["outputs"][0]["metadata"] = []
    content["cells"][5]["outputs"][1]["data"] = "x"
    content["cells"][1]["outputs"] = ["x", None]
    file.write_text(json.dumps(content))
    ollama.ok("%llm_chat rebuild mine.ipynb\n%llm_chat -o found\nframe = found.to_frame()")
    (first,) = ollama["found"].exchanges
    assert first.answer.startswith("answer 1")
    assert first.usage.input_tokens == tokens
    assert not first.cost
