"""What audit tests look at."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def desk(control_plane: Any, client: LambdaClient, tenant: Any) -> Desk:
    return Desk.ready(control_plane, client, tenant)


@pytest.fixture
def log(client: LambdaClient, tenant: Any) -> Callable[..., list[Any]]:
    """Entries of the tenant as its admin finds them, newest first; all pages of a search."""

    def find(limit: int = 200, **query: str) -> list[Any]:
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"limit": limit, **query, **cursor}
            answer = client("GET", "/v1/audit", token=tenant.admin, query=asked)
            assert answer.status == 200, answer.text
            found += answer.json["items"]
            if answer.json["next_cursor"] is None:
                return found
            cursor = {"cursor": answer.json["next_cursor"]}

    return find
