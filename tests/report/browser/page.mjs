// Opens pages of curves from file:// in Chromium: node page.mjs RUN.html [COMPARE.html] [--pictures DIR].
// Exit 77: something it needs is missing.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, coloured, finish, inked, open, reachedByTab } from "./common.mjs";

const words = process.argv.slice(2),
  at = words.indexOf("--pictures");
const pictures = at < 0 ? null : resolve(words.splice(at, 2)[1]);

async function overChart(page, id, part) {
  await page.locator(`[data-chart=${id}]`).scrollIntoViewIfNeeded();
  const box = await page.locator(`[data-chart=${id}] .u-over`).boundingBox();
  return [box.x + part * box.width, box.y + box.height / 2];
}

async function readByPointer(page, chart) {
  await page.mouse.move(...(await overChart(page, chart, 0.25)));
  const early = await page.textContent("#position"),
    earlyRows = await page.textContent("#legend tbody");
  await page.mouse.move(...(await overChart(page, chart, 0.75)));
  check(
    "hover shows the step's numbers",
    /^step \d+/.test(early) && early !== (await page.textContent("#position")),
  );
  check("and those of each line", earlyRows !== (await page.textContent("#legend tbody")));
  const cursors = await page.$$eval("#charts .u-cursor-x", (all) =>
    all.map((c) => c.getBoundingClientRect().left - c.parentElement.getBoundingClientRect().left),
  );
  check(
    "the cursor is in all charts",
    cursors.every((left) => left > 50),
  );
}

async function readByKey(page, chart) {
  await page.locator(`[data-chart=${chart}]`).focus();
  await page.keyboard.press("Home");
  const first = await page.textContent("#position");
  await page.keyboard.press("Shift+ArrowRight");
  check(
    "arrow keys go along the steps",
    first.startsWith("step 0") && first !== (await page.textContent("#position")),
  );
  check("and what is there is said", (await page.textContent("#said")).includes("rate "));
  await page.keyboard.press("+");
  check("plus zooms", await page.isEnabled("#reset"));
  await page.keyboard.press("Escape");
  check("Escape shows everything", await page.isDisabled("#reset"));
}

async function zoomByDrag(page, chart) {
  await page.mouse.move(...(await overChart(page, chart, 0.3)));
  await page.mouse.down();
  await page.mouse.move(...(await overChart(page, chart, 0.6)), { steps: 4 });
  await page.mouse.up();
  check("dragging zooms", await page.isEnabled("#reset"));
  await page.click("#reset");
  check("and the button shows everything", await page.isDisabled("#reset"));
}

async function useControls(page) {
  if (await page.isVisible("#seeds")) {
    const before = await coloured(page, "#charts canvas");
    await page.click("#seeds");
    check(
      "single seeds are drawn on request",
      (await coloured(page, "#charts canvas")).some((n, i) => n !== before[i]),
    );
    await page.click("#seeds");
  }
  for (const id of ["logLoss", "logRate", "raw"]) await page.click(`#${id}`);
  await page.selectOption("#unit", "epoch");
  await page.fill("#smooth", "0.8");
  check(
    "log scales, raw and smoothed, epochs: still drawn",
    (await inked(page)).every((count) => count > 500),
  );
  for (const id of ["logLoss", "logRate", "raw"]) await page.click(`#${id}`);
  await page.selectOption("#unit", "step");
  await page.fill("#smooth", "0.33");
  const [csv] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
  const table = readFileSync(await csv.path(), "utf8")
      .trim()
      .split("\n"),
    runs = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent).runs);
  check(
    "CSV can be had, a line a step and an epoch of each run",
    csv.suggestedFilename() === "curves.csv" &&
      table[0].startsWith("variant,seed,step,") &&
      table.length === 1 + runs.reduce((sum, run) => sum + run.loss.length + run.epoch.step.length, 0),
  );
  const [svg] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("[data-chart=lr] button.small").first().click(),
  ]);
  const drawing = readFileSync(await svg.path(), "utf8"),
    names = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent).groups.length);
  check(
    "SVG can be had, with a line of each",
    svg.suggestedFilename() === "lr.svg" &&
      (drawing.match(/class="line"/g) || []).length === names &&
      drawing.trim().endsWith("</svg>"),
  );
}

