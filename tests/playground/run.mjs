// What the page's lanes can do, in node: node run.mjs ENGINE PICTURES.
import { check, cyclic, filesOf, finish, load } from "./engine.mjs";

const [engineFolder, pictures] = process.argv.slice(2);
const { LatheBinding, LatheSettings } = load(engineFolder);
const engine = await LatheBinding.open(filesOf(engineFolder, pictures));
const configure = (settings) => engine.configure(LatheSettings.settingsLines(settings));
const steps = (count) => Array.from({ length: count }, () => engine.step()[0]);
const same = (a, b) => a.length === b.length && a.every((each, i) => each === b[i]);
const message = (call) => {
  try {
    call();
  } catch (error) {
    return error.message;
  }
  return "";
};

const about = engine.about();
check("about: what can be chosen", about.models.length === 3 && about.optimizers.length > 10);
check(
  "about: 10 classes of 28 x 28",
  about.classes.length === 10 && /boot/i.test(about.classes[9]) && about.image.width === 28,
);
check("about: 5,000 and 2,000 pictures", about.train === 5000 && about.val === 2000);
const shape = about.schedulers.find((each) => each.name === "cyclic").fields;
check(
  "about: cyclic's fields",
  shape.some((field) => field.name === "mode" && field.choices.includes("triangular2")),
);
check("about: no schedule that needs a file", !about.schedulers.some((each) => each.name === "table"));

// Before a run.
check("no run: no step", /no run/.test(message(() => engine.step())));
check("no run: no rewind", /no run/.test(message(() => engine.rewind(0))));

// Rewinding gives the bits again; a snapshot lies at each 50 steps and at each cycle's start.
for (const model of about.models) {
  configure({ ...cyclic, model });
  const before = steps(50),
    after = steps(30);
  check(`${model}: the loss falls`, after.at(-1) < 0.8 * before[0]);
  check(`${model}: rewind to a cycle's start`, engine.rewind(79) === 50 && engine.at === 50);
  check(`${model}: the same bits after a rewind`, same(steps(30), after));
  check(`${model}: rewind to the start`, engine.rewind(3) === 0 && same(steps(50), before));
}
configure(cyclic);
steps(90);
check("rewind: the cycle that began at step 80", engine.rewind(85) === 80);
check("rewind: later ones are gone", engine.rewind(1000) === 80);

// Another schedule from the present step on.
configure(cyclic);
steps(30);
const low = { name: "cyclic", options: { base_lr: 1e-4, max_lr: 1e-3, step_size_up: 20 } };
engine.schedule(LatheSettings.scheduleLines(low));
check("schedule: the new rates at this step", Math.abs(engine.step()[1] - 5.5e-4) < 1e-12);
const wrong = { name: "cyclic", options: { base_lr: 2e-3, max_lr: 1e-3 } };
const why = message(() => engine.schedule(LatheSettings.scheduleLines(wrong)));
check(`schedule: lathe's own line (${why})`, /cyclic: .*base_lr/.test(why));
check(
  "schedule: a refused one changes nothing",
  engine.at === 31 && Math.abs(engine.step()[1] - 5.05e-4) < 1e-12,
);
check(
  "schedule: an unknown one",
  /unknown scheduler 'cyclc'/.test(message(() => engine.schedule("sched=cyclc\n"))),
);

// Momentum that a schedule has changed is the optimizer's again under one that does not.
const moving = { base_lr: 1e-3, max_lr: 0.01, step_size_up: 10, cycle_momentum: "on" };
configure({
  ...cyclic,
  optimizer: "sgd",
  optimizer_options: { momentum: 0.95 },
  schedule: { name: "cyclic", options: moving },
});
steps(8);
check("momentum: cycled", engine.step()[2] < 0.9);
engine.schedule(LatheSettings.scheduleLines({ name: "constant", options: {} }));
check("momentum: the optimizer's own again", engine.step()[2] === 0.95);

