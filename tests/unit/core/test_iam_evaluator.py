"""The evaluator that our policies are judged by, against what AWS documents."""

from typing import Any

import pytest

from tests.support.iam import Request, allowed

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/streamspace-sessions"
KEY = "dynamodb:LeadingKeys"


def policy(condition: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": TABLE, **changes}
    if condition is not None:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def query(
    *keys: str, tenant: str | None = "ten-a", action: str = "dynamodb:Query", on: str = TABLE
) -> Request:
    principal = {} if tenant is None else {"aws:PrincipalTag/tenant": tenant}
    return Request(action, on, {KEY: keys} if keys else {}, principal)


LIKE = {"ForAllValues:StringLike": {KEY: ["${aws:PrincipalTag/tenant}", "${aws:PrincipalTag/tenant}#*"]}}
PRESENT = {"Null": {KEY: "false"}}


@pytest.mark.parametrize(
    ("keys", "may"),
    [
        (("ten-a",), True),
        (("ten-a#usr-1",), True),
        (("ten-a", "ten-a#ended"), True),
        (("ten-b",), False),
        (("ten-a", "ten-b"), False),
        (("ten-ab",), False),
        (("ten-A",), False),
        (("ten-a#", ""), False),
    ],
)
def test_all_values_must_match_some_pattern(keys: tuple[str, ...], may: bool) -> None:
    assert allowed(policy(LIKE), query(*keys)) is may


def test_for_all_values_is_true_of_a_key_that_is_absent() -> None:
    """AWS: "also returns true if there are no context keys in the request" — the trap."""
    assert allowed(policy(LIKE), query())
    assert not allowed(policy({**LIKE, **PRESENT}), query())
    assert allowed(policy({**LIKE, **PRESENT}), query("ten-a"))


def test_null_asks_for_absence() -> None:
    assert allowed(policy({"Null": {KEY: "true"}}), query())
    assert not allowed(policy({"Null": {KEY: "true"}}), query("x"))


def test_a_variable_without_a_value_matches_nothing() -> None:
    assert not allowed(policy({**LIKE, **PRESENT}), query("ten-a", tenant=None))
    assert not allowed(policy({**LIKE, **PRESENT}), query("", tenant=None))


def test_a_value_is_no_pattern() -> None:
    with pytest.raises(ValueError, match="would be a pattern"):
        allowed(policy(LIKE), query("ten-b", tenant="*"))


def test_actions_ignore_case_and_resources_do_not() -> None:
    assert allowed(policy(), query(action="DynamoDB:query"))
    assert not allowed(policy(), query(on=TABLE.upper()))
    assert not allowed(policy(), query(action="dynamodb:Scan"))
    assert allowed(policy(Action="dynamodb:*"), query(action="dynamodb:Scan"))
    assert not allowed(policy(Resource=f"{TABLE}/index/*"), query())
    assert allowed(policy(Resource=f"{TABLE}/index/*"), query(on=f"{TABLE}/index/by-owner"))


def test_a_denial_wins_and_nothing_is_allowed_by_default() -> None:
    both = {"Statement": [*policy()["Statement"], *policy(Effect="Deny")["Statement"]]}
    assert not allowed(both, query())
    assert not allowed({"Statement": []}, query())


@pytest.mark.parametrize(
    "unknown",
    [
        policy({"StringEquals": {KEY: "x"}}),
        policy(NotAction="dynamodb:Query"),
        policy(Principal="*"),
        policy(Effect="Maybe"),
    ],
)
def test_what_it_does_not_know_it_does_not_guess(unknown: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not know"):
        allowed(unknown, query("x"))
