"""Calling an interface that describes itself: OpenAPI's operations, GraphQL's queries.

Law: what does not fit the description is refused before anything is sent, in words that
say what fits. What may change something needs the policy's leave to write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.web_http import READING, HttpAnswer, told
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.openapi import operation_of
from mojentic_nb.tools.web import fetch

__all__ = ["GraphqlAnswer", "GraphqlQueryTool", "OpenapiCallTool"]


class OpenapiCallTool(KitTool):
    """Calls one operation of an OpenAPI interface."""

    tool_name = "openapi_call"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(
                arguments={
                    "spec": "https://example.org/openapi.json",
                    "operation": "getPet",
                    "parameters": {"id": 7},
                },
                says="by its operationId",
            ),
            Example(
                arguments={
                    "spec": "https://example.org/openapi.json",
                    "operation": "GET /pets/{id}",
                    "parameters": {"id": 7},
                },
                says="by method and path",
            ),
        ),
        guidance="An unknown operation is answered with the known ones; a misfit with what fits.",
    )

    def run(
        self,
        spec: dict[str, Any] | str,
        *,
        operation: str,
        parameters: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        server: str = "",
    ) -> HttpAnswer:
        """Call one operation of a web API described by OpenAPI 3, checked against it first.

        Args:
            spec: The description: a JSON object, its text, or the address it is found at.
            operation: Its operationId, or method and path such as "GET /pets/{id}".
            parameters: Values of its path, query, header and cookie parameters by name.
            body: JSON value to send, where it takes one.
            headers: Sent besides, such as an Authorization.
            server: Address of the API, where the description names none.
        """
        described, found_at = self._spec(spec)
        one = operation_of(described, operation)
        if one.method not in READING:
            self.policy.check(("writes",), whose=f"{self.tool_name} with {one.method}")
        request = one.request(parameters or {}, body, server=server, found_at=found_at)
        answer = fetch(
            one.method,
            request.url,
            policy=self.policy,
            headers={**request.headers, **(headers or {})},
            body=request.body,
        )
        return told(answer, most=self.policy.limits.output_chars)

    def _spec(self, given: dict[str, Any] | str) -> tuple[Mapping[str, Any], str]:
        if isinstance(given, dict):
            return given, ""
        if not re.match(r"\s*https?://", given, re.IGNORECASE):
            return _object(given, what="spec"), ""

        answer = fetch("GET", given, policy=self.policy).whole()
        return _object(answer.text, what=f"What stands at {answer.url}"), answer.url


def _object(text: str, *, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ToolError(f"{what} is no JSON object.", hint="A YAML description is not read.")

    return value


class GraphqlAnswer(TypedDict):
    """An answer; `errors` is empty where all went well."""

    status: int
    data: Any
    errors: list[Any]


class GraphqlQueryTool(KitTool):
    """Asks a GraphQL interface."""

    tool_name = "graphql_query"
    facts = Facts(
        category="web",
        effects=frozenset({"network"}),
        examples=(
            Example(
                arguments={
                    "url": "https://example.org/graphql",
                    "query": "query ($id: ID!) { pet(id: $id) { name } }",
                    "variables": {"id": "7"},
                },
                says="with a variable",
            ),
        ),
        guidance="`errors` says what is wrong with a query; ask for __schema to see what there is.",
    )

    def run(
        self,
        url: str,
        *,
        query: str,
        variables: dict[str, Any] | None = None,
        operation_name: str = "",
        headers: dict[str, str] | None = None,
    ) -> GraphqlAnswer:
        """Send a GraphQL query and get its data and errors.

        Args:
            url: Whole address of the GraphQL endpoint.
            query: The document; values belong in `variables`.
            variables: By name, without the $.
            operation_name: Which operation, where the document has several.
            headers: Sent along, such as an Authorization.
        """
        if _changes(query):
            self.policy.check(("writes",), whose=f"{self.tool_name} with a mutation")
        asked: dict[str, Any] = {"query": query, "variables": variables or {}}
        if operation_name:
            asked["operationName"] = operation_name
        kind = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = fetch(
            "POST",
            url,
            policy=self.policy,
            headers=kind | dict(headers or {}),
            body=json.dumps(asked),
        )
        if answer.is_cut:
            answer.whole()
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not {"data", "errors"} & set(found):
            raise ToolError(
                f"No GraphQL answer, but status {answer.status}: {answer.text[:200]!r}.",
                hint="Look at the address.",
            )

        errors = found.get("errors") or []
        told_errors = errors if isinstance(errors, list) else [errors]
        return {"status": answer.status, "data": found.get("data"), "errors": told_errors}


_QUIET = re.compile(r'"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*', re.DOTALL)


def _changes(query: str) -> bool:
    """Whether a document holds an operation that is not a mere query."""
    depth = 0
    for word in re.findall(r"[{}]|\w+", _QUIET.sub(" ", query)):
        depth += {"{": 1, "}": -1}.get(word, 0)
        if depth <= 0 and word in ("mutation", "subscription"):
            return True

    return False
