"""`%llm_cassette` in real kernels: recorded in one, replayed in another without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernel.conftest import READY
from tests.kernel.kernels import Kernel
from tests.loopback import Answer, Loopback

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my answers.jsonl"


def test_a_notebook_replays_in_a_fresh_kernel(
    loopback: Loopback, kernel: Kernel, file: Path
) -> None:
    loopback.script(Answer("one two"), Answer("three"), Answer("four"))
    cells = [
        "%llm hi",
        "%llm -o kept and then?",
        "from mojentic_nb import LLMBroker\njob = LLMBroker('ollama:m').submit('hi')\n"
        "print(job.result())",
    ]
    put_in = kernel.run(f'%llm_cassette "{file}"')
    assert put_in.text == (
        f"{file}: what is in it is replayed, what is not is asked and recorded.\n"
    )
    first = [shown(kernel, cell) for cell in cells]
    times = kernel.value("kept.duration_s, kept.ttft_s")
    assert kernel.run("%llm_cassette").text == (
        f"{file} (auto): 3 in it, 0 replayed, 3 recorded.\n"
    )
    with Kernel(OLLAMA_HOST=CLOSED) as fresh:
        fresh.run(f'{READY}\n%llm_cassette --mode=replay "{file}"')
        assert [shown(fresh, cell) for cell in cells] == first
        again = fresh.value("kept.duration_s, kept.ttft_s")

    assert "one two" in str(first[0])
    assert [f"{t:.6f}" for t in eval(again)] == [f"{t:.6f}" for t in eval(times)]


def shown(kernel: Kernel, cell: str) -> list[object]:
    ran = kernel.run(cell)
    assert ran.status == "ok", ran.text
    return [*(one["data"]["text/plain"] for one in ran.displays), *ran.of("stream")]


def test_an_interrupted_answer_is_not_in_it(loopback: Loopback, kernel: Kernel, file: Path) -> None:
    loopback.script(
        Answer(chunks=[f"word{n} " for n in range(500)], pace=0.05), Answer("whole this time")
    )
    kernel.run(f'%llm_cassette "{file}"')
    pressed = []

    def press(message: dict[str, object]) -> None:
        if "word3" in str(message["content"]) and not pressed:
            pressed.append(True)
            kernel.interrupt()

    assert kernel.finish(kernel.begin("%%llm --fresh\nhi"), watch=press).status == "error"
    assert loopback.requests[0].hung_up.wait(10)
    assert not file.exists()
    assert kernel.run("%llm --fresh hi").status == "ok"
    assert file.read_text().count('"ask"') == 1
    assert "whole " in file.read_text()
    assert "word3" not in file.read_text()


def test_a_miss_is_one_line_and_off_goes_back(
    loopback: Loopback, kernel: Kernel, file: Path
) -> None:
    kernel.run(f'%llm_cassette "{file}"\n%llm --fresh hi\n%llm_cassette "{file}" --mode replay')
    ran = kernel.run("%llm --fresh ho")
    (error,) = ran.of("error")
    assert error["ename"] == "CassetteMiss"
    assert len(error["traceback"]) == 1
    assert "messages.0.content: 'ho' was recorded as 'hi' (line 2)" in error["traceback"][0]
    assert len(loopback.requests) == 1
    assert kernel.run("%llm_cassette off").text == "No cassette: calls go to the models.\n"
    assert "No cassette" in kernel.run("%llm_cassette").text
    assert kernel.run("%llm --fresh ho").status == "ok"
    assert len(loopback.requests) == 2


@pytest.mark.parametrize(
    "line, told",
    [
        ("x.jsonl y.jsonl", "2 paths"),
        ("--mode replay", "no path"),
        ("x.jsonl --mode rewind", "auto, record, replay, off"),
        ("x.jsonl --mod replay", "Did you mean --mode?"),
        ("/no/such/folder/x.jsonl", "/no/such/folder"),
        ("x.jsonl --mode replay", "no cassette at"),
        ('"x.jsonl', "quotation mark"),
        ("damaged.jsonl", "line 1"),
    ],
)
def test_a_slip_changes_nothing(
    notebook_kernel: Kernel, tmp_path: Path, line: str, told: str
) -> None:
    (tmp_path / "damaged.jsonl").write_text("# my notes\n")
    notebook_kernel.run(f"%cd -q {tmp_path}\n%llm_cassette good.jsonl")
    ran = notebook_kernel.run(f"%llm_cassette {line}")
    assert ran.status == "error"
    assert told in ran.text
    assert "Traceback" not in ran.text
    assert "good.jsonl (auto)" in notebook_kernel.run("%llm_cassette").text


@pytest.fixture(scope="module")
def notebook_kernel():
    with Kernel(OLLAMA_HOST=CLOSED) as running:
        running.run(READY)
        yield running


def test_recording_anew_ends_when_it_is_taken_out(kernel: Kernel, file: Path) -> None:
    kernel.run(f'%llm_cassette "{file}"\n%llm --fresh -m demo hi')
    kernel.run(f'%llm_cassette "{file}" --mode record\n%llm --fresh -m demo ho')
    assert '"hi"' in file.read_text()
    kernel.run("%unload_ext mojentic_nb")
    assert '"ho"' in file.read_text()
    assert '"hi"' not in file.read_text()
    assert kernel.run("from mojentic_nb import ask\nask('ha', model='demo')").status == "ok"
    assert '"ha"' not in file.read_text()


def test_the_environment_names_one_for_a_whole_run(loopback: Loopback, file: Path) -> None:
    loopback.script(Answer("from afar"))
    for mode, host in (("auto", loopback.url), ("replay", CLOSED)):
        environment = {"MOJENTIC_NB_CASSETTE": str(file), "MOJENTIC_NB_CASSETTE_MODE": mode}
        with Kernel(OLLAMA_HOST=host, **environment) as running:
            running.run(READY)
            assert "from afar" in str(running.run("%llm hi").displays)
            assert f"({mode})" in running.run("%llm_cassette").text
            assert running.run("%llm_cassette off").status == "ok"
            assert "No cassette" in running.run("%llm_cassette").text
