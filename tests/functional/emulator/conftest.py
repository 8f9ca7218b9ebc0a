"""An emulator of its own for each test module, and clients for it."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.local.emulator.child import Emulator
from infra.local.settings import REGION


def client(emulator: Emulator, service: str, **credentials: str) -> Any:
    known = {
        "aws_access_key_id": emulator.access_key,
        "aws_secret_access_key": emulator.secret_key,
        **credentials,
    }
    config = Config(retries={"max_attempts": 0}, max_pool_connections=40, read_timeout=25)
    return boto3.session.Session().client(
        service, endpoint_url=emulator.endpoint, region_name=REGION, config=config, **known
    )


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("journal")) as running:
        yield running


@pytest.fixture(scope="module")
def connect(emulator: Emulator) -> Callable[..., Any]:
    return lambda service, **credentials: client(emulator, service, **credentials)


@pytest.fixture
def connect_to() -> Callable[..., Any]:
    return client


@pytest.fixture(scope="module")
def dynamodb(connect: Callable[..., Any]) -> Any:
    return connect("dynamodb")


@pytest.fixture(scope="module")
def sqs(connect: Callable[..., Any]) -> Any:
    return connect("sqs")


def make_table(dynamodb: Any, name: str, *, stream: bool = False) -> None:
    extra: dict[str, Any] = {}
    if stream:
        extra["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    attributes = ("pk", "sk", "state")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in attributes],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "state", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        **extra,
    )


@pytest.fixture(scope="session")
def table_maker() -> Callable[..., None]:
    return make_table
