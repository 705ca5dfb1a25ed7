// The charts: learning rate, momentum, loss and accuracy of all lanes, one above the other on one axis.
let charts = []; // { id, plot, box }
let drawnFor = ""; // what the charts were built for; anything else builds them anew
const narrow = () => innerWidth < 800;
// From the back row: larger on a larger screen.
const large = () => innerWidth >= 1700;
const chartFont = () => `${large() ? 19 : 15}px system-ui, sans-serif`;
const axisLeft = () => (large() ? 84 : 70);
const axisBottom = () => (large() ? 52 : 40);
const thicker = () => (large() ? 1.35 : 1);

// A column over the steps 0 to the end of the run, from values at their steps.
const blank = () => new Array(shared.steps + 1).fill(null);
function columnOf(values, from = 0) {
  const out = blank();
  for (let i = from; i < values.length && i < out.length; i++)
    out[i] = isNumber(values[i]) ? values[i] : null;
  return out;
}
function evalColumn(evals, name) {
  const out = blank();
  for (const row of evals) if (row.step < out.length && isNumber(row[name])) out[row.step] = row[name];
  return out;
}
const keepOf = () => Math.exp(-1 / Math.max(4, shared.steps / 40));
const smoothLoss = (lane) => smoothed(lane.loss, keepOf());

// The lowest and highest of several columns at each step.
function bandOf(columns) {
  const high = blank(),
    low = blank();
  high.forEach((_, i) => {
    const here = columns.map((column) => column[i]).filter(isNumber);
    if (here.length < 2) return;
    high[i] = Math.max(...here);
    low[i] = Math.min(...here);
  });
  return [high, low];
}

// ---- what each chart draws of a lane: columns, and how ----
const chosen = (lane) => lane === current();
const line = (lane, more) => ({
  stroke: colorOf(lane),
  width: (chosen(lane) ? 3.7 : 2.9) * thicker(),
  dash: dashes[indexOf(lane)],
  ...more,
});
const thin = (lane, part, width) => ({ stroke: faded(colorOf(lane), part), width, dash: [] });
const nothing = { stroke: "transparent", width: 0 };

function rateParts(name, done) {
  return (lane) => [
    {
      values: () => columnOf(lane.ahead[name], lane.stale ? 0 : Math.max(0, lane[done].length - 1)),
      ...thin(lane, 0.55, 3),
    },
    { values: () => columnOf(lane[done]), ...line(lane) },
  ];
}
const chartSpecs = {
  lr: { part: 0.34, least: 130, parts: rateParts("lr", "rate"), range: rangeOfRate },
  momentum: { part: 0.13, least: 62, parts: rateParts("momentum", "impulse"), range: rangeOfMomentum },
  loss: { part: 0.27, least: 100, range: rangeOfLoss, band: (run) => smoothed(run.loss, keepOf()) },
  accuracy: {
    part: 0.3,
    least: 110,
    range: rangeOfAccuracy,
    band: (run) => evalColumn(run.evals, "accuracy"),
  },
};
chartSpecs.loss.parts = (lane) => [
  ...bandParts(lane, chartSpecs.loss),
  {
    values: () => (lane.ghost ? columnOf(smoothed(lane.ghost.loss, keepOf())) : blank()),
    ...thin(lane, 0.4, 1.5),
  },
  {
    values: () => (chosen(lane) && !lane.band?.length ? columnOf(lane.loss) : blank()),
    ...thin(lane, 0.22, 1),
  },
  { values: () => columnOf(smoothLoss(lane)), ...line(lane) },
];
chartSpecs.accuracy.parts = (lane) => [
  ...bandParts(lane, chartSpecs.accuracy),
  {
    values: () => (lane.ghost ? evalColumn(lane.ghost.evals, "accuracy") : blank()),
    ...thin(lane, 0.4, 1.5),
  },
  { values: () => evalColumn(lane.evals, "accuracy"), ...line(lane, { spots: true }) },
];
function bandParts(lane, spec) {
  const both = () => bandOf((lane.band ?? []).map((run) => columnOf(spec.band(run))));
  let made = null; // both columns at once
  return [
    { values: () => (made = both())[0], ...nothing, fillTo: faded(colorOf(lane), 0.2) },
    { values: () => made[1], ...nothing },
  ];
}

