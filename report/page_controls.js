// The page of curves: downloads, controls, and news of a run that goes on. Goes on where page_tables.js ends.

// ---- downloads -----------------------------------------------------------------------------------------------
function download(name, type, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const csvText = (value) => `"${String(value).replace(/"/g, '""')}"`;
function csv() {
  const columns = ["train_loss", ...metrics.map((m) => `train_${m.name}`), "val_loss", ...metrics.map((m) => `val_${m.name}`)];
  const lines = [`variant,seed,step,epoch,lr,momentum,loss,${columns.join(",")}`], cell = (v) => (isNumber(v) ? v : "");
  for (const run of data.runs) {
    const name = `${csvText(data.groups[run.group].name)},${run.seed}`, lr = valuesOf(run, "lr"), momentum = valuesOf(run, "momentum"), e = run.epoch;
    run.loss.forEach((loss, i) => lines.push(`${name},${i * run.stride},${Math.floor((i * run.stride) / run.per_epoch)},${cell(lr[i])},${cell(momentum[i])},${cell(loss)}${",".repeat(columns.length)}`));
    e.step.forEach((step, i) => lines.push(`${name},${step},${e.epoch[i]},,,,${columns.map((name) => cell(e[name][i])).join(",")}`));
  }
  return lines.join("\n") + "\n";
}

const xml = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
// A chart as a drawing in the colours of paper, on whatever ground the page is read.
function svgOf(which) {
  const before = state.light;
  state.light = true;
  try { return lightSvgOf(which); } finally { state.light = before; }
}

function lightSvgOf({ chart, plot }) {
  const left = plot.over.offsetLeft, top = plot.over.offsetTop + 26, wide = plot.over.clientWidth, high = plot.over.clientHeight, ink = inkColor();
  const names = chart.lines.filter((l) => !l.faint), width = plot.width, height = plot.height + 34 + 18 * Math.ceil(names.length / 3);
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="${ink}">`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="${left}" y="18" font-size="14" font-weight="bold">${xml(chart.title)}</text>`,
    `<clipPath id="clip-${xml(chart.id)}"><rect x="${left}" y="${top}" width="${wide}" height="${high}"/></clipPath>`];
  plot.axes.forEach((axis, i) => (axis._splits || []).forEach((value, k) => {
    const at = plot.valToPos(value, axis.scale), label = axis._values && axis._values[k];
    if (label === "" || label === null || label === undefined) return;
    out.push(i === 0 ? `<path d="M${left + at} ${top}v${high}" stroke="${ink}" stroke-opacity=".12"/><text x="${left + at}" y="${top + high + 17}" text-anchor="middle">${xml(label)}</text>`
      : `<path d="M${left} ${top + at}h${wide}" stroke="${ink}" stroke-opacity=".12"/><text x="${left - 6}" y="${top + at + 4}" text-anchor="end">${xml(label)}</text>`);
  }));
  out.push(`<g clip-path="url(#clip-${xml(chart.id)})" fill="none">`);
  for (const l of chart.lines) {
    const path = (values) => l.curve.x.map((x, i) => (isNumber(values[i]) ? `${(left + plot.valToPos(x, "x")).toFixed(1)} ${(top + plot.valToPos(values[i], "y")).toFixed(1)}` : null)).filter((p) => p && !p.includes("NaN"));
    if (l.curve.many && l.band !== false) out.push(`<path d="M${path(l.curve.high).concat(path(l.curve.low).reverse()).join("L")}Z" fill="${colorOf(l.color)}" fill-opacity=".16"/>`);
    const points = path(l.curve.y);
    if (points.length) out.push(`<path d="M${points.join("L")}" stroke="${colorOf(l.color)}" stroke-width="${l.faint ? 1 : 2}" stroke-opacity="${l.faint ? 0.3 : 1}" stroke-dasharray="${l.faint ? "" : dashOf(l.dash ?? l.color).join(" ")}"/>`);
  }
  out.push("</g>");
  names.forEach((l, i) => {
    const x = left + (i % 3) * (wide / 3), y = plot.height + 44 + 18 * Math.floor(i / 3);
    out.push(`<path d="M${x} ${y - 4}h26" stroke="${colorOf(l.color)}" stroke-width="2.5" stroke-dasharray="${dashOf(l.dash ?? l.color).join(" ")}"/><text x="${x + 32}" y="${y}">${xml(l.name)}</text>`);
  });
  return out.join("\n") + "\n</svg>\n";
}

// ---- controls ------------------------------------------------------------------------------------------------
function redraw() { gather(); draw(); readAt(state.x ?? lastX()); }

function everything() {
  gather();
  tiles();
  verdict();
  buildLegend();
  draw();
  tables();
  if (groups.length) readAt(state.x ?? lastX());
}

function controls() {
  const bind = (id, name, convert) => byId(id).addEventListener("input", (event) => { state[name] = convert(event.target); redraw(); });
  bind("raw", "raw", (input) => input.checked);
  bind("logLoss", "logLoss", (input) => input.checked);
  bind("logRate", "logRate", (input) => input.checked);
  bind("smooth", "smooth", (input) => 1 - Math.pow(10, -3 * input.value));
  byId("raw").checked = state.raw;
  byId("unit").addEventListener("input", (event) => { state.unit = event.target.value; state.zoom = state.x = null; byId("reset").disabled = true; redraw(); });
  byId("reset").addEventListener("click", () => zoom());
  byId("csv").addEventListener("click", () => download("curves.csv", "text/csv", csv()));
  byId("theme").addEventListener("click", () => {
    state.theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = state.theme;
    everything();
  });
  if (!data.runs.some((run) => run.epoch.seconds.some(isNumber))) byId("unit").querySelector("[value=seconds]").disabled = true;
}

darkWanted.addEventListener("change", everything);
const forPrint = (on) => { if (state.print !== on) { state.print = state.light = on; everything(); } };
matchMedia("print").addEventListener("change", (event) => forPrint(event.matches));
addEventListener("beforeprint", () => forPrint(true));
addEventListener("afterprint", () => forPrint(false));
let width = innerWidth;
addEventListener("resize", () => { if (width !== innerWidth) { width = innerWidth; resize(); } });

// ---- live: the page that a training run serves asks for news ----------------------------------------------------
async function poll() {
  try {
    const answer = await fetch("data.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    data = await answer.json();
    everything();
    byId("live").textContent = data.live ? "live" : "ended";
    if (!data.live) return;
  } catch (error) {
    byId("live").textContent = "no longer served";
  }
  setTimeout(poll, 1000);
}

controls();
everything();
if (data.live && location.protocol.startsWith("http")) poll();
