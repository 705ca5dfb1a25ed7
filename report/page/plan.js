// The page of curves: what is drawn in which chart, and the range of its axes.
const line = (group, metric, more) => ({
  name: group.name,
  curve: group.curves[metric],
  color: group.index,
  group: group.index,
  metric,
  ...more,
});
const shownGroups = () => groups.filter((group) => !state.hidden.has(group.index));
const shownMetric = (metric) => !state.hidden.has(metric);
const moves = (curve) => {
  const known = curve.y.filter(isNumber);
  return known.some((v) => Math.abs(v - known[0]) > 1e-9);
};

// The rate, and the momentum where it moves.
function ratePlan() {
  const lines = (metric) =>
    shownGroups()
      .filter(() => shownMetric(metric))
      .map((group) => line(group, metric, { band: false }));
  const rates = {
    id: "lr",
    title: "Learning rate",
    height: 118,
    log: state.logRate,
    zero: !state.logRate,
    lines: lines("lr"),
  };
  const momentum = {
    id: "momentum",
    title: "Momentum (β₁ in Adam’s family)",
    height: 92,
    lines: lines("momentum"),
  };
  return groups.some((group) => moves(group.curves.momentum)) ? [rates, momentum] : [rates];
}

// The place of a probe among those of its kind: layers stand beside each other, other probes alone.
const stemOf = (name) => name.split(".")[0];
const partOf = (name) =>
  probesOf()
    .filter((other) => stemOf(other) === stemOf(name))
    .indexOf(name);
const partName = (name) => (name === stemOf(name) ? "all" : `layer ${name.slice(stemOf(name).length + 1)}`);

function probePlan() {
  const titles = {
    grad_norm: "Norm of the gradient",
    weight_norm: "Norm of the weights",
    update_ratio: "Size of a step beside the weights",
    dead_relu: "Share of dead ReLUs",
    grad_noise: "Gradient noise",
    sharpness: "Sharpness (largest eigenvalue of the Hessian)",
  };
  const names = probesOf(),
    stems = [...new Set(names.map(stemOf))];
  return stems.map((stem) => {
    const parts = names.filter((name) => stemOf(name) === stem),
      many = parts.length > 1;
    return {
      id: `probe-${stem}`,
      title: titles[stem] ?? stem,
      height: 190,
      probe: true,
      robust: true,
      log: state.logLoss && stem !== "dead_relu",
      lines: parts
        .filter((name) => shownMetric(probePrefix + name))
        .flatMap((name) =>
          (one() ? groups : shownGroups()).map((group) =>
            line(group, probePrefix + name, {
              points: true,
              ...(one() ? { color: partOf(name) } : {}),
              ...(many ? { dash: partOf(name) } : {}),
              name: many ? (one() ? "" : `${group.name}, `) + partName(name) : group.name,
            }),
          ),
        ),
    };
  });
}

function runPlan() {
  const only = shownGroups().concat(groups)[0],
    pick = (metric, more) => (shownMetric(metric) ? [line(only, metric, more)] : []);
  const loss = {
    id: "loss",
    title: "Loss",
    robust: true,
    height: 245,
    log: state.logLoss,
    lines: [
      ...(state.raw ? pick("raw", { name: "each step", faint: true, color: 0 }) : []),
      ...pick("loss", { name: "training, smoothed", color: 0, dash: 0 }),
      ...pick("train_loss", {
        name: "training, mean of the epoch",
        color: 0,
        dash: 2,
        points: true,
        band: false,
      }),
      ...pick("val_loss", { name: "validation", color: 1, dash: 1, points: true, gap: true, best: true }),
    ],
  };
  const scores = metrics.map((m) => ({
    id: m.name,
    title: capital(m.title),
    robust: true,
    height: 245,
    percent: m.percent,
    lines: [
      ...pick(`train_${m.name}`, { name: "training", color: 0, dash: 0, points: true }),
      ...pick(`val_${m.name}`, { name: "validation", color: 1, dash: 1, points: true, best: true }),
    ],
  }));
  return [...ratePlan(), ...scores.slice(0, 1), loss, ...scores.slice(1), ...probePlan()];
}

function comparePlan() {
  const shown = shownGroups(),
    followed = shown.filter((group) => group.index === state.focus); // its gap is shown
  const raw = state.raw ? shown.map((group) => line(group, "raw", { faint: true, band: false })) : [];
  const scores = metrics.map((m) => ({
    id: `val_${m.name}`,
    title: `Validation ${m.title}`,
    robust: true,
    height: 245,
    percent: m.percent,
    lines: shown.map((group) => line(group, `val_${m.name}`, { points: true, best: true })),
  }));
  const other = (group) => (dashes[group.index % 7] === dashes[2] ? 0 : 2);
  const losses = [
    {
      id: "val_loss",
      title: "Validation loss",
      robust: true,
      height: 245,
      log: state.logLoss,
      lines: shown
        .map((group) => line(group, "val_loss", { points: true, gap: group.index === state.focus }))
        .concat(
          followed.map((group) =>
            line(group, "train_loss", { name: `${group.name}, training`, dash: other(group), band: false }),
          ),
        ),
    },
    {
      id: "loss",
      title: "Training loss, smoothed",
      robust: true,
      height: 230,
      log: state.logLoss,
      lines: raw.concat(shown.map((group) => line(group, "loss", {}))),
    },
  ];
  return [...ratePlan(), ...scores.slice(0, 1), ...losses, ...scores.slice(1), ...probePlan()];
}

