"""The tenant role as packaged, and what `make package` would refuse."""

import copy
from typing import Any

import pytest

import app as composed
from infra.package import isolation, verify
from infra.package.overlay import overlay


@pytest.fixture(scope="module")
def merged() -> dict[str, Any]:
    return overlay(composed.app)


@pytest.fixture
def template(merged: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(merged)
    for name in ("RestAPI", "DefaultRole"):  # parts of resources that Chalice's own template has
        found["Resources"].pop(name)
    for each in found["Resources"].values():
        each.setdefault("Type", "AWS::Serverless::Function")
    return found


def test_tenants_are_apart(template: dict[str, Any]) -> None:
    assert isolation.flaws(template) == []


def test_the_role_is_assumed_with_a_tenants_tag_only(merged: dict[str, Any]) -> None:
    trust = merged["Resources"]["TenantRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    [statement] = trust
    assert statement["Condition"]["StringLike"] == {"aws:RequestTag/tenant": "ten-*"}
    assert statement["Condition"]["ForAllValues:StringEquals"] == {"aws:TagKeys": ["tenant"]}


def test_nothing_in_it_lists_or_reads_without_a_tenant() -> None:
    first, *lookups = isolation.tenant_policy()["Statement"]
    assert first["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}
    assert "dynamodb:Scan" not in first["Action"]
    allowed = {action for each in lookups for action in each["Action"]}
    assert allowed <= {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}


def _role(template: dict[str, Any]) -> list[Any]:
    [policy] = template["Resources"]["TenantRole"]["Properties"]["Policies"]
    statements: list[Any] = policy["PolicyDocument"]["Statement"]
    return statements


def _without_presence(template: dict[str, Any]) -> None:
    del _role(template)[0]["Condition"]["Null"]


def _without_keys(template: dict[str, Any]) -> None:
    del _role(template)[0]["Condition"]


def _with_a_wider_pattern(template: dict[str, Any]) -> None:
    _role(template)[0]["Condition"]["ForAllValues:StringLike"] = {
        "dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant}*"]
    }


def _with_a_listed_lookup(template: dict[str, Any]) -> None:
    _role(template)[1]["Action"].append("dynamodb:Query")


def _with_a_table_that_nobody_knows(template: dict[str, Any]) -> None:
    _role(template)[0]["Resource"].pop()


def _without_the_setting(template: dict[str, Any]) -> None:
    variables = template["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    del variables["STREAMSPACE_TENANT_ROLE_ARN"]


@pytest.mark.parametrize(
    "spoil",
    [
        _without_presence,
        _without_keys,
        _with_a_wider_pattern,
        _with_a_listed_lookup,
        _with_a_table_that_nobody_knows,
        _without_the_setting,
    ],
)
def test_what_would_let_tenants_meet_is_not_packaged(template: dict[str, Any], spoil: Any) -> None:
    spoil(template)
    assert isolation.flaws(template)
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Serverless::Function":
            each["Properties"]["MemorySize"] = 512
    parameters = {"PublicUrl", "RelayUrls"}
    template["Parameters"] |= {name: {"Type": "String"} for name in parameters}
    known = {*template["Resources"], *template["Parameters"]}
    missing = {name for name in verify.references(template) if name not in known and "::" not in name}
    template["Parameters"] |= {name: {"Type": "String"} for name in missing}
    with pytest.raises(verify.PackageError, match="tenants are not apart"):
        verify.check_template(template)


def test_a_policy_that_is_too_long_is_not_packaged(template: dict[str, Any]) -> None:
    policy = template["Resources"]["AppPolicy"]["Properties"]["PolicyDocument"]
    assert verify._policy_size(template["Resources"]["AppPolicy"]) < 6144
    policy["Statement"] *= 3
    assert verify._policy_size(template["Resources"]["AppPolicy"]) > 6144
