"""Vectors of texts, and an exact search among them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway
from mojentic_nb.tools.kit.ai_vectors import EmbedTool, VectorSearchTool, cosine
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.an_example import ran

FREE = Policy.everything()
DEMO = EmbeddingsGateway("demo").calculate
FRUIT = ["a red apple", "a steel hammer", "green apples and pears"]


def letters(texts: list[str]) -> list[list[float]]:
    """How often a, b and c occur."""
    return [[float(text.count(letter)) for letter in "abc"] for text in texts]


def test_the_demo_model_embeds():
    told = EmbedTool(FREE, embed=DEMO).run(FRUIT)
    assert told["dimensions"] == 256
    assert [len(one) for one in told["vectors"]] == [256] * 3


def test_the_demo_model_finds_the_closest_texts():
    hits = VectorSearchTool(FREE, embed=DEMO).run("apple", texts=FRUIT, top=2)
    assert [hit["text"] for hit in hits] == ["a red apple", "green apples and pears"]
    assert 1 >= hits[0]["score"] > hits[1]["score"] > 0


@pytest.mark.parametrize("kind", [EmbedTool, VectorSearchTool])
def test_every_example_runs(kind):
    for example in kind.facts.examples:
        tool = kind(FREE, embed=DEMO)
        assert ran(tool, example)


def test_numbers_are_rounded_to_digits_that_count():
    tool = EmbedTool(FREE, embed=lambda texts: [[1 / 3, 2e-9 / 3] for _ in texts])
    assert tool.run(["x"], digits=3)["vectors"] == [[0.333, 6.67e-10]]


def test_known_vectors_are_searched_without_a_model_and_without_rights():
    tool = VectorSearchTool()
    found = tool.invoke(
        tool.arguments({"query": [1, 0], "vectors": [[0, 3], [2, 2], [5, 0]], "top": 2})
    )
    assert found == [{"index": 2, "score": 1.0}, {"index": 1, "score": 0.707107}]


def test_a_model_needs_the_rights():
    tool = VectorSearchTool(embed=DEMO)
    with pytest.raises(ToolDenied, match="costs money"):
        tool.invoke({"query": "apple", "texts": FRUIT})


def test_a_local_model_needs_no_network():
    tool = EmbedTool(Policy(effects=frozenset({"spends"})), embed=DEMO, is_local=True)
    assert tool.invoke({"texts": ["x"]})["dimensions"] == 256


def test_one_request_makes_what_is_missing():
    asked: list[list[str]] = []

    def counted(texts: list[str]) -> list[list[float]]:
        asked.append(texts)
        return letters(texts)

    tool = VectorSearchTool(FREE, embed=counted)
    assert tool.run("aa", texts=["b", "a"])[0] == {"index": 1, "score": 1.0, "text": "a"}
    assert tool.run("b", vectors=[[0, 1, 0]])[0]["index"] == 0
    assert tool.run([0, 0, 1], texts=["a", "c"])[0]["text"] == "c"
    assert asked == [["aa", "b", "a"], ["b"], ["a", "c"]]


def test_equals_keep_their_order():
    hits = VectorSearchTool().run([1.0], vectors=[[2.0], [1.0], [3.0]], top=3)
    assert [hit["index"] for hit in hits] == [0, 1, 2]


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"query": "a"}, "nothing to search"),
        ({"query": [1.0], "texts": [], "vectors": []}, "nothing to search"),
        ({"query": [1.0], "texts": ["a", "b"], "vectors": [[1.0]]}, "2 texts but 1 vectors"),
        ({"query": [1.0], "vectors": [[1.0, 2.0]]}, "has 1 numbers, the others 2"),
        ({"query": [1.0], "vectors": [[1.0], [1.0, 2.0]]}, "1 has 2 numbers"),
        ({"query": [1.0], "vectors": [[math.inf]]}, "no finite number"),
        ({"query": [math.nan], "vectors": [[1.0]]}, "no finite number"),
        ({"query": [0.0], "vectors": [[1.0]]}, "points nowhere"),
        ({"query": [], "vectors": [[1.0]]}, "is empty"),
        ({"query": " ", "texts": ["a"]}, "Text 0 is empty"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments, why):
    with pytest.raises(ToolError, match=why):
        VectorSearchTool(FREE, embed=letters).run(**arguments)


def test_without_a_model_texts_cannot_be_searched():
    with pytest.raises(ToolError, match="embed=EmbeddingsGateway"):
        VectorSearchTool().run("a", texts=["b"])


@pytest.mark.parametrize(
    "made, why",
    [
        ([[1.0]], "1 vectors of 2 texts"),
        ([[1.0], [1.0, 2.0]], "1 has 2 numbers"),
        ([[1.0], [math.nan]], "no finite number"),
        ([[], []], "is empty"),
    ],
)
def test_a_model_that_makes_something_else_is_told(made, why):
    with pytest.raises(ToolError, match=why):
        EmbedTool(FREE, embed=lambda _: made).run(["a", "b"])


@pytest.mark.parametrize(
    "limits, why",
    [
        (Limits(entries=1), "2 texts"),
        (Limits(read_bytes=3), "4 bytes"),
        (Limits(read_bytes=40), "6 numbers"),
        (Limits(output_chars=10), "characters"),
    ],
)
def test_what_is_embedded_is_bounded(limits, why):
    with pytest.raises(ToolError, match=why):
        EmbedTool(Policy(limits=limits), embed=letters).run(["aa", "bb"])


def test_hits_are_bounded():
    tool = VectorSearchTool(Policy(limits=Limits(entries=3, output_chars=400)))
    hits = tool.run([1.0], vectors=[[1.0]] * 9, texts=["long " * 100] * 9, top=9)
    assert len(hits) == 3
    assert sum(len(hit["text"]) for hit in hits) <= 400


NUMBERS = st.floats(-1e300, 1e300, allow_nan=False)
PAIRS = st.integers(1, 6).flatmap(
    lambda size: st.tuples(*[st.lists(NUMBERS, min_size=size, max_size=size)] * 2)
)


@given(PAIRS)
def test_a_cosine_is_symmetric_and_within_one(pair):
    left, right = pair
    assert cosine(left, right) == cosine(right, left)
    assert -1 <= cosine(left, right) <= 1


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_a_vector_is_like_itself_however_large(vector):
    expected = 1.0 if any(vector) else 0.0
    assert cosine(vector, vector) == pytest.approx(expected, abs=1e-9)
