// What the tests of pages share: a browser, checks that are counted, and a page whose complaints, requests
// and words on canvases are kept.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const browserPath = process.env.CHROMIUM || "/usr/bin/chromium";
const skip = (why) => {
  console.log(`SKIPPED: ${why}`);
  process.exit(77);
};
if (!existsSync(browserPath))
  skip(`no Chromium at ${browserPath} (apt-get install chromium, or CHROMIUM=PATH)`);
const { chromium } = await import("playwright-core").catch(() =>
  skip("no playwright-core (npm ci in tests/report/browser)"),
);

let failures = 0;
export function check(what, right) {
  console.log(`${right ? "ok  " : "FAIL"} ${what}`);
  if (!right) failures++;
}

const profile = mkdtempSync(join(tmpdir(), "lathe-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: browserPath,
  headless: true,
  viewport: { width: 1500, height: 1000 },
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

// Every text and every circle that a page draws on a canvas is kept in window.drawn, with its font and place.
await context.addInitScript(() => {
  window.drawn = [];
  const { fillText, arc, clearRect } = CanvasRenderingContext2D.prototype;
  const keep = (context, thing) => drawn.push({ canvas: context.canvas, ...thing });
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { width } = this.measureText(text),
      shift = { center: width / 2, right: width, end: width }[this.textAlign] ?? 0;
    keep(this, { text, x: x - shift, y, width, font: parseFloat(/([0-9.]+)px/.exec(this.font)[1]) });
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
export async function open(path, size = { width: 1500, height: 1000 }, ready = "#charts[data-drawn]") {
  const address = /^http/.test(path) ? path : pathToFileURL(resolve(path)).href;
  const page = await context.newPage(),
    complaints = [],
    requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address && !/^(data|blob):/.test(request.url())) requests.push(request.url());
  });
  await page.setViewportSize(size);
  await page.goto(address);
  await page.waitForSelector(ready);
  return { page, complaints, requests };
}

// Pixels of each canvas that are not transparent, or only those of coloured lines.
export const coloured = (page, where) => inked(page, where, 60);
export const inked = (page, where = ".chart canvas", apart = -1) =>
  page.$$eval(
    where,
    (all, least) =>
      all.map((canvas) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height);
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4)
          count +=
            data[i + 3] > 0 &&
            Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > least;
        return count;
      }),
    apart,
  );

// What `presses` of Tab reach from the page's beginning: ids, else charts, else classes.
export async function reachedByTab(page, presses) {
  const reached = [];
  await page.mouse.click(2, 2);
  for (let i = 0; i < presses; i++) {
    await page.keyboard.press("Tab");
    reached.push(
      await page.evaluate(
        () =>
          document.activeElement.id ||
          document.activeElement.dataset.chart ||
          document.activeElement.className,
      ),
    );
  }
  return reached;
}

export async function finish() {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
  process.exit(failures ? 1 : 0);
}
