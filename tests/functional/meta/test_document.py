"""The OpenAPI document agrees with the routes."""

import json

import pytest


@pytest.mark.feature("The public API is described by an OpenAPI 3.1 document made from the routes themselves")
def test_document_holds_every_route(client, control_plane):
    document = client("GET", "/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    served = {
        (path, method.lower()) for path, methods in control_plane.app.routes.items() for method in methods
    }
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert served == described
    references = set(_references(document))
    assert references <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_operation_ids_are_unique(client, control_plane):
    document = client("GET", "/v1/openapi.json").json
    ids = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))


def test_reference_page_needs_nothing_from_outside(client, control_plane):
    answer = client("GET", "/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "/v1/auth/login" in answer.text


def _references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_document_is_json(client, control_plane):
    json.loads(client("GET", "/v1/openapi.json").text)
