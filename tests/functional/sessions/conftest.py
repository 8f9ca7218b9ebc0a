"""A desk to work at: a tenant, a template, a controller."""

from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def desk(control_plane: Any, client: LambdaClient, tenant: Any) -> Desk:
    return Desk.ready(control_plane, client, tenant)


@pytest.fixture
def bare(control_plane: Any, client: LambdaClient, tenant: Any) -> Desk:
    """Without a controller that anybody has heard of: its agent exists but belongs to no session."""
    desk = Desk(control_plane, client, tenant, None)  # type: ignore[arg-type]
    desk.template_id = desk.template()
    return desk
