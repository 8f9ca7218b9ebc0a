"""The tables as the models define them: for CreateTable calls here and for the deployment's template."""

import importlib
import pkgutil
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pynamodb.models import Model

import chalicelib

TTL_ATTRIBUTE = "ttl"


def models() -> list[type[Model]]:
    """Every PynamoDB model of every capability, by table name."""
    found: dict[str, type[Model]] = {}
    for package in pkgutil.iter_modules(chalicelib.__path__):
        for module in pkgutil.iter_modules([f"{chalicelib.__path__[0]}/{package.name}"]):
            if module.name.endswith("models"):
                loaded = importlib.import_module(f"chalicelib.{package.name}.{module.name}")
                for each in vars(loaded).values():
                    if isinstance(each, type) and issubclass(each, Model) and hasattr(each, "Meta"):
                        name = getattr(each.Meta, "table_name", None)
                        if isinstance(name, str):
                            found[name] = each
    return [found[name] for name in sorted(found)]


def definition(model: type[Model]) -> dict[str, Any]:
    """A CreateTable request for the model: keys, indexes, on-demand billing, stream."""
    schema = model._get_schema()
    meta = model.Meta
    request: dict[str, Any] = {
        "TableName": meta.table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": sorted(schema["key_schema"], key=lambda key: key["KeyType"]),
        "AttributeDefinitions": schema["attribute_definitions"],
    }
    if schema["global_secondary_indexes"]:
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index["index_name"],
                "KeySchema": sorted(index["key_schema"], key=lambda key: key["KeyType"]),
                "Projection": index["projection"],
            }
            for index in schema["global_secondary_indexes"]
        ]
    view = getattr(meta, "stream_view_type", None)
    if view:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    return request


def expires(model: type[Model]) -> bool:
    """Whether its rows carry a time to live (seconds since 1970, in `ttl`)."""
    return TTL_ATTRIBUTE in model.get_attributes()


def create_all() -> list[str]:
    """Create what is missing; the names of what was created."""
    client = boto3.client("dynamodb")
    created = []
    for model in models():
        request = definition(model)
        try:
            client.create_table(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceInUseException":
                _add_indexes(client, request)
                continue
            raise
        if expires(model):
            client.update_time_to_live(
                TableName=request["TableName"],
                TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE},
            )
        created.append(str(request["TableName"]))
    return created


def _add_indexes(client: Any, request: dict[str, Any]) -> None:
    """To a table that an older version made. DynamoDB adds one index at a time and fills it."""
    known = client.describe_table(TableName=request["TableName"])["Table"].get("GlobalSecondaryIndexes", [])
    names = {index["IndexName"] for index in known}
    for index in request.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in names:
            client.update_table(
                TableName=request["TableName"],
                AttributeDefinitions=request["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )
