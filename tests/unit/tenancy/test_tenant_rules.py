"""What a tenant's settings let in, and which pictures are logos."""

import base64
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.tenancy.changing import Change, changed
from chalicelib.tenancy.logos import MAX_BYTES, parse
from chalicelib.tenancy.rules import PLANS, Plan, Tenant, TenantSettings, TenantState, networks

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
TENANT = Tenant("ten-1", "acme", "Acme", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("listed", "address", "admitted"),
    [
        ((), "203.0.113.9", True),
        ((), "nonsense", True),
        (("192.0.2.0/24",), "192.0.2.77", True),
        (("192.0.2.0/24",), "192.0.3.1", False),
        (("192.0.2.0/24",), "::ffff:192.0.2.77", True),
        (("2001:db8::/32",), "2001:db8:1::5", True),
        (("2001:db8::/32",), "2001:db9::5", False),
        (("2001:db8::/32",), "192.0.2.1", False),
        (("2001:db8::/32", "192.0.2.1/32"), "192.0.2.1", True),
        (("192.0.2.0/24",), "", False),
        (("192.0.2.0/24",), "unknown", False),
    ],
)
def test_allow_list(listed: tuple[str, ...], address: str, admitted: bool) -> None:
    assert TenantSettings(ip_allow_list=listed).admits(address) is admitted


def test_networks_take_their_plain_form() -> None:
    assert networks(("192.0.2.1", " 192.0.2.1/32", "2001:DB8::/32")) == ("192.0.2.1/32", "2001:db8::/32")


@pytest.mark.parametrize("bad", ["192.0.2.1/24", "acme.example", "", "300.1.1.1", "0.0.0.0/33"])
def test_what_is_no_network_is_refused(bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        networks((bad,))
    assert refused.value.errors[0].field == "settings.ip_allow_list"


def _url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("image/png", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe0" + b"\0" * 16),
        ("image/webp", b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 16),
    ],
)
def test_pictures_are_logos(media_type: str, content: bytes) -> None:
    logo = parse(_url(media_type, content))
    assert (logo.media_type, logo.content, logo.url) == (media_type, content, _url(media_type, content))


@pytest.mark.parametrize(
    "bad",
    [
        _url("image/svg+xml", b"<svg onload='alert(1)'/>"),
        _url("image/png", b"<svg onload='alert(1)'/>"),
        _url("image/jpeg", PNG),
        _url("image/gif", b"GIF89a" + b"\0" * 16),
        _url("image/png", PNG + b"\0" * MAX_BYTES),
        _url("image/webp", b"RIFF\x24\0\0\0WAVEfmt "),
        "data:image/png;base64,!!!",
        "data:image/png,plain",
        "https://example.org/logo.png",
        "",
    ],
)
def test_anything_else_is_not(bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(bad)
    assert refused.value.errors[0].field == "branding.logo"


def test_what_a_change_does_not_name_stays() -> None:
    looked = changed(TENANT, Change(accent="#AABBCC", sets_accent=True))
    assert looked.branding.accent == "#aabbcc"
    renamed = changed(looked, Change(name="Acme Ltd", invitation_days=3))
    assert (renamed.branding, renamed.name) == (looked.branding, "Acme Ltd")
    assert renamed.settings == TenantSettings(invitation_days=3)
    assert changed(renamed, Change(sets_accent=True)).branding.accent is None


def test_only_an_active_tenant_is_not_suspended() -> None:
    assert [Tenant("t", "s", "n", TENANT.created_at, state=each).suspended for each in TenantState] == [
        False,
        True,
        True,
    ]


def test_no_bigger_plan_allows_less() -> None:
    def room(plan: Plan) -> list[float]:
        return [float("inf") if each is None else each for each in vars(plan).values()]

    rooms = [room(plan) for plan in PLANS.values()]
    assert rooms == sorted(rooms)
