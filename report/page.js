// The page of curves: data, charts and legend. The data is one JSON object; everything on the page is made from it, again whenever something is changed.
// page.js, page_tables.js and page_controls.js are the body of one function, in this order.
const byId = (id) => document.getElementById(id);
const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};
let data = JSON.parse(byId("data").textContent);
const palettes = { // Okabe and Ito 2008, and the same hues for dark ground
  light: ["#0072b2", "#d55e00", "#009e73", "#b5508f", "#a08c00", "#3d9bd4", "#1c1e21"],
  dark: ["#5aa9e6", "#ff8a50", "#2ec4a0", "#e59ac4", "#e8da5a", "#a5d8ff", "#f2f2f2"],
};
const dashes = [[], [9, 4], [2, 3], [11, 3, 2, 3], [13, 3, 2, 3, 2, 3], [18, 6], [5, 4]];
const state = { unit: "step", smooth: 0.9, raw: data.kind === "run", logLoss: false, logRate: false, hidden: new Set(), focus: null, zoom: null,
  theme: "auto", print: false, light: false, x: null };
let charts = [], groups = [], marked = [];

// ---- numbers -------------------------------------------------------------------------------------------------
const isNumber = (value) => typeof value === "number" && isFinite(value);
const short = (value, digits) => !isNumber(value) ? "–" : value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
  ? value.toExponential(2) : String(+value.toPrecision(digits || 4));
// Decimal places as C's printf rounds: a tie goes to the even digit; toFixed takes it away from 0.
const decimals = (value, digits) => {
  const text = value.toFixed(digits), exact = Math.abs(value).toFixed(digits + 40);
  return /^50*$/.test(exact.slice(-40)) && /[13579]$/.test(text) ? (value < 0 ? "-" : "") + exact.slice(0, -40) : text;
};
const percent = (value) => isNumber(value) ? decimals(100 * value, 2) + " %" : "–";
const metrics = data.metrics, chief = metrics[0] || { name: "", title: "", lower: false, percent: false }; // the chief one first
const showMetric = (metric) => (metric.percent ? percent : (value) => isNumber(value) ? decimals(value, 4) : "–");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const mean = (values) => values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
const spread = (values) => {
  const middle = mean(values);
  return values.length < 2 ? null : Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
};

// Exponential mean without the bias of its start (as in Adam, Kingma and Ba 2015).
function smoothed(values, keep) {
  let sum = 0, weight = 0;
  return values.map((value) => {
    if (isNumber(value)) { sum = keep * sum + (1 - keep) * value; weight = keep * weight + 1 - keep; }
    return weight > 0 ? sum / weight : null;
  });
}

function nearest(xs, x) {
  let low = 0, high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1; else high = middle;
  }
  return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
}

