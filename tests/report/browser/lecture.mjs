// The lecture view of pages: node lecture.mjs PAGE.html ... It measures type, places, and what play draws.
import { readFileSync } from "node:fs";
import { check, coloured, finish, open } from "./common.mjs";

// The size of everything that is written in the open picture: elements, canvases, drawings.
const sizes = (page) =>
  page.evaluate(() => {
    const view = document.getElementById("lecture"),
      found = [];
    for (const element of view.querySelectorAll("*")) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      const box = element.getBoundingClientRect();
      if (!own || !box.width) continue;
      const scale = element.ownerSVGElement
        ? element.ownerSVGElement.getBoundingClientRect().width /
          element.ownerSVGElement.viewBox.baseVal.width
        : 1;
      if (element.tagName !== "title")
        found.push([
          parseFloat(getComputedStyle(element).fontSize) * scale,
          element.textContent.slice(0, 20),
        ]);
    }
    for (const { canvas, text, font } of drawn)
      if (text && view.contains(canvas)) found.push([font / devicePixelRatio, text]);
    return found;
  });

const places = (page, where) =>
  page.$$eval(where, (all) =>
    all
      .map((each) => each.getBoundingClientRect())
      .map(({ left, top, right, bottom, height }) => ({ left, top, right, bottom, height })),
  );
const within = (boxes, { width, height }) =>
  boxes.length > 0 &&
  boxes.every(
    (box) => box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height && box.height > 40,
  );
const shown = (page) => page.getAttribute("#lecture", "data-picture");

// The whole page, before the lecture view: rate and accuracy without scrolling.
async function seesBoth(page, size) {
  const metric = await page.$eval("#charts", (place) =>
    [...place.children].map((box) => box.dataset.chart).find((id) => /accuracy/.test(id)),
  );
  await page.evaluate(() => scrollTo(0, 0));
  const boxes = await places(page, `[data-chart=lr] canvas, [data-chart=${metric}] canvas`);
  check(
    `rate and accuracy are both seen at ${size.width} x ${size.height}`,
    boxes.length === 2 && within(boxes, size),
  );
}

async function everyPicture(page, size, wanted) {
  const seen = [];
  await page.keyboard.press("Home");
  for (
    let before = null;
    before !== (await page.textContent(".lecture-count"));
    await page.keyboard.press("ArrowRight")
  ) {
    before = await page.textContent(".lecture-count");
    await page.waitForTimeout(60);
    const name = await shown(page),
      written = await sizes(page),
      least = written.reduce((a, b) => (b[0] < a[0] ? b : a), [99, ""]);
    seen.push(name);
    check(
      `${size.width} x ${size.height}, ${name}: ` +
        `the smallest of ${written.length} texts has ${least[0].toFixed(1)} pixels`,
      written.length > 3 && least[0] >= 24,
    );
    const canvases = await places(page, "#lecture canvas");
    if (canvases.length) check(`${name}: ${canvases.length} charts in the window`, within(canvases, size));
    const total = await page.evaluate(() => [document.getElementById("lecture").scrollHeight, innerHeight]);
    check(`${name}: no scrolling`, total[0] <= total[1] + 1);
    if (/accuracy/.test(name) && !/^fold/.test(name))
      check(
        "rate and accuracy stand one above the other",
        canvases.length === 2 && canvases[0].bottom <= canvases[1].top + 1,
      );
  }
  check(
    `pictures: ${seen.join(" ")}`,
    wanted.every((name) => seen.some((each) => each.includes(name))),
  );
  await page.keyboard.press("Home");
}

