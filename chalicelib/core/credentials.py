"""Credentials that reach one tenant's rows, for as long as code is confined to that tenant.

One DynamoDB client serves all tenants. What it signs a request with depends on `confinement()`: inside, the
tenant role with the tenant's id as a session tag, which IAM holds against the keys of every request; outside
(sign-in, schedules, stream handlers), the process's own. Whoever is confined and gets no credentials gets an
error: nothing falls back to more than was meant.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.config import Config as ClientConfig
from botocore.credentials import CredentialProvider, Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session

from chalicelib.core.confinement import confinement
from chalicelib.core.errors import Unavailable
from chalicelib.core.ids import is_id
from chalicelib.core.telemetry import logger

TAG = "tenant"
"""The session tag that the tenant role's policy compares leading keys with."""
_LIFETIME = 3600
"""Seconds; the most that a role may grant to a caller that is a role itself."""
_RENEW_BEFORE = 300
_MOST_KEPT = 2000
"""Tenants whose credentials a process keeps; the least recently used are asked for again."""
Assume = Callable[[str], "Granted"]


@dataclass(frozen=True)
class Granted:
    """Temporary credentials; `expires_at` in seconds since 1970."""

    frozen: ReadOnlyCredentials
    expires_at: float


class TenantCredentials:
    """One set a tenant, asked for once however many threads wait for it, renewed before it expires."""

    def __init__(self, assume: Assume, clock: Callable[[], float] = time.time) -> None:
        self._assume = assume
        self._clock = clock
        self._kept: OrderedDict[str, Granted] = OrderedDict()
        self._asking: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def of(self, tenant_id: str) -> ReadOnlyCredentials:
        """Raises Unavailable when there are none to be had; never anybody else's."""
        if not is_id(tenant_id, "ten"):
            # It becomes part of a policy's pattern: nothing but an id may.
            raise Unavailable("These credentials cannot be confined.")
        known = self._known(tenant_id, _RENEW_BEFORE)
        if known is not None:
            return known
        with self._lock:
            asking = self._asking.setdefault(tenant_id, threading.Lock())
        with asking:
            known = self._known(tenant_id, _RENEW_BEFORE)  # another thread asked meanwhile
            return known if known is not None else self._renewed(tenant_id)

    def _renewed(self, tenant_id: str) -> ReadOnlyCredentials:
        try:
            granted = self._assume(tenant_id)
        except (BotoCoreError, ClientError) as error:
            logger.warning("no credentials for a tenant", extra={"tenant_id": tenant_id, "error": str(error)})
            still_good = self._known(tenant_id, 30)
            if still_good is not None:
                return still_good
            raise Unavailable(
                "The service cannot reach your data at the moment. Please try again.", retry_after=2
            ) from error
        with self._lock:
            self._kept[tenant_id] = granted
            while len(self._kept) > _MOST_KEPT:
                gone, _ = self._kept.popitem(last=False)
                self._asking.pop(gone, None)
        return granted.frozen

    def _known(self, tenant_id: str, at_least: float) -> ReadOnlyCredentials | None:
        with self._lock:
            granted = self._kept.get(tenant_id)
            if granted is None or granted.expires_at - self._clock() < at_least:
                return None
            self._kept.move_to_end(tenant_id)
            return granted.frozen


class ConfinedCredentials(Credentials):
    """What botocore signs with: decided anew for each request, by the context that makes it."""

    def __init__(self, own: Credentials, tenants: TenantCredentials) -> None:
        frozen = own.get_frozen_credentials()
        # What the base class keeps is never signed with.
        super().__init__(
            frozen.access_key or "", frozen.secret_key or "", frozen.token, method=_Provider.METHOD
        )
        self._own = own
        self._tenants = tenants

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        tenant_id = confinement()
        return self._own.get_frozen_credentials() if tenant_id is None else self._tenants.of(tenant_id)


class _Provider(CredentialProvider):
    METHOD = "streamspace-confinement"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


def confine(session: Session, role_arn: str, region: str) -> None:
    """From now on, clients of this session sign as the running code is confined."""
    # A session of its own: its clients must not ask this one for credentials.
    own = get_session()
    credentials = own.get_credentials()
    if credentials is None:
        raise Unavailable("The service has no credentials of its own.")
    patience = ClientConfig(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
    sts = own.create_client("sts", region_name=region, config=patience)
    confined = ConfinedCredentials(credentials, TenantCredentials(assuming(sts, role_arn)))
    session.get_component("credential_provider").providers.insert(0, _Provider(confined))


def assuming(sts: Any, role_arn: str) -> Assume:
    """Asks STS for the tenant role's credentials, tagged with a tenant."""

    def assume(tenant_id: str) -> Granted:
        given = sts.assume_role(
            RoleArn=role_arn,
            RoleSessionName=tenant_id,
            DurationSeconds=_LIFETIME,
            Tags=[{"Key": TAG, "Value": tenant_id}],
        )["Credentials"]
        frozen = ReadOnlyCredentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], None
        )
        return Granted(frozen, given["Expiration"].timestamp())

    return assume
