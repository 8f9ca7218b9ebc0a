"""The credentials provider against a real STS implementation: what each thread's requests are signed with."""

import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.session import get_session

from chalicelib.core import connection
from chalicelib.core.config import config
from chalicelib.core.confinement import confined_to
from chalicelib.core.credentials import TenantCredentials, assuming, confine
from chalicelib.core.dynamo import new_connection
from chalicelib.core.errors import Unavailable

ROLE = "arn:aws:iam::000000000000:role/streamspace-tenant"
ONE, TWO = "ten-01kb0000000000000000000001", "ten-01kb0000000000000000000002"
_SIGNED_BY = re.compile(r"Credential=([^/]+)/")


@pytest.fixture
def signed(emulator: Any) -> tuple[Any, dict[str | None, set[str]]]:
    """A DynamoDB client that signs as the code is confined, and by whom: tenant -> access keys."""
    from chalicelib.core.confinement import confinement

    session = get_session()
    confine(session, ROLE, "us-east-1")
    client = session.create_client("dynamodb", region_name="us-east-1")
    by: dict[str | None, set[str]] = defaultdict(set)

    def sent(request: Any, **_: Any) -> None:
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        found = _SIGNED_BY.search(text)
        assert found is not None
        by[confinement()].add(found[1])

    client.meta.events.register("before-send.dynamodb", sent)
    return client, by


def test_two_tenants_in_many_threads_never_share_credentials(signed: Any) -> None:
    client, by = signed

    def work(number: int) -> None:
        with confined_to((ONE, TWO)[number % 2]):
            client.list_tables(Limit=1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    client.list_tables(Limit=1)
    assert [len(by[each]) for each in (ONE, TWO, None)] == [1, 1, 1]
    assert len(by[ONE] | by[TWO] | by[None]) == 3


def test_expiry_renews(emulator: Any) -> None:
    now = [0.0]
    sts = boto3.client("sts")
    credentials = TenantCredentials(assuming(sts, ROLE), lambda: now[0])
    first = credentials.of(ONE)
    assert credentials.of(ONE) == first
    assert first.token
    now[0] = 4e9  # long after they expired
    renewed = credentials.of(ONE)
    assert renewed.access_key != first.access_key


def test_who_they_are_for_is_told_to_sts(emulator: Any) -> None:
    granted = TenantCredentials(assuming(boto3.client("sts"), ROLE)).of(ONE)
    identity = boto3.client(
        "sts",
        aws_access_key_id=granted.access_key,
        aws_secret_access_key=granted.secret_key,
        aws_session_token=granted.token,
    ).get_caller_identity()
    assert identity["Arn"].endswith(f":assumed-role/streamspace-tenant/{ONE}")


def test_without_sts_nothing_is_signed_at_all(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer, no request: certainly none with the process's own credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    session = get_session()
    confine(session, ROLE, "us-east-1")
    client = session.create_client("dynamodb", region_name="us-east-1")
    sent: list[Any] = []
    client.meta.events.register("before-send.dynamodb", lambda request, **_: sent.append(request))
    with confined_to(ONE), pytest.raises(Unavailable):
        client.list_tables(Limit=1)
    assert sent == []
    client.list_tables(Limit=1)
    assert len(sent) == 1


@pytest.mark.parametrize("role", [ROLE, None])
def test_the_one_client_of_all_models_does_so_where_a_role_is_set(
    emulator: Any, monkeypatch: pytest.MonkeyPatch, role: str | None
) -> None:
    settings = replace(config(), tenant_role_arn=role)
    monkeypatch.setattr(connection, "config", lambda: settings)
    monkeypatch.setattr(connection.SharedConnection, "_shared", None)
    credentials = new_connection().client._request_signer._credentials
    own = credentials.get_frozen_credentials().access_key
    with confined_to(ONE):
        inside = credentials.get_frozen_credentials().access_key
    assert (inside == own) is (role is None)
