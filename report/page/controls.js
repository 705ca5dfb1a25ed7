// The page of curves: controls, and news of a run that goes on.
function redraw() {
  gather();
  draw();
  if (groups.length) readAt(state.x ?? lastX());
}

function everything() {
  gather();
  tiles();
  verdict();
  told();
  buildLegend();
  draw();
  tables();
  if (byId("lecture").open && !lecture.playing) showPicture();
  if (groups.length) readAt(state.x ?? lastX());
}

function switchTheme() {
  state.theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = state.theme;
  everything();
}

function controls() {
  const bind = (id, name, convert) =>
    byId(id).addEventListener("input", (event) => {
      state[name] = convert(event.target);
      redraw();
    });
  bind("raw", "raw", (input) => input.checked);
  bind("logLoss", "logLoss", (input) => input.checked);
  bind("logRate", "logRate", (input) => input.checked);
  bind("full", "full", (input) => input.checked);
  bind("seeds", "seeds", (input) => input.checked);
  bind("smooth", "smooth", (input) => 1 - Math.pow(10, -3 * input.value));
  byId("raw").checked = state.raw;
  byId("unit").addEventListener("input", (event) => {
    state.unit = event.target.value;
    state.zoom = state.x = null;
    byId("reset").disabled = true;
    redraw();
  });
  byId("reset").addEventListener("click", () => zoom());
  byId("csv").addEventListener("click", () =>
    download("curves.csv", new Blob([csv()], { type: "text/csv" })),
  );
  byId("svg").addEventListener("click", () => saveAll("SVG"));
  byId("png").addEventListener("click", () => saveAll("PNG"));
  byId("theme").addEventListener("click", switchTheme);
  const useless = figures()
    ? ["unit", "smooth", "raw", "seeds", "logLoss", "logRate", "full", "reset"]
    : data.kind === "preview"
      ? ["smooth", "raw", "seeds", "logLoss", "full"]
      : one()
        ? ["seeds"]
        : [];
  for (const id of useless) (byId(id).closest("label") ?? byId(id)).hidden = true;
  buildLecture();
  if (!data.runs.some((run) => run.epoch.seconds.some(isNumber)))
    byId("unit").querySelector("[value=seconds]").disabled = true;
}

darkWanted.addEventListener("change", everything);
const forPrint = (on) => {
  if (state.print !== on) {
    state.print = state.light = on;
    everything();
  }
};
matchMedia("print").addEventListener("change", (event) => forPrint(event.matches));
addEventListener("beforeprint", () => forPrint(true));
addEventListener("afterprint", () => forPrint(false));
let width = innerWidth;
addEventListener("resize", () => {
  if (width !== innerWidth) {
    width = innerWidth;
    resize();
    drawDifferences();
  }
  if (byId("lecture").open) showPicture();
});

// ---- live: the page that a training run serves asks for news ----------------------------------------------
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
