"""A desk to work at: a tenant, a template, a controller."""

from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def desk(control_plane: Any, client: LambdaClient, tenant: Any) -> Desk:
    return Desk.ready(control_plane, client, tenant)
