"""Requests as they go over the wire: what DynamoDB's expressions mean, on the emulator and in memory.

Beyond what the stores use today, so that a condition somebody writes tomorrow means the same in both.
"""

from typing import Any

import pytest
from pynamodb.exceptions import PynamoDBException, VerboseClientError

from chalicelib.core.dynamo import new_connection, table

pytestmark = pytest.mark.usefixtures("storage")
TABLE = table("sessions")
Item = dict[str, Any]


def call(operation: str, **arguments: Any) -> Any:
    return new_connection().dispatch(operation, arguments)


def key(tenant_id: str, name: str = "row") -> Item:
    return {"tenant_id": {"S": tenant_id}, "session_id": {"S": name}}


def put(tenant_id: str, name: str = "row", **attributes: Any) -> Item:
    item = {**key(tenant_id, name), **attributes}
    call("PutItem", TableName=TABLE, Item=item)
    return item


def get(tenant_id: str, name: str = "row", **more: Any) -> Item | None:
    found: Item | None = call(
        "GetItem", TableName=TABLE, Key=key(tenant_id, name), ConsistentRead=True, **more
    ).get("Item")
    return found


def code_of(error: Exception) -> str:
    assert isinstance(error, VerboseClientError), error
    return str(error.response["Error"]["Code"])


ROW: Item = {
    "text": {"S": "hello"},
    "ten": {"N": "10"},
    "big": {"N": "123456789012345678901234567890"},
    "half": {"N": "0.5"},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "raw": {"B": b"\x00\xff"},
    "list": {"L": [{"S": "a"}, {"N": "1"}, {"M": {"deep": {"S": "x"}}}]},
    "map": {"M": {"a": {"N": "1"}, "b": {"L": [{"S": "c"}]}}},
    "words": {"SS": ["x", "y"]},
    "numbers": {"NS": ["1", "2"]},
}
VALUES: Item = {
    ":hello": {"S": "hello"},
    ":hel": {"S": "hel"},
    ":nine": {"N": "9"},
    ":ten": {"N": "10"},
    ":ten_": {"N": "1E1"},
    ":ten_text": {"S": "10"},
    ":twenty": {"N": "20"},
    ":five": {"N": "5"},
    ":one": {"N": "1"},
    ":big": {"N": "123456789012345678901234567891"},
    ":false": {"BOOL": False},
    ":x": {"S": "x"},
    ":a": {"S": "a"},
    ":map": {"M": {"b": {"L": [{"S": "c"}]}, "a": {"N": "1"}}},
    ":words": {"SS": ["y", "x"]},
    ":S": {"S": "S"},
    ":raw": {"B": b"\x00"},
}
HOLD = [
    "ten = :ten", "ten > :nine", "ten >= :ten", "ten <> :nine", "ten BETWEEN :nine AND :twenty",
    "ten IN (:five, :ten)", "half < :one", "big < :big", "NOT ten < :nine", "ten <> :ten_text",
    "absent <> :ten", "attribute_exists(ten)", "attribute_not_exists(absent)", "attribute_exists(map.a)",
    "attribute_exists(#list[2].deep)", "attribute_not_exists(#list[9])", "attribute_not_exists(ten.a)",
    "begins_with(#text, :hel)", "begins_with(#raw, :raw)", "contains(#text, :hel)", "contains(words, :x)",
    "contains(numbers, :one)", "contains(#list, :a)", "size(#text) = :five", "size(words) < :five",
    "size(#raw) < :five", "size(#map) > :one", "#map = :map", "words = :words", "#no = :false",
    "attribute_type(#text, :S)", "ten = :ten OR absent = :ten AND #no <> :false",
    "(absent = :ten OR ten = :ten) AND #text = :hello", "NOT (absent = :ten)", "map.a = :one",
    "#list[0] = :a", "ten = :ten_", "half <= ten", "NOT contains(#text, :twenty)",
]  # fmt: skip
FAIL = [
    "ten < :nine", "ten = :ten_text", "ten > :hel", "absent = :ten", "absent > :nine", "absent < :nine",
    "absent BETWEEN :nine AND :twenty", "absent IN (:ten)", "NOT absent <> :ten", "#text > :ten",
    "attribute_exists(absent)", "attribute_exists(map.c)", "begins_with(absent, :hel)",
    "contains(ten, :one)", "contains(#list, :hel)", "size(absent) = :five",
    "(absent = :ten OR ten = :ten) AND #text = :hel", "ten BETWEEN :five AND :nine", "ten = absent",
]  # fmt: skip
NAMES = {"#text": "text", "#list": "list", "#map": "map", "#no": "no", "#raw": "raw"}


