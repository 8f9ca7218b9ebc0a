"""What is merged into Chalice's template: everything it does not know of."""

import json
from typing import Any

from chalice.app import DynamoDBEventConfig, SQSEventConfig
from chalice.utils import to_cfn_resource_name

from chalicelib.audit.store import UNSEALED
from infra.local.runner.registrations import table_of
from infra.package import isolation, resources

Template = dict[str, Any]
API_HANDLER = "APIHandler"
_ROLE = "DefaultRole"
"""Chalice's name of the one role of all functions: they run the same code."""
_SOCKETS = ("WebsocketConnect", "WebsocketMessage", "WebsocketDisconnect")
_TRIES = 50
_NEW_ENTRIES = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"partition": {"S": [{"suffix": UNSEALED}]}}}}
_SPARING: dict[str, Template] = {
    # The sealer's own writes are no news to it, and a batch costs it as much as one entry.
    "audit_changed": {
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(_NEW_ENTRIES)}]},
        "MaximumBatchingWindowInSeconds": 5,
    },
}


def overlay(app: Any) -> Template:
    """For `chalice package --merge-template`."""
    table_resources = resources.table_resources()
    functions = [API_HANDLER, *_SOCKETS]
    merged: dict[str, Any] = {
        **table_resources,
        "EventFailures": resources.event_failures(),
        "ObjectsBucket": resources.bucket(),
        "ObjectsBucketPolicy": resources.bucket_policy(),
        "AgentRole": resources.agent_role(),
        "TenantRole": isolation.tenant_role(),
        "AppPolicy": resources.app_policy(),
        _ROLE: {"Properties": {"Policies": [], "ManagedPolicyArns": [{"Ref": "AppPolicy"}]}},
        "RestAPI": {"Properties": {"DefinitionBody": _gateway_responses()}},
    }
    for config in app.event_sources:
        name = to_cfn_resource_name(config.name)
        functions.append(name)
        merged[name] = {"Properties": {"Events": _events(name, config)}}
    for function in functions:
        properties = merged.setdefault(function, {"Properties": {}})["Properties"]
        properties["Environment"] = {"Variables": environment()}
    return {"Parameters": parameters(), "Resources": merged}


def parameters() -> Template:
    """What a deployment has to say."""
    return {
        "PublicUrl": {
            "Type": "String",
            "Description": "What browsers and agents call the API at: the custom domain, https://…",
            "AllowedPattern": "https://[A-Za-z0-9.-]+",
        },
        "RelayUrls": {
            "Type": "String",
            "Description": "Relays, wss://host, separated by commas",
            "AllowedPattern": "wss://[A-Za-z0-9.:-]+(,wss://[A-Za-z0-9.:-]+)*",
        },
        "KeysSecret": {
            "Type": "String",
            "Default": "streamspace/keys",
            "Description": "The Secrets Manager secret with the document that infra.package.keys prints",
        },
        "MailFrom": {
            "Type": "String",
            "Description": "What mails come from; an address or domain that Amazon SES has verified",
            "AllowedPattern": "[^@<>\\s]+@[A-Za-z0-9.-]+",
        },
        "SignUp": {
            "Type": "String",
            "Default": "off",
            "AllowedValues": ["on", "off"],
            "Description": "Whether organisations may make themselves; off: the operator makes them",
        },
        "LogLevel": {"Type": "String", "Default": "INFO", "AllowedValues": ["DEBUG", "INFO", "WARNING"]},
    }


def environment() -> Template:
    """The app's configuration, as `chalicelib/core/config.py` reads it."""
    return {
        "STREAMSPACE_PUBLIC_URL": {"Ref": "PublicUrl"},
        "STREAMSPACE_RELAY_URLS": {"Ref": "RelayUrls"},
        "STREAMSPACE_EVENTS_URL": {
            "Fn::Sub": "wss://${WebsocketAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"
        },
        "STREAMSPACE_AGENT_ROLE_ARN": {"Fn::GetAtt": ["AgentRole", "Arn"]},
        "STREAMSPACE_TENANT_ROLE_ARN": {"Fn::GetAtt": ["TenantRole", "Arn"]},
        "STREAMSPACE_KEYS_SECRET": {"Ref": "KeysSecret"},
        "STREAMSPACE_SIGN_UP": {"Ref": "SignUp"},
        "STREAMSPACE_MAIL": {"Fn::Sub": "ses:${MailFrom}"},
        "STREAMSPACE_MAIL_FROM": {"Fn::Sub": "StreamSpace <${MailFrom}>"},
        "STREAMSPACE_BUCKET": {"Ref": "ObjectsBucket"},
        "POWERTOOLS_SERVICE_NAME": "streamspace",
        "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
    }


def _events(name: str, config: Any) -> Template:
    """Streams are named by the table's resource; what fails again and again is set aside, with what is
    whole going on."""
    if isinstance(config, DynamoDBEventConfig):
        table = resources.table_id(table_of(config.stream_arn))
        properties = {
            **_SPARING.get(config.name, {}),
            "Stream": {"Fn::GetAtt": [table, "StreamArn"]},
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": _TRIES,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {
                "OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["EventFailures", "Arn"]}}
            },
        }
        return {f"{name}DynamodbEventSource": {"Properties": properties}}
    if isinstance(config, SQSEventConfig):
        return {
            f"{name}SqsEventSource": {"Properties": {"FunctionResponseTypes": ["ReportBatchItemFailures"]}}
        }
    return {}


def _gateway_responses() -> Template:
    """What API Gateway answers by itself, in the API's own error shape."""

    def problem(status: int, code: str, title: str, detail: str) -> Template:
        body = (
            f'{{"type":"https://streamspace.dev/problems/{code}","title":"{title}","status":{status},'
            f'"detail":"{detail}","code":"{code}","errors":[]}}'
        )
        return {
            "statusCode": status,
            "responseParameters": {
                "gatewayresponse.header.Content-Type": "'application/problem+json'",
                "gatewayresponse.header.Cache-Control": "'no-store'",
            },
            "responseTemplates": {"application/json": body},
        }

    missing = problem(404, "not_found", "Not Found", "There is nothing at this path.")
    slow_down = problem(429, "too_many", "Too Many Requests", "Too many requests. Please slow down.")
    broken = problem(502, "unavailable", "Bad Gateway", "The service did not answer. Please try again.")
    return {
        "x-amazon-apigateway-gateway-responses": {
            "MISSING_AUTHENTICATION_TOKEN": missing,
            "RESOURCE_NOT_FOUND": missing,
            "THROTTLED": slow_down,
            "QUOTA_EXCEEDED": slow_down,
            "REQUEST_TOO_LARGE": problem(413, "too_large", "Content Too Large", "The body is too large."),
            "DEFAULT_4XX": problem(400, "malformed", "Bad Request", "The request is malformed."),
            "DEFAULT_5XX": broken,
        }
    }