// A schedule that starts from the optimizer's rate: another rate within the run.
const falling = { name: "cosine", options: { t_max: 100 } };
configure({
  ...cyclic,
  optimizer: "sgd",
  optimizer_options: { lr: 0.02, momentum: 0.9 },
  schedule: falling,
});
steps(50);
engine.schedule(LatheSettings.changeLines({ ...falling, lr: 0.04, momentum: 0.8 }));
const [, halfway, slower] = engine.step();
check("schedule: another rate to start from", Math.abs(halfway - 0.02) < 1e-9 && slower === 0.8);
check(
  "schedule: the optimizer's state stays",
  steps(20).every((loss) => loss < 2.4),
);
check("schedule: rewind over a change", engine.rewind(50) === 50 && engine.step()[1] === halfway);
engine.schedule(LatheSettings.changeLines({ ...falling, lr: 0.04, momentum: 0 }));
check("schedule: momentum may end within a run", engine.step()[2] === 0);

// A schedule that observes is told at the end of an epoch.
configure({
  ...cyclic,
  batch_size: 500,
  steps: 60,
  schedule: { name: "plateau", options: { patience: 1, threshold: 0.9 } },
});
const first = engine.step()[1];
steps(58);
check("plateau: the rate falls", engine.step()[1] < first);

// Views.
configure(cyclic);
const begun = engine.evaluate(1000);
steps(100);
const ended = engine.evaluate(1000);
check(
  `evaluate: ${begun.accuracy} to ${ended.accuracy}`,
  ended.accuracy > 0.6 && ended.accuracy > begun.accuracy,
);
const filters = engine.filters();
check("filters of LeNet", filters.count === 6 && filters.height === 5 && filters.data.length === 150);
const mistakes = engine.mistakes(12, 28 * 28);
check(
  "mistakes: 12 of them",
  mistakes.length === 12 && mistakes.every((each) => each.label !== each.predicted),
);
check(
  "mistakes: the surest first",
  mistakes.every((each, i) => !i || each.probability <= mistakes[i - 1].probability),
);
check(
  "mistakes: with their pictures",
  mistakes.every((each) => each.pixels.length === 784 && each.pixels.some(Boolean)),
);
const line = engine.line(0, 100, 5, 1000);
check("line: its ends are the snapshots", line[0].loss === begun.loss && line[4].loss === ended.loss);
check("line: the net keeps its weights", engine.evaluate(1000).loss === ended.loss);
check("line: two points at least", /points = 1/.test(message(() => engine.line(0, 100, 1, 100))));
configure({ ...cyclic, model: "small-cnn" });
steps(100);
check(
  "line: batch norm's statistics between",
  engine.line(50, 100, 3, 500).every((each) => each.loss < 2.4),
);
configure({ ...cyclic, model: "mlp" });
check("filters of the MLP are pictures", engine.filters().height === 28 && engine.filters().count === 512);
configure({
  ...cyclic,
  model: "mlp",
  batch_size: 4,
  steps: 2000,
  schedule: { name: "constant", options: {} },
});
steps(2000);
const mebi = engine.module.HEAPU8.length >> 20;
check(`snapshots of 6 MiB thin out: ${mebi} MiB in all`, mebi < 300);
check("snapshots: the last at or before", engine.rewind(1990) <= 1990 && engine.at >= 1500);
check("snapshots: the first stays", engine.rewind(10) === 0);
const often = { name: "cyclic", options: { base_lr: 1e-4, max_lr: 1e-3, step_size_up: 120 } };
configure({ ...cyclic, model: "mlp", batch_size: 4, steps: 1000, schedule: often });
steps(1000);
check(
  "snapshots: those at a cycle's start stay longest",
  engine.rewind(730) === 720 && engine.rewind(485) === 480,
);

// A rate that is too high.
configure({
  ...cyclic,
  optimizer: "sgd",
  optimizer_options: { lr: 1e3 },
  schedule: { name: "constant", options: {} },
});
for (let i = 0; i < 60 && !engine.stopped; i++) engine.step();
check(`too high: why it stopped (${engine.stopped})`, /^step \d+: the (loss|gradient)/.test(engine.stopped));
check("too high: rewound, it trains again", engine.rewind(0) === 0 && steps(1)[0] < 3);
const bad = (options) => message(() => configure({ ...cyclic, ...options }));
check(`a batch of 0 (${bad({ batch_size: 0 })})`, /batch_size/.test(bad({ batch_size: 0 })));
check(
  `an option of another optimizer (${bad({ optimizer: "sgd", optimizer_options: { betas: 1 } })})`,
  /betas/.test(bad({ optimizer: "sgd", optimizer_options: { betas: 1 } })),
);
finish();
