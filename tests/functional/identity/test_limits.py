"""Attempts are counted in the store, before they are made."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

PASSWORD = "correct horse battery"


def _try(client, email, source_ip, password="not it at all"):
    return client(
        "POST", "/v1/auth/login", {"email": email, "password": password}, source_ip=source_ip
    ).status


@pytest.mark.feature("Guessing passwords is slowed down, by account and by address")
def test_an_account_is_locked_from_one_address_and_not_from_others(client, tenant, here):
    statuses = [_try(client, tenant.member_email, here) for _ in range(7)]
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]
    assert _try(client, tenant.member_email, here, PASSWORD) == 429
    assert _try(client, tenant.member_email, "192.0.2.200", PASSWORD) == 200


def test_many_addresses_do_not_help_against_one_account(client, tenant):
    statuses = [_try(client, tenant.member_email, f"192.0.2.{number}") for number in range(24)]
    assert 429 in statuses[20:]
    assert statuses[:20] == [401] * 20


def test_one_address_cannot_try_everybody(client, control_plane, here, monkeypatch):
    from chalicelib.identity import attempt_rules

    few = attempt_rules.Limit(4)
    monkeypatch.setitem(attempt_rules._PER_ADDRESS, attempt_rules.Action.SIGN_IN, few)
    statuses = [_try(client, f"user{number}@spray.example", here) for number in range(6)]
    assert statuses[:4] == [401] * 4
    assert 429 in statuses[4:]


def test_attempts_at_the_same_moment_gain_nothing(client, tenant, here, monkeypatch):
    from chalicelib.identity import attempt_rules

    slow = attempt_rules.Limit(5, timedelta(minutes=1))
    monkeypatch.setitem(attempt_rules._PER_PAIR, attempt_rules.Action.SIGN_IN, slow)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: _try(client, tenant.member_email, here), range(32)))
    assert sorted(statuses) == [401] * 5 + [429] * 27


def test_the_right_password_starts_afresh(client, tenant, here):
    for _ in range(3):
        for _ in range(3):
            assert _try(client, tenant.member_email, here) == 401
        assert _try(client, tenant.member_email, here, PASSWORD) == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/auth/password-reset", {"email": "somebody@limits.example"}),
        ("/v1/auth/sign-up", {"email": "somebody@limits.example", "name": "A", "organisation": "B"}),
    ],
)
def test_mails_to_one_address_are_limited(client, control_plane, path, body):
    answers = [client("POST", path, body, source_ip=f"203.0.113.{number}") for number in range(4)]
    assert [answer.status for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) > 50


def test_links_cannot_be_tried_without_end(client, control_plane, here):
    body = {"token": "x.y.z", "new_password": "another password"}
    statuses = [
        client("POST", "/v1/auth/password-reset/confirm", body, source_ip=here).status for _ in range(22)
    ]
    assert statuses[0] == 422
    assert statuses[-1] == 429
