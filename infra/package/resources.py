"""CloudFormation of what the app uses: tables, roles, a queue for events that cannot be processed."""

from typing import Any

from infra import tables

Resource = dict[str, Any]
PREFIX = "streamspace-"
AGENT_QUEUE_ACTIONS = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
)
TABLE_ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
)
"""No Scan: nothing in the product scans."""
STREAM_ACTIONS = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
QUEUE_ACTIONS = (
    "sqs:CreateQueue",
    "sqs:DeleteQueue",
    "sqs:GetQueueUrl",
    "sqs:GetQueueAttributes",
    "sqs:SetQueueAttributes",
    "sqs:SendMessage",
)


def table_resources() -> dict[str, Resource]:
    """One for each model; kept when the stack is deleted, restorable to any second of the last weeks."""
    return {table_id(model.Meta.table_name): _table(model) for model in tables.models()}


def table_id(name: str) -> str:
    """`streamspace-session-timelines` -> `SessionTimelinesTable`."""
    return "".join(part.title() for part in name.removeprefix(PREFIX).split("-")) + "Table"


def _table(model: Any) -> Resource:
    definition = tables.definition(model)
    stream = definition.pop("StreamSpecification", None)
    properties = {
        **definition,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
    }
    if stream:
        properties["StreamSpecification"] = {"StreamViewType": stream["StreamViewType"]}
    if tables.expires(model):
        properties["TimeToLiveSpecification"] = {"AttributeName": tables.TTL_ATTRIBUTE, "Enabled": True}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


def event_failures() -> Resource:
    """Where table changes go that a function could not process after all tries."""
    return {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1_209_600}}


def agent_role() -> Resource:
    """What agents' temporary credentials come from; each session's own policy narrows it to one queue."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _document(
                _allow("sts:AssumeRole", None)
                | {"Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}}
            ),
            "MaxSessionDuration": 3600,
            "Policies": [
                {
                    "PolicyName": "queues",
                    "PolicyDocument": _document(_allow(AGENT_QUEUE_ACTIONS, queue_arns())),
                }
            ],
        },
    }


def app_policy(table_ids: list[str]) -> Resource:
    """What the app's functions may do: all of them run the same code."""
    arns = [{"Fn::GetAtt": [each, "Arn"]} for each in table_ids]
    indexes = [{"Fn::Sub": f"${{{each}.Arn}}/index/*"} for each in table_ids]
    streams = [{"Fn::Sub": f"${{{each}.Arn}}/stream/*"} for each in table_ids]
    push = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketAPI}/*"
    held = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${KeysSecret}-*"
    logs = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*"
    statements = (
        _allow(TABLE_ACTIONS, [*arns, *indexes]),
        _allow(STREAM_ACTIONS, streams),
        _allow(QUEUE_ACTIONS, queue_arns()),
        _allow("sqs:SendMessage", {"Fn::GetAtt": ["EventFailures", "Arn"]}),
        _allow("sts:AssumeRole", {"Fn::GetAtt": ["AgentRole", "Arn"]}),
        _allow("execute-api:ManageConnections", {"Fn::Sub": push}),
        _allow("secretsmanager:GetSecretValue", {"Fn::Sub": held}),
        _allow(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"), {"Fn::Sub": logs}),
        _allow(("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*"),
    )
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": _document(*statements)},
    }


def queue_arns() -> Resource:
    """All command queues: their names begin alike and end in the controller's id."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{PREFIX}ctl-*"}


def _document(*statements: Resource) -> Resource:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: str | tuple[str, ...], resource: Any) -> Resource:
    statement: Resource = {
        "Effect": "Allow",
        "Action": list(actions) if isinstance(actions, tuple) else actions,
    }
    return statement if resource is None else {**statement, "Resource": resource}
