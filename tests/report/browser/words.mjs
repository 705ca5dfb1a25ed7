// The page's statistics and sentences with known numbers: node words.mjs FOLDER_OF_THE_PAGE
import { readFileSync } from "node:fs";
import { join } from "node:path";

const source = ["numbers", "data", "curves", "differences", "sentences"]
  .map((name) => readFileSync(join(process.argv[2], `${name}.js`), "utf8"))
  .join("");
const wanted =
  "interval, studentT, quantile, ticksOf, turnsOf, peaksOf, sentencesOf, differencesOf, " +
  "groups: () => groups, gather";
function page(data) {
  const document = {
    getElementById: () => ({ textContent: JSON.stringify(data) }),
    createElement: () => ({}),
  };
  const made = new Function("document", "matchMedia", `${source} return { ${wanted} };`)(document, () => ({
    matches: false,
  }));
  made.gather();
  return made;
}

let failures = 0;
function check(what, found, want) {
  const right =
    typeof want === "number"
      ? Math.abs(found - want) < 1e-4 * Math.max(1, Math.abs(want))
      : JSON.stringify(found) === JSON.stringify(want);
  console.log(
    `${right ? "ok  " : "FAIL"} ${what}: ${JSON.stringify(found)}` +
      (right ? "" : `, not ${JSON.stringify(want)}`),
  );
  if (!right) failures++;
}

// Three triangular cycles of 20 steps, an epoch 10 of them: epochs end at peaks and at minima, by turns.
const triangle = Array.from({ length: 60 }, (_, i) => 0.001 + 0.01 * (1 - Math.abs((i % 20) - 10) / 10));
const run = (group, seed, accuracy, val, train, more) => ({
  group,
  seed,
  stride: 1,
  steps: 60,
  per_epoch: 10,
  rates: null,
  lr: triangle,
  momentum: triangle.map(() => 0.9),
  loss: triangle.map(() => 1),
  test_accuracy: accuracy[5],
  epoch: {
    epoch: [0, 1, 2, 3, 4, 5],
    step: [10, 20, 30, 40, 50, 60],
    seconds: [1, 1, 1, 1, 1, 1],
    train_loss: train,
    val_loss: val,
    train_accuracy: accuracy,
    val_accuracy: accuracy,
  },
  ...more,
});
const metrics = [{ name: "accuracy", title: "accuracy", percent: true, lower: false }];
const steady = [1, 0.9, 0.8, 0.7, 0.6, 0.5];
// The account of such a run, as tests/study/test_account.c checks it.
const account = {
  cycles: 3,
  over: "cycles",
  n: 2,
  low_lr: 0.001,
  high_lr: 0.011,
  minima: 0.91,
  maxima: 0.83,
  gap: 0.08,
  gap_low: 0.016469,
  gap_high: 0.143531,
  over_fits: false,
  fit_epoch: 6,
  val_from: 0.5,
  val_to: 0.5,
  train_from: 0.5,
  train_to: 0.5,
};
const one = page({
  kind: "run",
  metrics,
  groups: [{ name: "cyclic", account }],
  runs: [run(0, 1, [0.8, 0.9, 0.82, 0.91, 0.84, 0.92], steady, steady)],
});

// Student's t and an interval, from tables: 2, 3, 7 have mean 4, s = 2.645751; t(2) = 4.302653, half =
// 6.57240.
check("Student's t, 2", one.studentT(2), 4.302653);
check("Student's t, 40", one.studentT(40), 2.021075);
check("Student's t, 100", one.studentT(100), 1.983972);
const { n, mean, half } = one.interval([2, 3, null, 7]);
check("interval", [n, mean], [3, 4]);
check("its half", half, 6.5724);
check("one value has none", one.interval([5]).half, null);
check("ticks", one.ticksOf(0, 1, 5, false), [0, 0.2, 0.4, 0.6, 0.8, 1]);
check("logarithmic ticks", one.ticksOf(1e-6, 10, 5, true), [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10]);

