"""What the API's own words amount to. The texts are those of real clusters."""

import json
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import ApiException
from kubernetes.config import ConfigException

from agent.drivers.base import DriverError, PermanentError, TemporaryError
from agent.drivers.kubernetes.errors import (
    Refusal,
    names_another,
    no_access,
    plain,
    read_refusal,
    refusal_in,
    refused,
    status_refusal,
    unavailable,
)

ADDRESS = "https://10.0.0.1:6443"


def told(status: int, message: str, reason: str = "") -> DriverError:
    return refused(Refusal(status=status, message=message, reason=reason), "patch statefulsets", ADDRESS)


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (
            403,
            'secrets "s" is forbidden: exceeded quota: q, requested: secrets=1, limited: secrets=0',
            PermanentError,
            "quota_exceeded",
        ),
        (
            403,
            'pods "x-0" is forbidden: failed quota: q: must specify limits.cpu for: session',
            PermanentError,
            "quota_exceeded",
        ),
        (
            403,
            'pods "x-0" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
            PermanentError,
            "quota_exceeded",
        ),
        (
            403,
            (
                'persistentvolumeclaims "h" is forbidden: maximum storage usage per PersistentVolumeClaim is '
                "1Gi, but request is 5Gi"
            ),
            PermanentError,
            "quota_exceeded",
        ),
        (
            403,
            (
                'pods "x-0" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation '
                '!= false (container "session" must set securityContext.allowPrivilegeEscalation=false)'
            ),
            PermanentError,
            "policy_refused",
        ),
        (
            400,
            'admission webhook "validate.kyverno.svc-fail" denied the request: images must be signed',
            PermanentError,
            "policy_refused",
        ),
        (
            422,
            "statefulsets is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
            PermanentError,
            "policy_refused",
        ),
        (
            500,
            (
                'Internal error occurred: failed calling webhook "v.example": failed to call webhook: Post '
                '"https://v.example.svc:443/?timeout=10s": dial tcp: connect: connection refused'
            ),
            TemporaryError,
            "policy_refused",
        ),
        (404, 'namespaces "gone" not found', TemporaryError, "platform_unavailable"),
        (
            403,
            (
                'services "x" is forbidden: unable to create new content in namespace going because it is '
                "being terminated"
            ),
            TemporaryError,
            "platform_unavailable",
        ),
        (401, "Unauthorized", TemporaryError, "platform_unauthorized"),
        (403, "something of its own", PermanentError, "platform_unauthorized"),
        (422, 'StatefulSet.apps "x" is invalid: spec: Forbidden: …', PermanentError, "platform_error"),
        (409, "the object has been modified", TemporaryError, "platform_error"),
        (429, "the server has received too many requests", TemporaryError, "platform_unavailable"),
        (500, "etcdserver: request timed out", TemporaryError, "platform_unavailable"),
        (503, "apiserver is shutting down", TemporaryError, "platform_unavailable"),
    ],
)
def test_refusals(status: int, message: str, kind: type[DriverError], code: str) -> None:
    error = told(status, message)
    assert type(error) is kind
    assert error.reason.code == code
    assert plain(message)[:60] in error.reason.message or code == "platform_unauthorized"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            (
                'events is forbidden: User "system:serviceaccount:desks:agent" cannot list resource "events" '
                'in API group "" in the namespace "desks"'
            ),
            'lacks `list` on `events` in the namespace "desks".',
        ),
        (
            (
                'statefulsets.apps "x" is forbidden: User "u" cannot patch resource "statefulsets" in API '
                'group "apps" in the namespace "desks"'
            ),
            'lacks `patch` on `statefulsets` (apps) in the namespace "desks".',
        ),
        (
            'nodes is forbidden: User "u" cannot list resource "nodes" in API group "" at the cluster scope',
            "lacks `list` on `nodes` at the cluster scope.",
        ),
        (
            (
                'pods "x-0" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the '
                'namespace "desks"'
            ),
            'lacks `get` on `pods/log` in the namespace "desks".',
        ),
    ],
)
def test_a_right_that_is_missing_is_named(message: str, said: str) -> None:
    error = told(403, message, "Forbidden")
    assert isinstance(error, PermanentError)
    assert error.reason.code == "platform_unauthorized"
    assert error.reason.message.endswith(said)


def test_a_controllers_event_is_read_alike() -> None:
    event = (
        'create Pod x-0 in StatefulSet x failed error: pods "x-0" is forbidden: exceeded quota: q, '
        "requested: limits.memory=2Gi, used: limits.memory=7Gi, limited: limits.memory=8Gi"
    )
    found = refusal_in(event)
    assert found is not None
    assert found.reason.code == "quota_exceeded"
    assert refusal_in("Back-off restarting failed container") is None


def test_what_matters_is_found_behind_a_long_beginning() -> None:
    found = refusal_in("x" * 1000 + " exceeded quota: q")
    assert found is not None
    assert len(found.reason.message) < 500


def answer(body: str, status: int = 503, **headers: str) -> ApiException:
    response: Any = SimpleNamespace(status=status, reason="No", data=body.encode(), headers=headers)
    return ApiException(http_resp=response)


def test_an_answer_is_read_whether_it_is_a_status_or_not() -> None:
    body = json.dumps({"kind": "Status", "message": "too\nold", "reason": "Expired", "code": 410})
    assert read_refusal(answer(body, 410)) == Refusal(status=410, message="too old", reason="Expired")
    assert read_refusal(answer("<html>", **{"Retry-After": "7"})).retry_after == 7
    assert read_refusal(answer("<html>", **{"Retry-After": "Wed, 21 Oct"})).retry_after is None
    assert read_refusal(answer("")).message == "No"
    assert read_refusal(answer("[1]")).message == "[1]"


@pytest.mark.parametrize("status", [None, "text", {}, {"code": None}])
def test_an_error_event_without_sense_is_an_error_all_the_same(status: Any) -> None:
    assert status_refusal(status).status == 500


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ssl.SSLError("certificate verify failed"), "certificate"),
        (TimeoutError("timed out"), "too busy"),
        (OSError("Name or service not known"), "name cannot be found"),
        (ConnectionRefusedError("refused"), "is it running"),
    ],
)
def test_silence_comes_with_advice(error: Exception, said: str) -> None:
    found = unavailable(ADDRESS, error)
    assert found.reason.code == "platform_unavailable"
    assert ADDRESS in found.reason.message
    assert said in found.reason.message


def test_what_is_no_message_for_people_is_not_shown() -> None:
    assert "first-secret" not in no_access(KeyError("first-secret")).reason.message
    assert "no such context" in no_access(ConfigException("no such context")).reason.message


def test_another_of_the_same_name() -> None:
    assert names_another(Refusal(422, 'Secret "s" is invalid: metadata.uid: Invalid value: "u"'))
    assert not names_another(Refusal(422, 'Secret "s" is invalid: metadata.name: Invalid value: "u"'))
    assert not names_another(Refusal(409, "metadata.uid"))
