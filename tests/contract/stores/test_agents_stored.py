"""`AgentStore`: tokens, agents, keys, boots and nonces."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.controllers.agent_models import DynamoAgentStore
from chalicelib.controllers.agent_rules import Agent
from chalicelib.controllers.store import AgentStore
from chalicelib.core.errors import Conflict
from chalicelib.core.ids import new_id
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.protocol.agents import Health, PartHealth
from chalicelib.protocol.instances import Reason
from tests.contract.stores import examples
from tests.contract.stores.examples import at, commit

pytestmark = pytest.mark.usefixtures("storage")
STORE: AgentStore = DynamoAgentStore()


def stored(tenant_id: str, **changes: Any) -> Agent:
    one = examples.agent(tenant_id, **changes)
    commit(STORE.add_agent(one, examples.key_of(one)))
    return one


def test_a_token_is_used_once(tenant_id: str) -> None:
    plain = examples.token(tenant_id)
    full = examples.token(
        tenant_id, controller_id="ctl-1", name="lab", labels={"a": "b"}, group_ids=("grp-1",), agents=3
    )
    first, second = examples.key_of(examples.agent(tenant_id)), examples.key_of(examples.agent(tenant_id))
    assert STORE.token(plain.token_hash) is None
    with pytest.raises(ConditionFailed):
        commit(STORE.use_token(plain, first))
    assert STORE.token(plain.token_hash) is None
    for each in (plain, full):
        commit(STORE.add_token(each))
        assert STORE.token(each.token_hash) == each
    commit(STORE.add_token(plain))  # sent again after a lost answer
    commit(STORE.use_token(plain, first))
    with pytest.raises(ConditionFailed):
        commit(STORE.use_token(plain, second))
    used = replace(plain, controller_id=first.controller_id, used_key_ids=(first.key_id,))
    assert STORE.token(plain.token_hash) == used


def test_a_token_is_used_again_by_who_knows_its_last_use(tenant_id: str) -> None:
    fresh = examples.token(tenant_id, agents=3)
    commit(STORE.add_token(fresh))
    keys = [examples.key_of(examples.agent(tenant_id)) for _ in range(3)]
    known = fresh
    for number, key in enumerate(keys):
        commit(STORE.use_token(known, key))
        with pytest.raises(ConditionFailed):
            commit(STORE.use_token(known, key))
        found = STORE.token(fresh.token_hash)
        assert found is not None
        assert (found.used_key_ids, found.controller_id) == (
            tuple(each.key_id for each in keys[: number + 1]),
            key.controller_id,
        )
        assert found.used_up == (number == 2)
        known = found


def test_agents_are_found_by_the_token_that_they_came_by(tenant_id: str) -> None:
    token_id = new_id("tok")
    one = stored(tenant_id, token_id=token_id)
    two = stored(tenant_id, token_id=token_id, controller_id="ctl-2")
    stored(tenant_id)
    stored(tenant_id, token_id=new_id("tok"))
    assert {each.id for each in STORE.came_by(tenant_id, token_id)} == {one.id, two.id}
    assert STORE.came_by(new_id("ten"), token_id) == []


def test_agents_and_their_keys(tenant_id: str) -> None:
    one, two = stored(tenant_id), stored(tenant_id)
    elsewhere = stored(tenant_id, controller_id="ctl-10")
    assert STORE.agent(tenant_id, "ctl-1", one.id) == one
    assert STORE.agent(tenant_id, "ctl-1", elsewhere.id) is None
    assert STORE.key(one.key_id) == examples.key_of(one)
    assert STORE.key("key-none") is None
    assert {each.id for each in STORE.agents_of(tenant_id, "ctl-1")} == {one.id, two.id}
    assert {each.id for each in STORE.every(tenant_id)} == {one.id, two.id, elsewhere.id}


def test_a_key_belongs_to_one_agent(tenant_id: str) -> None:
    one = stored(tenant_id)
    thief = examples.agent(tenant_id, key_id=one.key_id)
    with pytest.raises(ConditionFailed):
        commit(STORE.add_agent(thief, examples.key_of(thief)))
    assert STORE.agent(tenant_id, "ctl-1", thief.id) is None
    with pytest.raises(ConditionFailed):
        commit(STORE.add_agent(one, replace(examples.key_of(one), key_id=new_id("key"))))


def seen(one: Agent) -> Agent:
    found = STORE.agent(one.tenant_id, one.controller_id, one.id)
    assert found is not None
    return found


def test_each_boot_opens_the_next_epoch(tenant_id: str) -> None:
    one = stored(tenant_id)
    commit(STORE.open_epoch(one, "boot-1", "1.1", 2, at(1)))
    first = seen(one)
    assert (first.epoch, first.boot_id, first.past_boots) == (1, "boot-1", ())
    assert (first.version, first.protocol_version) == ("1.1", 2)
    with pytest.raises(ConditionFailed):
        commit(STORE.open_epoch(one, "boot-2", "1.1", 2, at(2)))
    commit(STORE.open_epoch(first, "boot-2", "1.2", 2, at(2)))
    second = seen(one)
    assert (second.epoch, second.boot_id, second.past_boots) == (2, "boot-2", ("boot-1",))
    with pytest.raises(ConditionFailed):
        commit(STORE.open_epoch(examples.agent(tenant_id), "boot", "1", 2, at(2)))


def test_what_an_agent_says_of_itself(tenant_id: str) -> None:
    one = stored(tenant_id)
    assert (one.contact, seen(one).contact) == (None, None)
    why = Reason(code="no_disk", message="The disk is full.")
    sick = replace(examples.WELL, platform=PartHealth(state=Health.FAILING, reason=why))
    commit(STORE.heard(one, examples.contact(5), sick))
    assert seen(one) == replace(one, contact=examples.contact(5), health=sick, protocol_version=1)
    commit(STORE.heard(one, examples.contact(9), examples.WELL))
    assert seen(one).health == examples.WELL
    commit(STORE.open_epoch(one, "boot-1", "1.0", 1, at(9)))
    for late in (one, examples.agent(tenant_id)):
        with pytest.raises(ConditionFailed):
            commit(STORE.heard(late, examples.contact(10), examples.WELL))


def taken() -> Exception:
    return Conflict("taken", code="key_taken")


def test_a_new_key_and_the_end_of_the_old_one(tenant_id: str) -> None:
    one = stored(tenant_id)
    new, newer = (replace(examples.key_of(one), key_id=new_id("key")) for _ in range(2))
    commit(STORE.rotate(one, new, at(10), at(3610), taken))
    second = seen(one)
    assert (second.key_id, second.previous_key_id) == (new.key_id, one.key_id)
    assert (second.key_created_at, second.previous_until) == (at(10), at(3610))
    assert STORE.key(new.key_id) == new
    assert STORE.key(one.key_id) == replace(examples.key_of(one), valid_until=at(3610))
    with pytest.raises(ConditionFailed):
        commit(STORE.rotate(one, newer, at(20), at(3620), taken))
    with pytest.raises(ConditionFailed):
        commit(STORE.revoke(one, at(20)))
    commit(STORE.rotate(second, newer, at(20), at(3620), taken))
    first = STORE.key(one.key_id)
    assert first is not None
    assert first.revoked  # there is one previous key, not two


def test_a_key_of_somebody_else_is_nobodys_next(tenant_id: str) -> None:
    one, other = stored(tenant_id), stored(tenant_id)
    stolen = replace(examples.key_of(other), agent_id=one.id)
    with pytest.raises(Conflict):
        commit(STORE.rotate(one, stolen, at(10), at(3610), taken))
    assert seen(one) == one
    assert STORE.key(other.key_id) == examples.key_of(other)


def test_revoked_is_gone_and_its_keys_say_so(tenant_id: str) -> None:
    one = stored(tenant_id)
    new = replace(examples.key_of(one), key_id=new_id("key"))
    commit(STORE.rotate(one, new, at(0), at(3600), taken))
    commit(STORE.revoke(seen(one), at(5)))
    assert STORE.agent(tenant_id, "ctl-1", one.id) is None
    for key_id in (one.key_id, new.key_id):
        key = STORE.key(key_id)
        assert key is not None
        assert key.revoked


def test_a_nonce_is_new_once(tenant_id: str) -> None:
    assert STORE.first_use(tenant_id, "nonce", at(300))
    assert not STORE.first_use(tenant_id, "nonce", at(600))
    assert STORE.first_use(tenant_id, "other", at(300))
    assert STORE.first_use(f"{tenant_id}x", "nonce", at(300))


def test_erasing_leaves_nothing(tenant_id: str) -> None:
    one = stored(tenant_id)
    token = examples.token(tenant_id)
    commit(STORE.add_token(token))
    assert any(STORE.erase(tenant_id) for _ in range(3))
    assert STORE.every(tenant_id) == []
    assert STORE.key(one.key_id) is None
    assert STORE.token(token.token_hash) is None
