"use strict";

const byId = (id) => document.getElementById(id);
const make = (name, text, parent) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
};
const percent = (x) => (100 * x).toFixed(x > 0.9995 || x < 0.0995 ? 2 : 1) + " %";
const EARLIER = 9;
const colours = ["#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#f0e442", "#8c564b"];
const colourOf = (index) => colours[index % colours.length];
const state = { model: null, shown: [], at: -1 };

/* ---- the picture ---- */

/* The part of the picture that the net sees has the net's proportions: its mask lies on the middle. */
function drawMask(context, mask, width, height) {
  const sheet = new OffscreenCanvas(mask.width, mask.height);
  const inner = sheet.getContext("2d");
  const image = inner.createImageData(mask.width, mask.height);
  let place = 0;
  for (let i = 0; i < mask.rle.length; i += 2)
    for (let n = 0; n < mask.rle[i + 1]; n++, place++) {
      const colour = parseInt(colourOf(mask.rle[i]).slice(1), 16);
      image.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * place);
    }
  inner.putImageData(image, 0, 0);
  const scale = Math.min(width / mask.width, height / mask.height);
  const across = mask.width * scale;
  const down = mask.height * scale;
  context.globalAlpha = 0.5;
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, (width - across) / 2, (height - down) / 2, across, down);
  context.globalAlpha = 1;
}

function drawPicture(item) {
  const canvas = byId("view");
  const { bitmap, answer } = item;
  canvas.hidden = !bitmap;
  byId("call").hidden = Boolean(bitmap);
  byId("drop").classList.toggle("full", Boolean(bitmap));
  if (!bitmap) {
    byId("call").textContent = item.name + " cannot be shown here";
    return;
  }
  const small = Math.max(bitmap.width, bitmap.height) < 200;
  const room = byId("drop");
  const most = Math.min((room.clientWidth - 4) / bitmap.width, (room.clientHeight - 4) / bitmap.height);
  canvas.classList.toggle("small", small);
  canvas.width = Math.round(bitmap.width * (small ? 1 : Math.min(1, most)));
  canvas.height = Math.round(bitmap.height * (small ? 1 : Math.min(1, most)));
  canvas.style.width = Math.round(bitmap.width * most) + "px";
  canvas.style.height = Math.round(bitmap.height * most) + "px";
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (answer && answer.mask) drawMask(context, answer.mask, canvas.width, canvas.height);
}

/* ---- the answer ---- */

function barRow(body, finding, most) {
  const row = make("tr", undefined, body);
  const value = finding.part ?? finding.probability;
  const name = make("th", undefined, row);
  if (finding.part !== undefined) {
    make("span", undefined, name).className = "key";
    name.firstChild.style.background = colourOf(finding.index);
    name.append(" ");
  }
  name.append(finding.class);
  name.title = finding.class;
  const bar = make("div", undefined, make("td", undefined, row));
  bar.className = "bar";
  bar.style.width = (100 * value) / most + "%";
  if (finding.part !== undefined) bar.style.background = colourOf(finding.index);
  make("td", percent(value), row).className = "number";
}

function show(index) {
  const item = state.shown[index];
  if (!item) return;
  state.at = index;
  drawPicture(item);
  const said = byId("said");
  const body = byId("bars").tBodies[0];
  body.replaceChildren();
  said.classList.toggle("wrong", Boolean(item.wrong));
  byId("head").textContent = item.name || "Answer";
  if (item.wrong) said.textContent = item.wrong;
  else if (!item.answer) said.textContent = "…";
  else {
    const found = item.answer.predictions;
    const ms = item.answer.ms;
    said.textContent = found.length ? "" : "no class";
    if (found.length) make("b", found[0].class, said);
    if (found.length) said.append(found[0].part === undefined ? ", " : ", part of the picture: ",
      percent(found[0].part ?? found[0].probability));
    make("span", " in " + (ms.prepare + ms.predict).toFixed(1) + " ms", said).className = "hint";
    for (const finding of found) barRow(body, finding, 1);
  }
  byId("strip").querySelectorAll("button").forEach((button, i) =>
    button.setAttribute("aria-current", String(i === index)));
}

function drawStrip() {
  const strip = byId("strip");
  strip.replaceChildren();
  state.shown.forEach((item, index) => {
    const button = make("button", undefined, make("li", undefined, strip));
    button.title = item.name;
    button.setAttribute("aria-label", item.name);
    const image = make("img", undefined, button);
    image.alt = "";
    image.src = item.url;
    button.addEventListener("click", () => show(index));
  });
}

