// The lanes side by side: name, accuracy, loss and rate of each, now or at the step that is pointed at.
function atStep(lane, step) {
  const row = [...lane.evals].reverse().find((each) => each.step <= step),
    done = Math.min(step, stepOf(lane) - 1),
    known = step < stepOf(lane) || (step === stepOf(lane) && step > 0);
  return {
    accuracy: row?.accuracy,
    loss: known ? smoothLoss(lane)[done] : undefined,
    rate: known ? lane.rate[done] : lane.ahead.lr[Math.min(step, lane.ahead.lr.length - 1)],
  };
}
function nowOf(lane) {
  const step = stepOf(lane);
  return {
    accuracy: lastEval(lane)?.accuracy,
    loss: step ? smoothLoss(lane)[step - 1] : undefined,
    rate: step ? lane.rate[step - 1] : lane.ahead.lr[0],
  };
}
const spokenAt = (lane) => {
  const { accuracy, loss, rate } = atStep(lane, look.at);
  return (
    `${texts.lane(lane.letter)}: ${texts.rate} ${short(rate, 3)}, ${texts.loss} ${lossText(loss)}, ` +
    `${texts.accuracy} ${points(accuracy)}`
  );
};

let laneKey = "";
function showLanes() {
  const names = lanes.map((lane) => lane.letter + nameWithRate(lane)),
    key = [names, look.lane, isDark(), look.locked].join("|");
  if (key !== laneKey) {
    laneKey = key;
    buildLanes();
  }
  for (const lane of lanes) {
    const card = byId(`lane-${lane.letter}`),
      here = look.at === null ? nowOf(lane) : atStep(lane, look.at);
    card.querySelector(".score").textContent = points(here.accuracy);
    card.querySelector(".rest").textContent = lane.died
      ? stepOf(lane)
        ? texts.died(stepOf(lane))
        : lane.died
      : `${texts.loss} ${lossText(here.loss)} · ${texts.rate} ${short(here.rate, 3)}`;
    card.classList.toggle("dead", !!lane.died);
  }
}

function buildLanes() {
  const place = byId("lanes"),
    focused = document.activeElement?.closest?.("#lanes") ? document.activeElement.id : null;
  place.textContent = "";
  for (const lane of lanes) place.append(laneCard(lane));
  if (lanes.length < letters.length && !look.locked) {
    const add = make("button", { id: "add", textContent: texts.add, title: texts.addHint });
    add.addEventListener("click", addLane);
    place.append(add);
  }
  if (focused) byId(focused)?.focus();
}

function laneCard(lane) {
  const card = make("div", { className: "lane", id: `lane-${lane.letter}` }),
    pick = make("button", { className: "pick", id: `pick-${lane.letter}` });
  pick.append(
    make("span", { className: "letter", textContent: lane.letter }),
    make("span", { className: "name", textContent: nameWithRate(lane) }),
    make("span", { className: "score" }),
    make("span", { className: "rest" }),
  );
  pick.setAttribute("aria-pressed", chosen(lane));
  pick.setAttribute("aria-label", texts.pick(lane.letter, nameWithRate(lane)));
  pick.addEventListener("click", () => chooseLane(lane));
  card.style.setProperty("--lane", colorOf(lane));
  card.append(pick);
  if (lanes.length > 1 && !look.locked) {
    const remove = make("button", {
      className: "remove",
      textContent: "×",
      title: texts.remove(lane.letter),
    });
    remove.setAttribute("aria-label", texts.remove(lane.letter));
    remove.addEventListener("click", () => removeLane(lane));
    card.append(remove);
  }
  return card;
}

function chooseLane(lane) {
  look.lane = lanes.indexOf(lane);
  changed();
  keepAddress();
}

// A new lane begins with a schedule that no lane has yet, of the same height.
function addLane() {
  const like = current(),
    top = extremes([like.ahead.lr])[1],
    peak = isFinite(top) && top > 0 ? tidy(top) : 0.01;
  const schedule = ["cyclic", "constant", "one_cycle", "cosine", "warm_restarts", "step"].find(
    (name) => !lanes.some((lane) => lane.schedule === name),
  );
  const lane = newLane(schedule, kinds[schedule].start(shared.steps, peak), {
    lr: peak,
    momentum: like.momentum,
  });
  lanes = [...lanes, lane].sort((a, b) => indexOf(a) - indexOf(b));
  look.lane = lanes.indexOf(lane);
  scheduleChanged(lane);
}

function removeLane(lane) {
  const kept = current();
  lanes = lanes.filter((each) => each !== lane);
  look.lane = Math.max(0, lanes.indexOf(kept));
  changed();
  keepAddress();
}