// ---- runs and groups -----------------------------------------------------------------------------------------
// Seconds of a step: between the ends of epochs, evenly.
function secondsAt(run, step) {
  let before = 0, time = 0;
  for (let i = 0; i < run.epoch.step.length; i++) {
    const end = run.epoch.step[i], seconds = run.epoch.seconds[i];
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

function valuesOf(run, metric) {
  if (metric === "raw") return run.loss;
  if (metric === "loss") return smoothed(run.loss, Math.pow(state.smooth, run.stride));
  if (metric === "lr" || metric === "momentum") return run.rates === null ? run[metric] : data.runs[run.rates][metric];
  return perStep.has(metric) ? run[metric] : run.epoch[metric];
}

// A group's curve: the mean of its runs, and the least and greatest where it has several.
function curveOf(group, metric) {
  const all = group.runs.map((run) => valuesOf(run, metric));
  const longest = all.reduce((best, values, i) => (values.length > all[best].length ? i : best), 0);
  const curve = { x: [], y: [], low: [], high: [], many: all.length > 1 };
  const steps = perStep.has(metric) ? all[longest].map((_, i) => i * group.runs[longest].stride) : group.runs[longest].epoch.step;
  for (let i = 0; i < all[longest].length; i++) {
    const values = all.map((each) => each[i]).filter(isNumber);
    const at = mean(group.runs.map((run) => unitOf(run, steps[i])).filter(isNumber));
    if (at === null) continue;
    curve.x.push(at);
    curve.y.push(mean(values));
    curve.low.push(values.length ? Math.min(...values) : null);
    curve.high.push(values.length ? Math.max(...values) : null);
  }
  return curve;
}

function bestOf(group) {
  const watched = group.curves[`val_${chief.name}`], useful = watched && watched.y.some(isNumber), lower = !useful || chief.lower;
  const values = (useful ? watched : group.curves.train_loss).y.map((v) => (isNumber(v) && lower ? -v : v));
  let best = -1;
  values.forEach((v, i) => { if (isNumber(v) && (best < 0 || v > values[best])) best = i; });
  return best;
}

function gather() {
  groups = data.groups.map((group, index) => ({ ...group, index, runs: data.runs.filter((run) => run.group === index) }))
    .filter((group) => group.runs.length && group.runs.some((run) => run.loss.length));
  for (const group of groups) {
    group.curves = {};
    for (const metric of ["lr", "momentum", "loss", "raw", "train_loss", "val_loss", ...metrics.flatMap((m) => [`train_${m.name}`, `val_${m.name}`])])
      group.curves[metric] = curveOf(group, metric);
    const only = one() && group.runs[0];
    if (only && only.low) Object.assign(group.curves.raw, { low: only.low, high: only.high, many: true }); // thinned: no spike is lost
    group.best = bestOf(group);
  }
}

// ---- colours -------------------------------------------------------------------------------------------------
const darkWanted = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => !state.light && (state.theme === "dark" || (state.theme === "auto" && darkWanted.matches));
const colorOf = (index) => palettes[isDark() ? "dark" : "light"][index % 7];
const dashOf = (index) => dashes[(index + Math.floor(index / 7)) % 7];
const faded = (color, part) => color + Math.round(255 * part).toString(16).padStart(2, "0");

// ---- charts --------------------------------------------------------------------------------------------------
const one = () => data.kind === "run";
const line = (group, metric, more) => ({ name: group.name, curve: group.curves[metric], color: group.index, group: group.index, metric, ...more });

// What is drawn, in this order: title, unit, whether its axis may be logarithmic, and lines.
function plan() {
  const shown = groups.filter((group) => !state.hidden.has(group.index));
  const rates = [
    { id: "lr", title: "Learning rate", small: true, log: state.logRate, lines: shown.map((group) => line(group, "lr", { band: false })) },
    { id: "momentum", title: "Momentum (β₁ in Adam’s family)", small: true, lines: shown.map((group) => line(group, "momentum", { band: false })) },
  ];
  if (one()) {
    const lossLines = [], metricLines = metrics.map(() => []);
    for (const group of shown) {
      if (state.raw) lossLines.push(line(group, "raw", { name: "each step", faint: true, color: 0 }));
      lossLines.push(line(group, "loss", { name: "training, smoothed", color: 0, dash: 0 }),
        line(group, "train_loss", { name: "training, mean of the epoch", color: 0, dash: 2, points: true, band: false }),
        line(group, "val_loss", { name: "validation", color: 1, dash: 1, points: true, gap: true, best: true }));
      metrics.forEach((m, i) => metricLines[i].push(line(group, `train_${m.name}`, { name: "training", color: 0, dash: 0, points: true }),
        line(group, `val_${m.name}`, { name: "validation", color: 1, dash: 1, points: true, best: true })));
    }
    return [{ id: "loss", title: "Loss", log: state.logLoss, lines: lossLines }, ...metrics.map((m, i) => ({ id: m.name, title: capital(m.title), percent: m.percent, lines: metricLines[i] })), ...rates];
  }
  const followed = shown.filter((group) => group.index === state.focus); // its gap is shown
  const raw = state.raw ? shown.map((group) => line(group, "raw", { faint: true, band: false })) : [];
  return [
    ...metrics.map((m) => ({ id: `val_${m.name}`, title: `Validation ${m.title}`, percent: m.percent, lines: shown.map((group) => line(group, `val_${m.name}`, { points: true, best: true })) })),
    { id: "val_loss", title: "Validation loss", log: state.logLoss, lines: shown.map((group) => line(group, "val_loss", { points: true, gap: group.index === state.focus }))
      .concat(followed.map((group) => line(group, "train_loss", { name: `${group.name}, training`, dash: dashes[group.index % 7] === dashes[2] ? 0 : 2, band: false }))) },
    { id: "loss", title: "Training loss, smoothed", small: true, log: state.logLoss, lines: raw.concat(shown.map((group) => line(group, "loss", {}))) },
    ...rates,
  ];
}

// The lines over one x axis: where a line has no value of its own, undefined (uPlot draws on to its next).
function align(lines) {
  const same = lines.every((l) => l.curve.x.length === lines[0].curve.x.length && l.curve.x.every((x, i) => x === lines[0].curve.x[i]));
  if (same) return { x: lines.length ? lines[0].curve.x : [], place: (curve, values) => values };
  const x = [...new Set(lines.flatMap((l) => l.curve.x))].sort((a, b) => a - b), at = new Map(x.map((value, i) => [value, i]));
  const place = (curve, values) => {
    const out = new Array(x.length);
    curve.x.forEach((value, i) => { out[at.get(value)] = values[i]; });
    return out;
  };
  return { x, place };
}

const drawable = (values, log) => (log ? values.map((v) => (isNumber(v) && v <= 0 ? null : v)) : values);

function seriesOf(chart) {
  const { x, place } = align(chart.lines), series = [{}], columns = [x], bands = [];
  const add = (values, l, options) => {
    columns.push(place(l.curve, drawable(values, chart.log)));
    series.push({ spanGaps: true, points: { show: false }, ...options });
    return series.length - 1;
  };
  for (const l of chart.lines) {
    const color = colorOf(l.color), dim = state.focus !== null && state.focus !== l.group ? 0.15 : 1;
    if (l.curve.many && l.band !== false) {
      const high = add(l.curve.high, l, { stroke: "transparent", width: 0 }), low = add(l.curve.low, l, { stroke: "transparent", width: 0 });
      bands.push({ series: [high, low], fill: faded(color, 0.16 * dim) });
    }
    add(l.curve.y, l, { label: l.name, stroke: faded(color, (l.faint ? 0.28 : 1) * dim), width: l.faint ? 1 : 2, dash: l.faint ? [] : dashOf(l.dash ?? l.color),
      points: { show: !!l.points && l.curve.x.length < 60, size: 6, fill: faded(color, dim), stroke: faded(color, dim) } });
  }
  return { columns, series, bands };
}

// Where the learning rate turns from falling to rising: a cycle ends and the next one begins.
function cyclesOf(group) {
  const { x, y } = group.curves.lr, starts = [x[0]];
  let falling = false;
  for (let i = 1; i < y.length; i++) {
    const tiny = 1e-9 * Math.abs(y[i]);
    if (y[i] < y[i - 1] - tiny) falling = true;
    else if (y[i] > y[i - 1] + tiny && falling) { starts.push(x[i - 1]); falling = false; }
  }
  return starts.length > 1 && starts.length < 200 ? starts.concat(x[x.length - 1]) : [];
}

function shadeCycles(u) {
  const group = groups.find((each) => (state.focus === null ? one() : each.index === state.focus));
  if (!group) return;
  const ends = cyclesOf(group), { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = isDark() ? "#ffffff12" : "#0000000d";
  for (let i = 1; i + 1 < ends.length; i += 2) {
    const left = u.valToPos(ends[i], "x", true);
    ctx.fillRect(left, bbox.top, u.valToPos(ends[i + 1], "x", true) - left, bbox.height);
  }
  ctx.restore();
}

// Between training and validation loss: orange where validation is worse (over-fitting), blue where it is better.
function shadeGap(u, chart) {
  const l = chart.lines.find((each) => each.gap), train = l && groups.find((each) => each.index === l.group).curves.train_loss;
  if (!l) return;
  const { ctx, bbox } = u, at = (curve, i) => [u.valToPos(curve.x[i], "x", true), u.valToPos(curve.y[i], "y", true)];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (let i = 1; i < l.curve.x.length; i++) {
    const corners = [at(l.curve, i - 1), at(l.curve, i), at(train, i), at(train, i - 1)];
    if (!corners.flat().every(isFinite)) continue;
    ctx.fillStyle = faded(colorOf(l.curve.y[i] + l.curve.y[i - 1] > train.y[i] + train.y[i - 1] ? 1 : 0), 0.2);
    ctx.beginPath();
    corners.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.fill();
  }
  ctx.restore();
}

// Words over lines, which stand back around them.
function label(ctx, text, x, y, ratio) {
  ctx.lineJoin = "round";
  ctx.lineWidth = 5 * ratio;
  ctx.strokeStyle = isDark() ? "#1d2026" : "#f5f6f8";
  ctx.strokeText(text, x, y);
  ctx.fillStyle = inkColor();
  ctx.fillText(text, x, y);
}

function markBest(u, chart) {
  const { ctx } = u, ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `600 ${14 * ratio}px system-ui, sans-serif`;
  for (const l of chart.lines) {
    const group = groups.find((each) => each.index === l.group);
    if (!l.best || !group || group.best < 0 || (state.focus !== null && state.focus !== l.group)) continue;
    const x = u.valToPos(l.curve.x[group.best], "x", true), y = u.valToPos(l.curve.y[group.best], "y", true);
    if (!isFinite(x) || !isFinite(y) || x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    ctx.strokeStyle = colorOf(l.color);
    ctx.lineWidth = 2 * ratio;
    ctx.beginPath();
    ctx.arc(x, y, 7 * ratio, 0, 7);
    ctx.stroke();
    if (!one()) continue;
    // The words stand over the ring, or under it where there is no room, and reach over it sideways.
    const text = `best: epoch ${group.runs[0].epoch.epoch[group.best] + 1}`, half = ctx.measureText(text).width / 2, edge = half + 4 * ratio;
    const middle = Math.max(u.bbox.left + edge, Math.min(x, u.bbox.left + u.bbox.width - edge));
    label(ctx, text, middle - half, y - u.bbox.top < 32 * ratio ? y + 24 * ratio : y - 13 * ratio, ratio);
  }
  ctx.restore();
}

const axisFont = () => `${state.print ? 12 : 14}px system-ui, sans-serif`;
const inkColor = () => (isDark() ? "#e8e8e8" : "#1c1e21");

// A line that is level gets room around it.
const rangeOf = (u, low, high) => (high - low <= 1e-9 * Math.abs(high) ? [low - 0.1 * Math.abs(low || 1), high + 0.1 * Math.abs(high || 1)] : uPlot.rangeNum(low, high, 0.06, true));

function optionsOf(chart, parts, width, range) {
  const ink = isDark() ? "#c8ccd2" : "#4a4f57", grid = { stroke: isDark() ? "#ffffff18" : "#00000014", width: 1 };
  const numbers = (u, values) => values.map((v) => (v === null ? "" : chart.percent ? +(100 * v).toFixed(2) + " %" : short(v, 6)));
  return {
    width, height: state.print ? (chart.small ? 200 : 260) : chart.small ? 235 : 310,
    legend: { show: false },
    cursor: { sync: { key: "lathe", scales: ["x", null] }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { time: false, range: () => state.zoom || range }, y: chart.log ? { distr: 3 } : { range: rangeOf } },
    axes: [
      { stroke: ink, grid, ticks: grid, font: axisFont(), size: 36, label: state.unit, labelSize: 20, labelGap: -4, labelFont: axisFont() },
      { stroke: ink, grid, ticks: grid, font: axisFont(), size: 72, values: numbers },
    ],
    series: parts.series, bands: parts.bands,
    hooks: {
      drawClear: [shadeCycles, (u) => shadeGap(u, chart)],
      draw: [(u) => markBest(u, chart)],
      setCursor: [(u) => { if (u.cursor.left >= 0) { state.x = u.posToVal(u.cursor.left, "x"); readAt(state.x); } }],
      setSelect: [(u) => {
        const { left, width: wide } = u.select;
        if (wide > 4) zoom(u.posToVal(left, "x"), u.posToVal(left + wide, "x"));
      }],
    },
  };
}

function zoom(low, high) {
  state.zoom = low === undefined ? null : [low, high];
  byId("reset").disabled = !state.zoom;
  for (const { plot } of charts) {
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    plot.setData(plot.data, true);
  }
}

function extent() {
  let low = Infinity, high = -Infinity;
  for (const group of groups) for (const metric of ["lr", "val_loss"]) {
    const { x } = group.curves[metric];
    if (x.length) { low = Math.min(low, x[0]); high = Math.max(high, x[x.length - 1]); }
  }
  return low < high ? [low, high] : [0, 1];
}

function chartBox(chart) {
  const box = make("figure", { className: chart.small && !one() ? "chart third" : "chart", tabIndex: 0 });
  box.dataset.chart = chart.id;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${chart.title}. Arrow keys move along the steps, plus and minus zoom, Escape shows everything.`);
  const save = make("button", { textContent: "SVG", title: "Download this chart as SVG", className: "small" });
  save.setAttribute("aria-label", `Download ${chart.title} as SVG`);
  save.addEventListener("click", () => download(`${chart.id}.svg`, "image/svg+xml", svgOf(charts.find((each) => each.id === chart.id))));
  const caption = make("figcaption", {}, make("b", { textContent: chart.title }));
  if ((one() && chart.lines.length > 1) || chart.lines.some((l) => l.gap)) for (const l of chart.lines.filter((each) => one() || each.group === state.focus)) caption.append(make("span", { className: "key" }, swatch(l.color, l.dash ?? l.color, l.faint), l.name));
  caption.append(save);
  box.append(caption);
  box.addEventListener("keydown", (event) => chartKey(event, chart.id));
  return box;
}

// On paper a chart is a drawing, which the sheet makes as wide as it likes.
const widthOf = (box) => (state.print ? 480 : Math.max(200, box.clientWidth - 8));
const drawing = (text) => { const place = make("div", { className: "drawing", innerHTML: text }); return place; };

function draw() {
  const active = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.chart : null;
  for (const { plot } of charts) plot.destroy();
  const place = byId("charts"), range = extent();
  place.textContent = "";
  const planned = plan().filter((chart) => chart.lines.some((l) => l.curve.y.some(isNumber)));
  const boxes = planned.map(chartBox); // all of them before the first is measured
  place.append(...boxes);
  charts = planned.map((chart, i) => {
    const box = boxes[i], parts = seriesOf(chart);
    const plot = new uPlot(optionsOf(chart, parts, widthOf(box), range), parts.columns, box);
    plot.over.addEventListener("dblclick", () => zoom());
    plot.over.addEventListener("mouseleave", () => { state.x = null; readAt(lastX()); });
    if (state.print) queueMicrotask(() => box.replaceChild(drawing(svgOf({ chart, plot })), plot.root)); // uPlot knows its scales then
    return { id: chart.id, chart, box, plot };
  });
  place.dataset.drawn = charts.length;
  if (active) { const again = charts.find((each) => each.id === active); if (again) again.box.focus({ preventScroll: true }); }
}

function resize() {
  for (const { plot, box } of charts) plot.setSize({ width: widthOf(box), height: plot.height });
}

// ---- reading a step, and the legend --------------------------------------------------------------------------
function swatch(color, dash, faint) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
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

const legendColumns = [["lr", "learning rate", short], ["momentum", "momentum", short], ["raw", "train loss", short], ["loss", "smoothed", short], ["val_loss", "val loss", short],
  ...metrics.map((m) => [`val_${m.name}`, `val ${m.title}`, showMetric(m)])];

function buildLegend() {
  const table = byId("legend");
  table.textContent = "";
  const head = make("tr", {}, make("th", { scope: "col", id: "position" }));
  for (const [, title] of legendColumns) head.append(make("th", { textContent: title, scope: "col" }));
  table.append(make("thead", {}, head));
  const body = make("tbody", {});
  marked = [];
  for (const group of groups) {
    const button = make("button", { className: "name", title: "Click: show or hide. Point at it: its cycles and the gap between its losses" }, swatch(group.index, group.index), group.name);
    button.setAttribute("aria-pressed", String(!state.hidden.has(group.index)));
    button.addEventListener("click", () => {
      if (state.hidden.has(group.index)) state.hidden.delete(group.index); else state.hidden.add(group.index);
      button.setAttribute("aria-pressed", String(!state.hidden.has(group.index)));
      draw();
    });
    const row = make("tr", {}, make("th", { scope: "row" }, button)), cells = legendColumns.map(() => make("td", { textContent: "–" }));
    row.append(...cells);
    if (groups.length > 1) {
      row.addEventListener("mouseenter", () => focus(group.index));
      row.addEventListener("mouseleave", () => focus(null));
      button.addEventListener("focus", () => { if (button.matches(":focus-visible")) focus(group.index); });
      button.addEventListener("blur", () => focus(null));
    }
    body.append(row);
    marked.push({ group, cells });
  }
  table.append(body);
}

let focusTimer = 0;
function focus(index) {
  clearTimeout(focusTimer);
  focusTimer = setTimeout(() => { if (state.focus !== index) { state.focus = index; draw(); } }, 120);
}

// The newest step, which the table follows while nobody points at another.
const lastX = () => Math.max(0, ...groups.map((group) => group.curves.lr.x.at(-1) ?? 0));

function readAt(x) {
  let said = "";
  for (const { group, cells } of marked) {
    legendColumns.forEach(([metric, , format], i) => {
      const curve = group.curves[metric];
      cells[i].textContent = curve.x.length ? format(curve.y[nearest(curve.x, x)]) : "–";
    });
    const run = group.runs[0], index = nearest(group.curves.lr.x, x), step = index * run.stride;
    if (!said) said = `step ${step}${run.stride > 1 ? "–" + (step + run.stride - 1) : ""}, epoch ${Math.floor(step / run.per_epoch) + 1}`;
  }
  byId("position").textContent = said;
}

function chartKey(event, id) {
  const { plot } = charts.find((each) => each.id === id), [low, high] = [plot.scales.x.min, plot.scales.x.max];
  const xs = groups[0].curves.lr.x, at = state.x === null ? low : state.x, move = (by) => xs[Math.max(0, Math.min(xs.length - 1, nearest(xs, at) + by))];
  let to = null;
  if (event.key === "ArrowRight") to = move(event.shiftKey ? 50 : 1);
  else if (event.key === "ArrowLeft") to = move(event.shiftKey ? -50 : -1);
  else if (event.key === "Home") to = low;
  else if (event.key === "End") to = high;
  else if (event.key === "+" || event.key === "=") zoom(Math.max(low, at - (high - low) / 4), Math.min(high, at + (high - low) / 4));
  else if (event.key === "-" || event.key === "Escape") zoom();
  else return;
  event.preventDefault();
  if (to === null) return;
  state.x = to;
  for (const each of charts) each.plot.setCursor({ left: each.plot.valToPos(to, "x"), top: each.plot.over.clientHeight / 2 }, true, false);
  readAt(to);
  byId("said").textContent = byId("position").textContent + marked.map(({ group, cells }) =>
    `; ${group.name}: ` + legendColumns.map(([, title], i) => `${title} ${cells[i].textContent}`).join(", ")).slice(0, 3).join("");
}
