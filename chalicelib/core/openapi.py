"""OpenAPI 3.1 out of the routes' registry: the document, the validation and the clients cannot disagree."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.core.api import Operation
from chalicelib.core.problem import CONTENT_TYPE, Problem

_TEMPLATE = "#/components/schemas/{model}"
_ALWAYS = (500, 503)


def build(operations: Iterable[Operation], *, title: str, version: str, description: str) -> dict[str, Any]:
    """The document for these operations, in the order of their paths."""
    listed = sorted(operations, key=lambda each: (each.path, each.method))
    models = _models(listed)
    pairs, definitions = models_json_schema(list(models), ref_template=_TEMPLATE)
    references = {key: schema["$ref"] for key, schema in pairs.items()}
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, references, definitions
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({each.tag for each in listed})],
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {}), "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An access token from /v1/auth/login."},
    "refresh": {"type": "apiKey", "in": "cookie", "name": "streamspace_refresh"},
    "agent": {
        "type": "http",
        "scheme": "signature",
        "description": "RFC 9421 HTTP Message Signatures with the agent's enrolled Ed25519 key.",
    },
}


def _models(operations: list[Operation]) -> dict[tuple[type[BaseModel], Any], None]:
    found: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    for each in operations:
        if each.body is not None:
            found[(each.body, "validation")] = None
        if each.query is not None:
            found[(each.query, "validation")] = None
        if isinstance(each.answers, type) and issubclass(each.answers, BaseModel):
            found[(each.answers, "serialization")] = None
    return found


def _operation(
    operation: Operation, references: dict[Any, str], definitions: dict[str, Any]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{operation.tag}_{operation.name}",
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation, references, definitions),
        "responses": _responses(operation, references),
    }
    if operation.permission:
        described["description"] = f"Needs the permission `{operation.permission}`."
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": references[(operation.body, "validation")]}}},
        }
    if operation.security:
        described["security"] = [{operation.security: []}]
    return described


def _parameters(
    operation: Operation, references: dict[Any, str], definitions: dict[str, Any]
) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in operation.parameters
    ]
    if operation.query is not None:
        name = references[(operation.query, "validation")].rsplit("/", 1)[1]
        schema = definitions["$defs"][name]
        required = schema.get("required", [])
        for field, described in schema.get("properties", {}).items():
            entry = {"name": field, "in": "query", "required": field in required, "schema": described}
            if "description" in described:
                entry["description"] = described["description"]
            listed.append(entry)
    if operation.idempotent:
        listed.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Repeating a request with the same key has no second effect for 24 hours.",
                "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,128}$"},
            }
        )
    return listed


def _statuses(operation: Operation) -> list[int]:
    statuses = {error.status for error in operation.raises} | set(_ALWAYS)
    if operation.security:
        statuses |= {401, 403}
    if operation.parameters:
        statuses.add(404)
    if operation.body is not None:
        statuses |= {400, 413, 415, 422}
    if operation.query is not None or operation.idempotent:
        statuses.add(422)
    return sorted(statuses)


def _responses(operation: Operation, references: dict[Any, str]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.summary}
    if isinstance(operation.answers, type) and issubclass(operation.answers, BaseModel):
        good["content"] = {
            operation.content_type: {"schema": {"$ref": references[(operation.answers, "serialization")]}}
        }
    elif operation.answers is not None:
        good["content"] = {operation.content_type: {"schema": operation.answers}}
    refusal = {CONTENT_TYPE: {"schema": {"$ref": references[(Problem, "serialization")]}}}
    answers: dict[str, Any] = {str(operation.status): good}
    for status in _statuses(operation):
        answers[str(status)] = {"description": _WORDS.get(status, "Refused"), "content": refusal}
    return answers


_WORDS = {
    400: "The request could not be read.",
    401: "Not signed in.",
    403: "Not permitted.",
    404: "Not found.",
    409: "Conflicts with the present state.",
    410: "Gone.",
    413: "Too large.",
    415: "Unsupported content type.",
    422: "A field is wrong; it is named.",
    423: "Busy; see Retry-After.",
    429: "Too many requests; see Retry-After.",
    500: "Our fault.",
    503: "Temporarily unavailable; see Retry-After.",
}