// What was drawn changes until nothing is left to draw.
async function settled(page) {
  await page.mouse.move(5, 5);
  await page.waitForTimeout(200);
  return inked(page);
}

async function hide(page) {
  const button = page.locator("#legend tbody button").first(),
    before = await settled(page);
  await button.click();
  const after = await settled(page);
  check(
    "a click on a name hides it",
    (await button.getAttribute("aria-pressed")) === "false" &&
      (after.length < before.length || after.some((n, i) => n < before[i])),
  );
  await button.focus();
  await page.keyboard.press("Enter");
  const again = await settled(page);
  check(
    "Enter on it shows it again",
    (await button.getAttribute("aria-pressed")) === "true" && again.every((n, i) => n === before[i]),
  );
}

// Tab reaches every control, the names and the charts, in their order.
async function reachByKey(page) {
  await page.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
  });
  const reached = await reachedByTab(page, 70);
  const wanted = [
    "theme",
    "lecture-open",
    "unit",
    "smooth",
    "raw",
    "logLoss",
    "logRate",
    "full",
    "csv",
    "svg",
    "png",
    "name",
    "lr",
    "small",
  ];
  check(
    "Tab reaches every control",
    wanted.every((name) => reached.includes(name)),
  );
}

// Of several variants: who is followed has its cycles and its gap, and the results say in words what is
// noise.
async function compareVariants(page) {
  const cyclic = page.locator("#legend tbody tr", { hasText: "cyclic" }).first(),
    before = await settled(page);
  await cyclic.hover();
  await page.waitForSelector("[data-chart=val_loss] .key");
  check(
    "pointing at a name shows its cycles and its gap",
    (await inked(page)).some((n, i) => n !== before[i]),
  );
  await settled(page);
  const words = await page.$$eval("#tables td.words", (all) => all.map((cell) => cell.textContent));
  check(
    `results in words: ${words[1]}`,
    words.length === (await page.$$("#legend tbody tr")).length &&
      words.every((text) => /noise|clearly|baseline|diverged/.test(text)),
  );
  check(
    "and as sentences",
    /Within seed noise of |Clearly (better|worse) than /.test(await page.textContent("#verdict")),
  );
  const spreads = await page.$$eval("#tables section:first-child tbody td:nth-child(3)", (all) =>
    all.map((cell) => cell.textContent),
  );
  check(
    `mean ± spread: ${spreads[0]}`,
    spreads.every((text) => / ± /.test(text)),
  );
}

// The words at the ring of the best epoch touch it, wherever in the chart it is.
async function bestStandsAtItsRing(page) {
  const apart = await page.evaluate(() =>
    drawn
      .filter((each) => /^best: /.test(each.text))
      .map((words) =>
        Math.min(
          ...drawn
            .filter((each) => each.canvas === words.canvas && each.radius === 7)
            .map((ring) =>
              Math.hypot(
                Math.max(words.x - ring.x, 0, ring.x - words.x - words.width),
                Math.max(words.y - 10 - ring.y, 0, ring.y - words.y),
              ),
            ),
        ),
      ),
  );
  check(
    `"best: epoch N" stands at its ring: ${apart.map((d) => d.toFixed(0))} pixels`,
    apart.length > 0 && apart.every((d) => d < 16),
  );
}

