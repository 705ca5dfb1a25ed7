// The page of curves: what a run or a variant did, in plain words, computed from its curves.

// The row of a curve nearest to a step, if it is near enough.
function rowNear(steps, step, apart) {
  if (!steps.length) return -1;
  const row = nearest(steps, step);
  return Math.abs(steps[row] - step) <= apart ? row : -1;
}

// For each cycle but the first the rows of its peak, and of the minima before and after it: compared with the
// mean of both, a peak is not taken to be worse because the net has learned since. Where the rate jumps up,
// the row of the jump belongs to the minimum, and the next row is taken for the peak.
function extremes(run, starts, steps) {
  const triples = [];
  let before = -1;
  for (const cycle of peaksOf(run, starts)) {
    const apart = (cycle.to - cycle.from) / 6,
      low = rowNear(steps, cycle.to, apart);
    let high = rowNear(steps, cycle.peak, apart);
    if (high === before && high >= 0) high = steps[high + 1] - cycle.peak <= apart ? high + 1 : -1;
    if (before >= 0 && high > before && low > high) triples.push({ before, high, low });
    before = low;
  }
  return triples;
}

// The chief metric at the minima of the rate against its maxima: means, and the interval of the difference
// over seeds where there are three or more, else over cycles. Null if no peak was measured between two
// minima.
function valleysOf(group) {
  const metric = `val_${chief.name}`,
    runs = drawnRuns(group);
  const each = runs
    .map((run) => {
      const { values, steps } = sourceOf(run, metric);
      return extremes(run, cyclesOf(run), steps)
        .map(({ before, high, low }) => ({ high: values[high], low: mean([values[before], values[low]]) }))
        .filter(({ high, low }) => isNumber(high) && isNumber(low));
    })
    .filter((pairs) => pairs.length);
  if (!each.length) return null;
  const gap = ({ low, high }) => low - high,
    all = each.flat();
  const overCycles = each[0].map((_, k) =>
    mean(each.map((pairs) => (pairs[k] ? gap(pairs[k]) : null)).filter(isNumber)),
  );
  const bySeed = each.length > 2,
    found = interval(bySeed ? each.map((pairs) => mean(pairs.map(gap))) : overCycles);
  return {
    low: mean(all.map((pair) => pair.low)),
    high: mean(all.map((pair) => pair.high)),
    over: bySeed ? "seeds" : "cycles",
    ...found,
  };
}

// Over-fitting: since the epoch of the lowest validation loss it rose by more than 5 %, and the training loss
// fell. Of cycles only their ends are compared, so a peak of the rate is not taken for it.
function overFit(group) {
  const mine = drawnRuns(group),
    column = (name) =>
      mine[0].epoch.step.map((_, i) => mean(mine.map((run) => run.epoch[name][i]).filter(isNumber)));
  const val = column("val_loss"),
    train = column("train_loss"),
    steps = mine[0].epoch.step,
    ends = group.cycles.slice(1);
  const near = ends.map((end) => rowNear(steps, end, mine[0].per_epoch / 2)).filter((row) => row >= 0);
  const rows = near.length > 1 ? [...new Set(near)] : steps.map((_, i) => i),
    known = rows.filter((i) => isNumber(val[i]));
  if (known.length < 3) return null;
  const end = known[known.length - 1],
    best = known.reduce((low, i) => (val[i] < val[low] ? i : low), known[0]);
  return {
    over: val[end] > 1.05 * val[best] && train[end] < train[best],
    epoch: best + 1,
    from: val[best],
    to: val[end],
    trainFrom: train[best],
    trainTo: train[end],
  };
}

const shortScore = (value) => (chief.percent ? `${decimals(100 * value, 1)} %` : short(value, 3));
const shortGap = (value) => (chief.percent ? decimals(100 * value, 1) : short(value, 2)).replace("-", "−");

