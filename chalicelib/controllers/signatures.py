"""Verifies agents' RFC 9421 signatures, in our own code in every mode and failing closed.

The library alone accepts far too much, so everything that the profile asks for is required here: the tag,
the algorithm, all components, a key that we know, `created` within the age limit and a nonce.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from chalicelib.core.caller import Incoming
from chalicelib.core.errors import Unauthenticated
from chalicelib.protocol.signatures import ALGORITHM, COMPONENTS, LABEL, MAX_AGE_SECONDS, TAG

KeyLookup = Callable[[str], bytes]
"""The raw Ed25519 key of a key id; raises what the caller of `verify` shall get when there is none."""
_NONCE_LENGTH = range(16, 129)
_PARAMETERS = frozenset({"created", "keyid", "alg", "nonce", "tag"})


@dataclass(frozen=True)
class Verified:
    """What a valid signature says. The nonce still has to be remembered."""

    key_id: str
    nonce: str
    created: datetime

    @property
    def nonce_expires(self) -> datetime:
        """Until then a repetition would pass the age limit."""
        return self.created + timedelta(seconds=MAX_AGE_SECONDS + 1)


@dataclass(frozen=True)
class _Message:
    method: str
    url: str
    headers: dict[str, str]


class _Keys(HTTPSignatureKeyResolver):
    """The library takes any exception of a resolver for a bad signature; `failure` keeps what it was, so that
    a store that does not answer is not mistaken for a forgery."""

    def __init__(self, lookup: KeyLookup) -> None:
        self._lookup = lookup
        self.failure: Exception | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        try:
            return Ed25519PublicKey.from_public_bytes(self._lookup(key_id))
        except Exception as error:
            self.failure = error
            raise


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        """The library looks at its own clock; `_check_age` looks at the one passed in."""


def verify(incoming: Incoming, *, authority: str, lookup: KeyLookup, now: datetime) -> Verified:
    """Check the signature of a request as it came.

    `authority` is the configured one, whatever the Host header says: proxies may rewrite that. Raises
    Unauthenticated `signature_invalid`, or `signature_expired` with the server's time.
    """
    message = _Message(incoming.method, f"https://{authority}{incoming.path}", incoming.headers)
    keys = _Keys(lookup)
    try:
        results = _Verifier(signature_algorithm=ED25519, key_resolver=keys).verify(
            message,
            max_age=None,
            expect_tag=TAG,
            expect_label=LABEL,
            require_components=COMPONENTS,
            body=incoming.body,
        )
    except HTTPMessageSignaturesException as error:
        raise (keys.failure or _invalid(str(error))) from None
    if len(results) != 1:
        raise _invalid("There must be one signature.")
    parameters = results[0].parameters
    if set(parameters) != _PARAMETERS or parameters["alg"] != ALGORITHM:
        raise _invalid(f"The parameters must be {', '.join(sorted(_PARAMETERS))}, the algorithm {ALGORITHM}.")
    nonce = str(parameters["nonce"])
    if len(nonce) not in _NONCE_LENGTH:
        raise _invalid("The nonce must have 16 to 128 characters.")
    created = _check_age(int(parameters["created"]), now)
    return Verified(key_id=str(parameters["keyid"]), nonce=nonce, created=created)


def _check_age(created: int, now: datetime) -> datetime:
    if abs(now.timestamp() - created) > MAX_AGE_SECONDS:
        raise Unauthenticated(
            f"The signature's time is more than {MAX_AGE_SECONDS} s off ours. Correct for it and sign again.",
            code="signature_expired",
            extra={"server_time": now.isoformat()},
        )
    return datetime.fromtimestamp(created, UTC)


def _invalid(detail: str) -> Unauthenticated:
    return Unauthenticated(f"The request's signature was refused. {detail}", code="signature_invalid")


def replayed() -> Unauthenticated:
    """The nonce was used before."""
    return _invalid("Its nonce was used before.")
