// Watches a run that goes on: node live.mjs ADDRESS. The table follows the newest step, and the seconds run.
import { check, finish, open } from "./common.mjs";

const { page, complaints, requests } = await open(process.argv[2]);
const read = async () => ({
  step: parseInt(/step (\d+)/.exec(await page.textContent("#position"))?.[1] ?? "-1", 10),
  seconds: parseFloat(
    (await page.locator("#tiles li", { hasText: "seconds" }).locator("b").allTextContents())[0],
  ),
});
const differs = async (before, name) => {
  for (let i = 0; i < 60 && (await read())[name] <= before[name]; i++) await page.waitForTimeout(100);
  return (await read())[name] > before[name];
};
await page.waitForFunction(() => /step [1-9]/.test(document.getElementById("position")?.textContent));
const first = await read();
check(`the table follows the newest step, from ${first.step}`, await differs(first, "step"));
check(`and the seconds run, from ${first.seconds}`, await differs(first, "seconds"));
const box = await page.locator("[data-chart=loss] .u-over").boundingBox();
await page.mouse.move(box.x + 20, box.y + box.height / 2);
const held = await read();
await page.waitForTimeout(2500);
check(
  "a step that is pointed at stays",
  held.step < (await read()).step + 1 && (await read()).step < first.step + 1,
);
await page.mouse.move(box.x + 20, box.y + box.height / 2 + 1);
await page.mouse.move(1, 1);
check("and goes when the pointer leaves", await differs(held, "step"));
check(
  "only its data is asked for",
  requests.length > 0 && requests.every((url) => url.endsWith("/data.json")),
);
check(`no complaint in the console: ${complaints.join(" | ") || "none"}`, complaints.length === 0);
await finish();
