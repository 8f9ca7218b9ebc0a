"""What a request that is confined to a tenant may do in DynamoDB: the tenant role, made from the models.

Every table is a tenant's unless it is named here as a lookup: the hash keys of its rows and of its indexes are
the tenant's id, or begin with it and `#`. IAM holds a request's `dynamodb:LeadingKeys` against the tenant that
the credentials are tagged with. Two traps of IAM are closed: `ForAllValues` is true of a key that is absent
(so it must be present), and a role without the tag would compare with nothing (so it cannot be assumed
without). Lookups yield a tenant, so their keys cannot name one; they are never listed (no Query, no Scan).
"""

from typing import Any

from chalicelib.core.credentials import TAG
from infra import tables

Resource = dict[str, Any]
TENANT_ACTIONS = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
LOOKUPS: dict[str, tuple[str, ...]] = {}
"""By table, the actions that confined code needs on it; the test run knows of no others."""
_LEADING = "dynamodb:LeadingKeys"
_TAGGED = f"${{aws:PrincipalTag/{TAG}}}"


def tenant_role() -> Resource:
    """What confined requests are signed with. Only who may assume it by a policy of their own can, and only
    with the one tag, which names a tenant."""
    account = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    tagged = {
        "StringLike": {f"aws:RequestTag/{TAG}": "ten-*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": [TAG]},
    }
    trust = {
        "Effect": "Allow",
        "Principal": account,
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": tagged,
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "MaxSessionDuration": 3600,
            "Policies": [{"PolicyName": "rows", "PolicyDocument": tenant_policy()}],
        },
    }


def tenant_policy() -> Resource:
    """The rows of the tagged tenant, and lookups."""
    found = {_short(model): model for model in tables.models()}
    unknown = LOOKUPS.keys() - found.keys()
    if unknown:
        raise ValueError(f"these lookups are no tables: {', '.join(sorted(unknown))}")
    own = [arn for name, model in found.items() if name not in LOOKUPS for arn in _arns(model)]
    statements: list[Resource] = [
        {
            "Effect": "Allow",
            "Action": list(TENANT_ACTIONS),
            "Resource": own,
            "Condition": {
                "ForAllValues:StringLike": {_LEADING: [_TAGGED, f"{_TAGGED}#*"]},
                "Null": {_LEADING: "false"},
            },
        }
    ]
    for name, actions in sorted(LOOKUPS.items()):
        if not actions:
            continue
        listed = [f"dynamodb:{action}" for action in actions]
        statements.append({"Effect": "Allow", "Action": listed, "Resource": _arns(found[name])[0]})
    return {"Version": "2012-10-17", "Statement": statements}


def _arns(model: Any) -> list[Resource]:
    """The table's, and its indexes' where it has any."""
    table = (
        f"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{model.Meta.table_name}"
    )
    indexed = bool(tables.definition(model).get("GlobalSecondaryIndexes"))
    return [{"Fn::Sub": table}, *([{"Fn::Sub": f"{table}/index/*"}] if indexed else [])]


def _short(model: Any) -> str:
    from infra.package.resources import PREFIX  # noqa: PLC0415 - it builds on this module

    name: str = model.Meta.table_name
    return name.removeprefix(PREFIX)
