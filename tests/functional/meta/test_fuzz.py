"""schemathesis against the served document: no server error and no answer outside the document."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


@pytest.fixture
def served(control_plane) -> Iterator[str]:
    """The app behind a real HTTP server, as the local stack serves it."""
    from infra.local.server.gateway import Gateway
    from infra.local.server.http import describe, read_body, respond

    gateway = Gateway(control_plane.app, "http://localhost:8080")

    async def front(scope, receive, send):
        if scope["type"] == "http":
            answer = await gateway.handle(describe(scope, await read_body(receive)))
            await respond(send, answer, head=scope["method"] == "HEAD")

    server = uvicorn.Server(
        uvicorn.Config(front, host="127.0.0.1", port=0, lifespan="off", log_level="error")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.feature("Every answer of the API is one that its document describes")
def test_no_answer_outside_the_document(served, tenant, tmp_path):
    finished = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"{served}/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {tenant.admin}",
            "--header",
            "X-Forwarded-For: 203.0.113.250",  # so that its failed sign-ins are nobody else's
            "--checks",
            _CHECKS,
            "--max-examples",
            os.environ.get("STREAMSPACE_FUZZ_EXAMPLES", "8"),
            "--phases",
            "examples,coverage,fuzzing",
            "--seed",
            "1",
            "--no-color",
            "--request-timeout",
            "20",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-2000:]
