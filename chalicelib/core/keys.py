"""The deployment's keys: one signs access tokens, one tickets and grants, one seals cursors.

They come as one JSON document, from a file or from Secrets Manager:
`{"access": <OKP JWK>, "stream": <OKP JWK>, "cursor": <oct JWK>}`, each with a `kid`.
"""

import json
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, OKPKey

from chalicelib.core.config import Config, config
from chalicelib.core.ids import new_id

# RFC 9864 renames the algorithm; verifiers in the field still know it by this name.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


@dataclass(frozen=True)
class Keys:
    """`access` and `stream` are Ed25519; `cursor` is symmetric and leaves no process."""

    access: OKPKey
    stream: OKPKey
    cursor: OctKey

    def public(self) -> dict[str, Any]:
        """The JWKS that relays and gateways verify with. Access tokens concern the control plane alone."""
        return {"keys": [{**self.stream.as_dict(private=False), "use": "sig", "alg": "EdDSA"}]}


def generate() -> str:
    """A new document, to be kept secret."""

    def okp() -> dict[str, Any]:
        return dict(OKPKey.generate_key("Ed25519", {"kid": new_id("key")}).as_dict(private=True))

    cursor = dict(OctKey.generate_key(256, {"kid": new_id("key")}).as_dict(private=True))
    return json.dumps({"access": okp(), "stream": okp(), "cursor": cursor})


def parse(document: str) -> Keys:
    """Raises KeyError or ValueError when the document is not one that `generate` could have made."""
    held = json.loads(document)
    return Keys(
        access=OKPKey.import_key(held["access"]),
        stream=OKPKey.import_key(held["stream"]),
        cursor=OctKey.import_key(held["cursor"]),
    )


def load(settings: Config) -> Keys:
    """Read them from where the configuration says."""
    if settings.keys_file:
        return parse(Path(settings.keys_file).read_text())
    if settings.keys_secret:
        secret = boto3.client("secretsmanager", region_name=settings.region).get_secret_value(
            SecretId=settings.keys_secret
        )
        return parse(secret["SecretString"])
    raise RuntimeError("Set STREAMSPACE_KEYS_FILE or STREAMSPACE_KEYS_SECRET: there are no signing keys.")


@lru_cache(maxsize=1)
def keys() -> Keys:
    """The process's keys, read at first use so that importing the app needs none."""
    return load(config())
