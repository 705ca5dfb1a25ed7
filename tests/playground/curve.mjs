// The curve of the playground's engine is that of `lathe train`: node curve.mjs ENGINE PICTURES LATHE.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, cyclic, filesOf, finish, load } from "./engine.mjs";

const [engineFolder, pictures, lathe] = process.argv.slice(2);
const { LatheBinding, LatheSettings } = load(engineFolder);
const engine = await LatheBinding.open(filesOf(engineFolder, pictures));
const work = mkdtempSync(join(tmpdir(), "lathe-playground-"));

const columns = (text) => {
  const [head, ...rows] = text.trim().split("\n");
  return Object.fromEntries(
    head.split(",").map((name, i) => [name, rows.map((row) => Number(row.split(",")[i]))]),
  );
};

// The options are quoted for a shell only where a value has blanks; these have none.
function native(settings, name) {
  const out = join(work, name.replaceAll(/\W+/g, "-")),
    words = LatheSettings.trainOptions(settings, engine.about()).join(" ").split(" ");
  const more = ["--threads", "1", "--quiet", "--no-warnings", "--out", out];
  execFileSync(lathe, ["train", "--data", `fashion-mnist:${pictures}`, ...words, ...more], {
    env: { ...process.env, LATHE_ISA: "base" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return columns(readFileSync(join(out, "steps.csv"), "utf8"));
}

function here(settings) {
  engine.configure(LatheSettings.settingsLines(settings));
  const rows = [];
  while (engine.at < settings.steps && !engine.stopped) rows.push(engine.step());
  return {
    loss: rows.map((row) => row[0]),
    lr: rows.map((row) => row[1]),
    momentum: rows.map((row) => row[2]),
  };
}

const apart = (a, b) =>
  a.length === b.length ? Math.max(...a.map((each, i) => Math.abs(each - b[i]))) : Infinity;

const runs = {
  "LeNet, AdamW, cyclic": cyclic,
  "LeNet, SGD, one cycle with momentum": {
    ...cyclic,
    optimizer: "sgd",
    optimizer_options: { lr: 0.01, momentum: 0.9 },
    seed: 7,
    schedule: { name: "one_cycle", options: { max_lr: 0.05 } },
  },
  "MLP, Adam, warm restarts, batches of 32 of 2,000 pictures": {
    ...cyclic,
    model: "mlp",
    optimizer: "adam",
    batch_size: 32,
    count: 2000,
    weight_decay: undefined,
    schedule: { name: "warm_restarts", options: { t_0: 25 } },
  },
  "small CNN, AdamW, constant": {
    ...cyclic,
    model: "small-cnn",
    schedule: { name: "constant", options: {} },
  },
  "LeNet, plateau, which observes": {
    ...cyclic,
    batch_size: 250,
    schedule: { name: "plateau", options: { patience: 1, threshold: 0.9 } },
  },
  "LeNet, a schedule counted in epochs": {
    ...cyclic,
    schedule: { name: "cyclic", options: { base_lr: 1e-4, max_lr: 3e-3, step_size_up: 2 }, by: "epoch" },
  },
};
let most = 0;
for (const [name, settings] of Object.entries(runs)) {
  const there = native(settings, name),
    ours = here(settings),
    loss = apart(ours.loss, there.loss);
  most = Math.max(most, loss);
  check(`${name}: the loss of 100 steps differs by at most ${loss.toExponential(1)}`, loss <= 1e-4);
  // The C library's cosine may differ in the last bit.
  const rates = Math.max(apart(ours.lr, there.lr), apart(ours.momentum, there.momentum));
  check(`${name}: the same rates`, rates <= 1e-15);
}
console.log(`largest difference of the loss: ${most.toExponential(2)}`);

// The preview is the schedule that trains.
const steps = 400,
  settings = { ...cyclic, steps },
  drawn = engine.preview(LatheSettings.settingsLines(settings), LatheSettings.perEpoch(settings), steps),
  words = [
    "--optim",
    "adamw",
    "--sched",
    "cyclic",
    "--base-lr",
    "1e-4",
    "--max-lr",
    "3e-3",
    "--step-size-up",
    "20",
  ],
  csv = execFileSync(lathe, ["preview", ...words, "--steps", String(steps), "--no-warnings", "--csv"], {
    encoding: "utf8",
  }),
  wanted = columns(csv);
check("preview: the rates of `lathe preview`", apart(drawn.lr, wanted.lr.map(Math.fround)) === 0);
check("preview: the momentum too", apart(drawn.momentum, wanted.momentum.map(Math.fround)) === 0);

rmSync(work, { recursive: true });
finish();
