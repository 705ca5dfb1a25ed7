// The playground in Chromium, from file://: node page.mjs INDEX.html [--pictures DIR]. Exit 77: something it
// needs is missing. What is checked is what a reader sees: texts, positions, and numbers on the page.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, coloured, finish, inked, open, reachedByTab } from "../report/browser/common.mjs";

const words = process.argv.slice(2),
  at = words.indexOf("--pictures"),
  pictures = at < 0 ? null : resolve(words.splice(at, 2)[1]),
  [index] = words;
if (!index || !existsSync(index)) {
  console.log("SKIPPED: the playground was not built");
  process.exit(77);
}

const complaints = [],
  requests = [],
  screens = [
    [1280, 720],
    [1920, 1080],
    [390, 844],
  ];
const laptop = { width: 1280, height: 720 };

// A page at an address within the playground, ready to train.
async function playground(hash = "", size = laptop) {
  const opened = await open(index, size);
  if (hash) {
    await opened.page.goto("about:blank");
    await opened.page.goto(`file://${resolve(index)}${hash}`);
  }
  await opened.page.waitForSelector("body[data-ready]");
  opened.page.setDefaultTimeout(120000);
  opened.close = async () => {
    complaints.push(...opened.complaints);
    requests.push(...opened.requests.filter((url) => !url.startsWith("file:") && url !== "about:blank"));
    await opened.page.close();
  };
  return opened;
}
const stepOf = async (page) =>
  parseInt(/step (\d+)/.exec(await page.textContent("#clock"))?.[1] ?? "-1", 10);
const reach = (page, step) =>
  page.waitForFunction(
    (least) => parseInt(/step (\d+)/.exec(document.getElementById("clock").textContent)?.[1]) >= least,
    step,
  );
const trained = (page) =>
  page.waitForFunction(() => /again/.test(document.getElementById("train").textContent));
const scores = (page) =>
  page.$$eval(".score", (all) => all.map((each) => parseFloat(each.textContent.replace(" %", ""))));
const field = (page, name) => page.inputValue(`.fields [data-field=${name}]`);
const numbers = async (page) => {
  if (!(await page.getAttribute("#numbers", "open")))
    await page.$eval("#numbers", (details) => (details.open = true));
  await page.waitForSelector("#numbers table");
  return page.$$eval("#numbers tbody tr", (rows) => rows.map((row) => row.textContent));
};
async function drag(page, handle, across, down) {
  const box = await page.locator(handle).boundingBox(),
    x = box.x + Math.min(box.width / 2, 200),
    y = box.y + box.height / 2;
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + across, y + down, { steps: 5 });
  await page.mouse.up();
  await page.waitForTimeout(300);
}

// ---- the schedule in the hand ----
async function hands() {
  const { page, close } = await playground();
  const drawn = () => inked(page, "[data-chart=lr] canvas");
  const before = await drawn();
  await drag(page, ".handle.line[data-field=max_lr]", 0, 40);
  const lower = Number(await field(page, "max_lr"));
  check(`dragging the upper line lowers max_lr to ${lower}`, lower > 0.02 && lower < 0.08);
  check("and the curve", (await drawn())[0] !== before[0]);
  check("and the address", (await page.evaluate(() => location.hash)).includes(`max_lr:${lower}`));
  await drag(page, ".handle.corner", 60, 0);
  const longer = Number(await field(page, "step_size_up"));
  check(`dragging the peak makes the cycle longer: ${longer}`, longer > 120 && longer < 200);
  await page.locator(".handle.line[data-field=base_lr]").focus();
  await page.keyboard.press("Shift+ArrowUp");
  await page.waitForTimeout(200);
  check("arrow keys raise base_lr", Number(await field(page, "base_lr")) > 0.001);
  await page.fill(".fields [data-field=max_lr]", "0.05");
  await page.keyboard.press("Tab");
  await page.waitForTimeout(200);
  check(
    "a number moves the line",
    /0\.05/.test(await page.getAttribute(".handle.line[data-field=max_lr]", "aria-valuetext")),
  );
  await page.fill(".fields [data-field=max_lr]", "-1");
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => document.getElementById("wrong").textContent);
  check("what is not legal has lathe's own line", /max_lr/.test(await page.textContent("#wrong")));
  await page.fill(".fields [data-field=max_lr]", "0.05");
  await page.keyboard.press("Tab");
  for (const name of [
    "constant",
    "one_cycle",
    "warm_restarts",
    "cosine",
    "step",
    "plateau",
    "exponential",
  ]) {
    await page.selectOption("#schedule", name);
    await page.waitForTimeout(200);
    check(
      `${name} can be chosen, and dragged`,
      (await page.textContent("#wrong")) === "" && (await page.locator(".handle").count()) > 0,
    );
  }
  await page.selectOption("#schedule", "cyclic");
  await page.selectOption(".fields [data-field=mode]", "triangular2");
  await page.waitForTimeout(200);
  check("a mode has its name in the lane", /triangular2/.test(await page.textContent("#lane-A")));
  await close();
}

