// The page of curves: what the reader has chosen, the curves of runs and groups, and their cycles.
const state = {
  unit: "step",
  smooth: 0.9,
  raw: data.kind === "run",
  seeds: false,
  logLoss: false,
  logRate: false,
  full: false,
  hidden: new Set(),
  focus: null,
  zoom: null,
  theme: "auto",
  print: false,
  light: false,
  x: null,
};
let groups = [];

const one = () => data.kind !== "compare"; // a single run, or a schedule alone
const figures = () => Array.isArray(data.charts); // ready charts, without runs

// ---- where a run's numbers stand --------------------------------------------------------------------------
// Seconds of a step: between the ends of epochs, evenly.
function secondsAt(run, step) {
  let before = 0,
    time = 0;
  for (let i = 0; i < run.epoch.step.length; i++) {
    const end = run.epoch.step[i],
      seconds = run.epoch.seconds[i];
    if (!isNumber(seconds)) return null;
    if (step <= end) return time + (seconds * (step - before)) / Math.max(1, end - before);
    time += seconds;
    before = end;
  }
  return time;
}

function unitOf(run, step) {
  if (state.unit === "epoch") return step / run.per_epoch;
  return state.unit === "seconds" ? secondsAt(run, step) : step;
}

const perStep = new Set(["lr", "momentum", "loss", "raw", "low", "high"]);
const probePrefix = "probe:";

// A run's values of a metric and their steps. Validation inside epochs replaces that at their ends.
function sourceOf(run, metric) {
  if (data.kind === "preview" && metric !== "lr" && metric !== "momentum") return { values: [], steps: [] };
  if (perStep.has(metric)) {
    const values =
      metric === "raw"
        ? run.loss
        : metric === "loss"
          ? smoothed(run.loss, state.smooth ** run.stride)
          : (metric === "lr" || metric === "momentum") && run.rates !== null
            ? data.runs[run.rates][metric]
            : run[metric];
    return { values, steps: values.map((_, i) => i * run.stride) };
  }
  const part = metric.startsWith(probePrefix)
    ? run.probe
    : run.eval && run.eval[metric]
      ? run.eval
      : run.epoch;
  const values = (part && part[metric.replace(probePrefix, "")]) || [];
  return { values, steps: part ? part.step.slice(0, values.length) : [] };
}

const living = (group) => group.runs.filter((run) => !run.died);
const drawnRuns = (group) => (living(group).length ? living(group) : group.runs);

// A group's curve: the mean of its living runs, its 95 % interval where there are three or more, and each
// run.
function curveOf(group, metric) {
  const runs = drawnRuns(group),
    all = runs.map((run) => sourceOf(run, metric));
  const longest = all.reduce((best, each, i) => (each.values.length > all[best].values.length ? i : best), 0);
  const { steps } = all[longest],
    curve = { x: [], y: [], low: [], high: [], steps: [], each: runs.map(() => []) };
  for (let i = 0; i < steps.length; i++) {
    const at = mean(runs.map((run) => unitOf(run, steps[i])).filter(isNumber));
    if (at === null) continue;
    const { n, mean: middle, half } = interval(all.map((each) => each.values[i]));
    curve.x.push(at);
    curve.steps.push(steps[i]);
    curve.y.push(middle);
    curve.low.push(n > 2 ? middle - half : null);
    curve.high.push(n > 2 ? middle + half : null);
    all.forEach((each, k) => curve.each[k].push(each.values[i] ?? null));
  }
  curve.many = curve.low.some(isNumber);
  return curve;
}

// The row of a group's best validation of the chief metric; of its training loss without a validation.
function bestOf(group) {
  const watched = group.curves[`val_${chief.name}`],
    useful = watched && watched.y.some(isNumber);
  const lower = !useful || chief.lower,
    values = (useful ? watched : group.curves.train_loss).y;
  let best = -1;
  values.forEach((v, i) => {
    if (isNumber(v) && (best < 0 || (lower ? v < values[best] : v > values[best]))) best = i;
  });
  return best;
}

const probesOf = () =>
  [...new Set(data.runs.flatMap((run) => Object.keys(run.probe || {})))].filter((name) => name !== "step");

function gather() {
  groups = data.groups
    .map((group, index) => ({ ...group, index, runs: data.runs.filter((run) => run.group === index) }))
    .filter((group) => group.runs.some((run) => run.loss.length));
  const names = [
    "lr",
    "momentum",
    "loss",
    "raw",
    "train_loss",
    "val_loss",
    ...metrics.flatMap((m) => [`train_${m.name}`, `val_${m.name}`]),
    ...probesOf().map((name) => probePrefix + name),
  ];
  for (const group of groups) {
    group.curves = {};
    for (const metric of names) group.curves[metric] = curveOf(group, metric);
    const only = one() && group.runs[0];
    // A thinned run keeps its spikes.
    if (only && only.low) Object.assign(group.curves.raw, { low: only.low, high: only.high, many: true });
    group.best = bestOf(group);
    group.cycles = cyclesOf(group.runs[0]);
  }
}

