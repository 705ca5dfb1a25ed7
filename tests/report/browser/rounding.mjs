// The page rounds as the terminal (C's printf): node rounding.mjs PAGE.JS
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const source = /const decimals = [^]*?\n};/.exec(readFileSync(process.argv[2], "utf8"))[0];
const decimals = new Function(`${source} return decimals;`)();
const cases = [
  [83.125, 2],
  [83.375, 2],
  [-83.125, 2],
  [0.5, 1],
  [0.25, 1],
  [0.75, 1],
  [97.255, 2],
  [0.00005, 4],
  [2.03125, 4],
  [99.995, 2],
  [0, 2],
];
let failures = 0;
for (const [value, digits] of cases) {
  const want = execFileSync("printf", [`%.${digits}f`, String(value)], { env: { LC_ALL: "C" } }).toString();
  const exact = want.replace(/^-(0\.0*)$/, "$1");
  // printf of the shell reads long doubles: only numbers that both hold exactly are compared by it
  const held = Number.isInteger(value * 1024);
  if (held && decimals(value, digits) !== exact) {
    console.log(`FAIL ${value}: ${decimals(value, digits)}, not ${exact}`);
    failures++;
  }
  if (!held && decimals(value, digits) !== value.toFixed(digits)) {
    console.log(`FAIL ${value}`);
    failures++;
  }
}
process.exit(failures ? 1 : 0);
