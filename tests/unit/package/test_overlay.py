"""What the deployment gets beside Chalice's own template."""

import json
from typing import Any

import pytest

import app as composed
from infra import tables
from infra.package import resources, verify
from infra.package.overlay import overlay


@pytest.fixture(scope="module")
def merged() -> dict[str, Any]:
    return overlay(composed.app)


def test_every_model_has_its_table(merged: dict[str, Any]) -> None:
    names = {model.Meta.table_name for model in tables.models()}
    found = {
        each["Properties"]["TableName"]
        for each in merged["Resources"].values()
        if each.get("Type") == "AWS::DynamoDB::Table"
    }
    assert found == names
    assert len(found) > 10


def test_tables_outlive_the_stack(merged: dict[str, Any]) -> None:
    for name, each in merged["Resources"].items():
        if each.get("Type") == "AWS::DynamoDB::Table":
            assert each["DeletionPolicy"] == "Retain", name
            assert each["Properties"]["BillingMode"] == "PAY_PER_REQUEST", name


def test_each_stream_function_reads_a_table_that_has_a_stream(merged: dict[str, Any]) -> None:
    streams = [
        event["Properties"]["Stream"]["Fn::GetAtt"][0]
        for each in merged["Resources"].values()
        for event in each.get("Properties", {}).get("Events", {}).values()
        if "Stream" in event["Properties"]
    ]
    assert streams
    for table in streams:
        assert "StreamSpecification" in merged["Resources"][table]["Properties"], table


def test_the_app_may_not_scan_nor_do_everything(merged: dict[str, Any]) -> None:
    statements = merged["Resources"]["AppPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    actions = [
        action
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]
    assert "dynamodb:Scan" not in actions
    assert not [action for action in actions if "*" in action]


def test_agents_may_only_read_command_queues(merged: dict[str, Any]) -> None:
    (policy,) = merged["Resources"]["AgentRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == list(resources.AGENT_QUEUE_ACTIONS)
    assert statement["Resource"]["Fn::Sub"].endswith(":streamspace-ctl-*")


def test_a_reference_to_nothing_is_found() -> None:
    template = {
        "Parameters": {"Given": {"Type": "String"}},
        "Resources": {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": {"Fn::Sub": "${Given}-${AWS::Region}-${Missing.Arn}"}},
            }
        },
    }
    assert set(verify.references(template)) == {"Given", "AWS::Region", "Missing"}
    with pytest.raises(verify.PackageError, match="Missing"):
        verify.check_template(template)


def test_mails_go_out_by_ses_from_one_address(merged: dict[str, Any]) -> None:
    statements = merged["Resources"]["AppPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [statement] = [each for each in statements if "ses:SendEmail" in each["Action"]]
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}
    assert "MailFrom" in merged["Parameters"]
    variables = merged["Resources"]["MailRequested"]["Properties"]["Environment"]["Variables"]
    assert variables["STREAMSPACE_MAIL"] == {"Fn::Sub": "ses:${MailFrom}"}


def test_the_sealer_is_called_for_new_entries_alone(merged: dict[str, Any]) -> None:
    [event] = merged["Resources"]["AuditChanged"]["Properties"]["Events"].values()
    [pattern] = event["Properties"]["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"partition": {"S": [{"suffix": "#unsealed"}]}}},
    }


def test_objects_are_private_encrypted_and_versioned(merged: dict[str, Any]) -> None:
    bucket = merged["Resources"]["ObjectsBucket"]
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["Properties"]["PublicAccessBlockConfiguration"]) == 4
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["Properties"]["BucketEncryption"]
    assert bucket["DeletionPolicy"] == "Retain"
    [denied] = merged["Resources"]["ObjectsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
