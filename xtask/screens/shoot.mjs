// Takes the pictures of the pages for docs/, and tries the pages by keyboard alone.
//
//   npm install && node shoot.mjs path/to/kustom
//
// Chromium comes from the registry of npm; CHROMIUM names another one.
import chromium from "@sparticuz/chromium";
import { chromium as browsers } from "playwright-core";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import assert from "node:assert/strict";

const root = resolve(import.meta.dirname, "../..");
const program = resolve(process.argv[2] ?? join(root, "target/debug/kustom"));
const directory = mkdtempSync(join(tmpdir(), "kustom-screens-"));
const docs = process.env.SCREENS ?? join(root, "docs");

function kustom(...words) {
  execFileSync(program, words, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

kustom("--quiet", "report", "-o", join(directory, "report.html"), "--title", "Prow");
kustom("--quiet", "diff", "production", "staging", "--secrets", "placeholder", "--exit-zero",
  "--format", "html", "-o", join(directory, "diff.html"));

const browser = await browsers.launch({
  executablePath: process.env.CHROMIUM ?? (await chromium.executablePath()),
  // In one process, the end of a page is that of the browser.
  args: chromium.args.filter((word) => word !== "--single-process"),
  headless: true,
});

const wide = { width: 1280, height: 800 };
const phone = { width: 390, height: 780 };

async function open(page_, viewport, colorScheme) {
  const page = await browser.newPage({ viewport, colorScheme });
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("request", (request) => request.url().startsWith("file:") || wrong.push(request.url()));
  await page.goto(`file://${join(directory, page_)}`);
  page.wrong = wrong;
  return page;
}

async function shoot(page, name) {
  assert.deepEqual(page.wrong, [], name);
  // Nothing is wider than the screen but what scrolls by itself.
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} pixels too wide`);
  await page.screenshot({ path: join(docs, name), type: "png" });
  await page.close();
}

// The report, from its start.
await shoot(await open("report.html", wide, "light"), "report.png");

// An object, by keyboard alone: search, go down, open, go to the next environment, close.
{
  const page = await open("report.html", { ...wide, height: 560 }, "dark");
  await page.keyboard.press("/");
  await page.keyboard.type("deployment prow/deck");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  const chosen = () => page.textContent("dialog [aria-current=true]");
  const first = await chosen();
  await page.keyboard.press("]");
  await page.waitForFunction((first) => document.querySelector("dialog [aria-current=true]").textContent !== first, first);
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog[open]", { state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("href")), /#o-/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  // Beside another environment, its lines are marked.
  await page.selectOption("dialog select", { index: 1 });
  assert.ok((await page.locator("dialog .ins, dialog .del").count()) > 0);
  await shoot(page, "report-object.png");
}

// On a phone.
{
  const page = await open("report.html", phone, "dark");
  await page.locator("#matrix").scrollIntoViewIfNeeded();
  await page.evaluate(() => document.querySelector("#filters").scrollIntoView());
  await shoot(page, "report-phone.png");
}

await shoot(await open("diff.html", wide, "light"), "diff.png");
{
  const page = await open("diff.html", phone, "dark");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  await shoot(page, "diff-phone.png");
}

await browser.close();
rmSync(directory, { recursive: true });
