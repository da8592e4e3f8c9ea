"""CPU of a streamed chunk, of a small call, and the time to the first chunk."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx2

from benchmarks.bench import Row, Subject, beside
from mojentic_nb import AnthropicGateway, LLMBroker, OllamaGateway, OpenAIGateway

TOKENS = 4000
SMALL_CALLS = 200
FIRST_CHUNKS = 100

Body = dict[str, object]


def body(model: str, *, stream: bool) -> Body:
    """The smallest request there is, for all three protocols."""
    said = [{"role": "user", "content": "hi"}]
    return {"model": model, "messages": said, "stream": stream, "max_tokens": 8192}


def bare_stream(client: httpx2.Client, url: str) -> Callable[[], int]:
    """What anybody would write: iter_lines and json.loads."""
    asked = body(f"bench:{TOKENS}", stream=True)

    def run() -> int:
        count = 0
        with client.stream("POST", url, json=asked) as response:
            for line in response.iter_lines():
                data = line.removeprefix("data: ")
                if data.startswith("{"):
                    json.loads(data)
                    count += 1
        return count

    return run


def our_stream(broker: LLMBroker) -> Callable[[], int]:
    """A default broker, every event delivered."""
    return lambda: sum(1 for _ in broker.generate_events("hi"))


def openai_stream(url: str) -> Callable[[], int]:
    """The official client."""
    import openai

    client = openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)

    def run() -> int:
        chunks = client.chat.completions.create(
            model=f"bench:{TOKENS}", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        return sum(1 for _ in chunks)

    return run


def ollama_stream(url: str) -> Callable[[], int]:
    """The official client."""
    import ollama

    client = ollama.Client(url)

    def run() -> int:
        said = [{"role": "user", "content": "hi"}]
        return sum(1 for _ in client.chat(model=f"bench:{TOKENS}", messages=said, stream=True))

    return run


def anthropic_stream(url: str) -> Callable[[], int]:
    """The official client."""
    import anthropic

    client = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)

    def run() -> int:
        events = client.messages.create(
            model=f"bench:{TOKENS}",
            max_tokens=8192,
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
        )
        return sum(1 for _ in events)

    return run


def streamed_chunks(url: str) -> list[Row]:
    """CPU of one streamed chunk, in each protocol."""
    model = f"bench:{TOKENS}"
    client = httpx2.Client(verify=False)
    openai_gateway = OpenAIGateway(api_key="k", base_url=f"{url}/v1")
    anthropic_gateway = AnthropicGateway(api_key="k", base_url=url)
    trials = [
        ("OpenAI", "/v1/chat/completions", openai_gateway, openai_stream(url)),
        ("Ollama", "/api/chat", OllamaGateway(url), ollama_stream(url)),
        ("Anthropic", "/v1/messages", anthropic_gateway, anthropic_stream(url)),
    ]
    rows: list[Row] = []
    for protocol, path, gateway, official in trials:
        subjects = [
            Subject("httpx2 iter_lines + json.loads", bare_stream(client, url + path)),
            Subject("mojentic_nb, events", our_stream(LLMBroker(model, gateway))),
            Subject(f"{protocol.lower()} client", official),
        ]
        bars = {"mojentic_nb, events": 0.85}
        rows += beside(f"CPU per streamed chunk, {protocol}", subjects, bars=bars, rounds=7)

    return rows


def small_calls(url: str) -> list[Row]:
    """CPU of one small call that is not streamed."""
    client = httpx2.Client(verify=False)
    broker = LLMBroker("small", OpenAIGateway(api_key="k", base_url=f"{url}/v1"))
    asked = body("small", stream=False)

    def bare() -> int:
        for _ in range(SMALL_CALLS):
            answer = client.post(f"{url}/v1/chat/completions", json=asked).json()
            assert answer["choices"][0]["message"]["content"]
        return SMALL_CALLS

    def ours() -> int:
        for _ in range(SMALL_CALLS):
            assert broker.generate("hi")
        return SMALL_CALLS

    subjects = [Subject("httpx2", bare), Subject("mojentic_nb", ours)]
    return beside("CPU per small call", subjects, bars={"mojentic_nb": 1.3}, rounds=15)


def first_chunks(url: str) -> list[Row]:
    """Wall time from asking to the first chunk."""
    client = httpx2.Client(verify=False)
    broker = LLMBroker("bench:3", OpenAIGateway(api_key="k", base_url=f"{url}/v1"))
    asked = body("bench:3", stream=True)

    def bare() -> int:
        for _ in range(FIRST_CHUNKS):
            with client.stream("POST", f"{url}/v1/chat/completions", json=asked) as response:
                for line in response.iter_lines():
                    json.loads(line.removeprefix("data: "))
                    break
        return FIRST_CHUNKS

    def ours() -> int:
        for _ in range(FIRST_CHUNKS):
            for _text in broker.generate_stream("hi"):
                break
        return FIRST_CHUNKS

    subjects = [Subject("httpx2", bare), Subject("mojentic_nb", ours)]
    return beside(
        "time to first chunk",
        subjects,
        bars={"mojentic_nb": 1.3},
        rounds=15,
        clock=time.perf_counter,
    )
