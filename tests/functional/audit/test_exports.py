"""Exports: files that go on where they ended, and that the verifier believes."""

import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.audit.exporting import Export, Exports
from chalicelib.core.confinement import confined_to
from chalicelib.core.trail import Trail
from infra.audit.__main__ import main
from tests.support.lambda_client import LambdaClient

Log = Callable[..., list[Any]]


def write(control_plane: Any, tenant_id: str, count: int) -> None:
    for number in range(count):
        control_plane.audit.record(Trail(f"test.step_{number}", tenant_id=tenant_id), None)


def download(folder: Path, files: list[Any]) -> list[str]:
    """What the links lead to; the paths, in order."""
    paths = []
    for each in files:
        with urllib.request.urlopen(each.url if hasattr(each, "url") else each["url"]) as answer:
            body = answer.read()
        name = each.name if hasattr(each, "name") else each["name"]
        (folder / name).write_bytes(body)
        paths.append(str(folder / name))
    return paths


@pytest.fixture
def small(control_plane: Any) -> Exports:
    """Exports in files of ten entries."""
    return replace(control_plane.audit.exports, entries=10)


@pytest.mark.feature("The audit log is exported as JSON lines that a command verifies without us")
def test_an_export_is_verified_offline(
    control_plane: Any, client: LambdaClient, tenant: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(control_plane, tenant.id, 20)
    answer = client("POST", "/v1/audit/exports", {}, token=tenant.admin)
    assert answer.status == 201, answer.text
    made = answer.json
    assert made["complete"]
    paths = download(tmp_path, made["files"])
    assert [Path(path).stat().st_size for path in paths] == [each["bytes"] for each in made["files"]]
    head = f"{made['head']['sequence']}:{made['head']['hash']}"
    assert main(["verify", *paths, "--head", head]) == 0
    assert client("GET", "/v1/audit/head", token=tenant.admin).json["hash"] == made["head"]["hash"]
    body = Path(paths[0]).read_bytes()
    Path(paths[0]).write_bytes(body.replace(b"test.step_7", b"test.step_8", 1))
    capsys.readouterr()
    assert main(["verify", *paths, "--head", head]) == 1
    changed = body[: body.index(b"test.step_7")].count(b"\n") + 1
    assert f"line {changed}: entry {changed}: changed" in capsys.readouterr().err


def test_it_is_cut_into_files_by_number(
    control_plane: Any, tenant: Any, small: Exports, tmp_path: Path
) -> None:
    write(control_plane, tenant.id, 33)
    made = small.export(tenant.id, None, None)
    assert [(each.first, each.last) for each in made.files] == [(1, 10), (11, 20), (21, 30), (31, 35)]
    verified = ["verify", *download(tmp_path, made.files), "--head", f"35:{made.head.hash}"]
    assert main(verified) == 0


def test_whole_files_are_written_once(control_plane: Any, tenant: Any, small: Exports) -> None:
    write(control_plane, tenant.id, 23)
    written: list[str] = []

    class Watching:
        def put(self, key: str, *args: Any, **options: Any) -> None:
            written.append(key[-39:])
            small.objects.put(key, *args, **options)

        def __getattr__(self, name: str) -> Any:
            return getattr(small.objects, name)

    watched = replace(small, objects=Watching())
    watched.export(tenant.id, None, None)
    assert len(written) == 3
    write(control_plane, tenant.id, 8)
    again = watched.export(tenant.id, None, None)
    assert len(written) == 5  # the third file, now whole, and the new end
    assert [(each.first, each.last) for each in again.files] == [(1, 10), (11, 20), (21, 30), (31, 33)]


def test_a_long_export_goes_on_where_it_ended(control_plane: Any, tenant: Any, small: Exports) -> None:
    write(control_plane, tenant.id, 48)
    seconds = iter(range(0, 10_000, 6))
    hurried = replace(small, patience=15, monotonic=lambda: float(next(seconds)))
    made: list[Export] = []
    while not made or not made[-1].complete:
        made.append(hurried.export(tenant.id, None, None))
        assert len(made) < 10
    assert len(made) > 1
    assert [len(each.files) for each in made] == sorted({len(each.files) for each in made})
    assert made[0].head.sequence == made[0].files[-1].last < 50
    assert made[-1].head.sequence == 50


def test_a_part_of_the_time_is_a_part_of_the_chain(
    control_plane: Any, tenant: Any, small: Exports, tmp_path: Path, log: Log
) -> None:
    write(control_plane, tenant.id, 25)
    control_plane.audit.sealer.seal(tenant.id)
    entries = {each["sequence"]: each for each in log()}
    since, until = (_time(entries[number]["at"]) for number in (8, 19))
    made = small.export(tenant.id, since, until)
    assert (made.files[0].first, made.files[-1].last) == (_first(entries, since), _last(entries, until))
    places = [f"{each.sequence}:{each.hash}" for each in (made.after, made.head)]
    assert main(["verify", *download(tmp_path, made.files), "--after", places[0], "--head", places[1]]) == 0
    future = _time("2200-01-01T00:00:00Z")
    for nothing in ((future, None), (None, _time("2001-01-01T00:00:00Z"))):
        assert small.export(tenant.id, *nothing).files == []


def test_a_link_leads_to_one_file_for_an_hour(control_plane: Any, tenant: Any, stranger: Any) -> None:
    write(control_plane, tenant.id, 1)
    write(control_plane, stranger.id, 1)
    [mine] = control_plane.audit.exports.export(tenant.id, None, None).files
    control_plane.audit.exports.export(stranger.id, None, None)
    with urllib.request.urlopen(mine.url) as answer:
        assert answer.headers["content-disposition"] == f'attachment; filename="{mine.name}"'
    assert "X-Amz-Expires=3600" in mine.url
    for bent in (mine.url.replace(tenant.id, stranger.id), mine.url.replace("=3600", "=36000")):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(bent)


def test_an_export_is_in_the_log_itself(client: LambdaClient, tenant: Any, log: Log) -> None:
    made = client("POST", "/v1/audit/exports", {}, token=tenant.admin).json
    [entry] = log(action="audit.export")
    assert entry["facts"] == {"first": "1", "last": str(made["head"]["sequence"])}


def test_a_confined_request_reaches_no_other_tenants_objects(control_plane: Any, tenant: Any) -> None:
    with confined_to(tenant.id):
        control_plane.objects.put(f"{tenant.id}/audit/x", b"1", "text/plain")
        assert control_plane.objects.read(f"{tenant.id}/audit/x") == b"1"
        for key in ("ten-other/audit/x", f"{tenant.id}x/audit", "", tenant.id):
            with pytest.raises(ValueError, match="confined"):
                control_plane.objects.read(key)


def test_a_deleted_tenants_log_leaves_nothing(control_plane: Any, tenant: Any, stranger: Any) -> None:
    write(control_plane, tenant.id, 450)
    control_plane.audit.exports.export(tenant.id, None, None)
    write(control_plane, tenant.id, 3)
    kept = control_plane.audit.sealer.seal(stranger.id)
    documents = list(control_plane.audit.export(tenant.id))
    assert [each["sequence"] for _, each in documents] == list(range(1, 456))
    assert {kind for kind, _ in documents} == {"audit_entry"}
    for _ in range(20):
        if control_plane.audit.erase(tenant.id):
            break
    assert control_plane.audit.erase(tenant.id)
    store = control_plane.audit.store
    assert store.unsealed(tenant.id, 10) == []
    assert list(store.sealed(tenant.id, 1, 999)) == []
    assert not store.state(tenant.id).known
    assert control_plane.objects.keys(f"{tenant.id}/") == []
    assert len(list(store.sealed(stranger.id, 1, 999))) == kept


def _time(text: str) -> Any:
    return datetime.fromisoformat(text)


def _first(entries: dict[int, Any], since: Any) -> int:
    return min(number for number, each in entries.items() if _time(each["at"]) >= since)


def _last(entries: dict[int, Any], until: Any) -> int:
    return max(number for number, each in entries.items() if _time(each["at"]) <= until)
