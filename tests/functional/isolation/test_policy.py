"""The packaged policy against requests: a query that forgets its tenant is refused on AWS, and found here.

What the rest of the suite asks for is judged where the run ends (`control_plane` in ../conftest.py).
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.catalog.models import DynamoTemplateStore, TemplateRow
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.core.confinement import confined_to
from chalicelib.core.dynamo import Check, DynamoUnitOfWork, write
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.row_models import SessionRow
from tests.support import isolation
from tests.support.iam import allowed


@pytest.fixture
def recorder(control_plane: Any) -> Iterator[isolation.Recording]:
    """What this test asks for, apart from what the run is judged by."""
    with isolation.recording() as recorder:
        yield recorder


def wrong(recorder: isolation.Recording) -> list[str]:
    return recorder.verdicts(isolation.policy())


@pytest.mark.feature(
    "On AWS a request reaches its own tenant's rows only; the tests' requests are held to it"
)
def test_what_forgets_its_tenant_is_found(recorder: Any, tenant: Any, stranger: Any) -> None:
    with confined_to(tenant.id):
        DynamoTemplateStore().get(tenant.id, "tpl-1")
        assert wrong(recorder) == []
        DynamoTemplateStore().get(stranger.id, "tpl-1")
        [refused] = wrong(recorder)
        assert refused.startswith("refused to its own tenant: Access(action='GetItem'")


@pytest.mark.parametrize(
    "ask",
    [
        lambda tenant, other: list(SessionRow.by_due.query("due-0")),
        lambda tenant, other: list(SessionRow.by_owner.query(f"{other}#usr-1")),
        lambda tenant, other: list(SessionRow.query(f"{other}#ended")),
        lambda tenant, other: list(SessionRow.scan(limit=1)),
        lambda tenant, other: list(SessionRow.batch_get([(tenant, "a"), (other, "b")])),
        lambda tenant, other: DynamoUnitOfWork().commit(
            [
                *DynamoQuotaStore().unbook(tenant, [], _one()),
                write(Check(TemplateRow, other, "x", TemplateRow.template_id.does_not_exist())),
            ]
        ),
    ],
    ids=["shard", "index", "archive", "scan", "batch", "transaction"],
)
def test_every_way_to_forget_it_is_found(recorder: Any, tenant: Any, stranger: Any, ask: Any) -> None:
    with confined_to(tenant.id):
        with suppress(Exception):  # what it does is not the point, but what it asks for
            ask(tenant.id, stranger.id)
        assert any(each.startswith("refused to its own tenant") for each in wrong(recorder)), (
            recorder.confined
        )


def _one() -> Any:
    from chalicelib.quotas.rules import Amount

    return Amount(sessions=1)


def test_what_belongs_to_a_tenant_is_open_to_it_alone(recorder: Any, tenant: Any) -> None:
    with confined_to(tenant.id):
        DynamoControllerStore().all_of(tenant.id)
        DynamoSessionStore().page(tenant.id, user_id="usr-1", state=None, limit=5, after=None)
    policy = isolation.policy()
    asked = [each for _, each, _ in recorder.confined.values()]
    assert {each.index for each in asked} == {None, "by-owner"}
    for each in asked:
        assert allowed(policy, each.request(tenant.id)), each
        assert not allowed(policy, each.request("ten-00000000000000000000000001")), each


def test_unexplained_work_for_everybody_is_found(recorder: Any, client: Any, tenant: Any) -> None:
    client("GET", "/v1/templates", token=tenant.admin)
    assert wrong(recorder) == []
    assert "authenticating by bearer" in recorder.unconfined
    recorder.unconfined["GET /v1/everything"] = {"Scan streamspace-users": "a test"}
    [found] = wrong(recorder)
    assert found.startswith("not confined, and not explained: GET /v1/everything")


def test_every_table_is_a_tenants_or_a_lookup(control_plane: Any) -> None:
    """Also those that no test reads. Hash keys that hold a tenant's id are known by name: add yours here, or
    name its table a lookup."""
    from infra.package.isolation import LOOKUPS
    from infra.package.resources import PREFIX

    of_tenants = {"tenant_id", "partition", "session", "group"}
    odd = {
        table.removeprefix(PREFIX)
        for (table, index), name in isolation.hash_keys().items()
        if index is None and name not in of_tenants
    }
    assert odd == set(LOOKUPS)
    reading = {"Query", "Scan", "GetItem", "BatchGetItem"}
    assert not any(reading & set(actions) for actions in LOOKUPS.values())