check("cycles", one.groups()[0].cycles, [0, 20, 40, 60]);
check("sentences of a run", one.sentencesOf(one.groups()[0]), [
  "3 cycles of the rate between 0.001 and 0.011.",
  "From the second cycle on validation accuracy is 91.0 % at the minima of the rate and 83.0 % at its " +
    "maxima: 8.0 points higher at the minima (95\u00a0% interval 1.6 to 14.4, 2 cycles).",
  "Validation accuracy is best at epoch 6: 92.0 %.",
  "It does not over-fit: the validation loss ends within 5 % of its lowest.",
]);

// Cycles that the scheduler knows are taken as they are.
const told = page({
  kind: "run",
  metrics,
  groups: [{ name: "x", account }],
  runs: [run(0, 1, steady, steady, steady, { cycles: [0, 30] })],
});
check("cycles that are told", told.groups()[0].cycles, [0, 30, 60]);

const said = (more) => {
  const it = page({
    kind: "run",
    metrics,
    groups: [{ name: "x", account: { ...account, ...more } }],
    runs: [run(0, 1, steady, steady, steady)],
  });
  return it.sentencesOf(it.groups()[0]);
};
check(
  "over-fitting",
  said({ over_fits: true, fit_epoch: 2, val_to: 0.8, train_from: 0.9 }).pop(),
  "It over-fits: since epoch 2 the training loss fell from 0.9 to 0.5, " +
    "and the validation loss rose from 0.5 to 0.8.",
);
check(
  "a loss that rose without over-fitting is not spoken of",
  said({ val_to: 0.8 }).some((text) => /over-fit/.test(text)),
  false,
);
check(
  "an interval with 0",
  said({ gap_low: -0.02 })[1].endsWith("interval −2.0 to 14.4, 2 cycles). The interval includes 0."),
  true,
);
check(
  "minima that are worse",
  said({ gap: -0.08, gap_low: -0.1, gap_high: -0.06 })[1].endsWith("2 cycles). The minima are worse."),
  true,
);
check("no cycles, no minima", said({ minima: null }).length, 3);

// Three seeds against three: differences 1, 2, 3 points by seed, mean 2, half 4.302653 / sqrt(3) = 2.484138
// points.
const seeds = (group, scores) =>
  scores.map((score, i) => run(group, i + 1, [0.1, 0.2, 0.3, 0.4, 0.5, score], steady, steady));
const pair = page({
  kind: "compare",
  metrics,
  groups: [
    { name: "a", baseline: true, account },
    { name: "b", account },
  ],
  runs: [...seeds(0, [0.5, 0.6, 0.7]), ...seeds(1, [0.51, 0.62, 0.73])],
});
const [against] = pair.differencesOf();
check(
  "differences by seed",
  against.seeds.map(({ seed, value }) => [seed, +value.toFixed(6)]),
  [
    [1, 0.01],
    [2, 0.02],
    [3, 0.03],
  ],
);
check("their mean", against.mean, 0.02);
check("and interval", against.half, 0.02484138);
// A run that died is in no mean.
const died = page({
  kind: "compare",
  metrics,
  groups: [
    { name: "a", baseline: true, account },
    { name: "b", account },
  ],
  runs: [
    ...seeds(0, [0.5, 0.6, 0.7]),
    ...seeds(1, [0.51, 0.62, 0.1]).map((each, i) => (i === 2 ? { ...each, died: true } : each)),
  ],
});
check("a dead run is left out", died.differencesOf()[0].n, 2);
check("and counted", died.sentencesOf(died.groups()[1]).pop(), "1 of 3 runs died and is not in the means.");

// The rates of a comparison have their reason.
const chosen = page({
  kind: "compare",
  metrics,
  groups: [
    { name: "a", baseline: true, account, differs: "sched = constant\nrate = 0.05\n" },
    { name: "b", account, differs: "rate = 0.001 to 0.05 (peak = lr)\n" },
  ],
  runs: [...seeds(0, [0.5]), ...seeds(1, [0.51])],
});
check(
  "a peak that was chosen",
  chosen.sentencesOf(chosen.groups()[1])[1],
  "Its peak is the lr at which schedules without cycles begin: all peaks are equal.",
);
check(
  "one that was not",
  chosen.sentencesOf(chosen.groups()[0]).some((text) => /peak is/.test(text)),
  false,
);

process.exit(failures ? 1 : 0);
