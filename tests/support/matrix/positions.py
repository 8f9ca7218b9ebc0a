"""Where a route takes ids: path parameters, and fields of bodies and queries that are named for them."""

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from chalicelib.core.api import Operation

KIND_OF = {
    "template_id": "template",
    "controller_id": "controller",
    "agent_id": "agent",
    "session_id": "session",
    "user_id": "user",
    "group_id": "group",
    "group_ids": "group",
    "charged_group_id": "group",
    "invitation_id": "invitation",
    "api_key_id": "api_key",
    "sign_in_id": "sign_in",
    "export_id": "export",
    "enrollment_token_id": "enrollment_token",
}
"""What an id field names. A field that is not here fails the matrix, so that it is thought about."""
PREFIX = {
    "template": "tpl",
    "controller": "ctl",
    "agent": "agt",
    "session": "ses",
    "user": "usr",
    "group": "grp",
    "invitation": "inv",
    "api_key": "key",
    "sign_in": "sgn",
    "export": "exp",
    "enrollment_token": "tok",
}


def in_path(operation: Operation) -> list[str]:
    return [name for name in operation.parameters if name.endswith("_id")]


def in_model(model: type[BaseModel] | None) -> list[tuple[str, ...]]:
    """Paths of the id fields in a body or query, nested ones included."""
    return list(_walk(model, ())) if model is not None else []


def _walk(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        if name.endswith(("_id", "_ids")):
            yield (*path, name)
        for nested in _models_in(info.annotation):
            yield from _walk(nested, (*path, name))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for each in typing.get_args(annotation) for found in _models_in(each)]


def placed(body: dict[str, Any], path: tuple[str, ...], value: str) -> dict[str, Any]:
    """A copy of `body` with the id at that path."""
    name, *rest = path
    if rest:
        return {**body, name: placed(dict(body.get(name) or {}), tuple(rest), value)}
    return {**body, name: [value] if name.endswith("_ids") else value}
