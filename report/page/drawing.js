// The page of curves: charts as SVG drawings of any size, light on any ground: for slides and for paper.
const xml = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const rounded = (value) => +value.toFixed(1);
const ruler = document.createElement("canvas").getContext("2d");
const widthOfText = (text, font, weight) => {
  ruler.font = `${weight || ""} ${font}px system-ui, "DejaVu Sans", sans-serif`;
  return ruler.measureText(text).width;
};
const paperSize = { width: 600, font: 15, line: 2 };
const slideSize = { width: 1920, height: 1080, font: 30, line: 4 };

// Everything inside is made in the colours of paper.
function inLight(work) {
  const before = state.light;
  state.light = true;
  try {
    return work();
  } finally {
    state.light = before;
  }
}

const drawing = (text) => make("div", { className: "drawing", innerHTML: text });
// An element as text. strokeWidth is stroke-width; null is left out.
const asIs = new Set(["viewBox", "textLength", "lengthAdjust"]);
function tag(name, attributes, content) {
  const pairs = Object.entries(attributes).filter(([, value]) => value !== null && value !== "");
  const text = pairs.map(([key, value]) => {
    const dashed = asIs.has(key) ? key : key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
    return ` ${dashed}="${typeof value === "number" ? +value.toFixed(2) : value}"`;
  });
  return `<${name}${text.join("")}${content === undefined ? "/>" : `>${content}</${name}>`}`;
}
const svgText = (x, y, text, font, more) => tag("text", { x, y, fontSize: font, ...more }, xml(text));
const svgLine = (x, y, to, more) => tag("path", { d: `M${rounded(x)} ${rounded(y)}${to}`, ...more });
const centred = { textAnchor: "middle" };
const dashText = (index, line) =>
  dashOf(index)
    .map((part) => (part * line) / 2)
    .join(" ");

// From a value to a place, on a linear or logarithmic axis.
function scaleOf([low, high], from, to, log) {
  const f = log ? Math.log10 : (v) => v,
    a = f(low),
    b = f(high);
  return (value) => from + ((f(value) - a) / (b - a)) * (to - from);
}

// The names of a chart's lines, in rows of the given width. Returns the text and the height.
function legendDrawing(lines, x, y, width, { font, line }) {
  const out = [];
  let left = x,
    row = 0;
  for (const l of lines) {
    const wide = 2.6 * font + widthOfText(l.name, font) + 1.2 * font;
    if (left > x && left + wide > x + width) {
      left = x;
      row++;
    }
    const at = y + row * 1.35 * font;
    out.push(
      svgLine(left, at - 0.33 * font, `h${2.2 * font}`, {
        stroke: colorOf(l.color),
        fill: "none",
        strokeWidth: line,
        strokeDasharray: dashText(l.dash ?? l.color, line),
      }),
      svgText(left + 2.6 * font, at, l.name, font),
    );
    left += wide;
  }
  return { text: out.join("\n"), height: lines.length ? (row + 1) * 1.35 * font : 0 };
}

const linePath = (xs, ys, x, y) => {
  let pen = "M";
  return xs
    .map((at, i) => {
      if (!isNumber(at) || !isNumber(ys[i])) {
        pen = pen === "M" || ys[i] === undefined ? pen : "M";
        return "";
      }
      const point = `${pen}${rounded(x(at))} ${rounded(y(ys[i]))}`;
      pen = "L";
      return isFinite(y(ys[i])) ? point : "";
    })
    .join("");
};

// A point that is missing is a gap in a ready chart; elsewhere the line goes on.
const known = (l, values) => l.curve.x.map((x, i) => [x, values[i]]).filter(([, v]) => l.gaps || isNumber(v));