async function playMoves(page) {
  while (!/accuracy/.test(await shown(page))) await page.keyboard.press("ArrowRight");
  await page.selectOption("#lecture select", "5");
  const whole = (await coloured(page, "#lecture canvas"))[1];
  await page.focus(".lecture-stage");
  await page.keyboard.press("Space");
  await page.waitForTimeout(600);
  const first = [
    parseFloat(await page.getAttribute("#lecture", "data-part")),
    (await coloured(page, "#lecture canvas"))[1],
  ];
  await page.waitForTimeout(1500);
  const second = [
    parseFloat(await page.getAttribute("#lecture", "data-part")),
    (await coloured(page, "#lecture canvas"))[1],
  ];
  check(
    `play moves: ${first} to ${second} of ${whole}`,
    first[0] > 0 && second[0] > first[0] + 0.1 && second[1] > first[1] && whole > first[1],
  );
  await page.keyboard.press("Space");
  const held = await page.getAttribute("#lecture", "data-part");
  await page.waitForTimeout(300);
  check("the space bar holds it", held === (await page.getAttribute("#lecture", "data-part")));
  await page.keyboard.press("+");
  await page.click("#lecture [name=play]");
  await page.waitForFunction(() => !document.getElementById("lecture").dataset.part, null, {
    timeout: 15000,
  });
  check("and it ends with the whole curves", (await coloured(page, "#lecture canvas"))[1] === whole);
}

// Of a page without a run: what is played grows.
async function anyPlays(page) {
  await page.selectOption("#lecture select", "5");
  await page.click("#lecture [name=play]");
  const seen = [];
  for (let i = 0; i < 3; i++) {
    await page.waitForTimeout(500);
    seen.push((await coloured(page, "#lecture canvas"))[0]);
  }
  check(`play moves: ${seen}`, seen[0] < seen[1] && seen[1] < seen[2]);
}

async function foldPlays(page) {
  while (!/^fold/.test(await shown(page))) await page.keyboard.press("ArrowRight");
  const whole = (await coloured(page, "#lecture canvas"))[1];
  await page.click("#lecture [name=play]");
  await page.waitForTimeout(700);
  const part = (await coloured(page, "#lecture canvas"))[1];
  check(`cycles come one after the other: ${part} of ${whole}`, part < whole);
}

// Slides are light and of one size, from the dark page too.
async function slides(page) {
  await page.emulateMedia({ colorScheme: "dark" });
  for (const button of ["#svg", "#png", "#charts .chart button:text-is('PNG')"]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(button).first().click()]);
    const bytes = readFileSync(await file.path());
    if (file.suggestedFilename().endsWith(".svg")) {
      const text = bytes.toString("utf8");
      check(
        `${button} saves a light slide`,
        /width="1920" height="1080"/.test(text) &&
          /<rect[^>]* fill="#fff"/.test(text) &&
          /Learning rate|Loss/.test(text) &&
          !/NaN|Infinity|undefined/.test(text),
      );
      const least = Math.min(
        ...[...text.matchAll(/font-size="([0-9.]+)"/g)].map((found) => parseFloat(found[1])),
      );
      check(`its smallest words have ${least} pixels`, least >= 24);
    } else {
      const light = await page.evaluate(async (data) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height),
          context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(image, 0, 0);
        const [r, g, b] = context.getImageData(3, 3, 1, 1).data,
          all = context.getImageData(0, 0, image.width, image.height).data;
        let dark = 0;
        for (let i = 0; i < all.length; i += 4) dark += all[i] < 200;
        return [image.width, image.height, r + g + b, dark];
      }, bytes.toString("base64"));
      check(
        `${button} saves a light picture: ${light}`,
        light[0] === 1920 && light[1] === 1080 && light[2] === 765 && light[3] > 3000,
      );
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

