import { CLUSTER_TILE, OTHER_WAY } from "./platforms.mjs";

/** Pictures of controllers and of the page of one: its agents, pause, drain and dead letters. */
export async function controllersShots({ page, shot, base }) {
  const press = (name) => page.getByTestId(name).first().click();
  const close = () => page.keyboard.press("Escape");
  const to = (name) => page.getByTestId(name).first().scrollIntoViewIfNeeded();
  const top = () => page.evaluate(() => window.scrollTo(0, 0));
  const down = () => page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  const dev = (path) => page.request.post(`${base}/dev/${path}`);
  const menu = async (item) => {
    await page.getByTestId("controller-menu").first().getByRole("button").click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  const open = async (name) => {
    await page.goto(`${base}/controllers`);
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByTestId("controller-why").waitFor();
    await page.waitForTimeout(200);
  };
  await dev("role?is=owner");
  await dev("controllers");

  await page.goto(`${base}/controllers`);
  await page.getByTestId("controller-open").first().waitFor();
  await shot("controllers");
  await press("add-controller");
  await page.getByTestId("add-controller-needs").waitFor();
  await shot("add-controller");
  await press("add-controller-create");
  await page.getByTestId("enrollment-command").waitFor();
  await shot("add-controller-command");
  await page.locator('[data-testid="enrollment-status"][data-online="true"]').waitFor();
  await shot("add-controller-done");
  await press("add-controller-close");
  await press("add-controller");
  await page.getByText(CLUSTER_TILE).last().click();
  await shot("add-cluster");
  await page.getByText("A fixed amount").click();
  await press("add-controller-create");
  await page.getByText("Say how many cores").waitFor();
  await to("add-controller-needs");
  await shot("add-cluster-wrong");
  await page.getByText("What the nodes have").click();
  await press("add-controller-create");
  await page.getByTestId("enrollment-command").waitFor();
  await shot("add-cluster-command");
  await page.getByText(OTHER_WAY).click();
  await page.locator('[data-testid="enrollment-status"][data-active="1"]').waitFor();
  await to("enrollment-status");
  await shot("add-cluster-one-of-two");
  await page.locator('[data-testid="enrollment-status"][data-online="true"]').waitFor();
  await to("enrollment-status");
  await shot("add-cluster-done");
  await press("enrollment-open");
  await page.getByTestId("controller-why").waitFor();
  await shot("add-cluster-opened");
  await open("harbour");
  await shot("controller-cluster");
  await press("add-agent");
  await shot("cluster-agent-add");
  await close();

  await open("workshop");
  await shot("controller");
  await page.getByTestId("controller-menu").getByRole("button").click();
  await shot("controller-menu");
  await close();
  await to("add-agent");
  await shot("controller-agents");
  await page.getByText("Revoke", { exact: true }).first().click();
  await shot("agent-revoke");
  await press("revoke-agent-confirm");
  await page.getByText("was revoked").waitFor();
  await press("add-agent");
  await shot("agent-add");
  await press("add-controller-create");
  await page.getByTestId("enrollment-command").waitFor();
  await page.locator('[data-testid="enrollment-status"][data-online="true"]').waitFor();
  await shot("agent-added");
  await press("add-controller-close");

  await top();
  await menu(/^Pause/);
  await page.getByTestId("pause-submit").waitFor();
  await page.getByTestId("pause-reason").fill("New disks");
  await shot("pause");
  await press("pause-submit");
  await page.getByTestId("pause-notice").waitFor();
  await page.waitForTimeout(800);
  await shot("controller-paused");
  await page.goto(`${base}/controllers`);
  await page.getByTestId("controller-open").first().waitFor();
  await page.getByTestId("pause-left").scrollIntoViewIfNeeded();
  await shot("controllers-paused");
  await open("workshop");
  await menu(/^Drain/);
  await page.getByTestId("drain-reason").fill("The machine is replaced in December");
  await shot("drain");
  await page.getByText("Move them away").click();
  await press("drain-submit");
  await page.getByTestId("drain-notice").waitFor();
  await shot("controller-paused-and-draining");
  await press("controller-resume");
  await page.getByTestId("pause-notice").waitFor({ state: "detached" });
  await page.waitForTimeout(500);
  await shot("controller-draining");
  await page.goto(`${base}/controllers`);
  await page.getByTestId("controller-open").first().waitFor();
  await page.locator('[data-testid="controller-state"][data-state="draining"]').scrollIntoViewIfNeeded();
  await shot("controllers-draining");
  await page.goto(`${base}/catalog`);
  await press("launch-Desktop");
  await page.getByTestId("launch-controller").getByRole("button").click();
  await shot("launch-controllers");
  await open("workshop");
  await page.locator('[data-testid="drain-remaining"][data-remaining="0"]').waitFor({ timeout: 60_000 });
  await shot("controller-drained");
  await press("controller-undrain");
  await page.getByTestId("drain-notice").waitFor({ state: "detached" });

  await open("attic");
  await shot("controller-degraded");
  await down();
  await shot("dead-letters");
  await page.getByRole("checkbox").nth(2).click();
  await page.waitForTimeout(100);
  await shot("dead-letters-chosen");
  await press("purge");
  await shot("dead-letters-purge");
  await close();
  await press("redrive");
  await page.getByText(/sent again|dropped/).first().waitFor();
  await top();
  await shot("dead-letters-redriven");
  for (const [name, key] of [
    ["paused", "Thesis"],
    ["drained", "Sketches"],
  ]) {
    await page.goto(`${base}/sessions`);
    await page.getByRole("link", { name: key, exact: true }).first().click();
    await page.getByTestId("timeline").waitFor();
    await shot(`session-${name}`);
  }
  await open("cellar");
  await shot("controller-never-seen");
  await down();
  await shot("controller-never-seen-end");

  await dev("role?is=auditor");
  await open("attic");
  await shot("controller-auditor");
  await down();
  await shot("controller-auditor-end");
  await dev("role?is=member");
  await page.goto(`${base}/controllers`);
  await page.getByTestId("not-permitted").waitFor();
  await shot("controllers-not-permitted");
  await dev("role?is=owner");
  await page.goto(`${base}/controllers/ctl-nobody`);
  await page.getByTestId("problem").waitFor();
  await shot("controller-gone");
}
