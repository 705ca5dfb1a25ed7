// The page of `lathe serve`: node serve.mjs ADDRESS. Pictures, keys, both themes, and a window of 1280 x 720.
import { deflateSync } from "node:zlib";
import { check, finish, open } from "./common.mjs";

const table = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});
const crc = (bytes) => ~bytes.reduce((c, byte) => table[(c ^ byte) & 255] ^ (c >>> 8), -1) >>> 0;
const number = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const chunk = (type, body) => {
  const whole = [...Buffer.from(type), ...body];
  return [...number(body.length), ...whole, ...number(crc(whole))];
};
const picture = (seed) => {
  const rows = [];
  for (let y = 0; y < 24; y++)
    rows.push(0, ...Array.from({ length: 32 }, (_, x) => (x * seed + y * 9) & 255));
  return Buffer.from([137, 80, 78, 71, 13, 10, 26, 10,
    ...chunk("IHDR", [...number(32), ...number(24), 8, 0, 0, 0, 0]),
    ...chunk("IDAT", deflateSync(Buffer.from(rows))), ...chunk("IEND", [])]);
};
const file = (name, buffer) => ({ name, mimeType: "image/png", buffer });

const address = process.argv[2];
const { page, complaints, requests } = await open(address, { width: 1280, height: 720 }, "#facts li");
const said = () => page.textContent("#said");
const rows = (id) => page.locator(`#${id} tr`).count();
check("it names the model", (await page.textContent("#title")) === "mlp");
check("and has no picture yet", (await said()) === "No picture yet.");
await page.setInputFiles("#file", [3, 5, 7].map((seed) => file(`${seed}.png`, picture(seed))));
await page.waitForFunction(() => document.querySelectorAll("#shares tr").length > 0);
check("a picture has its classes", (await rows("bars")) === 5 && / %/.test(await said()));
check("the latest is shown", (await page.textContent("#head")) === "7.png");
await page.keyboard.press("ArrowRight");
check("a key goes to the one before", (await page.textContent("#head")) === "5.png");
await page.locator("#strip button").nth(2).click();
check("and a click to another", (await page.textContent("#head")) === "3.png");
check("all pictures are counted", /· 3 pictures/.test(await page.textContent("#drift")));
check("each class has a bar beside the training set's", (await page.locator("#shares .twin").count()) >= 6);
const [chooser] = await Promise.all([
  page.waitForEvent("filechooser"),
  page.focus("#drop").then(() => page.keyboard.press("Enter")),
]);
await chooser.setFiles([file("broken.png", picture(1).subarray(0, 60))]);
await page.waitForSelector("#said.wrong");
check("a broken picture is told", /PNG/.test(await said()) && (await rows("bars")) === 0);
const fits = () =>
  page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
check(`it fits a window of 1280 x 720: ${await fits()}`, String(await fits()) === "1280,720");
const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const light = await back();
await page.click("#theme");
check(`light and dark: ${light}, ${await back()}`, light !== (await back()));
check("it asks its server alone", requests.length > 0 && requests.every((url) => url.startsWith(address)));
const others = complaints.filter((text) => !/status of 400/.test(text));
check(`no complaint in the console: ${others.join(" | ") || "none"}`, others.length === 0);
await finish();
