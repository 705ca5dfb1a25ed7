// The engine's face in a browser, without the page: node lanes.mjs ENGINE PICTURES. Exit 77 without Chromium
// or playwright-core. It prints the time to the first curve and pictures a second.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { check, cyclic, filesOf, finish, load } from "./engine.mjs";

const here = dirname(fileURLToPath(import.meta.url)),
  [engineFolder, pictures] = process.argv.slice(2);
const skip = (why) => {
  console.log(`SKIPPED: ${why}`);
  process.exit(77);
};
const browserPath = process.env.CHROMIUM || "/usr/bin/chromium";
if (!existsSync(browserPath)) skip(`no Chromium at ${browserPath}`);
let chromium;
try {
  ({ chromium } = createRequire(join(here, "../report/browser/common.mjs"))("playwright-core"));
} catch {
  skip("no playwright-core (npm ci in tests/report/browser)");
}

const work = mkdtempSync(join(tmpdir(), "lathe-lanes-"));
const assemble = join(here, "../../playground/assemble.mjs");
execFileSync("node", [assemble, work, engineFolder, pictures, join(here, "bare.html")], { stdio: "ignore" });
const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage(),
  complaints = [],
  requests = [];
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("request", (request) => {
  if (!/^(file|data|blob):/.test(request.url())) requests.push(request.url());
});

// Everything that a lane tells is kept beside it.
await page.addInitScript(() => {
  window.watch = (lane) => {
    const kept = { rows: [], starts: [], evals: [], errors: [], done: 0, rates: [] };
    lane.on("progress", (told) => {
      kept.first ??= performance.now();
      kept.starts.push([told.step, told.loss.length]);
      told.loss.forEach((loss, i) => (kept.rows[told.step + i] = [loss, told.lr[i], told.momentum[i]]));
      kept.rates.push(told.pictures_per_second);
    });
    lane.on("eval", (told) => kept.evals.push(told));
    lane.on("error", (told) => kept.errors.push(told));
    lane.on("done", () => kept.done++);
    return kept;
  };
  window.until = async (right) => {
    while (!right()) await new Promise((next) => setTimeout(next, 10));
  };
});
await page.goto(pathToFileURL(join(work, "index.html")).href);

const first = await page.evaluate(async (settings) => {
  const lane = LatheEngine.lane(0);
  window.first = watch(lane);
  await lane.configure(settings);
  lane.start();
  await until(() => window.first.done);
  return window.first;
}, cyclic);
console.log(`first curve ${Math.round(first.first)} ms after the page was asked for`);
check("the first curve within 2 seconds, or 4 on a busy machine", first.first < 4000);
check("100 rows, one after the other", first.rows.length === 100 && first.rows.every(Boolean));
check("each row once", first.starts.reduce((sum, [, count]) => sum + count, 0) === 100);
check("measured after 50 and 100 steps", first.evals.map((each) => each.step).join() === "50,100");

const { LatheBinding, LatheSettings } = load(engineFolder);
const engine = await LatheBinding.open(filesOf(engineFolder, pictures));
engine.configure(LatheSettings.settingsLines(cyclic));
const alone = Array.from({ length: 100 }, () => Math.fround(engine.step()[0]));
check(
  "the curve of the engine in node",
  first.rows.every(([loss], i) => loss === alone[i]),
);

// One step, several, a pause, a rewind, and on to the end.
const driven = await page.evaluate(async (settings) => {
  const lane = LatheEngine.lane(0),
    kept = watch(lane),
    told = {};
  await lane.configure(settings);
  await lane.step();
  told.one = kept.rows.length;
  await lane.step(70);
  told.more = kept.rows.length;
  told.rewound = await lane.rewind(60);
  await new Promise((next) => setTimeout(next, 300));
  told.stays = kept.rows.length;
  await lane.step(5);
  told.after = kept.starts.at(-1);
  lane.start();
  await until(() => kept.rows.length > 75);
  await lane.pause();
  told.paused = kept.rows.length;
  await new Promise((next) => setTimeout(next, 300));
  told.still = kept.rows.length;
  await lane.rewind(0);
  lane.start();
  await until(() => kept.done);
  told.back = await lane.rewind(99);
  await new Promise((next) => setTimeout(next, 300));
  told.done = kept.done;
  told.losses = kept.rows.map(([loss]) => loss);
  return told;
}, cyclic);
check("one step, then 70", driven.one === 1 && driven.more === 71);
check("a rewind to the last snapshot stays there", driven.rewound === 50 && driven.stays === 71);
check("and goes on from there", driven.after[0] >= 50 && driven.after[0] + driven.after[1] === 55);
check("a pause", driven.paused === driven.still && driven.paused < 100);
check(
  "the same curve in the end",
  driven.losses.every((loss, i) => loss === alone[i]),
);
check("a rewind after the end waits", driven.back === 80 && driven.done === 1);

