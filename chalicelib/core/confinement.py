"""Which tenant the code that runs now may touch.

The API shell confines a request to its caller's tenant as soon as that is known. Where a tenant role is
configured (`STREAMSPACE_TENANT_ROLE_ARN`, on AWS), the DynamoDB client then signs with credentials that IAM
lets reach rows of that tenant only (`dynamodb:LeadingKeys`), so that a query which forgot its tenant fails
instead of leaking. Schedules, stream handlers and sign-in work for all tenants and are not confined.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_tenant: ContextVar[str | None] = ContextVar("confined_to", default=None)


@contextmanager
def confined_to(tenant_id: str) -> Iterator[None]:
    """Everything inside may touch this tenant's rows only; an empty id confines nothing."""
    token = _tenant.set(tenant_id or None)
    try:
        yield
    finally:
        _tenant.reset(token)


def confinement() -> str | None:
    """The tenant that the running code is confined to."""
    return _tenant.get()
