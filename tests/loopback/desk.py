"""Who answers a request, and with what.

Law: decides, and sends only through `delivery.py`. It holds what a test
configures: the script, the shelf of models and the key that is required.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from tests.loopback.answer import Answer, Fault, JsonObject
from tests.loopback.anthropic import REQUEST_ID, AnthropicSpeech
from tests.loopback.anthropic_rules import refused
from tests.loopback.delivery import encode_blocks, send_blocks, send_stream, send_whole
from tests.loopback.faults import Whole, disguise, spoil_stream, spoil_whole
from tests.loopback.line import Line, Request
from tests.loopback.ollama import OllamaPullSpeech, OllamaSpeech
from tests.loopback.openai import OpenAISpeech
from tests.loopback.responses import ResponsesSpeech
from tests.loopback.seen import Seen
from tests.loopback.speech import Page, Shelf, Speech, compact

JSON = "application/json"
UNSCRIPTED = Answer("Hello from loopback.")
PULLED = Answer("model template")
NOTHING_TO_PULL = Answer(
    fault=Fault.ERROR_FRAME,
    fault_after=1,
    error_text="pull model manifest: file does not exist",
)
PULL = "/api/pull"
SPEECHES: Mapping[str, Speech] = {
    "ollama": OllamaSpeech(),
    "pull": OllamaPullSpeech(),
    "openai": OpenAISpeech(),
    "responses": ResponsesSpeech(),
    "anthropic": AnthropicSpeech(),
}
CHATS = {
    ("POST", "/api/chat"): "ollama",
    ("POST", "/v1/chat/completions"): "openai",
    ("POST", "/v1/responses"): "responses",
    ("POST", "/v1/messages"): "anthropic",
}


@dataclass
class Desk:
    """The answers in store and the rules for giving them out."""

    coalesce: bool = True
    require_key: str | None = None
    shelf: Shelf = field(default_factory=Shelf)
    script: deque[Answer] = field(default_factory=deque)
    scripts_by_path: dict[str, deque[Answer]] = field(default_factory=dict)
    call_numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def clear(self) -> None:
        """Forget every answer in store and count calls from 1 again."""
        self.script.clear()
        self.scripts_by_path.clear()
        self.call_numbers = itertools.count(1)

    async def serve(self, line: Line, request: Request, seen: Seen) -> bool:
        """Answer one request.

        Returns:
            Whether the connection may carry another.

        Raises:
            HungUp: The client went before the answer was complete.
        """
        speech = speech_for(request)
        if self.require_key is not None and seen.key != self.require_key:
            refusal = Answer.error(401, "Incorrect API key provided.")
            return await self.answer(line, request, seen, speech, refusal)

        if speech.name == "anthropic" and seen.model.startswith("claude"):
            problem = refused(request.fields) if "messages" in request.fields else None
            if problem is not None:
                return await send_page(line, Page(400, speech.error(400, problem)))

        is_chat = (request.method, request.path) in CHATS
        scripted = self.next_answer(request.path, is_chat)
        if scripted is not None:
            return await self.answer(line, request, seen, speech, scripted)

        if request.path == PULL:
            pulled = NOTHING_TO_PULL if seen.model == "missing" else PULLED
            return await self.answer(line, request, seen, speech, pulled)

        if not is_chat:
            return await send_page(line, self.page(speech, request))

        if seen.model == "missing":
            return await send_page(line, speech.missing(seen.model))

        if seen.model.startswith("bench:"):
            return await self.bench(line, request, seen, speech)

        if seen.model.startswith("delay:"):
            late = replace(UNSCRIPTED, delay=int(seen.model.partition(":")[2]) / 1000)
            return await self.answer(line, request, seen, speech, late)

        return await self.answer(line, request, seen, speech, UNSCRIPTED)

    def next_answer(self, path: str, is_chat: bool) -> Answer | None:
        """What was scripted for this path, else for the next chat."""
        own = self.scripts_by_path.get(path)
        if own:
            return own.popleft()

        return self.script.popleft() if is_chat and self.script else None

    def page(self, speech: Speech, request: Request) -> Page:
        """What is not a chat: listings, details, embeddings, or nothing there."""
        if (request.method, request.path) == ("GET", "/"):
            return Page(200, "Ollama is running")

        page = speech.page(request.method, request.path, request.fields, self.shelf)
        return page or Page(404, speech.error(404, f"No page at {request.path}"))

    async def answer(
        self, line: Line, request: Request, seen: Seen, speech: Speech, answer: Answer
    ) -> bool:
        """Give one answer as it was scripted; returns and raises as `serve`."""
        if answer.fault is Fault.REFUSED_RESET:
            line.reset()
            return False

        if answer.fault is Fault.SILENT_BEFORE_HEADERS:
            await line.outwait()

        await line.rest(answer.delay)
        if seen.model in answer.reject_models:
            return await send_page(line, speech.missing(seen.model))

        if answer.status >= 400 and answer.body is None:
            answer = worded_error(answer, speech, seen.key)

        fitted = self.number_calls(speech.fit(answer, request.fields), speech)
        return await self.send(line, request, speech, disguise(fitted))

    async def send(self, line: Line, request: Request, speech: Speech, answer: Answer) -> bool:
        """Word the answer as this request wants it, spoil it, send it."""
        body = request.fields
        streams = speech.wants_stream(body)
        usual_type = speech.stream_type if streams else JSON
        media_type = answer.content_type or usual_type
        if answer.body is None and streams:
            stream = spoil_stream(speech.frames(answer, body), answer, speech)
            return await send_stream(line, stream, answer, media_type, coalesce=self.coalesce)

        content = compact(speech.whole(answer, body)) if answer.body is None else answer.body
        whole = spoil_whole(content, answer, speech)
        return await send_whole(line, whole, answer, media_type)

    def number_calls(self, answer: Answer, speech: Speech) -> Answer:
        """Give each call an id of its own, so that two rounds never share one."""
        prefix = speech.call_prefix
        if prefix is None or not answer.tools:
            return answer

        tools = [
            tool if tool.id is not None else replace(tool, id=f"{prefix}{next(self.call_numbers)}")
            for tool in answer.tools
        ]
        return replace(answer, tools=tools)

    async def bench(self, line: Line, request: Request, seen: Seen, speech: Speech) -> bool:
        """Stream as many small tokens as the model's name says, as fast as it goes."""
        tokens, body = bench_tokens(seen.model), request.fields
        if not self.coalesce or not speech.wants_stream(body):
            return await self.answer(line, request, seen, speech, bench_answer(tokens))

        told = bool((body.get("stream_options") or {}).get("include_usage"))
        return await send_blocks(line, bench_blocks(speech.name, tokens, told), speech.stream_type)


