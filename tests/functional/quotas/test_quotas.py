"""Quotas: limits, bookings and their refusals."""

import threading

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.quotas.rules import Amount


def _quota(client, token, scope):
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
    uow.commit(quotas.book(tenant.id, tenant.member_id, amount))
    with pytest.raises(Conflict, match="limit for memory is 1Gi; 1Gi in use, 1Gi asked for"):
        uow.commit(quotas.book(tenant.id, tenant.member_id, amount))
    assert _quota(client, tenant.member, "tenant")["used"]["memory"] == "1Gi"
    uow.commit(quotas.unbook(tenant.id, tenant.member_id, amount))
    assert _quota(client, tenant.member, "tenant")["used"] == {
        "sessions": 0,
        "cpu": "0m",
        "memory": "0",
        "gpu": 0,
    }


def test_zero_is_none_at_all_and_absent_is_no_limit(client, tenant, control_plane):
    client("PUT", "/v1/quotas/user-default", {"limits": {"memory": "0"}}, token=tenant.admin)
    quotas, uow = control_plane.quotas, control_plane.uow
    with pytest.raises(Conflict, match="Your limit for memory is 0"):
        uow.commit(quotas.book(tenant.id, tenant.member_id, Amount(memory_bytes=1)))
    client("PUT", "/v1/quotas/user-default", {"limits": {}}, token=tenant.admin)
    uow.commit(quotas.book(tenant.id, tenant.member_id, Amount(memory_bytes=10**12)))


def test_sixteen_threads_at_a_limit_of_five(client, tenant, control_plane):
    client("PUT", "/v1/quotas/tenant", {"limits": {"sessions": 5}}, token=tenant.admin)
    quotas, uow = control_plane.quotas, control_plane.uow
    won, refused = [], []

    def book() -> None:
        from chalicelib.core.retry import on_conflict

        try:
            on_conflict(lambda: uow.commit(quotas.book(tenant.id, tenant.member_id, Amount(sessions=1))))
            won.append(1)
        except Conflict:
            refused.append(1)

    threads = [threading.Thread(target=book) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (5, 11)
    assert _quota(client, tenant.admin, "tenant")["used"]["sessions"] == 5


def test_members_see_their_own_and_may_not_set(client, tenant):
    assert client("PUT", "/v1/quotas/tenant", {"limits": {}}, token=tenant.member).status == 403
    scopes = {item["scope"] for item in client("GET", "/v1/quotas", token=tenant.member).json["items"]}
    assert scopes == {"tenant", "user"}
    assert client("PUT", "/v1/quotas/other", {"limits": {}}, token=tenant.admin).status == 404
