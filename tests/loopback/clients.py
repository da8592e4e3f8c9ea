"""The official clients of the three providers, asked in one way.

Law: the witnesses against the server, never part of it: only tests import
this file, so that a benchmark's server needs the standard library alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from functools import cached_property
from typing import Any

import anthropic
import ollama
import openai

SPEAKERS = ("ollama", "openai", "anthropic")
ASKED: list[Any] = [{"role": "user", "content": "hello"}]


class Clients:
    """The three official clients, each opened on first use and told to try only once."""

    def __init__(self, url: str, key: str = "sk-test", timeout_seconds: float = 10) -> None:
        self._url = url
        self._key = key
        self._seconds = timeout_seconds
        self._opened = contextlib.ExitStack()

    @cached_property
    def ollama(self) -> ollama.Client:
        """Ollama's client, with a key as a proxy would want it."""
        headers = {"authorization": f"Bearer {self._key}"}
        client = ollama.Client(host=self._url, headers=headers, timeout=self._seconds, verify=False)
        self._opened.callback(client.close)
        return client

    @cached_property
    def openai(self) -> openai.OpenAI:
        """OpenAI's client."""
        client = openai.OpenAI(
            base_url=f"{self._url}/v1", api_key=self._key, max_retries=0, timeout=self._seconds
        )
        self._opened.callback(client.close)
        return client

    @cached_property
    def anthropic(self) -> anthropic.Anthropic:
        """Anthropic's client."""
        client = anthropic.Anthropic(
            base_url=self._url, api_key=self._key, max_retries=0, timeout=self._seconds
        )
        self._opened.callback(client.close)
        return client

    def close(self) -> None:
        """Close every connection."""
        self._opened.close()

    def ask(self, speaker: str, model: str = "m") -> str:
        """The whole answer's text."""
        if speaker == "ollama":
            return self.ollama.chat(model, ASKED).message.content or ""

        if speaker == "openai":
            reply = self.openai.chat.completions.create(model=model, messages=ASKED)
            return reply.choices[0].message.content or ""

        told = self.anthropic.messages.create(model=model, messages=ASKED, max_tokens=9)
        return "".join(block.text for block in told.content if block.type == "text")

    def stream(self, speaker: str, model: str = "m") -> Generator[str, None, None]:
        """The answer's text as it comes, without empty chunks; closing it hangs up."""
        pieces = {
            "ollama": self._ollama_pieces,
            "openai": self._openai_pieces,
            "anthropic": self._anthropic_pieces,
        }
        with contextlib.closing(pieces[speaker](model)) as told:
            yield from filter(None, told)

    def listed(self, speaker: str) -> list[str | None]:
        """The names of the models."""
        if speaker == "ollama":
            return [entry.model for entry in self.ollama.list().models]

        if speaker == "openai":
            return [entry.id for entry in self.openai.models.list()]

        return [entry.id for entry in self.anthropic.models.list()]

    def _ollama_pieces(self, model: str) -> Generator[str | None, None, None]:
        parts: Any = self.ollama.chat(model, ASKED, stream=True)
        with contextlib.closing(parts):
            yield from (part.message.content for part in parts)

    def _openai_pieces(self, model: str) -> Generator[str | None, None, None]:
        with self.openai.chat.completions.create(
            model=model, messages=ASKED, stream=True
        ) as chunks:
            for chunk in chunks:
                yield from (choice.delta.content for choice in chunk.choices)

    def _anthropic_pieces(self, model: str) -> Generator[str | None, None, None]:
        with self.anthropic.messages.stream(model=model, messages=ASKED, max_tokens=9) as told:
            yield from told.text_stream
