// The page of curves. Its data is one JSON object; everything on the page is made from it, again whenever
// something is changed. The files of this folder are the body of one function, in the order of
// CMakeLists.txt. This one: the data and its metrics.
let data = JSON.parse(byId("data").textContent);
const metrics = data.metrics; // the chief one first
const chief = metrics[0] || { name: "", title: "", lower: false, percent: false };
const showMetric = (metric) =>
  metric.percent ? percent : (value) => (isNumber(value) ? decimals(value, 4) : "–");
const chiefText = showMetric(chief);
