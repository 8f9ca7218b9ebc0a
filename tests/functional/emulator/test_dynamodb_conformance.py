"""What the stores rely on of DynamoDB, checked against the pinned emulator: a breaking bump is seen."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

CONTENDERS = 16


@pytest.fixture(scope="module", autouse=True)
def _tables(dynamodb: Any, table_maker: Callable[..., None]) -> None:
    table_maker(dynamodb, "things", stream=True)
    table_maker(dynamodb, "others")


@pytest.fixture
def pk() -> str:
    return uuid.uuid4().hex


def key(pk: str, sk: str = "a") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def refusal(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_conditional_put_happens_once(dynamodb: Any, pk: str) -> None:
    put = {"TableName": "things", "Item": key(pk), "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.put_item(**put)
    with pytest.raises(ClientError) as error:
        dynamodb.put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refusal(error) == "ConditionalCheckFailedException"
    assert error.value.response["Item"] == key(pk)  # type: ignore[typeddict-item]


def test_a_conditional_update_makes_no_row(dynamodb: Any, pk: str) -> None:
    with pytest.raises(ClientError) as error:
        dynamodb.update_item(
            TableName="things",
            Key=key(pk),
            UpdateExpression="SET v = :v",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":v": {"S": "x"}},
        )
    assert refusal(error) == "ConditionalCheckFailedException"
    assert "Item" not in dynamodb.get_item(TableName="things", Key=key(pk))


def test_a_conditional_delete_needs_its_condition(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName="things", Item={**key(pk), "v": {"N": "1"}})
    with pytest.raises(ClientError) as error:
        dynamodb.delete_item(
            TableName="things",
            Key=key(pk),
            ConditionExpression="v = :v",
            ExpressionAttributeValues={":v": {"N": "2"}},
        )
    assert refusal(error) == "ConditionalCheckFailedException"
    dynamodb.delete_item(TableName="things", Key=key(pk))
    dynamodb.delete_item(TableName="things", Key=key(pk))


def test_update_sets_adds_removes_and_returns(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName="things", Item={**key(pk), "old": {"S": "x"}, "n": {"N": "5"}})
    answer = dynamodb.update_item(
        TableName="things",
        Key=key(pk),
        UpdateExpression="SET #s = if_not_exists(#s, :s) REMOVE #o ADD n :two",
        ExpressionAttributeNames={"#s": "state", "#o": "old"},
        ExpressionAttributeValues={":s": {"S": "new"}, ":two": {"N": "2"}},
        ReturnValues="ALL_NEW",
    )
    assert answer["Attributes"] == {**key(pk), "state": {"S": "new"}, "n": {"N": "7"}}


def test_a_refused_transaction_changes_nothing_and_says_which_part(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName="things", Item=key(pk))
    with pytest.raises(ClientError) as error:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "others", "Item": key(pk, "b")}},
                {
                    "Put": {
                        "TableName": "things",
                        "Item": key(pk),
                        "ConditionExpression": "attribute_not_exists(pk)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
                {"Delete": {"TableName": "others", "Key": key(pk, "c")}},
            ]
        )
    assert refusal(error) == "TransactionCanceledException"
    reasons = error.value.response["CancellationReasons"]  # type: ignore[typeddict-item]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "None"]
    assert reasons[1]["Item"] == key(pk)
    assert "Item" not in dynamodb.get_item(TableName="others", Key=key(pk, "b"))


def test_a_transaction_of_every_kind_is_applied_whole(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName="things", Item=key(pk))
    dynamodb.put_item(TableName="things", Item=key(pk, "gone"))
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "others", "Item": key(pk)}},
            {"Delete": {"TableName": "things", "Key": key(pk, "gone")}},
            {
                "Update": {
                    "TableName": "things",
                    "Key": key(pk, "n"),
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {
                "ConditionCheck": {
                    "TableName": "things",
                    "Key": key(pk),
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
        ]
    )
    found = dynamodb.query(
        TableName="things", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": pk}}
    )["Items"]
    assert found == [key(pk), {**key(pk, "n"), "n": {"N": "1"}}]


def test_a_client_token_makes_a_transaction_idempotent(dynamodb: Any, pk: str) -> None:
    def add(amount: str) -> None:
        update = {
            "TableName": "things",
            "Key": key(pk),
            "UpdateExpression": "ADD n :a",
            "ExpressionAttributeValues": {":a": {"N": amount}},
        }
        dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken=pk)

    add("1")
    add("1")
    assert dynamodb.get_item(TableName="things", Key=key(pk))["Item"]["n"] == {"N": "1"}
    with pytest.raises(ClientError) as error:
        add("2")
    assert refusal(error) == "IdempotentParameterMismatchException"


def test_no_update_is_lost_under_contention(dynamodb: Any, pk: str) -> None:
    dynamodb.put_item(TableName="things", Item={**key(pk), "version": {"N": "0"}, "n": {"N": "0"}})
    rounds = 10

    def contend(number: int) -> None:
        done = 0
        while done < rounds:
            version = dynamodb.get_item(TableName="things", Key=key(pk), ConsistentRead=True)["Item"][
                "version"
            ]
            try:
                dynamodb.transact_write_items(
                    TransactItems=[
                        {
                            "Update": {
                                "TableName": "things",
                                "Key": key(pk),
                                "UpdateExpression": "SET version = :new ADD n :one",
                                "ConditionExpression": "version = :old",
                                "ExpressionAttributeValues": {
                                    ":new": {"N": str(int(version["N"]) + 1)},
                                    ":old": version,
                                    ":one": {"N": "1"},
                                },
                            }
                        },
                        {"Put": {"TableName": "others", "Item": key(pk, f"{number}-{done}")}},
                    ]
                )
                done += 1
            except dynamodb.exceptions.TransactionCanceledException:
                continue

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(CONTENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    item = dynamodb.get_item(TableName="things", Key=key(pk))["Item"]
    assert item["n"] == item["version"] == {"N": str(CONTENDERS * rounds)}


def test_an_index_follows_its_rows_and_pages(dynamodb: Any, pk: str) -> None:
    for number in range(7):
        dynamodb.put_item(TableName="things", Item={**key(pk, str(number)), "state": {"S": "open"}})
    dynamodb.put_item(TableName="things", Item=key(pk, "sparse"))
    dynamodb.put_item(TableName="things", Item={**key(pk, "3"), "state": {"S": "closed"}})
    request: dict[str, Any] = {
        "TableName": "things",
        "IndexName": "by-state",
        "KeyConditionExpression": "pk = :p AND #s = :s",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":p": {"S": pk}, ":s": {"S": "open"}},
        "Limit": 4,
    }
    first = dynamodb.query(**request)
    second = dynamodb.query(**request, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert (
        "LastEvaluatedKey" not in second
        or not dynamodb.query(**request, ExclusiveStartKey=second["LastEvaluatedKey"])["Items"]
    )
    assert [item["sk"]["S"] for item in first["Items"] + second["Items"]] == ["0", "1", "2", "4", "5", "6"]
    assert set(first["Items"][0]) == {"pk", "sk", "state"}


def test_queries_go_backwards_between_and_by_prefix(dynamodb: Any, pk: str) -> None:
    for sk in ("a#1", "a#2", "b#1", "b#2"):
        dynamodb.put_item(TableName="things", Item=key(pk, sk))

    def query(condition: str, **values: str) -> list[str]:
        answer = dynamodb.query(
            TableName="things",
            KeyConditionExpression=f"pk = :p AND {condition}",
            ExpressionAttributeValues={":p": {"S": pk}, **{f":{k}": {"S": v} for k, v in values.items()}},
            ScanIndexForward=False,
        )
        return [item["sk"]["S"] for item in answer["Items"]]

    assert query("begins_with(sk, :x)", x="a#") == ["a#2", "a#1"]
    assert query("sk BETWEEN :x AND :y", x="a#2", y="b#1") == ["b#1", "a#2"]
    assert query("sk > :x", x="b#1") == ["b#2"]


def test_an_expired_row_is_still_read_until_it_is_swept(dynamodb: Any, pk: str) -> None:
    dynamodb.update_time_to_live(
        TableName="others", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    row = {**key(pk), "expires": {"N": str(int(time.time()) - 10)}}
    dynamodb.put_item(TableName="others", Item=row)
    assert dynamodb.get_item(TableName="others", Key=key(pk))["Item"] == row


def test_batches_read_and_write(dynamodb: Any, pk: str) -> None:
    puts = [{"PutRequest": {"Item": key(pk, str(number))}} for number in range(25)]
    assert dynamodb.batch_write_item(RequestItems={"things": puts})["UnprocessedItems"] == {}
    keys = [key(pk, str(number)) for number in range(25)]
    answer = dynamodb.batch_get_item(RequestItems={"things": {"Keys": keys}})
    assert len(answer["Responses"]["things"]) == 25


def test_capacity_is_reported(dynamodb: Any, pk: str) -> None:
    def units(call: Callable[..., Any], **request: Any) -> float:
        consumed = call(**request, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
        entries = consumed if isinstance(consumed, list) else [consumed]
        return float(sum(entry["CapacityUnits"] for entry in entries))

    item = {**key(pk), "text": {"S": "x" * 1500}}
    assert units(dynamodb.put_item, TableName="things", Item=item) == 2
    assert units(dynamodb.put_item, TableName="things", Item={**item, "state": {"S": "s"}}) == 3
    assert units(dynamodb.get_item, TableName="things", Key=key(pk), ConsistentRead=True) == 1
    assert units(dynamodb.get_item, TableName="things", Key=key(pk)) == 0.5
    put = {"Put": {"TableName": "others", "Item": item}}
    assert units(dynamodb.transact_write_items, TransactItems=[put]) == 4


def test_streams_deliver_each_change_in_order(dynamodb: Any, connect: Callable[..., Any], pk: str) -> None:
    streams = connect("dynamodbstreams")
    arn = dynamodb.describe_table(TableName="things")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")
    dynamodb.put_item(TableName="things", Item=key(pk))
    dynamodb.put_item(TableName="things", Item=key(pk))  # no change, no record
    dynamodb.put_item(TableName="things", Item={**key(pk), "v": {"S": "2"}})
    dynamodb.delete_item(TableName="things", Key=key(pk))
    records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"] == key(pk)
    assert records[1]["dynamodb"]["NewImage"] == {**key(pk), "v": {"S": "2"}}
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(numbers)


def test_what_is_not_journaled_is_not_served(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as error:
        dynamodb.execute_statement(Statement="DELETE FROM \"things\" WHERE pk = 'a' AND sk = 'b'")
    assert refusal(error) == "UnknownOperationException"
