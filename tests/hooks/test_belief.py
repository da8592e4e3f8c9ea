"""Which counts of a provider are taken for true."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.catalogue import ModelCard
from mojentic_nb.events import Answer, Usage
from mojentic_nb.hooks.belief import believed, estimated, written_tokens
from mojentic_nb.messages import LLMToolCall

UNKNOWN = ModelCard(provider="p", model="m")
LARGE = ModelCard(provider="p", model="m", context_tokens=200_000)
TEXT = "word " * 70  # 100 tokens by our estimate, 71 by a real tokenizer


def judged(told: Usage, *, prompt: int = 100, bound: int = 1000, **fields: Any) -> Any:
    known = fields.pop("known", UNKNOWN)
    answer = Answer(**{"text": TEXT, **fields}, usage=told)
    return believed(answer, prompt, bound, known)


@pytest.mark.parametrize(
    "read, written",
    [(100, 100), (60, 71), (300, 250), (1, 1), (8992, 1000), (100, 1016)],
)  # fmt: skip
def test_what_a_tokenizer_could_make_of_it_is_believed(read: int, written: int) -> None:
    told = Usage(input_tokens=read, output_tokens=written, cached_tokens=7)
    assert judged(told) == (told, False)


@pytest.mark.parametrize(
    "read, written, taken",
    [(0, 80, (100, 80)), (-1, 80, (100, 80)), (None, 80, (100, 80)), (8993, 80, (100, 80)),
     (90, 0, (90, 100)), (90, -1, (90, 100)), (90, None, (90, 100)), (90, 1017, (90, 100)),
     (0, 0, (100, 100)), (None, None, (100, 100)), (10**9, 10**9, (100, 100))],
)  # fmt: skip
def test_what_cannot_be_is_ours(
    read: int | None, written: int | None, taken: tuple[int, int]
) -> None:
    told = Usage(input_tokens=read, output_tokens=written)
    assert judged(told) == (estimated(*taken), True)


def test_far_too_little_is_doubted_too() -> None:
    told = Usage(input_tokens=100, output_tokens=100)
    assert judged(told, prompt=8 * 116) == (told, False)
    assert judged(told, prompt=8 * 116 + 1) == (estimated(8 * 116 + 1, 100), True)


def test_nobody_reads_more_than_a_model_can() -> None:
    # A provider may add what it kept for itself, such as earlier thoughts.
    told = Usage(input_tokens=150_000, output_tokens=80)
    assert judged(told, known=LARGE) == (told, False)
    told = Usage(input_tokens=200_001, output_tokens=80)
    assert judged(told, known=LARGE) == (estimated(100, 80), True)


def test_an_answer_of_nothing_may_cost_nothing() -> None:
    told = Usage(input_tokens=100, output_tokens=0)
    assert judged(told, text="") == (told, False)


def test_thoughts_calls_and_further_answers_are_written_too() -> None:
    bare = written_tokens(Answer(text=TEXT))
    assert bare == 100
    assert written_tokens(Answer(text=TEXT, thinking=TEXT)) == 200
    assert written_tokens(Answer(text=TEXT, alternatives=(TEXT, TEXT))) == 300
    call = LLMToolCall(name="n" * 35, arguments={"x": "y" * 290})
    assert written_tokens(Answer(tool_calls=(call, call))) == pytest.approx(218, abs=4)
    broken = LLMToolCall(name="n" * 35, arguments={}, malformed="y" * 350)
    assert written_tokens(Answer(tool_calls=(broken,))) == pytest.approx(110, abs=2)


counts = st.none() | st.integers(-(10**12), 10**12)


@given(read=counts, written=counts, cached=counts, prompt=st.integers(4, 10**6))
def test_what_is_counted_is_always_a_number(
    read: int | None, written: int | None, cached: int | None, prompt: int
) -> None:
    told = Usage(input_tokens=read, output_tokens=written, cached_tokens=cached)
    used, is_ours = judged(told, prompt=prompt)
    assert used.total_tokens is not None
    assert used.input_tokens >= 0
    assert used.output_tokens >= 0
    assert is_ours == (used != told)
