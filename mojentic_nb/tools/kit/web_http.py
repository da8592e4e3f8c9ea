"""Asking an address, and taking one apart.

Law: whatever is asked goes through `tools/web.py`; what changes something at the other
end needs the policy's leave to write.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, quote, unquote, urlencode, urljoin, urlsplit

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.web import Fetched, fetch

__all__ = ["HttpAnswer", "HttpRequestTool", "UrlParseTool", "UrlParts", "told", "with_query"]

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
QueryValue = str | int | float | bool | list[str]

READING = ("GET", "HEAD", "OPTIONS")


class HttpAnswer(TypedDict):
    """An answer, with a body of text, or of base64 where it is none."""

    status: int
    url: str
    headers: dict[str, str]
    body: str
    encoding: Literal["text", "base64"]
    is_cut: bool


class HttpRequestTool(KitTool):
    """Asks an address."""

    tool_name = "http_request"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(arguments={"url": "https://example.org/"}, says="read a page"),
            Example(
                arguments={
                    "url": "https://example.org/items",
                    "method": "POST",
                    "json_body": {"name": "lamp"},
                },
                says="send JSON",
            ),
        ),
        guidance="A status of 400 or more is an answer too: read its body. Where a host may not"
        " be asked, do not try others; tell the user.",
    )

    def run(
        self,
        url: str,
        *,
        method: Method = "GET",
        headers: dict[str, str] | None = None,
        query: dict[str, QueryValue] | None = None,
        body: str | None = None,
        json_body: Any = None,
        timeout_s: Annotated[float, Field(gt=0)] | None = None,
    ) -> HttpAnswer:
        """Send an HTTP request and get status, headers and body of the answer.

        Redirects are followed. For reading an article use web_scrape instead.

        Args:
            url: Whole address, beginning with http:// or https://.
            method: All but GET, HEAD and OPTIONS may change something there.
            headers: Sent along, such as {"Accept": "application/json"}.
            query: Added to the address, with what needs it escaped.
            body: Text to send.
            json_body: Value to send as JSON, instead of `body`.
            timeout_s: Seconds to wait at most.
        """
        if method not in READING:
            self.policy.check(("writes",), whose=f"{self.tool_name} with {method}")
        if body is not None and json_body is not None:
            raise ToolError("Both body and json_body were given.", hint="Give one of them.")

        sent = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body)
            if "content-type" not in {name.lower() for name in sent}:
                sent["Content-Type"] = "application/json"
        answer = fetch(
            method,
            with_query(url, query or {}),
            policy=self.policy,
            headers=sent,
            body=body,
            timeout_s=timeout_s,
        )
        return told(answer, most=self.policy.limits.output_chars)


def told(answer: Fetched, *, most: int) -> HttpAnswer:
    """An answer as a model reads it, its body no longer than so many letters."""
    is_text = _is_text(answer)
    body = answer.text if is_text else b64encode(answer.body[: most // 4 * 3]).decode()
    return {
        "status": answer.status,
        "url": answer.url,
        "headers": dict(answer.headers),
        "body": body[:most],
        "encoding": "text" if is_text else "base64",
        "is_cut": answer.is_cut or len(answer.text if is_text else answer.body) > most,
    }


def _is_text(answer: Fetched) -> bool:
    kind = answer.content_type
    if kind.startswith("text/") or kind.endswith(("json", "xml", "javascript", "urlencoded")):
        return True

    try:
        # A cut body may end within a letter, of four bytes at most.
        text = answer.body[:-4] if answer.is_cut else answer.body
        return "\0" not in text.decode()
    except UnicodeDecodeError:
        return False


def with_query(url: str, query: Mapping[str, QueryValue]) -> str:
    """An address with more in its query."""
    if not query:
        return url

    bare, hash_sign, fragment = url.partition("#")
    plain = {k: str(v).lower() if isinstance(v, bool) else v for k, v in query.items()}
    added = urlencode(plain, doseq=True, errors="replace", quote_via=quote)
    return f"{bare}{'&' if '?' in bare else '?'}{added}{hash_sign}{fragment}"


class UrlParts(TypedDict):
    """What an address is made of; a password is not told."""

    url: str
    scheme: str
    host: str
    port: int | None
    path: str
    segments: list[str]
    query: dict[str, list[str]]
    fragment: str
    user: str


class UrlParseTool(KitTool):
    """Takes an address apart."""

    tool_name = "url_parse"
    facts = Facts(
        category="web",
        examples=(
            Example(arguments={"url": "https://example.org/a/b?page=2#top"}, says="take one apart"),
            Example(
                arguments={"url": "../c", "base": "https://example.org/a/b/"},
                says="resolve a relative link",
            ),
        ),
        guidance="Nothing is asked here; write the address as it would stand in a browser.",
    )

    def run(self, url: str, *, base: str = "") -> UrlParts:
        """Take a URL apart into scheme, host, port, path, query and fragment.

        Nothing is fetched. A relative link is resolved against `base`.

        Args:
            url: The address, or a link relative to `base`.
            base: Address of the page the link stands on.
        """
        try:
            whole = urljoin(base, url.strip())
            split = urlsplit(whole)
            port, host = split.port, split.hostname or ""
            query = parse_qs(split.query, keep_blank_values=True, max_num_fields=1000)
        except ValueError as problem:
            raise ToolError(
                f"{url[:100]!r} is no address: {problem}.", hint="Look at its host and port."
            ) from None
        if not split.scheme:
            raise ToolError(
                f"{url[:100]!r} has no scheme.",
                hint="Begin it with https://, or give the page it stands on as base.",
            )

        user = split.username or ""
        shown = whole if split.password is None else _without_password(whole, split.netloc)
        return {
            "url": shown,
            "scheme": split.scheme,
            "host": host,
            "port": port,
            "path": split.path,
            "segments": [unquote(one) for one in split.path.split("/") if one],
            "query": query,
            "fragment": unquote(split.fragment),
            "user": unquote(user),
        }


def _without_password(url: str, netloc: str) -> str:
    people, _, host = netloc.rpartition("@")
    return url.replace(netloc, f"{people.partition(':')[0]}@{host}", 1)
