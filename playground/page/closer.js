// A closer look, one at a time: filters, mistakes, cycles over each other, a valley, seeds, and the code.
let tab = "filters";
const panels = { filters, mistakes, cycles, valley, seeds, code };
let panelKey = "";

function buildCloser() {
  const place = byId("closer"),
    bar = make("div", { className: "tabs" });
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", texts.closer);
  for (const name of Object.keys(panels)) {
    const button = make("button", { id: `tab-${name}`, textContent: texts.tabs[name] });
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", "panel");
    button.addEventListener("click", () => chooseTab(name));
    bar.append(button);
  }
  bar.addEventListener("keydown", (event) => {
    const names = Object.keys(panels),
      by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    chooseTab(names[(names.indexOf(tab) + by + names.length) % names.length]);
    byId(`tab-${tab}`).focus();
  });
  const panel = make("div", { id: "panel" });
  panel.setAttribute("role", "tabpanel");
  place.append(make("h2", { textContent: texts.closer }), bar, panel);
  chooseTab(tab);
}

function chooseTab(name) {
  tab = name;
  for (const each of Object.keys(panels)) {
    byId(`tab-${each}`).setAttribute("aria-selected", each === tab);
    byId(`tab-${each}`).tabIndex = each === tab ? 0 : -1;
  }
  byId("panel").setAttribute("aria-labelledby", `tab-${tab}`);
  byId("panel").textContent = "";
  panelKey = "";
  askedStep = null;
  changed();
}
const showCloser = () => panels[tab](byId("panel"));

// Builds a panel when what it is for has changed; returns whether it did.
function panelIs(panel, key, ...children) {
  const whole = `${tab}|${key}`;
  if (whole === panelKey) return false;
  panelKey = whole;
  panel.textContent = "";
  panel.append(...children);
  return true;
}
const say = (text, more) => make("p", { className: "hint", textContent: text, ...more });

// ---- filters and mistakes: asked for again when something was trained, seldom ----
let askedAt = 0;
let asking = false;
let askedStep = null;
function askSometimes(ask) {
  const step = `${tab}|${lanes.map((lane) => `${lane.letter}${lane.fresh}${stepOf(lane)}`)}`;
  if (asking || step === askedStep) return;
  const rest = askedAt + (tab === "mistakes" ? 1500 : 500) - performance.now();
  asking = true;
  setTimeout(
    () => {
      inTurn(ask)
        .catch(() => {})
        .finally(() => {
          asking = false;
          askedAt = performance.now();
          askedStep = step;
          changed();
        });
    },
    Math.max(0, rest),
  );
}
const ready = () => lanes.filter((lane) => !lane.fresh && !lane.died);

function laneColumns(className) {
  return lanes.map((lane) => {
    const column = make(
      "div",
      { className },
      make("h3", {}, make("span", { className: "letter", textContent: lane.letter }), nameWithRate(lane)),
    );
    column.dataset.lane = lane.letter;
    column.style.setProperty("--lane", colorOf(lane));
    return column;
  });
}
const columnKey = () => lanes.map((lane) => lane.letter + nameWithRate(lane) + isDark()).join();
const columnFor = (lane) => byId("panel").querySelector(`[data-lane=${lane.letter}]`);

function filters(panel) {
  const built = panelIs(
    panel,
    columnKey(),
    say(texts.filters),
    make("div", { className: "columns" }, ...laneColumns("filters")),
  );
  if (built) askedStep = null;
  askSometimes(async () => {
    await setUpFresh();
    for (const lane of ready()) {
      const found = await workerOf(lane).filters();
      if (tab === "filters" && columnFor(lane)) drawFilters(columnFor(lane), found);
    }
  });
}

