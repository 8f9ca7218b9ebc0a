"""Attack: a body says more than its form asks for (`"role": "owner"`), and it is taken over."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel

PASSWORD = "correct horse battery"
_GREEDY = {
    "role": "owner",
    "tenant_id": "ten-01kb0000000000000000000000",
    "id": "usr-01kb0000000000000000000000",
    "user_id": "usr-01kb0000000000000000000000",
    "scopes": ["tenant:delete"],
    "permissions": ["tenant:delete"],
    "kind": "service",
    "disabled": False,
    "group_ids": ["grp-01kb0000000000000000000000"],
    "groups": ["grp-01kb0000000000000000000000"],
    "password_hash": "x",
    "revision": 7,
    "plan": "enterprise",
    "state": "active",
    "is_admin": True,
}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Every model inside a type, nested ones included."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = [each for field in annotation.model_fields.values() for each in _models(field.annotation)]
        return [annotation, *inner]
    return [each for part in get_args(annotation) for each in _models(part)]


def _people_operations(control_plane: Any) -> list[Any]:
    """Agents' bodies ignore what they do not know, so that newer agents can talk to older control planes."""
    return [
        operation
        for api in control_plane.apis
        for operation in api.operations
        if not operation.path.startswith("/agent/")
    ]


def test_every_body_and_query_refuses_what_it_does_not_know(control_plane):
    looked_at = 0
    for operation in _people_operations(control_plane):
        for model in (*_models(operation.body), *_models(operation.query)):
            assert model.model_config.get("extra") == "forbid", f"{operation.path}: {model.__name__}"
            looked_at += 1
    assert looked_at > 20


@pytest.mark.parametrize("field", sorted(_GREEDY))
def test_nothing_can_be_slipped_into_ones_own_account(client, tenant, field):
    before = client("GET", "/v1/me", token=tenant.member).json
    for body in (
        {field: _GREEDY[field]},
        {"name": "Ada", field: _GREEDY[field]},
        {"preferences": {field: "x"}},
    ):
        answer = client("PATCH", "/v1/me", body, token=tenant.member)
        assert answer.status == 422
        assert field in answer.json["errors"][0]["field"]
    passwords = {"current_password": PASSWORD, "new_password": "another battery horse"}
    assert client("PUT", "/v1/me/password", {**passwords, field: "x"}, token=tenant.member).status == 422
    assert client("GET", "/v1/me", token=tenant.member).json == before


@pytest.mark.parametrize("field", sorted(_GREEDY))
def test_nor_into_signing_in_or_up(client, tenant, here, field):
    more = {field: _GREEDY[field]}
    for path, body in (
        ("/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD}),
        ("/v1/auth/sign-up", {"email": "a@b.example", "name": "A", "organisation": "B"}),
        ("/v1/auth/sign-up/confirm", {"token": "x", "password": PASSWORD}),
        ("/v1/auth/password-reset", {"email": tenant.member_email}),
        ("/v1/auth/password-reset/confirm", {"token": "x", "new_password": PASSWORD}),
    ):
        answer = client("POST", path, {**body, **more}, source_ip=here)
        assert answer.status == 422, path
        assert [each["field"] for each in answer.json["errors"]] == [field]
