/** Pictures of quotas, the audit log, settings, one's own account and of what ends somebody's access. */
import { Buffer } from "node:buffer";

/** 112 by 32 pixels: a mark, and bars where a name would be. */
const LOGO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAHAAAAAgCAYAAADKbvy8AAABG0lEQVR42u2a0RGCMBBEOYYqoAXrsGjrsAVtI37p8EGiSW5DwLe/JDtH3uxwBwwDQggh9J+y1MVwH0Kx8SXtjYQAa8ABsq1GJTyFH0oAVB02EBsmEB0UoDolpHDnBC7XmdPqUFPO4jfEx+2pS2oIPyfVzKzWQ+GtqCvmWfQMVKUx9wa31nvAq/VW1BXbX9zELNfZFWTpDa73ecHz8FbUteVT3YV6g0Q7jRFAPMEcSBo770K/SdmdInECgXfQBALuoAC9wZmZlbTb6wG31EPhrahra5gfe0pd7G1DzvpcD4W3oq7Y/qkHcN4AvCB6eyvq+hi2+FrA13lhF6o+XOAdYJBHOwNUpYT0NUyg92EDT9xXpC7yXyhCCKET6wXMypSqTRe1rQAAAABJRU5ErkJggg==",
  "base64",
);

export async function organisationShots({ page, shot, base }) {
  const open = async (path, wanted) => {
    await page.goto(`${base}${path}`);
    await page.getByTestId(wanted).first().waitFor();
  };
  const press = (name) => page.getByTestId(name).first().click();
  const type = (name, text) => page.getByTestId(name).fill(text);
  const close = () => page.keyboard.press("Escape");
  const top = () => page.evaluate(() => window.scrollTo(0, 0));
  const to = (name) => page.getByTestId(name).first().scrollIntoViewIfNeeded();
  const dev = (path) => page.request.post(`${base}/dev/${path}`);
  await dev("role?is=owner");
  await dev("plain");

  await open("/quotas", "quota-card-tenant");
  await shot("quotas");
  await to("quota-edit-usr-4");
  await shot("quotas-members");
  await press("quota-edit-usr-1");
  await page.getByTestId("limit-choice-memory").getByRole("button").click();
  await shot("quota-choices");
  await page.getByRole("option", { name: /None/ }).click();
  await type("limit-sessions", "2");
  await type("limit-cpu", "eight");
  await press("limits-save");
  await shot("quota-wrong");
  await close();
  await press("quota-reset-usr-3");
  await shot("quota-reset");
  await close();
  await dev("role?is=member");
  await open("/quotas", "quota-card-tenant");
  await shot("quotas-member");
  await page.goto(`${base}/audit`);
  await page.getByTestId("not-permitted").waitFor();
  await shot("audit-not-permitted");
  await dev("role?is=owner");

  await open("/audit", "audit-action");
  await shot("audit");
  await page.getByTestId("audit-filter").getByRole("combobox").click();
  await shot("audit-filter");
  await close();
  await page.getByTestId("audit-range").getByRole("button").first().click();
  await shot("audit-range");
  await close();
  await page.goto(`${base}/audit?outcome=refused&last=30d`);
  await page.getByTestId("audit-action").first().waitFor();
  await shot("audit-found");
  await page.goto(`${base}/audit?actor=usr-nobody`);
  await page.getByTestId("empty").waitFor();
  await shot("audit-nothing");
  await open("/audit", "audit-action");
  await page.getByTestId("audit-action").nth(3).click();
  await page.getByTestId("audit-entry").waitFor();
  await shot("audit-entry");
  await close();
  await press("audit-export");
  await shot("audit-export");
  await press("audit-export-create");
  await page.getByTestId("audit-verify-command").waitFor();
  await shot("audit-exported");
  await close();

  await open("/settings", "settings-name");
  await shot("settings");
  await type("settings-accent", "#ffd400");
  await page
    .getByTestId("settings-logo")
    .locator("input[type=file]")
    .setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: LOGO });
  await page.getByTestId("logo-preview").waitFor();
  await to("settings-save-branding");
  await shot("settings-branding");
  await press("settings-save-branding");
  await page.waitForTimeout(300);
  await top();
  await shot("settings-branded");
  await type("settings-networks", "198.51.100.0/24");
  await page.getByTestId("settings-shut-out").waitFor();
  await to("settings-save-access");
  await shot("settings-shut-out");
  await type("settings-networks", "the office");
  await type("settings-password-length", "6");
  await press("settings-save-access");
  await to("settings-networks");
  await shot("settings-wrong");
  await to("tenant-export-start");
  await press("tenant-export-start");
  await page.waitForTimeout(2500);
  await to("delete-organisation");
  await shot("settings-export");
  await press("delete-organisation");
  await type("delete-slug", "dem");
  await press("delete-confirm");
  await shot("delete-wrong");
  await close();

  await open("/account", "account-name");
  await shot("account");
  await to("end-other-sign-ins");
  await shot("account-sign-ins");
  await type("account-current-password", "wrong");
  await type("account-new-password", "a few random words");
  await press("account-save-password");
  await page.getByTestId("problem").waitFor();
  await to("account-save-password");
  await shot("account-password-wrong");
  await open("/sessions", "quota-user");
  await shot("sessions-quotas");

  await open("/audit", "audit-action");
  await dev("offline?on=1");
  await press("audit-refresh");
  await page.getByTestId("problem").waitFor();
  await shot("audit-outage");
  await dev("offline?on=0");
  for (const code of ["tenant_suspended", "address_not_allowed", "tenant_deleting"]) {
    await open("/audit", "audit-action");
    await dev(`refuse?code=${code}`);
    await press("audit-refresh");
    await page.getByTestId("stopped").waitFor();
    await shot(`stopped-${code.replaceAll("_", "-")}`);
    await dev("refuse?code=");
  }
  await open("/audit", "audit-action");
  await dev("refuse?code=signed_out");
  await press("audit-refresh");
  await page.getByTestId("sign-in-ended").waitFor();
  await shot("sign-in-ended");
  await dev("refuse?code=");
  await open("/settings", "delete-organisation");
  await press("delete-organisation");
  await type("delete-slug", "demo");
  await type("delete-password", "right");
  await press("delete-confirm");
  await page.getByTestId("stopped").waitFor();
  await shot("goodbye");
  await dev("plain");
}
