/** Pictures of every page at both widths, for looking at: node dev/screenshots.mjs [base url] [folder] */
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { controllersShots } from "./shots-controllers.mjs";
import { enteringShots } from "./shots-entering.mjs";
import { organisationShots } from "./shots-organisation.mjs";
import { peopleShots } from "./shots-people.mjs";
import { sessionsShots, signInShots } from "./shots-sessions.mjs";

const BASE = process.argv[2] ?? "http://127.0.0.1:8099";
const OUT = process.argv[3] ?? "/tmp/ui/shots";
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const ONLY = process.env.ONLY?.split(",");
/** WALKS=sign-in,people takes these pictures only; ONLY=members,roles keeps these files only. */
const CHOSEN = process.env.WALKS?.split(",");
const WALKS = {
  entering: enteringShots,
  "sign-in": signInShots,
  sessions: sessionsShots,
  controllers: controllersShots,
  people: peopleShots,
  organisation: organisationShots,
};
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
    for (const [name, walk] of Object.entries(WALKS)) {
      if (!CHOSEN || CHOSEN.includes(name)) await walk({ page, shot, base: BASE });
    }
    await context.close();
  }
}
await browser.close();
