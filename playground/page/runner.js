// Training: all lanes in rounds, so that they grow together. A round is as many steps as a tenth of a second
// holds, or as the pace allows.
const paces = { full: 0, medium: 60, slow: 15 };
const workerOf = (lane) => LatheEngine.lane(indexOf(lane));

function listen() {
  letters.forEach((letter, i) => {
    const worker = LatheEngine.lane(i),
      mine = () => lanes.find((lane) => lane.letter === letter);
    worker.on("progress", ({ step, loss, lr, momentum, pictures_per_second }) => {
      const lane = mine();
      if (!lane || lane.fresh) return;
      for (let k = 0; k < loss.length; k++) {
        lane.loss[step + k] = loss[k];
        lane.rate[step + k] = lr[k];
        lane.impulse[step + k] = momentum[k];
      }
      lane.speed = pictures_per_second;
      changed();
    });
    worker.on("eval", (row) => {
      const lane = mine();
      if (!lane || lane.fresh) return;
      lane.evals = [...lane.evals.filter((each) => each.step < row.step), row];
      changed();
    });
    worker.on("error", (message) => {
      const lane = mine();
      if (lane) die(lane, message);
    });
  });
}

function die(lane, message) {
  lane.died ??= String(message.message ?? message);
  changed();
}

// A worker is set up anew for the lane's start.
async function setUp(lane, seed) {
  Object.assign(lane, emptyRun(), { fresh: false });
  await workerOf(lane).configure(settingsOf(lane, seed));
}
const setUpFresh = () =>
  Promise.all(
    lanes.filter((lane) => lane.fresh).map((lane) => setUp(lane).catch((error) => die(lane, error))),
  );

// A lane that was added later catches up before the others go on.
async function stepAll(count) {
  const to = Math.min(shared.steps, stepNow() + count),
    going = living().filter((lane) => stepOf(lane) < to);
  await Promise.all(
    going.map((lane) =>
      workerOf(lane)
        .step(to - stepOf(lane))
        .catch((error) => die(lane, error)),
    ),
  );
}

let roundSteps = 1;
async function round() {
  const began = performance.now();
  await stepAll(roundSteps);
  const took = performance.now() - began,
    pace = paces[look.pace];
  if (!pace) roundSteps = Math.max(1, Math.min(25, Math.round((roundSteps * 100) / Math.max(4, took))));
  else {
    roundSteps = Math.max(1, Math.round(pace / 10));
    const rest = (1000 * roundSteps) / pace - took;
    if (rest > 0) await new Promise((done) => setTimeout(done, rest));
  }
}

// Trains until it is paused or finished. Resolves then.
let driving = null;
function play() {
  look.playing = true;
  driving ??= drive().finally(() => {
    driving = null;
    look.playing = false;
    changed();
    whenStopped.forEach((tell) => tell());
  });
  changed();
  return driving;
}
const whenStopped = [];
async function drive() {
  while (look.playing) {
    await inTurn(async () => {
      await setUpFresh();
      if (look.playing) await round();
    });
    if (finished()) return;
  }
}
const pause = () => {
  look.playing = false;
  changed();
};

const single = () =>
  inTurn(async () => {
    await setUpFresh();
    await stepAll(1);
  });

// Everything from the start, with the finished curves left behind them.
function restart() {
  for (const lane of lanes) {
    if (stepOf(lane)) lane.ghost = { loss: lane.loss, evals: lane.evals };
    Object.assign(lane, emptyRun(), { fresh: true });
  }
  changed();
}

// All lanes back to a step that every one of them has done. A worker goes to its last snapshot before the
// step and trains on to it, which gives the same numbers.
const rewindTo = (step) =>
  inTurn(async () => {
    if (step === 0) return restart();
    await Promise.all(
      lanes.map(async (lane) => {
        if (lane.fresh || stepOf(lane) < step) return;
        const reached = await workerOf(lane).rewind(step);
        lane.died = null;
        cutTo(lane, reached);
        if (reached < step) await workerOf(lane).step(step - reached);
      }),
    );
    changed();
  });
function cutTo(lane, step) {
  for (const name of ["loss", "rate", "impulse"]) lane[name].length = Math.min(lane[name].length, step);
  lane.evals = lane.evals.filter((row) => row.step <= step);
  Object.assign(lane, { valley: null, stale: false });
}

// ---- changes ----
// A schedule was changed: the rest of the chart follows at once, and the training from its present step on.
async function scheduleChanged(lane) {
  lane.band = null;
  if (lane.died && !stepOf(lane)) Object.assign(lane, { died: null, fresh: true }); // it could not begin
  lane.stale = stepOf(lane) >= shared.steps;
  delete kept.result;
  changed();
  lane.asked = (lane.asked ?? 0) + 1;
  const asked = lane.asked;
  try {
    const ahead = await LatheEngine.preview(scheduleOf(lane), shared.steps, settingsOf(lane));
    if (asked !== lane.asked) return;
    lane.ahead = ahead;
    lane.wrong = null;
  } catch (error) {
    if (asked === lane.asked) lane.wrong = String(error.message ?? error);
    return changed();
  }
  changed();
  keepAddress();
  if (!lane.fresh && !lane.told && stepOf(lane) < shared.steps) {
    lane.told = true;
    inTurn(async () => {
      lane.told = false;
      if (lane.fresh || lane.wrong) return;
      await workerOf(lane).schedule(scheduleOf(lane));
      lane.bent ||= stepOf(lane) > 0;
      changed();
    }).catch((error) => {
      lane.wrong = String(error.message ?? error);
      changed();
    });
  }
}

// What all lanes share was changed: all begin anew.
function sharedChanged() {
  pause();
  for (const lane of lanes) Object.assign(lane, emptyRun(), { fresh: true, ghost: null, band: null });
  return Promise.all(lanes.map(scheduleChanged));
}

// Several seeds of all lanes, the reader's own last, so that what is seen afterwards is the run that was
// there. Each seed's curves are kept: the band.
async function runSeeds(count) {
  pause();
  if (driving) await driving;
  for (const lane of lanes) lane.band = [];
  for (let k = 1; k <= count; k++) {
    const seed = shared.seed + (k % count);
    look.seeds = { number: k, of: count };
    for (const lane of lanes) Object.assign(lane, emptyRun(), { fresh: false, ghost: null });
    await inTurn(() => Promise.all(lanes.map((lane) => setUp(lane, seed))));
    await play();
    if (!finished()) break; // paused: what was done stays
    for (const lane of lanes) if (!lane.died) lane.band?.push({ loss: lane.loss, evals: lane.evals, seed });
  }
  if (!finished()) for (const lane of lanes) lane.fresh = true;
  look.seeds = null;
  changed();
}
