"""A store that an older version made gets the indexes that it lacks."""

from typing import Any

import boto3
import pytest

from chalicelib.controllers.agent_models import TokenRow
from infra import tables


@pytest.mark.usefixtures("control_plane")
def test_a_missing_index_is_added(monkeypatch: Any) -> None:
    client = boto3.client("dynamodb")
    monkeypatch.setattr(TokenRow.Meta, "table_name", "older-tokens")
    monkeypatch.setattr(tables, "models", lambda: [TokenRow])
    wanted = tables.definition(TokenRow)
    names = {"token_hash"}
    client.create_table(
        TableName=wanted["TableName"],
        BillingMode="PAY_PER_REQUEST",
        KeySchema=wanted["KeySchema"],
        AttributeDefinitions=[
            each for each in wanted["AttributeDefinitions"] if each["AttributeName"] in names
        ],
    )
    row = {"token_hash": {"S": "h"}, "tenant_id": {"S": "ten-1"}}
    client.put_item(TableName="older-tokens", Item=row)
    try:
        assert tables.create_all() == []
        assert tables.create_all() == [], "and once only"
        found = client.query(
            TableName="older-tokens",
            IndexName="by-tenant",
            KeyConditionExpression="tenant_id = :t",
            ExpressionAttributeValues={":t": {"S": "ten-1"}},
        )
        assert found["Items"] == [row]
    finally:
        client.delete_table(TableName="older-tokens")
