// The state in the address, after "#": what all lanes share, each lane as SCHEDULE,name:value,..., and the
// lane, lesson and result. What the address does not say is the default; what is unknown is left out.
const sharedNames = ["model", "optimizer", "batch_size", "weight_decay", "seed", "steps"];
const sharedRange = { batch_size: [1, 512], weight_decay: [0, 1], seed: [0, 2 ** 31], steps: [10, 5000] };

function addressOf(extra) {
  const parts = sharedNames
    .filter((name) => shared[name] !== freshShared()[name])
    .map((name) => `${name}=${shared[name]}`);
  for (const lane of lanes) {
    const own = ownFields.filter((name) => isNumber(lane[name])).map((name) => `${name}:${lane[name]}`);
    if (lane.by === "epoch") own.push("by:epoch");
    const options = Object.entries(lane.options).map(([name, value]) => `${name}:${value}`);
    parts.push(`${lane.letter}=${[lane.schedule, ...own, ...options].join(",")}`);
  }
  if (look.lane) parts.push(`lane=${current().letter}`);
  for (const [name, value] of Object.entries(extra ?? {})) parts.push(`${name}=${value}`);
  return `#${parts.join("&")}`;
}

function readValue(field, text) {
  if (field.kind === "choice") return field.choices.includes(text) ? text : undefined;
  if (field.kind === "bool") return text === "true" ? true : undefined;
  const value = Number(text);
  return text !== "" && isFinite(value) ? value : undefined;
}

function readLane(letter, text) {
  const [schedule, ...pairs] = text.split(",");
  if (!Object.hasOwn(kinds, schedule)) return null;
  const lane = { ...newLane(schedule, {}), letter };
  for (const pair of pairs) {
    const [name, value] = pair.split(":");
    if (name === "by" && value === "epoch") lane.by = value;
    const field = ownFields.includes(name) ? { kind: "double" } : fieldOf(schedule, name);
    const read = field && value !== undefined ? readValue(field, value) : undefined;
    if (read === undefined) continue;
    if (ownFields.includes(name)) lane[name] = read;
    else lane.options[name] = read;
  }
  return lane;
}

// Reads an address into the state. Returns false if it has no lane: then nothing is changed.
function readAddress(hash) {
  const words = new URLSearchParams(hash.slice(1)),
    found = letters
      .filter((letter) => words.has(letter))
      .map((letter) => readLane(letter, words.get(letter)))
      .filter(Boolean);
  if (!found.length) return false;
  shared = freshShared();
  for (const name of sharedNames) {
    if (!words.has(name)) continue;
    const text = words.get(name),
      range = sharedRange[name],
      value = Number(text);
    if (range && text !== "" && value >= range[0] && value <= range[1]) shared[name] = value;
    if (name === "model" && engine.models.includes(text)) shared.model = text;
    if (name === "optimizer" && engine.optimizers.some((each) => each.name === text))
      shared.optimizer = text;
  }
  for (const name of ["batch_size", "seed", "steps"]) shared[name] = Math.round(shared[name]);
  lanes = found;
  look.lane = Math.max(
    0,
    lanes.findIndex((lane) => lane.letter === words.get("lane")),
  );
  return true;
}

// The address follows the state, without a new entry in the history.
let kept = {};
function keepAddress(extra) {
  if (extra !== undefined) kept = extra;
  history.replaceState(null, "", addressOf(kept));
}
