// The schedule in the hand: lines and a corner over the chart of the rate, of the chosen lane. What they set
// is the schedule's own fields; what is drawn then is the engine's preview.
let handles = []; // { element, kind: "line" or "corner", field }

function attachHandles() {
  const chart = charts.find((each) => each.id === "lr");
  handles.forEach(({ element }) => element.remove());
  handles = [];
  const lane = current(),
    kind = lane && kindOf(lane);
  if (!kind) return;
  for (const field of kind.lines) handles.push({ kind: "line", field, element: make("div", {}) });
  if (kind.corner && lane.by === "batch")
    handles.push({ kind: "corner", field: kind.corner.field, element: make("div", {}) });
  for (const handle of handles) {
    const { element } = handle;
    element.className = `handle ${handle.kind}`;
    element.dataset.field = handle.field;
    element.tabIndex = 0;
    element.style.setProperty("--lane", colorOf(lane));
    element.setAttribute("role", "slider");
    element.setAttribute("aria-label", texts.handle(handle.field));
    if (handle.kind === "line") element.append(make("span", { className: "grip" }));
    element.addEventListener("pointerdown", (event) => grab(event, handle, chart.plot));
    element.addEventListener("keydown", (event) => nudge(event, handle));
    chart.plot.over.append(element);
  }
  placeHandles(chart.plot);
}

// The schedule's kind is that of the chosen lane; another one is drawn with other handles.
const handlesFit = (lane) =>
  lane &&
  handles.length === kindOf(lane).lines.length + (kindOf(lane).corner && lane.by === "batch" ? 1 : 0) &&
  handles.every(({ kind, field }) =>
    kind === "line" ? kindOf(lane).lines.includes(field) : kindOf(lane).corner?.field === field,
  );

function placeHandles(plot) {
  const lane = current();
  if (!handlesFit(lane)) return;
  const { height, width } = plot.over.getBoundingClientRect(),
    [low] = rangeOfRate(),
    y = (value) =>
      Math.max(0, Math.min(height, plot.valToPos(look.log ? Math.max(low, value) : value, "y")));
  const lines = [];
  for (const { kind, field, element } of handles) {
    const value = valueOf(lane, field),
      text = `${field} ${short(value, 4)}`;
    if (kind === "line") {
      element.style.top = `${y(value)}px`;
      element.firstChild.textContent = text;
      lines.push([y(value), element]);
    } else {
      const { corner } = kindOf(lane),
        options = { ...filled(lane), lr: valueOf(lane, "lr") },
        step = corner.step(options);
      element.style.left = `${Math.max(0, Math.min(width, plot.valToPos(step, "x")))}px`;
      element.style.top = `${y(options[corner.height])}px`;
    }
    element.setAttribute("aria-valuemin", 0);
    element.setAttribute("aria-valuemax", kind === "corner" ? shared.steps : 10);
    element.setAttribute("aria-valuenow", value);
    element.setAttribute("aria-valuetext", text);
  }
  // A line's words stand over it, or under it, or beside those of a line that is too near.
  lines.sort((a, b) => a[0] - b[0]);
  lines.forEach(([top, element], i) => {
    const near = i > 0 && top - lines[i - 1][0] < 30;
    element.classList.toggle("below", top < 26 || (near && top < height - 26));
    element.classList.toggle("beside", near && top >= height - 26);
  });
}

function setField(lane, name, value) {
  if (ownFields.includes(name)) lane[name] = value;
  else lane.options[name] = value;
}

function grab(event, handle, plot) {
  if (event.button) return;
  event.preventDefault();
  event.stopPropagation();
  const { element, kind, field } = handle,
    lane = current(),
    box = plot.over.getBoundingClientRect();
  element.focus({ preventScroll: true });
  element.setPointerCapture(event.pointerId);
  heldRange = rangeOfRate();
  const move = (e) => {
    const rate = tidy(
        Math.max(look.log ? heldRange[0] : 0, plot.posToVal(Math.max(0, e.clientY - box.top), "y")),
      ),
      step = Math.round(plot.posToVal(Math.max(1, Math.min(box.width, e.clientX - box.left)), "x"));
    if (kind === "line") setField(lane, field, rate);
    else {
      const { corner } = kindOf(lane);
      Object.assign(lane.options, corner.set(step, filled(lane)));
      setField(lane, corner.height, rate);
    }
    scheduleChanged(lane);
  };
  const end = () => {
    heldRange = null;
    for (const name of ["pointermove", "pointerup", "pointercancel"])
      element.removeEventListener(name, moves[name]);
    changed();
  };
  const moves = { pointermove: move, pointerup: end, pointercancel: end };
  for (const name of Object.keys(moves)) element.addEventListener(name, moves[name]);
}

// Arrow keys: a twentieth of a rate, a hundredth of the run; with Shift five times as much.
function nudge(event, { kind, field }) {
  const far = event.shiftKey ? 5 : 1,
    lane = current(),
    up = { ArrowUp: 1, ArrowDown: -1 }[event.key],
    across = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const raise = (name) => {
    const [, high] = rangeOfRate(),
      value = valueOf(lane, name);
    setField(lane, name, tidy(Math.max(0, value + up * far * Math.max(value / 20, high / 1000))));
  };
  if (kind === "line" && up) raise(field);
  else if (kind === "corner" && up) raise(kindOf(lane).corner.height);
  else if (kind === "corner" && across) {
    const { corner } = kindOf(lane),
      options = filled(lane),
      step = Math.round(corner.step(options)) + across * far * Math.max(1, Math.round(shared.steps / 100));
    Object.assign(lane.options, corner.set(Math.max(1, step), options));
  } else return;
  event.preventDefault();
  event.stopPropagation();
  scheduleChanged(lane);
}
