// The page of curves: the lecture view. One picture fills the window in large type; the arrow keys go from
// picture to picture, and play draws the curves as they came.
const lecture = { at: 0, plots: [], playing: false, speed: 20, time: 0 };
const speeds = [5, 10, 20, 40, 80]; // seconds for the whole run

// How far the curves of a chart are drawn while playing, as x. All of them otherwise.
function frontOf(chart) {
  if (state.part === undefined) return Infinity;
  const [low, high] = (!chart.own && state.zoom) || chart.extent;
  return chart.logX ? low * (high / low) ** state.part : low + state.part * (high - low);
}

function lectureLook() {
  const font = Math.max(24, Math.round(innerHeight / 36));
  return { font, line: font / 7, bottom: 1.45 * font, label: 1.25 * font };
}

// ---- the pictures -----------------------------------------------------------------------------------------
function pictures() {
  const all = plan();
  if (figures()) return figurePictures(all);
  const rates = all.filter((chart) => chart.id === "lr" || chart.id === "momentum"),
    rate = rates.filter((chart) => chart.id === "lr");
  const speak = (sentence, some = groups) =>
    some
      .map((group) => {
        const text = sentence(group);
        return text && !one() && some.length > 1 ? `${group.name}: ${text}` : text;
      })
      .filter(Boolean)[0] ?? "";
  const withRate = (chart, said) => ({ title: chart.title, charts: [...rate, chart], said });
  const losses = all.filter((chart) => chart.id === "loss" || chart.id === "val_loss"),
    probes = all.filter((chart) => chart.probe);
  const scores = all.filter((chart) => !rates.includes(chart) && !losses.includes(chart) && !chart.probe);
  const list = rates.length
    ? [{ title: "The schedule", charts: rates, said: one() ? rateSentence(groups[0]) : "" }]
    : [];
  list.push(...losses.map((chart) => withRate(chart, one() ? fitSentence(groups[0]) : "")));
  list.push(
    ...scores.map((chart, i) => withRate(chart, i ? "" : speak(valleySentence) || speak(bestSentence))),
  );
  for (const group of shownGroups().filter(foldable).slice(0, 8)) list.push(foldPicture(group));
  if (!one() && groups.length > 1 && differencesOf().length)
    list.push({
      title: `Difference from ${differencesOf()[0].base.name}`,
      differences: true,
      said: "Each dot is a seed. The bar is the mean with its 95 % interval.",
    });
  if (data.tests) list.push({ title: "Tests that were named before", table: namedTests, said: "" });
  if (groups.some((group) => group.runs.some((run) => run.epoch.step.length)))
    list.push({
      title: "Results",
      table: resultsForLecture,
      said: one()
        ? ""
        : verdictTexts()
            .map(({ words, names }) => `${words} ${names}.`)
            .join(" "),
    });
  list.push(...probes.map((chart) => withRate(chart, "")));
  return list.filter((picture) => !picture.charts || picture.charts.length);
}

// Ready charts that follow each other on the same axis are one picture.
function figurePictures(all) {
  const list = [],
    said = data.sentences.join(" ");
  for (const chart of all) {
    const before = list[list.length - 1],
      above = before && before.charts.length === 1 && before.charts[0];
    if (above && chart.xLabel && above.xLabel === chart.xLabel && above.logX === chart.logX) {
      before.charts.push(chart);
      before.title += `, ${chart.title.toLowerCase()}`;
    } else list.push({ title: chart.title, charts: [chart], said });
  }
  return list;
}

function foldPicture(group) {
  const rows = foldCharts(group),
    rate = rows.filter((chart) => chart.id === "fold-lr"),
    main = rows.find((chart) => chart.id !== "fold-lr");
  return {
    title: `Cycles laid over each other${one() ? "" : `: ${group.name}`}`,
    charts: main ? [...rate, main] : [],
    fold: group,
    said: valleySentence(group),
  };
}

// ---- one picture ------------------------------------------------------------------------------------------
function lecturePlot(chart, place, width, height, look) {
  const parts = seriesOf(chart, look),
    ratio = devicePixelRatio || 1;
  const plot = new uPlot(
    optionsOf(chart, parts, look, {
      width,
      height,
      cursor: {
        show: true,
        y: false,
        drag: { x: false, y: false },
        ...(chart.own ? {} : { sync: { key: "lecture", scales: ["x", null] } }),
        points: { size: 4 * look.line },
      },
      hooks: {
        drawAxes: [
          (u) => {
            u.ctx.save();
            if (frontOf(chart) === Infinity || chart.id.startsWith("fold-")) return;
            u.ctx.beginPath();
            u.ctx.rect(
              u.bbox.left,
              0,
              u.valToPos(frontOf(chart), "x", true) - u.bbox.left,
              u.ctx.canvas.height,
            );
            u.ctx.clip();
          },
        ],
        draw: [
          (u) => {
            u.ctx.restore();
            drawFront(u, chart, look, ratio);
          },
        ],
      },
    }),
    parts.columns,
    place,
  );
  return { plot, chart, columns: parts.columns };
}