def used(text: str, among: Item) -> Item:
    """DynamoDB refuses placeholders that an expression does not use."""
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").replace("[", " ").replace(".", " ")
    return {name: value for name, value in among.items() if name in words.split()}


def holds(tenant_id: str, text: str) -> bool:
    more: Any = {"ExpressionAttributeNames": names} if (names := used(text, NAMES)) else {}
    more |= {"ExpressionAttributeValues": values} if (values := used(text, VALUES)) else {}
    text = text.replace("map.", "#map.") if "#map" not in text else text
    if "#map." in text:
        more["ExpressionAttributeNames"] = {**more.get("ExpressionAttributeNames", {}), "#map": "map"}
    try:
        call("DeleteItem", TableName=TABLE, Key=key(tenant_id), ConditionExpression=text, **more)
    except VerboseClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


@pytest.mark.parametrize("text", HOLD)
def test_conditions_that_hold(tenant_id: str, text: str) -> None:
    put(tenant_id, **ROW)
    assert holds(tenant_id, text)
    assert get(tenant_id) is None


@pytest.mark.parametrize("text", FAIL)
def test_conditions_that_do_not(tenant_id: str, text: str) -> None:
    item = put(tenant_id, **ROW)
    assert not holds(tenant_id, text)
    assert get(tenant_id) == item


@pytest.mark.parametrize(
    ("update", "values", "changed"),
    [
        ("SET ten = ten + :n", {":n": {"N": "5"}}, {"ten": {"N": "15"}}),
        ("SET ten = ten - :n", {":n": {"N": "0.25"}}, {"ten": {"N": "9.75"}}),
        ("SET fresh = if_not_exists(fresh, :n) + :n", {":n": {"N": "2"}}, {"fresh": {"N": "4"}}),
        ("SET ten = if_not_exists(ten, :n)", {":n": {"N": "2"}}, {}),
        ("SET half = ten, ten = half", {}, {"half": {"N": "10"}, "ten": {"N": "0.5"}}),
        ("REMOVE ten, absent", {}, {"ten": None}),
        ("ADD ten :n, fresh :n", {":n": {"N": "-3"}}, {"ten": {"N": "7"}, "fresh": {"N": "-3"}}),
        ("ADD words :w", {":w": {"SS": ["z", "x"]}}, {"words": {"SS": ["x", "y", "z"]}}),
        ("DELETE words :w", {":w": {"SS": ["x", "q"]}}, {"words": {"SS": ["y"]}}),
        ("DELETE words :w", {":w": {"SS": ["x", "y"]}}, {"words": None}),
        ("SET #map.a = :n", {":n": {"N": "9"}}, {"map": {"M": {"a": {"N": "9"}, "b": {"L": [{"S": "c"}]}}}}),
        ("REMOVE #map.b", {}, {"map": {"M": {"a": {"N": "1"}}}}),
        (
            "SET #map.b[5] = :n",
            {":n": {"N": "1"}},
            {"map": {"M": {"a": {"N": "1"}, "b": {"L": [{"S": "c"}, {"N": "1"}]}}}},
        ),
        ("REMOVE #list[1]", {}, {"list": {"L": [{"S": "a"}, {"M": {"deep": {"S": "x"}}}]}}),
        (
            "SET fresh = list_append(#map.b, :l)",
            {":l": {"L": [{"N": "1"}]}},
            {"fresh": {"L": [{"S": "c"}, {"N": "1"}]}},
        ),
        (
            "SET fresh = :n REMOVE half ADD ten :n",
            {":n": {"N": "1"}},
            {"fresh": {"N": "1"}, "half": None, "ten": {"N": "11"}},
        ),
    ],
)  # fmt: skip
def test_updates(tenant_id: str, update: str, values: Item, changed: Item) -> None:
    before = put(tenant_id, **ROW)
    more: Any = {"ExpressionAttributeValues": values} if values else {}
    names = {each: name for each, name in NAMES.items() if each in update}
    if names:
        more["ExpressionAttributeNames"] = names
    answer = call(
        "UpdateItem",
        TableName=TABLE,
        Key=key(tenant_id),
        UpdateExpression=update,
        ReturnValues="ALL_NEW",
        **more,
    )
    wanted = {name: value for name, value in {**before, **changed}.items() if value is not None}
    for found in (get(tenant_id), answer["Attributes"]):
        assert found is not None
        for item in (found, wanted):
            for each in item.values():
                if "SS" in each:
                    each["SS"] = sorted(each["SS"])
        assert found == wanted


@pytest.mark.parametrize(
    ("update", "values"),
    [
        ("SET ten = absent", {}),
        ("SET ten = absent + :n", {":n": {"N": "1"}}),
        ("SET absent.a = :n", {":n": {"N": "1"}}),
        ("ADD ten :n", {":n": {"SS": ["a"]}}),
    ],
)
def test_updates_that_make_no_sense(tenant_id: str, update: str, values: Item) -> None:
    item = put(tenant_id, **ROW)
    more: Any = {"ExpressionAttributeValues": values} if values else {}
    with pytest.raises(VerboseClientError) as refused:
        call("UpdateItem", TableName=TABLE, Key=key(tenant_id), UpdateExpression=update, **more)
    assert code_of(refused.value) == "ValidationException"
    assert get(tenant_id) == item


def query(tenant_id: str, condition: str, **more: Any) -> Any:
    values = {":t": {"S": tenant_id}, **more.pop("ExpressionAttributeValues", {})}
    return call(
        "Query",
        TableName=TABLE,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        ConsistentRead=True,
        **more,
    )


def ids(answer: Any) -> str:
    return "".join(each["session_id"]["S"] for each in answer["Items"])


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("tenant_id = :t", {}, "abcde"),
        ("tenant_id = :t AND session_id > :a", {":a": "b"}, "cde"),
        ("tenant_id = :t AND session_id >= :a", {":a": "b"}, "bcde"),
        ("tenant_id = :t AND session_id < :a", {":a": "c"}, "ab"),
        ("tenant_id = :t AND session_id <= :a", {":a": "bb"}, "ab"),
        ("tenant_id = :t AND session_id = :a", {":a": "c"}, "c"),
        ("tenant_id = :t AND session_id BETWEEN :a AND :b", {":a": "b", ":b": "dd"}, "bcd"),
        ("tenant_id = :t AND begins_with(session_id, :a)", {":a": "d"}, "d"),
        ("tenant_id = :t AND session_id = :a", {":a": "x"}, ""),
    ],
)
def test_slices_of_a_partition(tenant_id: str, condition: str, values: dict[str, str], found: str) -> None:
    for name in "dbeac":
        put(tenant_id, name)
    given = {name: {"S": value} for name, value in values.items()}
    assert ids(query(tenant_id, condition, ExpressionAttributeValues=given)) == found
    backwards = query(tenant_id, condition, ExpressionAttributeValues=given, ScanIndexForward=False)
    assert ids(backwards) == found[::-1]


