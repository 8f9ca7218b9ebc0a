"""CloudFormation of what the app uses: tables, a bucket, roles, a queue for what cannot be processed."""

from typing import Any

from chalicelib.core.objects import TEMPORARY
from infra import tables
from infra.buckets import DAYS_OF_TEMPORARY

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
    # Of dead-letter queues: what administrators look at, send again and purge.
    "sqs:ReceiveMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:PurgeQueue",
)


OBJECT_ACTIONS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
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


def bucket() -> Resource:
    """Objects: private, encrypted, versioned; temporary ones go after a week."""
    everything = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "PublicAccessBlockConfiguration": dict.fromkeys(everything, True),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "temporary",
                        "Status": "Enabled",
                        "TagFilters": [{"Key": TEMPORARY, "Value": "true"}],
                        "ExpirationInDays": DAYS_OF_TEMPORARY,
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                    },
                    {
                        "Id": "halves",
                        "Status": "Enabled",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    },
                ]
            },
        },
    }


def bucket_policy() -> Resource:
    """Nothing is read or written in the clear."""
    arn = {"Fn::GetAtt": ["ObjectsBucket", "Arn"]}
    plain = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, {"Fn::Sub": "${ObjectsBucket.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "ObjectsBucket"}, "PolicyDocument": _document(plain)},
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


def app_policy() -> Resource:
    """What the app's functions may do: all of them run the same code. Tables go by their prefix, for a policy
    may have 6,144 characters, which three dozen names with their indexes and streams exceed."""
    tables = f"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{PREFIX}*"
    push = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketAPI}/*"
    held = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${KeysSecret}-*"
    logs = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*"
    statements = (
        _allow(TABLE_ACTIONS, {"Fn::Sub": tables}),
        _allow(STREAM_ACTIONS, {"Fn::Sub": f"{tables}/stream/*"}),
        _allow(QUEUE_ACTIONS, queue_arns()),
        _allow("sqs:SendMessage", {"Fn::GetAtt": ["EventFailures", "Arn"]}),
        _allow(OBJECT_ACTIONS, {"Fn::Sub": "${ObjectsBucket.Arn}/*"}),
        _allow(("s3:ListBucket", "s3:ListBucketVersions"), {"Fn::GetAtt": ["ObjectsBucket", "Arn"]}),
        _allow("sts:AssumeRole", {"Fn::GetAtt": ["AgentRole", "Arn"]}),
        _allow(("sts:AssumeRole", "sts:TagSession"), {"Fn::GetAtt": ["TenantRole", "Arn"]}),
        _allow("execute-api:ManageConnections", {"Fn::Sub": push}),
        _allow("secretsmanager:GetSecretValue", {"Fn::Sub": held}),
        _send_mail(),
        _allow(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"), {"Fn::Sub": logs}),
        _allow(("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*"),
    )
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": _document(*statements)},
    }


def _send_mail() -> Resource:
    """From the one address that mails come from."""
    ses = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}"
    senders = [{"Fn::Sub": f"{ses}:identity/*"}, {"Fn::Sub": f"{ses}:configuration-set/*"}]
    only = {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}
    # A message that comes whole, headers and all, takes both.
    return {**_allow(("ses:SendEmail", "ses:SendRawEmail"), senders), "Condition": only}


def queue_arns() -> Resource:
    """All command and dead-letter queues: their names begin alike and hold the controller's id."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{PREFIX}ctl-*"}


def _document(*statements: Resource) -> Resource:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: str | tuple[str, ...], resource: Any) -> Resource:
    statement: Resource = {
        "Effect": "Allow",
        "Action": list(actions) if isinstance(actions, tuple) else actions,
    }
    return statement if resource is None else {**statement, "Resource": resource}