function drawFilters(column, { count, height, width, data }) {
  const highest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  const shown = Math.min(count, 16),
    old = column.querySelectorAll("canvas");
  const canvases =
    old.length === shown ? [...old] : Array.from({ length: shown }, () => make("canvas", {}));
  if (old.length !== shown) {
    old.forEach((each) => each.remove());
    column.append(...canvases);
  }
  canvases.forEach((canvas, k) => {
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d"),
      image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const value = data[k * width * height + i] / highest,
        part = Math.abs(value),
        [r, g, b] = value < 0 ? [0, 114, 178] : [213, 94, 0];
      image.data.set([255 + (r - 255) * part, 255 + (g - 255) * part, 255 + (b - 255) * part, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  });
}

function mistakes(panel) {
  const trained = lanes.some((lane) => stepOf(lane) > 0),
    built = panelIs(
      panel,
      columnKey() + trained,
      say(trained ? texts.mistakes : texts.noMistakes),
      make("div", { className: "columns" }, ...(trained ? laneColumns("mistakes") : [])),
    );
  if (!trained) return;
  if (built) askedStep = null;
  askSometimes(async () => {
    for (const lane of ready()) {
      if (!stepOf(lane)) continue;
      const found = await workerOf(lane).mistakes(lanes.length > 2 ? 4 : 6),
        column = tab === "mistakes" && columnFor(lane);
      if (!column) continue;
      column.querySelectorAll("figure").forEach((each) => each.remove());
      column.append(...found.map(mistakeFigure));
    }
  });
}

function mistakeFigure({ pixels, label, predicted, probability }) {
  const { width, height } = engine.image,
    canvas = make("canvas", { width, height }),
    context = canvas.getContext("2d"),
    image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([pixels[i], pixels[i], pixels[i], 255], 4 * i);
  context.putImageData(image, 0, 0);
  const text = texts.mistake(engine.classes[predicted], probability, engine.classes[label]);
  return make("figure", {}, canvas, make("figcaption", { textContent: text }));
}

const wider = ([low, high]) => [low - (high - low) / 20 - 1e-4, high + (high - low) / 20 + 1e-4];

// ---- charts of their own ----
function smallChart(place, { xs, lines, xLabel, percentY, extent, range }) {
  const ink = isDark() ? "#c8ccd2" : "#4a4f57",
    grid = { stroke: isDark() ? "#ffffff18" : "#00000014", width: 1 },
    font = chartFont();
  const axis = {
    stroke: ink,
    grid,
    ticks: { ...grid, size: 4 },
    font,
    gap: 4,
    filter: (u, splits) => splits,
  };
  const split = (side, room) => (u, index, low, high) =>
    ticksOf(low, high, u.bbox[side] / (devicePixelRatio || 1) / room, false);
  return new uPlot(
    {
      width: Math.max(240, place.clientWidth - 4),
      height: 250,
      legend: { show: false },
      padding: [8, 20, 0, 0],
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => extent },
        y: { range: (u, a, b) => wider(range ?? [a, b]) },
      },
      axes: [
        {
          ...axis,
          size: 24,
          splits: split("width", 90),
          values: (u, v) => v.map((x) => short(x, 3)),
          label: xLabel,
          labelSize: 18,
          labelGap: 0,
          labelFont: font,
        },
        {
          ...axis,
          size: axisLeft(),
          splits: split("height", 34),
          values: (u, v) => v.map((y) => (percentY ? `${short(100 * y, 3)} %` : short(y, 3))),
        },
      ],
      series: [
        {},
        ...lines.map(({ stroke, width, dash }) => ({
          stroke,
          width,
          dash,
          spanGaps: true,
          points: { show: false },
        })),
      ],
    },
    [xs, ...lines.map((each) => each.values)],
    place,
  );
}

// The values of each cycle in fifty equal parts of it.
function foldedCycles(lane, parts = 50) {
  const bounds = cyclesOf(lane, stepOf(lane)),
    smooth = smoothLoss(lane);
  return bounds.slice(0, -1).flatMap((from, k) => {
    const to = bounds[k + 1],
      loss = new Array(parts + 1).fill(null),
      accuracy = new Array(parts + 1).fill(null);
    if (stepOf(lane) < from + (to - from) / 2) return [];
    for (let step = from; step < Math.min(to, stepOf(lane)); step++)
      loss[Math.round((parts * (step - from)) / (to - from))] = smooth[step];
    for (const row of lane.evals)
      if (row.step >= from && row.step <= to)
        accuracy[Math.round((parts * (row.step - from)) / (to - from))] = row.accuracy;
    return [{ number: k + 1, loss, accuracy }];
  });
}

function cycles(panel) {
  const lane = current(),
    all = foldedCycles(lane);
  if (!all.length) {
    panelIs(panel, `none${lane.letter}`, say(texts.noCycles(lane.letter)));
    return;
  }
  const key = [lane.letter, stepOf(lane), all.length, isDark(), panel.clientWidth].join();
  const boxes = ["accuracy", "loss"].map((name) => {
    const box = make(
      "figure",
      { className: "chart" },
      make("figcaption", { textContent: texts.chart[name] }),
    );
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", `${texts.chart[name]}, ${texts.position}`);
    return box;
  });
  if (
    !panelIs(
      panel,
      key,
      say(texts.cycles(lane.letter)),
      make("div", { className: "columns pair" }, ...boxes),
    )
  )
    return;
  const counted = all.length > 2 ? all.slice(1) : all, // the first of three or more does not stretch the axis
    xs = all[0].loss.map((_, i) => i / (all[0].loss.length - 1));
  ["accuracy", "loss"].forEach((name, i) =>
    smallChart(boxes[i], {
      xs,
      extent: [0, 1],
      xLabel: texts.position,
      percentY: name === "accuracy",
      range: extremes(counted.map((cycle) => cycle[name])),
      lines: all.map((cycle, k) => ({
        values: cycle[name],
        stroke: faded(colorOf(lane), 0.35 + (0.65 * (k + 1)) / all.length),
        width: 1.2 + (3 * (k + 1)) / all.length,
        dash: k + 1 === all.length ? [] : dashes[k % 4],
      })),
    }),
  );
}

