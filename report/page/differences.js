// The page of curves: differences from the baseline, paired by seed. Each dot is a seed; the bar is the 95 %
// interval of their mean, by Student's t.
const tested = (run) => run[`test_${chief.name}`],
  validated = (run) => run.epoch[`val_${chief.name}`] || [];
const judgedBy = () => (data.runs.some((run) => isNumber(tested(run))) ? "test" : "validation");
const scoreOf = (run) => (judgedBy() === "test" ? tested(run) : last(validated(run)));
const unitWords = () =>
  chief.percent ? `points of ${judgedBy()} ${chief.title}` : `${judgedBy()} ${chief.title}`;
const signed = (value) =>
  (value < 0 ? "−" : "+") + (chief.percent ? decimals(Math.abs(100 * value), 2) : short(Math.abs(value), 3));

// Of each variant but the baseline the difference of each seed that both have, and their interval.
function differencesOf() {
  const base = groups.find((group) => group.baseline) ?? groups[0];
  return groups
    .filter((group) => group !== base)
    .map((group) => {
      const seeds = living(group)
        .map((run) => ({
          seed: run.seed,
          value: scoreOf(run) - scoreOf(living(base).find((other) => other.seed === run.seed) ?? {}),
        }))
        .filter(({ value }) => isNumber(value))
        .sort((a, b) => a.seed - b.seed);
      return { group, base, seeds, ...interval(seeds.map(({ value }) => value)) };
    })
    .filter(({ n }) => n);
}

const differenceText = ({ mean: middle, half }) =>
  signed(middle) + (half === null ? "" : ` (${signed(middle - half)} to ${signed(middle + half)})`);

// The drawing, of the first `limit` seeds. Its ink is that of the place where it stands.
function differencesDrawing({ width, height, font, line }, limit = Infinity) {
  const all = differencesOf(),
    ink = inkColor(),
    names = Math.min(
      0.34 * width,
      3.4 * font + Math.max(...all.map(({ group }) => widthOfText(group.name, font, 600))),
    );
  const words = all.map(differenceText),
    room = Math.max(...words.map((text) => widthOfText(text, font))) + font,
    wide = width > 30 * font;
  const left = names + font,
    right = width - (wide ? room : 0) - font,
    top = 0.8 * font,
    bottom = height - 3.2 * font;
  const values = all
    .flatMap(({ seeds, mean: middle, half }) => [
      ...seeds.map(({ value }) => value),
      ...(half === null ? [] : [middle - half, middle + half]),
    ])
    .concat(0);
  const low = Math.min(...values),
    high = Math.max(...values),
    edge = 0.06 * (high - low || 1),
    x = scaleOf([low - edge, high + edge], left, right),
    tall = (bottom - top) / all.length;
  const percentTick = (v) => String(chief.percent ? +(100 * v).toFixed(2) : short(v, 6)).replace("-", "−"),
    out = [];
  for (const v of ticksOf(low - edge, high + edge, (right - left) / (5 * font)))
    out.push(
      svgLine(x(v), top, `v${bottom - top}`, {
        stroke: ink,
        strokeOpacity: v === 0 ? 0.9 : 0.15,
        strokeWidth: v === 0 ? line / 1.5 : 1,
      }),
      svgText(x(v), bottom + 1.2 * font, percentTick(v), font, centred),
    );
  const axis = `${unitWords()} more than ${all[0].base.name}`,
    long = widthOfText(axis, font) > width - 2 * font;
  out.push(
    svgText(
      wide ? (left + right) / 2 : width / 2,
      bottom + 2.6 * font,
      long ? unitWords() : axis,
      font,
      centred,
    ),
  );
  all.forEach(({ group, seeds, mean: middle, half }, k) => {
    const y = top + (k + 0.5) * tall,
      color = colorOf(group.index),
      few = seeds.slice(0, limit),
      spot = Math.min(0.36 * font, 0.12 * tall),
      shift = Math.min(0.62 * tall, 2 * font) / Math.max(1, seeds.length - 1);
    out.push(
      svgLine(4, y, `h${2.2 * font}`, {
        stroke: color,
        strokeWidth: line,
        strokeDasharray: dashText(group.index, line),
      }),
      svgText(2.8 * font, y + 0.35 * font, group.name, font, {
        fontWeight: 600,
        ...squeezed(group.name, names - 2.8 * font, font),
      }),
    );
    few.forEach(({ seed, value }, i) =>
      out.push(
        tag(
          "circle",
          {
            cx: x(value),
            cy: y + (i - (seeds.length - 1) / 2) * shift,
            r: Math.max(2.5, spot),
            fill: color,
            fillOpacity: 0.55,
          },
          tag("title", {}, xml(`seed ${seed}: ${signed(value)}`)),
        ),
      ),
    );
    if (few.length < seeds.length) return;
    if (half !== null)
      out.push(
        svgLine(x(middle - half), y, `H${rounded(x(middle + half))}`, {
          stroke: color,
          strokeWidth: 2 * line,
          strokeLinecap: "round",
        }),
      );
    const [w, h] = [rounded(2 * spot), rounded(2.6 * spot)],
      back = isDark() ? "#14161a" : "#fff";
    out.push(
      svgLine(x(middle), y - h, `l${w} ${h}l${-w} ${h}l${-w} ${-h}z`, {
        fill: color,
        stroke: back,
        strokeWidth: line / 2,
      }),
    );
    if (wide) out.push(svgText(width - room, y + 0.35 * font, words[k], font));
  });
  return svgOf(width, height, ink, `\n${out.join("\n")}\n`, { ariaHidden: "true" });
}

