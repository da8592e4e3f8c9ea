"""Texts as vectors: what all providers have in common.

Law: no protocol, and no I/O but by the gateway's own road. A text too long for the model
is cut, and the vectors of its pieces are averaged by their length; order is kept
whatever a server does.

Source of the average: OpenAI's cookbook, "Embedding texts that are longer than the
model's maximum context length", which Mojentic follows with pieces of 8191 tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil, isfinite, sqrt
from typing import Any, ClassVar, Protocol

from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.telling import Telling
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.request import EmbeddingRequest

__all__ = ["EmbeddingJob", "Vector", "checked_vectors", "embedded", "tokens_at_most"]

Vector = list[float]
Counter = Callable[[str], int]

# Tokens of all texts of one request. OpenAI takes 300 000.
REQUEST_TOKENS = 200_000

# The estimate is up to a fifth too low, in scripts it knows least.
MARGIN = 1.2


class EmbeddingJob:
    """Texts to be turned into vectors: what to send, and what to make of the answers.

    Args:
        given: One text, or several.
        bound: The most tokens the model reads of one text.
        count: Tokens in a text; may be an estimate, should then be no low one.
        most_texts: The most texts for one request.

    Raises:
        BadArgument: A text is empty or none.
    """

    def __init__(
        self, given: str | Iterable[str], *, bound: int, count: Counter, most_texts: int
    ) -> None:
        self._is_one = isinstance(given, str)
        self._pieces: list[list[tuple[str, int]]] = [
            list(_pieces(text, bound, count)) for text in _texts(given)
        ]
        self._most_texts = most_texts

    @property
    def batches(self) -> Iterator[list[str]]:
        """Texts, request by request."""
        batch: list[str] = []
        tokens = 0
        for piece, size in (one for pieces in self._pieces for one in pieces):
            if batch and (len(batch) >= self._most_texts or tokens + size > REQUEST_TOKENS):
                yield batch
                batch, tokens = [], 0
            batch.append(piece)
            tokens += size

        if batch:
            yield batch

    def result(self, vectors: Iterable[Vector]) -> Vector | list[Vector]:
        """What the caller gets, of the vectors of all batches in order."""
        coming = iter(vectors)
        whole = [_averaged([(next(coming), size) for _, size in pieces]) for pieces in self._pieces]
        return whole[0] if self._is_one else whole


def _texts(given: str | Iterable[str]) -> list[str]:
    if isinstance(given, bytes | Mapping | set | frozenset) or not isinstance(given, Iterable):
        raise BadArgument(f"text must be a text or a list of texts, not {type(given).__name__}.")

    texts = [given] if isinstance(given, str) else list(given)
    for place, text in enumerate(texts):
        where = "text" if isinstance(given, str) else f"text[{place}]"
        if not isinstance(text, str):
            raise BadArgument(f"{where} is {type(text).__name__}, not a text.")
        if not text.strip():
            raise BadArgument(f"{where} is empty: it has no meaning to measure.")

    return texts


def _pieces(text: str, bound: int, count: Counter) -> Iterator[tuple[str, int]]:
    """Cut a text into pieces of about one length, at blanks where there are any."""
    size = count(text)
    if size <= bound or len(text) == 1:
        yield text, max(size, 1)
        return

    rest, number = text, ceil(size / bound)
    for left in range(number, 1, -1):
        place = _blank_before(rest, ceil(len(rest) / left))
        yield from _pieces_of_words(rest[:place], bound, count)
        rest = rest[place:]

    yield from _pieces_of_words(rest, bound, count)


def _pieces_of_words(text: str, bound: int, count: Counter) -> Iterator[tuple[str, int]]:
    if text.strip():
        yield from _pieces(text, bound, count)


def _blank_before(text: str, place: int) -> int:
    """The last place at which a word ends, not far before this one."""
    for found in range(place, place - place // 4, -1):
        if text[found - 1].isspace():
            return found

    return place


def tokens_at_most(text: str) -> int:
    """About how many tokens a text has, rather too many than too few.

    An estimate even where exact ranks are at hand: it is the same on every machine, so
    a recorded call is cut the same way when it is replayed.
    """
    from mojentic_nb.tokens.estimate import estimated

    return ceil(MARGIN * estimated(text, encoding="cl100k_base"))


def _averaged(vectors: Sequence[tuple[Vector, int]]) -> Vector:
    if len(vectors) == 1:
        return vectors[0][0]

    sums = [0.0] * len(vectors[0][0])
    for vector, weight in vectors:
        sums = [total + weight * value for total, value in zip(sums, vector, strict=True)]

    length = sqrt(sum(value * value for value in sums))
    return [value / length for value in sums] if length else sums


def checked_vectors(found: Any, *, wanted: int, length: int | None = None) -> list[Vector]:
    """Read vectors as a server sent them, in the order of the texts.

    Args:
        found: What is to be a list of lists of numbers.
        wanted: How many there must be.
        length: How long each must be; by default as long as the first.

    Raises:
        TypeError: These are no vectors.
        ValueError: They are not as many, or not as long.
    """
    if not isinstance(found, list) or len(found) != wanted:
        raise ValueError("another number of vectors than of texts")

    length = length or max(len(found[0]), 1)
    for vector in found:
        if not isinstance(vector, list) or len(vector) != length or not all(map(isfinite, vector)):
            raise ValueError("no vector of that length")

    return [[float(value) for value in vector] for vector in found]


class _Embedder(Protocol):
    """What embedding asks of a gateway."""

    most_embedded_at_once: ClassVar[int]

    def encode_embeddings(self, texts: Sequence[str], model: str) -> WireRequest: ...

    def vectors_in(self, found: dict[str, Any]) -> Any: ...

    def embedded_tokens(self, found: dict[str, Any]) -> int | None: ...

    def embedding_bound(self, model: str) -> int: ...

    def page(
        self,
        wire: WireRequest,
        read: Callable[[dict[str, Any]], list[Vector]],
        *,
        told: str,
        model: str,
    ) -> list[Vector]: ...


def embedded(gateway: _Embedder, given: str | Iterable[str], model: str) -> Vector | list[Vector]:
    """Have texts turned into vectors, request by request, through the gateway's transport."""
    texts = _texts(given)
    if not texts:
        return []

    with Telling(gateway, EmbeddingRequest(model=model, texts=tuple(texts))) as telling:
        job = EmbeddingJob(
            given if isinstance(given, str) else texts,
            bound=gateway.embedding_bound(model),
            count=tokens_at_most,
            most_texts=gateway.most_embedded_at_once,
        )
        vectors: list[Vector] = []
        for batch in job.batches:
            length = len(vectors[0]) if vectors else None
            read = partial(_read, gateway, telling, len(batch), length)
            wire = gateway.encode_embeddings(batch, model)
            telling.sends(wire)
            vectors += gateway.page(
                wire, read, told=f"not {len(batch)} vectors of one length", model=model
            )

        return job.result(vectors)


def _read(
    gateway: _Embedder, telling: Telling, wanted: int, length: int | None, found: dict[str, Any]
) -> list[Vector]:
    vectors = checked_vectors(gateway.vectors_in(found), wanted=wanted, length=length)
    telling.read(gateway.embedded_tokens(found))
    return vectors
