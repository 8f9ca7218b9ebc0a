"""What the functional suite asks DynamoDB for, held against the policy that confines it on AWS.

The emulator does not evaluate `dynamodb:LeadingKeys` as AWS does. So every request that the suite makes while
it is confined to a tenant is recorded as IAM would see it, and judged at the end of the run: the generated
policy must allow it to the tenant, and to no other. What product code does unconfined must be in `FOR_ALL`.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

from chalicelib.core.confinement import confinement
from chalicelib.core.credentials import TAG
from tests.support.iam import Request, allowed

_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
_OTHER = "ten-00000000000000000000000000"
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}

_SIGN_IN = "the tenant is found out here, from an e-mail address, a cookie or a link"
_COUNTERS = "attempts are counted by address and account, which belong to no tenant"
_EVERYBODY = "looks after all tenants"
FOR_ALL: dict[str, str] = {
    "authenticating by bearer": "reads the sign-in or key, its user and its tenant, to know who calls",
    "authenticating by agent": "finds the tenant by the key that the request is signed with",
    "POST /v1/auth/login": _SIGN_IN,
    "POST /v1/auth/refresh": _SIGN_IN,
    "POST /v1/auth/logout": _SIGN_IN,
    "POST /v1/auth/sign-up": _SIGN_IN,
    "POST /v1/auth/sign-up/confirm": "makes the tenant",
    "POST /v1/auth/password-reset": _SIGN_IN,
    "POST /v1/auth/password-reset/confirm": _SIGN_IN,
    "POST /v1/auth/invitation": _SIGN_IN,
    "POST /v1/auth/invitation/accept": _SIGN_IN,
    "POST /agent/v1/enroll": "finds the tenant by the enrolment token",
    "PUT /v1/me/password": _COUNTERS,
    "POST /v1/tenant/deletion": _COUNTERS,
    "event_socket_opened": "the tenant is known by the ticket, which comes with the first message",
    "event_socket_said": "finds the tenant by the ticket",
    "event_socket_closed": "finds the tenant by the connection",
    "close_silent_event_sockets": _EVERYBODY,
    "controllers_changed": _EVERYBODY,
    "sessions_changed": _EVERYBODY,
    "audit_changed": _EVERYBODY,
    "mail_requested": "writes mails of all tenants, and finds accounts by e-mail address",
    "departures_changed": _EVERYBODY,
    "shut_out": "by the operator's command; in a request it is the request's",
    "sweep_audit": _EVERYBODY,
    "sweep_departures": _EVERYBODY,
    "sweep_mail": _EVERYBODY,
    "sweep_sessions": _EVERYBODY,
}
"""Who works for all tenants, or before the tenant is known, and why. Anything else is confined."""


@dataclass(frozen=True)
class Access:
    """One action on one table or index, as IAM checks it: `keys` are all leading keys of it."""

    action: str
    table: str
    index: str | None
    keys: tuple[str, ...]

    def request(self, tenant_id: str) -> Request:
        """As made by credentials that are tagged with this tenant."""
        arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{self.table}"
        return Request(
            f"dynamodb:{self.action}",
            f"{arn}/index/{self.index}" if self.index else arn,
            {"dynamodb:LeadingKeys": self.keys} if self.keys else {},
            {f"aws:PrincipalTag/{TAG}": tenant_id},
        )

    def masked(self, tenant_id: str) -> "Access":
        """The same for whichever tenant: a policy cannot tell such requests apart."""
        return Access(
            self.action, self.table, self.index, tuple(sorted({_mask(key, tenant_id) for key in self.keys}))
        )


def _test() -> str:
    return os.environ.get("PYTEST_CURRENT_TEST", "no test")


def _mask(key: str, tenant_id: str) -> str:
    if key == tenant_id:
        return "<tenant>"
    return "<tenant>#" if key.startswith(f"{tenant_id}#") else key


@dataclass
class Recording:
    """What was asked for: confined requests with one example each, unconfined ones by who made them."""

    hash_keys: dict[tuple[str, str | None], str]
    lookups: frozenset[str]
    confined: dict[Access, tuple[str, Access, str]] = field(default_factory=dict)
    unconfined: dict[str, dict[str, str]] = field(default_factory=dict)
    paused: bool = False

    def saw(self, operation: str, parameters: dict[str, Any]) -> None:
        """One request of the shared client."""
        if self.paused:
            return
        tenant_id = confinement()
        found = accesses(operation, parameters, self.hash_keys)
        if tenant_id is None:
            who = _who(sys._getframe(1))
            if who is not None:
                what = self.unconfined.setdefault(who, {})
                for each in found:
                    what.setdefault(f"{each.action} {each.table}", _test())
            return
        for each in found:
            # A lookup's keys name no tenant, and no policy asks for them.
            masked = each.masked(tenant_id) if each.table not in self.lookups else replace(each, keys=())
            if masked not in self.confined:
                self.confined[masked] = (tenant_id, each, _test())

    def verdicts(self, policy: dict[str, Any]) -> list[str]:
        """Everything that is wrong; empty when tenants are apart."""
        wrong = []
        for masked, (tenant_id, access, test) in self.confined.items():
            if not allowed(policy, access.request(tenant_id)):
                wrong.append(f"refused to its own tenant: {masked} (in {test})")
            if access.table not in self.lookups and allowed(policy, access.request(_OTHER)):
                wrong.append(f"open to another tenant: {masked} (in {test})")
        for who, what in self.unconfined.items():
            if who not in FOR_ALL:
                asked = ", ".join(sorted(what))
                wrong.append(f"not confined, and not explained: {who}: {asked} (in {min(what.values())})")
        return wrong


def accesses(
    operation: str, parameters: dict[str, Any], hash_keys: dict[tuple[str, str | None], str]
) -> list[Access]:
    """What IAM authorises one request for: by table, and for transactions by each of its operations."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            return [
                _of_item(_TRANSACTED[kind], each, hash_keys)
                for item in parameters["TransactItems"]
                for kind, each in item.items()
            ]
        case "BatchGetItem":
            return [
                Access(operation, table, None, _leading([*asked["Keys"]], hash_keys[table, None]))
                for table, asked in parameters["RequestItems"].items()
            ]
        case "BatchWriteItem":
            return [
                Access(operation, table, None, _leading([*map(_written, asked)], hash_keys[table, None]))
                for table, asked in parameters["RequestItems"].items()
            ]
        case "Query":
            return [_of_query(parameters, hash_keys)]
        case "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem":
            return [_of_item(operation, parameters, hash_keys)]
        case _:  # a scan, a description: nothing that names keys
            return [Access(operation, parameters.get("TableName", ""), parameters.get("IndexName"), ())]


