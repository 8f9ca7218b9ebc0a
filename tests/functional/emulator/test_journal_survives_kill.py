"""Whatever was acknowledged before `kill -9` is there after the restart: writes, transactions, definitions,
temporary credentials, idempotency tokens and stream records."""

import random
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.emulator.child import Emulator
from infra.local.settings import CHECKPOINTS_TABLE

THREADS, ROUNDS = 6, 3


class Writers:
    """Threads that write until the emulator dies, and remember what was acknowledged."""

    def __init__(self, dynamodb: Any, round_number: int) -> None:
        self.items: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.added = self.attempted = 0
        self.tokens: list[tuple[str, list[dict[str, Any]]]] = []
        self._dynamodb = dynamodb
        self._round = round_number
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(THREADS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        """Until so many items are acknowledged."""
        deadline = time.monotonic() + 60
        while len(self.items) < count:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _write(self, thread: int) -> None:
        for number in range(100_000):
            key = f"{self._round}-{thread}-{number}"
            try:
                self._one(key, number)
            except (BotoCoreError, ClientError, OSError):
                return

    def _one(self, key: str, number: int) -> None:
        if number % 3:
            self._dynamodb.put_item(TableName="kept", Item=_item(key))
            with self._lock:
                self.items[key] = "x"
        else:
            self.attempted += 1
            operations: list[dict[str, Any]] = [
                {
                    "Put": {
                        "TableName": "kept",
                        "Item": _item(key),
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                },
                {"Put": {"TableName": "other", "Item": _item(key)}},
                _add_one(),
            ]
            self._dynamodb.transact_write_items(TransactItems=operations, ClientRequestToken=key)
            with self._lock:
                self.items[key] = "x"
                self.added += 1
                self.tokens.append((key, operations))
        if number % 10 == 9:
            gone = f"{key[: key.rindex('-')]}-{number - 1}"
            self._dynamodb.delete_item(TableName="kept", Key=_key(gone))
            with self._lock:
                self.items.pop(gone, None)
                self.deleted.add(gone)


def _key(key: str) -> dict[str, Any]:
    return {"pk": {"S": "k"}, "sk": {"S": key}}


def _item(key: str) -> dict[str, Any]:
    return {**_key(key), "state": {"S": "new"}, "text": {"S": "x" * 300}}


def _add_one() -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "other",
            "Key": _key("counter"),
            "UpdateExpression": "ADD amount :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def _all(dynamodb: Any, table: str) -> dict[str, Any]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :k",
        ExpressionAttributeValues={":k": {"S": "k"}},
        ConsistentRead=True,
    )
    return {item["sk"]["S"]: item for page in pages for item in page["Items"]}


@pytest.mark.feature("Killing the local database at any moment loses no acknowledged write")
def test_acknowledged_writes_survive_kill_at_random(
    tmp_path: Path, connect_to: Callable[..., Any], table_maker: Callable[..., None]
) -> None:
    # So small that compactions are under way at most kills.
    emulator = Emulator(tmp_path, compact_bytes=100_000)
    emulator.start()
    table_maker(connect_to(emulator, "dynamodb"), "kept", stream=True)
    table_maker(connect_to(emulator, "dynamodb"), "other")
    expected: dict[str, str] = {}
    deleted: set[str] = set()
    added = attempted = 0
    for round_number in range(ROUNDS):
        writers = Writers(connect_to(emulator, "dynamodb"), round_number)
        writers.start()
        writers.wait_for(random.randint(200, 400))
        emulator.kill()
        writers.join()
        emulator.start()
        expected |= writers.items
        deleted |= writers.deleted
        added += writers.added
        attempted += writers.attempted
        dynamodb = connect_to(emulator, "dynamodb")
        kept = _all(dynamodb, "kept")
        assert expected.keys() <= kept.keys()
        assert not deleted & kept.keys()
        # A repeated transaction that was acknowledged before the kill is recognised and applied once.
        token, operations = writers.tokens[-1]
        before = _all(dynamodb, "other")["counter"]
        dynamodb.transact_write_items(TransactItems=operations, ClientRequestToken=token)
        assert _all(dynamodb, "other")["counter"] == before
        assert added <= int(before["amount"]["N"]) <= attempted
    assert len(expected) > 500
    assert list(tmp_path.glob("*.snapshot")), "no compaction took place: the test proves too little"
    other = _all(dynamodb, "other")
    # Transactions are whole: what one table has of them, the other has, too.
    assert {key for key in other if key != "counter"} - deleted <= _all(dynamodb, "kept").keys()
    emulator.stop()


def test_a_torn_last_line_is_cut_off_and_other_damage_refused(
    tmp_path: Path, connect_to: Callable[..., Any], table_maker: Callable[..., None]
) -> None:
    emulator = Emulator(tmp_path)
    emulator.start()
    dynamodb = connect_to(emulator, "dynamodb")
    table_maker(dynamodb, "kept")
    dynamodb.put_item(TableName="kept", Item=_item("one"))
    emulator.kill()
    newest = max(tmp_path.glob("*.log"))
    with newest.open("ab") as file:
        file.write(b'01234567 {"writes":[["0000')
    emulator.start()
    assert _all(dynamodb, "kept").keys() == {"one"}
    dynamodb.put_item(TableName="kept", Item=_item("two"))
    emulator.kill()
    damaged = newest.read_bytes()
    newest.write_bytes(damaged[:20] + b"!" + damaged[21:])
    with pytest.raises(RuntimeError, match="did not start"):
        emulator.start()
    newest.write_bytes(damaged)
    emulator.start()
    assert _all(dynamodb, "kept").keys() == {"one", "two"}
    emulator.stop()


def test_a_full_disk_acknowledges_nothing_that_is_lost(
    tmp_path: Path, connect_to: Callable[..., Any], table_maker: Callable[..., None]
) -> None:
    emulator = Emulator(tmp_path)
    emulator.start()
    dynamodb = connect_to(emulator, "dynamodb")
    table_maker(dynamodb, "kept")
    assert emulator.process is not None
    resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (50_000, 50_000))
    acknowledged = set()

    def fill() -> None:
        for number in range(1000):
            dynamodb.put_item(TableName="kept", Item=_item(str(number)))
            acknowledged.add(str(number))

    with pytest.raises((ClientError, BotoCoreError)):
        fill()
    assert emulator.process.wait(10) == 1
    emulator.start()
    assert len(acknowledged) > 20
    assert _all(dynamodb, "kept").keys() == acknowledged
    dynamodb.put_item(TableName="kept", Item=_item("later"))
    emulator.stop()


