"""The control plane on a real DynamoDB and SQS implementation, called through the Lambda entry point."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.support import isolation
from tests.support.emulator import Emulator
from tests.support.lambda_client import LambdaClient
from tests.support.mailbox import Mailbox

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """DynamoDB, SQS and STS; stopped at the end of the run."""
    state: Path = tmp_path_factory.mktemp("emulator")
    emulator = Emulator(os.environ["AWS_ENDPOINT_URL"], state)
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture(scope="session")
def control_plane(emulator: Emulator) -> Iterator[Any]:
    """The `app` module with its tables created. When the run ends, what it asked DynamoDB for is held against
    the policy that keeps tenants apart on AWS: an error at the teardown of the last test is that verdict."""
    from chalicelib.core.config import config
    from infra import buckets, tables

    tables.create_all()
    buckets.create(config())
    import app
    from chalicelib.identity import passwords

    # Argon2 is meant to be slow; what it costs is not what these tests are about.
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with isolation.judged():
        yield app


@pytest.fixture(scope="session")
def client(control_plane: Any) -> LambdaClient:
    return LambdaClient(control_plane.app)


@dataclass(frozen=True)
class TenantUnderTest:
    """A tenant of a test's own, so that tests share tables without meeting."""

    id: str
    slug: str
    admin: str
    member: str
    admin_id: str
    member_id: str
    admin_email: str
    member_email: str


_made = 0


def make_tenant(
    control_plane: Any, client: LambdaClient, *, allowed_images: tuple[str, ...] = ("*",)
) -> TenantUnderTest:
    """A fresh tenant with an admin and a member, both signed in (access tokens)."""
    from chalicelib.identity.service import Role

    global _made  # noqa: PLW0603 - numbers the tenants of a run
    _made += 1
    slug = f"t{_made}-{os.getpid()}"
    tenant = control_plane.tenancy.create(slug, f"Tenant {_made}", allowed_images=allowed_images)
    people = {}
    for role in (Role.ADMIN, Role.MEMBER):
        person = control_plane.identity.create_user(
            tenant.id, f"{role}@{slug}.example", role.title(), PASSWORD, role
        )
        answer = client("POST", "/v1/auth/login", {"email": person.email, "password": PASSWORD})
        assert answer.status == 200, answer.text
        people[role] = (person, answer.json["access_token"])
    admin, member = people[Role.ADMIN], people[Role.MEMBER]
    return TenantUnderTest(
        tenant.id, slug, admin[1], member[1], admin[0].id, member[0].id, admin[0].email, member[0].email
    )


@pytest.fixture
def tenant(control_plane: Any, client: LambdaClient) -> TenantUnderTest:
    return make_tenant(control_plane, client)


@pytest.fixture
def stranger(control_plane: Any, client: LambdaClient) -> TenantUnderTest:
    """Another tenant, who must not learn that the first exists."""
    return make_tenant(control_plane, client)


@pytest.fixture
def mailbox(control_plane: Any) -> Mailbox:
    """Every mail that was sent, to whomever."""
    from chalicelib.core.config import config

    return Mailbox(control_plane, Path(config().mail.removeprefix("file:")))


_places = count(1)


@pytest.fixture
def here() -> str:
    """An address that no other test uses: failed sign-ins and mails that are asked for count by address."""
    number = next(_places)
    return f"198.51.{number // 250}.{number % 250 + 1}"
