"""What the magics do with a kernel's own memory: next cell, last error, earlier cells, pictures."""

from __future__ import annotations

import base64

import pytest

from tests.kernel.kernels import Kernel, Ran
from tests.loopback import Answer, Loopback

pytestmark = pytest.mark.kernel

FIXED = "So:\n\n```python\na = 1\na / 2\n```\n"
PLOT = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);"


def told(loopback: Loopback) -> str:
    """What the model is told last."""
    return str(loopback.requests[-1].body["messages"][-1]["content"])


def payload(ran: Ran) -> list[dict[str, object]]:
    """What a front end is asked to do after a cell."""
    return list(ran.reply["payload"])


def test_code_is_offered_as_the_next_cell_and_not_run(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer(FIXED))
    ran = kernel.run("%llm --code divide")
    assert payload(ran) == [{"source": "set_next_input", "text": "a = 1\na / 2", "replace": False}]
    assert kernel.value("'a' in globals()") == "False"


def test_the_last_error_is_explained_and_mended(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer(FIXED), Answer(FIXED))
    assert kernel.run("%llm_fix").text.startswith("UsageError: No cell has failed yet")
    assert kernel.run("def f(x):\n    return x / 0").status == "ok"
    assert kernel.run("a = 1\nf(a)").status == "error"
    assert kernel.run("ok = 1").status == "ok"
    ran = kernel.run("%llm_fix --code and why?")
    assert [one["text"] for one in payload(ran)] == ["a = 1\na / 2"]
    assert "In [4]:\n```python\na = 1\nf(a)\n```" in told(loopback)
    assert "In [3]:\n```python\ndef f(x):\n    return x / 0\n```" in told(loopback)
    assert "In [3], line 2, in f" in told(loopback)
    assert "and why?" in told(loopback)
    assert "ipykernel" not in told(loopback)

    assert kernel.run("b = (1").status == "error"
    kernel.run("%llm_fix")
    assert "b = (1" in told(loopback)
    assert "SyntaxError" in told(loopback)


def test_earlier_cells_with_results_and_errors(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer("ok"))
    for cell in ("x = 20", "x + 1", "x / 0"):
        kernel.run(cell)
    kernel.run("%%llm --context 2\nWhat is wrong?")
    text = told(loopback)
    assert "In [3]:\n```python\nx + 1\n```\nOut [3]:\n```\n21\n```" in text
    assert "In [4]:\n```python\nx / 0\n```" in text
    assert "x = 20" not in text
    assert text.endswith("What is wrong?")


def test_the_picture_shown_last(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(*[Answer("ok")] * 3)
    ran = kernel.run(f"{PLOT}")
    (shown,) = [one["data"]["image/png"] for one in ran.of("display_data")]
    kernel.run("1 + 1")
    assert kernel.run("%llm --fresh --image last what is it?").status == "ok"
    (sent,) = loopback.requests[-1].body["messages"][-1]["images"]
    assert base64.b64decode(sent) == base64.b64decode(shown)

    kernel.run("from IPython.display import Image\nimport base64, io")
    result = kernel.run(
        "f = plt.figure(figsize=(1, 1)); b = io.BytesIO(); f.savefig(b); plt.close(f)\n"
        "Image(b.getvalue())"
    )
    (shown,) = [one["data"]["image/png"] for one in result.of("execute_result")]
    kernel.run("%llm --fresh --image last --image f and these?")
    first, second = loopback.requests[-1].body["messages"][-1]["images"]
    assert base64.b64decode(first) == base64.b64decode(shown)
    assert base64.b64decode(second).startswith(b"\x89PNG")

    kernel.run("%unload_ext mojentic_nb")
    assert kernel.value("len(get_ipython().display_pub._hooks)") == "0"


NESTED = """
import asyncio

async def later():
    await asyncio.sleep(0)
    return "nested"

asyncio.run(later())
"""


def test_nested_loops_only_when_asked_for(kernel: Kernel, loopback: Loopback) -> None:
    loopback.script(Answer("ok"), Answer("ok"))
    assert kernel.run(NESTED).status == "error"
    ran = kernel.run("%llm_config nest_asyncio=on")
    assert ran.text.startswith("nest_asyncio2 is applied to asyncio in this kernel")
    assert "nested" in str(kernel.run(NESTED).of("execute_result"))
    again = kernel.run("%llm_config nest_asyncio=on temperature=0")
    assert (again.status, again.text) == ("ok", "")
    assert kernel.run("%llm hi").status == "ok"
    job = "from mojentic_nb import LLMBroker\nLLMBroker('ollama:m').submit('hi').result(20)"
    assert kernel.run(job).status == "ok"
    refused = kernel.run("%llm_config nest_asyncio=off")
    assert refused.text.startswith("UsageError: asyncio is patched until this kernel ends.")
    assert kernel.run("%llm_config reset\n%llm_config").status == "ok"
