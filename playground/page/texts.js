// All words of the page. Another language is another table of the same keys.
const texts = {
  title: "lathe playground",
  loading: "Loading the network and the pictures.",
  failed: (why) => `The playground could not start: ${why}`,
  footer:
    "A real network trains in this page: lathe's C source as WebAssembly, on pictures of Fashion-MNIST. " +
    "Nothing leaves the page. Charts: uPlot.",
  // the bar
  drive: "Training",
  train: "▶ Train",
  pause: "❚❚ Pause",
  again: "↻ Train again",
  single: "one step",
  singleHint: "Train one batch (key: n)",
  rewind: "rewind",
  rewindTitle: "rewind",
  rewindStart: "to the start",
  rewindCycle: (number, step) => `to cycle ${number}, step ${step}`,
  rewindStep: (step) => `to step ${step}`,
  pace: "pace of the training",
  paces: { full: "full speed", medium: "60 steps/s", slow: "15 steps/s" },
  clock: (step, steps) => `step ${step} of ${steps}`,
  clockSeeds: (number, of) => `seed ${number} of ${of}`,
  clockPointed: (step) => `at step ${step}`,
  speed: (value) => `Trained at ${Math.round(value).toLocaleString("en")} pictures a second in all.`,
  lessons: "Lessons",
  challenge: "Challenge",
  share: "Link",
  shareHint: "A link to this page with all settings",
  shareFailed: "The link is in the address bar.",
  theme: "light or dark",
  // lanes
  lanes: "Lanes: schedules that train the same network from the same start",
  lane: (letter) => `Lane ${letter}`,
  pick: (letter, name) => `Lane ${letter}, ${name}: show and change its schedule`,
  add: "+ add a lane",
  addHint: "Another schedule on the same first weights and the same order of pictures",
  remove: (letter) => `Remove lane ${letter}`,
  nameWithRate: (name, rate) => `${name} ${rate}`,
  accuracy: "accuracy",
  loss: "loss",
  trainLoss: "training loss",
  rate: "rate",
  died: (step) => `stopped at step ${step}: the loss is not finite`,
  // charts
  charts: "Curves of all lanes on one axis",
  chart: {
    lr: "Learning rate",
    momentum: "Momentum",
    loss: "Training loss",
    accuracy: "Validation accuracy",
  },
  steps: "steps",
  chartHelp: (title) => `${title}. Arrow keys read it step by step, Home and End go to its ends.`,
  dragHint: "Drag the dot and the lines: the schedule follows.",
  handle: (name) => `${name}, on the chart`,
  logRate: "log",
  logHint: "The rate on a logarithmic axis",
  // the editor
  schedule: "Schedule",
  scheduleNames: {
    constant: "constant",
    cyclic: "cyclic",
    one_cycle: "one cycle",
    cosine: "cosine",
    step: "step",
    plateau: "plateau",
    warm_restarts: "warm restarts",
    exponential: "exponential",
  },
  more: "more of this schedule",
  auto: "auto",
  plateau:
    "The rate falls when the validation stops getting better. The chart cannot know that beforehand.",
  applied: "A change counts from the present step on. To compare whole runs, train again.",
  stale: "Train again to see what this schedule does.",
  network: "Network and optimizer, for all lanes",
  reset: "Everything as at first",
  networkHint: "A change here begins all lanes anew.",
  model: "network",
  models: { mlp: "MLP", lenet5: "LeNet-5", "small-cnn": "small CNN, batch norm" },
  optimizer: "optimizer",
  batch_size: "batch size",
  weight_decay: "weight decay",
  seed: "seed",
  stepsOfRun: "steps",
  epochs: (count, pictures) => `${count} epochs of ${pictures.toLocaleString("en")} pictures`,
  // a closer look
  closer: "A closer look",
  tabs: {
    filters: "Filters",
    mistakes: "Mistakes",
    cycles: "Cycles",
    valley: "Valley",
    seeds: "Seeds",
    code: "Code",
  },
  filters: "The filters of the first layer, now. Blue is negative, orange is positive.",
  mistakes: "The surest mistakes on validation pictures, now.",
  noMistakes: "Train a little first.",
  mistake: (said, sure, label) => `says ${said}, ${Math.round(100 * sure)} %; it is ${label}`,
  cycles: (letter) =>
    `The cycles of lane ${letter} laid over each other: the first is the thinnest line, the last ` +
    "is the thickest.",
  noCycles: (letter) =>
    `Lane ${letter} has not finished a cycle. Choose cyclic or warm restarts, and train.`,
  position: "position in the cycle",
  valley: (letter) =>
    `The loss on the straight line between the weights at two steps of lane ${letter}. A hill between ` +
    "them means two separate valleys; none means one.",
  valleyFrom: "from step",
  valleyTo: "to step",
  valleyGo: "Measure",
  valleyBusy: "Measuring.",
  valleyWait: "Train further first: the line needs two places.",
  valleyAxis: "0: the first place, 1: the second",
  valleySaid: (hill, height) =>
    hill
      ? `Between the two places stands a hill, ${height} above the higher of them.`
      : "No hill stands between the two places.",
  seeds:
    "One run is one throw of the dice. Run five seeds of each lane: the band holds all five. A " +
    "difference that is smaller than the bands is noise.",
  seedsGo: "▶ Run five seeds",
  seedsStop: "Stop",
  seedsRow: (letter, mean, low, high, count) =>
    `Lane ${letter}: ${mean} on average, from ${low} to ${high} in ${count} seeds.`,
  code: (letter) => `The same run of lane ${letter} outside the page.`,
  bent: "The schedule was changed on the way; this is a whole run of the schedule as it is now.",
  command: "In a shell",
  program: "In C",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "Select it by hand",
  numbers: "The curves as numbers",
  numbersStep: "step",
  told: (letter, name, steps, accuracy, loss) =>
    `Lane ${letter}, ${name}: after ${steps} steps accuracy ${accuracy}, loss ${loss}.`,
  toldDied: (letter, name, step) =>
    `Lane ${letter}, ${name}: stopped at step ${step}, the loss is not finite.`,
  // lessons and the challenge
  lessonOf: (number, count) => `Lesson ${number} of ${count}`,
  checkGo: "▶ Train and check",
  running: "The lanes are training. Watch the charts.",
  predicted: "You said:",
  right: "You predicted it.",
  wrong: (answer) => `Not so. What happened: ${answer}`,
  next: "Next lesson",
  previous: "Back",
  leave: "Leave",
  retry: "Try again",
  undecided: "This run does not decide it. Try again with another seed.",
  lessonsDone: "That was the last lesson. The challenge is waiting.",
  challengeTitle: "Challenge",
  challengeText: (target, steps) =>
    `Reach ${target} in ${steps} steps. You choose the schedule. The network, the optimizer, the batch ` +
    "size and the first weights are the same for everyone.",
  challengeYet: "Change the schedule of lane A, then train.",
  challengeTheirs: (result) => `Somebody reached ${result} with this schedule. Can you beat it?`,
  challengeWon: (result, target) => `${result}. You reached the target of ${target}.`,
  challengeLost: (result, target) => `${result}. The target is ${target}.`,
  challengeBent: "You changed the schedule on the way. Train again: only whole runs of one schedule count.",
  challengeBest: (result) => `Your best so far: ${result}.`,
  challengeShare: "Copy a link to this result",
  lesson: {
    range: {
      title: "The range test",
      text:
        "Which learning rates does this network bear? Let the rate rise from step to step, from 0.0001 " +
        "to 1, and watch the loss.",
      question: "What will the loss do while the rate rises?",
      choices: ["It falls all the way.", "It falls, then it rises.", "It rises all the way."],
      answers: ["it fell all the way", "it fell, then it rose", "it rose all the way"],
      said: (base, top) =>
        `The loss began to fall at a rate of about ${base}, and was lowest at ${top}. A cycle between ` +
        "these two rates is a good one: they are base_lr and max_lr.",
      take: "lathe lr-find does the same with several seeds.",
    },
    high: {
      title: "A peak that is too high",
      text:
        "Three lanes, three peaks. The peak of lane B is four times as high as that of lane A, and the " +
        "peak of lane C is sixteen times as high.",
      question: "How does lane C end, compared with lane A?",
      choices: ["Better.", "About as good.", "Worse, but it learns.", "At chance: one in ten."],
      answers: ["lane C was better", "lane C was about as good", "lane C was worse but learned", "chance"],
      said: (a, b, c) => `Lane A ends at ${a}, lane B at ${b}, lane C at ${c}.`,
      take: "A peak that is too high shows itself in the first climb. One short cycle is enough to find it.",
    },
    valleys: {
      title: "Peaks and valleys",
      text: "The rate climbs to its peak and falls back, three times. Watch the accuracy on new pictures.",
      question: "Will the accuracy rise or fall at the peaks of the rate?",
      choices: ["It rises at the peaks.", "It falls at the peaks.", "It does not care."],
      answers: ["it rose at the peaks", "it fell at the peaks", "no difference of a point or more"],
      said: (valley, peak) => `Accuracy at the low rates: ${valley}. At the peaks: ${peak}.`,
      take: "A run that is stopped at a peak looks bad and is not. Let a cycle end before you judge it.",
    },
    momentum: {
      title: "Momentum multiplies the rate",
      text:
        "Lane A has the rate 0.01 and no momentum. Lane B has the same rate and momentum 0.9. Lane C has " +
        "no momentum and ten times the rate.",
      question: "Whose loss will the curve of lane B follow?",
      choices: ["That of A: the same rate.", "That of C: ten times the rate.", "Neither."],
      answers: ["B followed A", "B followed C", "B followed neither"],
      said: (a, c) => `On average the loss of B is ${a} away from that of A, and ${c} away from that of C.`,
      take:
        "Momentum m makes the step 1 / (1 - m) times as long: ten times for 0.9. This is why a cycle may " +
        "lower the momentum while the rate climbs.",
    },
    onecycle: {
      title: "One cycle",
      text:
        "Lane A keeps a high rate, lane B keeps a low one. Lane C climbs to the high rate once and then " +
        "falls far down.",
      question: "Which lane ends with the highest accuracy?",
      choices: ["A: high all the time.", "B: low all the time.", "C: one cycle."],
      answers: ["lane A", "lane B", "lane C"],
      said: (a, b, c) => `Lane A ends at ${a}, lane B at ${b}, lane C at ${c}.`,
      take: "The high rate covers ground, the fall at the end settles. Most of the gain comes with the fall.",
    },
    epoch: {
      title: "Stepped once an epoch",
      text:
        "The most common mistake with cycles: the scheduler is stepped once an epoch instead of once a " +
        "batch. An epoch here has 79 batches, so the rate of lane B stands still for 79 steps at a time.",
      question: "How will you notice the mistake in lane B?",
      choices: [
        "The loss is not finite.",
        "Lane B learns nothing.",
        "It learns, but less. Only its rate gives it away.",
        "Not at all: it ends as high as A.",
      ],
      answers: [
        "the loss was not finite",
        "lane B learned nothing",
        "it learned, but less",
        "no difference",
      ],
      said: (a, b, peak) =>
        `Lane A ends at ${a}, lane B at ${b}. The rate of lane B never exceeded ${peak}.`,
      take: "No error, a smooth curve, and points lost. Look at the rate of a run, not only at its loss.",
    },
  },
};

// A text of the table into each element that names one.
function fillTexts() {
  for (const element of document.querySelectorAll("[data-text]"))
    element.textContent = texts[element.dataset.text];
  for (const element of document.querySelectorAll("[data-hint]"))
    element.title = texts[element.dataset.hint];
  for (const element of document.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", texts[element.dataset.label]);
}
const points = (accuracy) => (isNumber(accuracy) ? `${decimals(100 * accuracy, 1)} %` : "–");
const lossText = (loss) => (!isNumber(loss) ? "–" : loss < 100 ? decimals(loss, 3) : short(loss, 3));
const nameOf = (lane) => {
  const mode = lane.schedule === "cyclic" ? valueOf(lane, "mode") : "triangular";
  return mode === "triangular" ? texts.scheduleNames[lane.schedule] : mode;
};
// With its highest rate, which tells lanes of one schedule apart.
const nameWithRate = (lane) => {
  const top = kindOf(lane).lines.find((name) => name !== "base_lr" && name !== "eta_min");
  return texts.nameWithRate(nameOf(lane), short(valueOf(lane, top), 2));
};
