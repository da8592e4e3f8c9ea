"""Who can be asked for pages on a question, one after the other.

Law: an engine asks through `tools/web.py`, so that the policy counts for searching too,
and tells what it found or raises; which one comes next is settled in `found_by`. A key
comes from the constructor, or from a variable the policy names, and is never told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolDenied, ToolError, scrub
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.variables import is_named, variable
from mojentic_nb.tools.web import Fetched, fetch

__all__ = ["DdgsEngine", "Engine", "Found", "Hit", "Question", "SerpApi", "engines", "found_by"]

SERPAPI_KEY = "SERPAPI_API_KEY"


class Hit(TypedDict):
    """A page that was found."""

    title: str
    url: str
    snippet: str


class Found(TypedDict):
    """What was found, by whom, and who failed before: why, by the engine's name."""

    engine: str
    hits: list[Hit]
    failed: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        query: In words.
        limit: Hits at most.
        language: Two letters, such as `en`.
        country: Two letters, such as `us`.
        location: A place in words, where an engine knows places.
        source: What SerpApi asks, such as `google`.
    """

    query: str
    limit: int = 10
    language: str = "en"
    country: str = "us"
    location: str = ""
    source: str = "google"


class Engine(Protocol):
    """Finds pages."""

    @property
    def name(self) -> str:
        """What it is called."""

    def find(self, question: Question, *, policy: Policy) -> list[Hit]:
        """Find pages; raises `ToolError` where it cannot."""


def engines(policy: Policy, *, api_key: str | None = None) -> list[Engine]:
    """The engines to ask in turn; SerpApi first, where there is a key for it."""
    has_key = api_key or (is_named(SERPAPI_KEY, policy) and variable(SERPAPI_KEY, policy=policy))
    free = [DdgsEngine(name) for name in ("duckduckgo", "brave", "mojeek", "wikipedia")]
    return [SerpApi(api_key), *free] if has_key else [*free]


def found_by(asked: Sequence[Engine], question: Question, *, policy: Policy) -> Found:
    """Ask one engine after the other until one finds something.

    Raises:
        ToolDenied: No engine may be asked.
        ToolError: All of them failed.
    """
    failed: dict[str, str] = {}
    problems: list[ToolError] = []
    nothing: str | None = None
    for engine in asked:
        try:
            hits = engine.find(question, policy=policy)
        except ToolError as problem:
            failed[engine.name] = problem.message
            problems.append(problem)
            continue
        if hits:
            return {"engine": engine.name, "hits": hits[: question.limit], "failed": failed}

        nothing = nothing or engine.name

    if nothing is not None:
        return {"engine": nothing, "hits": [], "failed": failed}
    raise _nobody(problems, failed)


def _nobody(problems: Sequence[ToolError], failed: dict[str, str]) -> ToolError:
    why = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
    if problems and all(isinstance(one, ToolDenied) for one in problems):
        return ToolDenied(f"No search engine may be asked. {why}", hint=problems[0].hint)

    return ToolError(f"No search engine answered. {why}".rstrip(), hint="Try again later.")


class SerpApi:
    """Google and others through SerpApi, which wants a key.

    Args:
        api_key: By default the value of SERPAPI_API_KEY, where the policy names it.
        address: Where it is asked.
    """

    name = "serpapi"

    def __init__(
        self, api_key: str | None = None, *, address: str = "https://serpapi.com/search.json"
    ) -> None:
        self._api_key = api_key
        self._address = address

    def find(self, question: Question, *, policy: Policy) -> list[Hit]:
        """Find pages.

        Raises:
            ToolError: There is no key, or it was refused.
        """
        key = self._api_key or variable(SERPAPI_KEY, policy=policy)
        if not key:
            raise ToolError(f"{SERPAPI_KEY} is not set.", hint="Set it, or use another engine.")

        terms = {
            "engine": question.source,
            "q": question.query,
            "hl": question.language,
            "gl": question.country,
            "num": str(question.limit),
            "location": question.location,
            "api_key": key,
        }
        given = {name: value for name, value in terms.items() if value}
        asked = urlencode(given, errors="replace")
        answer = fetch("GET", f"{self._address}?{asked}", policy=policy)
        told = _object(answer)
        if not answer.is_ok or "error" in told:
            why = scrub(str(told.get("error", ""))[:200], key)
            # Its word for "nothing found" is an error, too.
            if answer.is_ok and "hasn't returned any results" in why:
                return []
            raise ToolError(f"SerpApi answered with status {answer.status}: {why}")

        listed = told.get("organic_results") or []
        return [_hit(one) for one in listed if isinstance(one, dict)]


def _object(answer: Fetched) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ToolError(f"SerpApi answered with status {answer.status} and no JSON object.")

    return told


def _hit(told: dict[str, Any]) -> Hit:
    names = {"title": "title", "url": "link", "snippet": "snippet"}
    title, url, snippet = (str(told.get(name) or "") for name in names.values())
    return {"title": title, "url": url, "snippet": snippet}


class DdgsEngine:
    """An engine whose pages the ddgs library can read.

    Args:
        name: Such as `duckduckgo`, `brave`, `mojeek` or `wikipedia`.
        address: Where it is asked, where not at its own.
    """

    def __init__(self, name: str, *, address: str = "") -> None:
        self.name = name
        self._address = address

    def find(self, question: Question, *, policy: Policy) -> list[Hit]:
        """Find pages.

        Raises:
            ToolError: The library does not know the engine, or cannot read its answer.
        """
        known = needed("ddgs.engines", extra="tools").ENGINES["text"]
        if self.name not in known:
            raise ToolError(f"ddgs has no engine {self.name!r}.", hint=f"It has {sorted(known)}.")

        road = _Road(policy)
        region = f"{question.country}-{question.language}".lower()
        try:
            engine = known[self.name](timeout=int(policy.limits.seconds) or 1)
            engine.http_client = road
            if self._address:
                engine.search_url = self._address
            found = engine.search(query=question.query, region=region)
        except ToolError:
            raise
        except Exception as problem:  # whatever a library stumbles over in a foreign page
            raise ToolError(
                f"The answer of {self.name} cannot be read ({type(problem).__name__})."
            ) from None
        if found is None:
            raise ToolError(f"{self.name} answered with status {road.status}.")

        hits = [{"title": one.title, "link": one.href, "snippet": one.body} for one in found]
        return [_hit(one) for one in hits if one["link"]]


@dataclass(slots=True)
class _Answer:
    status_code: int
    content: bytes
    text: str


class _Road:
    """What ddgs takes for its HTTP client, which has a road of its own past any policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._cookies: dict[str, str] = {}
        self.client = self
        self.status = 0

    def set_cookies(self, url: str, cookies: dict[str, str]) -> None:
        """Take cookies, for the one host an engine has."""
        self._cookies |= cookies

    def request(
        self, method: str, url: str, *, params: Any = None, data: Any = None, **_: Any
    ) -> _Answer:
        """Ask, as the library's own client would."""
        headers = {"accept": "text/html,*/*", "accept-language": "en"}
        # Some engines answer nobody who does not look like a browser.
        headers["user-agent"] = "Mozilla/5.0 (compatible; mojentic-nb)"
        if self._cookies:
            headers["cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        if data:
            headers["content-type"] = "application/x-www-form-urlencoded"
        whole = (
            f"{url}{'&' if '?' in url else '?'}{urlencode(params, errors='replace')}"
            if params
            else url
        )
        body = urlencode(data, errors="replace") if data else None
        answer = fetch(method, whole, policy=self._policy, headers=headers, body=body)
        self.status = answer.status
        return _Answer(answer.status, answer.body, answer.text)
