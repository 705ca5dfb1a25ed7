// The state of the page: what all lanes share, the lanes, and what the reader looks at.
let engine = null; // what the engine says of itself when it is ready
const letters = ["A", "B", "C", "D"];
const palettes = {
  // Okabe and Ito 2008, and the same hues for dark ground, as on the page of curves
  light: ["#0072b2", "#d55e00", "#009e73", "#b5508f"],
  dark: ["#5aa9e6", "#ff8a50", "#2ec4a0", "#e59ac4"],
};
const dashes = [[], [10, 4], [4, 3], [10, 3, 3, 3]];

const freshShared = () => ({
  model: "lenet5",
  optimizer: "sgd",
  batch_size: 64,
  weight_decay: 0,
  seed: 1,
  steps: 600,
  count: 5000,
});
let shared = freshShared();
let lanes = [];
const look = {
  lane: 0, // the lane that is edited
  at: null, // the step that is pointed at
  playing: false,
  pace: "full",
  log: false, // the rate on a logarithmic axis
  theme: null,
  seeds: null, // while several seeds run: { number, of }
};

// A lane is a schedule and what was trained with it. `fresh`: its worker is not yet set up for it.
function newLane(schedule, options, own) {
  return {
    letter: letters.find((letter) => !lanes.some((lane) => lane.letter === letter)),
    schedule,
    options,
    by: "batch", // "epoch" is the mistake of one of the lessons
    lr: 0.01,
    momentum: 0.9,
    ...own,
    ...emptyRun(),
    ahead: { lr: [], momentum: [] },
    ghost: null,
    band: null,
    wrong: null,
    fresh: true,
  };
}
// bent     the schedule was changed after the first step, so the run is not that of the schedule
// stale    the schedule was changed after the last step, so the run is that of another schedule
// valley   the loss on the line between two of its steps, once it was measured
const emptyRun = () => ({
  loss: [],
  rate: [],
  impulse: [],
  evals: [],
  died: null,
  speed: 0,
  bent: false,
  stale: false,
  valley: null,
});

const freshLanes = () => {
  lanes = [];
  lanes.push(newLane("cyclic", { base_lr: 0.001, max_lr: 0.08, step_size_up: 100 }));
  lanes.push(newLane("constant", {}, { lr: 0.02 }));
};

const current = () => lanes[look.lane];
const indexOf = (lane) => letters.indexOf(lane.letter);
const isDark = () =>
  look.theme ? look.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const colorOf = (lane) => palettes[isDark() ? "dark" : "light"][indexOf(lane)];
const faded = (color, part) =>
  color +
  Math.round(255 * part)
    .toString(16)
    .padStart(2, "0");
const stillMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// The steps that all lanes have done; dead lanes do not count.
const stepOf = (lane) => lane.loss.length;
const living = () => lanes.filter((lane) => !lane.died);
const stepNow = () => {
  const all = living().length ? living() : lanes;
  return Math.min(...all.map(stepOf));
};
const finished = () => lanes.every((lane) => lane.died || stepOf(lane) >= shared.steps);
const lastEval = (lane) => lane.evals[lane.evals.length - 1];

// What the engine is given for a schedule, and for a lane.
// A constant schedule has a rate of its own.
const scheduleOf = (lane) => ({
  name: lane.schedule,
  by: lane.by,
  options: lane.schedule === "constant" ? { lr: valueOf(lane, "lr") } : { ...lane.options },
  lr: valueOf(lane, "lr"),
  momentum: optimizerField("momentum") ? valueOf(lane, "momentum") : undefined,
});
function settingsOf(lane, seed) {
  const options = {}; // a schedule that has no use for the optimizer's rate is given none
  if (kindOf(lane).first.includes("lr")) options.lr = valueOf(lane, "lr");
  if (optimizerField("momentum")) options.momentum = valueOf(lane, "momentum");
  return {
    model: shared.model,
    optimizer: shared.optimizer,
    optimizer_options: options,
    batch_size: shared.batch_size,
    weight_decay: optimizerField("weight_decay") ? shared.weight_decay : undefined,
    seed: seed ?? shared.seed,
    steps: shared.steps,
    schedule: scheduleOf(lane),
    eval_every: Math.max(10, Math.round(shared.steps / 30)),
    eval_count: Math.min(1000, engine.val),
    count: Math.min(shared.count, engine.train),
  };
}

// Whatever concerns the workers happens one after the other.
let queue = Promise.resolve();
function inTurn(work) {
  const done = queue.then(work);
  queue = done.catch((error) => console.error(error));
  return done;
}

// Those who draw ask to be told; several changes before the next frame are one call.
const views = [];
let pending = false;
function changed() {
  if (pending) return;
  pending = true;
  const go = () => {
    pending = false;
    views.forEach((view) => view());
  };
  if (document.hidden) setTimeout(go, 200);
  else if (stillMotion() && look.playing) setTimeout(go, 500);
  else requestAnimationFrame(go);
}
