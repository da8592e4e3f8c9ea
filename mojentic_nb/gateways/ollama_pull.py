"""Fetching a model into Ollama: /api/pull's records, and a bar that shows them.

Law: the reader does no I/O; a pull without its last word, "success", is no pull.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from mojentic_nb.errors import GatewayFault, GatewayGarbled, GatewayTorn, ModelNotFound
from mojentic_nb.gateways.decoder import count
from mojentic_nb.gateways.wire import preview, said

__all__ = ["PullProgress", "PullReader", "show"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullProgress:
    """How far a model's fetching is.

    Attributes:
        status: In Ollama's words, such as `pulling manifest`; `success` is the last.
        digest: Which layer of the model this is about; `""` for none.
        total_bytes: That layer's size; `None` where it is about none.
        completed_bytes: How much of the layer is there.
    """

    status: str
    digest: str = ""
    total_bytes: int | None = None
    completed_bytes: int = 0

    @property
    def is_done(self) -> bool:
        """Whether the model is there, whole."""
        return self.status == "success"


class PullReader:
    """Reads the records of /api/pull as they come.

    Args:
        model: What is fetched, for messages.
        gateway: Who fetches it, for messages.
    """

    def __init__(self, model: str, gateway: str) -> None:
        self._model = model
        self._gateway = gateway
        self._rest = b""
        self.is_done = False

    def feed(self, data: bytes) -> list[PullProgress]:
        """Take bytes as they come.

        Raises:
            ModelNotFound: There is no such model to fetch.
            GatewayError: Ollama failed, or these are no records.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [self._progress(line) for line in lines if line.strip()]

    def finish(self) -> list[PullProgress]:
        """The bytes have ended; raises as `feed`, or `GatewayTorn` if the model is not whole."""
        told = self.feed(b"\n")
        if not self.is_done:
            raise GatewayTorn(
                f"Fetching {self._model!r} broke off before it was whole.",
                hint="Fetch it again: what is already there is kept.",
                gateway=self._gateway,
            )

        return told

    def _progress(self, line: bytes) -> PullProgress:
        found = self._record(line)
        if problem := found.get("error"):
            raise self._failed(problem)

        progress = PullProgress(
            status=str(found.get("status") or ""),
            digest=str(found.get("digest") or ""),
            total_bytes=count(found.get("total")),
            completed_bytes=count(found.get("completed")) or 0,
        )
        self.is_done = self.is_done or progress.is_done
        return progress

    def _record(self, line: bytes) -> dict[str, Any]:
        try:
            found = from_json(line)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found

        raise GatewayGarbled(
            f"{self._gateway} sent a record that cannot be read: {preview(line)}",
            hint="Check that the address is Ollama's.",
            gateway=self._gateway,
        )

    def _failed(self, problem: Any) -> GatewayFault | ModelNotFound:
        told = said(problem)
        # What the registry's 404 becomes by the time it is told; the status was 200.
        if "file does not exist" in told or "not found" in told:
            return ModelNotFound(
                f"There is no model {self._model!r} to fetch: {told}",
                hint="Look its name up in Ollama's library; a tag may follow, as in llama3.2:1b.",
                gateway=self._gateway,
                status=404,
            )

        return GatewayFault(f"Fetching {self._model!r} failed: {told}", gateway=self._gateway)


def show(told: Iterable[PullProgress], model: str) -> None:
    """Draw one bar for all layers while they come, in a notebook or a terminal."""
    from tqdm.auto import tqdm

    sizes: dict[str, tuple[int, int]] = {}
    with tqdm(desc=model, unit="B", unit_scale=True, unit_divisor=1024) as bar:
        for progress in told:
            if progress.total_bytes is not None:
                sizes[progress.digest] = (progress.completed_bytes, progress.total_bytes)
                bar.total = sum(total for _, total in sizes.values())
                bar.update(sum(done for done, _ in sizes.values()) - bar.n)
            bar.set_postfix_str(progress.status)