// ---- training ----
async function firstCurve() {
  const { page, close } = await playground();
  const began = Date.now();
  await page.click("#train");
  await reach(page, 1);
  await page.waitForFunction(() => /loss \d/.test(document.querySelector(".rest").textContent));
  console.log(`     the first curve ${Date.now() - began} ms after the click`);
  await reach(page, 30);
  const before = (await page.getAttribute(".fields [data-field=max_lr]", "id")) && (await stepOf(page));
  await drag(page, ".handle.line[data-field=max_lr]", 0, 50);
  await reach(page, before + 10);
  check("a schedule can be dragged while it trains", Number(await field(page, "max_lr")) < 0.08);
  await page.keyboard.press("Escape");
  await page.click("#train");
  await page.waitForTimeout(1500); // the steps that were begun are made
  const paused = await stepOf(page);
  await page.waitForTimeout(600);
  check("pause stops it", (await stepOf(page)) === paused);
  await page.click("#single");
  await reach(page, paused + 1);
  check("one step is one step", (await stepOf(page)) === paused + 1);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("n");
  await reach(page, paused + 2);
  check("and n is one more", (await stepOf(page)) === paused + 2);
  await page.locator("[data-chart=loss]").focus();
  await page.keyboard.press("Home");
  check("charts are read by keys", /at step 0.*rate.*loss/.test(await page.textContent("#spoken")));
  await page.click("#tab-code");
  await page.waitForFunction(() => /on the way/.test(document.getElementById("panel").textContent));
  check("the code tells that the schedule was changed", true);
  await close();
}

async function toEighty() {
  const { page, close } = await playground("#A=one_cycle,lr:0.01,momentum:0.9,max_lr:0.08,total_steps:600");
  const began = Date.now();
  await page.click("#train");
  await page.waitForFunction(() => parseFloat(document.querySelector(".score").textContent) >= 80);
  const seconds = (Date.now() - began) / 1000;
  check(`80 % of validation accuracy after ${seconds.toFixed(1)} s`, seconds < 60);
  await trained(page);
  console.log(`     ${await page.textContent("#told")}`);
  await close();
}

const four =
  "#steps=120&A=cyclic,lr:0.01,momentum:0.9,base_lr:0.001,max_lr:0.08,step_size_up:20&" +
  "B=constant,lr:0.02,momentum:0.9";
