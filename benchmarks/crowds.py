"""CPU of a call when many run at once in one loop: small answers, and streamed ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
import httpx2

from benchmarks.bench import Row, Subject, beside
from benchmarks.streams import body
from mojentic_nb import LLMBroker, OpenAIGateway

CALLS = 1000
AT_ONCE = 64
STREAMED = "bench:40"  # a short answer of forty tokens


async def crowd(one: Callable[[], Awaitable[object]]) -> None:
    """Make all the calls, so many at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed() -> None:
        async with places:
            await one()

    await asyncio.gather(*(placed() for _ in range(CALLS)))


def with_aiohttp(url: str) -> Callable[[], int]:
    """Bare aiohttp."""
    asked = body("small", stream=False)

    async def work() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def one() -> None:
                async with session.post(f"{url}/v1/chat/completions", json=asked) as response:
                    answer = await response.json()
                    assert answer["choices"][0]["message"]["content"]

            await crowd(one)

    return lambda: run(work())


def streamed_with_aiohttp(url: str) -> Callable[[], int]:
    """Bare aiohttp, line by line."""
    asked = body(STREAMED, stream=True)

    async def work() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def one() -> None:
                async with session.post(f"{url}/v1/chat/completions", json=asked) as response:
                    async for line in response.content:
                        if line.startswith(b"data: {"):
                            json.loads(line[6:])

            await crowd(one)

    return lambda: run(work())


def streamed_with_us(url: str) -> Callable[[], int]:
    """The awaiting shape of a default broker, text piece by piece."""
    broker = LLMBroker(STREAMED, OpenAIGateway(api_key="k", base_url=f"{url}/v1"))

    async def one() -> None:
        async for _text in broker.agenerate_stream("hi"):
            pass

    return lambda: run(crowd(one))


def with_httpx2(url: str) -> Callable[[], int]:
    """Bare httpx2."""
    asked = body("small", stream=False)

    async def work() -> None:
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(verify=False, limits=limits) as client:

            async def one() -> None:
                response = await client.post(f"{url}/v1/chat/completions", json=asked)
                assert response.json()["choices"][0]["message"]["content"]

            await crowd(one)

    return lambda: run(work())


def with_openai(url: str) -> Callable[[], int]:
    """The official client."""
    import openai

    async def work() -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0) as client:

            async def one() -> None:
                await client.chat.completions.create(
                    model="small", messages=[{"role": "user", "content": "hi"}]
                )

            await crowd(one)

    return lambda: run(work())


def with_us(url: str) -> Callable[[], int]:
    """The awaiting shape of a default broker."""
    broker = LLMBroker("small", OpenAIGateway(api_key="k", base_url=f"{url}/v1"))
    return lambda: run(crowd(lambda: broker.agenerate("hi")))


def run(work: Awaitable[None]) -> int:
    """One loop for all the calls, as a program would have it."""

    async def whole() -> None:
        await work

    asyncio.run(whole())
    return CALLS


def crowds(url: str) -> list[Row]:
    """CPU of one of 1000 calls, 64 at a time."""
    small = [
        Subject("aiohttp", with_aiohttp(url)),
        Subject("mojentic_nb, agenerate", with_us(url)),
        Subject("httpx2", with_httpx2(url)),
        Subject("openai client", with_openai(url)),
    ]
    streamed = [
        Subject("aiohttp + json.loads", streamed_with_aiohttp(url)),
        Subject("mojentic_nb, agenerate_stream", streamed_with_us(url)),
    ]
    bars = {subject.name: 1.5 for subject in (small[1], streamed[1])}
    rows = beside(f"CPU per small call, {AT_ONCE} at once", small, bars=bars, rounds=7)
    return rows + beside(f"CPU per streamed call, {AT_ONCE} at once", streamed, bars=bars, rounds=7)