@pytest.mark.parametrize("forward", [True, False])
def test_filters_come_after_limits(tenant_id: str, forward: bool) -> None:
    for number, name in enumerate("abcdef"):
        put(tenant_id, name, state={"S": "even" if number % 2 == 0 else "odd"})
    seen, after, rounds = "", None, 0
    while rounds == 0 or after:
        more: Item = {"ExclusiveStartKey": after} if after else {}
        answer = query(
            tenant_id,
            "tenant_id = :t",
            FilterExpression="#s = :s",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":s": {"S": "odd"}},
            Limit=4,
            ScanIndexForward=forward,
            **more,
        )
        assert answer["ScannedCount"] <= 4
        assert answer["Count"] == len(answer["Items"])
        seen, after, rounds = seen + ids(answer), answer.get("LastEvaluatedKey"), rounds + 1
    assert seen == ("bdf" if forward else "fdb")
    assert rounds == 2


def test_an_index_has_what_has_its_keys_sorted_as_numbers(tenant_id: str) -> None:
    shard = f"due-{tenant_id}"
    for name, due in (("a", "100"), ("b", "9"), ("c", "20"), ("d", None)):
        put(tenant_id, name, **({"due": {"N": due}} if due else {}), shard={"S": shard}, text={"S": "x"})

    def listed(**more: Any) -> Any:
        return call(
            "Query",
            TableName=TABLE,
            IndexName="by-due",
            KeyConditionExpression="#s = :s AND due <= :d",
            ExpressionAttributeNames={"#s": "shard"},
            ExpressionAttributeValues={":s": {"S": shard}, ":d": {"N": "100"}},
            **more,
        )

    answer = listed()
    assert ids(answer) == "bca"
    assert answer["Items"][0] == {**key(tenant_id, "b"), "due": {"N": "9"}, "shard": {"S": shard}}
    first = listed(Limit=2)
    assert ids(first) == "bc"
    assert first["LastEvaluatedKey"] == {**key(tenant_id, "c"), "due": {"N": "20"}, "shard": {"S": shard}}
    assert ids(listed(ExclusiveStartKey=first["LastEvaluatedKey"])) == "a"
    call(
        "UpdateItem",
        TableName=TABLE,
        Key=key(tenant_id, "c"),
        UpdateExpression="REMOVE #s SET due = :n",
        ExpressionAttributeNames={"#s": "shard"},
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    call("DeleteItem", TableName=TABLE, Key=key(tenant_id, "a"))
    assert ids(listed()) == "b"


def test_parts_of_rows_and_counts(tenant_id: str) -> None:
    put(tenant_id, **ROW)
    assert get(tenant_id, ProjectionExpression="ten, absent") == {"ten": {"N": "10"}}
    answer = query(tenant_id, "tenant_id = :t", Select="COUNT")
    assert (answer["Count"], answer.get("Items")) == (1, None)
    named = query(
        tenant_id, "tenant_id = :t", ProjectionExpression="#t", ExpressionAttributeNames={"#t": "text"}
    )
    assert named["Items"] == [{"text": {"S": "hello"}}]


def test_each_item_of_a_transaction_has_its_reason(tenant_id: str) -> None:
    put(tenant_id, "there", ten={"N": "1"})
    absent = "attribute_not_exists(session_id)"

    def on(name: str) -> Item:
        return {"TableName": TABLE, "Key": key(tenant_id, name)}

    with pytest.raises(VerboseClientError) as refused:
        call(
            "TransactWriteItems",
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": key(tenant_id, "new"), "ConditionExpression": absent}},
                {"ConditionCheck": {**on("there"), "ConditionExpression": absent}},
                {"Delete": on("none")},
                {
                    "Update": {
                        **on("ghost"),
                        "UpdateExpression": "SET ten = :n",
                        "ConditionExpression": "attribute_exists(session_id)",
                        "ExpressionAttributeValues": {":n": {"N": "1"}},
                    }
                },
            ],
        )
    assert code_of(refused.value) == "TransactionCanceledException"
    codes = [each and each.code for each in refused.value.cancellation_reasons]
    assert codes == [None, "ConditionalCheckFailed", None, "ConditionalCheckFailed"]
    assert get(tenant_id, "new") is None
    assert get(tenant_id, "ghost") is None


def test_one_row_once_in_a_transaction(tenant_id: str) -> None:
    twice = {"TableName": TABLE, "Key": key(tenant_id)}
    with pytest.raises(VerboseClientError) as refused:
        call(
            "TransactWriteItems",
            TransactItems=[{"Delete": twice}, {"Put": {"TableName": TABLE, "Item": key(tenant_id)}}],
        )
    assert code_of(refused.value) == "ValidationException"


def test_keys_have_to_be_there(tenant_id: str) -> None:
    for item in ({"tenant_id": {"S": tenant_id}}, {**key(tenant_id), "session_id": {"N": "1"}}):
        with pytest.raises((VerboseClientError, PynamoDBException)):
            call("PutItem", TableName=TABLE, Item=item)


def test_what_was_read_is_ones_own(tenant_id: str) -> None:
    put(tenant_id, **ROW)
    for _ in range(2):
        found = get(tenant_id)
        assert found is not None
        assert found.pop("ten") == {"N": "10"}
