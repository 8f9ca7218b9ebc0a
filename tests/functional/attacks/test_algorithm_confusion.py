"""Attack: a token that somebody else made, or that was made for something else, is taken for ours."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from chalicelib.core.keys import keys


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(value: object) -> str:
    return _part(json.dumps(value).encode())


def _decoded(token: str) -> tuple[dict, dict]:
    header, payload, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(each + "==")) for each in (header, payload))


def _hmac(header: dict, claims: dict, secret: bytes) -> str:
    """By hand: a library that is any good refuses to sign with a public key."""
    signed = f"{_json(header)}.{_json(claims)}"
    return f"{signed}.{_part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _signed(header: dict, claims: dict, key) -> str:
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


@pytest.fixture
def refused(client, control_plane):
    def check(token: str) -> None:
        answer = client("GET", "/v1/me", token=token)
        assert (answer.status, answer.json["code"]) == (401, "unauthenticated"), token

    return check


@pytest.fixture
def real(tenant):
    """Header and claims of a token that works: forgeries differ in one thing."""
    return _decoded(tenant.admin)


def test_the_forgeries_differ_in_nothing_else(client, real):
    """Signed by the right key, the same claims open the door: otherwise the others would prove nothing."""
    header, claims = real
    assert client("GET", "/v1/me", token=_signed(header, claims, keys().access)).status == 200


def test_without_a_signature(refused, real):
    header, claims = real
    for name in ("none", "None", "NONE", ""):
        for signature in ("", "AA"):
            refused(f"{_json({**header, 'alg': name})}.{_json(claims)}.{signature}")
    refused(f"{_json(header)}.{_json(claims)}.")
    refused(f"{_json({'typ': 'at+jwt'})}.{_json(claims)}.")


def test_hmac_with_the_public_key(refused, real):
    header, claims = real
    public = keys().access
    for secret in (
        public.as_pem(private=False),
        public.as_pem(private=False).strip(),
        public.as_der(private=False),
        base64.urlsafe_b64decode(public.as_dict(private=False)["x"] + "=="),
        public.as_dict(private=False)["x"].encode(),
        json.dumps(public.as_dict(private=False)).encode(),
        b"",
    ):
        for algorithm in ("HS256", "HS384"):
            refused(_hmac({**header, "alg": algorithm}, claims, secret))


def test_other_algorithms_with_a_key_of_the_attackers_choice(refused, real):
    header, claims = real
    for algorithm, key in (
        ("RS256", RSAKey.generate_key(2048)),
        ("ES256", ECKey.generate_key("P-256")),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
    ):
        public = key.as_dict(private=False)
        for more in (
            {},
            {"jwk": public},
            {"jku": "https://evil.example/jwks.json"},
            {"x5u": "https://evil.example"},
        ):
            refused(_signed({**header, "alg": algorithm, **more}, claims, key))


def test_kid_is_no_path_and_no_query(refused, real):
    header, claims = real
    for kid in ("../../../../dev/null", "/dev/null", "' UNION SELECT '", "", keys().stream.kid):
        refused(_hmac({**header, "alg": "HS256", "kid": kid}, claims, b""))
        refused(_signed({**header, "kid": kid}, claims, OKPKey.generate_key("Ed25519")))


def test_our_other_keys_sign_no_access_tokens(refused, real):
    header, claims = real
    refused(_signed({**header, "kid": keys().stream.kid}, claims, keys().stream))
    refused(_signed(header, claims, keys().stream))
    secret = OctKey.import_key(keys().cursor.as_dict(private=True))
    refused(_signed({**header, "alg": "HS256"}, claims, secret))


def test_wrong_issuer_audience_type_or_time(client, refused, real):
    header, claims = real
    access = keys().access
    for changes in (
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "streamspace-events"},
        {"aud": ["streamspace-api", "streamspace-events"]},
        {"aud": None},
        {"exp": None},
        {"exp": "later"},
        {"sid": None},
        {"sub": 7},
    ):
        refused(_signed(header, {**claims, **changes}, access))
    for kind in ("JWT", "link+jwt", None):
        refused(_signed({**header, "typ": kind} if kind else {"alg": "EdDSA"}, claims, access))
    late = client("GET", "/v1/me", token=_signed(header, {**claims, "exp": int(time.time()) - 1}, access))
    assert (late.status, late.json["code"]) == (401, "token_expired")


def test_a_token_of_one_person_does_not_become_anothers(client, tenant, stranger, real):
    """Even with our key: whose sign-in it is, the row says."""
    header, claims = real
    _, theirs = _decoded(stranger.admin)
    for changes in ({"sub": tenant.member_id}, {"tenant": theirs["tenant"]}, {"sid": theirs["sid"]}):
        token = _signed(header, {**claims, **changes}, keys().access)
        assert client("GET", "/v1/me", token=token).status == 401


def test_tickets_links_and_cursors_are_no_access_tokens(client, tenant, mailbox, refused, here):
    refused(client("POST", "/v1/events/ticket", token=tenant.admin).json["ticket"])
    client("POST", "/v1/auth/password-reset", {"email": tenant.admin_email}, source_ip=here)
    refused(urlsplit(mailbox.link(tenant.admin_email)).fragment.removeprefix("token="))
    invited = {"email": f"new@{tenant.slug}.example", "role": "member"}
    made = client("POST", "/v1/invitations", invited, token=tenant.admin)
    refused(urlsplit(made.json["link"]).fragment.removeprefix("token="))


def test_access_tokens_tickets_and_links_open_no_link_but_their_own(client, tenant, mailbox, here):
    ticket = client("POST", "/v1/events/ticket", token=tenant.admin).json["ticket"]
    client("POST", "/v1/auth/password-reset", {"email": tenant.admin_email}, source_ip=here)
    reset = urlsplit(mailbox.link(tenant.admin_email)).fragment.removeprefix("token=")
    address = f"sign-up@{tenant.slug}.example"
    ask = {"email": address, "name": "A", "organisation": "B"}
    client("POST", "/v1/auth/sign-up", ask, source_ip=here)
    sign_up = urlsplit(mailbox.link(address)).fragment.removeprefix("token=")
    password = "another battery horse"
    for token in (tenant.admin, ticket, sign_up):
        body = {"token": token, "new_password": password}
        answer = client("POST", "/v1/auth/password-reset/confirm", body, source_ip=here)
        assert (answer.status, answer.json["code"]) == (422, "link_invalid")
    for token in (tenant.admin, ticket, reset):
        body = {"token": token, "password": password}
        answer = client("POST", "/v1/auth/sign-up/confirm", body, source_ip=here)
        assert (answer.status, answer.json["code"]) == (422, "link_invalid")
    for token in (tenant.admin, ticket, reset, sign_up):
        assert client("POST", "/v1/auth/invitation", {"token": token}).status == 422


def test_links_are_signed_as_strictly(client, tenant, mailbox, here):
    client("POST", "/v1/auth/password-reset", {"email": tenant.admin_email}, source_ip=here)
    header, claims = _decoded(urlsplit(mailbox.link(tenant.admin_email)).fragment.removeprefix("token="))
    public = keys().access.as_pem(private=False)
    access = keys().access
    for forged in (
        f"{_json({**header, 'alg': 'none'})}.{_json(claims)}.",
        _hmac({**header, "alg": "HS256"}, claims, public),
        _signed(header, claims, OKPKey.generate_key("Ed25519")),
        _signed(header, claims, keys().stream),
        _signed(header, {**claims, "aud": "streamspace-sign-up"}, access),
        _signed(header, {**claims, "iss": "somebody"}, access),
        _signed({**header, "typ": "at+jwt"}, claims, access),
        _signed(header, {**claims, "exp": None}, access),
    ):
        body = {"token": forged, "new_password": "another battery horse"}
        answer = client("POST", "/v1/auth/password-reset/confirm", body, source_ip=here)
        assert (answer.status, answer.json["code"]) == (422, "link_invalid")
    body = {"token": _signed(header, claims, access), "new_password": "another battery horse"}
    assert client("POST", "/v1/auth/password-reset/confirm", body, source_ip=here).status == 204
