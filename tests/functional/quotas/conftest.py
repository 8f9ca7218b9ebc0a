"""A desk to work at, whose member is charged to a group."""

from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def desk(control_plane: Any, client: LambdaClient, tenant: Any) -> Desk:
    return Desk.ready(control_plane, client, tenant)


@pytest.fixture
def group_id(desk: Desk) -> str:
    return desk.charge("Design")
