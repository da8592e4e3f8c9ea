"""From an OpenAPI description to the request of one operation.

Law: pure; nothing is sent and nothing looked up. A description is foreign text: what it
points at outside itself is not followed, and its patterns are not run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

from mojentic_nb.errors import ToolError
from mojentic_nb.schema import ShapeError, check

__all__ = ["Operation", "Request", "operation_of"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")

# References that lead to references; more is a circle.
MOST_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be sent."""

    url: str
    headers: Mapping[str, str]
    body: str | None = None


def operation_of(spec: Mapping[str, Any], name: str) -> Operation:
    """Find an operation by its operationId, or by method and path.

    Raises:
        ToolError: There is no such operation, or this is no OpenAPI 3.
    """
    if not str(spec.get("openapi", "")).startswith("3.") or not isinstance(spec.get("paths"), dict):
        raise ToolError("This is no OpenAPI 3 description.", hint='It begins {"openapi": "3.…"}.')

    _refuse_foreign(spec)
    known = list(_operations(spec))
    method, _, path = name.strip().partition(" ")
    for one in known:
        if name == one.described.get("operationId"):
            return one
        if (method.upper(), path.strip()) == (one.method, one.path):
            return one

    there = ", ".join(one.name for one in known[:50])
    raise ToolError(f"There is no operation {name[:100]!r}.", hint=f"There are: {there or 'none'}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a description.

    Attributes:
        method: In capitals.
        path: With its parameters in braces.
        described: What the description says of it.
        shared: Parameters of all operations of this path.
        spec: The whole description.
    """

    method: str
    path: str
    described: Mapping[str, Any]
    shared: list[Any] = field(default_factory=list)
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its operationId, or method and path."""
        return str(self.described.get("operationId") or f"{self.method} {self.path}")

    def request(
        self, parameters: Mapping[str, Any], body: Any, *, server: str, found_at: str
    ) -> Request:
        """The request, its values checked.

        Raises:
            ToolError: Something does not fit, is missing, or is not known.
        """
        taken = self._taken()
        self._check(parameters, taken)
        placed: dict[str, list[tuple[str, Any]]] = {"path": [], "query": [], "header": []}
        placed["cookie"] = []
        for name, value in parameters.items():
            placed.setdefault(str(taken[name].get("in")), []).append((name, value))

        path = self.path
        for name, value in placed["path"]:
            path = path.replace("{" + name + "}", _segment(name, value))
        pairs = [(name, one) for name, value in placed["query"] for one in _each(value)]
        query = "&".join(_pair(name, one) for name, one in pairs)
        headers = {name: _text(value) for name, value in placed["header"]}
        if placed["cookie"]:
            headers["Cookie"] = "; ".join(_pair(name, value) for name, value in placed["cookie"])
        sent = self._body(body)
        if sent is not None:
            headers["Content-Type"] = "application/json"
        url = self._server(server, found_at).rstrip("/") + path
        return Request(url=f"{url}?{query}" if query else url, headers=headers, body=sent)

    def _taken(self) -> dict[str, Mapping[str, Any]]:
        listed = [*self.shared, *_listed(self.described.get("parameters"))]
        found = [_followed(self.spec, one) for one in listed]
        return {str(one.get("name")): one for one in found}

    def _check(self, given: Mapping[str, Any], taken: Mapping[str, Mapping[str, Any]]) -> None:
        there = ", ".join(taken) or "none"
        if unknown := [name for name in given if name not in taken]:
            raise ToolError(
                f"{self.name} has no parameter {unknown[0]!r}.", hint=f"There are: {there}."
            )
        needed = [name for name, one in taken.items() if one.get("required")]
        if missing := [name for name in needed if given.get(name) is None]:
            raise ToolError(
                f"{self.name} needs the parameter {missing[0]!r}.", hint=f"There are: {there}."
            )
        for name, value in given.items():
            self._fits(value, taken[name].get("schema") or {}, what=f"The parameter {name!r}")

    def _body(self, body: Any) -> str | None:
        wanted = _followed(self.spec, self.described.get("requestBody") or {})
        if body is None:
            if wanted.get("required"):
                raise ToolError(f"{self.name} needs a body.", hint="Give it as body.")
            return None

        contents = wanted.get("content") or {}
        json_kinds = [kind for kind in contents if kind.partition(";")[0].endswith("json")]
        if not json_kinds:
            raise ToolError(f"{self.name} takes no JSON body.", hint="Leave body out.")

        schema = (contents[json_kinds[0]] or {}).get("schema") or {}
        self._fits(body, schema, what="The body")
        return json.dumps(body)

    def _fits(self, value: Any, schema: Any, *, what: str) -> None:
        whole = {"components": self.spec.get("components") or {}, "allOf": [schema]}
        try:
            check(value, _plain(whole))
        except ShapeError as problem:
            raise ToolError(
                f"{what} does not fit: {problem}", hint="See the description."
            ) from None
        except Exception as problem:  # a schema that is none: whatever the library stumbles over
            raise ToolError(
                f"{what} cannot be checked: its schema is broken ({type(problem).__name__})."
            ) from None

    def _server(self, given: str, found_at: str) -> str:
        servers = _listed(self.described.get("servers")) or _listed(self.spec.get("servers"))
        first = servers[0] if servers and isinstance(servers[0], dict) else {}
        url = given or str(first.get("url") or "/")
        for name, one in (first.get("variables") or {}).items():
            url = url.replace("{" + name + "}", str((one or {}).get("default", "")))
        url = urljoin(found_at, url)
        if not url.startswith(("http://", "https://")):
            raise ToolError("The description names no server.", hint="Give its address as server.")

        return url


def _operations(spec: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in spec["paths"].items():
        shelf = _followed(spec, item)
        shared = _listed(shelf.get("parameters"))
        for method in METHODS:
            if isinstance(shelf.get(method), dict):
                yield Operation(
                    method=method.upper(),
                    path=path,
                    described=shelf[method],
                    shared=shared,
                    spec=spec,
                )


def _followed(spec: Mapping[str, Any], part: Any) -> Mapping[str, Any]:
    """A part of the description, or what it refers to."""
    for _ in range(MOST_STEPS):
        if not isinstance(part, dict):
            raise ToolError("The description is broken: an object is missing.")
        if "$ref" not in part:
            return part

        place: Any = spec
        for step in str(part["$ref"]).removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            place = place.get(name) if isinstance(place, dict) else None
        part = place

    raise ToolError("The description is broken: its references go in circles.")


_POINTERS = ("$ref", "$dynamicRef", "$recursiveRef")


def _refuse_foreign(part: Any) -> None:
    """Refuse references to elsewhere: whoever checks by them would fetch them."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for word in _POINTERS:
                target = one.get(word)
                if isinstance(target, str) and not target.startswith("#"):
                    raise ToolError(
                        "The description refers to another document, which is not followed.",
                        hint="Give it in one piece.",
                    )
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _plain(part: Any) -> Any:
    """A schema in JSON Schema's words; without patterns, which could take for ever."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part

    left_out = {"patternProperties", "nullable", "$id", "$schema", "$anchor"}
    if isinstance(part.get("pattern"), str):
        left_out.add("pattern")
    schema = {k: _plain(v) for k, v in part.items() if k not in left_out or isinstance(v, dict)}
    schema.pop("patternProperties", None)
    if part.get("nullable") is True:
        return {"anyOf": [schema, {"type": "null"}]}

    return schema


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(_text(one) for one in value)

    return json.dumps(value)


def _segment(name: str, value: Any) -> str:
    text = quote(_text(value), safe="")
    if text in ("", ".", ".."):
        raise ToolError(f"The parameter {name!r} may not be {text!r}: it would name another path.")

    return text


def _pair(name: str, value: Any) -> str:
    return f"{quote(name, safe='')}={quote(_text(value), safe='')}"
