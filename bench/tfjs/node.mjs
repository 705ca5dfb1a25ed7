// Pictures a second of processor time of the playground's engine in node:
// node bench/tfjs/node.mjs ENGINE PICTURES [MODEL...]
import { cyclic, filesOf, load } from "../../tests/playground/engine.mjs";

const [engineFolder, pictures, ...models] = process.argv.slice(2);
const { LatheBinding, LatheSettings } = load(engineFolder);
const start = performance.now(),
  engine = await LatheBinding.open(filesOf(engineFolder, pictures)),
  opened = performance.now();
console.log(`opened in ${Math.round(opened - start)} ms`);
for (const model of models.length ? models : ["lenet5", "mlp", "small-cnn"]) {
  engine.configure(LatheSettings.settingsLines({ ...cyclic, model, steps: 1e6 }));
  const best = [];
  for (let part = 0; part < 8; part++) {
    const from = performance.now(),
      images = engine.images,
      used = process.cpuUsage();
    while (performance.now() - from < 500) engine.step();
    const { user, system } = process.cpuUsage(used);
    best.push((1e6 * (engine.images - images)) / (user + system));
  }
  const from = performance.now(),
    { accuracy } = engine.evaluate(0),
    evaluation = Math.round(performance.now() - from),
    rates = best.map(Math.round);
  console.log(
    `${model}: ${Math.max(...rates)} pictures a second at best, ${rates[0]} in the first half second; ` +
      `evaluation of 2,000 in ${evaluation} ms, ${(100 * accuracy).toFixed(1)} % after step ${engine.at}`,
  );
}
