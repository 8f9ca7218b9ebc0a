/** Pictures of sign-in, catalog, sessions and viewer. */
export async function signInShots({ page, shot, base }) {
  await page.goto(base);
  await page.getByTestId("sign-in-email").fill("demo@example.com");
  await shot("sign-in");
  await page.getByTestId("sign-in-password").fill("wrong");
  await page.getByTestId("sign-in-submit").click();
  await page.getByTestId("sign-in-problem").waitFor();
  await shot("sign-in-wrong");
  await page.getByTestId("sign-in-password").fill("right");
  await page.getByTestId("sign-in-submit").click();
  await page.getByTestId("template-card-Desktop").waitFor();
  await shot("catalog");
}

export async function sessionsShots({ page, shot, base }) {
  await page.goto(`${base}/catalog`);
  await page.getByTestId("launch-Desktop").click();
  await page.getByTestId("launch-submit").waitFor();
  await shot("launch");
  await page.getByTestId("launch-submit").click();
  await page.getByTestId("pull-progress").waitFor();
  await page.waitForTimeout(500);
  await shot("stages");
  await page.locator('[data-testid="viewer-screen"][data-painted="true"]').waitFor();
  await page.waitForTimeout(1500);
  await shot("viewer");
  await page.getByTestId("viewer-clipboard").click();
  await shot("viewer-clipboard");
  await page.getByTestId("viewer-scaling").click();
  await shot("viewer-scaling");
  await page.keyboard.press("Escape");
  await page.request.post(`${base}/dev/offline?on=1`);
  await page.request.post(`${base}/dev/drop`);
  await page.getByTestId("viewer-overlay").waitFor();
  await page.waitForTimeout(1200);
  await shot("viewer-reconnecting");
  await page.request.post(`${base}/dev/offline?on=0`);
  await page.locator('[data-testid="viewer-screen"][data-painted="true"]').waitFor();
  await page.getByTestId("viewer-more").click();
  await page.getByTestId("viewer-hibernate").click();
  await page.getByTestId("viewer-wake-action").waitFor();
  await shot("viewer-hibernated");
  await page.getByTestId("viewer-leave-action").click();
  await page.getByTestId("session-state").first().waitFor();
  await shot("sessions");
  for (const [name, key] of [
    ["pending", "Render farm"],
    ["failed", "Broken image"],
    ["details", "Research"],
  ]) {
    await page.goto(`${base}/sessions`);
    await page.getByRole("link", { name: key, exact: true }).first().click();
    await page.getByTestId("timeline").waitFor();
    await shot(`session-${name}`);
  }
  await page.getByTestId("session-log").getByRole("button", { name: "Log" }).click();
  await page.getByTestId("log-lines").scrollIntoViewIfNeeded();
  await shot("session-log");
  await page.getByTestId("terminate-session").click();
  await shot("terminate");
}
