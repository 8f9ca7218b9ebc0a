"""Rows of several tables in one request, without a store."""

from typing import Any

import pytest

from chalicelib.core.dynamo_reads import DynamoReads
from chalicelib.core.errors import Unavailable
from chalicelib.identity.models import DynamoPersonStore
from chalicelib.tenancy.models import DynamoTenantStore

USERS, TENANTS = "streamspace-users", "streamspace-tenants"


def _user(number: int) -> dict[str, Any]:
    return {
        "tenant_id": {"S": "ten-1"},
        "user_id": {"S": f"usr-{number}"},
        "name": {"S": f"User {number}"},
        "role": {"S": "member"},
        "created_at": {"N": "0"},
    }


class Store:
    """Answers BatchGetItem as DynamoDB may: in any order, and at most `at_once` rows of a request."""

    def __init__(self, at_once: int = 100) -> None:
        self.at_once = at_once
        self.requests: list[dict[str, Any]] = []

    def dispatch(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert operation == "BatchGetItem"
        self.requests.append(arguments)
        answer: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {}}
        left = self.at_once
        for table, asked in arguments["RequestItems"].items():
            assert asked["ConsistentRead"] is True
            served, rest = asked["Keys"][:left], asked["Keys"][left:]
            left -= len(served)
            users = [_user(int(key["user_id"]["S"][4:])) for key in served if "user_id" in key]
            answer["Responses"][table] = users[::-1]
            if rest:
                answer["UnprocessedKeys"][table] = {"Keys": rest, "ConsistentRead": True}
        return answer


def _reads(store: Store) -> DynamoReads:
    reads = DynamoReads(sleep=lambda _seconds: None)
    reads._connection = store  # type: ignore[assignment]
    return reads


def test_rows_of_two_tables_in_one_request():
    store = Store()
    first, second = (DynamoPersonStore().reading("ten-1", f"usr-{number}") for number in (1, 2))
    tenant = DynamoTenantStore().reading("ten-1")
    found = _reads(store).fetch(first, second, tenant)
    names = [person.name if person else "" for person in (found[first], found[second])]
    assert names == ["User 1", "User 2"]
    assert found[tenant] is None
    [request] = store.requests
    assert {table: len(each["Keys"]) for table, each in request["RequestItems"].items()} == {
        USERS: 2,
        TENANTS: 1,
    }


def test_what_was_left_out_is_asked_for_again():
    store = Store(at_once=1)
    wanted = [DynamoPersonStore().reading("ten-1", f"usr-{number}") for number in range(3)]
    found = _reads(store).fetch(*wanted)
    assert all(found[each] is not None for each in wanted)
    assert len(store.requests) == 3


def test_more_rows_than_one_request_takes():
    store = Store()
    wanted = [DynamoPersonStore().reading("ten-1", f"usr-{number}") for number in range(250)]
    found = _reads(store).fetch(*wanted)
    assert [found[each].name for each in wanted] == [f"User {number}" for number in range(250)]  # type: ignore[union-attr]
    assert [len(each["RequestItems"][USERS]["Keys"]) for each in store.requests] == [100, 100, 50]


def test_a_store_that_never_answers_whole_is_an_outage():
    wanted = DynamoPersonStore().reading("ten-1", "usr-1")
    with pytest.raises(Unavailable):
        _reads(Store(at_once=0)).fetch(wanted)
