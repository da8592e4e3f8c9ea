"""CPU of a call when many run at once in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import httpx2

from benchmarks.bench import Row, Subject, beside
from benchmarks.streams import body
from mojentic_nb import LLMBroker, OpenAIGateway

CALLS = 1000
AT_ONCE = 64


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
    subjects = [
        Subject("aiohttp", with_aiohttp(url)),
        Subject("mojentic_nb, agenerate", with_us(url)),
        Subject("httpx2", with_httpx2(url)),
        Subject("openai client", with_openai(url)),
    ]
    what = f"CPU per call, {AT_ONCE} at once"
    return beside(what, subjects, bars={"mojentic_nb, agenerate": 1.5}, rounds=7)
