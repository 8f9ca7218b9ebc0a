"""Which key signs, and which is on disk, when the disk fails in the middle of a change."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.client.identity import Enrolment, IdentityStore, public_key_text
from agent.client.keys import KeyRing
from chalicelib.core.ids import new_id
from chalicelib.protocol.agents import EnrollAnswer
from chalicelib.protocol.keys import rotated_key_id


def now() -> datetime:
    return datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> IdentityStore:
    store = IdentityStore(tmp_path)
    answer = EnrollAnswer(
        tenant_id=new_id("ten"),
        controller_id=new_id("ctl"),
        agent_id=new_id("agt"),
        key_id=new_id("key"),
        authority="control.example",
        server_time=now(),
    )
    store.key()
    store.remember(Enrolment(url="https://control.example", platform="fake", token_sha256="", answer=answer))
    return store


def ring(store: IdentityStore) -> KeyRing:
    """As a boot finds it."""
    enrolment = store.enrolment()
    assert enrolment is not None
    return KeyRing(store, enrolment, now=now)


def test_a_folder_from_before_keys_changed_keeps_its_key_id(store: IdentityStore) -> None:
    enrolled = ring(store).key_id
    changing = ring(store)
    proposal = changing.propose()
    assert (ring(store).key_id, ring(store).pending) == (enrolled, True)
    changing.adopt()
    assert ring(store).key_id == changing.key_id == rotated_key_id(proposal.public_key)
    assert not ring(store).pending


def test_the_same_key_is_proposed_until_it_is_decided(store: IdentityStore) -> None:
    first = ring(store).propose()
    changing = ring(store)
    assert changing.propose() == first
    changing.discard()
    assert changing.propose() != first


def test_a_next_key_that_was_not_written_whole_is_none(store: IdentityStore) -> None:
    (store.folder / "next.key").write_bytes(b"half")
    assert not ring(store).pending
    assert not (store.folder / "next.key").exists()


def test_a_key_that_is_in_use_but_not_on_disk_is_saved_before_the_next_is_made(
    store: IdentityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    changing = ring(store)
    second = changing.propose().public_key
    spare = changing.spare()
    assert spare is not None
    with monkeypatch.context() as disk:
        disk.setattr("agent.client.identity.os.replace", failing)
        spare.accepted()
        assert changing.key_id == rotated_key_id(second)
        with pytest.raises(OSError, match="Input"):
            changing.propose()
        assert ring(store).pending  # a boot now would find out by its spare
    third = changing.propose().public_key
    assert public_key_text(store.key()) == second != third
    assert ring(store).pending


def test_there_is_no_spare_without_a_change(store: IdentityStore) -> None:
    changing = ring(store)
    assert changing.spare() is None
    changing.propose()
    changing.adopt()
    again = changing.spare()  # for calls that were signed just before
    assert again is not None
    again.accepted()
    assert not changing.pending