// A table is as wide as its place, or says that it goes on.
async function tablesAreWhole(page) {
  for (const [width, height] of [
    [1280, 720],
    [1400, 900],
    [390, 844],
  ]) {
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(150);
    const tables = await page.$$eval("#tables .scroll", (all) =>
      all.map((each) => ({
        cut: each.scrollWidth > each.clientWidth + 1,
        told: each.parentElement.querySelector(".more").offsetHeight > 0,
      })),
    );
    check(
      `tables at ${width} x ${height} are whole or say that they go on`,
      tables.length > 0 && tables.every(({ cut, told }) => cut === told),
    );
    if (width > 1000) check("the results are whole", !tables[0].cut);
    await page.evaluate(() => document.querySelector("#tables h2").scrollIntoView());
    const [seen, title] = await page.$eval("#tables h2", (heading) => {
      const box = heading.getBoundingClientRect();
      return [
        document.elementFromPoint(box.left + 5, box.top + box.height / 2) === heading,
        heading.textContent,
      ];
    });
    if (width < 1000) check(`nothing hides the heading "${title}"`, seen);
  }
  await page.setViewportSize({ width: 1500, height: 1000 });
}

// A sheet is used in its whole width, upright and sideways, and a drawing is light on any ground.
async function onPaper(page) {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(100);
  const [svg] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("[data-chart=lr] button.small").first().click(),
  ]);
  const text = readFileSync(await svg.path(), "utf8");
  check(
    "an SVG that is saved from the dark page is light",
    /<rect[^>]* fill="#fff"/.test(text) && text.includes("#0072b2") && !/#5aa9e6|#e8e8e8/.test(text),
  );
  for (const [sheet, width] of [
    ["upright", 718],
    ["sideways", 1047],
  ]) {
    await page.setViewportSize({ width, height: 1000 });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.waitForTimeout(100);
    const boxes = await page.$$eval(".chart svg", (all) =>
      all.map((each) => each.getBoundingClientRect()).map(({ left, right }) => [left, right]),
    );
    const used =
      (Math.max(...boxes.map(([, right]) => right)) - Math.min(...boxes.map(([left]) => left))) / width;
    check(`charts use ${(100 * used).toFixed(0)} % of a sheet that lies ${sheet}`, used > 0.95 && used <= 1);
    await page.emulateMedia({ media: "screen", colorScheme: "light" });
  }
  await page.setViewportSize({ width: 1500, height: 1000 });
}

async function looks(page, name) {
  const color = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const shoot = async (kind) => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${kind}.png`), fullPage: true });
  };
  await page.evaluate(() => scrollTo(0, 0));
  await page.emulateMedia({ colorScheme: "light" });
  const light = await color();
  await shoot("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(100);
  check("dark where the reader's system is dark", light !== (await color()));
  await shoot("dark");
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await page.waitForTimeout(100);
  check("printed on white", light === (await color()));
  if (pictures) await page.pdf({ path: join(pictures, `${name}.pdf`), format: "A4" });
  await shoot("print");
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
  await page.setViewportSize({ width: 420, height: 900 });
  await page.waitForTimeout(100);
  check(
    "a narrow window needs no sideways scrolling",
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 1),
  );
  await shoot("narrow");
}

for (const [i, path] of words.entries()) {
  const { page, complaints, requests } = await open(path),
    name = i ? "compare" : "run";
  console.log(`${name}: ${path}`);
  check(
    "a difference is higher or lower by a number without a sign",
    !/(higher|lower) by\s*[-−]/.test(await page.textContent("#tiles")),
  );
  const count = await page.$$eval(".chart", (all) => all.length);
  check(`charts are there: ${count}`, count >= 3);
  check(
    "and drawn",
    (await inked(page)).every((pixels) => pixels > 500),
  );
  await readByPointer(page, "loss");
  await readByKey(page, "loss");
  await zoomByDrag(page, "loss");
  await useControls(page);
  await hide(page);
  await reachByKey(page);
  if (name === "run") await bestStandsAtItsRing(page);
  if (name === "compare") await compareVariants(page);
  await tablesAreWhole(page);
  await onPaper(page);
  await looks(page, name);
  check(`no request leaves the page: ${requests.join(" ") || "none"}`, requests.length === 0);
  check(`no complaint in the console: ${complaints.join(" | ") || "none"}`, complaints.length === 0);
  await page.close();
}
await finish();
