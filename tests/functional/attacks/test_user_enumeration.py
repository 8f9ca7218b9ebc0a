"""Attack: telling by an answer, or by the work it takes, whether somebody has an account.

Work is counted, not timed: requests to the store by operation and table, and Argon2 computations. What takes
the same steps takes the same time; a clock would only be flaky about it.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.identity import attempt_rules

PASSWORD = "correct horse battery"
_numbers = count(1)


@dataclass
class Work:
    """What one request costs."""

    store: Counter[tuple[str, str]] = field(default_factory=Counter)
    argon2: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def measured(control_plane, monkeypatch) -> Callable[..., Any]:
    """`with measured() as work`: everything that happens inside."""
    from chalicelib.core.connection import SharedConnection
    from chalicelib.identity import passwords

    @contextmanager
    def measure():
        work = Work()
        client = control_plane.identity.reads._connection.client
        real_call, real_hasher = client._make_api_call, passwords._hasher

        def call(operation, arguments):
            tables = str(sorted(arguments.get("RequestItems", {})) or arguments.get("TableName", ""))
            if "TransactItems" in arguments:
                names = [next(iter(each.values()))["TableName"] for each in arguments["TransactItems"]]
                tables = str(sorted(names))
            work.store[(operation, tables)] += 1
            return real_call(operation, arguments)

        class Hasher:
            def __getattr__(self, name):
                if name in ("hash", "verify"):
                    work.argon2[name] += 1
                return getattr(real_hasher, name)

        monkeypatch.setattr(client, "_make_api_call", call)
        monkeypatch.setattr(passwords, "_hasher", Hasher())
        yield work
        monkeypatch.setattr(client, "_make_api_call", real_call)
        monkeypatch.setattr(passwords, "_hasher", real_hasher)

    passwords.verify(None, "warm")  # the decoy is made once in a process
    assert SharedConnection._shared is not None
    return measure


def _place():
    number = next(_numbers)
    return f"203.0.{number // 250}.{number % 250 + 1}"


def _plain(answer):
    """What an attacker sees, but for what differs anyway."""
    fixed = {key: value for key, value in answer.headers.items() if key != "date"}
    return answer.status, fixed, answer.cookies, answer.text


@pytest.fixture
def accounts(tenant, stranger, control_plane) -> dict[str, str]:
    """Addresses of every kind of account that a wrong password may be tried on."""
    from chalicelib.identity.service import Role

    identity = control_plane.identity
    home = tenant.slug

    def person(name: str, tenant_id: str = tenant.id, **fields: Any) -> str:
        made = identity.create_user(tenant_id, f"{name}@{home}.example", name, PASSWORD, Role.MEMBER)
        if fields:
            identity.change(tenant_id, made.id, lambda each: replace(each, **fields))
        return made.email

    both = person("both")
    person("both", stranger.id)
    return {
        "known": person("known"),
        "disabled": person("disabled", disabled=True),
        "without a password": person("federated", password_hash=None),
        "in two organisations": both,
        "unknown": f"nobody@{home}.example",
        "unknown elsewhere": "nobody@nowhere.example",
    }


def _wrong_login(client, email, **more):
    return client(
        "POST", "/v1/auth/login", {"email": email, "password": "not it at all", **more}, source_ip=_place()
    )


def test_a_wrong_password_reads_the_same_for_every_kind_of_account(client, accounts):
    answers = {kind: _plain(_wrong_login(client, email)) for kind, email in accounts.items()}
    assert answers["unknown"][0] == 401
    for kind, answer in answers.items():
        assert answer == answers["unknown"], kind


def test_and_takes_the_same_work(client, accounts, measured):
    costs = {}
    for kind, email in accounts.items():
        with measured() as work:
            _wrong_login(client, email)
        costs[kind] = work
    assert costs["unknown"].argon2["verify"] > 0
    assert sum(costs["unknown"].store.values()) > 3
    for kind, work in costs.items():
        assert work == costs["unknown"], kind


def test_the_name_of_an_organisation_is_no_oracle_either(client, accounts, stranger, tenant, measured):
    plain, costs = {}, {}
    for slug in (tenant.slug, stranger.slug, "no-such-organisation"):
        for kind in ("known", "unknown"):
            with measured() as work:
                plain[slug, kind] = _plain(_wrong_login(client, accounts[kind], tenant=slug))
            costs[slug, kind] = work
    assert len({str(each) for each in plain.values()}) == 1
    assert all(work == costs[tenant.slug, "unknown"] for work in costs.values()), costs


def test_a_lock_says_nothing_about_the_account(client, accounts, monkeypatch):
    slow = attempt_rules.Limit(5, timedelta(minutes=1))
    monkeypatch.setitem(attempt_rules._PER_PAIR, attempt_rules.Action.SIGN_IN, slow)
    refusals = {}
    for kind in ("known", "unknown"):
        place = _place()
        body = {"email": accounts[kind], "password": "not it at all"}
        statuses = [client("POST", "/v1/auth/login", body, source_ip=place).status for _ in range(6)]
        refusals[kind] = statuses
    assert refusals["known"] == refusals["unknown"] == [401] * 5 + [429]


@pytest.mark.parametrize("path", ["/v1/auth/password-reset", "/v1/auth/sign-up"])
def test_asking_for_a_mail_reads_and_costs_the_same(client, accounts, measured, path):
    plain, costs = {}, {}
    for kind, email in accounts.items():
        body = {"email": email}
        if path.endswith("sign-up"):
            body.update(name="Ada", organisation="Engines")
        with measured() as work:
            plain[kind] = _plain(client("POST", path, body, source_ip=_place()))
        costs[kind] = work
    assert plain["unknown"][0] == 202
    for kind in accounts:
        assert plain[kind] == plain["unknown"], kind
        assert costs[kind] == costs["unknown"], kind


def test_a_foreign_organisations_people_cannot_be_asked_after(client, tenant, stranger):
    """What exists elsewhere reads like what exists nowhere."""
    nowhere = "usr-01kb0000000000000000000000"
    for path in ("/v1/users/{}", "/v1/users/{}/sign-ins"):
        theirs = client("GET", path.format(stranger.member_id), token=tenant.admin)
        nobodys = client("GET", path.format(nowhere), token=tenant.admin)
        assert theirs.status == nobodys.status == 404
        assert theirs.text.replace(stranger.member_id, "") == nobodys.text.replace(nowhere, "")


def test_failures_are_audited_where_the_account_is(client, tenant, accounts, control_plane):
    _wrong_login(client, accounts["known"])
    entries = [each for _, each in control_plane.audit.export(tenant.id) if each["action"] == "auth.login"]
    refused = [each for each in entries if each["outcome"] == "refused"]
    assert [each["code"] for each in refused] == ["wrong_credentials"]
