"""What a question is known by: all that makes its answer, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb import CompletionConfig, LLMBroker, OpenAIGateway
from mojentic_nb.batch.task import KEY_BYTES, Keys
from mojentic_nb.messages import LLMMessage
from mojentic_nb.schema import Shape

HI = (LLMMessage.user("Hi"),)


def broker(model: str = "small", key: str = "sk-one", host: str = "127.0.0.1:1") -> LLMBroker:
    return LLMBroker(model, OpenAIGateway(api_key=key, base_url=f"http://{host}/v1"))


class Person(BaseModel):
    name: str


class Place(BaseModel):
    name: str
    city: str


def plus(a: int, b: int) -> int:
    """Add."""
    return a + b


PLAIN = Keys(broker()).key(HI)

OTHERS: dict[str, bytes] = {
    "words": Keys(broker()).key((LLMMessage.user("Ho"),)),
    "role": Keys(broker()).key((LLMMessage.assistant("Hi"),)),
    "system": Keys(broker()).key((LLMMessage.system("Be brief."), *HI)),
    "model": Keys(broker("large")).key(HI),
    "address": Keys(broker(host="127.0.0.1:2")).key(HI),
    "temperature": Keys(broker(), options={"temperature": 0.5}).key(HI),
    "config": Keys(broker(), config=CompletionConfig(temperature=0.5)).key(HI),
    "tools": Keys(broker(), tools=[plus]).key(HI),
    "shape": Keys(broker(), shape=Shape(Person)).key(HI),
    "other shape": Keys(broker(), shape=Shape(Place)).key(HI),
    "occurrence": Keys(broker()).key(HI, 1),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_question_has_another_key(name: str) -> None:
    assert OTHERS[name] != PLAIN


SAME: dict[str, dict[str, Any]] = {
    "patience": {"options": {"timeout": 3, "deadline": 10}},
    "server's memory": {"config": CompletionConfig(keep_alive="5m")},
}


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_bear_on_the_answer_does_not_count(name: str) -> None:
    assert Keys(broker(), **SAME[name]).key(HI) == PLAIN


def test_the_api_key_is_no_part_of_it() -> None:
    assert Keys(broker(key="sk-two")).key(HI) == PLAIN
    assert len(PLAIN) == KEY_BYTES


def test_a_setting_counts_wherever_it_was_given() -> None:
    loose = Keys(broker(), options={"temperature": 0.5}).key(HI)
    whole = Keys(broker(), config=CompletionConfig(temperature=0.5)).key(HI)
    assert loose == whole


def test_where_one_message_ends_counts() -> None:
    two = (LLMMessage.user("a"), LLMMessage.user("b"))
    one = (LLMMessage.user("ab"),)
    assert Keys(broker()).key(two) != Keys(broker()).key(one)


def test_a_picture_counts_by_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG one")
    said = (LLMMessage(content="What is this?", image_paths=[str(path)]),)
    first = Keys(broker()).key(said)
    path.write_bytes(b"\x89PNG two")
    assert Keys(broker()).key(said) != first
