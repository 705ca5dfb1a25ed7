// What the tests of pages share: a browser, checks that are counted, and a page whose complaints, requests and
// words on canvases are kept.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const browserPath = process.env.CHROMIUM || "/usr/bin/chromium";
const skip = (why) => { console.log(`SKIPPED: ${why}`); process.exit(77); };
if (!existsSync(browserPath)) skip(`no Chromium at ${browserPath} (apt-get install chromium, or CHROMIUM=PATH)`);
const { chromium } = await import("playwright-core").catch(() =>
  skip("no playwright-core (npm ci in tests/report/browser)"));

let failures = 0;
export function check(what, right) {
  console.log(`${right ? "ok  " : "FAIL"} ${what}`);
  if (!right) failures++;
}

const profile = mkdtempSync(join(tmpdir(), "lathe-page-"));
const context = await chromium.launchPersistentContext(profile, { executablePath: browserPath, headless: true,
  viewport: { width: 1500, height: 1000 }, args: ["--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"] });

// Every text and every circle that a page draws on a canvas is kept in window.drawn, with its font and place.
await context.addInitScript(() => {
  window.drawn = [];
  const { fillText, arc, clearRect } = CanvasRenderingContext2D.prototype;
  const keep = (context, thing) => drawn.push({ canvas: context.canvas, ...thing });
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    keep(this, { text, x, y, font: parseFloat(/([0-9.]+)px/.exec(this.font)[1]), width: this.measureText(text).width });
    return fillText.apply(this, arguments);
  };
  CanvasRenderingContext2D.prototype.arc = function (x, y, radius) {
    keep(this, { radius, x, y });
    return arc.apply(this, arguments);
  };
  CanvasRenderingContext2D.prototype.clearRect = function () {
    window.drawn = drawn.filter((each) => each.canvas !== this.canvas && each.canvas.isConnected);
    return clearRect.apply(this, arguments);
  };
});

// A page at a file or an address, with `complaints` of its console and the `requests` that it made.
export async function open(path, size = { width: 1500, height: 1000 }) {
  const address = /^http/.test(path) ? path : pathToFileURL(resolve(path)).href;
  const page = await context.newPage(), complaints = [], requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address && !/^(data|blob):/.test(request.url())) requests.push(request.url());
  });
  await page.setViewportSize(size);
  await page.goto(address);
  await page.waitForSelector("#charts[data-drawn]");
  return { page, complaints, requests };
}

export async function finish() {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
  process.exit(failures ? 1 : 0);
}
