"""From a description to a request."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.openapi import operation_of

PETS = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://{zone}.e.org/v1", "variables": {"zone": {"default": "eu"}}}],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "operationId": "getPet",
                "parameters": [
                    {"name": "fields", "in": "query", "schema": {"type": "array"}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                    {"name": "session", "in": "cookie", "schema": {"type": "string"}},
                ],
            },
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                    },
                }
            },
        },
        "/files/{name}": {
            "get": {
                "operationId": "getFile",
                "parameters": [{"name": "name", "in": "path", "required": True}],
            }
        },
    },
    "components": {
        "parameters": {
            "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
        },
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "pattern": "(a+)+$"},
                    "nick": {"type": "string", "nullable": True},
                    "friend": {"$ref": "#/components/schemas/Pet"},
                },
            }
        },
    },
}


def request(name, parameters=None, body=None, *, spec=PETS, server="", found_at=""):
    operation = operation_of(spec, name)
    return operation.request(parameters or {}, body, server=server, found_at=found_at)


def described(**parts):
    return {"openapi": "3.1.0", "servers": [{"url": "https://e.org"}], **parts}


@pytest.mark.parametrize("name", ["getPet", "GET /pets/{id}", "get /pets/{id}"])
def test_an_operation_is_found_by_its_id_or_by_method_and_path(name):
    assert request(name, {"id": 7}).url == "https://eu.e.org/v1/pets/7"


def test_each_parameter_goes_to_its_place():
    made = request("getPet", {"id": 7, "fields": ["a b", "c"], "X-Trace": "t", "session": "s;"})
    assert made.url == "https://eu.e.org/v1/pets/7?fields=a%20b&fields=c"
    assert made.headers == {"X-Trace": "t", "Cookie": "session=s%3B"}


def test_a_body_is_json():
    made = request("PUT /pets/{id}", {"id": 7}, {"name": "Rex", "nick": None})
    assert json.loads(made.body) == {"name": "Rex", "nick": None}
    assert made.headers["Content-Type"] == "application/json"


def test_a_pattern_of_a_foreign_description_is_not_run():
    assert request("PUT /pets/{id}", {"id": 7}, {"name": "a" * 40 + "!"}).body


@pytest.mark.parametrize("parameters, body, why", [
    ({}, None, "needs the parameter 'id'"),
    ({"id": None}, None, "needs the parameter 'id'"),
    ({"id": "seven"}, None, "parameter 'id' does not fit"),
    ({"id": 7, "x": 1}, None, "has no parameter 'x'"),
    ({"id": 7}, {"a": 1}, "takes no JSON body"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(parameters, body, why):
    with pytest.raises(ToolError, match=why):
        request("getPet", parameters, body)


@pytest.mark.parametrize(
    "body, why",
    [
        (None, "needs a body"),
        ({}, "'name' is a required property"),
        ({"name": 1}, r"name.*1 is not of type 'string'"),
        ({"name": "a", "friend": {}}, "friend"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(body, why):
    with pytest.raises(ToolError, match=why):
        request("PUT /pets/{id}", {"id": 7}, body)


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_path_cannot_be_left_through_its_parameter(name):
    with pytest.raises(ToolError, match="another path"):
        request("getFile", {"name": name})


def test_a_slash_in_a_parameter_stays_one():
    assert request("getFile", {"name": "../a?b"}).url.endswith("/files/..%2Fa%3Fb")


def test_an_unknown_operation_is_answered_with_the_known_ones():
    with pytest.raises(ToolError, match=r"getPet, PUT /pets/\{id\}, getFile"):
        operation_of(PETS, "deletePet")


@pytest.mark.parametrize("spec", [
    {}, {"swagger": "2.0", "paths": {}}, {"openapi": "3.0.0"}, {"openapi": 3, "paths": {}},
])  # fmt: skip
def test_what_is_no_description_is_told(spec):
    with pytest.raises(ToolError, match="no OpenAPI 3"):
        operation_of(spec, "x")


@pytest.mark.parametrize("word", ["$ref", "$dynamicRef"])
@pytest.mark.parametrize("target", ["http://127.0.0.1:9/x", "file:///etc/passwd", "other.json"])
def test_what_a_description_points_at_elsewhere_is_not_followed(word, target):
    schema = {"schema": {"properties": {"a": {word: target}}}}
    spec = described(paths={"/": {"get": {"parameters": [{"name": "q", "in": "query", **schema}]}}})
    with pytest.raises(ToolError, match="not followed"):
        operation_of(spec, "GET /")


@pytest.mark.parametrize("schema", [
    {"$ref": "#/components/schemas/Loop"}, {"$ref": "#/nowhere"}, {"type": "no such"}, 7,
    {"$id": "http://127.0.0.1:9/", "$ref": "#/x"},
])  # fmt: skip
def test_a_broken_schema_is_told(schema):
    parameter = {"name": "q", "in": "query", "schema": schema}
    loop = {"schemas": {"Loop": {"$ref": "#/components/schemas/Loop"}}}
    spec = described(components=loop, paths={"/": {"get": {"parameters": [parameter]}}})
    with pytest.raises(ToolError, match=r"broken|does not fit"):
        request("GET /", {"q": {}}, spec=spec)


def test_references_that_go_in_circles_are_told():
    spec = described(paths={"/": {"$ref": "#/paths/~1"}})
    with pytest.raises(ToolError, match="circles"):
        operation_of(spec, "GET /")


@pytest.mark.parametrize("server, found_at, url", [
    ("https://x.org/", "", "https://x.org/pets"),
    ("", "https://e.org/api/openapi.json", "https://e.org/v2/pets"),
    ("http://x.org/base", "https://e.org/", "http://x.org/base/pets"),
])  # fmt: skip
def test_the_server_is_found(server, found_at, url):
    spec = {"openapi": "3.0.0", "servers": [{"url": "/v2"}], "paths": {"/pets": {"get": {}}}}
    assert request("GET /pets", spec=spec, server=server, found_at=found_at).url == url


def test_no_server_is_told():
    with pytest.raises(ToolError, match="names no server"):
        request("GET /", spec={"openapi": "3.0.0", "paths": {"/": {"get": {}}}})
