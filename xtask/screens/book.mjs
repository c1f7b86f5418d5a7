// Looks at every page of the book, wide and narrow, by light and by dark.
//
//   .ci/book && npm install && node book.mjs ../../target/book [DIRECTORY FOR PICTURES]
//
// In a block of the shell, the commands alone are copied.
//
// A page that says something on the console, loads anything from elsewhere, shows no picture where
// one is meant, or is wider than the screen ends it.
import chromium from "@sparticuz/chromium";
import { chromium as browsers } from "playwright-core";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import assert from "node:assert/strict";

const book = resolve(process.argv[2] ?? join(import.meta.dirname, "../../target/book"));
const pictures = process.argv[3];
const pages = readdirSync(book).filter((name) => name.endsWith(".html") && !["print.html", "toc.html", "404.html"].includes(name));
assert.ok(pages.length > 20, `${book} has ${pages.length} pages`);

const browser = await browsers.launch({
  executablePath: process.env.CHROMIUM ?? (await chromium.executablePath()),
  args: [...chromium.args.filter((word) => word !== "--single-process"), "--allow-file-access-from-files"],
  headless: true,
});
const views = [
  ["wide-light", { width: 1280, height: 800 }, "light"],
  ["wide-dark", { width: 1280, height: 800 }, "dark"],
  ["narrow-light", { width: 390, height: 780 }, "light"],
  ["narrow-dark", { width: 390, height: 780 }, "dark"],
];
for (const [name, viewport, colorScheme] of views) {
  const page = await browser.newPage({ viewport, colorScheme });
  let wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || wrong.push(request.url()));
  for (const file of pages) {
    wrong = [];
    await page.goto(`file://${join(book, file)}`);
    assert.deepEqual(wrong, [], `${file}, ${name}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${file}, ${name}: ${over} pixels too wide`);
    const blind = await page.evaluate(() => [...document.images].filter((image) => !image.naturalWidth || !image.alt).map((image) => image.src));
    assert.deepEqual(blind, [], `${file}: pictures that are missing, or say nothing to a reader of the screen`);
    if (pictures) {
      await page.screenshot({ path: join(pictures, `${file.replace(".html", "")}-${name}.png`), fullPage: true });
    }
  }
  await page.close();
}
{
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto(`file://${join(book, "tour.html")}`);
  const block = page.locator("pre:has(code.language-console)").first();
  assert.match(await block.locator("code").textContent(), /^\$ kustom init/);
  await block.hover();
  await block.locator(".clip-button").click();
  await page.waitForSelector(".clip-button.tooltipped");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied.split("\n")[1], "cd shop");
  assert.doesNotMatch(copied, /^[$>] |kustom\.yaml/m);
  await context.close();
}
console.log(`${pages.length} pages, ${views.length} views`);
await browser.close();
