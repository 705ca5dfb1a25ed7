// The worker: one engine, which trains in slices, so that a message is answered within a slice.
const slice = 30; // milliseconds
let engine,
  about,
  settings,
  until = 0, // train up to this step
  finished = null, // resolves the promise of step(n)
  due = false; // the next slice is asked for

const tell = (event, data, transfer = []) => postMessage({ event, data }, transfer);

// A message to oneself comes behind those that wait, and at once, unlike a timer's.
const channel = new MessageChannel();
channel.port1.onmessage = () => {
  due = false;
  train();
};
function proceed() {
  if (due || !settings || engine.at >= until) return;
  due = true;
  channel.port2.postMessage(0);
}

function halt() {
  until = engine.at;
  finished?.();
  finished = null;
}

const evaluate = () => tell("eval", engine.evaluate(settings.eval_count || 0));

// Make steps until the slice is over, the curve is to be measured, or the end is reached.
function makeSteps() {
  const rows = [],
    step = engine.at,
    images = engine.images,
    start = performance.now();
  let now = start;
  do {
    rows.push(engine.step());
    now = performance.now();
  } while (!engine.stopped && now - start < slice && engine.at < until && engine.at % settings.eval_every);
  const column = (index) => Float32Array.from(rows, (row) => row[index]),
    data = { step, loss: column(0), lr: column(1), momentum: column(2) };
  data.pictures_per_second = (1000 * (engine.images - images)) / Math.max(now - start, 0.01);
  tell("progress", data, [data.loss.buffer, data.lr.buffer, data.momentum.buffer]);
}

function train() {
  if (engine.at >= until) return;
  try {
    makeSteps();
    if (engine.stopped) {
      halt();
      tell("error", engine.stopped);
      return;
    }
    const end = engine.at >= settings.steps;
    if (end || engine.at % settings.eval_every === 0) evaluate();
    if (end) tell("done", { step: engine.at });
    if (engine.at >= until) halt();
  } catch (error) {
    halt();
    tell("error", error.message);
  }
  proceed();
}

const calls = {
  async open(files) {
    engine = await LatheBinding.open(files);
    about = engine.about();
    return about;
  },
  preview: (lines, stepsPerEpoch, steps) => engine.preview(lines, stepsPerEpoch, steps),
  configure(wanted, lines) {
    halt();
    settings = null;
    engine.configure(lines);
    settings = { eval_every: 50, ...wanted };
    until = engine.at;
  },
  schedule(lines) {
    engine.schedule(lines);
  },
  start() {
    until = settings.steps;
    proceed();
  },
  pause: halt,
  step(count) {
    halt();
    until = Math.min(engine.at + count, settings.steps);
    if (engine.at >= until) return undefined;
    proceed();
    return new Promise((resolve) => (finished = resolve));
  },
  rewind(step) {
    const trains = engine.at < until,
      at = engine.rewind(step);
    if (!trains) halt();
    proceed();
    return at;
  },
  filters: () => engine.filters(),
  mistakes: (most) => engine.mistakes(most, about.image.width * about.image.height),
  line: (a, b, points) => engine.line(a, b, points, settings.eval_count || 0),
};

onmessage = async ({ data: { id, call, args } }) => {
  try {
    if (!settings && !["open", "preview", "configure"].includes(call))
      throw new Error(`${call}: there is no run`);
    postMessage({ id, result: await calls[call](...args) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
};