// The lowest rates that the lane has passed: the starts of its cycles, or tenths of its run.
function placesOf(lane) {
  const done = stepOf(lane),
    bounds = cyclesOf(lane, done).filter((step) => step > 0 && step <= done);
  const tenth = Math.round(shared.steps / 10),
    tenths = Array.from({ length: 10 }, (_, k) => (k + 1) * tenth).filter((step) => step <= done);
  return bounds.length > 1 ? bounds : tenths;
}
function valley(panel) {
  const lane = current(),
    places = placesOf(lane);
  if (places.length < 2) {
    panelIs(panel, `wait${lane.letter}`, say(texts.valley(lane.letter)), say(texts.valleyWait));
    return;
  }
  const found = lane.valley;
  const select = (id, value) =>
    make(
      "select",
      { id },
      ...places.map((step) => make("option", { value: step, textContent: step, selected: step === value })),
    );
  const from = select("valley-from", found?.from ?? places[places.length - 2]),
    to = select("valley-to", found?.to ?? places[places.length - 1]),
    go = make("button", { id: "valley-go", textContent: texts.valleyGo }),
    said = make("p", { id: "valley-said", role: "status" }),
    box = make("figure", { className: "chart" }, make("figcaption", { textContent: texts.loss }));
  const row = make(
    "p",
    { className: "row" },
    make("label", {}, texts.valleyFrom, " ", from),
    make("label", {}, texts.valleyTo, " ", to),
    go,
  );
  if (
    !panelIs(
      panel,
      [lane.letter, places, found?.key, isDark()].join(),
      say(texts.valley(lane.letter)),
      row,
      said,
      box,
    )
  )
    return;
  box.hidden = !found;
  go.addEventListener("click", () => {
    said.textContent = texts.valleyBusy;
    measureLine(lane, +from.value, +to.value).catch(
      (error) => (said.textContent = String(error.message ?? error)),
    );
  });
  if (!found) return;
  const lossAt = (x) =>
      found.rows.reduce((best, row) => (Math.abs(row.at - x) < Math.abs(best.at - x) ? row : best)).loss,
    ends = Math.max(lossAt(0), lossAt(1)),
    top = Math.max(...found.rows.filter((row) => row.at >= 0 && row.at <= 1).map((row) => row.loss));
  said.textContent = texts.valleySaid(top > ends * 1.02, lossText(top - ends));
  smallChart(box, {
    xs: found.rows.map((row) => row.at),
    extent: [found.rows[0].at, found.rows[found.rows.length - 1].at],
    xLabel: texts.valleyAxis,
    lines: [{ values: found.rows.map((row) => row.loss), stroke: colorOf(lane), width: 3.5 }],
  });
}
async function measureLine(lane, from, to) {
  const rows = await inTurn(() => workerOf(lane).line(from, to, 25));
  lane.valley = { from, to, rows, key: `${from}-${to}-${performance.now()}` };
  changed();
}

// ---- seeds and code ----
function seeds(panel) {
  const busy = !!look.seeds,
    rows = lanes.filter((lane) => lane.band?.length > 1);
  const go = make("button", {
    id: "seeds-go",
    className: "chief",
    textContent: busy ? texts.seedsStop : texts.seedsGo,
  });
  go.addEventListener("click", () => (look.seeds ? pause() : runSeeds(5)));
  const key = [busy, rows.map((lane) => lane.letter + lane.band.length)].join();
  panelIs(
    panel,
    key,
    say(texts.seeds),
    go,
    ...rows.map((lane) => {
      const ends = lane.band.map((run) => run.evals[run.evals.length - 1]?.accuracy).filter(isNumber);
      return make("p", {
        className: "result",
        textContent: texts.seedsRow(
          lane.letter,
          points(mean(ends)),
          points(Math.min(...ends)),
          points(Math.max(...ends)),
          ends.length,
        ),
      });
    }),
  );
}

function code(panel) {
  const lane = current(),
    settings = settingsOf(lane),
    both = { command: LatheEngine.command(settings), program: LatheEngine.program(settings) };
  panelIs(
    panel,
    lane.letter + lane.bent + both.command,
    say(texts.code(lane.letter) + (lane.bent ? ` ${texts.bent}` : "")),
    ...Object.entries(both).flatMap(([name, text]) => {
      const copy = make("button", { id: `copy-${name}`, className: "small", textContent: texts.copy });
      copy.addEventListener("click", () => copyText(text, copy));
      return [
        make("h3", {}, texts[name], " ", copy),
        make("pre", { id: name, textContent: text, tabIndex: 0 }),
      ];
    }),
  );
}

async function copyText(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = texts.copied;
  } catch {
    button.textContent = button.id.startsWith("share") ? texts.shareFailed : texts.copyFailed;
  }
  setTimeout(() => (button.textContent = before), 1600);
}
