// The page of curves: charts on canvases, by uPlot, and what is drawn into them.
let charts = [];
// How large a chart's words and lines are. The lecture view has its own.
const pageLook = { font: 14, line: 2, left: 74, bottom: 26, label: 18 };

// The lines over one x axis: where a line has no value of its own, undefined (uPlot draws on to its next).
function align(lines) {
  const same = lines.every(
    (l) =>
      l.curve.x.length === lines[0].curve.x.length && l.curve.x.every((x, i) => x === lines[0].curve.x[i]),
  );
  if (same) return { x: lines.length ? lines[0].curve.x : [], place: (curve, values) => values };
  const x = [...new Set(lines.flatMap((l) => l.curve.x))].sort((a, b) => a - b),
    at = new Map(x.map((value, i) => [value, i]));
  const place = (curve, values) => {
    const out = new Array(x.length);
    curve.x.forEach((value, i) => {
      out[at.get(value)] = values[i];
    });
    return out;
  };
  return { x, place };
}

const drawable = (values, log) => (log ? values.map((v) => (isNumber(v) && v <= 0 ? null : v)) : values);
const dimOf = (l) => (state.focus !== null && state.focus !== l.group && l.group >= 0 ? 0.15 : 1);
const plainLines = (chart) => chart.lines.filter((l) => !l.path);
const pathLines = (chart) => chart.lines.filter((l) => l.path);

// Single seeds are drawn on request, and where they are too few for an interval.
const seedsShown = (l) =>
  l.curve.each.length > 1 && l.band !== false && !l.faint && (state.seeds || !l.curve.many);

function seriesOf(chart, look) {
  const lines = plainLines(chart),
    { x, place } = align(lines),
    series = [{}],
    columns = [x],
    bands = [];
  const add = (values, l, options) => {
    columns.push(place(l.curve, drawable(values, chart.log)));
    series.push({ spanGaps: !l.gaps, points: { show: false }, ...options });
    return series.length - 1;
  };
  for (const l of lines) {
    const color = colorOf(l.color),
      dim = dimOf(l);
    if (l.curve.many && l.band !== false) {
      const high = add(l.curve.high, l, { stroke: "transparent", width: 0 }),
        low = add(l.curve.low, l, { stroke: "transparent", width: 0 });
      bands.push({ series: [high, low], fill: faded(color, 0.16 * dim) });
    }
    if (seedsShown(l))
      for (const each of l.curve.each)
        add(each, l, {
          stroke: faded(color, 0.45 * dim),
          width: look.line / 2,
          dash: dashOf(l.dash ?? l.color),
        });
    add(l.curve.y, l, {
      label: l.name,
      stroke: faded(color, (l.faint ? 0.28 : 1) * dim),
      width: l.faint ? look.line / 2 : l.thick ? 1.8 * look.line : look.line,
      dash: l.faint ? [] : dashOf(l.dash ?? l.color).map((part) => (part * look.line) / 2),
      points: {
        show: !!l.points && l.curve.x.length < 60,
        size: 3 * look.line,
        fill: faded(color, dim),
        stroke: faded(color, dim),
      },
    });
  }
  if (!lines.length) {
    columns[0] = chart.extent;
    columns.push([null, null]);
    series.push({ points: { show: false } });
  }
  return { columns, series, bands };
}

// ---- drawn into a chart -----------------------------------------------------------------------------------
function inside(u, draw) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
}

// The group whose cycles are shaded: the one that is followed, or the only one that has cycles.
function shadedGroup() {
  if (state.focus !== null) return groups.find((each) => each.index === state.focus);
  const cyclic = shownGroups().filter((group) => group.cycles.length);
  return cyclic.every((group) => String(group.cycles) === String(cyclic[0].cycles)) ? cyclic[0] : undefined;
}

// The shaded cycles as pairs of x, and the x of each peak of the rate.
function shadesOf(group) {
  const run = group.runs[0],
    at = (step) => unitOf(run, step),
    bounds = group.cycles.map(at),
    pairs = [];
  for (let i = 1; i + 1 < bounds.length; i += 2) pairs.push([bounds[i], bounds[i + 1]]);
  const peaks = peaksOf(run, group.cycles);
  return { pairs, peaks: peaks.length <= 24 ? peaks.map((each) => at(each.peak)) : [] };
}

