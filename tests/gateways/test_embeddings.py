"""Embeddings: cut, sent, put together again in their order; wrong answers are errors."""

from __future__ import annotations

import json
from math import isclose, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import BadArgument, GatewayGarbled, GatewayUnreachable, ModelNotFound
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.embeddings import EmbeddingJob
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from tests.conftest import CLOSED
from tests.loopback import Answer, Loopback
from tests.loopback.speech import embed
from tests.real_server import LlamaServer


def words(text: str) -> int:
    return len(text.split())


def job(given: Any, *, bound: int = 4, most_texts: int = 100) -> EmbeddingJob:
    return EmbeddingJob(given, bound=bound, count=words, most_texts=most_texts)


def gateway(loopback: Loopback, **settings: Any) -> OpenAIGateway:
    return OpenAIGateway(base_url=f"{loopback.url}/v1", **settings)


# cutting and putting together ---------------------------------------------------------


def test_a_long_text_is_cut_at_blanks_into_pieces_of_one_length() -> None:
    found = list(job("one two three four five six seven eight nine").batches)
    assert found == [["one two three ", "four five six ", "seven eight nine"]]


@given(st.text(alphabet="ab \n\u00e9\U0001f600", min_size=1), st.integers(1, 5))
def test_cutting_loses_nothing_but_blanks(text: str, bound: int) -> None:
    if not text.strip():
        return

    cut = EmbeddingJob(text, bound=bound, count=len, most_texts=1000)
    pieces = [piece for batch in cut.batches for piece in batch]
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece) <= bound and piece.strip() for piece in pieces)


def test_texts_are_sent_in_bounded_requests() -> None:
    texts = [f"text {number}" for number in range(7)]
    assert [len(batch) for batch in job(texts, most_texts=3).batches] == [3, 3, 1]
    huge = EmbeddingJob(texts, bound=8191, count=lambda text: 8000, most_texts=100)
    assert [len(batch) for batch in huge.batches] == [7]
    many = EmbeddingJob(texts * 10, bound=8191, count=lambda text: 8000, most_texts=100)
    assert [len(batch) for batch in many.batches] == [25, 25, 20]


def test_the_vector_of_a_long_text_is_the_weighted_mean_of_length_one() -> None:
    whole: Any = job("a b c d e f g").result([[1.0, 0.0], [0.0, 1.0]])
    weights = [words(piece) for batch in job("a b c d e f g").batches for piece in batch]

    assert weights == [4, 3]
    length = sqrt(16 + 9)
    assert whole == pytest.approx([4 / length, 3 / length])


def test_the_vector_of_a_short_text_is_as_it_came() -> None:
    assert job("a b").result([[3.0, 4.0]]) == [3.0, 4.0]
    assert job(["a", "a b c d e f g", "b"]).result(
        [[3.0, 4.0], [1.0, 0.0], [1.0, 0.0], [5.0, 5.0]]
    ) == [[3.0, 4.0], [1.0, 0.0], [5.0, 5.0]]


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "text is empty"),
        (" \n", "text is empty"),
        (["a", ""], r"text\[1\] is empty"),
        (["a", 5], r"text\[1\] is int"),
        (b"a", "not bytes"),
        ({"a": 1}, "not dict"),
        ({"a", "b"}, "not set"),  # the vectors would come in no order
        (5, "not int"),
    ],
)
def test_what_is_no_text_is_refused_before_anything_is_sent(
    loopback: Loopback, text: Any, told: str
) -> None:
    with pytest.raises(BadArgument, match=told):
        gateway(loopback).calculate_embeddings(text)

    assert loopback.requests == []


# OpenAI -------------------------------------------------------------------------------


def test_one_text(loopback: Loopback) -> None:
    assert gateway(loopback).calculate_embeddings("hello", "m") == list(embed("hello"))
    assert loopback.requests[0].path == "/v1/embeddings"
    assert loopback.requests[0].body == {
        "model": "m",
        "input": ["hello"],
        "encoding_format": "float",
    }


def test_several_texts_in_their_order(loopback: Loopback) -> None:
    texts = ["a", "b", "a", "c"]
    assert gateway(loopback).calculate_embeddings(texts) == [list(embed(text)) for text in texts]
    assert gateway(loopback).calculate_embeddings(iter(texts[:1])) == [list(embed("a"))]
    assert gateway(loopback).calculate_embeddings([]) == []
    assert [seen.body["model"] for seen in loopback.requests] == ["text-embedding-3-large"] * 2


def test_many_texts_take_several_requests(loopback: Loopback) -> None:
    texts = [f"text {number}" for number in range(600)]
    found = gateway(loopback).calculate_embeddings(texts)

    assert found == [list(embed(text)) for text in texts]
    assert [len(seen.body["input"]) for seen in loopback.requests] == [256, 256, 88]


