// LeNet of batches of 64 in one browser: lathe's engine in one worker, and TensorFlow.js on each of its
// backends that can train this net on a processor. node compare.mjs ENGINE PICTURES SECONDS ROUNDS
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url)),
  root = join(here, "../.."),
  [engine, pictures, seconds, rounds] = process.argv.slice(2);
const resolve = createRequire(import.meta.url).resolve,
  dist = (name) => join(dirname(resolve(`${name}/package.json`)), "dist");
const work = mkdtempSync(join(tmpdir(), "lathe-tfjs-"));
const assemble = join(root, "playground/assemble.mjs"),
  template = join(root, "tests/playground/bare.html");
execFileSync("node", [assemble, work, engine, pictures, template]);

const mark = work.split("-").at(-1);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
  env: { ...process.env, LATHE_MARK: mark },
});

// Seconds of processor time of the page's process so far: on a busy machine the fairer clock. The mark is in
// the environment of the browser's first process, and the page's process descends from it.
function processorSeconds() {
  const parent = {},
    ticks = {},
    ours = new Set();
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
      parent[pid] = fields[1];
      if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) ours.add(pid);
      if (readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("--type=renderer"))
        ticks[pid] = Number(fields[11]) + Number(fields[12]);
    } catch {
      // ended in between, or another user's
    }
  for (const pid of Object.keys(ticks))
    for (let above = pid; above in parent; above = parent[above])
      if (ours.has(above)) {
        sum += ticks[pid];
        break;
      }
  return sum / 100;
}

const context = await browser.newContext({ bypassCSP: true }),
  page = await context.newPage();
await page.route("http://tfjs.test/*", (route) =>
  route.fulfill({
    path: join(dist("@tensorflow/tfjs-backend-wasm"), new URL(route.request().url()).pathname),
    contentType: "application/wasm",
    headers: { "access-control-allow-origin": "*" },
  }),
);
await page.goto(pathToFileURL(join(work, "index.html")).href);
await page.addScriptTag({ path: join(dist("@tensorflow/tfjs"), "tf.min.js") });
await page.addScriptTag({ path: join(dist("@tensorflow/tfjs-backend-wasm"), "tf-backend-wasm.min.js") });

// Pictures a second of lathe, from the steps that arrive within the time.
const lathe = (time) =>
  page.evaluate(async (milliseconds) => {
    const lane = LatheEngine.lane(0);
    const settings = { model: "lenet5", optimizer: "adam", optimizer_options: { lr: 1e-3 }, batch_size: 64 };
    const schedule = { name: "constant", options: {} };
    await lane.configure({ ...settings, seed: 1, steps: 1e6, schedule, eval_every: 1e6 });
    let steps = 0,
      loss = 0;
    lane.on("progress", (rows) => {
      steps += rows.loss.length;
      loss = rows.loss.at(-1);
    });
    const start = performance.now();
    lane.start();
    await new Promise((done) => setTimeout(done, milliseconds));
    await lane.pause();
    // 78 batches of 64 and one of 8 are 5,000 pictures
    const pictures = (steps * 5000) / 79;
    return { rate: (1000 * pictures) / (performance.now() - start), pictures, loss };
  }, time * 1000);

const pixels = readFileSync(join(pictures, "train-images-idx3-ubyte")).subarray(16).toString("base64"),
  labels = readFileSync(join(pictures, "train-labels-idx1-ubyte")).subarray(8).toString("base64");
const tfjs = (backend, time) =>
  page.evaluate(
    async ({ backend, milliseconds, pixels, labels }) => {
      tf.wasm.setWasmPaths("http://tfjs.test/");
      if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
      const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0)),
        images = Float32Array.from(bytes(pixels), (each) => each / 255),
        targets = bytes(labels);
      const conv = (filters, padding) => ({ filters, kernelSize: 5, padding, activation: "relu" }),
        pool = () => tf.layers.maxPooling2d({ poolSize: 2 });
      const net = tf.sequential({
        layers: [
          tf.layers.conv2d({ ...conv(6, "same"), inputShape: [28, 28, 1] }),
          pool(),
          tf.layers.conv2d(conv(16, "valid")),
          pool(),
          tf.layers.flatten(),
          tf.layers.dense({ units: 120, activation: "relu" }),
          tf.layers.dense({ units: 84, activation: "relu" }),
          tf.layers.dense({ units: 10 }),
        ],
      });
      const optimizer = tf.train.adam(1e-3);
      const step = (index) =>
        tf.tidy(() => {
          const first = (64 * index) % (5000 - 64),
            x = tf.tensor4d(images.subarray(784 * first, 784 * (first + 64)), [64, 28, 28, 1]),
            y = tf.oneHot(tf.tensor1d(targets.slice(first, first + 64), "int32"), 10);
          const loss = () => tf.losses.softmaxCrossEntropy(y, net.apply(x, { training: true }));
          return optimizer.minimize(loss, true).dataSync()[0];
        });
      step(0);
      const start = performance.now();
      let steps = 0,
        loss;
      while (performance.now() - start < milliseconds) {
        loss = step(++steps);
        if (steps % 8 === 0) await new Promise((done) => setTimeout(done));
      }
      return { rate: (64000 * steps) / (performance.now() - start), pictures: 64 * (steps + 1), loss };
    },
    { backend, milliseconds: time * 1000, pixels, labels },
  );

const best = {};
async function measure(name, run) {
  try {
    const before = processorSeconds(),
      { rate, pictures, loss } = await run(),
      own = pictures / (processorSeconds() - before);
    best[name] = Math.max(best[name] ?? 0, own);
    console.log(
      `${name}: ${Math.round(rate)} pictures a second, ${Math.round(own)} a second of processor time, ` +
        `last loss ${loss.toFixed(3)}`,
    );
  } catch (error) {
    console.log(`${name}: cannot train this net: ${error.message.split("\n")[0]}`);
  }
}
for (let round = 0; round < Number(rounds); round++) {
  await measure("lathe", () => lathe(Number(seconds)));
  for (const backend of ["wasm", "cpu"])
    await measure(`tfjs ${backend}`, () => tfjs(backend, Number(seconds)));
}
const others = Object.keys(best).filter((name) => name !== "lathe");
console.log(
  `best of ${rounds}, pictures a second of processor time: ` +
    Object.entries(best)
      .map(([name, rate]) => `${name} ${Math.round(rate)}`)
      .join(", ") +
    others.map((name) => `; lathe / ${name}: ${(best.lathe / best[name]).toFixed(1)}x`).join(""),
);
await browser.close();
rmSync(work, { recursive: true });
