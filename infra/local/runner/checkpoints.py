"""How far each function has processed each table's stream, kept in the database itself.

One item per table: `stream` is `<account>/<region>/<table>`, `positions` maps function -> sequence number
of the last record it has processed. The emulator forgets the records that every function has processed, so
a function that is no longer registered must not stay in the map.
"""

from typing import Any

from infra.local.settings import ACCOUNT, CHECKPOINTS_TABLE, REGION


class Checkpoints:
    """All positions of one table's stream."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._key = {"stream": {"S": f"{ACCOUNT}/{REGION}/{table}"}}

    @staticmethod
    def create_table(dynamodb: Any) -> None:
        try:
            dynamodb.create_table(
                TableName=CHECKPOINTS_TABLE,
                KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        except dynamodb.exceptions.ResourceInUseException:
            return

    def register(self, functions: list[str]) -> None:
        """These read the stream, and no others. A new one begins at the oldest record there is."""
        known = self._read()
        positions = {name: {"N": str(known.get(name, 0))} for name in functions}
        self._dynamodb.put_item(
            TableName=CHECKPOINTS_TABLE, Item={**self._key, "positions": {"M": positions}}
        )

    def get(self, function: str) -> int:
        return self._read().get(function, 0)

    def set(self, function: str, sequence: int) -> None:
        self._dynamodb.update_item(
            TableName=CHECKPOINTS_TABLE,
            Key=self._key,
            UpdateExpression="SET positions.#f = :s",
            ConditionExpression="attribute_exists(positions.#f)",
            ExpressionAttributeNames={"#f": function},
            ExpressionAttributeValues={":s": {"N": str(sequence)}},
        )

    def _read(self) -> dict[str, int]:
        answer = self._dynamodb.get_item(TableName=CHECKPOINTS_TABLE, Key=self._key, ConsistentRead=True)
        positions = answer.get("Item", {}).get("positions", {}).get("M", {})
        return {name: int(value["N"]) for name, value in positions.items()}
