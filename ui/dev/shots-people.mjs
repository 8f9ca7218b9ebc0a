/** Pictures of members, groups, roles, API keys, and of what a role does not open. */
export async function peopleShots({ page, shot, base }) {
  const open = async (path, wanted) => {
    await page.goto(`${base}${path}`);
    await wanted.first().waitFor();
  };
  const press = (name) => page.getByTestId(name).click();
  const close = () => page.keyboard.press("Escape");
  const choose = async (menu, item) => {
    await page.getByTestId(menu).getByRole("button").click();
    await page.getByRole("menuitem", { name: item }).click();
  };

  await open("/members", page.getByTestId("member-usr-1"));
  await shot("members");
  await choose("member-menu-usr-3", "Change…");
  await page.getByTestId("role").getByRole("button").click();
  await page.getByRole("option", { name: /Auditor/ }).click();
  await shot("member-change");
  await close();
  await choose("member-menu-usr-5", "Disable…");
  await shot("member-disable");
  await close();
  await choose("member-menu-usr-5", "Remove…");
  await press("delete-homes");
  await shot("member-remove");
  await close();
  await press("invite");
  await press("invite-submit");
  await shot("invite-wrong");
  await page.getByTestId("invite-email").fill(`new-${Date.now()}@example.com`);
  await press("invite-submit");
  await page.getByTestId("invitation-link").waitFor();
  await shot("invite-link");
  await press("invitation-done");
  await page.getByRole("tab", { name: /Invitations/ }).click();
  await page.getByTestId("invitation-state").first().waitFor();
  await shot("invitations");
  await open("/members/usr-3", page.getByTestId("end-sign-ins"));
  await shot("member");
  await press("end-sign-ins");
  await shot("member-end-sign-ins");

  await open("/groups", page.getByRole("link", { name: "Design" }));
  await shot("groups");
  await press("create-group");
  await press("group-save");
  await shot("group-create");
  await close();
  await page.getByRole("link", { name: "Design" }).click();
  await page.getByTestId("group-opens").waitFor();
  await shot("group");
  await press("group-add-members");
  await shot("group-add");
  await close();
  await press("group-remove");
  await shot("group-remove");

  await open("/roles", page.getByRole("heading", { name: "Permissions" }));
  await shot("roles");

  await open("/api-keys", page.getByTestId("key-state"));
  await shot("api-keys");
  await press("create-key");
  await page.getByTestId("scopes-launch").waitFor();
  await shot("key-create");
  await page.getByTestId("key-name").fill("Nightly build");
  await press("key-create");
  await page.getByTestId("new-key").waitFor();
  await shot("key-new");
  await press("key-done");
  await page.locator('[data-testid^="key-menu-"]').first().getByRole("button").click();
  await page.getByRole("menuitem", { name: "Rotate…" }).click();
  await shot("key-rotate");
  await close();
  await open("/api-keys?tab=everybody", page.getByTestId("key-state"));
  await shot("api-keys-everybody");
  await open("/api-keys?tab=service-accounts", page.getByTestId("create-account"));
  await page.getByTestId("member-state").first().waitFor();
  await shot("service-accounts");
  await press("create-account");
  await shot("service-account-create");
  await close();
  await page.getByRole("link", { name: "Build server" }).click();
  await page.getByTestId("key-state").first().waitFor();
  await shot("service-account");

  await open("/catalog", page.getByTestId("restriction"));
  await press("access-Firefox");
  await shot("template-access");
  await open("/controllers", page.getByTestId("controller-menu"));
  await page.getByTestId("controller-menu").first().getByRole("button").click();
  await page.getByRole("menuitem", { name: "Change…" }).click();
  await shot("controller-change");

  await page.request.post(`${base}/dev/role?is=member`);
  await open("/members", page.getByTestId("not-permitted"));
  await shot("not-permitted");
  await open("/roles", page.getByRole("heading", { name: "Permissions" }));
  await shot("roles-member");
  await page.request.post(`${base}/dev/role?is=admin`);
  await open("/groups/grp-none", page.getByTestId("problem"));
  await shot("group-gone");
}
