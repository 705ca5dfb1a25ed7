// Puts a page together: node assemble.mjs OUT ENGINE PICTURES [TEMPLATE]. In the template (index.html here,
// if none is given) each {{FILE}} becomes the text of that file, and {{payload}} the worker's text, the
// engine and the pictures: then the page has to request nothing.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const [out, engine, pictures, template = join(here, "index.html")] = process.argv.slice(2);
const images = (set) => `${set}-images-idx3-ubyte`,
  labels = (set) => `${set}-labels-idx1-ubyte`;

// A text inside of a <script> must not end it, nor begin a comment in HTML.
function script(text, name) {
  if (/<\/script|<!--/i.test(text)) throw new Error(`${name} would end its <script>`);
  return text;
}
const read = (path) => readFileSync(path, "utf8");

const worker = [join(engine, "engine.js"), join(here, "binding.js"), join(here, "worker.js")]
  .map((path) => script(read(path), path))
  .join("\n");

const sizes = {};
function file(folder, name) {
  const packed = gzipSync(readFileSync(join(folder, name)), { level: 9 });
  sizes[name] = packed.length;
  return `<script type="application/gzip" data-file="${name}">${packed.toString("base64")}</script>`;
}

const payload = () =>
  [
    `<script type="text/plain" id="lathe-worker">\n${worker}</script>`,
    file(engine, "engine.wasm"),
    ...["train", "t10k"].flatMap((set) => [file(pictures, images(set)), file(pictures, labels(set))]),
  ].join("\n");

// A file's path is relative to the template's folder.
function part(name) {
  if (name === "payload") return payload();
  const text = read(join(dirname(template), name));
  return /\.js$/.test(name) ? script(text, name) : text;
}

const page = read(template).replace(/\{\{(payload|[\w-]*[./][\w./-]*)\}\}/g, (_, name) => part(name));
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "index.html"), page);
const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`;
console.log(
  `${join(out, "index.html")}: ${kib(Buffer.byteLength(page))}; packed, before base64: ` +
    Object.entries(sizes)
      .map(([name, size]) => `${name} ${kib(size)}`)
      .join(", "),
);
