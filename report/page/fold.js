// The page of curves: cycles laid over each other. The position in the cycle is across, from 0 to 1; each
// cycle is a line, the first the lightest and the last the thickest. The first of three or more does not
// stretch the axis: it is where the net learns most.
const foldable = (group) => group.cycles.length > 2;
let folded = null; // the group that the reader chose

const foldedGroup = () => {
  const all = shownGroups().filter(foldable);
  return all.find((group) => group.index === folded) ?? all[0];
};

// The means of a curve's values in equal parts of each cycle, where there are many, or the values themselves.
function foldLines(group, metric) {
  const curve = group.curves[metric] ?? { steps: [], y: [] },
    cycles = group.cycles.slice(0, -1).map((from, k) => [from, group.cycles[k + 1]]),
    parts = 50;
  return cycles.map(([from, to], k) => {
    const x = [],
      y = [],
      steps = [],
      sums = Array.from({ length: parts }, () => []);
    const longest = Math.max(...cycles.map(([a, b]) => b - a)),
      whole =
        k + 1 < cycles.length
          ? to - from
          : Math.max(to - from, cycles.length > 2 ? group.cycles[k] - group.cycles[k - 1] : longest);
    curve.steps.forEach((step, i) => {
      if (step < from || step > to || !isNumber(curve.y[i])) return;
      const at = (step - from) / whole;
      if (perStep.has(metric) && curve.steps.length > 4 * parts * cycles.length)
        sums[Math.min(parts - 1, Math.floor(at * parts))].push([curve.y[i], step]);
      else {
        x.push(at);
        y.push(curve.y[i]);
        steps.push(step);
      }
    });
    sums.forEach((all, i) => {
      if (all.length) {
        x.push((i + 0.5) / parts);
        y.push(mean(all.map(([v]) => v)));
        steps.push(all[all.length - 1][1]);
      }
    });
    const some =
      cycles.length <= 8 || k === 0 || k + 1 === cycles.length || k === Math.floor(cycles.length / 2);
    return {
      name: some ? `cycle ${k + 1}` : null,
      color: { part: k / (cycles.length - 1) },
      dash: k % 7,
      group: -1,
      points: !perStep.has(metric),
      thick: k + 1 === cycles.length,
      spoils: k === 0 && cycles.length > 2,
      curve: { x, y, steps, low: [], high: [], each: [], many: false },
    };
  });
}

function foldCharts(group) {
  const spec = (id, title, height, metric, more) => ({
    id: `fold-${id}`,
    title,
    height,
    own: true,
    extent: [0, 1],
    xLabel: "position in the cycle",
    lines: foldLines(group, metric),
    ...more,
  });
  const all = [
    spec("lr", "Learning rate", 110, "lr", { zero: true, bare: true, quiet: true }),
    spec(chief.name, `Validation ${chief.title}`, 260, `val_${chief.name}`, {
      robust: true,
      percent: chief.percent,
    }),
    spec("val_loss", "Validation loss", 230, "val_loss", { robust: true, quiet: true }),
    spec("loss", "Training loss", 230, "raw", { robust: true, quiet: true }),
  ];
  const enough = (chart) => chart.lines.filter((l) => l.curve.x.length > 1).length > 1;
  const rows = all.filter(enough),
    useful = rows.filter((chart) => chart.id !== "fold-lr");
  useful.forEach((chart, i) => {
    if (i) chart.quiet = true;
    else chart.quiet = false;
  });
  return useful.length ? rows : [];
}

function foldTable(group) {
  const val = group.curves[`val_${chief.name}`],
    shown = val && val.y.some(isNumber),
    curve = shown ? val : group.curves.loss,
    format = shown ? chiefText : fixed;
  const at = (step) => (curve.steps.length ? format(curve.y[nearest(curve.steps, step)]) : "–"),
    what = shown ? chief.title : "loss";
  return tableOf(
    [
      ["cycle"],
      ["steps"],
      ["rate"],
      [`${what} at its start`],
      [`${what} at the peak of the rate`],
      [`${what} at its end`],
    ],
    peaksOf(group.runs[0], group.cycles).map((each, k) => [
      String(k + 1),
      `${each.from}–${each.to}`,
      `${short(each.low)} to ${short(each.high)}`,
      at(each.from),
      at(each.peak),
      at(each.to),
    ]),
  );
}

function foldSection() {
  const group = foldedGroup();
  if (!group) return null;
  const planned = foldCharts(group);
  if (!planned.length) return null;
  const title = make("h2", { textContent: "Cycles laid over each other" }),
    all = shownGroups().filter(foldable);
  if (all.length > 1) {
    const select = make(
      "select",
      {},
      ...all.map((each) =>
        make("option", { value: each.index, textContent: each.name, selected: each === group }),
      ),
    );
    select.setAttribute("aria-label", "Variant whose cycles are laid over each other");
    select.addEventListener("input", () => {
      folded = +select.value;
      draw();
    });
    title.append(" ", select);
  }
  const boxes = planned.map(chartBox);
  const numbers = make(
    "details",
    { className: "twin" },
    make("summary", { textContent: "the numbers of each cycle" }),
    foldTable(group),
  );
  return { planned, boxes, element: make("section", { id: "fold" }, title, ...boxes, numbers) };
}

// What stands between the charts and the tables.
function studies() {
  const place = byId("studies"),
    fold = figures() ? null : foldSection(),
    differences = figures() ? null : differencesSection();
  place.textContent = "";
  place.append(...[fold && fold.element, differences].filter(Boolean));
  if (fold && state.print)
    fold.boxes.forEach((box, i) => box.append(drawing(chartDrawing(fold.planned[i], paperSize))));
  else if (fold)
    charts.push(
      ...fold.planned.map((chart, i) => ({
        id: chart.id,
        chart,
        box: fold.boxes[i],
        plot: pagePlot(chart, fold.boxes[i]),
      })),
    );
  drawDifferences();
}
