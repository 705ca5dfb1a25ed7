// The bar, the keys, and the start.
async function stopAll() {
  pause();
  if (driving) await driving;
}

// The state that an address describes, from its start. Returns whether it has a lane.
async function takeAddress(hash) {
  if (!readAddress(hash)) return false;
  for (const lane of lanes) lane.fresh = true;
  await Promise.all(lanes.map(scheduleChanged));
  return true;
}

async function train() {
  if (look.playing) return pause();
  if (guide.mode === "lesson" && guide.phase === "ask") return; // first predict
  if (finished()) {
    if (guide.mode === "challenge") guide.phase = "ask";
    restart();
    showGuide();
  }
  await play();
}

function showBar() {
  if (!lanes.some(stepOf)) byId("told").textContent = "";
  const done = finished(),
    button = byId("train"),
    text = look.playing ? texts.pause : done ? texts.again : texts.train;
  if (button.textContent !== text) button.textContent = text;
  button.disabled = guide.mode === "lesson" && guide.phase === "ask";
  byId("single").disabled = look.playing || done || button.disabled;
  showClock();
  showRewind();
}

function showClock() {
  const step = look.at === null ? texts.clock(stepNow(), shared.steps) : texts.clockPointed(look.at),
    seeds = look.seeds ? `${texts.clockSeeds(look.seeds.number, look.seeds.of)} · ` : "";
  byId("clock").textContent = seeds + step;
}

// Where all lanes can go back to: the start, the cycles of the chosen lane, or every hundredth step.
let rewindKey = "";
function showRewind() {
  const step = stepNow(),
    bounds = cyclesOf(current(), step).filter((bound) => bound > 0 && bound < step),
    plain = Array.from({ length: 40 }, (_, k) => (k + 1) * 100).filter((bound) => bound < step);
  const places = bounds.length && bounds.length < 40 ? bounds : plain,
    key = `${current().letter}|${step > 0}|${places}`;
  const select = byId("rewind");
  select.disabled = step === 0 && !lanes.some(stepOf);
  if (key === rewindKey) return;
  rewindKey = key;
  select.textContent = "";
  select.append(make("option", { value: "", textContent: texts.rewindTitle }));
  select.append(make("option", { value: 0, textContent: texts.rewindStart }));
  places.forEach((place, k) =>
    select.append(
      make("option", {
        value: place,
        textContent: bounds.length ? texts.rewindCycle(k + 2, place) : texts.rewindStep(place),
      }),
    ),
  );
}

// What is seen, in words: when the training has stopped.
function tell() {
  const speed = lanes.reduce((sum, lane) => sum + (lane.speed || 0), 0);
  const sentences = lanes
    .filter((lane) => stepOf(lane))
    .map((lane) =>
      lane.died
        ? texts.toldDied(lane.letter, nameWithRate(lane), stepOf(lane))
        : texts.told(
            lane.letter,
            nameWithRate(lane),
            stepOf(lane),
            points(lastEval(lane)?.accuracy),
            lossText(nowOf(lane).loss),
          ),
    );
  if (speed > 0) sentences.push(texts.speed(speed));
  byId("told").textContent = sentences.join(" ");
}

function showNumbers() {
  const details = byId("numbers");
  if (!details.open) return;
  const steps = [...new Set(lanes.flatMap((lane) => lane.evals.map((row) => row.step)))].sort(
      (a, b) => a - b,
    ),
    head = make("tr", {}, make("th", { textContent: texts.numbersStep, scope: "col" }));
  for (const lane of lanes)
    for (const what of [texts.rate, texts.trainLoss, texts.accuracy])
      head.append(make("th", { textContent: `${lane.letter} ${what}`, scope: "col" }));
  const smooth = new Map(lanes.map((lane) => [lane, smoothLoss(lane)]));
  const rows = steps.map((step) => {
    const row = make("tr", {}, make("th", { textContent: step, scope: "row" }));
    for (const lane of lanes) {
      const found = lane.evals.find((each) => each.step === step);
      row.append(
        make("td", { textContent: short(lane.rate[step - 1], 3) }),
        make("td", { textContent: lossText(smooth.get(lane)[step - 1]) }),
        make("td", { textContent: points(found?.accuracy) }),
      );
    }
    return row;
  });
  details.lastElementChild.replaceChildren(
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
  );
}

// Keys that work wherever no control wants them.
function pageKey(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest("input, select, textarea, [role=slider], pre")) return;
  if (key === " " && target.closest("button, summary")) return;
  const act = {
    " ": train,
    n: () => byId("single").disabled || single(),
    r: () => byId("rewind").disabled || stopAll().then(() => rewindTo(0)),
  }[key];
  const lane = lanes.find((each) => each.letter === letters[Number(key) - 1]);
  if (act) {
    event.preventDefault();
    act();
  } else if (lane) chooseLane(lane);
}

function wire() {
  const on = (id, name, act) => byId(id).addEventListener(name, act);
  on("train", "click", train);
  on("single", "click", single);
  on("rewind", "change", async () => {
    const { value } = byId("rewind");
    byId("rewind").value = "";
    if (value === "") return;
    await stopAll();
    await rewindTo(Number(value));
  });
  for (const [value, textContent] of Object.entries(texts.paces))
    byId("pace").append(make("option", { value, textContent }));
  on("pace", "change", () => (look.pace = byId("pace").value));
  on("lessons", "click", () => (guide.mode === "lesson" ? leaveGuide() : openLesson(0)));
  on("challenge", "click", () => (guide.mode === "challenge" ? leaveGuide() : openChallenge()));
  on("share", "click", () => {
    keepAddress();
    copyText(location.href, byId("share"));
  });
  on("theme", "click", () => {
    look.theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = look.theme;
    changed();
  });
  on("numbers", "toggle", showNumbers);
  addEventListener("resize", changed);
  addEventListener("keydown", pageKey);
  addEventListener("hashchange", () => location.hash !== addressOf(kept) && begin());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

// The state from the address, or the first one.
async function begin() {
  await stopAll();
  const hash = location.hash,
    found = await takeAddress(hash);
  if (!found) {
    shared = freshShared();
    freshLanes();
    await Promise.all(lanes.map(scheduleChanged));
  }
  const words = new URLSearchParams(hash.slice(1)),
    number = Number(words.get("lesson")),
    result = words.get("result") ?? "";
  if (number >= 1 && number <= lessons.length) await openLesson(Math.floor(number) - 1);
  else if (words.has("challenge"))
    await openChallenge(found, /^\d{1,3}(\.\d)?$/.test(result) ? `${result} %` : "");
  else if (guide.mode) leaveGuide();
  changed();
}

(async () => {
  fillTexts();
  byId("train").textContent = texts.train;
  try {
    engine = await LatheEngine.ready;
  } catch (error) {
    byId("loading").textContent = texts.failed(error.message ?? error);
    return;
  }
  listen();
  wire();
  freshLanes();
  views.push(showBar, showLanes, drawCharts, showEditor, showCloser, showNumbers);
  whenStopped.push(tell, guideStopped);
  buildCloser();
  await begin();
  byId("loading").remove();
  document.body.dataset.ready = "true";
})();
