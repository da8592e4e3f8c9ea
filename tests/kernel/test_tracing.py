"""The tracer in real kernels: cells as front ends name them, a line after each, old stacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.kernels import Kernel
from tests.kernel.test_front_ends import colab
from tests.loopback import Answer, Loopback

__all__ = ["colab"]  # a fixture

CALLS = "[(s.cell_exec, s.cell_id) for s in current_tracer().spans() if s.is_call]"


@pytest.fixture
def demo() -> Iterator[Kernel]:
    with Kernel() as running:
        loaded = running.run("%load_ext mojentic_nb\n%llm_config model=demo stream=off")
        assert loaded.status == "ok"
        running.run("from mojentic_nb import LLMBroker, current_tracer")
        yield running


def test_a_line_lands_under_the_cell_that_called(demo: Kernel) -> None:
    demo.run("%llm_config autoshow=summary")
    ran = demo.run("%llm -q hello")
    (shown,) = ran.displays
    assert shown["data"]["text/plain"].startswith("1 call · ")
    assert demo.run("1 + 1").displays == []
    # A machine's request says that nobody can answer: nbclient, papermill.
    assert demo.run("%llm -q hello", allow_stdin=False).displays == []


def test_cells_are_known_as_the_front_end_names_them(demo: Kernel) -> None:
    first = demo.finish(demo.begin_as("cell-a", "%llm -q hello"))
    second = demo.finish(
        demo.begin_as("cell-b", "reply = await LLMBroker('demo').agenerate('hello')")
    )
    numbers = [ran.reply["execution_count"] for ran in (first, second)]
    assert demo.value(CALLS) == str(list(zip(numbers, ["cell-a", "cell-b"], strict=True)))


def test_a_job_belongs_to_the_cell_that_submitted_it(demo: Kernel) -> None:
    ran = demo.run("job = LLMBroker('demo').submit('hello')")
    demo.run("job.result() and None")
    assert demo.value(CALLS) == str([(ran.reply["execution_count"], "")])


def test_an_interrupted_answer_is_one_closed_span(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer(chunks=[f"word{n} " for n in range(400)], pace=0.05))
    pressed: list[bool] = []

    def press(message: dict[str, object]) -> None:
        if "word1" in str(message["content"]) and not pressed:
            pressed.append(True)
            kernel.interrupt()

    kernel.finish(kernel.begin("%%llm\nhi"), watch=press)
    kernel.run("from mojentic_nb import current_tracer")
    told = "[(s.status, s.error_type) for s in current_tracer().spans()]"
    assert kernel.value(told) == "[('cancelled', 'interrupted')]"
    (shown,) = kernel.run("%trace").displays
    assert "cancelled" in shown["data"]["text/plain"]


def test_a_file_outlives_its_kernel(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with Kernel(MOJENTIC_NB_TRACE_STORE=str(path)) as running:
        running.run("%load_ext mojentic_nb")
        assert f"The trace is kept in {path}." in running.run("%llm -q -m demo hello").text
        running.run("from mojentic_nb import current_tracer\ncurrent_tracer().flush()")
    with Kernel(MOJENTIC_NB_TRACE_STORE=str(path)) as running:
        running.run("%load_ext mojentic_nb\n%llm -q -m demo hello")
        running.run("from mojentic_nb import current_tracer")
        assert running.value("len(current_tracer().calls_df)") == "2"
        assert "1 call · " in running.run("%trace all").displays[0]["data"]["text/plain"]


def test_colab_traces_too(colab: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer("Hello"), Answer("Hello again"))
    colab.run("%llm_config autoshow=summary stream=off")
    ran = colab.run("%llm -q hi")
    assert [one["data"]["text/plain"][:9] for one in ran.displays] == ["1 call · "]
    number = ran.reply["execution_count"]
    (picture,) = colab.run("%trace").displays
    assert picture["data"]["text/plain"].startswith(f"cell {number} · 1 call")
    (table,) = colab.run("%cost").displays
    assert "total" in table["data"]["text/plain"]
    assert json.dumps(table["data"])
