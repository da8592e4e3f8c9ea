"""The magics where the front end or the kernel is another: Colab's old stack, VS Code.

Law: Colab is its own IPython 7.34, ipykernel 6.17 and ipywidgets 7.7, in an environment
that `.ci/run` makes; VS Code is what it sends: a document's address as the cell's id.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.conftest import READY
from tests.kernel.kernels import Kernel
from tests.loopback import Answer, Loopback

LONG = Answer(chunks=[f"word{n} " for n in range(400)], pace=0.05)


@pytest.fixture
def colab(loopback: Loopback, colab_python: str) -> Iterator[Kernel]:
    with Kernel(python=colab_python, OLLAMA_HOST=loopback.url) as running:
        assert running.value("__import__('IPython').__version__") == "7.34.0"
        assert running.run(READY).text == ""
        yield running


def test_colab_streams_an_answer_into_one_output(colab: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer(chunks=["Hel", "lo"], pace=0.1))
    ran = colab.run("%%llm -o kept\nhi {1 + 1}")
    assert ran.status == "ok"
    assert len(ran.of("display_data")) == 1
    assert len(ran.of("update_display_data")) >= 1
    (shown,) = ran.displays
    assert shown["data"]["text/markdown"].startswith("Hello")
    assert colab.value("kept.usage.total_tokens > 0, _ == kept") == "(True, True)"


def test_colab_stops_when_the_stop_button_is_pressed(colab: Kernel, loopback: Loopback) -> None:
    loopback.script(LONG)
    pressed: list[bool] = []

    def press(message: dict[str, object]) -> None:
        if "word3" in str(message["content"]) and not pressed:
            pressed.append(True)
            colab.interrupt()

    ran = colab.finish(colab.begin("%%llm\nhi"), watch=press)
    assert ran.status == "error"
    assert "Stopped after" in ran.text
    assert loopback.requests[0].hung_up.wait(10)


def test_colab_fills_a_variable_and_a_table(colab: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer('[{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]'))
    colab.run("from pydantic import BaseModel\nclass P(BaseModel):\n    name: str\n    age: int")
    ran = colab.run("%%structured list[P] -o people\nTwo of them.")
    assert ran.status == "ok"
    assert colab.value("int(people.age.sum()), type(people).__name__") == "(77, 'DataFrame')"
    assert "<table" in str(ran.displays)


def test_colab_awaits_at_the_top_of_a_cell(colab: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer("Hello"))
    awaited = "from mojentic_nb import LLMBroker\nr = await LLMBroker('ollama:m').agenerate('hi')"
    assert colab.run(awaited).status == "ok"
    assert colab.value("r") == "Hello"


def test_colab_shows_usage_and_lets_go(colab: Kernel) -> None:
    asked = colab.run("%llm?")
    assert asked.status == "ok"
    assert "%%llm" in str(asked.reply["payload"])
    assert colab.run("%unload_ext mojentic_nb").status == "ok"
    assert "UsageError" in colab.run("%llm hi").text


def test_vs_codes_cell_ids_are_nothing_special(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer(chunks=["Hel", "lo"], pace=0.1))
    cell = "vscode-notebook-cell:/home/ada/a%20b.ipynb#W0sZmlsZQ%3D%3D"
    ran = kernel.finish(kernel.begin_as(cell, "%%llm\nhi"))
    assert ran.status == "ok"
    (shown,) = ran.displays
    assert shown["data"]["text/markdown"].startswith("Hello")


def test_frames_keep_their_metadata_until_the_last(kernel: Kernel, loopback: Loopback) -> None:
    # VS Code replaces all outputs of a cell when an output's metadata change.
    loopback.script(Answer(chunks=["one ", "two ", "three"], pace=0.15))
    ran = kernel.run("%%llm\nhi")
    *frames, _ = ran.of("display_data", "update_display_data")
    assert len(frames) >= 2
    assert [frame["metadata"] for frame in frames] == [frames[0]["metadata"]] * len(frames)
