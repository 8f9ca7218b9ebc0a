"""Quotas: limits, bookings and their refusals."""

from typing import Any

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.quotas.counters import ROOM
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.quotas.row_models import QuotaRow
from chalicelib.quotas.rules import UNLIMITED, Amount, Limits

NOTHING = {"sessions": 0, "cpu": "0m", "memory": "0", "gpu": 0, "storage": "0"}


def _quota(client: Any, token: str, scope: str) -> Any:
    [found] = [
        item for item in client("GET", "/v1/quotas", token=token).json["items"] if item["scope"] == scope
    ]
    return found


@pytest.mark.feature("Quotas limit what a tenant and each user may hold, and name the limit when they refuse")
def test_refusal_names_the_limit(client, tenant, control_plane):
    answer = client("PUT", "/v1/quotas/tenant", {"limits": {"memory": "1Gi"}}, token=tenant.admin)
    assert answer.status == 200, answer.text
    quotas, uow = control_plane.quotas, control_plane.uow
    amount = Amount(sessions=1, cpu_millis=500, memory_bytes=2**30)
    uow.commit(quotas.book(tenant.id, tenant.member_id, None, amount))
    with pytest.raises(Conflict, match="limit for memory is 1Gi; 1Gi in use, 1Gi asked for"):
        uow.commit(quotas.book(tenant.id, tenant.member_id, None, amount))
    assert _quota(client, tenant.member, "tenant")["used"]["memory"] == "1Gi"
    uow.commit(quotas.unbook(tenant.id, tenant.member_id, None, amount))
    assert _quota(client, tenant.member, "tenant")["used"] == NOTHING


def test_zero_is_none_at_all_and_absent_is_no_limit(client, tenant, control_plane):
    client("PUT", "/v1/quotas/user-default", {"limits": {"memory": "0"}}, token=tenant.admin)
    quotas, uow = control_plane.quotas, control_plane.uow
    with pytest.raises(Conflict, match="Your limit for memory is 0"):
        uow.commit(quotas.book(tenant.id, tenant.member_id, None, Amount(memory_bytes=1)))
    client("PUT", "/v1/quotas/user-default", {"limits": {}}, token=tenant.admin)
    uow.commit(quotas.book(tenant.id, tenant.member_id, None, Amount(memory_bytes=10**12)))


def test_members_see_their_own_and_may_not_set(client, tenant):
    assert client("PUT", "/v1/quotas/tenant", {"limits": {}}, token=tenant.member).status == 403
    scopes = {item["scope"] for item in client("GET", "/v1/quotas", token=tenant.member).json["items"]}
    assert scopes == {"tenant", "user"}
    assert client("PUT", "/v1/quotas/other", {"limits": {}}, token=tenant.admin).status == 404


def _people(many: int) -> list[str]:
    return [f"usr-{number:026}" for number in range(many)]


def test_more_than_fit_inside_get_rows_and_the_same_rights(tenant, control_plane):
    """The first few are counted inside the tenant's row, the others on rows of their own; nobody can tell."""
    quotas, uow, one = control_plane.quotas, control_plane.uow, Amount(sessions=1, storage_bytes=2**30)
    people = _people(2 * ROOM)
    for user_id in people:
        uow.commit(quotas.book(tenant.id, user_id, None, one))
    books = DynamoQuotaStore().read_all(tenant.id)
    assert (len(books.inside), len(books.rows)) == (ROOM, 1 + ROOM)
    quotas.set_limits(tenant.id, "user-default", Limits(sessions=1))
    for user_id in people:
        with pytest.raises(Conflict, match="Your limit for sessions is 1"):
            uow.commit(quotas.book(tenant.id, user_id, None, one))
    for user_id in people:
        uow.commit(quotas.unbook(tenant.id, user_id, None, one))
    assert {each.used for each in quotas.recorded(tenant.id)} == {Amount()}


def test_who_holds_nothing_makes_room_inside(tenant, control_plane):
    quotas, uow, one = control_plane.quotas, control_plane.uow, Amount(sessions=1)
    people = _people(ROOM + 1)
    for user_id in people[:ROOM]:
        uow.commit(quotas.book(tenant.id, user_id, None, one))
    uow.commit(quotas.unbook(tenant.id, people[3], None, one))
    uow.commit(quotas.book(tenant.id, people[-1], None, one))
    books = DynamoQuotaStore().read_all(tenant.id)
    assert f"user#{people[-1]}" in books.inside
    assert f"user#{people[3]}" not in books.inside
    assert list(books.rows) == ["tenant"]


def test_rows_from_before_there_was_storage_go_on(client, tenant, control_plane):
    """A deployment's quotas keep counting: what is left of a dimension that a row lacks is everything."""
    usual = {f"left_{name}": UNLIMITED - 1 for name in ("sessions", "cpu_millis", "memory_bytes", "gpu")}
    for subject in ("tenant", f"user#{tenant.member_id}"):
        QuotaRow(tenant.id, subject, inherited=subject != "tenant", **usual).save()
    quotas, uow = control_plane.quotas, control_plane.uow
    uow.commit(quotas.book(tenant.id, tenant.member_id, "grp-1", Amount(sessions=1, storage_bytes=2**30)))
    used = _quota(client, tenant.member, "user")["used"]
    assert (used["sessions"], used["storage"]) == (2, "1Gi")
    assert (
        client("PUT", "/v1/quotas/tenant", {"limits": {"storage": "1Gi"}}, token=tenant.admin).status == 200
    )
    with pytest.raises(Conflict, match="This organisation's limit for storage is 1Gi; 1Gi in use"):
        uow.commit(quotas.book(tenant.id, tenant.member_id, None, Amount(storage_bytes=1)))
    uow.commit(quotas.unbook(tenant.id, tenant.member_id, "grp-1", Amount(sessions=2, storage_bytes=2**30)))
    assert _quota(client, tenant.member, "tenant")["used"]["storage"] == "0"


def test_a_full_tenant_row_is_one_unit(tenant, control_plane):
    """The largest numbers inside, all limits set: below a kilobyte, so a booking still costs one row."""
    from tests.support.capacity_units import item_size

    quotas, uow = control_plane.quotas, control_plane.uow
    much = Amount(99_999, 99_999_999, 9 * 10**13, 9999, 9 * 10**13)
    for user_id in _people(ROOM):
        uow.commit(quotas.book(tenant.id, user_id, None, much))
    quotas.set_limits(tenant.id, "tenant", Limits(*[10**14] * 5))
    row = DynamoQuotaStore().read(tenant.id, ["tenant"]).rows["tenant"]
    assert len(row.inside.as_dict()) == ROOM
    assert 700 < item_size(row.serialize()) <= 1024


def test_quotas_are_told_and_erased(tenant, control_plane):
    quotas, uow = control_plane.quotas, control_plane.uow
    uow.commit(quotas.book(tenant.id, tenant.member_id, None, Amount(sessions=1)))
    told = {document["subject"] for kind, document in quotas.export(tenant.id) if kind == "quota"}
    assert told == {"tenant", f"user#{tenant.member_id}"}
    while not quotas.erase(tenant.id):
        pass
    assert quotas.recorded(tenant.id) == []
