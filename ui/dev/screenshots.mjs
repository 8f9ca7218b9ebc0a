/** Pictures of every page at both widths, for looking at: node dev/screenshots.mjs [base url] [folder] */
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";

const BASE = process.argv[2] ?? "http://127.0.0.1:8099";
const OUT = process.argv[3] ?? "/tmp/ui/shots";
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const ONLY = process.env.ONLY?.split(",");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

await mkdir(OUT, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const scheme of size === "wide" ? ["light", "dark"] : ["light"]) {
    const context = await browser.newContext({
      viewport,
      colorScheme: scheme,
      hasTouch: size === "phone",
      isMobile: size === "phone",
      deviceScaleFactor: size === "phone" ? 2 : 1,
    });
    const page = await context.newPage();
    page.on(
      "console",
      (message) =>
        ["error", "warning"].includes(message.type()) &&
        console.log(size, scheme, page.url(), message.text().slice(0, 300)),
    );
    page.on("pageerror", (error) => console.log("PAGE ERROR", error.message));
    const shot = async (name) => {
      if (ONLY && !ONLY.includes(name)) return;
      await page.waitForTimeout(350);
      await page.screenshot({ path: `${OUT}/${name}-${size}-${scheme}.png` });
    };
    await page.goto(BASE);
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
    await page.request.post(`${BASE}/dev/offline?on=1`);
    await page.request.post(`${BASE}/dev/drop`);
    await page.getByTestId("viewer-overlay").waitFor();
    await page.waitForTimeout(1200);
    await shot("viewer-reconnecting");
    await page.request.post(`${BASE}/dev/offline?on=0`);
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
      await page.goto(`${BASE}/sessions`);
      await page.getByRole("link", { name: key, exact: true }).first().click();
      await page.getByTestId("timeline").waitFor();
      await shot(`session-${name}`);
    }
    await page.getByTestId("terminate-session").click();
    await shot("terminate");
    await page.goto(`${BASE}/controllers`);
    await page.getByTestId("add-controller").waitFor();
    await shot("controllers");
    await page.getByTestId("add-controller").click();
    await shot("add-controller");
    await page.getByTestId("add-controller-create").click();
    await page.getByTestId("enrollment-command").waitFor();
    await shot("add-controller-command");
    await context.close();
  }
}
await browser.close();
