"""Many questions in a cell: what the stop button leaves, and what a saved notebook keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.kernels import Kernel
from tests.loopback import Answer, Fault, Loopback

READY = """
import mojentic_nb as mj, pandas as pd
from mojentic_nb import LLMBroker, OpenAIGateway
from mojentic_nb.batch import progress
progress.DELAY_S = 0.0
def model(name="small"):
    return LLMBroker(name, OpenAIGateway(api_key="sk-batch-secret", base_url="{url}/v1"))
texts = [f"question {{n}}" for n in range(20)]
df = pd.DataFrame({{"text": texts}})
"""
CELLS = {
    "batch": "len(mj.batch(texts, model()))",
    "abatch": "len(await mj.abatch(texts, model()))",
    "frame": "len(df.llm.generate('{text}', model(), into='x').x.dropna())",
    "compare": "len(mj.compare(texts[:10], {'a': model(), 'b': model('large')}).df)",
    "acompare": "len((await mj.acompare(texts[:10], {'a': model(), 'b': model('large')})).df)",
}


@pytest.fixture
def cells(loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.chdir(tmp_path)
    with Kernel() as running:
        assert running.run(READY.format(url=loopback.url)).status == "ok"
        yield running


@pytest.mark.parametrize("name", CELLS)
def test_stopped_it_says_so_in_a_line_and_goes_on_with_the_rest(
    loopback: Loopback, cells: Kernel, name: str
) -> None:
    silent = Answer("never", fault=Fault.SILENT_BEFORE_HEADERS)
    loopback.script(*[Answer("fine")] * 8, *[silent] * 4)
    begun = cells.begin(CELLS[name])
    under_way = loopback.wait_for(12, 20)[-4:]
    cells.interrupt()
    stopped = cells.finish(begun)
    assert stopped.text.startswith("Interrupted after 8 of 20 answers.")
    assert stopped.text.endswith("he same call again asks only for the rest.")
    assert "\n" not in stopped.text
    assert all(seen.hung_up.wait(10) for seen in under_way)

    again = cells.run(CELLS[name])
    assert again.of("execute_result")[0]["data"]["text/plain"] == "20"
    assert len(loopback.requests) == 12 + 12


def test_a_saved_notebook_keeps_nothing_of_the_progress(loopback: Loopback, cells: Kernel) -> None:
    loopback.script(*[Answer("fine", delay=0.02)] * 20)
    seen = cells.run("answers = mj.batch(texts, model(), concurrency=2)")
    lines = [one["data"].get("text/plain", "") for one in seen.of("update_display_data")]
    assert lines[0].startswith("20 calls, ≈ ")
    assert [one["data"] for one in seen.displays] == [{}]
    assert seen.of("stream", "comm_open") == []

    # Nobody is there to see it: nbclient and papermill run a notebook like this.
    unseen = cells.run("answers = mj.batch(texts, model(), store=None)", allow_stdin=False)
    assert unseen.of("display_data", "stream", "comm_open") == []
    tested = "import os; os.environ['PYTEST_CURRENT_TEST'] = 'nbval'"
    compared = cells.run(f"{tested}\nanswers = mj.batch(texts, model(), store=None)")
    assert compared.of("display_data", "stream", "comm_open") == []