async function fourLanes() {
  const { page, close } = await playground(four);
  await page.click("#add");
  await page.click("#add");
  await page.waitForFunction(() => document.querySelectorAll(".lane").length === 4);
  check("four lanes, and no fifth", !(await page.$("#add")));
  await page.click("#train");
  await trained(page);
  const rows = await numbers(page);
  check("they grow together", rows.length === 12 && (await scores(page)).every((score) => score > 30));
  check("each is drawn", (await coloured(page, "[data-chart=accuracy] canvas"))[0] > 1500);
  const told = await page.textContent("#told");
  check(
    "and told in words",
    ["A", "B", "C", "D"].every((letter) => told.includes(`Lane ${letter}`)),
  );

  const place = await page.locator("[data-chart=accuracy] .u-over").boundingBox();
  await page.mouse.move(place.x + place.width / 2, place.y + 20);
  await page.waitForFunction(() => /at step 60/.test(document.getElementById("clock").textContent));
  const middle = await scores(page);
  await page.mouse.move(2, 2);
  await page.waitForFunction(() => /step 120 of/.test(document.getElementById("clock").textContent));
  check("pointing at a chart reads its step", String(middle) !== String(await scores(page)));

  await page.click("#pick-A");
  await page.selectOption("#rewind", "80");
  await page.waitForFunction(() => /step 80 /.test(document.getElementById("clock").textContent));
  await page.waitForTimeout(300);
  check(
    "all go back to a cycle's start",
    (await stepOf(page)) === 80 && (await numbers(page)).length === 8,
  );
  await page.click("#train");
  await trained(page);
  check("and reach the same numbers again", String(await numbers(page)) === String(rows));

  for (const [tab, what] of [
    ["filters", "canvas"],
    ["mistakes", "figure canvas"],
    ["cycles", ".u-over"],
    ["valley", "#valley-go"],
    ["code", "#command"],
  ]) {
    await page.click(`#tab-${tab}`);
    await page.waitForSelector(`#panel ${what}`);
    check(`${tab} are there`, true);
  }
  check(
    "the command is that of lathe train",
    /lathe train .*--sched cyclic/.test(await page.textContent("#command")),
  );
  check("and the program is in C", /lathe_sched_from_text/.test(await page.textContent("#program")));
  await page.click("#tab-valley");
  await page.click("#valley-go");
  await page.waitForSelector("#panel .u-over");
  check("the loss between two places is measured", /hill/.test(await page.textContent("#valley-said")));

  await page.click("#lane-D .remove");
  await page.waitForTimeout(500);
  check("a lane can be taken away", (await page.locator(".lane").count()) === 3);
  const address = await page.evaluate(() => location.hash);
  await close();
  const again = await playground(address);
  check("the address is the state", (await again.page.evaluate(() => location.hash)) === address);
  check("with its lanes", (await again.page.locator(".lane").count()) === 3);
  await again.close();
}

async function seeds() {
  const { page, close } = await playground(four.replace("120", "40"));
  await page.click("#tab-seeds");
  await page.click("#seeds-go");
  await page.waitForSelector("#panel .result");
  await trained(page);
  await page.waitForFunction(() => document.querySelectorAll("#panel .result").length === 2);
  check("five seeds of each lane have a band", /in 5 seeds/.test(await page.textContent("#panel")));
  await close();
}

async function settings() {
  const { page, close } = await playground("#steps=40&A=constant,lr:0.001");
  await page.$eval("#network", (details) => (details.open = true));
  for (const [model, optimizer] of [
    ["mlp", "adamw"],
    ["small-cnn", "rmsprop"],
  ]) {
    await page.selectOption("[data-shared=model]", model);
    await page.selectOption("[data-shared=optimizer]", optimizer);
    await page.fill("[data-shared=batch_size]", "32");
    await page.keyboard.press("Tab");
    await page.click("#train");
    await trained(page);
    check(`${model} with ${optimizer} trains: ${await scores(page)} %`, (await scores(page))[0] > 30);
  }
  await page.fill("[data-shared=seed]", "x");
  await page.keyboard.press("Tab");
  check("what is no number is not taken", (await page.inputValue("[data-shared=seed]")) === "1");
  await page.click("#reset");
  await page.waitForFunction(() => document.querySelectorAll(".lane").length === 2);
  check("everything can be as at first", (await page.inputValue("[data-shared=model]")) === "lenet5");
  await close();
}

// What an address says wrongly is left out, or told in lathe's own line.
async function addresses() {
  for (const [hash, wrong] of [
    ["#A=cyclic", /base_lr must be given/],
    ["#A=constant,lr:1e9&steps=99999999&model=__proto__&optimizer=constructor", /^$/],
    ["#A=cyclic,mode:<b>x</b>,base_lr:0.1,max_lr:0.01", /above max_lr/],
    ["#A=__proto__,x:1&lesson=99&=&&", /^$/],
  ]) {
    const { page, close } = await playground(hash);
    await page.waitForTimeout(300);
    const said = await page.textContent("#wrong");
    check(`${hash} opens, and says "${said}"`, wrong.test(said));
    await close();
  }
  const { page, close } = await playground("#steps=20&A=cyclic,max_lr:0.05,step_size_up:5");
  await page.click("#train");
  await page.waitForFunction(() => /must be given/.test(document.querySelector(".rest").textContent));
  await page.fill(".fields [data-field=base_lr]", "0.01");
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => !document.getElementById("wrong").textContent);
  await page.click("#train");
  await trained(page);
  check("a lane that could not begin can, once it is right", (await stepOf(page)) === 20);
  await close();
}

