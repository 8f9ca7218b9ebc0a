"""Where a run's ids, times and pauses come from: the one place that reaches into the product.

Patched are only the names by which modules ask for a random id, a random pause or a sleep, and the
cryptography of agents' signatures (who signs, when, and whether the nonce is new stays checked by the real
code).
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client import identity, keys
from chalicelib.commands import numbers
from chalicelib.controllers import signatures
from chalicelib.core import ids, retry
from chalicelib.core.caller import Incoming

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""What virtual second 0 is called."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def moment(seconds: float) -> datetime:
    """The true time at a virtual second."""
    return EPOCH + timedelta(seconds=seconds)


@contextmanager
def installed(
    now: Callable[[], float], chance: random.Random, pause: Callable[[float], None], sign: Callable[..., Any]
) -> Iterator[None]:
    """While this lasts, the product takes them from here. `pause` waits as the present code may wait; `sign`
    stands for `agent.client.signing.Signer`."""

    def identifier() -> str:
        millis = int(moment(now()).timestamp() * 1000)
        return _digits(millis, 10) + _digits(chance.getrandbits(80), 16)

    drawn = SimpleNamespace(
        choice=chance.choice, token_urlsafe=lambda size: _digits(chance.getrandbits(8 * size), 2 * size)
    )
    private = SimpleNamespace(
        generate=lambda: Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)),
        from_private_bytes=Ed25519PrivateKey.from_private_bytes,
    )
    with ExitStack() as stack:
        for module, name, value in (
            (ids, "ULID", identifier),
            (ids, "secrets", drawn),
            (numbers, "secrets", drawn),
            (retry, "random", chance),
            (retry, "time", SimpleNamespace(sleep=pause)),
            (signatures, "verify", _verify),
            (identity, "Ed25519PrivateKey", private),
            (keys, "Signer", sign),
        ):
            stack.enter_context(patch.object(module, name, value))
        yield


def _digits(value: int, count: int) -> str:
    found = ""
    for _ in range(count):
        value, digit = divmod(value, len(_ALPHABET))
        found = _ALPHABET[digit] + found
    return found


def _verify(incoming: Incoming, *, authority: str, lookup: Callable[[str], bytes], now: datetime) -> Any:
    """`signatures.verify` without the arithmetic: the key has to be known, the time near, the nonce is passed
    on."""
    headers = incoming.headers
    assert headers["x-authority"] == authority
    created = signatures._check_age(int(headers["x-created"]), now)
    lookup(headers["x-key"])
    return signatures.Verified(key_id=headers["x-key"], nonce=headers["x-nonce"], created=created)
