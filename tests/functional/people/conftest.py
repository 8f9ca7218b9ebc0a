"""People of a tenant, made and signed in as a test needs them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.lambda_client import LambdaClient

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Member:
    id: str
    email: str
    token: str


Hire = Callable[..., Member]


@pytest.fixture
def hire(control_plane: Any, client: LambdaClient, tenant: Any) -> Hire:
    """`hire("owner")`: somebody with that role in the tenant, signed in."""

    def make(role: str, *, of: Any = tenant) -> Member:
        from chalicelib.identity.service import Role

        email = f"{role}{next(_numbers)}@{of.slug}.example"
        person = control_plane.identity.create_user(of.id, email, role.title(), PASSWORD, Role(role))
        answer = client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer.text
        return Member(person.id, email, answer.json["access_token"])

    return make


@pytest.fixture
def group(client: LambdaClient, tenant: Any) -> Callable[..., str]:
    """`group("Lab", *user_ids)`: a group with those members; its id."""

    def make(name: str, *members: str) -> str:
        answer = client("POST", "/v1/groups", {"name": name}, token=tenant.admin)
        assert answer.status == 201, answer.text
        group_id: str = answer.json["id"]
        for each in members:
            path = f"/v1/groups/{group_id}/members/{each}"
            assert client("PUT", path, token=tenant.admin).status == 204
        return group_id

    return make