def test_definitions_credentials_and_stream_survive(
    tmp_path: Path, connect_to: Callable[..., Any], table_maker: Callable[..., None]
) -> None:
    with Emulator(tmp_path, compact_bytes=2_000, unrecorded=("nonces",)) as emulator:
        dynamodb, sqs = connect_to(emulator, "dynamodb"), connect_to(emulator, "sqs")
        table_maker(dynamodb, "kept", stream=True)
        table_maker(dynamodb, "nonces")
        dynamodb.update_time_to_live(
            TableName="kept", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )
        arn = dynamodb.describe_table(TableName="kept")["Table"]["LatestStreamArn"]
        queue = sqs.create_queue(QueueName="ctl-1", Attributes={"VisibilityTimeout": "7"})["QueueUrl"]
        role = "arn:aws:iam::000000000000:role/streamspace-agent"
        answer = connect_to(emulator, "sts").assume_role(RoleArn=role, RoleSessionName="agent")
        given = answer["Credentials"]
        dynamodb.put_item(TableName="nonces", Item=_item("n"))
        for number in range(20):
            dynamodb.put_item(TableName="kept", Item=_item(str(number)))
        streams = connect_to(emulator, "dynamodbstreams")
        first = _read(streams, arn, "TRIM_HORIZON")
        middle = first[9]["dynamodb"]["SequenceNumber"]
        _checkpoint(dynamodb, middle)
        time.sleep(2.2)  # a compaction began and was finished
        emulator.kill()
        emulator.start()
        assert dynamodb.describe_table(TableName="kept")["Table"]["LatestStreamArn"] == arn
        ttl = dynamodb.describe_time_to_live(TableName="kept")["TimeToLiveDescription"]
        assert ttl["AttributeName"] == "expires"
        assert (
            sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"][
                "VisibilityTimeout"
            ]
            == "7"
        )
        assert _all(dynamodb, "nonces") == {}
        agent = connect_to(
            emulator,
            "sqs",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        assert "Messages" not in agent.receive_message(QueueUrl=queue)
        dynamodb.put_item(TableName="kept", Item=_item("after"))
        # What was processed is forgotten but for the checkpoint itself; all later records are delivered.
        later = _read(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=middle)
        keys = [record["dynamodb"]["Keys"]["sk"]["S"] for record in later]
        assert keys == [str(number) for number in range(10, 20)] + ["after"]
        assert _read(streams, arn, "TRIM_HORIZON")[1:] == later


def _read(streams: Any, arn: str, kind: str, **position: str) -> list[dict[str, Any]]:
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **position)[
        "ShardIterator"
    ]
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    return records


def _checkpoint(dynamodb: Any, sequence: str) -> None:
    dynamodb.create_table(
        TableName=CHECKPOINTS_TABLE,
        KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(
        TableName=CHECKPOINTS_TABLE,
        Item={
            "stream": {"S": "000000000000/us-east-1/kept"},
            "positions": {"M": {"handler": {"N": str(int(sequence))}}},
        },
    )