function shadeCycles(u, chart) {
  const group = chart.shade && shadedGroup();
  if (!group || !group.cycles.length) return;
  const { pairs, peaks } = shadesOf(group),
    ratio = devicePixelRatio || 1;
  inside(u, (ctx, bbox) => {
    ctx.fillStyle = isDark() ? "#ffffff16" : "#00000010";
    for (const [from, to] of pairs) {
      const left = u.valToPos(from, "x", true);
      ctx.fillRect(left, bbox.top, u.valToPos(to, "x", true) - left, bbox.height);
    }
    ctx.strokeStyle = isDark() ? "#ffffff55" : "#00000044";
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 4 * ratio]);
    for (const peak of peaks) {
      const x = Math.round(u.valToPos(peak, "x", true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
  });
}

// Between training and validation loss: orange where validation is worse (over-fitting), blue where it is
// better. Where validation was measured inside epochs, the training loss is the smoothed one.
function gapOfLine(l) {
  const curves = groups.find((each) => each.index === l.group).curves;
  if (l.curve.x.length === curves.train_loss.x.length) return curves.train_loss.y;
  return l.curve.x.map((x) => curves.loss.y[nearest(curves.loss.x, x)]);
}

function shadeGap(u, chart) {
  const l = chart.lines.find((each) => each.gap);
  if (!l) return;
  const train = gapOfLine(l),
    at = (i, y) => [u.valToPos(l.curve.x[i], "x", true), u.valToPos(y, "y", true)];
  inside(u, (ctx) => {
    for (let i = 1; i < l.curve.x.length; i++) {
      const corners = [
        at(i - 1, l.curve.y[i - 1]),
        at(i, l.curve.y[i]),
        at(i, train[i]),
        at(i - 1, train[i - 1]),
      ];
      if (![l.curve.y[i], l.curve.y[i - 1], train[i], train[i - 1]].every(isNumber)) continue;
      ctx.fillStyle = faded(colorOf(l.curve.y[i] + l.curve.y[i - 1] > train[i] + train[i - 1] ? 1 : 0), 0.2);
      ctx.beginPath();
      corners.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
      ctx.fill();
    }
  });
}

// Words over lines, which stand back around them.
function label(ctx, text, x, y, ratio) {
  ctx.lineJoin = "round";
  ctx.lineWidth = 5 * ratio;
  ctx.strokeStyle = isDark() ? "#1d2026" : "#f5f6f8";
  ctx.setLineDash([]);
  ctx.textAlign = "left"; // the axes leave theirs
  ctx.textBaseline = "alphabetic";
  ctx.strokeText(text, x, y);
  ctx.fillStyle = inkColor();
  ctx.fillText(text, x, y);
}

function markBest(u, chart, look) {
  const { ctx } = u,
    ratio = devicePixelRatio || 1,
    radius = 3.5 * look.line * ratio;
  ctx.save();
  ctx.font = `600 ${look.font * ratio}px system-ui, sans-serif`;
  for (const l of chart.lines) {
    const group = groups.find((each) => each.index === l.group);
    if (!l.best || !group || group.best < 0 || dimOf(l) < 1) continue;
    const x = u.valToPos(l.curve.x[group.best], "x", true),
      y = u.valToPos(l.curve.y[group.best], "y", true);
    if (!isFinite(x) || !isFinite(y) || x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    if (frontOf(chart) < l.curve.x[group.best]) continue; // not drawn yet
    ctx.strokeStyle = colorOf(l.color);
    ctx.lineWidth = look.line * ratio;
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 7);
    ctx.stroke();
    if (!one()) continue;
    // The words stand over the ring, or under it where there is no room, and reach over it sideways.
    const text = `best: ${bestWhere(group)}`,
      half = ctx.measureText(text).width / 2,
      edge = half + 4 * ratio;
    const middle = Math.max(u.bbox.left + edge, Math.min(x, u.bbox.left + u.bbox.width - edge)),
      size = look.font * ratio;
    label(
      ctx,
      text,
      middle - half,
      y - u.bbox.top < 2.3 * size ? y + radius + size : y - radius - 0.45 * size,
      ratio,
    );
  }
  ctx.restore();
}

// Paths on a map: every point in its order.
function drawPaths(u, chart, look) {
  const ratio = devicePixelRatio || 1;
  inside(u, (ctx) =>
    pathLines(chart).forEach((l) => {
      ctx.strokeStyle = faded(colorOf(l.color), l.faint ? 0.45 : 1);
      ctx.lineWidth = (l.faint ? 0.5 : 1) * look.line * ratio;
      ctx.setLineDash(l.faint ? [] : dashOf(l.dash).map((part) => part * ratio));
      ctx.beginPath();
      const until =
        state.part === undefined || l.faint || l.curve.x.length < 3
          ? l.curve.x.length
          : Math.round(state.part * l.curve.x.length);
      let pen = false;
      for (let i = 0; i < until; i++) {
        const known = isNumber(l.curve.x[i]) && isNumber(l.curve.y[i]);
        if (known)
          ctx[pen ? "lineTo" : "moveTo"](
            u.valToPos(l.curve.x[i], "x", true),
            u.valToPos(l.curve.y[i], "y", true),
          );
        pen = known;
      }
      ctx.stroke();
    }),
  );
}

// ---- a chart ----------------------------------------------------------------------------------------------
const fontOf = (look) => `${look.font}px system-ui, sans-serif`;

function optionsOf(chart, parts, look, { width, height, hooks, cursor }) {
  const ink = isDark() ? "#c8ccd2" : "#4a4f57",
    grid = { stroke: isDark() ? "#ffffff18" : "#00000014", width: 1 };
  const split = (axis, room, log) => (u, index, low, high) =>
    ticksOf(low, high, u.bbox[axis] / (devicePixelRatio || 1) / (look.font * room), log);
  const shared = {
    stroke: ink,
    grid,
    ticks: { ...grid, size: 5 },
    font: fontOf(look),
    filter: (u, splits) => splits,
    labelFont: fontOf(look),
    gap: 4,
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor,
    padding: [look.font * 0.45, look.font * 1.6, chart.bare ? look.font * 0.6 : 0, 0],
    scales: {
      x: { time: false, distr: chart.logX ? 3 : 1, range: () => (!chart.own && state.zoom) || chart.extent },
      y: { distr: chart.log ? 3 : 1, range: () => rangeOf(chart) },
    },
    axes: [
      {
        ...shared,
        show: !chart.bare || undefined,
        size: chart.bare ? 0 : look.bottom,
        splits: split("width", 6.5, chart.logX),
        values: (u, values) => values.map((v) => (chart.bare ? "" : short(v, 6))),
        ...(chart.bare
          ? { ticks: { show: false } }
          : { label: chart.xLabel, labelSize: look.label, labelGap: 0 }),
      },
      {
        ...shared,
        size: look.left,
        splits: split("height", 2.4, chart.log),
        values: (u, values) => values.map(numberText(chart)),
      },
    ],
    series: parts.series,
    bands: parts.bands,
    hooks: {
      drawClear: [(u) => shadeCycles(u, chart), (u) => shadeGap(u, chart)],
      ...hooks,
      draw: [...(hooks.draw || []), (u) => drawPaths(u, chart, look), (u) => markBest(u, chart, look)],
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

function pagePlot(chart, box) {
  const parts = seriesOf(chart, pageLook);
  const plot = new uPlot(
    optionsOf(chart, parts, pageLook, {
      width: Math.max(200, box.clientWidth - 8),
      height: chart.height + (chart.bare ? 0 : pageLook.bottom),
      cursor: {
        ...(chart.own ? {} : { sync: { key: "lathe", scales: ["x", null] } }),
        drag: { x: !chart.own, y: false, setScale: false },
        points: { size: 7 },
      },
      hooks: {
        setCursor: [
          (u) => {
            if (u.cursor.left >= 0) pointAt(chart, u.posToVal(u.cursor.left, "x"));
          },
        ],
        setSelect: [
          (u) => {
            const { left, width: wide } = u.select;
            if (wide > 4) zoom(u.posToVal(left, "x"), u.posToVal(left + wide, "x"));
          },
        ],
      },
    }),
    parts.columns,
    box,
  );
  plot.over.addEventListener("dblclick", () => zoom());
  plot.over.addEventListener("mouseleave", () => pointAt(chart, null));
  return plot;
}

function captionOf(chart) {
  const caption = make("figcaption", {}, make("b", { textContent: chart.title }));
  const named = chart.lines.filter(
    (l) => l.name && (figures() || one() || l.gap || l.name !== groups[l.group]?.name),
  );
  if (!chart.quiet && (one() ? named.length > 1 : true))
    for (const l of named)
      caption.append(make("span", { className: "key" }, swatch(l.color, l.dash ?? l.color, l.faint), l.name));
  if (chart.cut)
    caption.append(make("span", { className: "key cutoff", textContent: "cut: full range shows all" }));
  if (chart.own) caption.append(make("span", { className: "key reading" }));
  for (const kind of ["SVG", "PNG"]) {
    const save = make("button", {
      textContent: kind,
      title: `This chart as ${kind}, 1920 x 1080, light`,
      className: "small",
    });
    save.setAttribute("aria-label", `Download ${chart.title} as ${kind}`);
    save.addEventListener("click", () => saveSlide([chart], chart.title, chart.id, kind));
    caption.append(save);
  }
  return caption;
}

function chartBox(chart) {
  const box = make("figure", { className: "chart", tabIndex: 0 });
  rangeOf(chart); // tells whether outliers are cut off
  box.dataset.chart = chart.id;
  box.setAttribute("role", "group");
  box.setAttribute(
    "aria-label",
    `${chart.title}. Arrow keys move along the ${chart.xLabel || "points"}, ` +
      "plus and minus zoom, Escape shows everything.",
  );
  box.append(captionOf(chart));
  box.addEventListener("keydown", (event) => chartKey(event, chart.id));
  return box;
}

function draw() {
  const active =
    document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.chart : null;
  for (const { plot } of charts) if (plot) plot.destroy();
  const place = byId("charts"),
    planned = plan(),
    boxes = planned.map(chartBox); // all of them before the first is measured
  place.textContent = "";
  place.append(...boxes);
  charts = [];
  if (state.print) boxes.forEach((box, i) => box.append(drawing(chartDrawing(planned[i], paperSize))));
  else
    charts = planned.map((chart, i) => ({
      id: chart.id,
      chart,
      box: boxes[i],
      plot: pagePlot(chart, boxes[i]),
    }));
  place.dataset.drawn = planned.length;
  if (active) {
    const again = charts.find((each) => each.id === active);
    if (again) again.box.focus({ preventScroll: true });
  }
  studies();
}

function resize() {
  for (const { plot, box } of charts)
    plot.setSize({ width: Math.max(200, box.clientWidth - 8), height: plot.height });
}
