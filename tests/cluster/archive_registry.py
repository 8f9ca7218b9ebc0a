"""A read-only image registry on 127.0.0.1 that serves images of this machine's Docker daemon.

For clusters whose one node is this machine: container runtimes pull from localhost over plain HTTP.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"
REQUEST = re.compile(r"/v2/(?P<name>[^?]+?)/(?P<what>manifests|blobs)/(?P<which>[^/?]+)")


@dataclass
class ArchiveRegistry:
    """`serve` an image, and pull it by the name that comes back."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="streamspace-images-")))
    manifests: dict[str, bytes] = field(default_factory=dict)
    """By `name:tag`, and by digest."""
    blobs: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry.answer(self)

            def do_HEAD(self) -> None:
                registry.answer(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve(self, image: str) -> str:
        """Copies it out of Docker. `image` must have a tag."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
            assert saving.stdout
            with tarfile.open(fileobj=saving.stdout, mode="r|") as archive:
                archive.extractall(place, filter="data")
        assert saving.returncode == 0, f"docker save {image} failed"
        [described] = json.loads((place / "manifest.json").read_bytes())
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(place / described["Config"], CONFIG),
            "layers": [self._blob(place / each, LAYER) for each in described["Layers"]],
        }
        raw = json.dumps(manifest).encode()
        self.manifests[image] = self.manifests[_digest(raw)] = raw
        return f"127.0.0.1:{self._server.server_port}/{image}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = REQUEST.match(request.path)
        if request.path == "/v2/":
            self._send(request, 200, "application/json", b"{}")
        elif asked and asked["what"] == "manifests" and (raw := self._manifest(asked)):
            self._send(request, 200, MANIFEST, raw, _digest(raw))
        elif asked and asked["what"] == "blobs" and (path := self.blobs.get(asked["which"])):
            self._send(request, 200, "application/octet-stream", path, asked["which"])
        else:
            body = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
            self._send(request, 404, "application/json", body)

    def _manifest(self, asked: re.Match[str]) -> bytes | None:
        return self.manifests.get(asked["which"]) or self.manifests.get(f"{asked['name']}:{asked['which']}")

    def _blob(self, path: Path, kind: str) -> dict[str, object]:
        with path.open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        self.blobs[digest] = path
        return {"mediaType": kind, "size": path.stat().st_size, "digest": digest}

    @staticmethod
    def _send(
        request: BaseHTTPRequestHandler, status: int, kind: str, body: bytes | Path, digest: str = ""
    ) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        request.send_header("Content-Length", str(size))
        if digest:
            request.send_header("Docker-Content-Digest", digest)
        request.end_headers()
        if request.command == "HEAD":
            return
        try:
            if isinstance(body, bytes):
                request.wfile.write(body)
            else:
                with body.open("rb") as file:
                    shutil.copyfileobj(file, request.wfile)
        except OSError:
            request.close_connection = True  # whoever pulls hung up


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
