"""An image registry in this process, on 127.0.0.1, where Docker allows plain HTTP: one image, served slowly
if asked to, or broken on purpose.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.contract.drivers import tiny_image

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CHUNK = 64 * 1024


@dataclass
class TinyRegistry:
    """`good` is the image's name. Knobs: `seconds` to serve the layer in, `broken` to serve
    other bytes than promised,
    `refusing` to answer 401."""

    seconds: float = 0.0
    broken: bool = False
    refusing: bool = False
    sending: int = 0
    """Layers on their way right now."""
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._manifest = self._make_image()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            def do_HEAD(self) -> None:
                registry.answer(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def good(self) -> str:
        return f"127.0.0.1:{self._server.server_port}/tiny:1"

    @property
    def absent(self) -> str:
        return f"127.0.0.1:{self._server.server_port}/nothing:1"

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        if self.refusing:
            self._send(
                request, 401, "application/json", b'{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}'
            )
        elif path == "/v2/":
            self._send(request, 200, "application/json", b"{}")
        elif path.startswith("/v2/tiny/manifests/"):
            self._send(request, 200, MANIFEST, self._manifest)
        elif (digest := path.rsplit("/", 1)[-1]) in self.blobs and "/tiny/blobs/" in path:
            self._send(request, 200, *self.blobs[digest])
        else:
            self._send(
                request,
                404,
                "application/json",
                b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
            )

    def _send(self, request: BaseHTTPRequestHandler, status: int, kind: str, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if kind == MANIFEST:
            request.send_header("Docker-Content-Digest", _digest(body))
        request.end_headers()
        if request.command == "HEAD":
            return
        if self.broken and kind == LAYER:
            body = body[:-1] + bytes([body[-1] ^ 1])
        chunks = [body[i : i + CHUNK] for i in range(0, len(body), CHUNK)]
        self.sending += kind == LAYER
        try:
            for chunk in chunks:
                if kind == LAYER and self.closed.wait(self.seconds / len(chunks)):
                    return
                request.wfile.write(chunk)
        except OSError:
            request.close_connection = True  # the client hung up, as a cancelled pull does
        finally:
            self.sending -= kind == LAYER

    def _make_image(self) -> bytes:
        layer = _layer()
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Cmd": ["/usr/bin/serve"]},
                "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]},
                "history": [{"created_by": "tests"}],
            }
        ).encode()
        self.blobs = {_digest(config): (CONFIG, config), _digest(layer): (LAYER, layer)}
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "size": len(config), "digest": _digest(config)},
                "layers": [{"mediaType": LAYER, "size": len(layer), "digest": _digest(layer)}],
            }
        ).encode()


def _layer() -> bytes:
    """The tiny image with a megabyte of noise, so that no two registries share a layer."""
    noise = os.urandom(2**20)
    buffer = io.BytesIO(tiny_image.rootfs())
    with tarfile.open(fileobj=buffer, mode="a") as tar:
        info = tarfile.TarInfo("usr/noise")
        info.size = len(noise)
        tar.addfile(info, io.BytesIO(noise))
    return gzip.compress(buffer.getvalue(), compresslevel=1)


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