def test_a_long_text_takes_several_pieces(loopback: Loopback) -> None:
    found = gateway(loopback).calculate_embeddings("some words " * 4000)

    assert len(loopback.requests[0].body["input"]) == 2
    assert isclose(sum(value * value for value in found), 1)


def answered(loopback: Loopback, entries: Any) -> None:
    loopback.script_path("/v1/embeddings", Answer(body=json.dumps({"data": entries}).encode()))


def entry(index: int, *numbers: Any) -> dict[str, Any]:
    return {"index": index, "embedding": list(numbers)}


def test_a_server_may_answer_in_any_order(loopback: Loopback) -> None:
    answered(loopback, [entry(1, 1, 0.5), entry(0, 2, 0)])
    found = gateway(loopback).calculate_embeddings(["a", "b"])

    assert found == [[2.0, 0.0], [1.0, 0.5]]
    assert all(type(value) is float for vector in found for value in vector)


def test_a_server_may_leave_the_places_out(loopback: Loopback) -> None:
    answered(loopback, [{"embedding": [1.0]}, {"embedding": [2.0]}])
    assert gateway(loopback).calculate_embeddings(["a", "b"]) == [[1.0], [2.0]]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry(0, 1.0)],
        [entry(0, 1.0), entry(0, 1.0)],
        [entry(0, 1.0), entry(2, 1.0)],
        [entry(0, 1.0), entry(1, 1.0, 2.0)],
        [entry(0), entry(1)],
        [entry(0, 1.0), entry(1, "1.0")],
        [entry(0, 1.0), entry(1, None)],
        [entry(0, 1.0), entry(1, 10**400)],
        [entry(0, 1.0), {"index": 1}],
        [entry(0, 1.0), {"index": 1, "embedding": "AACAPw=="}],
        5,
    ],
)
def test_anything_else_is_no_answer(loopback: Loopback, entries: Any) -> None:
    answered(loopback, entries)
    with pytest.raises(GatewayGarbled, match="not 2 vectors"):
        gateway(loopback).calculate_embeddings(["a", "b"])


def test_every_request_gives_vectors_of_one_length(loopback: Loopback) -> None:
    answered(loopback, [entry(number, 1.0) for number in range(256)])
    answered(loopback, [entry(0, 1.0, 2.0)])
    with pytest.raises(GatewayGarbled, match="not 1 vectors"):
        gateway(loopback).calculate_embeddings(["a"] * 257)


def test_errors_are_the_gateways_own(loopback: Loopback) -> None:
    with pytest.raises(ModelNotFound):
        gateway(loopback).calculate_embeddings("a", "missing")

    with pytest.raises(GatewayUnreachable):
        OpenAIGateway(base_url=CLOSED).calculate_embeddings("a")


def test_no_key_is_shown(loopback: Loopback) -> None:
    refusal = Answer.error(401, "No entry", echo_key=True)
    loopback.script_path("/v1/embeddings", refusal)
    with pytest.raises(Exception, match="No entry") as caught:
        gateway(loopback, api_key="very-secret-word").calculate_embeddings("a")

    assert "very-secret-word" not in str(caught.value)


def test_a_provider_without_embeddings_says_so() -> None:
    with pytest.raises(BadArgument, match="anthropic has no embeddings"):
        AnthropicGateway("sk-test").calculate_embeddings("a")


@pytest.mark.llama
def test_a_real_server(llama: LlamaServer) -> None:
    ours = OpenAIGateway(base_url=llama.url + "/v1")
    one = ours.calculate_embeddings("hello there", llama.model)
    several = ours.calculate_embeddings(["other words", "hello there"], llama.model)

    assert several[1] == pytest.approx(one, abs=1e-3)
    assert several[0] != pytest.approx(one, abs=1e-3)
    assert {len(vector) for vector in (one, *several)} == {64}


# Mojentic's own door --------------------------------------------------------------------


@pytest.mark.parametrize(
    "model, kind, name",
    [
        ("mxbai-embed-large", OllamaGateway, "mxbai-embed-large"),
        ("nomic-embed-text:v1.5", OllamaGateway, "nomic-embed-text:v1.5"),
        ("openai:text-embedding-3-small", OpenAIGateway, "text-embedding-3-small"),
        ("openai", OpenAIGateway, None),
    ],
)
def test_a_name_means_a_gateway(model: str, kind: type[LLMGateway], name: str | None) -> None:
    found = EmbeddingsGateway(model)
    assert type(found.gateway) is kind
    assert found.model == name


def test_its_usual_model_is_mojentics() -> None:
    assert EmbeddingsGateway().model == "mxbai-embed-large"


def test_it_calculates(loopback: Loopback) -> None:
    ours = EmbeddingsGateway("m", gateway=gateway(loopback))

    assert ours.calculate("a") == list(embed("a"))
    assert ours.calculate(["a", "b"]) == [list(embed("a")), list(embed("b"))]
    assert loopback.requests[0].body["model"] == "m"
