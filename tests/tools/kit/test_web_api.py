"""Calling what describes itself."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.web_api import GraphqlQueryTool, OpenapiCallTool
from mojentic_nb.tools.policy import Policy
from tests.tools.web_server import Page, WebServer

READING = Policy(domains=("127.0.0.1",), effects=frozenset({"network"}))
WRITING = Policy(domains=("127.0.0.1",), effects=frozenset({"network", "writes"}))
PETS = {
    "openapi": "3.0.0",
    "servers": [{"url": "/v1"}],
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "getPet",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
                ],
            },
            "delete": {"operationId": "dropPet"},
        }
    },
}


@pytest.mark.parametrize("tool", [OpenapiCallTool(), GraphqlQueryTool()], ids=repr)
def test_examples_fit(tool):
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]


def test_an_operation_is_called_by_the_description_found_on_the_web():
    tool = OpenapiCallTool(READING)
    with WebServer({"/o.json": json.dumps(PETS), "/v1/pets/7": '{"name": "Rex"}'}) as server:
        spec = f"{server.url}/o.json"
        told = tool.run(spec, operation="getPet", parameters={"id": 7}, headers={"X-Key": "k"})
    assert json.loads(told["body"]) == {"name": "Rex"}
    assert server.asked[1].headers["x-key"] == "k"
    check(dict(told), tool.output_schema)


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_a_description_may_be_given_as_such(form):
    with WebServer({"/pets/7": "ok"}) as server:
        told = OpenapiCallTool(READING).run(
            form(PETS), operation="getPet", parameters={"id": 7}, server=server.url
        )
    assert told["status"] == 200


def test_a_misfit_is_refused_before_anything_is_asked():
    with WebServer({}) as server, pytest.raises(ToolError, match="does not fit"):
        OpenapiCallTool(READING).run(
            PETS, operation="getPet", parameters={"id": "x"}, server=server.url
        )
    assert server.asked == []


def test_an_operation_that_changes_something_needs_leave_to_write():
    with WebServer({}) as server, pytest.raises(ToolDenied, match="DELETE"):
        OpenapiCallTool(READING).run(PETS, operation="dropPet", server=server.url)
    assert server.asked == []


@pytest.mark.parametrize("spec", ["openapi: 3.0.0", "[]", "", "{" * 100_000])
def test_a_description_that_is_none_is_told(spec):
    with pytest.raises(ToolError, match="no JSON object"):
        OpenapiCallTool(READING).run(spec, operation="x")


def test_a_server_of_the_description_must_be_allowed_too():
    spec = PETS | {"servers": [{"url": "http://169.254.169.254/"}]}
    with pytest.raises(ToolDenied):
        OpenapiCallTool(READING).run(spec, operation="getPet", parameters={"id": 1})


def test_a_query_is_answered():
    tool = GraphqlQueryTool(READING)
    page = Page(body='{"data": {"a": 1}, "errors": [{"message": "b"}]}')
    with WebServer({"/": page}) as server:
        told = tool.run(server.url, query="{ a }", variables={"x": 1}, operation_name="A")
    assert told == {"status": 200, "data": {"a": 1}, "errors": [{"message": "b"}]}
    assert json.loads(server.asked[0].body) == {
        "query": "{ a }",
        "variables": {"x": 1},
        "operationName": "A",
    }
    check(dict(told), tool.output_schema)


def test_errors_with_a_status_are_an_answer_too():
    with WebServer({"/": Page(status=400, body='{"errors": [{"message": "no a"}]}')}) as server:
        told = GraphqlQueryTool(READING).run(server.url, query="{ a }")
    assert (told["status"], told["data"], told["errors"]) == (400, None, [{"message": "no a"}])


@pytest.mark.parametrize("page", [Page(body="<html>"), Page(status=404, body="{}"), Page(body="1")])
def test_what_is_no_graphql_is_told(page):
    with WebServer({"/": page}) as server, pytest.raises(ToolError, match="No GraphQL answer"):
        GraphqlQueryTool(READING).run(server.url, query="{ a }")


@pytest.mark.parametrize(
    "query, changes",
    [
        ("{ a }", False),
        ("query mutation_log { a }", False),
        ("{ mutation }", False),
        ('{ a(text: "} mutation {") }', False),
        ('{ a(text: """} mutation \\""" { """) }', False),
        ("# mutation\n{ a }", False),
        ("mutation { a }", True),
        ("query A { a } mutation B { b }", True),
        ("{ a } } } mutation { b }", True),
        ("subscription { a }", True),
        ('query A { a(t: "#") } mutation { b }', True),
    ],
)
def test_a_mutation_needs_leave_to_write(query, changes):
    with WebServer({"/": '{"data": {}}'}) as server:
        assert GraphqlQueryTool(WRITING).run(server.url, query=query)["data"] == {}
        if changes:
            with pytest.raises(ToolDenied, match="mutation"):
                GraphqlQueryTool(READING).run(server.url, query=query)
        else:
            GraphqlQueryTool(READING).run(server.url, query=query)
    assert len(server.asked) == 2 - changes
