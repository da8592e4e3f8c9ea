"""The demo model: offline, deterministic, rule-based, and saying so.

Law: only the answers are made up. They go as Ollama's records through Ollama's real
decoder, so a notebook on the demo model exercises what a notebook on Ollama does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from typing import Any, ClassVar, Self

from pydantic import SecretStr
from pydantic_core import from_json, to_json

from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.bodies import chosen_tool, refuse_settings
from mojentic_nb.gateways.ollama import OllamaGateway, PullProgress
from mojentic_nb.gateways.transport import AsyncReading, Reading
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.request import ChatRequest

__all__ = ["DemoGateway"]

# Seconds between words: about as fast as a person reads along.
PACE_S = 0.02


class DemoGateway(OllamaGateway):
    """A model that needs no server, no key and no network.

    Args:
        pace_s: Seconds between two words; by default 0.02, and 0 where a test runs
            the notebook (pytest's environment variable tells).
        clock: What the pace is measured with.
    """

    name: ClassVar[str] = "demo"
    key_variable: ClassVar[str] = ""
    url_variables: ClassVar[tuple[str, ...]] = ()
    default_url: ClassVar[str] = "http://demo"
    default_model: ClassVar[str] = "demo"
    default_embedding_model: ClassVar[str] = "demo"

    def __init__(self, *, pace_s: float | None = None, clock: Clock | None = None) -> None:
        if pace_s is not None and pace_s < 0:
            raise BadArgument(f"pace_s={pace_s!r} is less than nothing.")

        super().__init__(transport=DemoTransport(pace_s, clock or SystemClock()))

    def __repr__(self) -> str:
        return "DemoGateway()"

    @property
    def url(self) -> str:
        """Nowhere: nothing is ever sent."""
        return self.default_url

    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """There is no key."""
        return {}

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        refuse_settings(
            request,
            ("logprobs", "n"),
            whose="The demo model",
            hint="Rules have one answer and no probabilities: ask a real model.",
        )
        choice = chosen_tool(request)
        if choice in (None, "auto", "none"):
            return super()._body(request)

        # Ollama has no word for a forced tool; rules can be made to call one all the same.
        tools = tuple(spec for spec in request.tools if choice in ("required", spec.name))
        config = request.config.model_copy(update={"tool_choice": None})
        body = super()._body(replace(request, tools=tools, config=config))
        return {**body, "tool_choice": "required"}

    def pull_events(self, model: str) -> Iterator[PullProgress]:
        """Nothing can be fetched; raises `BadArgument`."""
        raise BadArgument(
            "The demo model is here already, and no other is behind it.",
            hint="Fetch models with OllamaGateway().pull_model(...).",
        )

    def embedding_bound(self, model: str) -> int:
        """Counting words has no bound."""
        return sys.maxsize


class DemoTransport:
    """Makes records up where another transport would fetch them."""

    def __init__(self, pace_s: float | None, clock: Clock) -> None:
        self._pace_s = pace_s
        self._clock = clock

    @property
    def _pace(self) -> float:
        if self._pace_s is not None:
            return self._pace_s

        return 0.0 if "PYTEST_CURRENT_TEST" in os.environ else PACE_S

    @contextmanager
    def open(self, wire: WireRequest) -> Iterator[Reading]:
        """Answer here and now."""
        yield Reading(self._paced(_records(wire)))

    def aopen(self, wire: WireRequest) -> AbstractAsyncContextManager[AsyncReading]:
        """Answer in the running loop."""
        return _AsyncAnswer(_records(wire), self._pace, self._clock)

    def _paced(self, records: list[bytes]) -> Iterator[bytes]:
        pace_s = self._pace
        for one in records:
            if pace_s:
                self._clock.sleep(pace_s)
            yield one


class _AsyncAnswer:
    """An answer made up, read in the running loop."""

    def __init__(self, records: list[bytes], pace_s: float, clock: Clock) -> None:
        self.is_over = False
        self.headers: Mapping[str, str] = {}
        self._records = iter(records)
        self._pace_s = pace_s
        self._clock = clock

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *problem: object) -> None:
        return None

    async def read(self) -> bytes:
        """The next record, after its pace."""
        await self._clock.asleep(self._pace_s)
        return next(self._records, b"")


def _records(wire: WireRequest) -> list[bytes]:
    if wire.method == "GET":
        return [to_json({"models": [{"name": "demo"}]})]

    from mojentic_nb.gateways.demo_mind import respond, words_and_marks
    from mojentic_nb.gateways.demo_vectors import vector_of

    body: dict[str, Any] = from_json(wire.body)
    if wire.url.endswith("/api/embed"):
        texts = body["input"]
        count = sum(map(words_and_marks, texts))
        return [to_json({"embeddings": list(map(vector_of, texts)), "prompt_eval_count": count})]
    if wire.url.endswith("/api/show"):
        return [to_json({"model_info": {}})]

    return [to_json(frame) + b"\n" for frame in respond(body)]
