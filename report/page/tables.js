// The page of curves: what stands below the charts, and above them.

// ---- tables -----------------------------------------------------------------------------------------------
function tableOf(titles, rows, caption) {
  const head = make("tr", {});
  for (const [title, hint, kind] of titles)
    head.append(make("th", { textContent: title, scope: "col", title: hint || "", className: kind ?? "" }));
  const body = make("tbody", {});
  for (const row of rows) {
    const line = make("tr", {}, make("th", { scope: "row" }, ...[].concat(row[0])));
    row.slice(1).forEach((cell, i) => line.append(make("td", { className: titles[i + 1][2] ?? "" }, cell)));
    body.append(line);
  }
  return scrolled(
    make(
      "table",
      {},
      ...(caption ? [make("caption", { textContent: caption })] : []),
      make("thead", {}, head),
      body,
    ),
  );
}

// A table that is wider than its place scrolls sideways, and says so.
const cuts = new ResizeObserver((all) => {
  for (const { target } of all) {
    const cut = target.scrollWidth > target.clientWidth + 1;
    target.parentElement.classList.toggle("cut", cut);
    if (cut) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

function scrolled(table) {
  const scroll = make("div", { className: "scroll" }, table);
  scroll.setAttribute("role", "group");
  cuts.observe(scroll);
  return make(
    "div",
    {},
    make("div", { className: "more", textContent: "There are more columns to the right: scroll sideways." }),
    scroll,
  );
}

const points = (value) => (value < 0 ? "−" : "+") + decimals(Math.abs(100 * value), 2);
const plusMinus = (values, format) => {
  const known = values.filter(isNumber),
    wide = spread(known);
  return !known.length
    ? "–"
    : wide === null
      ? format(mean(known))
      : format(mean(known)).replace(" %", "") + " ± " + format(wide);
};

// The columns of results: title, what it means, and a group's cell.
const ends = (group, metric) => living(group).map((run) => last(run.epoch[metric]));
const gapOf = (run) => {
  const a = last(run.epoch.val_loss),
    b = last(run.epoch.train_loss);
  return isNumber(a) && isNumber(b) ? a - b : null;
};
const bestOfAll = (values) => {
  const known = values.filter(isNumber);
  return known.length ? (chief.lower ? Math.min(...known) : Math.max(...known)) : null;
};
const rank = (value) => (value === null ? -Infinity : chief.lower ? -value : value);
const resultColumns = [
  [
    "seeds",
    "a run died if its loss became non-finite, or if its test accuracy is below half of the variant's " +
      "best; means are over the others",
    (group) => {
      const died = group.runs.length - living(group).length;
      return died ? `${group.runs.length}, ${died} died` : String(group.runs.length);
    },
  ],
  [
    `test ${chief.title}`,
    "mean ± standard deviation over the seeds",
    (group) => plusMinus(living(group).map(tested), chiefText),
  ],
  [
    "difference",
    `points of test ${chief.title} against the first variant, or the one that was named`,
    (group) =>
      !group.words || group.baseline || !isNumber(group.difference) ? "" : points(group.difference),
  ],
  [
    "in words",
    "paired t test over the seeds, with Holm’s correction for several comparisons; noise: p above 5 %",
    (group) => group.words || "",
    "words",
  ],
  [
    `val ${chief.title}, last`,
    "mean ± standard deviation over the seeds",
    (group) =>
      plusMinus(
        living(group).map((run) => last(validated(run))),
        chiefText,
      ),
  ],
  [
    "best",
    `the best validation ${chief.title} of any epoch of any seed`,
    (group) => chiefText(bestOfAll(group.runs.map((run) => bestOfAll(validated(run))))),
  ],
  [
    "best at",
    `where the mean of validation ${chief.title} is best`,
    (group) => (group.best >= 0 ? bestWhere(group) : "–"),
  ],
  ["val loss, last", "", (group) => plusMinus(ends(group, "val_loss"), fixed)],
  ["train loss, last", "", (group) => plusMinus(ends(group, "train_loss"), fixed)],
  [
    "gap",
    "validation loss minus training loss at the end: well above 0 the model has learned its pictures " +
      "by heart",
    (group) => plusMinus(living(group).map(gapOf), fixed),
  ],
  [
    "seconds",
    "of a run",
    (group) =>
      plusMinus(
        group.runs.map((run) => run.seconds),
        (v) => decimals(v, 1),
      ),
  ],
];

// The table of results, with all columns that are of use or those that are wanted.
function results(wanted) {
  const without = one() ? ["seeds", "difference", "in words"] : ["best", "train loss, last"];
  const columns = resultColumns.filter(([title]) =>
    wanted ? wanted.includes(title) : !without.includes(title),
  );
  const key = (group) =>
    rank(
      mean(group.runs.map(tested).filter(isNumber)) ??
        mean(group.runs.map((run) => last(validated(run))).filter(isNumber)),
    );
  const rows = groups
    .slice()
    .sort((a, b) => key(b) - key(a))
    .map((group) => [
      [swatch(group.index, group.index), group.name],
      ...columns.map(([, , cell]) => cell(group)),
    ]);
  return tableOf(
    [[one() ? "run" : "variant"], ...columns.map(([title, hint, , kind]) => [title, hint, kind])],
    rows,
  );
}

// What is more than noise, as sentences: their words, and the variants with their differences.
function verdictTexts() {
  const base = groups.find((group) => group.baseline),
    judged = groups.filter((group) => group !== base && isNumber(group.p));
  if (!base) return [];
  const clear = (group) => group.p <= 0.05;
  const list = (some) =>
    some
      .sort((a, b) => b.difference - a.difference)
      .map((group) => `${group.name} (${points(group.difference)})`)
      .join(", ");
  return [
    {
      words: `Clearly better than ${base.name}:`,
      names: list(judged.filter((group) => clear(group) && group.difference > 0)),
    },
    {
      words: `Clearly worse than ${base.name}:`,
      names: list(judged.filter((group) => clear(group) && group.difference <= 0)),
    },
    { words: `Within seed noise of ${base.name}:`, names: list(judged.filter((group) => !clear(group))) },
  ].filter(({ names }) => names);
}

function verdict() {
  const place = byId("verdict"),
    texts = verdictTexts(),
    base = groups.find((group) => group.baseline);
  place.textContent = "";
  if (!texts.length) return;
  for (const { words, names } of texts)
    place.append(make("p", {}, make("b", { textContent: words }), ` ${names}.`));
  place.append(
    make("p", {
      className: "hint",
      textContent:
        `Points of test ${chief.title} on the same ${base.runs.length} seeds. ` +
        "Within noise: other seeds may well turn it round; it takes more seeds to tell.",
    }),
  );
}

function epochTable(run) {
  const e = run.epoch;
  const part = (name) => [[`${name} loss`], ...metrics.map((m) => [`${name} ${m.title}`])];
  const cells = (name, i) => [
    short(e[`${name}_loss`][i]),
    ...metrics.map((m) => showMetric(m)(e[`${name}_${m.name}`][i])),
  ];
  return tableOf(
    [["epoch"], ["step"], ...part("train"), ...part("val"), ["seconds"]],
    e.epoch.map((n, i) => [
      String(n + 1),
      String(e.step[i]),
      ...cells("train", i),
      ...cells("val", i),
      isNumber(e.seconds[i]) ? e.seconds[i].toFixed(2) : "–",
    ]),
  );
}

function differing() {
  const keys = new Map();
  groups.forEach((group, index) => {
    for (const text of group.differs.split("\n")) {
      const at = text.indexOf(" = ");
      if (at < 0) continue;
      if (!keys.has(text.slice(0, at))) keys.set(text.slice(0, at), []);
      keys.get(text.slice(0, at))[index] = text.slice(at + 3);
    }
  });
  if (!keys.size) return null;
  const names = [...keys.keys()];
  return tableOf(
    [["variant"], ...names.map((name) => [name])],
    groups.map((group, i) => [group.name, ...names.map((name) => keys.get(name)[i] ?? "")]),
  );
}

function confusion(outcome) {
  const highest = Math.max(1, ...outcome.confusion.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const table = make(
    "table",
    { className: "confusion" },
    make("caption", { textContent: "Rows: what it is. Columns: what the model said." }),
  );
  const head = make("tr", {}, make("td", {}));
  for (const name of outcome.classes)
    head.append(make("th", { scope: "col" }, make("span", { textContent: name })));
  table.append(make("thead", {}, head));
  const body = make("tbody", {});
  outcome.confusion.forEach((row, i) => {
    const line = make("tr", {}, make("th", { textContent: outcome.classes[i], scope: "row" }));
    row.forEach((count, j) => {
      const cell = make("td", {
        textContent: count || "",
        title: `${outcome.classes[i]} taken for ${outcome.classes[j]}: ${count}`,
      });
      if (i === j) cell.className = "right";
      else if (count) cell.style.setProperty("--heat", (0.12 + 0.78 * Math.sqrt(count / highest)).toFixed(3));
      if (i !== j && count > highest * 0.35) cell.classList.add("hot");
      line.append(cell);
    });
    body.append(line);
  });
  table.append(body);
  return scrolled(table);
}

function mistakes(outcome) {
  const list = make("ul", { className: "mistakes" });
  for (const each of outcome.mistakes) {
    const said = `${outcome.classes[each.predicted]}, ${(100 * each.confidence).toFixed(1)} %`;
    list.append(
      make(
        "li",
        {},
        make("img", { src: each.png, alt: `${outcome.classes[each.label]}, taken for ${said}` }),
        make("b", { textContent: said }),
        make("span", { textContent: `is ${outcome.classes[each.label]}` }),
      ),
    );
  }
  return list;
}

const sectionOf = (title, ...content) => make("section", {}, make("h2", { textContent: title }), ...content);
const section = (title, ...content) => byId("tables").append(sectionOf(title, ...content));

function outcomeSections(outcome) {
  const ratio = (a, b) => (b ? a / b : null),
    sum = (values) => values.reduce((a, b) => a + b, 0);
  const eachClass = tableOf(
    [
      ["class"],
      ["pictures"],
      ["precision", "of those the model called this, how many were"],
      ["recall", "of those that are this, how many the model found"],
      ["F1"],
    ],
    outcome.classes.map((name, i) => {
      const right = outcome.confusion[i][i],
        is = sum(outcome.confusion[i]),
        said = sum(outcome.confusion.map((row) => row[i]));
      return [
        name,
        String(is),
        percent(ratio(right, said)),
        percent(ratio(right, is)),
        percent(ratio(2 * right, is + said)),
      ];
    }),
  );
  const parts = [sectionOf("Each class", eachClass)];
  if (outcome.classes.length <= 40)
    parts.unshift(
      sectionOf(`Confusion on the ${outcome.set} set (${outcome.count} pictures)`, confusion(outcome)),
    );
  byId("tables").append(make("div", { className: "beside" }, ...parts));
  if (outcome.mistakes.length) section("The most confident mistakes", mistakes(outcome));
}

// The hypotheses that were named before the runs.
function namedTests() {
  const show = (test, value) => (isNumber(value) ? (test.percent ? points(value) : fixed(value)) : "–");
  return tableOf(
    [
      ["named test"],
      ["difference"],
      ["95 % interval", "of the mean difference, uncorrected"],
      ["result", "paired two-sided t test, p with Holm’s correction for all named tests", "words"],
    ],
    data.tests.map((test) => [
      test.test,
      show(test, test.difference),
      `${show(test, test.low)} to ${show(test, test.high)}`,
      test.words,
    ]),
  );
}

// Ready charts as numbers: of each line some twenty points, from its first to its last.
function figureTables() {
  for (const chart of data.charts) {
    const x = chart.x_label ?? "x";
    const rows = chart.series
      .filter((line) => !line.faint && line.x.length)
      .flatMap((line) => {
        const apart = Math.max(1, Math.ceil(line.x.length / 20)),
          name = line.name ?? chart.title;
        const some = line.x.map((_, i) => i).filter((i) => i % apart === 0 || i + 1 === line.x.length);
        return some.map((i) => [name, short(line.x[i]), short(line.y[i])]);
      });
    const numbers = tableOf([["line"], [x], [chart.x_label ? chart.title : "y"]], rows);
    const summary = make("summary", { textContent: `the numbers of ${chart.title}` });
    byId("tables").append(make("details", { className: "twin" }, summary, numbers));
  }
}

function tables() {
  byId("tables").textContent = "";
  if (figures()) return figureTables();
  if (data.kind === "preview") return settingsSection();
  if (data.tests) section("Named tests", namedTests());
  section("Results", results());
  const differs = differing();
  if (differs) section("Settings that differ", differs);
  if (one()) {
    section("Epochs", epochTable(data.runs[0]));
    if (data.outcome) outcomeSections(data.outcome);
    if (data.summary) section("Model", make("pre", { textContent: data.summary }));
  } else {
    const link = (run) => make("a", { href: `${run.folder}/report.html`, textContent: run.folder });
    section(
      "Runs",
      tableOf(
        [["run"], ["seed"], [`val ${chief.title}, last`], [`test ${chief.title}`], ["seconds"], ["its page"]],
        data.runs.map((run) => [
          data.groups[run.group].name,
          String(run.seed),
          chiefText(last(validated(run))),
          chiefText(tested(run)),
          isNumber(run.seconds) ? decimals(run.seconds, 1) : "–",
          link(run),
        ]),
      ),
    );
  }
  settingsSection();
}

function settingsSection() {
  if (data.settings)
    section(
      "Settings",
      make(
        "details",
        {},
        make("summary", { textContent: one() ? "all of them" : "those of the first variant" }),
        make("pre", { className: "columns", textContent: data.settings }),
      ),
    );
}

function tiles() {
  const list = byId("tiles");
  list.textContent = "";
  const add = (name, value) => {
    if (value !== "–") list.append(make("li", {}, name, make("b", { textContent: value })));
  };
  if (figures()) return;
  if (data.kind === "preview") return add("steps", String(data.runs[0].steps));
  if (one()) {
    const run = data.runs[0];
    for (const m of metrics) add(`test ${m.title}`, showMetric(m)(run[`test_${m.name}`]));
    add(`best validation ${chief.title}`, chiefText(bestOfAll(validated(run))));
    add("training loss, last epoch", fixed(last(run.epoch.train_loss)));
    const gap = gapOf(run);
    add(`validation loss is ${gap < 0 ? "lower" : "higher"} by`, fixed(isNumber(gap) ? Math.abs(gap) : gap));
    add("steps", String(run.steps));
    add("seconds", isNumber(run.seconds) ? decimals(run.seconds, 1) : "–");
  } else {
    const final = (group) => rank(mean(living(group).map(tested).filter(isNumber)));
    const best = groups.slice().sort((a, b) => final(b) - final(a))[0],
      begun = data.runs.length;
    add("variants", String(data.groups.length));
    add(
      "runs",
      data.live
        ? `${data.runs.filter((run) => isNumber(tested(run))).length} of ${data.planned}`
        : String(begun),
    );
    if (best && final(best) > -Infinity) {
      add(`best mean test ${chief.title}`, chiefText(Math.abs(final(best))));
      add("by", best.name);
    }
  }
}