// Ready charts, such as those of the range test: each has an x axis of its own.
function figurePlan() {
  return data.charts.map((chart, i) => ({
    id: `figure-${i}`,
    title: capital(chart.title),
    own: true,
    xLabel: chart.x_label,
    logX: chart.log_x,
    log: chart.log_y,
    zero: chart.zero,
    height: chart.series.some((s) => s.path) && !chart.log_x ? 520 : 300,
    lines: chart.series.map((s) => ({
      name: s.name,
      color: s.color,
      dash: s.color,
      group: -1,
      faint: s.faint,
      points: s.dots,
      path: s.path,
      gaps: true,
      curve: { x: s.x, y: s.y, low: [], high: [], each: [], many: false },
    })),
  }));
}

const isDrawn = (chart) => chart.lines.some((l) => l.curve.y.some(isNumber));

// The charts of the page, from the top: they share one x axis.
function plan() {
  if (!figures() && !groups.length) return []; // nothing is measured yet
  const charts = (
    figures()
      ? figurePlan()
      : data.kind === "preview"
        ? ratePlan().map((chart) => ({ ...chart, height: 260 }))
        : one()
          ? runPlan()
          : comparePlan()
  ).filter(isDrawn);
  const time = extent();
  charts.forEach((chart, i) => {
    if (chart.own) chart.extent = extentOf(chart);
    else
      Object.assign(chart, {
        extent: time,
        xLabel: state.unit,
        shade: true,
        bare: i + 1 < charts.length && chart.height < 160,
      });
  });
  return charts;
}

// ---- axes -------------------------------------------------------------------------------------------------
function extentOf(chart) {
  const xs = chart.lines.flatMap((l) => l.curve.x.filter((x) => isNumber(x) && (!chart.logX || x > 0)));
  const low = xs.reduce((a, b) => Math.min(a, b), Infinity),
    high = xs.reduce((a, b) => Math.max(a, b), -Infinity);
  return low < high ? [low, high] : [0, 1];
}

function extent() {
  let low = Infinity,
    high = -Infinity;
  for (const group of groups)
    for (const metric of ["lr", "val_loss"]) {
      const { x } = group.curves[metric];
      if (x.length) {
        low = Math.min(low, x[0]);
        high = Math.max(high, x[x.length - 1]);
      }
    }
  return low < high ? [low, high] : [0, 1];
}

// The numbers that a chart's y axis must show. The robust range is that of the last two thirds of the x axis
// without the lowest and highest hundredth of each line. A zoomed axis shows everything in its window.
function rangeOfLines(chart, robust) {
  const [from, to] = chart.own ? chart.extent : state.zoom || chart.extent,
    start = robust && !state.zoom ? from + (to - from) / 3 : from;
  let low = Infinity,
    high = -Infinity;
  const take = (x, values, part) => {
    const inside = values
      .filter((v, i) => isNumber(v) && (!chart.log || v > 0) && (chart.own || (x[i] >= start && x[i] <= to)))
      .sort((a, b) => a - b);
    if (!inside.length) return;
    low = Math.min(low, quantile(inside, robust ? part : 0));
    high = Math.max(high, quantile(inside, robust ? 1 - part : 1));
  };
  for (const l of chart.lines) {
    if (robust && l.spoils) continue;
    take(l.curve.x, l.curve.y, 0.01);
    if (l.curve.many && l.band !== false)
      for (const edge of [l.curve.low, l.curve.high]) take(l.curve.x, edge, 0.1);
    if (seedsShown(l)) for (const each of l.curve.each) take(l.curve.x, each, 0.01);
  }
  return [low, high];
}

// Half as much again on both sides, where the curves go beyond: the end of the rise is seen, and what comes
// after fills the chart.
function widened([low, high], [least, most], log) {
  if (log) {
    const half = Math.sqrt(high / low);
    return [Math.max(least, low / half), Math.min(most, high * half)];
  }
  return [Math.max(least, low - (high - low) / 2), Math.min(most, high + (high - low) / 2)];
}

// The range of a chart's y axis, with room around it.
function rangeOf(chart) {
  const all = rangeOfLines(chart, false),
    robust = chart.robust && !state.full ? rangeOfLines(chart, true) : all;
  let [low, high] = isFinite(robust[0]) && robust[1] > robust[0] ? robust : all;
  if (!isFinite(low)) return chart.log ? [0.1, 1] : [0, 1];
  if (robust !== all) [low, high] = widened([low, high], all, chart.log);
  if (all[1] - all[0] < 1.25 * (high - low)) [low, high] = all;
  chart.cut = all[0] < low || all[1] > high;
  if (chart.log) {
    const room = (high / low) ** 0.06;
    return high > low * 1.0001 ? [low / room, high * room] : [low / 2, high * 2];
  }
  if (chart.zero) low = Math.min(0, low);
  const room = high - low > 1e-9 * Math.abs(high) ? 0.06 * (high - low) : 0.1 * Math.abs(high || 1);
  return [chart.zero && low === 0 ? 0 : low - room, high + room];
}

const numberText = (chart) => (value) => (chart.percent ? +(100 * value).toFixed(2) + " %" : short(value, 6));
