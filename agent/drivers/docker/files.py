"""What the driver keeps in files: the directory that a session sees, and what it must not see.

    <run_dir>/<controller>/<session>/     0700, the session's user, a tmpfs of 1 MiB; mounted at /streamspace
        vnc-password                      0400, read by Xvnc as it starts
        rfb.sock                          made by Xvnc
    <run_dir>/<controller>/.agents/<session>/    0700, the agents'
        password                          0600, the gateways' copy
        asked-to-stop                     the instance that was told to stop, so that its end is no surprise

All of it belongs to the host, as the containers do, and to no agent alone: what one agent of a controller
starts, another may stream, stop and remove. A new password is made for each start.
"""

import errno
import os
import secrets
import shutil
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.drivers.docker import mounts, naming
from agent.drivers.docker.errors import permanent

UID = GID = 1000
_ALPHABET = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 8  # VncAuth ignores what follows (RFC 6143 §7.2.2)


@dataclass(frozen=True)
class Files:
    run_dir: Path
    controller_id: str
    own_mounts: Callable[[], bool] = lambda: False
    """Whether a session's directory can be a small file system of its own (`mounts.py`)."""

    def directory(self, session_id: str) -> Path:
        return naming.session_directory(self.run_dir, self.controller_id, session_id)

    def socket(self, session_id: str) -> Path:
        return self.directory(session_id) / naming.SOCKET

    def prepare(self, session_id: str) -> Path:
        """A fresh directory with a fresh password, for an instance about to start (a stale socket would be
        taken for a live one). Raises `platform_unavailable` when the agent lacks the right, `no_space`."""
        try:
            directory = self.directory(session_id)
            private = self._private(session_id)
            password = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
            for parent in (self.run_dir, directory.parent, private.parent):
                parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private.mkdir(mode=0o700, exist_ok=True)
            self.expect_running(session_id)
            _write(private / "password", password, 0o600)
            _remove(directory)
            directory.mkdir(mode=0o700)
            if self.own_mounts():
                mounts.mount_small(directory, UID, GID)
            _write(directory / naming.PASSWORD, password, 0o400)
            _give(directory / naming.PASSWORD)
            _give(directory)
        except PermissionError as error:
            raise permanent(
                "platform_unavailable",
                f"The agent may not prepare {error.filename} for uid {UID}: run it as root or as that uid.",
            ) from error
        except (OSError, ValueError) as error:
            raise permanent(
                "no_space" if _full(error) else "platform_error", f"On the agent's host: {error}"
            ) from error
        return directory

    def password(self, session_id: str) -> str | None:
        try:
            return (self._private(session_id) / "password").read_text()
        except FileNotFoundError:
            return None

    def ask_to_stop(self, session_id: str) -> None:
        """Remember that the session's instances end because they were told to."""
        private = self._private(session_id)
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        (private / "asked-to-stop").touch(mode=0o600)

    def expect_running(self, session_id: str) -> None:
        """Forget that: the instance is wanted again."""
        (self._private(session_id) / "asked-to-stop").unlink(missing_ok=True)

    def asked_to_stop(self, session_id: str) -> bool:
        return (self._private(session_id) / "asked-to-stop").exists()

    def discard(self, session_id: str) -> None:
        """Remove both directories."""
        _remove(self.directory(session_id))
        shutil.rmtree(self._private(session_id), ignore_errors=True)

    def _private(self, session_id: str) -> Path:
        return self.run_dir / self.controller_id / ".agents" / session_id


def _write(path: Path, text: str, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "w") as file:
        file.write(text)


def _remove(directory: Path) -> None:
    mounts.unmount(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _give(path: Path) -> None:
    if os.geteuid() != UID:
        os.chown(path, UID, GID, follow_symlinks=False)


def _full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
