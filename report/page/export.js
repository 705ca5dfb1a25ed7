// The page of curves: what can be saved. Pictures have a slide's size and are light.
function download(name, content) {
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const csvText = (value) => `"${String(value).replace(/"/g, '""')}"`;
const csvCell = (value) => (isNumber(value) ? value : "");

// The numbers of ready charts: chart, line, x, y.
const figureCsv = () =>
  "chart,line,x,y\n" +
  data.charts
    .flatMap((chart) =>
      chart.series.flatMap((s) =>
        s.x.map(
          (x, i) => `${csvText(chart.title)},${csvText(s.name ?? "")},${csvCell(x)},${csvCell(s.y[i])}\n`,
        ),
      ),
    )
    .join("");

// A line for each row of steps, epochs, evaluations inside epochs, and probes.
function csv() {
  if (figures()) return figureCsv();
  const columns = [
      "train_loss",
      ...metrics.map((m) => `train_${m.name}`),
      "val_loss",
      ...metrics.map((m) => `val_${m.name}`),
    ],
    probes = probesOf();
  const lines = [["variant,seed,step,epoch,lr,momentum,loss", ...columns, ...probes].join(",")],
    after = columns.length + probes.length;
  for (const run of data.runs) {
    const name = `${csvText(data.groups[run.group].name)},${run.seed}`,
      lr = sourceOf(run, "lr").values,
      momentum = sourceOf(run, "momentum").values,
      e = run.epoch;
    const epoch = (step) => Math.floor(step / run.per_epoch),
      part = (from, names, i) => names.map((each) => csvCell((from[each] ?? [])[i])).join(",");
    run.loss.forEach((loss, i) =>
      lines.push(
        `${name},${i * run.stride},${epoch(i * run.stride)},${csvCell(lr[i])},${csvCell(momentum[i])},` +
          `${csvCell(loss)}${",".repeat(after)}`,
      ),
    );
    e.step.forEach((step, i) =>
      lines.push(`${name},${step},${e.epoch[i]},,,,${part(e, columns, i)}${",".repeat(probes.length)}`),
    );
    if (run.eval)
      run.eval.step.forEach((step, i) =>
        lines.push(
          `${name},${step},${epoch(step)},,,,${part(run.eval, columns, i)}${",".repeat(probes.length)}`,
        ),
      );
    if (run.probe)
      run.probe.step.forEach((step, i) =>
        lines.push(
          `${name},${step},${epoch(step)},,,${",".repeat(columns.length)},${part(run.probe, probes, i)}`,
        ),
      );
  }
  return lines.join("\n") + "\n";
}

// A drawing as a picture of its own size.
async function pngOf(svg) {
  const { width, height } = slideSize,
    canvas = make("canvas", { width, height }),
    image = new Image();
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  } finally {
    URL.revokeObjectURL(address);
  }
  return new Promise((done) => {
    canvas.toBlob(done, "image/png");
  });
}

async function saveDrawing(svg, name, kind) {
  if (kind === "SVG") download(`${name}.svg`, new Blob([svg], { type: "image/svg+xml" }));
  else download(`${name}.png`, await pngOf(svg));
}

const saveSlide = (all, title, name, kind) =>
  saveDrawing(
    inLight(() => slideDrawing(all, title)),
    name,
    kind,
  );

// All charts of the page; of a comparison with the names of its variants above them.
const saveAll = (kind) => saveSlide(plan(), data.title, "charts", kind);
