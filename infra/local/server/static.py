"""The UI and the installer's files, from memory, with the caching and security headers that they need.

Files under `assets/` carry a hash in their names and are kept by browsers for good; `index.html` is asked
for each time, so that a new build is seen at once. Paths that are not files belong to the UI's own router
and get `index.html`.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from infra.local.server.http import Answer, Request, problem

_FOREVER = "public, max-age=31536000, immutable"
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg", "application/wasm")
_MISSING_UI = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>StreamSpace</title>
<h1>The web UI is not built</h1><p>The API is up. Run <code>make up</code> to build the UI.</p></html>"""


@dataclass(frozen=True)
class _File:
    content: bytes
    zipped: bytes | None
    kind: str
    etag: str
    cache: str


class Files:
    """One folder, read whole; read again when the file named `watched` changes."""

    def __init__(self, folder: Path, watched: str) -> None:
        self._folder = folder
        self._watched = folder / watched
        self._seen = 0
        self._files: dict[str, _File] = {}

    def get(self, path: str) -> _File | None:
        changed = self._watched.stat().st_mtime_ns if self._watched.exists() else 0
        if changed != self._seen:
            self._seen = changed
            self._files = dict(self._read())
        return self._files.get(path)

    def _read(self) -> list[tuple[str, _File]]:
        found = []
        for path in sorted(self._folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(self._folder).as_posix()
                found.append((name, _load(path, name)))
        return found


def _load(path: Path, name: str) -> _File:
    content = path.read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    zipped = gzip.compress(content, 9, mtime=0) if kind.startswith(_COMPRESSIBLE) else None
    return _File(
        content=content,
        zipped=zipped if zipped and len(zipped) < len(content) else None,
        kind=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        cache=_FOREVER if name.startswith("assets/") else "no-cache",
    )


class StaticSite:
    """`ui` is the built UI, `installer` what `/install/` hands out."""

    def __init__(self, ui: Path, installer: Path) -> None:
        self._ui = Files(ui, "index.html")
        self._installer = Files(installer, ".stamp")

    def handle(self, request: Request) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            return problem(405, "method_not_allowed", "This can only be read.", (("allow", "GET, HEAD"),))
        name = request.path.lstrip("/")
        if name == "install" or name.startswith("install/"):
            file = self._installer.get(name.removeprefix("install").lstrip("/") or "agent.sh")
            return _serve(request, file) if file else problem(404, "not_found", "There is no such file.")
        file = self._ui.get(name)
        if file is not None:
            return _serve(request, file)
        if name.startswith("assets/") or not _wants_page(request):
            return problem(404, "not_found", "There is nothing at this path.")
        page = self._ui.get("index.html")
        if page is None:
            return Answer(
                503, [("content-type", "text/html; charset=utf-8"), ("retry-after", "5")], _MISSING_UI
            )
        return _serve(request, page)


def _wants_page(request: Request) -> bool:
    accept = request.header("accept", "*/*")
    return "text/html" in accept or "*/*" in accept


def _serve(request: Request, file: _File) -> Answer:
    headers = [
        ("content-type", file.kind),
        ("cache-control", file.cache),
        ("etag", file.etag),
        ("vary", "accept-encoding"),
    ]
    if file.etag in request.header("if-none-match"):
        return Answer(304, headers)
    if file.zipped is not None and "gzip" in request.header("accept-encoding"):
        return Answer(200, [*headers, ("content-encoding", "gzip")], file.zipped)
    return Answer(200, headers, file.content)