// ---- ranges ----
let heldRange = null; // while a hand drags
const extremes = (columns) => {
  let low = Infinity,
    high = -Infinity;
  for (const column of columns)
    for (const value of column)
      if (isNumber(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
  return [low, high];
};
function rangeOfRate() {
  if (heldRange) return heldRange;
  const [low, high] = extremes(lanes.flatMap((lane) => [lane.ahead.lr, lane.rate]));
  if (!(high > 0)) return look.log ? [1e-4, 1] : [0, 1];
  if (!look.log) return [0, high * 1.2];
  const floor = Math.max(low > 0 ? low : 0, high * 1e-5);
  return [floor / 1.5, high * 1.5];
}
function rangeOfMomentum() {
  const [low, high] = extremes(lanes.flatMap((lane) => [lane.ahead.momentum, lane.impulse]));
  return low <= high ? [Math.max(0, low - 0.03), Math.min(1, high + 0.03)] : [0, 1];
}
function rangeOfLoss() {
  const [low, high] = extremes(
    lanes.flatMap((lane) => [
      smoothLoss(lane),
      ...(lane.ghost ? [smoothed(lane.ghost.loss, keepOf())] : []),
    ]),
  );
  if (low > high) return [0, 2.5];
  return [Math.max(0, Math.floor(low * 8) / 10), Math.min(3.2, Math.max(1, high * 1.05))];
}
// The first third of what was trained does not stretch the axis of the accuracy.
function rangeOfAccuracy() {
  const after = Math.max(shared.steps / 10, stepNow() / 3),
    rows = lanes.flatMap((lane) => [
      ...lane.evals,
      ...(lane.ghost?.evals ?? []),
      ...(lane.band ?? []).flatMap((run) => run.evals),
    ]),
    kept = rows.filter((row) => row.step >= after).map((row) => row.accuracy);
  const [low, high] = extremes([kept]);
  if (low > high) return [0, 1];
  return [Math.max(0, Math.floor(low * 20 - 0.4) / 20), Math.min(1, Math.ceil(high * 20 + 0.2) / 20)];
}

// ---- building ----
const moves = (lane) => {
  const [low, high] = extremes([lane.ahead.momentum, lane.impulse]);
  return high - low > 1e-6;
};
const momentumShown = () =>
  lanes.some(moves) ||
  new Set(lanes.map((lane) => lane.ahead.momentum[0]).filter((value) => isNumber(value))).size > 1;
const shownCharts = () => Object.keys(chartSpecs).filter((id) => id !== "momentum" || momentumShown());

function roomForCharts() {
  const top = byId("charts").getBoundingClientRect().top + scrollY;
  return Math.min(1100, Math.max(440, innerHeight - top - 72));
}
function heightsOf(ids) {
  const room = narrow() ? 560 : roomForCharts(),
    whole = ids.reduce((sum, id) => sum + chartSpecs[id].part, 0);
  return ids.map((id) => Math.max(chartSpecs[id].least, Math.floor((room * chartSpecs[id].part) / whole)));
}

const keyOfCharts = () =>
  [
    shownCharts(),
    lanes.map((lane) => lane.letter + (chosen(lane) ? lane.schedule + lane.by : "")),
    look.lane,
    isDark(),
    look.log,
    shared.steps,
    byId("charts").clientWidth,
    narrow() ? "" : innerHeight, // a phone's bars come and go
  ].join("|");

function buildCharts() {
  for (const { plot } of charts) plot.destroy();
  const place = byId("charts"),
    ids = shownCharts(),
    heights = heightsOf(ids),
    focused = document.activeElement?.closest?.(".chart")?.dataset.chart;
  place.textContent = "";
  const boxes = ids.map(chartBox);
  place.append(...boxes);
  charts = ids.map((id, i) => ({
    id,
    box: boxes[i],
    plot: buildChart(id, boxes[i], heights[i], i + 1 === ids.length),
  }));
  if (focused && !place.contains(document.activeElement))
    charts.find((each) => each.id === focused)?.box.focus({ preventScroll: true });
  attachHandles();
  place.dataset.drawn = ids.length;
}

function chartBox(id) {
  const box = make("figure", { className: "chart", tabIndex: 0 });
  box.dataset.chart = id;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", texts.chartHelp(texts.chart[id]));
  const title = make("figcaption", {}, texts.chart[id]);
  if (id === "lr") {
    const log = make("button", { className: "small", textContent: texts.logRate, title: texts.logHint });
    log.setAttribute("aria-pressed", look.log);
    log.addEventListener("click", () => {
      look.log = !look.log;
      changed();
    });
    title.append(" ", log);
  }
  box.append(title);
  box.addEventListener("keydown", readByKey);
  return box;
}

function partsOf(id) {
  const order = [...lanes].sort((a, b) => chosen(a) - chosen(b)); // the chosen lane lies on top
  return order.flatMap(chartSpecs[id].parts);
}
function dataOf(parts) {
  const x = Array.from({ length: shared.steps + 1 }, (_, i) => i);
  return [x, ...parts.map((part) => part.values())];
}

function buildChart(id, box, height, last) {
  const parts = partsOf(id),
    ink = isDark() ? "#c8ccd2" : "#4a4f57",
    grid = { stroke: isDark() ? "#ffffff18" : "#00000014", width: 1 },
    font = chartFont();
  const ticks = (axis, room, log) => (u, index, low, high) =>
    ticksOf(low, high, u.bbox[axis] / (devicePixelRatio || 1) / room, log);
  const shape = {
    stroke: ink,
    grid,
    ticks: { ...grid, size: 4 },
    font,
    gap: 4,
    filter: (u, splits) => splits,
  };
  const options = {
    width: Math.max(240, box.clientWidth - 4),
    height: height + (last ? axisBottom() : 0),
    legend: { show: false },
    padding: [11, 20, last ? 0 : 7, 0],
    cursor: {
      drag: { x: false, y: false, setScale: false },
      sync: { key: "playground", scales: ["x", null] },
      points: { size: 8 },
    },
    scales: {
      x: { time: false, range: () => [0, shared.steps] },
      y: { distr: id === "lr" && look.log ? 3 : 1, range: () => chartSpecs[id].range() },
    },
    axes: [
      {
        ...shape,
        size: last ? axisBottom() - (large() ? 24 : 18) : 0,
        splits: ticks("width", large() ? 120 : 90),
        values: (u, all) => all.map((v) => (last ? short(v, 6) : "")),
        ...(last
          ? { label: texts.steps, labelSize: large() ? 24 : 18, labelGap: 0, labelFont: font }
          : { ticks: { show: false } }),
      },
      {
        ...shape,
        size: axisLeft(),
        splits: ticks("height", large() ? 48 : 34, id === "lr" && look.log),
        values: (u, all) => all.map((v) => (id === "accuracy" ? `${Math.round(100 * v)} %` : short(v, 4))),
      },
    ],
    series: [
      {},
      ...parts.map(({ stroke, width, dash, spots }) => ({
        stroke,
        width,
        dash,
        spanGaps: true,
        points: { show: !!spots, size: 6, fill: stroke, stroke },
      })),
    ],
    bands: parts.flatMap((part, i) => (part.fillTo ? [{ series: [i + 1, i + 2], fill: part.fillTo }] : [])),
    hooks: {
      drawClear: [shadeCycles],
      draw: [markStep, ...(id === "lr" ? [placeHandles] : [])],
      setCursor: [
        (u) => u.cursor.event && pointAt(u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null),
      ],
    },
  };
  const plot = new uPlot(options, dataOf(parts), box);
  plot.parts = parts;
  plot.over.addEventListener("mouseleave", () => pointAt(null));
  return plot;
}

function drawCharts() {
  const key = keyOfCharts();
  if (key !== drawnFor) {
    drawnFor = key;
    buildCharts();
  } else for (const { plot } of charts) plot.setData(dataOf(plot.parts), true);
}

// ---- drawn into them ----
function inside(u, draw) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox, devicePixelRatio || 1);
  ctx.restore();
}

