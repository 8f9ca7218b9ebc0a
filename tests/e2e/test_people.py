"""People come, work and go: as an administrator and the invited person see it, each in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import sign_in
from tests.support.stack import ApiClient, Stack

pytestmark = pytest.mark.e2e
THEIRS = "Desktop"
PASSWORD = "lantern orchid quarry sable"
AT_ONCE = 8_000
"""Milliseconds in which somebody who is disabled has to be out, without doing anything."""


@pytest.fixture
def templates(api: ApiClient) -> Iterator[dict[str, str]]:
    """Ids by name; open to everybody again afterwards."""
    found = {item["name"]: item["id"] for item in api("GET", "/v1/templates").json()["items"]}
    yield found
    for template_id in found.values():
        api("PATCH", f"/v1/templates/{template_id}", {"group_ids": []})


@pytest.fixture
def guest(browser: Browser) -> Iterator[Page]:
    """Somebody else's browser."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def _go(page: Page, place: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()


def _create_group(page: Page, name: str) -> str:
    page.get_by_test_id("create-group").first.click()
    page.get_by_test_id("group-name").fill(name)
    page.get_by_test_id("group-save").click()
    page.wait_for_url("**/groups/grp-*")
    return page.url.rsplit("/", 1)[1]


def _invite(page: Page, email: str, group: str) -> str:
    """The link, as the administrator is shown it."""
    page.get_by_test_id("invite").click()
    page.get_by_test_id("invite-email").fill(email)
    page.get_by_test_id("groups").get_by_role("button").first.click()
    page.get_by_role("option", name=group).click()
    page.get_by_test_id("invite-submit").click()
    link = page.get_by_test_id("invitation-link").inner_text()
    page.get_by_test_id("invitation-done").click()
    return link.strip()


@pytest.mark.feature(
    "An invited person joins by a link, sees what their group opens, and is thrown out at once when disabled"
)
def test_invite_accept_and_disable(
    stack: Stack, page: Page, guest: Page, api: ApiClient, templates: dict[str, str]
):
    sign_in(page, f"{stack.url}/groups", stack.email, stack.password)
    group_id = _create_group(page, "Design")
    elsewhere = api("POST", "/v1/groups", {"name": "Finance"}).json()["id"]
    for name, template_id in templates.items():
        scope = group_id if name == THEIRS else elsewhere
        assert api("PATCH", f"/v1/templates/{template_id}", {"group_ids": [scope]}).status_code == 200

    _go(page, "Members")
    link = _invite(page, "mai.tran@example.com", "Design")
    guest.goto(link)
    expect(guest.get_by_test_id("invitation")).to_contain_text("as Member")
    assert "token" not in guest.url
    guest.get_by_test_id("invitation-name").fill("Mai Tran")
    guest.get_by_test_id("new-password").fill(PASSWORD)
    guest.get_by_test_id("submit").click()
    cards = guest.locator('[data-testid^="template-card-"]')
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text(THEIRS)

    _go(page, "Groups")
    _go(page, "Members")
    row = page.get_by_role("row", name="Mai Tran")
    expect(row).to_contain_text("Design")
    row.get_by_role("button", name="Actions for Mai Tran").click()
    page.get_by_role("menuitem", name="Disable…").click()
    page.get_by_test_id("disable-confirm").click()
    expect(row.get_by_test_id("member-state")).to_have_attribute("data-state", "disabled")
    guest.get_by_test_id("sign-in-email").wait_for(timeout=AT_ONCE)

    guest.goto(link)
    expect(guest.get_by_test_id("bad-link")).to_contain_text("used already")
