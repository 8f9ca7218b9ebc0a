"""Which tokens open the door, and which do not."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import OctKey, OKPKey

from agent.stream.keys import Keys
from agent.stream.tickets import Offer, Refused, Tickets

CONTROLLER = "ctl-01kb0000000000000000000001"
SESSION = "ses-01kb0000000000000000000001"
OTHER = "01kb0000000000000000000002"

Build = Callable[..., dict[str, Any]]
Mint = Callable[..., str]


async def check(keys: Keys, token: str) -> Any:
    return await Tickets(keys).ticket(token, controller=CONTROLLER, session=SESSION)


@pytest.mark.feature("A stream opens only with a ticket for that session, controller and moment")
async def test_a_good_ticket_is_read(keys: Keys, claims: Build, mint: Mint) -> None:
    found = await check(keys, mint(claims(permissions={"control": False})))
    assert found.session == SESSION
    assert not found.permissions.control


@pytest.mark.feature("A stream opens only with a ticket for that session, controller and moment")
@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 60, "iat": int(time.time()) - 120},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3660},
        {"exp": int(time.time()) + 86400},
        {"aud": f"streamspace-gateway:ctl-{OTHER}"},
        {"aud": "streamspace-relay"},
        {"aud": [f"streamspace-gateway:{CONTROLLER}"]},
        {"aud": None},
        {"controller": f"ctl-{OTHER}"},
        {"session": f"ses-{OTHER}"},
        {"iss": "somebody"},
        {"iss": None},
        {"session": "../../etc"},
        {"incarnation": "many"},
    ],
    ids="-".join,
)
async def test_wrong_claims_are_refused(
    keys: Keys, claims: Build, mint: Mint, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        await check(keys, mint(claims(**changes)))


async def test_only_the_agreed_algorithm(keys: Keys, claims: Build, signing_key: OKPKey) -> None:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    for alg in ("none", "HS256", "EdDSA"):
        with pytest.raises(Refused):
            await check(keys, f"{part({'alg': alg, 'kid': 'key-1'})}.{part(claims())}.")


async def test_public_key_as_shared_secret_is_refused(
    keys: Keys, claims: Build, mint: Mint, signing_key: OKPKey
) -> None:
    secret = OctKey.import_key(signing_key.as_dict(private=False)["x"])
    with pytest.raises(Refused):
        await check(keys, mint(claims(), secret, alg="HS256"))


async def test_a_foreign_signature_is_refused(keys: Keys, claims: Build, mint: Mint) -> None:
    with pytest.raises(Refused):
        await check(keys, mint(claims(), OKPKey.generate_key("Ed25519", private=True)))
    with pytest.raises(Refused):
        await check(keys, mint(claims(), kid="key-2"))
    good = mint(claims())
    with pytest.raises(Refused):
        await check(keys, good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "é.é.é", "e30.e30.e30"])
async def test_rubbish_is_refused(keys: Keys, token: str) -> None:
    with pytest.raises(Refused):
        await check(keys, token)


async def test_a_ticket_is_no_grant_and_a_grant_no_ticket(keys: Keys, claims: Build, mint: Mint) -> None:
    grant = mint(claims(aud="streamspace-relay"))
    assert (await Tickets(keys).grant(grant)).controller == CONTROLLER
    with pytest.raises(Refused):
        await Tickets(keys).grant(mint(claims()))
    with pytest.raises(Refused):
        await Tickets(keys, lambda: time.time() + 3600).grant(grant)


def test_exactly_one_credential() -> None:
    assert Offer.parse("streamspace.v1, binary, ticket.abc") == Offer(("streamspace.v1", "binary"), "abc")
    assert Offer.parse("binary,resume.ctl.x").resume == "ctl.x"
    for header in ("", "binary", "binary, ticket.a, ticket.b", "ticket.a, resume.b"):
        with pytest.raises(Refused):
            Offer.parse(header)