// Every second cycle of the chosen lane is shaded, and a dashed line goes through each peak of its rate.
function shadeCycles(u) {
  const lane = current(),
    bounds = lane && !lane.wrong ? cyclesOf(lane, shared.steps) : [];
  if (bounds.length < 2 || bounds.length > 60) return;
  const at = (step) => u.valToPos(step, "x", true);
  inside(u, (ctx, bbox, ratio) => {
    ctx.fillStyle = isDark() ? "#ffffff12" : "#0000000d";
    for (let i = 1; i + 1 < bounds.length; i += 2)
      ctx.fillRect(at(bounds[i]), bbox.top, at(bounds[i + 1]) - at(bounds[i]), bbox.height);
    ctx.strokeStyle = isDark() ? "#ffffff44" : "#00000038";
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 4 * ratio]);
    for (const bound of bounds.slice(0, -1)) {
      const x = Math.round(at(peakAfter(lane, bound))) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
  });
}

function markStep(u) {
  const step = stepNow();
  if (!step || step >= shared.steps) return;
  inside(u, (ctx, bbox, ratio) => {
    const x = Math.round(u.valToPos(step, "x", true));
    ctx.strokeStyle = isDark() ? "#ffffffaa" : "#000000aa";
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([]); // the last line leaves its own
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  });
}

// ---- reading ----
function pointAt(x) {
  const step = x === null ? null : Math.max(0, Math.min(shared.steps, Math.round(x)));
  if (step === look.at) return;
  look.at = step;
  showLanes();
  showClock();
}

function readByKey(event) {
  if (event.target !== event.currentTarget) return;
  const far = event.shiftKey ? 20 : 1,
    from = look.at ?? stepNow();
  const to = {
    ArrowRight: from + far,
    ArrowLeft: from - far,
    Home: 0,
    End: shared.steps,
    Escape: null,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  pointAt(to);
  const { plot } = charts[0];
  plot.setCursor({ left: to === null ? -10 : plot.valToPos(look.at, "x"), top: 10 });
  byId("spoken").textContent =
    to === null ? "" : [texts.clockPointed(look.at), ...lanes.map(spokenAt)].join(". ");
}