// Four lanes at once, of which one changes its schedule while it trains.
const four = await page.evaluate(async (settings) => {
  const lanes = [0, 1, 2, 3].map((index) => LatheEngine.lane(index)),
    kept = lanes.map(watch);
  await Promise.all(lanes.map((lane) => lane.configure({ ...settings, steps: 300 })));
  lanes.forEach((lane) => lane.start());
  await until(() => kept[3].rows.length > 60);
  const { schedule } = settings;
  await lanes[3].schedule({ ...schedule, options: { ...schedule.options, max_lr: 6e-3 } });
  await until(() => kept.every((each) => each.done));
  return kept.map((each) => each.rows);
}, cyclic);
check(
  "four lanes: the same first weights and order",
  four.every((rows) => rows[0][0] === alone[0]),
);
check(
  "three of the same settings agree",
  [1, 2].every((lane) => four[lane].every(([loss], i) => loss === four[0][i][0])),
);
const bent = four[3].findIndex(([, lr], i) => lr !== four[0][i][1]);
check(`the fourth bends at step ${bent}`, bent > 60 && four[3].at(-1)[0] !== four[0].at(-1)[0]);

// What fails says why, and the lane goes on.
const wrong = await page.evaluate(async (settings) => {
  const lane = LatheEngine.lane(1),
    kept = watch(lane),
    why = (promise) =>
      promise.then(
        () => "",
        (error) => error.message,
      );
  const low = { name: "cyclic", options: { base_lr: 1, max_lr: 0.1 } },
    high = { ...settings, optimizer: "sgd", optimizer_options: { lr: 1e4 }, schedule: { name: "constant" } };
  const told = {
    preview: await why(LatheEngine.preview(low, 100)),
    batch: await why(lane.configure({ ...settings, batch_size: 0 })),
    step: await why(lane.step()),
  };
  await lane.configure(high);
  lane.start();
  await until(() => kept.errors.length);
  told.high = kept.errors[0];
  await lane.configure(settings);
  told.filters = (await lane.filters()).count;
  await lane.step(60);
  told.mistakes = (await lane.mistakes(6)).length;
  told.line = (await lane.line(0, 50, 4)).map((each) => each.at);
  const drawn = await LatheEngine.preview(settings.schedule, 100);
  told.drawn = [drawn.lr.length, drawn.lr[20]];
  return told;
}, cyclic);
check(`preview refuses: ${wrong.preview}`, /base_lr = 1 is above max_lr = 0.1/.test(wrong.preview));
check(`configure refuses: ${wrong.batch}`, /batch_size = 0/.test(wrong.batch));
check(`then there is no run: ${wrong.step}`, /no run/.test(wrong.step));
check(`a rate that is too high: ${wrong.high}`, /^step \d+: the (loss|gradient)/.test(wrong.high));
check("views", wrong.filters === 6 && wrong.mistakes === 6 && wrong.line.length === 4);
check("preview", wrong.drawn[0] === 100 && wrong.drawn[1] === Math.fround(3e-3));

const speed = await page.evaluate(async (settings) => {
  const lane = LatheEngine.lane(2),
    kept = watch(lane);
  await lane.configure({ ...settings, steps: 1e6, eval_every: 1e6 });
  lane.start();
  await new Promise((next) => setTimeout(next, 6000));
  await lane.pause();
  return kept.rates.sort((a, b) => b - a);
}, cyclic);
const middle = speed[Math.floor(speed.length / 2)];
console.log(
  `LeNet: ${Math.round(middle)} pictures a second in the median slice, ${Math.round(speed[0])} in the best`,
);
check("no complaint of the browser", !complaints.length);
complaints.forEach((each) => console.log(each));
check("no request", !requests.length);
await browser.close();
rmSync(work, { recursive: true });
finish();
