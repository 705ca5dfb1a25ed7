// The page of curves: reading the numbers of a step, by pointer and by keyboard, and the legend that shows
// them.
let marked = [];

// The columns of a comparison's legend, and the lines of a run's: metric, title, format, swatch.
function legendColumns() {
  const brief = (value) => short(value, 3);
  const momentum = groups.some((group) => moves(group.curves.momentum))
    ? [["momentum", "momentum", short]]
    : [];
  const val = (m) => [`val_${m.name}`, `val ${m.title}`, showMetric(m)],
    trained = (m) => [`train_${m.name}`, `train ${m.title}`, showMetric(m)];
  const probes = probesOf().map((name) => [
    probePrefix + name,
    stemOf(name).replaceAll("_", " ") + (name === stemOf(name) ? "" : `, ${partName(name)}`),
    short,
    partOf(name),
    partOf(name),
  ]);
  const all = one()
    ? [
        ["lr", "learning rate", short, 0, 0],
        ...momentum.map((m) => [...m, 0, 0]),
        ["raw", "loss, each step", short, 0, 0, true],
        ["loss", "loss, smoothed", short, 0, 0],
        ["train_loss", "loss, mean of the epoch", short, 0, 2],
        ["val_loss", "validation loss", short, 1, 1],
        ...metrics.flatMap((m) => [
          [...trained(m), 0, 0],
          [...val(m), 1, 1],
        ]),
        ...probes,
      ]
    : [
        ["lr", "rate", brief],
        ...metrics.slice(0, 1).map(val),
        ["val_loss", "val loss", brief],
        ["loss", "train loss", brief],
      ];
  return all.filter(([metric]) =>
    groups.some((group) => group.curves[metric] && group.curves[metric].y.some(isNumber)),
  );
}

function nameButton(name, key, mark, hint) {
  // A long name breaks after these signs.
  const parts = name.split(/(?<=[:,_/])/).flatMap((part) => [part, make("wbr", {})]);
  const button = make("button", { className: "name", title: hint }, mark, make("span", {}, ...parts));
  button.setAttribute("aria-pressed", String(!state.hidden.has(key)));
  button.addEventListener("click", () => {
    if (state.hidden.has(key)) state.hidden.delete(key);
    else state.hidden.add(key);
    button.setAttribute("aria-pressed", String(!state.hidden.has(key)));
    draw();
  });
  return button;
}

function runLegend(columns) {
  const cells = columns.map(() => make("td", { textContent: "–" }));
  marked = [{ group: groups[0], columns, cells }];
  return columns.map(([metric, title, , color, dash, faint], i) =>
    make(
      "tr",
      {},
      make(
        "th",
        { scope: "row" },
        nameButton(title, metric, swatch(color, dash, faint), "Click: show or hide"),
      ),
      cells[i],
    ),
  );
}

function compareLegend(columns) {
  marked = [];
  return groups.map((group) => {
    const button = nameButton(
      group.name,
      group.index,
      swatch(group.index, group.index),
      "Click: show or hide. Point at it: its cycles and the gap between its losses",
    );
    const cells = columns.map(() => make("td", { textContent: "–" })),
      row = make("tr", {}, make("th", { scope: "row" }, button), ...cells);
    marked.push({ group, columns, cells });
    if (groups.length > 1) {
      row.addEventListener("mouseenter", () => focus(group.index));
      row.addEventListener("mouseleave", () => focus(null));
      button.addEventListener("focus", () => {
        if (button.matches(":focus-visible")) focus(group.index);
      });
      button.addEventListener("blur", () => focus(null));
    }
    return row;
  });
}

function buildLegend() {
  const table = byId("legend"),
    columns = legendColumns();
  table.textContent = "";
  if (figures() || !groups.length) return;
  const head = make("tr", {}, make("th", { scope: "col", id: "position", ...(one() ? { colSpan: 2 } : {}) }));
  if (!one()) for (const [, title] of columns) head.append(make("th", { textContent: title, scope: "col" }));
  table.append(
    make("thead", {}, head),
    make("tbody", {}, ...(one() ? runLegend(columns) : compareLegend(columns))),
  );
}