async function ask(file) {
  const item = { name: file.name || "pasted picture", url: URL.createObjectURL(file) };
  item.bitmap = await createImageBitmap(file).catch(() => null);
  state.shown.unshift(item);
  for (const old of state.shown.splice(EARLIER)) URL.revokeObjectURL(old.url);
  drawStrip();
  show(0);
  try {
    const reply = await fetch("predict?top=5", { method: "POST", body: file });
    const answer = await reply.json();
    if (reply.ok) item.answer = answer;
    else item.wrong = answer.error;
  } catch (error) {
    item.wrong = "the server does not answer: " + error.message;
  }
  if (state.shown[state.at] === item) show(state.at);
}

async function askAll(files) {
  for (const file of files) await ask(file);
  readShares();
}

/* ---- all pictures so far ---- */

/* Lines such as lathe_predicted_share{class="cat"} 0.25 */
function sharesOf(text, name) {
  const shares = new Map();
  const plain = (text) => text.slice(1, -1).replace(/\\(.)/g, (all, c) => (c === "n" ? "\n" : c));
  const form = /^(\w+)\{class=("(?:[^"\\]|\\.)*")[^}]*\} (\S+)$/;
  for (const line of text.split("\n")) {
    const found = form.exec(line);
    if (!found || found[1] !== name) continue;
    shares.set(plain(found[2]), Number(found[3]));
  }
  return shares;
}

function twinRow(body, name, now, before, most) {
  const row = make("tr", undefined, body);
  make("th", name, row).title = name;
  const bars = make("td", undefined, row);
  for (const share of [now, before]) {
    const bar = make("div", undefined, bars);
    bar.className = "twin";
    bar.style.width = (100 * share) / most + "%";
  }
  make("td", percent(now), row).className = "number";
}

async function readShares() {
  const reply = await fetch("metrics").catch(() => null);
  if (!reply || !reply.ok) return;
  const text = await reply.text();
  const now = sharesOf(text, "lathe_predicted_share");
  const before = sharesOf(text, "lathe_training_share");
  const gauge = (name) => Number((new RegExp("^" + name + " (\\S+)$", "m").exec(text) || [])[1]);
  const body = byId("shares").tBodies[0];
  body.replaceChildren();
  if (!now.size) return;
  const names = [...new Set([...now.keys(), ...before.keys()])];
  names.sort((a, b) => (now.get(b) || 0) - (now.get(a) || 0));
  const shown = names.slice(0, 6);
  const most = Math.max(...shown.map((name) => Math.max(now.get(name) || 0, before.get(name) || 0)), 1e-9);
  for (const name of shown) twinRow(body, name, now.get(name) || 0, before.get(name) || 0, most);
  const line = byId("drift");
  line.replaceChildren();
  const key = (colour, text) => {
    make("span", undefined, line).className = "key";
    line.lastChild.style.background = `var(--${colour})`;
    line.append(" " + text + " ");
  };
  key("accent", "predicted");
  if (before.size) key("other", "training set");
  line.append(`· ${gauge("lathe_pictures_total")} pictures`);
  if (gauge("lathe_confidence_mean") >= 0)
    line.append(` · mean confidence ${percent(gauge("lathe_confidence_mean"))}`);
  if (gauge("lathe_drift") >= 0)
    line.append(` · drift ${gauge("lathe_drift").toFixed(3)} (0 same, 1 disjoint)`);
  if (names.length > shown.length) line.append(` · ${names.length - shown.length} more classes`);
}

/* ---- the model ---- */

async function readModel() {
  const reply = await fetch("model");
  const model = (state.model = await reply.json());
  byId("title").textContent = model.model;
  document.title = model.model + " – lathe serve";
  const facts = [["answers", model.answer], ["input", `${model.input.width} × ${model.input.height}` +
    (model.input.channels === 1 ? ", grey" : "")], ["parameters", model.parameters.toLocaleString("en")],
    ["step", model.step.toLocaleString("en")], ["weights", model.weights || "–"]];
  for (const [name, value] of facts) make("b", value, make("li", name, byId("facts")));
}

/* ---- controls ---- */

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" :
    matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

function listen() {
  const drop = byId("drop");
  const chooser = byId("file");
  const choose = () => chooser.click();
  drop.addEventListener("click", choose);
  chooser.addEventListener("change", () => {
    askAll([...chooser.files]);
    chooser.value = "";
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"])
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragenter" || name === "dragover");
    });
  document.addEventListener("drop", (event) => askAll([...event.dataTransfer.files]));
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) askAll(files);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onDrop = event.target === drop;
    if (event.key === "o" || (onDrop && (event.key === "Enter" || event.key === " "))) {
      event.preventDefault();
      choose();
    } else if (event.key === "ArrowLeft") show(state.at - 1);
    else if (event.key === "ArrowRight") show(state.at + 1);
  });
  addEventListener("resize", () => show(state.at));
  byId("theme").addEventListener("click", switchTheme);
  byId("address").textContent = location.href.replace(/[^/]*$/, "");
}

listen();
readModel().then(readShares);
