"""Texts as vectors, and the search for those that lie closest.

Law: a model only makes vectors, through the callable the tool was given; the search is
exact, in memory, and needs no model where the vectors are there already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import fsum, hypot, isfinite
from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy
from mojentic_nb.views.markdown import bounded

__all__ = ["Embed", "EmbedTool", "Embedded", "Hit", "Vector", "VectorSearchTool", "cosine"]

Vector = list[float]
Embed = Callable[[list[str]], list[Vector]]
"""Makes a vector of each text: `embed=EmbeddingsGateway().calculate`."""

_BYTES_PER_NUMBER = 8

# Characters of a found text that are handed back, however many were found.
_LEAST_SHOWN = 60


class Embedded(TypedDict):
    """Texts as vectors, in their order."""

    dimensions: int
    vectors: list[Vector]


class Hit(TypedDict):
    """One of those that lie closest.

    `index` counts from 0 in what was searched; `score` is the cosine, 1 for the same
    direction and 0 for nothing in common.
    """

    index: int
    score: float
    text: NotRequired[str]


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """The cosine of the angle between two vectors of one length; 0 where one is all zeros."""
    ours, theirs = _scaled(left), _scaled(right)
    length = hypot(*ours) * hypot(*theirs)
    if not length:
        return 0.0

    return max(-1.0, min(1.0, fsum(a * b for a, b in zip(ours, theirs, strict=True)) / length))


def _scaled(vector: Sequence[float]) -> list[float]:
    # So that squares of very large or small numbers neither overflow nor vanish.
    largest = max(map(abs, vector), default=0.0)
    return [value / largest for value in vector] if largest else [0.0] * len(vector)


class _VectorTool(KitTool):
    """A tool that may ask a model for vectors.

    Args:
        policy: What it may do.
        embed: Makes vectors of texts.
        is_local: The model runs on this machine: nothing goes over the network.
        tracer: Taken for Mojentic's callers.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        embed: Embed | None = None,
        is_local: bool = False,
        tracer: Any = None,
    ) -> None:
        super().__init__(policy, tracer=tracer)
        self._embed = embed
        if is_local:
            self.facts = replace(self.facts, effects=frozenset({"spends"}))

    def _vectors_of(self, texts: list[str]) -> list[Vector]:
        if self._embed is None:
            raise ToolError(
                f"{self.tool_name} has no model that makes vectors of texts.",
                hint=f"Give it one: {type(self).__name__}(embed=EmbeddingsGateway().calculate).",
            )

        limits = self.policy.limits
        if len(texts) > limits.entries:
            raise ToolError(
                f"These are {len(texts)} texts, more than the {limits.entries} allowed.",
                hint="Give them in parts.",
            )
        for place, text in enumerate(texts):
            if not text.strip():
                raise ToolError(f"Text {place} is empty, which has no vector.")
        size = sum(len(text.encode("utf-8", "replace")) for text in texts)
        if size > limits.read_bytes:
            raise ToolError(f"The texts have {size} bytes, more than {limits.read_bytes} allowed.")

        made = [list(map(float, one)) for one in self._embed(texts)]
        if len(made) != len(texts):
            raise ToolError(f"The model made {len(made)} vectors of {len(texts)} texts.")

        return self._checked(made, "The model's vector")

    def _checked(self, vectors: list[Vector], whose: str) -> list[Vector]:
        """Vectors of one length, of true numbers, and not too many."""
        numbers = sum(map(len, vectors))
        most = self.policy.limits.read_bytes // _BYTES_PER_NUMBER
        if numbers > most:
            raise ToolError(f"The vectors hold {numbers} numbers, more than the {most} allowed.")

        for place, one in enumerate(vectors):
            if not one:
                raise ToolError(f"{whose} {place} is empty.")
            if len(one) != len(vectors[0]):
                raise ToolError(
                    f"{whose} {place} has {len(one)} numbers, and the first has {len(vectors[0])}.",
                    hint="Vectors that are compared come from one model.",
                )
            if not all(map(isfinite, one)):
                raise ToolError(f"{whose} {place} holds something that is no finite number.")

        return vectors


