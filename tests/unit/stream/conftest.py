"""A signing key as the control plane has one, and a key cache that already knows its public half."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from agent.stream.keys import Keys

CONTROLLER = "ctl-01kb0000000000000000000001"
SESSION = "ses-01kb0000000000000000000001"


@pytest.fixture
def signing_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": "key-1"}, private=True)


@pytest.fixture
def keys(signing_key: OKPKey, tmp_path: Path) -> Keys:
    cache = tmp_path / "jwks.json"
    cache.write_text(json.dumps({"keys": [signing_key.as_dict(private=False)]}))
    return Keys(lambda: None, cache)


@pytest.fixture
def claims() -> Callable[..., dict[str, Any]]:
    def build(**changes: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": "streamspace",
            "aud": f"streamspace-gateway:{CONTROLLER}",
            "sub": "usr-01kb0000000000000000000001",
            "jti": "ticket-1",
            "iat": now,
            "exp": now + 60,
            "tenant": "ten-01kb0000000000000000000001",
            "session": SESSION,
            "controller": CONTROLLER,
            "incarnation": 1,
            "protocol": "vnc",
            "permissions": {"control": True},
            **changes,
        }

    return build


@pytest.fixture
def mint(signing_key: OKPKey) -> Callable[..., str]:
    def sign(claims: dict[str, Any], key: Any = signing_key, **head: Any) -> str:
        head = {"alg": "EdDSA", "kid": "key-1", **head}
        return jwt.encode(head, claims, key, algorithms=[head["alg"]])

    return sign
