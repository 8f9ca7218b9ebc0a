"""Tickets are used once and resume tokens rotate, whatever kills the gateway."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.stream.gateway.ledger import Ledger
from agent.stream.tickets import Refused
from chalicelib.protocol.streams import TicketClaims

CONTROLLER = "ctl-01kb0000000000000000000001"
SESSION = "ses-01kb0000000000000000000001"
Build = Callable[..., dict[str, Any]]


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


async def opened_ledger(path: Path, clock: Callable[[], float] = time.time) -> Ledger:
    ledger = Ledger(path, CONTROLLER, clock)
    await ledger.start()
    return ledger


def ticket(claims: Build, **changes: Any) -> TicketClaims:
    return TicketClaims.model_validate(claims(**changes))


@pytest.mark.feature("A ticket opens one stream, once, also across restarts of the gateway")
async def test_a_ticket_works_once_even_after_a_restart(tmp_path: Path, claims: Build) -> None:
    ledger = await opened_ledger(tmp_path)
    await ledger.consume(ticket(claims), "instance", 60)
    with pytest.raises(Refused):
        await ledger.consume(ticket(claims), "instance", 60)
    # Not closed: as after kill -9.
    again = await opened_ledger(tmp_path)
    with pytest.raises(Refused):
        await again.consume(ticket(claims), "instance", 60)
    await again.consume(ticket(claims, jti="ticket-2"), "instance", 60)


@pytest.mark.feature("A dropped stream is resumed without the control plane")
async def test_a_resume_token_rotates(tmp_path: Path, claims: Build) -> None:
    ledger = await opened_ledger(tmp_path)
    first = await ledger.consume(ticket(claims, permissions={"control": False}), "instance", 60)
    assert first.token.startswith(CONTROLLER + ".")
    second = await ledger.resume(first.token, SESSION)
    third = await (await opened_ledger(tmp_path)).resume(second.token, SESSION)
    assert third.grant == first.grant
    assert not third.grant.permissions.control
    with pytest.raises(Refused):
        await ledger.resume(first.token, SESSION)


async def test_the_token_before_works_until_the_newer_one_arrived(tmp_path: Path, claims: Build) -> None:
    ledger = await opened_ledger(tmp_path)
    first = await ledger.consume(ticket(claims), "instance", 60)
    lost = await ledger.resume(first.token, SESSION)
    newer = await ledger.resume(first.token, SESSION)
    with pytest.raises(Refused):
        await ledger.resume(lost.token, SESSION)
    await ledger.confirm(lost)  # comes too late to matter
    assert await ledger.resume(first.token, SESSION)
    with pytest.raises(Refused):
        await ledger.resume(newer.token, SESSION)


async def test_a_confirmed_token_ends_the_one_before(tmp_path: Path, claims: Build) -> None:
    ledger = await opened_ledger(tmp_path)
    first = await ledger.consume(ticket(claims), "instance", 60)
    second = await ledger.resume(first.token, SESSION)
    await ledger.confirm(second)
    with pytest.raises(Refused):
        await ledger.resume(first.token, SESSION)
    assert await ledger.resume(second.token, SESSION)


async def test_tokens_belong_to_a_session_and_end_with_it(tmp_path: Path, claims: Build) -> None:
    clock = Clock()
    ledger = await opened_ledger(tmp_path, clock)
    first = await ledger.consume(ticket(claims), "instance", 60)
    with pytest.raises(Refused):
        await ledger.resume(first.token, "ses-01kb0000000000000000000002")
    with pytest.raises(Refused):
        await ledger.resume(CONTROLLER + ".guessed", SESSION)
    clock.now += 61
    with pytest.raises(Refused):
        await ledger.resume(first.token, SESSION)
    other = await ledger.consume(ticket(claims, jti="ticket-2"), "instance", 60)
    await ledger.end(SESSION)
    with pytest.raises(Refused):
        await ledger.resume(other.token, SESSION)


async def test_what_expired_is_forgotten_and_no_token_is_kept(tmp_path: Path, claims: Build) -> None:
    clock = Clock()
    ledger = await opened_ledger(tmp_path, clock)
    opened = await ledger.consume(ticket(claims), "instance", 60)
    secret = opened.token.partition(".")[2].encode()
    assert all(secret not in file.read_bytes() for file in tmp_path.iterdir())
    assert (tmp_path / "streams.sqlite3").stat().st_mode & 0o077 == 0
    clock.now += 600
    await ledger.purge()
    await ledger.close()
    with sqlite3.connect(tmp_path / "streams.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM consumed").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM grants").fetchone() == (0,)


async def test_a_damaged_ledger_does_not_stop_the_gateway(tmp_path: Path, claims: Build) -> None:
    (tmp_path / "streams.sqlite3").write_bytes(b"not a database at all, but long enough to be read" * 100)
    ledger = await opened_ledger(tmp_path)
    assert await ledger.consume(ticket(claims), "instance", 60)
    assert (tmp_path / "streams.sqlite3.damaged").exists()