class EmbedTool(_VectorTool):
    """Makes vectors of texts."""

    tool_name = "embed"
    facts = Facts(
        category="ai & media",
        effects=frozenset({"spends", "network"}),
        examples=(Example(arguments={"texts": ["a red apple", "a green pear"]}, says="two texts"),),
        guidance="To find the closest of many texts, use vector_search: it keeps the vectors.",
    )

    def run(
        self,
        texts: Annotated[list[str], Field(min_length=1)],
        *,
        digits: Annotated[int, Field(ge=2, le=17)] = 6,
    ) -> Embedded:
        """Turn texts into vectors with an embedding model.

        Args:
            texts: One or more texts.
            digits: Numbers are rounded to so many digits that count.
        """
        made = self._vectors_of(texts)
        vectors = [[float(f"{value:.{digits}g}") for value in one] for one in made]
        chars, most = len(str(vectors)), self.policy.limits.output_chars
        if chars > most:
            raise ToolError(
                f"The vectors are {chars} characters, more than the {most} handed back.",
                hint="Give fewer texts or digits, or search with vector_search.",
            )

        return {"dimensions": len(made[0]), "vectors": vectors}


class VectorSearchTool(_VectorTool):
    """Finds the texts or vectors that lie closest to a question."""

    tool_name = "vector_search"
    facts = Facts(
        category="ai & media",
        effects=frozenset({"spends", "network"}),
        examples=(
            Example(
                arguments={
                    "query": [1.0, 0.0],
                    "vectors": [[0.0, 1.0], [2.0, 0.1]],
                    "texts": ["up", "right"],
                    "top": 1,
                },
                says="vectors that are there already; no model is asked",
            ),
            Example(
                arguments={"query": "fruit", "texts": ["an apple", "a hammer"]},
                says="texts, of which a model makes vectors",
            ),
        ),
        guidance="Give texts, vectors, or both in the same order.",
    )

    def invoke(self, arguments: dict[str, Any]) -> Any:
        """Run with checked arguments; without a model it only computes, which is free."""
        return (
            self._function.invoke(arguments) if self._embed is None else super().invoke(arguments)
        )

    def run(
        self,
        query: str | list[float],
        *,
        texts: list[str] | None = None,
        vectors: list[list[float]] | None = None,
        top: Annotated[int, Field(ge=1)] = 5,
    ) -> list[Hit]:
        """Find which of some texts lie closest in meaning to a question, best first.

        Args:
            query: What to look for: a text, or a vector.
            texts: What to search; may be left out where `vectors` is given.
            vectors: The texts' vectors, where they are known.
            top: How many to find.
        """
        if not texts and not vectors:
            raise ToolError("There is nothing to search.", hint="Give texts, vectors, or both.")
        if texts and vectors and len(texts) != len(vectors):
            raise ToolError(f"These are {len(texts)} texts but {len(vectors)} vectors.")

        sought, among = self._prepared(query, texts or [], vectors or [])
        scores = [cosine(sought, one) for one in among]
        order = sorted(range(len(scores)), key=lambda place: -scores[place])
        best = order[: min(top, self.policy.limits.entries)]
        share = max(self.policy.limits.output_chars // len(best), _LEAST_SHOWN)
        hits: list[Hit] = []
        for place in best:
            hit: Hit = {"index": place, "score": round(scores[place], 6)}
            if texts:
                hit["text"] = bounded(texts[place], share)
            hits.append(hit)

        return hits

    def _prepared(
        self, query: str | Vector, texts: list[str], vectors: list[Vector]
    ) -> tuple[Vector, list[Vector]]:
        """The question's vector and those to compare; one request makes what is missing."""
        wanted = ([query] if isinstance(query, str) else []) + ([] if vectors else texts)
        made = self._vectors_of(wanted) if wanted else []
        sought = made.pop(0) if isinstance(query, str) else query
        among = vectors or made
        self._checked(among, "Vector")
        self._checked([sought], "The question's vector")
        if len(sought) != len(among[0]):
            raise ToolError(
                f"The question's vector has {len(sought)} numbers, the others {len(among[0])}.",
                hint="Vectors that are compared come from one model.",
            )
        if not any(sought):
            raise ToolError("The question's vector is all zeros, which points nowhere.")

        return sought, among
