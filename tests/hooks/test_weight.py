"""How quickly a size is estimated, and how far from the truth that may be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.config import CompletionConfig
from mojentic_nb.hooks.budget import ROUGHLY
from mojentic_nb.hooks.weight import answer_tokens, prompt_tokens, text_tokens, tokens_of
from mojentic_nb.media import ImagePart
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.request import ChatRequest, ToolSpec
from mojentic_nb.tokens import TokenizerGateway

ENCODINGS = ("cl100k_base", "o200k_base")
texts = st.one_of(
    st.text(max_size=300),
    st.text(st.characters(max_codepoint=127), max_size=300),
    st.text("{}[]();:,.!?<>/\\|`~@#$%^&*-+=_'\" \n\t", max_size=300),
    st.text("0123456789abcdef", max_size=300),
    st.text("😀🏳️‍🌈漢字仮名한글ไทยअआا", max_size=100),
)
arguments = st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=4)
calls = st.builds(
    lambda name, given: LLMToolCall(name=name or "f", arguments=given), texts, arguments
)
messages = st.one_of(
    texts.map(LLMMessage.user),
    texts.map(LLMMessage.system),
    st.builds(
        lambda text, thinking, made: LLMMessage(
            role="assistant", content=text, thinking=thinking, tool_calls=made or None
        ),
        texts,
        texts,
        st.lists(calls, max_size=3),
    ),
)
tools = st.builds(
    lambda name, told, fields: ToolSpec(name=name or "f", description=told, parameters=fields),
    texts,
    texts,
    arguments,
)


@given(text=texts)
def test_a_text_is_never_far_too_small(text: str) -> None:
    ours = text_tokens(text)
    assert (ours == 0) == (text == "")
    for encoding in ENCODINGS:
        assert TokenizerGateway(encoding).count(text) <= ROUGHLY * ours


@given(said=st.lists(messages, max_size=4), given_tools=st.lists(tools, max_size=2))
def test_a_request_is_never_far_too_small(
    said: list[LLMMessage], given_tools: list[ToolSpec]
) -> None:
    request = ChatRequest(model="m", messages=tuple(said), tools=tuple(given_tools))
    ours = prompt_tokens(request)
    for encoding in ENCODINGS:
        counted = TokenizerGateway(encoding).count_messages(said, tools=given_tools)
        assert counted <= ROUGHLY * ours


@pytest.mark.parametrize(
    "text",
    ["The sea is calm tonight, the tide is full, the moon lies fair upon the straits. " * 5,
     '{"name": "Ada", "age": 36, "tags": ["mathematician", "poet"]}' * 5,
     "Das Meer ist heute Abend ruhig, und die Flut steht hoch über dem Strand. " * 5,
     "海は今夜静かで、潮は満ち、月は海峡の上に美しく横たわっている。" * 5],
    ids=["english", "json", "german", "japanese"],
)  # fmt: skip
def test_what_people_write_is_nearly_right(text: str) -> None:
    counted = TokenizerGateway("o200k_base").count(text)
    assert 0.6 < text_tokens(text) / counted < 2.2


def request(**fields: Any) -> ChatRequest:
    config = CompletionConfig(**fields.pop("config", {}))
    return ChatRequest(model="m", messages=(LLMMessage.user("hi"),), config=config, **fields)


def test_everything_that_is_sent_counts() -> None:
    bare = prompt_tokens(request())
    spec = ToolSpec(name="n" * 35, description="d" * 350, parameters={"x": "y" * 290})
    assert prompt_tokens(request(tools=(spec,))) - bare == pytest.approx(218, abs=4)
    assert prompt_tokens(request(schema={"x": "y" * 290})) - bare == pytest.approx(99, abs=3)
    pictured = LLMMessage.user("hi", images=[ImagePart(data="aGk=", media_type="image/png")])
    assert prompt_tokens(ChatRequest(model="m", messages=(pictured,))) > 1600


def test_a_call_weighs_with_the_answer_it_allows() -> None:
    bare = prompt_tokens(request())
    assert tokens_of(request()) == bare
    assert tokens_of(request(config={"max_tokens": 100})) == bare + 100
    assert tokens_of(request(config={"max_tokens": 100, "n": 3})) == bare + 300


@pytest.mark.parametrize(
    "config, most, allowed",
    [({}, None, 16_384), ({}, 4096, 4096), ({}, 128_000, 16_384), ({"max_tokens": 9}, 4096, 9),
     ({"max_tokens": 9, "n": 2}, None, 18), ({"n": 2}, 100, 200)],
)  # fmt: skip
def test_an_answer_may_have_so_many(config: Any, most: int | None, allowed: int) -> None:
    assert answer_tokens(request(config=config), most) == allowed
