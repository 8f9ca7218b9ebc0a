"""The UI's files: who gets what, how long it may be kept, and what never leaves the folder."""

from pathlib import Path
from typing import Any

import pytest

from infra.local.server.http import Answer, Request
from infra.local.server.static import StaticSite


@pytest.fixture
def site(tmp_path: Path) -> StaticSite:
    ui, installer = tmp_path / "ui", tmp_path / "install"
    (ui / "assets").mkdir(parents=True)
    installer.mkdir()
    (ui / "index.html").write_text("<html>page</html>")
    (ui / "assets" / "app-1a2b.js").write_text("x" * 5000)
    (tmp_path / "secret").write_text("no")
    (installer / "agent.sh").write_text("#!/bin/sh\n")
    (installer / ".stamp").touch()
    return StaticSite(ui, installer)


def get(site: StaticSite, path: str, method: str = "GET", **headers: str) -> Answer:
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return site.handle(Request(method=method, path=path, query="", headers=given, client="127.0.0.1"))


def header(answer: Answer, name: str) -> Any:
    return dict(answer.headers).get(name)


def test_hashed_files_are_kept_for_good_and_the_page_never(site: StaticSite) -> None:
    assert "immutable" in header(get(site, "/assets/app-1a2b.js"), "cache-control")
    assert header(get(site, "/"), "cache-control") == "no-cache"


def test_paths_of_the_ui_get_the_page_and_missing_files_do_not(site: StaticSite) -> None:
    assert get(site, "/sessions/ses-1/view", accept="text/html").body == b"<html>page</html>"
    assert get(site, "/assets/old-9z.js", accept="*/*").status == 404
    assert get(site, "/favicon.ico", accept="image/*").status == 404


def test_a_known_file_is_not_sent_again_and_text_is_compressed(site: StaticSite) -> None:
    first = get(site, "/assets/app-1a2b.js", accept_encoding="gzip")
    assert header(first, "content-encoding") == "gzip"
    assert len(first.body) < 500
    again = get(site, "/assets/app-1a2b.js", if_none_match=header(first, "etag"))
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/../secret", "/assets/../../secret", "/install/../secret"])
def test_nothing_outside_the_folder_is_served(site: StaticSite, path: str) -> None:
    assert get(site, path, accept="image/png").status == 404


def test_the_installer_is_at_install(site: StaticSite) -> None:
    assert get(site, "/install").body == get(site, "/install/agent.sh").body == b"#!/bin/sh\n"
    assert get(site, "/install/other").status == 404


def test_a_new_build_is_seen_without_a_restart(site: StaticSite, tmp_path: Path) -> None:
    assert get(site, "/").body == b"<html>page</html>"
    (tmp_path / "ui" / "index.html").write_text("<html>new</html>")
    assert get(site, "/").body == b"<html>new</html>"


def test_it_can_only_be_read(site: StaticSite) -> None:
    assert get(site, "/", method="POST").status == 405