function rateSentence(group) {
  const known = group.curves.lr.y.filter(isNumber);
  if (!known.length) return "";
  const low = known.reduce((a, b) => Math.min(a, b)),
    high = known.reduce((a, b) => Math.max(a, b)),
    count = group.cycles.length - 1;
  if (high - low <= 1e-9 * high) return `The rate is ${short(high, 3)} throughout.`;
  if (count > 1) return `${count} cycles of the rate between ${short(low, 3)} and ${short(high, 3)}.`;
  const first = known[0],
    end = known[known.length - 1],
    rises = high > 1.001 * first,
    falls = end < 0.999 * high;
  const start = rises
    ? `rises from ${short(first, 3)} to ${short(high, 3)}`
    : `falls from ${short(first, 3)}`;
  return `The rate ${start}${rises && falls ? " and falls" : ""}${falls ? ` to ${short(end, 3)}` : ""}.`;
}

// Why a variant of a comparison has its rates, if the comparison chose them.
function peakSentence(group) {
  const found = /^rate = .*\(peak = (\w+)\)$/m.exec(group.differs ?? "");
  if (!found) return "";
  return found[1] === "lr"
    ? "Its peak is the lr at which schedules without cycles begin: all peaks are equal."
    : "It begins at the max_lr of the cycles: all peaks are equal.";
}

function valleySentence(group) {
  const found = valleysOf(group);
  if (!found) return "";
  const better = chief.lower ? found.mean < 0 : found.mean > 0,
    sure = found.half !== null && Math.abs(found.mean) > found.half,
    unit = chief.percent ? " points" : "";
  return (
    `From the second cycle on validation ${chief.title} is ${shortScore(found.low)} at the minima ` +
    `of the rate and ${shortScore(found.high)} at its maxima: ` +
    `${shortGap(Math.abs(found.mean))}${unit} ${found.mean < 0 ? "lower" : "higher"} at the minima` +
    (found.half === null
      ? "."
      : ` (95\u00a0% interval ${shortGap(found.mean - found.half)} ` +
        `to ${shortGap(found.mean + found.half)}, ${found.n} ${found.over}).`) +
    (found.half !== null && !sure ? " The interval includes 0." : better ? "" : " The minima are worse.")
  );
}

function bestSentence(group) {
  const curve = group.curves[`val_${chief.name}`];
  if (!curve || group.best < 0 || !isNumber(curve.y[group.best])) return "";
  const many = drawnRuns(group).length,
    mid = many > 1 ? `, the mean of ${many} seeds,` : "";
  const best = shortScore(curve.y[group.best]);
  return `Validation ${chief.title}${mid} is best at ${bestWhere(group)}: ${best}.`;
}

function fitSentence(group) {
  const found = overFit(group);
  if (!found) return "";
  return found.over
    ? `It over-fits: since epoch ${found.epoch} the training loss fell from ${short(found.trainFrom, 3)} ` +
        `to ${short(found.trainTo, 3)}, and the validation loss rose from ${short(found.from, 3)} ` +
        `to ${short(found.to, 3)}.`
    : "It does not over-fit: the validation loss ends within 5 % of its lowest.";
}

// The sentences of a group, without empty ones.
function sentencesOf(group) {
  const found = overFit(group),
    fit = found && !found.over && found.to > 1.05 * found.from ? "" : fitSentence(group);
  const died = group.runs.length - living(group).length;
  return [
    rateSentence(group),
    peakSentence(group),
    valleySentence(group),
    bestSentence(group),
    fit,
    died ? `${died} of ${group.runs.length} runs died and ${died > 1 ? "are" : "is"} not in the means.` : "",
  ].filter(Boolean);
}

function told() {
  const place = byId("told");
  place.textContent = "";
  if (figures())
    return place.append(...(data.sentences || []).map((text) => make("p", { textContent: text })));
  for (const group of groups) {
    const sentences = sentencesOf(group);
    if (sentences.length)
      place.append(
        make(
          "p",
          {},
          ...(one() ? [] : [make("b", {}, swatch(group.index, group.index), `${group.name}: `)]),
          sentences.join(" "),
        ),
      );
  }
}