function lineDrawing(l, x, y, look) {
  const out = [],
    color = colorOf(l.color),
    path = (values) => {
      const kept = known(l, values);
      return linePath(
        kept.map(([at]) => at),
        kept.map(([, v]) => v),
        x,
        y,
      );
    };
  if (l.curve.many && l.band !== false) {
    const edge = (values) =>
      l.curve.x
        .map((at, i) =>
          isNumber(values[i]) && isFinite(y(values[i])) ? `${rounded(x(at))} ${rounded(y(values[i]))}` : "",
        )
        .filter(Boolean);
    out.push(
      tag("path", {
        d: `M${edge(l.curve.high).concat(edge(l.curve.low).reverse()).join("L")}Z`,
        fill: color,
        fillOpacity: 0.16,
      }),
    );
  }
  if (seedsShown(l))
    for (const each of l.curve.each)
      out.push(
        tag("path", {
          d: path(each),
          stroke: color,
          strokeOpacity: 0.45,
          strokeWidth: look.line / 2,
          fill: "none",
        }),
      );
  const text = path(l.curve.y),
    wide = l.faint ? look.line / 2 : l.thick ? 1.8 * look.line : look.line;
  if (text)
    out.push(
      tag("path", {
        class: "line",
        d: text,
        stroke: color,
        fill: "none",
        strokeWidth: wide,
        strokeOpacity: l.faint ? 0.3 : 1,
        strokeLinejoin: "round",
        strokeDasharray: l.faint ? null : dashText(l.dash ?? l.color, look.line),
      }),
    );
  if (l.points && l.curve.x.length < 60)
    for (const [at, v] of known(l, l.curve.y))
      if (isNumber(v) && isFinite(y(v)))
        out.push(tag("circle", { cx: x(at), cy: y(v), r: 1.5 * look.line, fill: color }));
  return out.join("\n");
}

function shadeDrawing(chart, x, top, high) {
  const group = chart.shade && shadedGroup();
  if (!group || !group.cycles.length) return "";
  const { pairs, peaks } = shadesOf(group);
  return pairs
    .map(([from, to]) =>
      tag("rect", {
        x: x(from),
        y: top,
        width: x(to) - x(from),
        height: high,
        fill: "#000",
        fillOpacity: 0.07,
      }),
    )
    .concat(
      peaks.map((at) =>
        svgLine(x(at), top, `v${rounded(high)}`, {
          stroke: "#000",
          strokeOpacity: 0.3,
          strokeDasharray: "4 5",
        }),
      ),
    )
    .join("\n");
}

function bestDrawing(chart, x, y, place, look) {
  return chart.lines
    .map((l) => {
      const group = groups.find((each) => each.index === l.group);
      if (!l.best || !group || group.best < 0 || !isNumber(l.curve.y[group.best])) return "";
      const cx = x(l.curve.x[group.best]),
        cy = y(l.curve.y[group.best]),
        text = `best: ${bestWhere(group)}`,
        half = widthOfText(text, look.font, 600) / 2;
      const ring = tag("circle", {
        cx,
        cy,
        r: 3.5 * look.line,
        fill: "none",
        stroke: colorOf(l.color),
        strokeWidth: look.line,
      });
      if (!one()) return ring;
      const middle = Math.max(place.left + half, Math.min(cx, place.left + place.width - half));
      const at =
        cy - place.top < 2.3 * look.font
          ? cy + 3.5 * look.line + look.font
          : cy - 3.5 * look.line - 0.45 * look.font;
      return (
        ring +
        svgText(middle, at, text, look.font, {
          ...centred,
          fontWeight: 600,
          stroke: "#fff",
          strokeWidth: look.font / 4,
          paintOrder: "stroke",
          strokeLinejoin: "round",
        })
      );
    })
    .join("\n");
}

// A chart in a box: title and names above, axes, lines. `left` leaves room for the numbers of the y axis.
function frameDrawing(chart, box, look) {
  const { font } = look,
    title = 1.15 * font,
    bare = box.bare ?? (chart.bare && !box.full),
    start = box.x + widthOfText(chart.title, title, "bold") + 1.5 * font;
  const names =
    box.names === false
      ? []
      : chart.lines.filter((l) => !l.faint && l.name && l.name !== chart.title && chart.lines.length > 1);
  const beside = box.x + look.left,
    row = names.length
      ? legendDrawing(
          names,
          Math.max(beside, start),
          box.y + title,
          box.x + box.width - Math.max(beside, start),
          look,
        )
      : { text: "", height: 0 };
  const top = box.y + Math.max(1.7 * font, row.height + 0.4 * font),
    place = {
      left: box.x + look.left,
      top,
      width: box.width - look.left - font,
      height: box.y + box.height - top - (bare ? 0.6 : 2.9) * font,
    };
  const range = rangeOf(chart),
    x = scaleOf((!chart.own && state.zoom) || chart.extent, place.left, place.left + place.width, chart.logX),
    y = scaleOf(range, place.top + place.height, place.top, chart.log);
  const id = `clip-${xml(chart.id)}-${Math.round(box.width)}-${Math.round(box.y)}`,
    text = numberText(chart),
    grid = { stroke: "#000", strokeOpacity: 0.12, fill: "none" };
  const [from, to] = (!chart.own && state.zoom) || chart.extent;
  return [
    svgText(box.x, box.y + title, chart.title, title, { fontWeight: "bold" }),
    row.text,
    tag(
      "clipPath",
      { id },
      tag("rect", { x: place.left, y: place.top, width: place.width, height: place.height }),
    ),
    shadeDrawing(chart, x, place.top, place.height),
    ...ticksOf(from, to, place.width / (6.5 * font), chart.logX).map(
      (v) =>
        svgLine(x(v), place.top, `v${rounded(place.height)}`, grid) +
        (bare ? "" : svgText(x(v), place.top + place.height + 1.25 * font, short(v, 6), font, centred)),
    ),
    ...ticksOf(...range, place.height / (2.4 * font), chart.log).map(
      (v) =>
        svgLine(place.left, y(v), `h${place.width}`, grid) +
        svgText(place.left - 0.4 * font, y(v) + 0.35 * font, text(v), font, { textAnchor: "end" }),
    ),
    bare || !chart.xLabel
      ? ""
      : svgText(
          place.left + place.width / 2,
          place.top + place.height + 2.5 * font,
          chart.xLabel,
          font,
          centred,
        ),
    `<g clip-path="url(#${id})">`,
    ...chart.lines.map((l) => lineDrawing(l, x, y, look)),
    "</g>",
    bestDrawing(chart, x, y, place, look),
  ]
    .filter(Boolean)
    .join("\n");
}

