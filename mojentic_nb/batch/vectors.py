"""Texts as vectors, each asked for once and kept beside the results of batches.

Law: equal texts are one text. What has come is kept before more is asked, four bytes to a
number, so that the same call after an error, an interrupt or a crash asks for the rest.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

from mojentic_nb.batch.asking import PATIENT
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.batch.task import DIGEST, KEY_BYTES
from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument, GatewayError
from mojentic_nb.gateways.choose import GATEWAYS, default_model
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway

if TYPE_CHECKING:
    import numpy

    Vector = numpy.ndarray[Any, numpy.dtype[numpy.float32]]

__all__ = ["embedder_of", "vectors_of"]

TABLE = """CREATE TABLE IF NOT EXISTS vector (
    key BLOB PRIMARY KEY, body BLOB NOT NULL, created_ns INTEGER NOT NULL
) WITHOUT ROWID"""

# Texts of one request; also what an interrupt may cost. SQLite takes as many at once.
AT_ONCE = 128


def embedder_of(model: Any) -> EmbeddingsGateway:
    """The embedding model that `model=` means.

    Args:
        model: A name such as `"openai:text-embedding-3-small"`, of which the provider alone
            will do; a gateway, or a broker, whose provider's usual one is taken; by default
            that of the provider there is.

    Raises:
        BadArgument: It is none of these.
    """
    if isinstance(model, EmbeddingsGateway):
        return model
    if isinstance(model, LLMBroker):
        gateway = model.gateway
        return EmbeddingsGateway(gateway.name, gateway=gateway)
    if model is None:
        return EmbeddingsGateway(default_model().partition(":")[0])
    name = model.strip() if isinstance(model, str) else ""
    if name:
        return EmbeddingsGateway(name)

    raise BadArgument(
        f"{model!r} is no embedding model.", hint=f"There are {', '.join(GATEWAYS)}; or a broker."
    )


def vectors_of(
    given: Iterable[str], embedder: EmbeddingsGateway, store: ResultStore | None
) -> dict[str, Vector]:
    """The vector of each text; blank ones have none.

    Raises:
        GatewayError: The model could not be asked; what had come is kept.
    """
    import numpy

    wanted = [text for text in dict.fromkeys(given) if text.strip()]
    keys = {text: _key(embedder, text) for text in wanted}
    kept = _kept(store, list(keys.values()))
    found = {text: kept[key] for text, key in keys.items() if key in kept}
    rest = iter([text for text in wanted if text not in found])
    while some := list(islice(rest, AT_ONCE)):
        vectors = _patiently(embedder, some)
        made = {
            text: numpy.array(one, numpy.float32) for text, one in zip(some, vectors, strict=True)
        }
        found.update(made)
        _keep(store, [(keys[text], one) for text, one in made.items()])

    return found


def _patiently(embedder: EmbeddingsGateway, texts: list[str]) -> list[list[float]]:
    """Ask, again where that may help."""
    attempt = 1
    while True:
        try:
            return embedder.calculate(texts)
        except GatewayError as error:
            wait_s = PATIENT.wait_s(error, attempt=attempt)
            if wait_s is None:
                raise error.alone() from None

        time.sleep(wait_s)
        attempt += 1


def _key(embedder: EmbeddingsGateway, text: str) -> bytes:
    gateway = embedder.gateway
    model = embedder.model or gateway.default_embedding_model
    whole = repr([DIGEST, gateway.name, gateway.url.rpartition("@")[2], model])
    begun = blake2b(whole.encode(), digest_size=KEY_BYTES)
    begun.update(text.encode("utf-8", "surrogatepass"))
    return begun.digest()


def _kept(store: ResultStore | None, keys: Sequence[bytes]) -> dict[bytes, Vector]:
    import numpy

    if store is None or not keys:
        return {}

    found = {}
    with store.transaction("IMMEDIATE") as line:
        line.execute(TABLE)
        for some in _slices(keys):
            marks = ",".join("?" * len(some))
            query = f"SELECT key, body FROM vector WHERE key IN ({marks})"
            for key, body in line.execute(query, some):
                found[key] = numpy.frombuffer(body, "<f4").astype(numpy.float32)

    return found


def _slices(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (keys[begin : begin + AT_ONCE] for begin in range(0, len(keys), AT_ONCE))


def _keep(store: ResultStore | None, made: Sequence[tuple[bytes, Vector]]) -> None:
    if store is None:
        return

    now = time.time_ns()
    rows = [(key, one.astype("<f4").tobytes(), now) for key, one in made]
    with store.transaction("IMMEDIATE") as line:
        line.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", rows)
