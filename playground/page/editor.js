// The schedule of the chosen lane as numbers, and the network and the optimizer of all lanes.
let editorKey = "";
function showEditor() {
  const lane = current(),
    key = [lane.letter, lane.schedule, lane.by, shared.optimizer, look.locked, isDark()].join("|");
  if (key !== editorKey) {
    editorKey = key;
    buildEditor(lane);
  }
  const place = byId("editor");
  for (const input of place.querySelectorAll("[data-field]"))
    if (input !== document.activeElement) writeInput(input, valueOf(lane, input.dataset.field));
  for (const input of place.querySelectorAll("[data-shared]"))
    if (input !== document.activeElement) input.value = shared[input.dataset.shared];
  const wrong = byId("wrong");
  if (wrong.textContent !== (lane.wrong ?? "")) wrong.textContent = lane.wrong ?? "";
  const notes = (lane.wrong ? [] : (lane.ahead.notes ?? [])).join("\n");
  if (byId("notes").textContent !== notes) byId("notes").textContent = notes;
  const step = stepOf(lane);
  byId("applied").hidden = !step || finished() !== lane.stale;
  byId("applied").textContent = lane.stale ? texts.stale : texts.applied;
  byId("epochs").textContent = texts.epochs(
    short((shared.steps * shared.batch_size) / Math.min(shared.count, engine.train), 2),
    Math.min(shared.count, engine.train),
  );
}

// A field that was not set is empty and shows its default behind.
function writeInput(input, value) {
  if (input.type === "text" && input.dataset.field) {
    const lane = current(),
      own = ownFields.includes(input.dataset.field);
    if (!own && lane.options[input.dataset.field] === undefined) {
      input.value = "";
      input.placeholder = value === -1 ? texts.auto : short(value, 6);
      return;
    }
  }
  if (input.type === "checkbox") input.checked = value === true;
  else input.value = typeof value === "number" ? short(value, 6) : value;
}

function buildEditor(lane) {
  const place = byId("editor"),
    open = [...place.querySelectorAll("details")].map((each) => each.open);
  place.textContent = "";
  place.style.setProperty("--lane", colorOf(lane));
  const select = make(
    "select",
    { id: "schedule" },
    ...Object.keys(kinds)
      .filter((name) => engine.schedulers.some((each) => each.name === name))
      .map((name) => make("option", { value: name, textContent: texts.scheduleNames[name] })),
  );
  select.value = lane.schedule;
  select.setAttribute("aria-label", `${texts.schedule}, ${texts.lane(lane.letter)}`);
  select.addEventListener("change", () => chooseSchedule(lane, select.value));
  const { first, hidden = [] } = kindOf(lane),
    rest = fieldsOf(lane.schedule).filter(({ name }) => !first.includes(name) && !hidden.includes(name));
  const has = (name) => (ownFields.includes(name) ? optimizerField(name) : fieldOf(lane.schedule, name)),
    shown = first.filter(has);
  place.append(
    make("h2", {}, make("span", { className: "letter", textContent: lane.letter }), select),
    make("p", {
      className: "hint",
      textContent: lane.schedule === "plateau" ? texts.plateau : texts.dragHint,
    }),
    make("div", { className: "fields" }, ...shown.map((name) => fieldRow(lane, name))),
    make("p", { id: "wrong", role: "alert" }),
    make("p", { id: "notes", className: "hint" }),
  );
  const known = rest.filter(({ kind }) => kind !== "path");
  if (known.length)
    place.append(
      make(
        "details",
        {},
        make("summary", { textContent: texts.more }),
        make("div", { className: "fields" }, ...known.map(({ name }) => fieldRow(lane, name))),
      ),
    );
  place.append(
    make("p", { id: "applied", className: "hint", textContent: texts.applied, hidden: true }),
    sharedFields(),
  );
  [...place.querySelectorAll("details")].forEach((each, i) => (each.open = !!open[i]));
}

// A fresh schedule as high as the one before it.
function chooseSchedule(lane, schedule) {
  const top = extremes([lane.ahead.lr])[1],
    peak = isFinite(top) && top > 0 ? tidy(top) : 0.01;
  lane.schedule = schedule;
  lane.options = kinds[schedule].start(shared.steps, peak);
  lane.by = "batch";
  lane.lr = schedule === "exponential" ? peak / 10 : peak;
  scheduleChanged(lane);
}

function inputFor(field, value) {
  if (field.kind === "choice")
    return make(
      "select",
      {},
      ...field.choices.map((each) => make("option", { value: each, textContent: each })),
    );
  if (field.kind === "bool") return make("input", { type: "checkbox" });
  return make("input", { type: "text", inputMode: "decimal", autocomplete: "off", spellcheck: false });
}

function fieldRow(lane, name) {
  const field = ownFields.includes(name) ? { name, kind: "double" } : fieldOf(lane.schedule, name),
    help = ownFields.includes(name) ? (optimizerField(name)?.help ?? "") : field.help,
    input = inputFor(field);
  input.dataset.field = name;
  input.id = `field-${name}`;
  writeInput(input, valueOf(lane, name));
  input.addEventListener("change", () => {
    if (input.type === "text" && input.value.trim() === "" && !ownFields.includes(name)) {
      delete lane.options[name];
      return scheduleChanged(lane);
    }
    const read =
      field.kind === "bool" ? input.checked : readValue(field, input.value.trim().replace(",", "."));
    if (read === undefined) writeInput(input, valueOf(lane, name));
    else {
      setField(lane, name, read);
      scheduleChanged(lane);
    }
  });
  const label = make("label", { title: help }, make("span", { textContent: name }), input);
  label.htmlFor = input.id;
  return label;
}

function sharedFields() {
  const row = (name, title, input) => {
    input.dataset.shared = name;
    input.id = `shared-${name}`;
    input.value = shared[name];
    input.disabled = !!look.locked;
    input.addEventListener("change", () => changeShared(name, input));
    return make("label", {}, make("span", { textContent: title }), input);
  };
  const choice = (names, titles) =>
    make("select", {}, ...names.map((n) => make("option", { value: n, textContent: titles?.[n] ?? n })));
  const number = () => make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
  return make(
    "details",
    { id: "network" },
    make("summary", { textContent: texts.network }),
    make(
      "div",
      { className: "fields" },
      row("model", texts.model, choice(engine.models, texts.models)),
      row("optimizer", texts.optimizer, choice(engine.optimizers.map((each) => each.name))),
      row("batch_size", texts.batch_size, number()),
      row("weight_decay", texts.weight_decay, number()),
      row("seed", texts.seed, number()),
      row("steps", texts.stepsOfRun, number()),
    ),
    make("p", { id: "epochs", className: "hint" }),
    make("p", { className: "hint", textContent: texts.networkHint }),
    button("reset", texts.reset, () => (location.hash = ""), { disabled: !!look.locked }),
  );
}

// Adam-like optimizers take rates a tenth as large or less: their own default is where they begin.
function changeShared(name, input) {
  const range = sharedRange[name],
    value = range ? Number(input.value.trim().replace(",", ".")) : input.value;
  if (range && !(value >= range[0] && value <= range[1])) {
    input.value = shared[name];
    return;
  }
  const before = shared.steps;
  if (name === "optimizer") {
    shared.optimizer = value;
    shared.weight_decay = presetOf("weight_decay");
  }
  shared[name] = ["batch_size", "seed", "steps"].includes(name) ? Math.round(value) : value;
  if (name === "steps")
    for (const lane of lanes) {
      const { length } = kindOf(lane);
      if (length && lane.options[length] === before) lane.options[length] = shared.steps;
    }
  sharedChanged();
}
