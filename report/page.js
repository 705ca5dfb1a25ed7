"use strict";
// A cursor that all charts share: the numbers of the step under the pointer, or of the step reached with the arrow keys.
(function () {
  const data = JSON.parse(document.getElementById("steps").textContent);
  const readout = document.getElementById("readout");
  const charts = [...document.querySelectorAll("svg.chart")];
  if (!data.step.length) return;
  const cursors = charts.map((chart) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", "cursor");
    chart.append(line);
    return line;
  });
  const number = (value) => (value === null ? "–" : Number(value).toPrecision(5).replace(/\.?0+(e|$)/, "$1"));
  let shown = 0;

  function show(index) {
    shown = Math.max(0, Math.min(data.step.length - 1, index));
    const step = data.step[shown];
    readout.textContent = `step ${step}   epoch ${data.epoch[shown] + 1}   lr ${number(data.lr[shown])}   ` +
      `momentum ${number(data.momentum[shown])}   loss ${number(data.loss[shown])}`;
    charts.forEach((chart, i) => {
      const { left, right, min, max } = chart.dataset;
      const x = +left + ((step - min) / (max - min)) * (right - left);
      const height = chart.viewBox.baseVal.height;
      cursors[i].setAttribute("d", `M${x} 34V${height - 40}`);
    });
  }

  function nearest(step) {
    let low = 0, high = data.step.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (data.step[middle] < step) low = middle + 1; else high = middle;
    }
    return low > 0 && step - data.step[low - 1] < data.step[low] - step ? low - 1 : low;
  }

  charts.forEach((chart) => {
    chart.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect();
      const { left, right, min, max } = chart.dataset;
      const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
      show(nearest(+min + ((x - left) / (right - left)) * (max - min)));
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(shown + (event.shiftKey ? 50 : 1));
    else if (event.key === "ArrowLeft") show(shown - (event.shiftKey ? 50 : 1));
  });
})();