// ---- lessons and the challenge ----
async function lessons() {
  const picks = [1, 3, 1, 1, 2, 2]; // what happens with this engine, these pictures and this seed
  const { page, close } = await playground();
  await page.click("#lessons");
  for (const [i, pick] of picks.entries()) {
    await page.waitForFunction(
      (text) => document.querySelector("#guide .over")?.textContent.startsWith(text),
      `Lesson ${i + 1} `,
    );
    check(
      `lesson ${i + 1} asks first`,
      (await page.isDisabled("#check")) && (await page.isDisabled("#train")),
    );
    await page.locator("#guide input").nth(pick).check();
    await page.click("#check");
    await page.waitForSelector(".verdict");
    const verdict = await page.textContent(".verdict");
    check(`and answers: ${verdict}`, /You predicted it/.test(verdict));
    if (i + 1 < picks.length) await page.click("#lesson-next");
  }
  await page.click("#lesson-retry");
  await page.locator("#guide input").nth(0).check();
  check("a lesson can be tried again", await page.isEnabled("#check"));
  await page.click("#guide-leave");
  check("and left", await page.isHidden("#guide"));
  await close();
}

async function challenge() {
  const { page, close } = await playground();
  await page.click("#challenge");
  await page.waitForFunction(() => document.querySelectorAll(".lane").length === 1);
  check("in the challenge only the schedule is free", await page.isDisabled("[data-shared=model]"));
  await page.selectOption("#schedule", "one_cycle");
  await page.fill(".fields [data-field=max_lr]", "0.012");
  await page.keyboard.press("Tab");
  await page.waitForTimeout(300);
  await page.click("#train");
  await page.waitForSelector(".verdict");
  check(
    `one cycle to 0.012 wins: ${await page.textContent(".verdict .head")}`,
    (await page.locator(".verdict.right").count()) === 1,
  );
  const link = await page.evaluate(() => location.hash);
  check("and its link has the result", /challenge=1.*result=\d\d\.\d/.test(link));
  await close();
  const theirs = await playground(link);
  await theirs.page.waitForSelector("#guide .result");
  check("which the next reader sees", /reached \d\d\.\d %/.test(await theirs.page.textContent("#guide")));
  await theirs.close();
  const link2 = await playground("#lesson=2");
  check("a link can open a lesson", /Lesson 2/.test(await link2.page.textContent("#guide")));
  await link2.close();
}

// ---- for everyone ----
async function everyone() {
  for (const [width, height] of screens) {
    const { page, close } = await playground("", { width, height });
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
    check(`${width} x ${height}: nothing lies beside the page`, wide <= width);
    const button = await page.locator("#train").boundingBox();
    check(`${width} x ${height}: the action is in view`, button.y + button.height <= height);
    if (pictures) await page.screenshot({ path: join(pictures, `start-${width}.png`) });
    await close();
  }
  const { page, close } = await playground();
  const nameless = await page.$$eval("button, select, input, [role=slider], [tabindex='0']", (all) =>
    all
      .filter(
        (each) =>
          each.checkVisibility() &&
          !each.textContent.trim() &&
          !each.getAttribute("aria-label") &&
          !each.labels?.length,
      )
      .map((each) => each.outerHTML),
  );
  check(`every control has a name ${nameless.join(" ")}`, nameless.length === 0);
  const reached = await reachedByTab(page, 60);
  const wanted = [
    "train",
    "single",
    "lessons",
    "pick-A",
    "lr",
    "loss",
    "accuracy",
    "schedule",
    "tab-filters",
  ];
  check(
    `Tab reaches everything ${wanted.filter((name) => !reached.includes(name))}`,
    wanted.every((name) => reached.includes(name)) && reached.some((name) => /handle/.test(name)),
  );
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "dark" });
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press(" ");
  await reach(page, 5);
  check("the space key trains, with reduced motion too", true);
  const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.click("#theme");
  check(
    "light and dark",
    back === "rgb(20, 22, 26)" &&
      (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) === "rgb(255, 255, 255)",
  );
  await close();
}

// The suite tries what a lecture needs; LATHE_TEST_LONG everything.
const parts = [hands, firstCurve, toEighty, fourLanes, lessons];
if (process.env.LATHE_TEST_LONG || process.env.ONLY)
  parts.push(seeds, settings, addresses, challenge, everyone);
for (const part of parts) if (!process.env.ONLY || process.env.ONLY === part.name) await part();
check(`no complaint in the console: ${complaints.join(" | ") || "none"}`, complaints.length === 0);
check(`no request: ${requests.join(" ") || "none"}`, requests.length === 0);
await finish();