def speech_for(request: Request) -> Speech:
    """Which protocol a request speaks.

    Listings share /v1/models: Anthropic's clients always send their version.
    """
    chat = CHATS.get((request.method, request.path))
    if chat is not None:
        return SPEECHES[chat]

    if request.path.startswith("/v1/"):
        return SPEECHES["anthropic" if "anthropic-version" in request.headers else "openai"]

    return SPEECHES["pull" if request.path == PULL else "ollama"]


async def send_page(line: Line, page: Page) -> bool:
    """Send what is not a chat; a text page stays text."""
    sent = Answer(status=page.status)
    if isinstance(page.content, str):
        return await send_whole(line, Whole(page.content.encode()), sent, "text/plain")

    return await send_whole(line, Whole(compact(page.content)), sent, JSON)


def worded_error(answer: Answer, speech: Speech, key: str) -> Answer:
    """An error in the protocol's own words, with the id that its clients report."""
    message = f"{answer.said} (key: {key})" if answer.echo_key else answer.said
    openai = {"x-request-id": REQUEST_ID}
    ids = {"ollama": {}, "openai": openai, "responses": openai}
    headers = ids.get(speech.name, {"request-id": REQUEST_ID}) | dict(answer.headers)
    body = compact(speech.error(answer.status, message))
    return replace(answer, body=body, content_type=answer.content_type or JSON, headers=headers)


def bench_tokens(model: str) -> int:
    """How many tokens `bench:N` asks for."""
    count = model.partition(":")[2]
    return int(count) if count.isdigit() else 100


@lru_cache(maxsize=32)
def bench_answer(tokens: int) -> Answer:
    """That many tokens of four letters."""
    return Answer(chunks=("tok ",) * tokens, usage=(11, tokens))


@lru_cache(maxsize=32)
def bench_blocks(name: str, tokens: int, told: bool) -> tuple[bytes, ...]:
    """A benchmark's stream, encoded once."""
    body: JsonObject = {"model": f"bench:{tokens}", "stream_options": {"include_usage": told}}
    return encode_blocks(SPEECHES[name].frames(bench_answer(tokens), body))
