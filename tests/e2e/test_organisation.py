"""An owner runs the organisation from its pages: lowers a limit, meets it, finds both in the audit log."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import sign_in
from tests.support.stack import REPOSITORY, ApiClient, Stack, wait_until

pytestmark = pytest.mark.e2e
SEALED_WITHIN_SECONDS = 60


def _limit_sessions(page: Page, choice: str) -> None:
    page.get_by_test_id("quota-edit-tenant").click()
    page.get_by_test_id("limit-choice-sessions").get_by_role("button").click()
    page.get_by_role("option", name=re.compile(f"^{choice}")).click()
    page.get_by_test_id("limits-save").click()
    expect(page.get_by_test_id("limits-save")).to_have_count(0)


def _newest(api: ApiClient, action: str, outcome: str) -> dict[str, object]:
    answer = api("GET", "/v1/audit", params={"action": action, "outcome": outcome, "limit": 1})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items[0] if items else {}


def _verify(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.audit", "verify", str(file), *options]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.feature(
    "Owners set limits, meet them by name, and read, export and verify the audit log in the browser"
)
def test_lowered_limit_refusal_and_audit_log(stack: Stack, page: Page, api: ApiClient, tmp_path: Path):
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.goto(f"{stack.url}/quotas")
    try:
        _limit_sessions(page, "None")
        expect(page.get_by_test_id("quota-card-tenant")).to_contain_text("None allowed")

        page.goto(f"{stack.url}/catalog")
        page.get_by_test_id("launch-Terminal").click()
        expect(page.get_by_test_id("quota-warning")).to_contain_text("Your organisation's sessions")
        page.get_by_test_id("launch-submit").click()
        expect(page.get_by_test_id("problem")).to_contain_text("limit for sessions is 0")

        for action, outcome in (("quota.set", "succeeded"), ("session.create", "refused")):
            sealed = wait_until(
                lambda action=action, outcome=outcome: _newest(api, action, outcome).get("sequence"),
                SEALED_WITHIN_SECONDS,
                every=0.5,
            )
            page.goto(f"{stack.url}/audit?action={action}&outcome={outcome}")
            entry = _newest(api, action, outcome)
            expect(page.get_by_test_id(f"audit-seal-{entry['id']}")).to_contain_text(f"{sealed}")
        page.get_by_test_id(f"audit-open-{entry['id']}").click()
        expect(page.get_by_test_id("audit-entry")).to_contain_text("quota exceeded")
        expect(page.get_by_test_id("audit-entry")).to_contain_text(str(entry["hash"]))
        page.keyboard.press("Escape")

        page.goto(f"{stack.url}/audit")
        page.get_by_test_id("audit-export").click()
        page.get_by_test_id("audit-export-create").click()
        command = page.get_by_test_id("audit-verify-command").inner_text()
        head = re.search(r"--head (\d+:[0-9a-f]{64})", command)
        assert head, command
        with page.expect_download() as begun:
            page.get_by_test_id("audit-file").first.click()
        file = tmp_path / begun.value.suggested_filename
        begun.value.save_as(file)
    finally:
        api("PUT", "/v1/quotas/tenant", {"limits": {}})

    assert file.name in command
    found = _verify(file, "--head", head[1])
    assert found.returncode == 0, found.stderr
    changed = file.read_bytes().replace(b"quota_exceeded", b"quota_excepted", 1)
    file.write_bytes(changed)
    broken = _verify(file, "--head", head[1])
    assert broken.returncode == 1
    assert "BROKEN" in broken.stderr