def _of_item(action: str, asked: dict[str, Any], hash_keys: dict[tuple[str, str | None], str]) -> Access:
    table = asked["TableName"]
    item = asked.get("Key") or asked["Item"]
    return Access(action, table, None, _leading([item], hash_keys[table, None]))


def _of_query(asked: dict[str, Any], hash_keys: dict[tuple[str, str | None], str]) -> Access:
    table, index = asked["TableName"], asked.get("IndexName")
    name = hash_keys[table, index]
    placeholders = {value: key for key, value in asked.get("ExpressionAttributeNames", {}).items()}
    left = placeholders.get(name, name)
    # PynamoDB writes the hash key first: `#0 = :0`, alone or in front of AND.
    terms = asked["KeyConditionExpression"].strip("() ").replace("(", " ").replace(")", " ").split()
    position = terms.index(left)
    assert terms[position + 1] == "=", asked
    return Access("Query", table, index, _text(asked["ExpressionAttributeValues"][terms[position + 2]]))


def _written(request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = request.get("PutRequest", {}).get("Item") or request["DeleteRequest"]["Key"]
    return found


def _leading(items: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(key for item in items for key in _text(item[name]))


def _text(value: dict[str, Any]) -> tuple[str, ...]:
    (content,) = value.values()
    return (str(content),)


def _who(frame: FrameType | None) -> str | None:
    """Which entry point of the product makes this request; None for what a test does itself."""
    found = None
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_serve" and code.co_filename.endswith("core/api.py"):
            operation = frame.f_locals["operation"]
            route = f"{operation.method} {operation.path}"
            return route if "caller" in frame.f_locals else f"authenticating by {operation.security}"
        composed = code.co_filename.endswith("/app.py") and "chalice/" not in code.co_filename
        if composed and code.co_name.isidentifier():  # not a lambda, nor the module itself
            found = code.co_name
        frame = frame.f_back
    return found


def hash_keys() -> dict[tuple[str, str | None], str]:
    """The hash key's name of every table and index."""
    from infra import tables

    found: dict[tuple[str, str | None], str] = {}
    for model in tables.models():
        definition = tables.definition(model)
        for index in (None, *definition.get("GlobalSecondaryIndexes", ())):
            schema = definition["KeySchema"] if index is None else index["KeySchema"]
            (name,) = [each["AttributeName"] for each in schema if each["KeyType"] == "HASH"]
            found[definition["TableName"], None if index is None else index["IndexName"]] = name
    return found


def rendered(value: Any) -> Any:
    """A policy with the template's functions carried out, as IAM gets it."""
    if isinstance(value, list):
        return [rendered(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::Sub"}:
        text = value["Fn::Sub"]
        for name, content in _PSEUDO.items():
            text = text.replace(f"${{{name}}}", content)
        return text
    return {key: rendered(each) for key, each in value.items()}


def policy() -> dict[str, Any]:
    """The tenant role's, as it is packaged."""
    from infra.package.isolation import tenant_policy

    found: dict[str, Any] = rendered(tenant_policy())
    return found


_recorders: list[Recording] = []


@contextmanager
def recording() -> Iterator[Recording]:
    """Records what the process's DynamoDB client is asked for. Of several only the innermost does."""
    from chalicelib.core.dynamo import new_connection
    from infra.package.isolation import LOOKUPS
    from infra.package.resources import PREFIX

    events = new_connection().client.meta.events
    recorder = Recording(hash_keys(), frozenset(f"{PREFIX}{name}" for name in LOOKUPS))

    def saw(params: dict[str, Any], model: Any, **_: Any) -> None:
        if _recorders[-1] is recorder:
            recorder.saw(model.name, params)

    events.register("provide-client-params.dynamodb", saw)
    _recorders.append(recorder)
    try:
        yield recorder
    finally:
        _recorders.remove(recorder)
        events.unregister("provide-client-params.dynamodb", saw)


@contextmanager
def judged() -> Iterator[Recording]:
    """Fails in the end if anything that was recorded should not be."""
    with recording() as recorder:
        yield recorder
    wrong = recorder.verdicts(policy())
    assert not wrong, "tenants are not apart:\n" + "\n".join(wrong)
