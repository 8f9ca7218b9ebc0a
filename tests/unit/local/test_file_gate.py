"""What may pass to stored files through the public port: presigned GETs and nothing else."""

import pytest

from infra.local.server.files import may_pass
from infra.local.server.http import Request

SIGNED = (
    "response-content-disposition=attachment&X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIA0123456789ABCDEF%2F20261122%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20261122T190231Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0" * 64
)
OBJECT = "/files/streamspace-objects/ten-1/audit/a.jsonl"


def ask(
    method: str = "GET",
    path: str = OBJECT,
    query: str = SIGNED,
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (("host", "localhost:8080"),),
) -> bool:
    return may_pass(Request(method, path, query, headers, "203.0.113.9", body))


def test_a_signed_link_passes() -> None:
    assert ask()


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "HEAD", "OPTIONS"])
def test_nothing_but_reading_passes(method: str) -> None:
    assert not ask(method=method)
    assert not ask(body=b"x")


@pytest.mark.parametrize(
    "path",
    ["/files", "/files/", "/files/streamspace-objects", "/files/streamspace-objects/", "/files/a/../b/c"],
)
def test_only_an_object_is_meant(path: str) -> None:
    assert not ask(path=path)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none"),
        ("&X-Amz-Signature=" + "0" * 64, ""),
        ("%2Fs3%2F", "%2Fdynamodb%2F"),
        (SIGNED, ""),
    ],
)
def test_without_a_whole_signature_nothing_passes(part: str, other: str) -> None:
    assert not ask(query=SIGNED.replace(part, other))


def test_the_roots_own_signature_does_not_pass() -> None:
    assert not ask(headers=(("authorization", "AWS4-HMAC-SHA256 Credential=AKIA/…"),))
