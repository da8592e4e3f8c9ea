"""A streamed answer, as it goes over a real kernel's wire."""

from __future__ import annotations

import pytest

from tests.kernel.kernels import Kernel, size_of
from tests.loopback import Answer, Loopback


def test_one_display_is_streamed_and_one_is_left(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(Answer("Hello **there**, you.", pace=0.08))
    ran = kernel.run("%%llm\nhi")
    assert ran.status == "ok"
    assert len(ran.of("display_data")) == 1
    assert len(ran.of("update_display_data")) >= 2, "it grew while it came"
    (shown,) = ran.displays
    assert shown["data"]["text/markdown"].startswith("Hello **there**, you.")
    assert shown["data"]["text/plain"].startswith("Hello **there**, you.")
    assert not ran.of("execute_result"), "shown once, not twice"


def test_every_frame_has_the_same_kinds_of_data(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(Answer("one two three four", pace=0.08))
    ran = kernel.run("%%llm\nhi")
    frames = ran.of("display_data", "update_display_data")
    assert {tuple(sorted(frame["data"])) for frame in frames} == {("text/markdown", "text/plain")}
    assert all(frame["data"]["text/markdown"] for frame in frames), "never an empty string"


def test_usage_and_times_are_in_the_last_frames_metadata(
    loopback: Loopback, kernel: Kernel
) -> None:
    loopback.script(Answer("Hello.", usage=(11, 7)))
    known = kernel.run("%%llm\nhi").displays[0]["metadata"]["mojentic_nb"]
    assert known["model"] == "m"
    assert (known["usage"]["input_tokens"], known["usage"]["output_tokens"]) == (11, 7)
    assert known["duration_s"] >= known["ttft_s"] >= 0


def test_2000_tokens_cost_little_on_the_wire(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(Answer(chunks=["seven c "] * 2000, pace=0.002))
    ran = kernel.run("%%llm\nhi")
    assert ran.displays[0]["data"]["text/plain"].startswith("seven c " * 1999)
    assert size_of(ran.published) < 800_000


def test_the_reply_is_in_out_and_in_its_name(loopback: Loopback, kernel: Kernel) -> None:
    loopback.script(Answer("first"), Answer("second"))
    kernel.run("%%llm -o kept\nhi")
    assert kernel.value("kept") == "first"
    assert kernel.value("type(kept).__mro__[-2].__name__") == "str"
    ran = kernel.run("x = %llm again\nprint(x.usage is not None)")
    assert ran.text == "True\n"
    again = kernel.run("x")
    (result,) = again.of("execute_result", "display_data")
    assert result["data"]["text/plain"].startswith("second")


@pytest.mark.parametrize("code", ["%%capture c\n%llm hi", "%%time\n%llm hi"])
def test_other_magics_around_it(loopback: Loopback, kernel: Kernel, code: str) -> None:
    loopback.script(Answer("one two three", pace=0.05))
    assert kernel.run(code).status == "ok"
    if "capture" in code:
        assert kernel.value("sum(bool(one.data) for one in c.outputs)") == "1"


def test_under_pytest_one_display_is_all(loopback: Loopback) -> None:
    loopback.script(Answer("one two three", pace=0.05))
    with Kernel(OLLAMA_HOST=loopback.url, PYTEST_CURRENT_TEST="a test") as kernel:
        kernel.run("%load_ext mojentic_nb\n%llm_config model=ollama:m")
        ran = kernel.run("%%llm\nhi")
    assert not ran.of("update_display_data")
    assert ran.displays[0]["data"]["text/plain"] == "one two three"
