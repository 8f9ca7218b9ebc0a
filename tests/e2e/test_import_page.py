"""Importing the original's manifests in a real browser: a look first, then the thing itself."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import sign_in
from tests.support.stack import ApiClient, Stack

pytestmark = pytest.mark.e2e
OLD = "registry.example/apps/browser:1"
MANIFESTS = f"""apiVersion: stream.space/v1alpha1
kind: Template
metadata: {{name: old-browser}}
spec:
  displayName: Old Browser
  baseImage: {OLD}
  icon: https://pictures.example/browser.png
  defaultResources: {{memory: 1Gi, cpu: 500m}}
  capabilities: [Network, Audio, Clipboard]
---
apiVersion: stream.space/v1alpha1
kind: Session
metadata: {{name: adas-browser}}
spec: {{user: ada, template: old-browser, state: terminated}}
"""


@pytest.mark.feature("An import is looked through in the browser before anything is changed")
def test_look_decide_import(stack: Stack, page: Page, api: ApiClient) -> None:
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("catalog-import").click()
    page.get_by_test_id("import-text").locator("textarea").fill(MANIFESTS)
    expect(page.get_by_test_id("import-run")).to_be_disabled()
    page.get_by_test_id("import-try").click()
    report = page.get_by_test_id("import-report")
    expect(report).to_have_attribute("data-trial", "true")
    expect(report).to_contain_text("1 would be imported, 1 is left out.")
    assert "Old Browser" not in {each["name"] for each in api("GET", "/v1/templates").json()["items"]}

    wanted = str(api.template("Firefox")["image"])
    page.get_by_test_id("import-image-0").locator("button").click()
    page.get_by_role("option", name=wanted).click()
    expect(page.get_by_test_id("import-run")).to_be_disabled()
    page.get_by_test_id("import-try").click()
    expect(page.get_by_test_id("import-run")).to_be_enabled()
    page.get_by_test_id("import-run").click()
    expect(report).to_have_attribute("data-trial", "false")
    expect(report).to_contain_text("1 was imported, 1 is left out.")
    made = api.template("Old Browser")
    assert (made["image"], made["enabled"]) == (wanted, True)
    page.get_by_test_id("import-try").click()
    expect(report).to_contain_text("1 is here already")
    api("DELETE", f"/v1/templates/{made['id']}")


def test_an_import_whose_answer_is_lost_does_not_claim_that_nothing_was_done(
    stack: Stack, page: Page
) -> None:
    def lose(route: Route) -> None:
        asked = route.request.post_data_json
        route.continue_() if asked["dry_run"] else route.abort()

    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("catalog-import").click()
    page.route("**/v1/imports", lose)
    page.get_by_test_id("import-text").locator("textarea").fill(MANIFESTS)
    page.get_by_test_id("import-try").click()
    page.get_by_test_id("import-run").click()
    expect(page.get_by_test_id("problem")).to_contain_text("may have ended halfway")
    expect(page.get_by_test_id("import-run")).to_be_enabled()


def test_it_fits_a_phone(stack: Stack, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("catalog-import").click()
    page.get_by_test_id("import-text").locator("textarea").fill(MANIFESTS.replace("adas-browser", "a" * 200))
    page.get_by_test_id("import-try").click()
    report = page.get_by_test_id("import-report")
    report.get_by_role("button", name="lost").click()
    expect(report).to_contain_text("spec.capabilities")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