let focusTimer = 0;
function focus(index) {
  clearTimeout(focusTimer);
  focusTimer = setTimeout(() => {
    if (state.focus !== index) {
      state.focus = index;
      draw();
    }
  }, 120);
}

// The newest step, which the table follows while nobody points at another.
const lastX = () => Math.max(0, ...groups.map((group) => group.curves.lr.x.at(-1) ?? 0));

// The pointer is at x of a chart, or has left it (null).
function pointAt(chart, x) {
  if (chart.own) return readFigure(chart, x);
  state.x = x;
  readAt(x ?? lastX());
}

function readAt(x) {
  let said = "";
  for (const { group, columns, cells } of marked) {
    columns.forEach(([metric, , format], i) => {
      const curve = group.curves[metric];
      cells[i].textContent = curve.x.length ? format(curve.y[nearest(curve.x, x)]) : "–";
    });
    const run = group.runs[0],
      index = nearest(group.curves.lr.x, x),
      step = index * run.stride;
    if (!said)
      said =
        `step ${step}${run.stride > 1 ? "–" + (step + run.stride - 1) : ""}, ` +
        `epoch ${Math.floor(step / run.per_epoch) + 1}`;
  }
  if (marked.length) byId("position").textContent = said;
}

// What the lines of a ready chart are at x, in its caption.
function readFigure(chart, x) {
  const { box } = charts.find((each) => each.id === chart.id),
    format = numberText(chart);
  const lines = plainLines(chart).filter((l) => l.curve.x.length > 2);
  box.querySelector(".reading").textContent =
    x === null || !lines.length
      ? ""
      : `at ${chart.xLabel || "x"} ${short(x)}: ` +
        lines.map((l) => `${l.name ?? chart.title} ${format(l.curve.y[nearest(l.curve.x, x)])}`).join(", ");
}

// The words for what the keyboard's place is.
const saidAt = (chart, box) =>
  chart.own
    ? box.querySelector(".reading").textContent
    : byId("position").textContent +
      marked
        .map(
          ({ group, columns, cells }) =>
            `; ${group.name}: ` +
            columns.map(([, title], i) => `${title} ${cells[i].textContent}`).join(", "),
        )
        .slice(0, 3)
        .join("");

function chartKey(event, id) {
  const { plot, chart, box } = charts.find((each) => each.id === id),
    [low, high] = [plot.scales.x.min, plot.scales.x.max];
  const xs = chart.own ? plot.data[0] : groups[0].curves.lr.x,
    here = chart.own ? (plot.lathe_x ?? null) : state.x,
    at = here === null ? low : here;
  const move = (by) => xs[Math.max(0, Math.min(xs.length - 1, nearest(xs, at) + by))];
  let to = null;
  if (event.key === "ArrowRight") to = move(event.shiftKey ? 50 : 1);
  else if (event.key === "ArrowLeft") to = move(event.shiftKey ? -50 : -1);
  else if (event.key === "Home") to = xs[0] ?? low;
  else if (event.key === "End") to = xs[xs.length - 1] ?? high;
  else if ((event.key === "+" || event.key === "=") && !chart.own)
    zoom(Math.max(low, at - (high - low) / 4), Math.min(high, at + (high - low) / 4));
  else if (event.key === "-" || event.key === "Escape") zoom();
  else return;
  event.preventDefault();
  if (to === null) return;
  plot.lathe_x = to;
  for (const each of chart.own ? [charts.find((one) => one.id === id)] : charts)
    each.plot.setCursor(
      { left: each.plot.valToPos(to, "x"), top: each.plot.over.clientHeight / 2 },
      true,
      false,
    );
  pointAt(chart, to);
  byId("said").textContent = saidAt(chart, box);
}
