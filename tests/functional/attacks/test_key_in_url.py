"""Attack: credentials in URLs, which end up in logs, histories and Referer headers."""

import logging
from urllib.parse import urlsplit

import pytest

from tests.functional.conftest import PASSWORD

_NAMES = [
    "access_token", "token", "authorization", "Authorization", "auth", "bearer", "api_key", "apikey", "key",
    "jwt", "streamspace_refresh", "cookie",
]  # fmt: skip


@pytest.fixture
def api_key(client, tenant):
    body = {"name": "robot", "scopes": ["sessions:read"]}
    made = client("POST", "/v1/api-keys", body, token=tenant.member)
    assert made.status == 201, made.text
    return made.json["key"]


@pytest.mark.parametrize("name", _NAMES)
def test_a_token_or_key_in_the_query_is_not_accepted(client, tenant, login, api_key, name):
    token, cookie = login(tenant.member_email)
    for value in (token, f"Bearer {token}", api_key, f"Bearer {api_key}"):
        answer = client("GET", "/v1/sessions", query={name: value})
        assert answer.status == 401
        assert value not in answer.text
    answer = client("POST", "/v1/auth/refresh", query={name: cookie.partition("=")[2]})
    assert answer.status == 401


def test_nothing_secret_reaches_the_log(client, tenant, login, api_key, caplog, control_plane, monkeypatch):
    from chalicelib.core.telemetry import logger

    token, cookie = login(tenant.member_email)
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(logger.registered_formatter.format(record))

    keep = Keep(level=logging.DEBUG)
    underlying = logger._logger
    level = underlying.level
    underlying.addHandler(keep)
    underlying.setLevel(logging.DEBUG)
    try:
        query = {"access_token": token, "key": api_key}
        headers = {"cookie": cookie, "x-api-key": api_key}
        client("GET", "/v1/me", token=token, query=query, headers=headers)
        client("GET", "/v1/me", token=api_key, query=query, headers=headers)
        client("POST", "/v1/auth/login", {"email": tenant.member_email, "password": PASSWORD}, query=query)
        # An error of ours is logged with all that the logger is given.
        monkeypatch.setattr(type(control_plane.identity), "get", _broken)
        failed = client("GET", "/v1/me", token=token, query=query, headers=headers)
        assert failed.status == 500
    finally:
        underlying.removeHandler(keep)
        underlying.setLevel(level)
    log = "\n".join(written)
    assert "unexpected error" in log
    for secret in (token, api_key, cookie.rpartition(".")[2], PASSWORD):
        assert secret not in log
        assert secret not in failed.text


def _broken(*_arguments: object) -> None:
    raise RuntimeError("on purpose")


def test_links_in_mails_keep_their_token_from_servers(client, tenant, mailbox, here):
    client("POST", "/v1/auth/password-reset", {"email": tenant.member_email}, source_ip=here)
    parts = urlsplit(mailbox.link(tenant.member_email))
    assert parts.query == ""
    assert "." not in parts.path
    assert parts.fragment.startswith("token=")


def test_no_answer_puts_a_secret_into_an_address(client, tenant):
    ticket = client("POST", "/v1/events/ticket", token=tenant.member).json
    assert ticket["ticket"] not in ticket["url"]
    assert "?" not in ticket["url"]


def test_no_route_takes_a_secret_as_a_parameter(control_plane):
    for api in control_plane.apis:
        for operation in api.operations:
            asked = set(operation.parameters) | set(operation.query.model_fields if operation.query else ())
            assert not asked & {name.lower() for name in _NAMES}, operation.path
