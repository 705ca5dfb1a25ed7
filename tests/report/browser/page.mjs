// Opens pages of curves from file:// in Chromium: node page.mjs RUN.html [COMPARE.html] [--pictures DIR]. Exit 77: something it needs is missing.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const browserPath = process.env.CHROMIUM || "/usr/bin/chromium";
const skip = (why) => { console.log(`SKIPPED: ${why}`); process.exit(77); };
if (!existsSync(browserPath)) skip(`no Chromium at ${browserPath} (apt-get install chromium, or CHROMIUM=PATH)`);
const { chromium } = await import("playwright-core").catch(() => skip("no playwright-core (npm ci in tests/report/browser)"));

const words = process.argv.slice(2), at = words.indexOf("--pictures");
const pictures = at < 0 ? null : resolve(words.splice(at, 2)[1]);
let failures = 0;
function check(what, right) {
  console.log(`${right ? "ok  " : "FAIL"} ${what}`);
  if (!right) failures++;
}

const profile = mkdtempSync(join(tmpdir(), "lathe-page-"));
const context = await chromium.launchPersistentContext(profile, { executablePath: browserPath, headless: true, viewport: { width: 1500, height: 1000 },
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });

// Does the chart have ink: pixels of its canvas that are not transparent?
const inked = (page) => page.$$eval(".chart canvas", (all) => all.map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
  return count;
}));

async function overChart(page, id, part) {
  const box = await page.locator(`[data-chart=${id}] .u-over`).boundingBox();
  return [box.x + part * box.width, box.y + box.height / 2];
}

async function open(path) {
  const page = await context.newPage(), address = pathToFileURL(resolve(path)).href, complaints = [], requests = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => { if (request.url() !== address && !/^(data|blob):/.test(request.url())) requests.push(request.url()); });
  await page.goto(address);
  await page.waitForSelector("#charts[data-drawn]");
  return { page, complaints, requests };
}

async function readByPointer(page, chart) {
  await page.mouse.move(...await overChart(page, chart, 0.25));
  const early = await page.textContent("#position"), earlyRow = await page.textContent("#legend tbody tr");
  await page.mouse.move(...await overChart(page, chart, 0.75));
  check("hover shows the step's numbers", /^step \d+/.test(early) && early !== await page.textContent("#position"));
  check("and those of each line", earlyRow !== await page.textContent("#legend tbody tr"));
  const cursors = await page.$$eval(".u-cursor-x", (all) => all.map((c) => c.getBoundingClientRect().left - c.parentElement.getBoundingClientRect().left));
  check("the cursor is in all charts", cursors.every((left) => left > 50));
}

async function readByKey(page, chart) {
  await page.locator(`[data-chart=${chart}]`).focus();
  await page.keyboard.press("Home");
  const first = await page.textContent("#position");
  await page.keyboard.press("Shift+ArrowRight");
  check("arrow keys go along the steps", first.startsWith("step 0") && first !== await page.textContent("#position"));
  check("and what is there is said", (await page.textContent("#said")).includes("learning rate"));
  await page.keyboard.press("+");
  check("plus zooms", await page.isEnabled("#reset"));
  await page.keyboard.press("Escape");
  check("Escape shows everything", await page.isDisabled("#reset"));
}

async function zoomByDrag(page, chart) {
  await page.mouse.move(...await overChart(page, chart, 0.3));
  await page.mouse.down();
  await page.mouse.move(...await overChart(page, chart, 0.6), { steps: 4 });
  await page.mouse.up();
  check("dragging zooms", await page.isEnabled("#reset"));
  await page.click("#reset");
  check("and the button shows everything", await page.isDisabled("#reset"));
}

async function useControls(page) {
  for (const id of ["logLoss", "logRate", "raw"]) await page.click(`#${id}`);
  await page.selectOption("#unit", "epoch");
  await page.fill("#smooth", "0.8");
  check("log scales, raw and smoothed, epochs: still drawn", (await inked(page)).every((count) => count > 500));
  for (const id of ["logLoss", "logRate", "raw"]) await page.click(`#${id}`);
  await page.selectOption("#unit", "step");
  await page.fill("#smooth", "0.33");
  const [csv] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
  check("CSV can be had", csv.suggestedFilename() === "curves.csv");
  const [svg] = await Promise.all([page.waitForEvent("download"), page.locator("[data-chart=lr] button.small").click()]);
  check("SVG can be had", svg.suggestedFilename() === "lr.svg");
  if (pictures) await svg.saveAs(join(pictures, "lr.svg"));
}

async function hide(page) {
  const before = await inked(page);
  await page.locator("#legend tbody button").first().click();
  await page.mouse.move(5, 5);
  await page.waitForTimeout(200);
  const after = await inked(page);
  check("a click on a name hides it", (await page.getAttribute("#legend tbody button", "aria-pressed")) === "false" && (after.length < before.length || after.some((n, i) => n !== before[i])));
  await page.locator("#legend tbody button").first().click();
  await page.mouse.move(5, 5);
  await page.waitForTimeout(200);
}

async function looks(page, name) {
  const color = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const shoot = async (kind) => { if (pictures) await page.screenshot({ path: join(pictures, `${name}-${kind}.png`), fullPage: true }); };
  await page.evaluate(() => scrollTo(0, 0));
  await page.emulateMedia({ colorScheme: "light" });
  const light = await color();
  await shoot("light");
  await page.emulateMedia({ colorScheme: "dark" });
  check("dark where the reader's system is dark", light !== await color());
  await shoot("dark");
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  check("printed on white", light === await color());
  await page.waitForTimeout(100);
  if (pictures) await page.pdf({ path: join(pictures, `${name}.pdf`), format: "A4" });
  await shoot("print");
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
  await page.setViewportSize({ width: 420, height: 900 });
  await page.waitForTimeout(200);
  check("a narrow window needs no sideways scrolling", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 1));
  await shoot("narrow");
}

for (const [i, path] of words.entries()) {
  const { page, complaints, requests } = await open(path), name = i ? "compare" : "run";
  console.log(`${name}: ${path}`);
  const count = await page.$$eval(".chart", (all) => all.length);
  check(`charts are there: ${count}`, count >= 3);
  check("and drawn", (await inked(page)).every((pixels) => pixels > 500));
  await readByPointer(page, "loss");
  await readByKey(page, "loss");
  await zoomByDrag(page, "loss");
  await useControls(page);
  await hide(page);
  await looks(page, name);
  check(`no request leaves the page: ${requests.join(" ") || "none"}`, requests.length === 0);
  check(`no complaint in the console: ${complaints.join(" | ") || "none"}`, complaints.length === 0);
  await page.close();
}
await context.close();
rmSync(profile, { recursive: true, force: true });
process.exit(failures ? 1 : 0);
