// The guide beside the charts: a lesson or the challenge. A lesson asks, then trains, then compares.
// phase: ask, run, told. best: the best result of the challenge; theirs: that of a link.
const guide = {
  mode: null,
  lesson: 0,
  predicted: null,
  phase: "ask",
  verdict: null,
  best: null,
  theirs: null,
};
const lessonNow = () => lessons[guide.lesson];

function button(id, text, act, more) {
  const made = make("button", { id, textContent: text, ...more });
  made.addEventListener("click", act);
  return made;
}

async function openLesson(number) {
  await stopAll();
  Object.assign(guide, { mode: "lesson", lesson: number, predicted: null, phase: "ask" });
  look.locked = true; // until it has answered
  await takeAddress(lessonNow().address);
  look.log = !!lessonNow().log;
  keepAddress({ lesson: number + 1 });
  showGuide();
}

// kept: the lane that is there stays, because a link has brought it.
async function openChallenge(kept, theirs) {
  await stopAll();
  Object.assign(guide, { mode: "challenge", phase: "ask", theirs });
  if (!kept) await takeAddress(trial.address);
  look.locked = true;
  look.log = false;
  forceTrial();
  keepAddress({ challenge: 1 });
  showGuide();
}

// The challenge has one lane, and what is shared cannot be changed.
function forceTrial() {
  const wanted = new URLSearchParams(trial.address.slice(1));
  Object.assign(shared, freshShared(), {
    optimizer: wanted.get("optimizer"),
    batch_size: +wanted.get("batch_size"),
    weight_decay: +wanted.get("weight_decay"),
    steps: trial.steps,
  });
  lanes = lanes.slice(0, 1);
  look.lane = 0;
  lanes.forEach(scheduleChanged);
}

function leaveGuide() {
  guide.mode = null;
  look.locked = false;
  look.log = false;
  keepAddress({});
  showGuide();
  changed();
}

async function trainLesson() {
  guide.phase = "run";
  showGuide();
  if (finished()) restart();
  await play();
}

// Called whenever the training has stopped.
function guideStopped() {
  if (!guide.mode || look.seeds || !finished()) return;
  if (guide.mode === "lesson" && guide.phase === "run") {
    Object.assign(guide, { phase: "told", verdict: lessonNow().judge() });
    look.locked = false;
  }
  if (guide.mode === "challenge") {
    guide.phase = "told";
    const result = endOf(current());
    if (!current().bent) {
      guide.best = Math.max(guide.best ?? 0, result);
      keepAddress({ challenge: 1, result: decimals(100 * result, 1) });
    }
  }
  showGuide();
  if (innerWidth <= 900) byId("guide").scrollIntoView({ block: "start" }); // it lies above the charts
}

function showGuide() {
  const place = byId("guide");
  place.hidden = !guide.mode;
  document.body.classList.toggle("guided", guide.mode === "lesson" && guide.phase !== "told");
  byId("lessons").setAttribute("aria-expanded", guide.mode === "lesson");
  byId("challenge").setAttribute("aria-expanded", guide.mode === "challenge");
  place.textContent = "";
  if (guide.mode === "lesson") place.append(...lessonParts());
  if (guide.mode === "challenge") place.append(...challengeParts());
  changed();
}

function lessonParts() {
  const words = texts.lesson[lessonNow().name],
    parts = [
      make("p", { className: "over", textContent: texts.lessonOf(guide.lesson + 1, lessons.length) }),
      make("h2", { textContent: words.title }),
    ];
  if (guide.phase === "told") {
    const said = make("b", { textContent: words.choices[guide.predicted] });
    parts.push(make("p", { textContent: words.question }), make("p", {}, texts.predicted, " ", said));
  } else parts.push(make("p", { textContent: words.text }), choiceList(words));
  const go = button("check", texts.checkGo, trainLesson, {
    className: "chief",
    disabled: guide.predicted === null,
  });
  if (guide.phase === "ask") parts.push(go);
  if (guide.phase === "run") parts.push(make("p", { className: "hint", textContent: texts.running }));
  if (guide.phase === "told") parts.push(verdictOf(words));
  parts.push(lessonBar());
  return parts;
}

function choiceList(words) {
  const list = make("fieldset", {}, make("legend", { textContent: words.question }));
  words.choices.forEach((text, k) => {
    const input = make("input", {
      type: "radio",
      name: "predicted",
      value: k,
      checked: guide.predicted === k,
      disabled: guide.phase !== "ask",
    });
    input.addEventListener("change", () => {
      guide.predicted = k;
      byId("check").disabled = false;
    });
    list.append(make("label", {}, input, text));
  });
  return list;
}

function verdictOf(words) {
  const { answer, said } = guide.verdict,
    right = answer === guide.predicted;
  const head =
    answer === null ? texts.undecided : right ? texts.right : texts.wrong(words.answers[answer] + ".");
  const box = make(
    "div",
    { className: `verdict ${answer === null ? "open" : right ? "right" : "wrong"}` },
    make("p", { className: "head", textContent: head }),
  );
  if (said) box.append(make("p", { textContent: words.said(...said) }));
  if (answer !== null) box.append(make("p", { textContent: words.take }));
  return box;
}

function lessonBar() {
  const bar = make("div", { className: "row" });
  if (guide.lesson > 0)
    bar.append(button("lesson-back", texts.previous, () => openLesson(guide.lesson - 1)));
  if (guide.phase === "told")
    bar.append(button("lesson-retry", texts.retry, () => openLesson(guide.lesson)));
  if (guide.lesson + 1 < lessons.length)
    bar.append(
      button("lesson-next", texts.next, () => openLesson(guide.lesson + 1), {
        className: guide.phase === "told" ? "chief" : "",
      }),
    );
  else if (guide.phase === "told") bar.append(make("p", { textContent: texts.lessonsDone }));
  bar.append(button("guide-leave", texts.leave, leaveGuide));
  return bar;
}

function challengeParts() {
  const target = points(trial.target),
    parts = [
      make("h2", { textContent: texts.challengeTitle }),
      make("p", { textContent: texts.challengeText(target, trial.steps) }),
    ];
  if (guide.theirs)
    parts.push(make("p", { className: "result", textContent: texts.challengeTheirs(guide.theirs) }));
  if (guide.phase === "told" && current().bent) {
    parts.push(make("p", { className: "verdict", textContent: texts.challengeBent }));
  } else if (guide.phase === "told") {
    const result = endOf(current()),
      won = result >= trial.target;
    const box = make(
      "div",
      { className: `verdict ${won ? "right" : "wrong"}` },
      make("p", {
        className: "head",
        textContent: (won ? texts.challengeWon : texts.challengeLost)(points(result), target),
      }),
    );
    if (guide.best > result)
      box.append(make("p", { textContent: texts.challengeBest(points(guide.best)) }));
    const share = button("share-result", texts.challengeShare, () => copyText(location.href, share));
    box.append(share);
    parts.push(box);
  } else parts.push(make("p", { className: "hint", textContent: texts.challengeYet }));
  parts.push(make("div", { className: "row" }, button("guide-leave", texts.leave, leaveGuide)));
  return parts;
}
