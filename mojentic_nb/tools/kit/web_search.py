"""Searching the web, by whichever engine answers.

Law: engines are values handed in; what they are and how they are asked stands in
`tools/search_engines.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.search_engines import Engine, Found, Question, engines, found_by

__all__ = ["WebSearchTool"]


class WebSearchTool(KitTool):
    """Searches the web.

    Args:
        policy: What it may do; the engines' hosts must be named in it.
        engines: Whom to ask in turn; by default SerpApi, where SERPAPI_API_KEY is set and
            the policy names it, and then those that need no key.
        tracer: See `KitTool`.
    """

    tool_name = "web_search"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(arguments={"query": "weather station sensors"}, says="search"),
            Example(
                arguments={"query": "Wetterstation", "limit": 5, "region": "de-de"},
                says="in Germany, in German",
            ),
        ),
        guidance="Few hits: use fewer and plainer words. Read a hit with web_scrape.",
        needs="tools",
    )

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        engines: Sequence[Engine] | None = None,
        tracer: Any = None,
    ) -> None:
        super().__init__(policy, tracer=tracer)
        self._engines = engines

    def run(
        self,
        query: str,
        *,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        region: Annotated[str, Field(pattern=r"^[A-Za-z]{2}-[A-Za-z]{2}$")] = "us-en",
    ) -> Found:
        """Search the web for pages: titles, addresses and snippets.

        The snippets are short; read a page with web_scrape before you rely on it.

        Args:
            query: What to search for, in a few words.
            limit: Hits at most.
            region: Country and language, such as us-en or de-de.
        """
        if not query.strip():
            raise ToolError("The query is empty.", hint="Say what to search for.")

        country, _, language = region.lower().partition("-")
        question = Question(
            query=query,
            limit=min(limit, self.policy.limits.entries),
            country=country,
            language=language or "en",
        )
        asked = engines(self.policy) if self._engines is None else self._engines
        return found_by(asked, question, policy=self.policy)
