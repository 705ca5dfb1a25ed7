// The playground's engine in node: the same text that the page's worker runs, with the same files.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = join(dirname(fileURLToPath(import.meta.url)), "../../playground");
const sets = ["train", "t10k"].flatMap((set) => [`${set}-images-idx3-ubyte`, `${set}-labels-idx1-ubyte`]);

export function load(engine) {
  const text = [join(engine, "engine.js"), join(source, "binding.js"), join(source, "settings.js")]
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const make = new Function(
    "require",
    "__dirname",
    "module",
    "exports",
    `${text}\nreturn { LatheBinding, LatheSettings };`,
  );
  return make(createRequire(import.meta.url), engine, undefined, undefined);
}

export function filesOf(engine, pictures) {
  const files = { "engine.wasm": readFileSync(join(engine, "engine.wasm")) };
  for (const name of sets) files[name] = readFileSync(join(pictures, name));
  return files;
}

let failures = 0;
export function check(what, right) {
  console.log(`${right ? "ok  " : "FAIL"} ${what}`);
  if (!right) failures++;
}
export const finish = () => process.exit(failures ? 1 : 0);

export const cyclic = {
  model: "lenet5",
  optimizer: "adamw",
  optimizer_options: { lr: 1e-3 },
  batch_size: 64,
  weight_decay: 0.01,
  seed: 1,
  steps: 100,
  schedule: { name: "cyclic", options: { base_lr: 1e-4, max_lr: 3e-3, step_size_up: 20 } },
  eval_every: 50,
  eval_count: 1000,
};
