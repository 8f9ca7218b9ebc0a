"""Signatures on the agent's calls (RFC 9421), exactly as chalicelib/protocol/signatures.py profiles them.

What a verifier must know, field by field:

* Headers: `Content-Digest: sha-256=:<base64>:` (RFC 9530, over the raw body), `Signature-Input` and
  `Signature` with the one label `sig1`.
* Covered components, in this order: "@method" "@path" "@authority" "content-digest".
* "@authority" is `EnrollAnswer.authority`, whatever host the URL names (proxies may rewrite Host). Both sides
  build the base over the URL `https://<authority><path>`, so a port is kept unless it is 443.
* "@path" starts at `/agent/v1/`: an API stage or base path in front of it is not covered.
* Parameters: created (seconds, on the server's clock), keyid (`EnrollAnswer.key_id`), alg "ed25519", nonce
  (128 random bits, base64url), tag `streamspace-agent-v1`. No expires. No query strings, ever.

The same library verifies: `HTTPMessageVerifier(signature_algorithm=ED25519, ...).verify(message,
max_age=..., expect_tag=TAG, require_components=COMPONENTS, body=body)`; message has method, url, headers.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from chalicelib.protocol.signatures import COMPONENTS, LABEL, TAG


@dataclass
class _Message:
    """What the library reads and writes of a request."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


def random_nonce() -> str:
    return secrets.token_urlsafe(16)


class Signer:
    """Signs requests with one key under one key id."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        *,
        key_id: str,
        authority: str,
        now: Callable[[], datetime],
        nonce: Callable[[], str] = random_nonce,
    ) -> None:
        self._key_id = key_id
        self._authority = authority
        self._now = now
        self._nonce = nonce
        self._signer = HTTPMessageSigner(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key}),
        )

    def headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The three headers that make this request signed now, with a new nonce each time."""
        message = _Message(method, f"https://{self._authority}{path}")
        self._signer.sign(
            message,
            key_id=self._key_id,
            created=self._now(),
            nonce=self._nonce(),
            label=LABEL,
            tag=TAG,
            covered_component_ids=COMPONENTS,
            body=body,
        )
        return message.headers