// A drawing of a size.
const svgOf = (width, height, fill, content, more) =>
  tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      fontFamily: "system-ui, 'DejaVu Sans', sans-serif",
      fill,
      ...more,
    },
    content,
  );

// A drawing on paper.
const sheetOf = (width, height, content) =>
  svgOf(
    width,
    height,
    "#1c1e21",
    `\n${tag("rect", { width: "100%", height: "100%", fill: "#fff" })}\n${content}\n`,
  ) + "\n";

// Room for the numbers of the y axes, the same for charts that stand one above the other.
const leftOf = (all, font) =>
  font +
  Math.max(
    ...all.map((chart) =>
      Math.max(
        ...ticksOf(...rangeOf(chart), 6, chart.log).map((v) => widthOfText(numberText(chart)(v), font)),
        2 * font,
      ),
    ),
  );

// One chart as a drawing that a sheet makes as wide as it likes.
function chartDrawing(chart, { width, font, line }) {
  const height = Math.round(chart.height * 1.1) + 2 * font;
  return inLight(() =>
    sheetOf(
      width,
      height,
      frameDrawing(
        chart,
        { x: 4, y: 2, width: width - 8, height: height - 4, full: true },
        { font, line, left: leftOf([chart], font) },
      ),
    ),
  );
}

// Charts one above the other on a slide. More than five stand in two columns.
function slideDrawing(all, title) {
  const { width, height } = slideSize,
    columns = all.length > 5 ? 2 : 1,
    rows = Math.ceil(all.length / columns),
    font = all.length > 3 ? 24 : slideSize.font;
  const edge = 44,
    head = 1.9 * font,
    look = { font, line: slideSize.line, left: leftOf(all, font) },
    out = [svgText(edge, edge + font * 0.9, title, Math.round(1.35 * font), { fontWeight: "bold" })];
  const groupNames =
    all.length > 1 && !one() && !figures()
      ? legendDrawing(
          shownGroups().map((group) => line(group, "lr")),
          edge,
          edge + head + font * 0.6,
          width - 2 * edge,
          look,
        )
      : { text: "", height: 0 };
  out.push(groupNames.text);
  const top = edge + (all.length > 1 || title !== all[0].title ? head : 0) + groupNames.height + 0.4 * font;
  if (all.length === 1 && title === all[0].title) out.shift();
  for (let column = 0; column < columns; column++) {
    // Charts that share an axis have its numbers once, under the lowest.
    const mine = all.slice(column * rows, (column + 1) * rows),
      total = mine.reduce((sum, chart) => sum + chart.height, 0),
      bare = (chart) => !chart.own && chart !== mine[mine.length - 1];
    const over = (chart) => (bare(chart) ? 2.3 : 4.6) * font,
      free = height - edge / 2 - top - mine.reduce((sum, chart) => sum + over(chart), 0);
    let y = top;
    for (const chart of mine) {
      const tall = over(chart) + (chart.height / total) * free,
        wide = (width - 2 * edge) / columns;
      out.push(
        frameDrawing(
          chart,
          {
            x: edge + column * wide,
            y,
            width: wide - (columns > 1 ? font : 0),
            height: tall,
            names: groupNames.height ? false : undefined,
            bare: bare(chart),
          },
          look,
        ),
      );
      y += tall;
    }
  }
  return sheetOf(width, height, out.join("\n"));
}