// A name that is longer than its place is pressed into it.
const squeezed = (name, room, font) =>
  widthOfText(name, font, 600) > room ? { textLength: room, lengthAdjust: "spacingAndGlyphs" } : {};

// As a slide: light, with its title.
function differencesSlide() {
  const { width, height, font } = slideSize,
    inner = differencesDrawing({ width: width - 88, height: height - 170, font, line: slideSize.line });
  const title = svgText(44, 44 + font, differencesTitle(), 1.2 * font, { fontWeight: "bold" });
  return sheetOf(width, height, title + inner.replace("<svg ", `<svg x="44" y="120" `));
}

const differencesTitle = () =>
  `Difference from ${differencesOf()[0].base.name}: a dot a seed, mean and its 95 % interval`;

function differencesTable() {
  const all = differencesOf(),
    seeds = [...new Set(all.flatMap((each) => each.seeds.map(({ seed }) => seed)))].sort((a, b) => a - b);
  return tableOf(
    [["variant"], ["mean"], ["95 % interval"], ...seeds.map((seed) => [`seed ${seed}`])],
    all.map((each) => [
      each.group.name,
      signed(each.mean),
      each.half === null ? "–" : `${signed(each.mean - each.half)} to ${signed(each.mean + each.half)}`,
      ...seeds.map((seed) => {
        const found = each.seeds.find((other) => other.seed === seed);
        return found ? signed(found.value) : "–";
      }),
    ]),
  );
}

function differencesSection() {
  if (one() || groups.length < 2 || !differencesOf().length) return null;
  const box = make("figure", { className: "chart", id: "differences" }),
    caption = make("figcaption", {}, make("b", { textContent: differencesTitle() }));
  for (const kind of ["SVG", "PNG"]) {
    const save = make("button", {
      textContent: kind,
      title: `As ${kind}, 1920 x 1080, light`,
      className: "small",
    });
    save.setAttribute("aria-label", `Download the differences as ${kind}`);
    save.addEventListener("click", () => saveDrawing(inLight(differencesSlide), "differences", kind));
    caption.append(save);
  }
  box.append(caption, make("div", { className: "drawing" }));
  const numbers = make(
    "details",
    { className: "twin" },
    make("summary", { textContent: "the difference of each seed" }),
    differencesTable(),
  );
  return make("section", {}, make("h2", { textContent: "Differences, paired by seed" }), box, numbers);
}

function drawDifferences() {
  if (!byId("differences")) return;
  const box = byId("differences"),
    width = state.print ? 600 : Math.max(280, box.clientWidth - 16),
    rows = differencesOf().length;
  box.lastChild.innerHTML = differencesDrawing({
    width,
    height: 70 + 54 * rows,
    font: state.print ? 13 : 15,
    line: 2.5,
  });
}
