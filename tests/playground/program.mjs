// The C program that the page copies gives the engine's curve: node program.mjs ENGINE PICTURES BUILD CC.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { check, cyclic, filesOf, finish, load } from "./engine.mjs";

const [engineFolder, pictures, build, compiler] = process.argv.slice(2);
const { LatheBinding, LatheSettings } = load(engineFolder);
const engine = await LatheBinding.open(filesOf(engineFolder, pictures));
const work = mkdtempSync(join(tmpdir(), "lathe-program-")),
  prefix = join(work, "prefix");
execFileSync("cmake", ["--install", build, "--prefix", prefix], { stdio: "ignore" });
const found = execFileSync("find", [prefix, "-name", "lathe.pc", "-printf", "%h"], { encoding: "utf8" }),
  flags = execFileSync("pkg-config", ["--cflags", "--libs", "lathe"], {
    encoding: "utf8",
    env: { ...process.env, PKG_CONFIG_PATH: found },
  });
symlinkSync(resolve(pictures), join(work, LatheSettings.folder));

// The program's learning rates and losses.
function run(settings) {
  const source = join(work, "program.c");
  writeFileSync(source, LatheSettings.program(settings, engine.about()));
  const warnings = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"];
  execFileSync(compiler, [...warnings, source, ...flags.trim().split(/\s+/), "-o", join(work, "program")]);
  const text = execFileSync(join(work, "program"), {
    cwd: work,
    encoding: "utf8",
    env: { ...process.env, LATHE_ISA: "base" },
  });
  return text
    .trim()
    .split("\n")
    .map((row) => row.split(",").slice(1).map(Number));
}

const programs = {
  "AdamW, cyclic": cyclic,
  "SGD with a weight decay of 0, one cycle, some of the pictures": {
    ...cyclic,
    count: 1000,
    optimizer: "sgd",
    optimizer_options: { lr: 0.01, momentum: 0.9, nesterov: true },
    weight_decay: 0,
    schedule: { name: "one_cycle", options: { max_lr: 0.02 } },
  },
  "Adam with betas, an option with a choice, counted in epochs": {
    ...cyclic,
    model: "mlp",
    optimizer: "adam",
    optimizer_options: { lr: 2e-3, betas: [0.8, 0.99] },
    weight_decay: undefined,
    schedule: {
      name: "cyclic",
      options: { base_lr: 1e-4, max_lr: 2e-3, step_size_up: 1, mode: "triangular2", by: "epoch" },
    },
  },
  "plateau, which observes": {
    ...cyclic,
    batch_size: 500,
    steps: 65,
    schedule: { name: "plateau", options: { patience: 1, threshold: 0.9 } },
  },
  "a sequence": { ...cyclic, schedule: { name: "warmup:20it,cosine", options: {} } },
};
for (const [name, settings] of Object.entries(programs)) {
  engine.configure(LatheSettings.settingsLines(settings));
  const there = run(settings),
    ours = Array.from({ length: settings.steps }, () => engine.step());
  check(`${name}: ${settings.steps} rows`, there.length === settings.steps);
  const loss = Math.max(...there.map((row, i) => Math.abs(row[1] - ours[i][0]))),
    rate = Math.max(...there.map((row, i) => Math.abs(row[0] - ours[i][1]) / ours[i][1]));
  check(`${name}: the loss differs by at most ${loss.toExponential(1)}`, loss <= 1e-4);
  check(`${name}: the same rates`, rate <= 1e-8);
}
rmSync(work, { recursive: true });
finish();
