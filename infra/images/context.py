"""An image's files: their digest, and the archive that Docker builds from.

Modes and times are decided here, not by the checkout: they would differ with the umask and from clone to
clone, and Docker's cache and our digest with them.
"""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """One file of a build context. `path` is relative, with forward slashes."""

    path: str
    mode: int
    content: bytes


def read(folder: Path) -> tuple[File, ...]:
    """All files of `folder`, by path. Scripts (a first line with `#!`) become executable."""
    files = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            mode = 0o755 if content.startswith(b"#!") else 0o644
            files.append(File(path.relative_to(folder).as_posix(), mode, content))
    return tuple(files)


def digest(files: tuple[File, ...]) -> str:
    """SHA-256 over paths, modes and contents; each with its length, so that nothing runs together."""
    sha = hashlib.sha256()
    for file in files:
        for part in (file.path.encode(), oct(file.mode).encode(), file.content):
            sha.update(f"{len(part)}:".encode())
            sha.update(part)
    return sha.hexdigest()


def archive(files: tuple[File, ...]) -> io.BytesIO:
    """The files as a tar archive, owned by root, the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode = len(file.content), file.mode
            tar.addfile(entry, io.BytesIO(file.content))
    buffer.seek(0)
    return buffer
