"""S3 of the local stack: what was acknowledged survives `kill -9`, and links open what they name."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from chalicelib.core.config import Config
from chalicelib.core.objects import ObjectStore
from infra import buckets
from infra.local.emulator.child import Emulator
from infra.local.server.files import FileForwarder
from infra.local.server.http import Answer, Request

KEY = "ten-01jd000000000000000000000t/audit/a.jsonl"
CONFIG = Config(bucket="streamspace-objects-test")


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Emulator, ObjectStore]]:
    with Emulator(tmp_path / "database") as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep another emulator's key
        settings = replace(CONFIG, bucket_endpoint=f"{running.endpoint}/files")
        buckets.create(settings)
        yield running, ObjectStore(settings)


Stored = tuple[Emulator, ObjectStore]


def test_an_empty_bucket_survives_a_kill(stored: Stored) -> None:
    emulator, objects = stored
    emulator.kill()
    emulator.start()
    objects.put(KEY, b"first", "application/jsonl")
    assert objects.keys("ten-01jd000000000000000000000t/") == [KEY]


def test_objects_survive_a_kill(stored: Stored) -> None:
    emulator, objects = stored
    objects.put(KEY, b"first", "application/jsonl")
    objects.put(KEY, b"second", "application/jsonl")
    objects.put(f"{KEY}2", b"", "text/plain", temporary=True)
    link = objects.link(KEY, 60, "a.jsonl").replace("/files/", "/")
    emulator.kill()
    emulator.start()
    assert objects.sizes("ten-01jd000000000000000000000t/") == {KEY: 6, f"{KEY}2": 0}
    assert objects.read(KEY) == b"second"
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"second"
    buckets.create(CONFIG)  # as the seed does at each start
    assert objects.read(KEY) == b"second"
    assert objects.remove("ten-01jd000000000000000000000t/") >= 2
    emulator.kill()
    emulator.start()
    assert objects.keys("ten-01jd000000000000000000000t/") == []
    assert objects.remove("ten-01jd000000000000000000000t/") == 0


def test_removing_leaves_no_older_version(stored: Stored) -> None:
    _, objects = stored
    for number in range(3):
        objects.put(KEY, str(number).encode(), "text/plain")
    assert objects.remove(KEY) == 3
    assert objects.remove("ten-") == 0
    with pytest.raises(KeyError):
        objects.read(KEY)


@pytest.mark.parametrize(
    ("part", "bent"),
    [
        (KEY, KEY.replace("a.jsonl", "b.jsonl")),
        ("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        ("AWS4-HMAC-SHA256", "none"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("?", "?versions&"),
    ],
)
def test_a_link_that_was_changed_opens_nothing(stored: Stored, part: str, bent: str) -> None:
    _, objects = stored
    objects.put(KEY, b"a", "text/plain")
    objects.put(KEY.replace("a.jsonl", "b.jsonl"), b"b", "text/plain")
    link = objects.link(KEY, 60, "a.jsonl").replace("/files/", "/")
    assert part in link
    with pytest.raises(urllib.error.HTTPError, match=r"40[034]"):
        urllib.request.urlopen(link.replace(part, bent, 1))
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(link.partition("?")[0])


def test_a_link_expires(stored: Stored) -> None:

    _, objects = stored
    objects.put(KEY, b"a", "text/plain")
    link = objects.link(KEY, 4, "a.jsonl").replace("/files/", "/")
    urllib.request.urlopen(link).close()
    time.sleep(5.1)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(link)


def test_links_lead_through_the_public_port(stored: Stored) -> None:
    emulator, _ = stored
    objects = ObjectStore(replace(CONFIG, bucket_endpoint="http://localhost:8080/files"))
    objects.put(KEY, b"what it holds", "application/jsonl")

    async def get(link: str) -> Answer:
        forwarder = FileForwarder(emulator.endpoint)
        parts = urlsplit(link)
        headers = (("host", parts.netloc), ("cookie", "not for S3"))
        try:
            return await forwarder.handle(Request("GET", parts.path, parts.query, headers, "203.0.113.9"))
        finally:
            await forwarder.close()

    link = objects.link(KEY, 60, "a.jsonl")
    assert link.startswith(f"http://localhost:8080/files/{CONFIG.bucket}/{KEY}?")
    answer = asyncio.run(get(link))
    assert (answer.status, answer.body) == (200, b"what it holds")
    assert ("content-disposition", 'attachment; filename="a.jsonl"') in answer.headers
    assert asyncio.run(get(link.replace("localhost", "elsewhere"))).status == 403
    assert asyncio.run(get(link.replace("a.jsonl?", "b.jsonl?"))).status == 403
    assert asyncio.run(get(link.partition("?")[0])).status == 403
