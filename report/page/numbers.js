// Short names, numbers as text, and statistics, for the page of curves and for the playground.
const byId = (id) => document.getElementById(id);
const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// ---- numbers as text --------------------------------------------------------------------------------------
const isNumber = (value) => typeof value === "number" && isFinite(value);
const short = (value, digits) => {
  if (!isNumber(value)) return "–";
  const far = value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5);
  return far
    ? value.toExponential(Math.min(2, (digits || 4) - 1)).replace(/\.?0*e/, "e")
    : String(+value.toPrecision(digits || 4));
};
// Decimal places as C's printf rounds: a tie goes to the even digit; toFixed takes it away from 0.
const decimals = (value, digits) => {
  const text = value.toFixed(digits),
    exact = Math.abs(value).toFixed(digits + 40);
  return /^50*$/.test(exact.slice(-40)) && /[13579]$/.test(text)
    ? (value < 0 ? "-" : "") + exact.slice(0, -40)
    : text;
};
const percent = (value) => (isNumber(value) ? decimals(100 * value, 2) + " %" : "–");
const fixed = (value) =>
  !isNumber(value) ? "–" : Math.abs(value) < 1000 ? decimals(value, 4) : short(value);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const last = (values) => values.filter(isNumber).pop();

// ---- statistics -------------------------------------------------------------------------------------------
const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);
const spread = (values) => {
  const middle = mean(values);
  return values.length < 2
    ? null
    : Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
};

// Student's t that 2.5 % exceed: exact to 30 degrees of freedom, beyond them by the series of Fisher and
// Cornish.
const t975 = [
  12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814, 2.20099, 2.17881,
  2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596, 2.07961, 2.07387, 2.06866, 2.0639,
  2.05954, 2.05553, 2.05183, 2.04841, 2.04523, 2.04227,
];
function studentT(freedom) {
  if (freedom <= t975.length) return t975[freedom - 1];
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

// The mean and its 95 % interval; `half` is null of fewer than two values.
function interval(values) {
  const known = values.filter(isNumber),
    wide = spread(known),
    n = known.length;
  return { n, mean: mean(known), half: wide === null ? null : (studentT(n - 1) * wide) / Math.sqrt(n) };
}

// The value below which a part of the sorted values lies.
const quantile = (sorted, part) =>
  sorted[Math.max(0, Math.min(sorted.length - 1, Math.floor(part * sorted.length)))];

// Exponential mean without the bias of its start (as in Adam, Kingma and Ba 2015).
function smoothed(values, keep) {
  let sum = 0,
    weight = 0;
  return values.map((value) => {
    if (isNumber(value)) {
      sum = keep * sum + (1 - keep) * value;
      weight = keep * weight + 1 - keep;
    }
    return weight > 0 ? sum / weight : null;
  });
}

// The index of the number nearest to x in ascending numbers.
function nearest(xs, x) {
  let low = 0,
    high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
}

// Round ticks between two numbers, about `count` of them: 1, 2 or 5 times a power of ten apart.
function ticksOf(low, high, count, log) {
  if (log) return logTicks(low, high);
  const rough = (high - low) / Math.max(1, count),
    power = 10 ** Math.floor(Math.log10(rough));
  const apart = [1, 2, 5, 10].map((k) => k * power).find((step) => step >= rough * 0.7),
    ticks = [];
  for (let k = Math.ceil(low / apart - 1e-9); k * apart <= high + 1e-9 * apart; k++)
    ticks.push(+(k * apart).toPrecision(12));
  return ticks;
}

function logTicks(low, high) {
  const decades = Math.log10(high / low),
    factors = decades > 4 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5],
    ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const k of factors) {
      const at = k * 10 ** e;
      if (at >= low * 0.999 && at <= high * 1.001) ticks.push(+at.toPrecision(6));
    }
  return ticks;
}