// The front of the curves: an upright line through the charts, and a dot on each curve.
function drawFront(u, chart, look, ratio) {
  const front = frontOf(chart);
  if (front === Infinity || chart.id.startsWith("fold-")) return;
  const { ctx, bbox } = u,
    x = u.valToPos(front, "x", true);
  ctx.save();
  ctx.strokeStyle = inkColor();
  ctx.lineWidth = ratio * 2;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  for (const l of plainLines(chart).filter((each) => !each.faint)) {
    const { x: xs, y: ys } = l.curve,
      at = nearest(xs, front),
      i = xs[at] > front ? at - 1 : at;
    if (!isNumber(ys[i])) continue;
    const next = isNumber(ys[i + 1])
        ? ys[i] + ((front - xs[i]) / (xs[i + 1] - xs[i])) * (ys[i + 1] - ys[i])
        : ys[i],
      y = u.valToPos(next, "y", true);
    if (!isFinite(y) || y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.fillStyle = colorOf(l.color);
    ctx.beginPath();
    ctx.arc(x, y, 2.4 * look.line * ratio, 0, 7);
    ctx.fill();
  }
  ctx.restore();
}

// Cycles come one after the other: of each line only the steps that were made.
function maskFold({ plot, chart }, group) {
  const end = group.cycles[group.cycles.length - 1],
    made = state.part === undefined ? Infinity : state.part * end;
  const lines = chart.lines.map((l) => ({
    ...l,
    curve: { ...l.curve, y: l.curve.y.map((v, i) => (l.curve.steps[i] <= made ? v : null)) },
  }));
  plot.setData(seriesOf({ ...chart, lines }, lectureLook()).columns, false);
  plot.redraw(true, false);
}

const lectureLines = (picture) => picture.charts[picture.charts.length - 1].lines;

function lectureLegend(picture) {
  if (!picture.charts) return [];
  const named = lectureLines(picture).filter((l) => l.name);
  return named.length > 1 || (named.length && (!one() || figures()) && named[0].name !== picture.title)
    ? named.map((l) => make("li", {}, swatch(l.color, l.dash ?? l.color, l.faint), l.name))
    : [];
}

function resultsForLecture() {
  const wanted = one()
    ? [`test ${chief.title}`, `val ${chief.title}, last`, "best", "best at", "val loss, last", "gap"]
    : ["seeds", `test ${chief.title}`, "difference", "in words"];
  return results(wanted);
}

function fillStage(stage, picture) {
  const look = lectureLook(),
    width = stage.clientWidth,
    height = stage.clientHeight;
  for (const { plot } of lecture.plots) plot.destroy();
  lecture.plots = [];
  stage.textContent = "";
  if (picture.table)
    stage.append(
      picture.table(),
      ...(one() ? sentencesOf(groups[0]).map((text) => make("p", { textContent: text })) : []),
    );
  stage.classList.toggle("large", !!picture.table && groups.length < 9);
  if (picture.differences)
    stage.innerHTML = differencesDrawing(
      {
        width,
        height: Math.min(height, (5 + 6 * differencesOf().length) * look.font),
        font: look.font,
        line: look.line,
      },
      state.part === undefined
        ? Infinity
        : Math.floor(state.part * (1 + Math.max(...differencesOf().map(({ n }) => n)))),
    );
  if (!picture.charts) return;
  const { charts: all } = picture,
    upper = all[0].own && !picture.fold ? 0.46 : all.length > 1 && all[1].id === "momentum" ? 0.55 : 0.32;
  look.left = leftOf(all, look.font);
  all.forEach((chart, i) => {
    const drawn = { ...chart, bare: i + 1 < all.length },
      part = all.length > 1 ? (i ? 1 - upper : upper) : 1;
    const place = make(
      "div",
      { className: "lecture-chart" },
      ...(all.length > 1 ? [make("h3", { textContent: chart.title })] : []),
    );
    stage.append(place);
    lecture.plots.push(
      lecturePlot(
        drawn,
        place,
        width,
        Math.floor(part * height - (all.length > 1 ? 1.15 * look.font : 0)),
        look,
      ),
    );
  });
}

function showPicture() {
  const view = byId("lecture"),
    all = pictures(),
    look = lectureLook();
  if (!all.length) return;
  lecture.at = Math.max(0, Math.min(lecture.at, all.length - 1));
  const picture = (lecture.picture = all[lecture.at]);
  view.style.setProperty("--type", `${look.font}px`);
  view.querySelector("h2").textContent = picture.title;
  view.querySelector(".lecture-count").textContent = `${lecture.at + 1} / ${all.length}`;
  view.querySelector("ul").replaceChildren(...lectureLegend(picture));
  view.querySelector(".lecture-said").textContent = picture.said;
  view.querySelector("[name=play]").disabled = !!picture.table;
  view.dataset.picture = picture.charts ? lectureChart(picture).id : picture.table ? "table" : "differences";
  fillStage(view.querySelector(".lecture-stage"), picture);
}

const lectureChart = (picture) => picture.charts[picture.charts.length - 1];

// ---- playing ----------------------------------------------------------------------------------------------
function frame(now) {
  if (!lecture.playing) return;
  state.part = Math.min(1, (state.part ?? 0) + (now - lecture.time) / (1000 * lecture.speed));
  lecture.time = now;
  byId("lecture").dataset.part = state.part.toFixed(3);
  if (state.part >= 1) return play(false, true);
  redrawFront();
  requestAnimationFrame(frame);
}

function redrawFront() {
  const { picture } = lecture;
  if (picture.differences) fillStage(byId("lecture").querySelector(".lecture-stage"), picture);
  for (const each of lecture.plots)
    if (picture.fold) maskFold(each, picture.fold);
    else each.plot.redraw(false, false);
}

// Play from where it stopped, or stop; `whole` shows the curves in full again.
function play(on, whole) {
  const button = byId("lecture").querySelector("[name=play]");
  lecture.playing = on && !button.disabled;
  if (whole) {
    state.part = undefined;
    delete byId("lecture").dataset.part;
  }
  button.textContent = lecture.playing ? "❚❚ pause" : "▶ play";
  if (lecture.playing) {
    lecture.time = performance.now();
    requestAnimationFrame(frame);
  } else if (whole && lecture.plots.length + (lecture.picture?.differences ? 1 : 0)) redrawFront();
}

function goTo(at) {
  play(false);
  state.part = undefined;
  delete byId("lecture").dataset.part;
  lecture.at = at;
  showPicture();
}

function setSpeed(by) {
  const at = Math.max(0, Math.min(speeds.length - 1, speeds.indexOf(lecture.speed) + by));
  lecture.speed = speeds[at];
  byId("lecture").querySelector("select").value = lecture.speed;
}

function lectureKey(event) {
  const { key, target } = event,
    onButton = target.tagName === "BUTTON",
    onSelect = target.tagName === "SELECT";
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === "l") byId("lecture").close();
  else if (onSelect) return;
  else if (key === "ArrowRight" || key === "PageDown") goTo(lecture.at + 1);
  else if (key === "ArrowLeft" || key === "PageUp") goTo(lecture.at - 1);
  else if (key === "Home") goTo(0);
  else if (key === "End") goTo(Infinity);
  else if (key === " " && !onButton) play(!lecture.playing);
  else if (key === "+" || key === "=") setSpeed(-1);
  else if (key === "-") setSpeed(1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function openLecture() {
  const view = byId("lecture");
  if (view.open || !pictures().length) return;
  view.showModal();
  view.querySelector(".lecture-stage").focus();
  goTo(lecture.at);
}

function buildLecture() {
  const view = byId("lecture"),
    button = (name, text, hint, act) => {
      const made = make("button", { name, textContent: text, title: hint });
      made.addEventListener("click", act);
      return made;
    };
  const speed = make(
    "select",
    {},
    ...speeds.map((seconds) =>
      make("option", { value: seconds, textContent: `${seconds} s`, selected: seconds === lecture.speed }),
    ),
  );
  speed.addEventListener("input", () => {
    lecture.speed = +speed.value;
  });
  view.append(
    make("div", { className: "lecture-head" }, make("h2", {}), make("span", { className: "lecture-count" })),
    make("ul", {}),
    make("div", { className: "lecture-stage", tabIndex: 0 }),
    make("p", { className: "lecture-said" }),
    make(
      "div",
      { className: "lecture-bar" },
      button("before", "◀", "Picture before (arrow left)", () => goTo(lecture.at - 1)),
      button("next", "▶", "Next picture (arrow right)", () => goTo(lecture.at + 1)),
      button("play", "▶ play", "Draw the curves as they came (space)", () => play(!lecture.playing)),
      make("label", {}, "whole run in ", speed),
      button("theme", "light / dark", "", () => {
        switchTheme();
        showPicture();
      }),
      button("leave", "leave", "Back to the page (Escape)", () => view.close()),
    ),
  );
  view.querySelector(".lecture-said").setAttribute("aria-live", "polite");
  view.querySelector("[name=before]").setAttribute("aria-label", "picture before");
  view.querySelector("[name=next]").setAttribute("aria-label", "next picture");
  view.addEventListener("keydown", lectureKey);
  view.addEventListener("close", () => {
    play(false);
    state.part = undefined;
    for (const { plot } of lecture.plots) plot.destroy();
    lecture.plots = [];
    view.querySelector(".lecture-stage").textContent = "";
  });
  byId("lecture-open").addEventListener("click", openLecture);
  addEventListener("keydown", (event) => {
    if (
      event.key === "l" &&
      !event.ctrlKey &&
      !event.metaKey &&
      !event.altKey &&
      !/SELECT|TEXTAREA/.test(event.target.tagName)
    ) {
      openLecture();
      event.preventDefault();
    }
  });
}
