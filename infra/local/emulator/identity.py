"""Every caller proves who it is, the root included.

With AUTH=true ministack verifies signatures and evaluates policies, but treats "test", the configured key
and any 12 digits as root without looking at the signature. Here there is one root key, random for each
installation, checked like any other; and the role whose sessions agents get, which a session policy narrows
to one queue.
"""

import importlib
import json
import os
from typing import Any

ACCOUNT = "000000000000"
AGENT_ROLE = "streamspace-agent"

evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
iam: Any = importlib.import_module("ministack.services.iam")
sts: Any = importlib.import_module("ministack.services.sts")


def install() -> None:
    """Root's key comes from the standard environment; the role is made anew on each start."""
    evaluator.is_root_access_key = lambda _key: False
    root = f"arn:aws:iam::{ACCOUNT}:root"
    sts._sessions[os.environ["AWS_ACCESS_KEY_ID"]] = {
        "Arn": root,
        "UserId": ACCOUNT,
        "SecretAccessKey": os.environ["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": None,
        "AccountId": ACCOUNT,
        "PrincipalType": "Root",
    }
    trust = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}
    actions = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
    ]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:sqs:*:{ACCOUNT}:*"}
    iam._roles.set_scoped(
        ACCOUNT,
        None,
        AGENT_ROLE,
        {
            "RoleName": AGENT_ROLE,
            "RoleId": "AROA" + "0" * 17,
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/{AGENT_ROLE}",
            "Path": "/",
            "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            "AttachedPolicies": [],
            "InlinePolicies": {"queues": json.dumps({"Version": "2012-10-17", "Statement": [allowed]})},
            "Tags": [],
        },
    )
