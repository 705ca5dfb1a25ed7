// What a hand can do with each schedule: which of its numbers are lines, which corner is dragged, where its
// cycles begin. What a schedule is, its fields and its values, comes from the engine alone.

// Fields beside a schedule's own: those of the optimizer that it starts from.
const ownFields = ["lr", "momentum"];

// first    fields that are always shown; the others stand under "more"
// lines    fields that are horizontal lines on the chart of the rate
// corner   the point that is dragged: its step, and what a new step means
// height   the field that the corner's height is; none: the corner moves along a line
// period   the length of each cycle in steps
// start    options of a fresh one, for a run of `steps`
const kinds = {
  cyclic: {
    first: ["base_lr", "max_lr", "step_size_up", "mode", "cycle_momentum", "base_momentum", "max_momentum"],
    lines: ["base_lr", "max_lr"],
    corner: {
      field: "step_size_up",
      step: (o) => o.step_size_up,
      set: (step) => ({ step_size_up: Math.max(1, step) }),
      height: "max_lr",
    },
    period: (o) => o.step_size_up + (o.step_size_down || o.step_size_up),
    start: (steps, lr) => ({ base_lr: tidy(lr / 10), max_lr: lr, step_size_up: Math.round(steps / 6) }),
  },
  one_cycle: {
    first: ["max_lr", "total_steps", "pct_start", "cycle_momentum", "base_momentum", "max_momentum"],
    lines: ["max_lr"],
    corner: {
      field: "pct_start",
      step: (o) => (o.pct_start ?? 0.3) * o.total_steps - 1,
      set: (step, o) => ({
        pct_start: tidy(Math.min(0.95, Math.max(0.02, (step + 1) / o.total_steps))),
      }),
      height: "max_lr",
    },
    start: (steps, lr) => ({ max_lr: lr, total_steps: steps }),
    length: "total_steps",
  },
  warm_restarts: {
    first: ["lr", "t_0", "t_mult", "eta_min", "momentum"],
    lines: ["lr", "eta_min"],
    corner: {
      field: "t_0",
      step: (o) => o.t_0,
      set: (step) => ({ t_0: Math.max(1, step) }),
      height: "lr",
    },
    period: (o) => o.t_0,
    start: (steps) => ({ t_0: Math.round(steps / 3) }),
  },
  cosine: {
    first: ["lr", "t_max", "eta_min", "momentum"],
    lines: ["lr", "eta_min"],
    corner: {
      field: "t_max",
      step: (o) => o.t_max,
      set: (step) => ({ t_max: Math.max(1, step) }),
      height: "eta_min",
    },
    start: (steps) => ({ t_max: steps }),
    length: "t_max",
  },
  step: {
    first: ["lr", "step_size", "gamma", "momentum"],
    lines: ["lr"],
    corner: {
      field: "step_size",
      step: (o) => o.step_size,
      set: (step) => ({ step_size: Math.max(1, step) }),
      height: "lr",
    },
    start: (steps) => ({ step_size: Math.round(steps / 3) }),
  },
  constant: { first: ["lr", "momentum"], lines: ["lr"], hidden: ["lr"], start: () => ({}) },
  plateau: {
    first: ["lr", "factor", "patience", "momentum"],
    lines: ["lr"],
    start: () => ({ patience: 2 }),
  },
  exponential: {
    first: ["lr", "gamma", "momentum"],
    lines: ["lr"],
    start: (steps, lr) => ({ gamma: 0.1 ** (1 / steps) }),
  },
};

// Two significant digits: what a hand means.
const tidy = (value) => +value.toPrecision(2);
const kindOf = (lane) => kinds[lane.schedule];

// The value of a field, its default if it was not set.
function valueOf(lane, name) {
  if (ownFields.includes(name)) return lane[name] ?? presetOf(name);
  const set = lane.options[name];
  if (set !== undefined) return set;
  const field = fieldOf(lane.schedule, name);
  return field.kind === "choice" ? field.choices[0] : field.kind === "bool" ? false : field.preset[0];
}

const fieldsOf = (schedule) => engine.schedulers.find((each) => each.name === schedule).fields;
const fieldOf = (schedule, name) => fieldsOf(schedule).find((field) => field.name === name);
const optimizerField = (name) => optimizerOf().fields.find((field) => field.name === name);
const optimizerOf = () => engine.optimizers.find((each) => each.name === shared.optimizer);
const presetOf = (name) => optimizerField(name)?.preset[0] ?? 0;

// The options with the defaults that positions on the chart need.
const filled = (lane) =>
  Object.fromEntries(fieldsOf(lane.schedule).map((field) => [field.name, valueOf(lane, field.name)]));

// The first step of each cycle before `end`, and where the last one ends; empty without cycles.
function cyclesOf(lane, end) {
  const kind = kindOf(lane);
  if (!kind.period || lane.by === "epoch") return [];
  const options = filled(lane),
    bounds = [0];
  for (
    let long = kind.period(options), at = 0;
    at < end && bounds.length < 200;
    long *= options.t_mult || 1
  ) {
    if (!(long >= 1)) return [];
    at += Math.round(long);
    bounds.push(at);
  }
  return bounds;
}

// The step of a cycle's highest rate: at its corner where it climbs, at its start where it only falls.
const peakAfter = (lane, start) =>
  start + (lane.schedule === "cyclic" ? Math.round(kinds.cyclic.corner.step(filled(lane))) : 0);