// Where the best row is, in words.
function bestWhere(group) {
  const curve = group.curves[`val_${chief.name}`],
    run = group.runs[0],
    step = curve.steps[group.best];
  if (step % run.per_epoch === 0 || !run.eval)
    return `epoch ${Math.max(1, Math.round(step / run.per_epoch))}`;
  return `step ${step}`;
}

// ---- cycles -----------------------------------------------------------------------------------------------
// The steps at which a run's cycles begin, and its end; empty with fewer than two. A scheduler that knows its
// cycles says so; otherwise a cycle begins where the rate turns from falling to rising.
function cyclesOf(run) {
  const { values, steps } = sourceOf(run, "lr"),
    end = steps.length ? steps[steps.length - 1] + run.stride : 0;
  const starts = run.cycles ? run.cycles.filter((step) => step < end) : turnsOf(values).map((i) => steps[i]);
  return starts.length > 1 && starts.length < 200 ? starts.concat(end) : [];
}

function turnsOf(rates) {
  const turns = [0];
  let falling = false;
  for (let i = 1; i < rates.length; i++) {
    const tiny = 1e-9 * Math.abs(rates[i]);
    if (rates[i] < rates[i - 1] - tiny) falling = true;
    else if (rates[i] > rates[i - 1] + tiny && falling) {
      turns.push(i - 1);
      falling = false;
    }
  }
  return turns;
}

// The step of the highest rate of each cycle, and the cycle's bounds. The last cycle counts if it comes down.
function peaksOf(run, starts) {
  const { values, steps } = sourceOf(run, "lr"),
    cycles = [];
  for (let k = 0; k + 1 < starts.length; k++) {
    let peak = -1,
      low = Infinity;
    for (let i = nearest(steps, starts[k]); i < steps.length && steps[i] <= starts[k + 1]; i++)
      if (peak < 0 || values[i] > values[peak]) {
        peak = i;
        low = values[i];
      } else low = Math.min(low, values[i]);
    if (peak >= 0)
      cycles.push({ from: starts[k], to: starts[k + 1], peak: steps[peak], high: values[peak], low });
  }
  return cycles.filter(
    (each, k) =>
      k + 1 < cycles.length || (each.low < 0.5 * (each.high + cycles[0].low) && each.peak < each.to),
  );
}

// ---- colours ----------------------------------------------------------------------------------------------
const palettes = {
  // Okabe and Ito 2008, and the same hues for dark ground
  light: ["#0072b2", "#d55e00", "#009e73", "#b5508f", "#a08c00", "#3d9bd4", "#1c1e21"],
  dark: ["#5aa9e6", "#ff8a50", "#2ec4a0", "#e59ac4", "#e8da5a", "#a5d8ff", "#f2f2f2"],
};
const ramps = { light: ["#6cc0f0", "#0072b2", "#0b1d33"], dark: ["#2f6f9f", "#7cc4ff", "#ffffff"] };
const dashes = [[], [9, 4], [2, 3], [11, 3, 2, 3], [13, 3, 2, 3, 2, 3], [18, 6], [5, 4]];
const darkWanted = matchMedia("(prefers-color-scheme: dark)");
const isDark = () =>
  !state.light && (state.theme === "dark" || (state.theme === "auto" && darkWanted.matches));
const tone = () => (isDark() ? "dark" : "light");
// A colour is an index into the palette, or { part } of a ramp, for lines in an order of their own.
const colorOf = (color) =>
  typeof color === "number" ? palettes[tone()][color % 7] : blend(ramps[tone()], color.part);
const dashOf = (index) => dashes[(index + Math.floor(index / 7)) % 7];
const faded = (color, part) =>
  color +
  Math.round(255 * part)
    .toString(16)
    .padStart(2, "0");
const inkColor = () => (isDark() ? "#e8e8e8" : "#1c1e21");

function blend([first, middle, end], part) {
  const [a, b, t] = part < 0.5 ? [first, middle, 2 * part] : [middle, end, 2 * part - 1];
  const at = (color, i) => parseInt(color.slice(1 + 2 * i, 3 + 2 * i), 16);
  return (
    "#" +
    [0, 1, 2]
      .map((i) =>
        Math.round(at(a, i) + t * (at(b, i) - at(a, i)))
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")
  );
}

function swatch(color, dash, faint) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"),
    path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("viewBox", "0 0 34 10");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", "M1 5H33");
  path.setAttribute("stroke", colorOf(color));
  path.setAttribute("stroke-width", faint ? 1 : 3);
  if (!faint) path.setAttribute("stroke-dasharray", dashOf(dash).join(" "));
  svg.append(path);
  return svg;
}
