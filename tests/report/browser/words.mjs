// The page's statistics and sentences with known numbers: node words.mjs FOLDER_OF_THE_PAGE
import { readFileSync } from "node:fs";
import { join } from "node:path";

const source = ["numbers", "curves", "differences", "sentences"]
  .map((name) => readFileSync(join(process.argv[2], `${name}.js`), "utf8"))
  .join("");
const wanted =
  "interval, studentT, quantile, ticksOf, turnsOf, peaksOf, valleysOf, overFit, sentencesOf, " +
  "differencesOf, groups: () => groups, gather";
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
const one = page({
  kind: "run",
  metrics,
  groups: [{ name: "cyclic" }],
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

// Cycles begin at 0, 20, 40, and end at 60; accuracy at the minima 90, 91, 92 %, at the peaks 80, 82, 84 %.
// The second peak stands between 90 and 91, the third between 91 and 92: differences of 8.5 and 7.5 points,
// mean 8, s = 0.7071068, half 12.7062 * s / sqrt(2) = 6.3531.
check("cycles", one.groups()[0].cycles, [0, 20, 40, 60]);
const found = one.valleysOf(one.groups()[0]);
check("at the minima", found.low, 0.91);
check("at the maxima", found.high, 0.83);
check("difference", found.mean, 0.08);
check("its interval", found.half, 0.063531);
check("over", [found.n, found.over], [2, "cycles"]);
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
  groups: [{ name: "x" }],
  runs: [run(0, 1, steady, steady, steady, { cycles: [0, 30] })],
});
check("cycles that are told", told.groups()[0].cycles, [0, 30, 60]);

// Validation loss from 0.5 to 0.8 at the ends of the cycles while the training loss falls: it over-fits.
const over = page({
  kind: "run",
  metrics,
  groups: [{ name: "x" }],
  runs: [run(0, 1, steady, [9, 0.5, 9, 0.6, 9, 0.8], steady)],
});
check("over-fits", over.overFit(over.groups()[0]), {
  over: true,
  epoch: 2,
  from: 0.5,
  to: 0.8,
  trainFrom: 0.9,
  trainTo: 0.5,
});
check(
  "and says so",
  over.sentencesOf(over.groups()[0]).pop(),
  "It over-fits: since epoch 2 the training loss fell from 0.9 to 0.5, " +
    "and the validation loss rose from 0.5 to 0.8.",
);

// Three seeds against three: differences 1, 2, 3 points by seed, mean 2, half 4.302653 / sqrt(3) = 2.484138
// points.
const seeds = (group, scores) =>
  scores.map((score, i) => run(group, i + 1, [0.1, 0.2, 0.3, 0.4, 0.5, score], steady, steady));
const pair = page({
  kind: "compare",
  metrics,
  groups: [{ name: "a", baseline: true }, { name: "b" }],
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
  groups: [{ name: "a", baseline: true }, { name: "b" }],
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
    { name: "a", baseline: true, differs: "sched = constant\nrate = 0.05\n" },
    { name: "b", differs: "rate = 0.001 to 0.05 (peak = lr)\n" },
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

// Evaluations inside epochs replace those at their ends: the rate jumps at 20 and 40 (warm restarts), so the
// evaluation at the jump belongs to the cycle that ends there, and the next one to the peak.
const jumps = Array.from({ length: 60 }, (_, i) => 0.1 * (1 - (i % 20) / 20)),
  evals = { step: [], val_loss: [], val_accuracy: [] };
for (let step = 2; step <= 60; step += 2) {
  evals.step.push(step);
  evals.val_loss.push(1);
  evals.val_accuracy.push(step % 20 === 0 ? 0.9 : step % 20 === 2 ? 0.7 : 0.8);
}
const warm = page({
    kind: "run",
    metrics,
    groups: [{ name: "x" }],
    runs: [run(0, 1, steady, steady, steady, { lr: jumps, eval: evals })],
  }),
  valleys = warm.valleysOf(warm.groups()[0]);
check("minima of warm restarts", valleys.low, 0.9);
check("their maxima", valleys.high, 0.7);
process.exit(failures ? 1 : 0);
