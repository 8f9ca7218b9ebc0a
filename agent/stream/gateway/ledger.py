"""What the gateway must not forget, whatever kills it: consumed tickets and resume tokens.

SQLite, each call one durable transaction. Of a resume token only the hash is kept. A token is rotated by
every use; the one before it stays good until the newer one was used or its receipt confirmed, because a
client whose connection broke may never have got the newer one.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from agent.stream.tickets import LEEWAY, Refused
from chalicelib.protocol.streams import StreamPermissions, TicketClaims

log = logging.getLogger(__name__)
Result = TypeVar("Result")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS consumed (jti TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grants (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL,
    incarnation INTEGER NOT NULL, instance TEXT NOT NULL, permissions TEXT NOT NULL,
    expires REAL NOT NULL, current TEXT NOT NULL, previous TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grants_by_current ON grants (current);
CREATE INDEX IF NOT EXISTS grants_by_previous ON grants (previous);
"""
_COLUMNS = "id, session, tenant, user, incarnation, instance, permissions, expires"


@dataclass(frozen=True)
class Grant:
    """The right to one session's stream that a ticket has opened, for as long as the session runs."""

    id: str
    session: str
    tenant: str
    user: str
    incarnation: int
    instance: str
    """Fingerprint of the instance's address and password: another instance is another stream."""
    permissions: StreamPermissions
    expires: float


@dataclass(frozen=True)
class Opened:
    """A grant in use, and the token for the next time."""

    grant: Grant
    token: str


class Ledger:
    """One per gateway. Raises sqlite3.Error when the disk fails; nobody is let in then."""

    def __init__(self, directory: Path, controller: str, clock: Callable[[], float]) -> None:
        self._path = directory / "streams.sqlite3"
        self._controller = controller
        self._clock = clock
        # One thread: SQLite's connection belongs to it, and transactions queue up by themselves.
        self._thread = ThreadPoolExecutor(1, "stream-ledger")
        self._database: sqlite3.Connection | None = None

    async def start(self) -> None:
        await self._run(self._open)
        await self.purge()

    async def close(self) -> None:
        if self._database is not None:
            await self._run(self._database.close)
        self._thread.shutdown(wait=False)

    async def consume(self, claims: TicketClaims, instance: str, life: float) -> Opened:
        """Use a ticket up. Raises Refused if it was used before."""
        return await self._run(partial(self._consume, claims, instance, life))

    async def use_up(self, claims: TicketClaims) -> None:
        """Use up a ticket that nothing is to be resumed of. Raises Refused if it was used before."""
        await self._run(partial(self._use_up, claims))

    async def resume(self, token: str, session: str) -> Opened:
        """Use a resume token. Raises Refused unless it is the newest, or the one before and the newest has
        neither been used nor confirmed."""
        return await self._run(partial(self._resume, token, session))

    async def confirm(self, opened: Opened) -> None:
        """The client has received this token: the one before it is worth nothing any more."""
        query = "UPDATE grants SET previous = NULL WHERE id = ? AND current = ?"
        await self._run(partial(self._execute, query, (opened.grant.id, _hash(opened.token))))

    async def end(self, session: str) -> None:
        """The session no longer runs: its tokens go."""
        await self._run(partial(self._execute, "DELETE FROM grants WHERE session = ?", (session,)))

    async def sessions(self) -> tuple[str, ...]:
        """Those that somebody may still come back to."""
        return await self._run(self._sessions)

    async def purge(self) -> None:
        """Forget what has expired."""
        now = self._clock()
        await self._run(partial(self._execute, "DELETE FROM consumed WHERE expires < ?", (now,)))
        await self._run(partial(self._execute, "DELETE FROM grants WHERE expires < ?", (now,)))

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._database = self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # a full or read-only disk; the file itself is fine
            # Resuming needs new tickets then, and a ticket of the last minute might be used twice.
            log.error("%s is damaged (%s); starting a new one", self._path, error)  # noqa: TRY400
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    damaged = Path(f"{self._path}{suffix}")
                    damaged.replace(f"{damaged}.damaged")
            self._database = self._connect()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None)
        self._path.chmod(0o600)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
        return database

    def _execute(self, query: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        if self._database is None:
            raise sqlite3.ProgrammingError("the ledger is not open")
        return self._database.execute(query, values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._execute("BEGIN IMMEDIATE", ())
        try:
            yield
        except BaseException:
            self._execute("ROLLBACK", ())
            raise
        self._execute("COMMIT", ())

    def _sessions(self) -> tuple[str, ...]:
        return tuple(row[0] for row in self._execute("SELECT DISTINCT session FROM grants", ()))

    def _consume(self, claims: TicketClaims, instance: str, life: float) -> Opened:
        grant = Grant(
            id=secrets.token_hex(16),
            session=claims.session,
            tenant=claims.tenant,
            user=claims.sub,
            incarnation=claims.incarnation,
            instance=instance,
            permissions=claims.permissions,
            expires=self._clock() + life,
        )
        token = self._new_token()
        with self._transaction():
            self._use_up(claims)
            self._execute(
                f"INSERT INTO grants ({_COLUMNS}, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (
                    grant.id,
                    grant.session,
                    grant.tenant,
                    grant.user,
                    grant.incarnation,
                    grant.instance,
                    grant.permissions.model_dump_json(),
                    grant.expires,
                    _hash(token),
                ),
            )
        return Opened(grant, token)

    def _use_up(self, claims: TicketClaims) -> None:
        try:
            self._execute("INSERT INTO consumed VALUES (?, ?)", (claims.jti, claims.exp + 2 * LEEWAY))
        except sqlite3.IntegrityError:
            raise Refused("ticket already used") from None

    def _resume(self, token: str, session: str) -> Opened:
        given, fresh = _hash(token), self._new_token()
        with self._transaction():
            row = self._execute(
                f"SELECT {_COLUMNS} FROM grants "  # noqa: S608 - constants
                "WHERE (current = ? OR previous = ?) AND session = ? AND expires > ?",
                (given, given, session, self._clock()),
            ).fetchone()
            if row is None:
                raise Refused("resume token not valid (any more)")
            self._execute(
                "UPDATE grants SET current = ?, previous = ? WHERE id = ?", (_hash(fresh), given, row[0])
            )
        grant = Grant(
            id=row[0],
            session=row[1],
            tenant=row[2],
            user=row[3],
            incarnation=row[4],
            instance=row[5],
            permissions=StreamPermissions.model_validate_json(row[6]),
            expires=row[7],
        )
        return Opened(grant, fresh)

    def _new_token(self) -> str:
        """The prefix tells a relay where to go; the rest is all that counts."""
        return f"{self._controller}.{secrets.token_urlsafe(32)}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
