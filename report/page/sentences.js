// The page of curves: what a run or a variant did, in plain words. Its numbers, the account, come with the
// data.

const shortScore = (value) => (chief.percent ? `${decimals(100 * value, 1)} %` : short(value, 3));
const shortGap = (value) => (chief.percent ? decimals(100 * value, 1) : short(value, 2)).replace("-", "−");

function rateSentence(group) {
  const known = group.curves.lr.y.filter(isNumber);
  if (!known.length) return "";
  const { low_lr: low, high_lr: high, cycles } = group.account;
  if (high - low <= 1e-9 * high) return `The rate is ${short(high, 3)} throughout.`;
  if (cycles > 1) return `${cycles} cycles of the rate between ${short(low, 3)} and ${short(high, 3)}.`;
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
  const { minima, maxima, gap, gap_low: low, gap_high: high, n, over } = group.account;
  if (!isNumber(minima)) return "";
  const better = chief.lower ? gap < 0 : gap > 0,
    known = isNumber(low),
    sure = known && low * high > 0,
    unit = chief.percent ? " points" : "";
  return (
    `From the second cycle on validation ${chief.title} is ${shortScore(minima)} at the minima ` +
    `of the rate and ${shortScore(maxima)} at its maxima: ` +
    `${shortGap(Math.abs(gap))}${unit} ${gap < 0 ? "lower" : "higher"} at the minima` +
    (known ? ` (95\u00a0% interval ${shortGap(low)} to ${shortGap(high)}, ${n} ${over}).` : ".") +
    (known && !sure ? " The interval includes 0." : better ? "" : " The minima are worse.")
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

// Nothing is said of a loss that rose while the training loss did not fall.
function fitSentence(group) {
  const found = group.account;
  if (!("over_fits" in found) || (!found.over_fits && found.val_to > 1.05 * found.val_from)) return "";
  return found.over_fits
    ? `It over-fits: since epoch ${found.fit_epoch} the training loss fell from ` +
        `${short(found.train_from, 3)} to ${short(found.train_to, 3)}, and the validation loss rose from ` +
        `${short(found.val_from, 3)} to ${short(found.val_to, 3)}.`
    : "It does not over-fit: the validation loss ends within 5 % of its lowest.";
}

// The sentences of a group, without empty ones.
function sentencesOf(group) {
  const died = group.runs.length - living(group).length;
  return [
    rateSentence(group),
    peakSentence(group),
    valleySentence(group),
    bestSentence(group),
    fitSentence(group),
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
