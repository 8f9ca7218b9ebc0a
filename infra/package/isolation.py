"""What a request that is confined to a tenant may do in DynamoDB: the tenant role, made from the models.

Every table is a tenant's unless it is named here as a lookup: the hash keys of its rows and of its indexes
are the tenant's id, or begin with it and `#`. IAM holds a request's `dynamodb:LeadingKeys` against the tenant
that the credentials are tagged with. Two traps of IAM are closed: `ForAllValues` is true of a key that is
absent (so it must be present), and a role without the tag would compare with nothing (so it cannot be assumed
without). Lookups yield a tenant, so their keys cannot name one; they are never listed (no Query, no Scan).
"""

from typing import Any

from chalicelib.core.credentials import TAG
from infra import tables
from infra.package.resources import PREFIX

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
LOOKUPS: dict[str, tuple[str, ...]] = {
    "agent-keys": ("PutItem", "UpdateItem"),  # by key id: an agent changes its key, or is revoked
    "connections": ("DeleteItem",),  # by a socket's id: whose rights change is disconnected
    "enrollment-tokens": ("PutItem",),  # by the token's digest
    "logins": ("DeleteItem",),  # by e-mail address: who leaves cannot sign in
    "nonces": (),  # by key and nonce, before the agent is known
    "sign-in-attempts": (),  # by address or account
    "tenant-slugs": (),  # by name
    "used-links": (),  # by a link's id, before the tenant is known
}
"""By table, the actions that confined code needs on it; none of them reads."""
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


def flaws(template: Resource) -> list[str]:
    """Where a whole template does not keep tenants apart; empty when it does."""
    found, wrong = template["Resources"], []
    role = found.get("TenantRole", {}).get("Properties", {})
    policies = [each["PolicyDocument"] for each in role.get("Policies", ())]
    statements = [each for policy in policies for each in policy["Statement"]]
    held = [each for each in statements if _holds_keys(each)]
    for each in statements:
        free = set(each["Action"]) & {"dynamodb:Query", "dynamodb:Scan", "dynamodb:*"}
        if each not in held and free:
            wrong.append(f"the tenant role may {', '.join(sorted(free))} whatever the keys")
    named = {arn for each in held for arn in _texts(each["Resource"])}
    for name, resource in found.items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            table = resource["Properties"]["TableName"]
            confined = any(arn.endswith(f":table/{table}") for arn in named)
            if confined == (table.removeprefix(PREFIX) in LOOKUPS):
                wrong.append(f"the table {table} is not either a tenant's or a lookup")
        if resource["Type"] == "AWS::Serverless::Function":
            variables = resource["Properties"].get("Environment", {}).get("Variables", {})
            if variables.get("STREAMSPACE_TENANT_ROLE_ARN") != {"Fn::GetAtt": ["TenantRole", "Arn"]}:
                wrong.append(f"the function {name} would not confine its requests")
    return wrong


def _holds_keys(statement: Resource) -> bool:
    """Whether it compares leading keys with the tag, and wants them to be there."""
    conditions = statement.get("Condition", {})
    pattern = conditions.get("ForAllValues:StringLike", {}).get(_LEADING)
    present: bool = conditions.get("Null") == {_LEADING: "false"}
    return present and pattern == [_TAGGED, f"{_TAGGED}#*"]


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [each["Fn::Sub"] for each in listed]


def _arns(model: Any) -> list[Resource]:
    """The table's, and its indexes' where it has any."""
    table = (
        f"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{model.Meta.table_name}"
    )
    indexed = bool(tables.definition(model).get("GlobalSecondaryIndexes"))
    return [{"Fn::Sub": table}, *([{"Fn::Sub": f"{table}/index/*"}] if indexed else [])]


def _short(model: Any) -> str:
    name: str = model.Meta.table_name
    return name.removeprefix(PREFIX)