for (const path of process.argv.slice(2)) {
  const { page, complaints, requests } = await open(path, { width: 1280, height: 720 });
  const kind = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent).kind);
  console.log(`${kind}: ${path}`);
  const trained = kind === "run" || kind === "compare";
  if (trained) await seesBoth(page, { width: 1280, height: 720 });
  const wanted = {
    run: ["lr", "loss", "accuracy", "fold", "table"],
    compare: ["lr", "val_loss", "accuracy", "fold", "differences", "table"],
    preview: ["lr"],
    charts: ["figure"],
  }[kind];
  const measured = await page.evaluate(() =>
    JSON.parse(document.getElementById("data").textContent).runs.some((run) => run.eval),
  );
  if (measured) {
    wanted.push("probe-grad_norm", "probe-sharpness", "probe-update_ratio");
    const said = await page.textContent("#told");
    check(
      `minima against maxima: ${/[^.]*minima of the rate[^.]*\.[^.]*\.[^.]*/.exec(said)}`,
      /at the minima of the rate and .* at its maxima: .* higher at the minima/.test(said),
    );
    const cut = () =>
      page.$$eval(
        ".cutoff",
        (all) =>
          all.map((each) => each.closest(".chart").dataset.chart).filter((id) => /loss/.test(id)).length,
      );
    const tall = () =>
      page.evaluate(() =>
        Math.max(
          ...drawn
            .filter(
              ({ text, canvas }) =>
                /^\d+$/.test(text) &&
                /^(val_)?loss$/.test(canvas.closest(".chart")?.dataset.chart) &&
                canvas.closest("#charts"),
            )
            .map(({ text, x }) => (x < 70 ? +text : 0)),
        ),
      );
    const before = [await cut(), await tall()];
    await page.click("#full");
    const after = [await cut(), await tall()];
    await page.click("#full");
    check(
      `the first losses of 90 do not stretch the axis: ${before}, in full ${after}`,
      before[0] > 0 && before[1] < 10 && after[0] === 0 && after[1] >= 80,
    );
    const charts = await page.$$eval("#charts .chart", (all) => all.map((box) => box.dataset.chart));
    check(
      `probes are charts on the same axis: ${charts.join(" ")}`,
      wanted.slice(-3).every((name) => charts.includes(name)),
    );
  }
  for (const [i, size] of [
    { width: 1280, height: 720 },
    { width: 1920, height: 1080 },
  ].entries()) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: i ? "dark" : "light" });
    if (i) await page.click("#lecture-open");
    else await page.keyboard.press("l");
    check("the lecture view opens", await page.$eval("#lecture", (view) => view.open));
    await everyPicture(page, size, wanted);
    if (!i && trained) {
      await playMoves(page);
      await foldPlays(page);
    }
    if (!i && !trained) await anyPlays(page);
    if (kind === "compare" && i) {
      while ((await shown(page)) !== "differences") await page.keyboard.press("ArrowRight");
      const [dots, runs] = await page.evaluate(() => [
        document.querySelectorAll("#lecture circle").length,
        JSON.parse(document.getElementById("data").textContent).runs.filter(
          (run) => run.group > 0 && !run.died,
        ).length,
      ]);
      check(`differences have a dot a seed: ${dots}`, dots === runs);
    }
    await page.keyboard.press("Escape");
    check("Escape leaves", !(await page.$eval("#lecture", (view) => view.open)));
  }
  if (kind === "charts") {
    const [tables, charts] = await page.evaluate(() => [
      document.querySelectorAll("#tables .twin tbody tr:nth-child(2)").length,
      document.querySelectorAll("#charts .chart").length,
    ]);
    check(`each of ${charts} charts has its numbers in a table`, tables === charts);
  }
  await slides(page);
  const bytes = await page.evaluate(
    () => document.documentElement.outerHTML.length - document.getElementById("data").textContent.length,
  );
  check(
    `the page without its data is small: ${readFileSync(path).length} bytes in all`,
    bytes > 0 &&
      readFileSync(path).length - (await page.$eval("#data", (each) => each.textContent.length)) < 500000,
  );
  check(`no request leaves the page: ${requests.join(" ") || "none"}`, requests.length === 0);
  check(`no complaint in the console: ${complaints.join(" | ") || "none"}`, complaints.length === 0);
  await page.close();
}
await finish();
