"""`KeyStore` and `SuspectStore`."""

import pytest

from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.sessions.keys import DynamoKeyStore, DynamoSuspectStore
from chalicelib.sessions.store import Remembered
from tests.contract.stores.examples import at, commit

pytestmark = pytest.mark.usefixtures("storage")


def test_a_key_is_remembered_once(tenant_id: str) -> None:
    store, first = DynamoKeyStore(), Remembered("ses-1", "print")
    assert store.recall(tenant_id, "key") is None
    commit(store.remember(tenant_id, "key", first, at(86400)))
    with pytest.raises(ConditionFailed):
        commit(store.remember(tenant_id, "key", Remembered("ses-2", "other"), at(86400)))
    assert store.recall(tenant_id, "key") == first
    assert store.recall(f"{tenant_id}x", "key") is None


def test_suspects_replace_each_other(tenant_id: str) -> None:
    store = DynamoSuspectStore()
    assert store.suspects(tenant_id, "ctl-1") == {}
    commit(store.suspect(tenant_id, "ctl-1", {"ses-1#1": at(1), "ses-2#3": at(2)}))
    assert store.suspects(tenant_id, "ctl-1") == {"ses-1#1": at(1), "ses-2#3": at(2)}
    commit(store.suspect(tenant_id, "ctl-1", {"ses-2#3": at(2)}))
    assert store.suspects(tenant_id, "ctl-1") == {"ses-2#3": at(2)}
    commit(store.suspect(tenant_id, "ctl-1", {}))
    assert store.suspects(tenant_id, "ctl-1") == {}
    assert store.suspects(tenant_id, "ctl-2") == {}
