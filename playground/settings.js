// A run's settings in the three forms that lathe reads: lines "key=value" for the engine, a `lathe train`
// line, and a C program.
const LatheSettings = (() => {
  // The folder of the page's pictures, which `lathe playground --pictures` writes.
  const folder = "playground-pictures";
  const perEpoch = (settings) => Math.ceil((settings.count || 5000) / settings.batch_size);

  const given = (options) =>
    Object.entries(options ?? {}).filter(
      ([, value]) => value !== undefined && value !== null && value !== "",
    );
  const text = (value) => (Array.isArray(value) ? value.join(",") : String(value));

  // The options of the optimizer, with weight_decay beside them in the settings.
  const optimOptions = (settings) =>
    given({ weight_decay: settings.weight_decay, ...settings.optimizer_options });

  // A schedule's options; `by` ("batch", "epoch") is no option of its type and may stand on either level.
  const schedOptions = (schedule) => given(schedule.options).filter(([key]) => key !== "by");
  const unit = (schedule) => schedule.by ?? schedule.options?.by ?? "batch";

  const plainKeys = (settings) => [
    ["model", settings.model],
    ["batch_size", settings.batch_size],
    ["seed", settings.seed],
    ["max_steps", settings.steps],
    ["epochs", Math.ceil(settings.steps / perEpoch(settings))],
    ["train_count", settings.count || 0],
    ["optim", settings.optimizer],
  ];

  const lines = (pairs) => pairs.map(([key, value]) => `${key}=${text(value)}\n`).join("");

  const scheduleLines = (schedule) =>
    lines([
      ["sched", schedule.name],
      ["by", unit(schedule)],
      ...schedOptions(schedule).map(([key, value]) => [`sched.${key}`, value]),
    ]);

  // For another schedule within a run: also the optimizer's own rate and momentum, where it starts from.
  const changeLines = (schedule) =>
    lines(given({ "optim.lr": schedule.lr, "optim.momentum": schedule.momentum })) +
    scheduleLines(schedule);

  const settingsLines = (settings) =>
    lines([
      ...plainKeys(settings),
      ...optimOptions(settings).map(([key, value]) => [`optim.${key}`, value]),
    ]) + scheduleLines(settings.schedule);

  // ---- the command line -----------------------------------------------------------------------------

  const word = (value) => (/^[\w.,:+-]+$/.test(text(value)) ? text(value) : `'${text(value)}'`);

  // An option whose name a setting has too, or both the optimizer and the schedule, comes with its section.
  function options(settings, about) {
    const ours = optimOptions(settings),
      theirs = schedOptions(settings.schedule);
    // `name` may be a sequence of schedules.
    const shared = (types, name, key) =>
      types
        .filter((type) => name.split(/[,:]/).includes(type.name))
        .some((type) => type.fields.some((field) => field.name === key && field.shared));
    const among = (key, others) => others.some(([other]) => other === key);
    const optimKey = (key) =>
      key !== "lr" && (among(key, theirs) || shared(about.optimizers, settings.optimizer, key))
        ? `optim.${key}`
        : key;
    const schedKey = (key) =>
      key === "lr" || among(key, ours) || shared(about.schedulers, settings.schedule.name, key)
        ? `sched.${key}`
        : key;
    return [
      ...ours.map(([key, value]) => [optimKey(key), value]),
      ["sched", settings.schedule.name],
      ...theirs.map(([key, value]) => [schedKey(key), value]),
      ...(unit(settings.schedule) === "batch" ? [] : [["by", unit(settings.schedule)]]),
    ];
  }

  // What `lathe train` needs for the same run; without the pictures, which the line before writes.
  const trainOptions = (settings, about) =>
    [
      ["val_split", 0],
      ...plainKeys(settings).filter(([key, value]) => key !== "train_count" || value > 0),
      ...options(settings, about),
    ].map(([key, value]) => `--${key.replaceAll("_", "-")} ${word(value)}`);

  const command = (settings, about) =>
    [
      `lathe playground --pictures ${folder}`,
      `lathe train --data fashion-mnist:${folder} ${trainOptions(settings, about).join(" ")}`,
    ].join("\n");

  // ---- the C program --------------------------------------------------------------------------------

  // An option's value in C: 0 means the default there, so a 0 that is meant is LATHE_ZERO.
  function constant(field, value) {
    const one = (each) => (field.kind === "double" && Number(each) === 0 ? "LATHE_ZERO" : text(each));
    if (field.kind === "choice") return `${field.choices.indexOf(text(value))} /* ${text(value)} */`;
    if (field.kind === "bool") return ["1", "true", "on"].includes(text(value)) ? "true" : "false";
    const values = text(value).split(",").map(one);
    return field.count > 1 ? `{ ${values.join(", ")} }` : values[0];
  }

  function optimizerLine(settings, about) {
    const { name, fields } = about.optimizers.find((each) => each.name === settings.optimizer);
    const set = optimOptions(settings)
      .filter(([key]) => fields.some((field) => field.name === key))
      .map(
        ([key, value]) =>
          `.${key} = ${constant(
            fields.find((field) => field.name === key),
            value,
          )}`,
      );
    const opts = set.length ? `&(lathe_${name}_opts){ ${set.join(", ")} }` : "NULL";
    return `    lathe_optim *optimizer = lathe_optim_${name}(lathe_nn_params(net),\n        ${opts});`;
  }

  // By name, as the command line makes it: this fits every schedule, and sequences of them.
  function schedulerLines(settings) {
    const { schedule } = settings,
      epochs = unit(schedule) === "epoch",
      pairs = schedOptions(schedule).map(([key, value]) => `{ "${key}", "${text(value)}" }`),
      steps = epochs ? Math.ceil(settings.steps / perEpoch(settings)) : settings.steps;
    return [
      ...(pairs.length ? [`    const lathe_sched_option options[] = { ${pairs.join(", ")} };`] : []),
      `    lathe_sched *scheduler = lathe_sched_from_text(optimizer, "${schedule.name}",`,
      "        &(lathe_sched_text_opts){ " +
        (pairs.length ? `.option = options, .options = ${pairs.length}, ` : "") +
        `.run_steps = ${steps}, .steps_per_epoch = ${epochs ? 1 : perEpoch(settings)} });`,
      ...(epochs
        ? [`    lathe_sched_by_epoch(scheduler, ${perEpoch(settings)}); /* lengths are epochs */`]
        : []),
    ];
  }

  // A schedule that observes gets each epoch's mean loss, as in `lathe train` without a validation set.
  const observes = (schedule) => /plateau/.test(schedule.name);

  const program = (settings, about) => {
    const part = settings.count && settings.count < about.train,
      watched = observes(settings.schedule);
    const loopHead = watched
      ? `    for (int step = 0; step < ${settings.steps};) {
        lathe_average mean = { 0 }; /* of the epoch's losses */`
      : `    for (int step = 0; step < ${settings.steps};)`;
    const loopEnd = watched
      ? `            lathe_average_add(&mean, (double)lathe_item(loss), batch.size);
        }
        lathe_sched_observe(scheduler, lathe_average_value(&mean));
    }
`
      : "        }\n";
    return `/* The pictures: lathe playground --pictures ${folder} */
#include <lathe/lathe.h>
#include <stdio.h>

int main(void)
{
    lathe_on_error(lathe_die); /* a mistake prints itself and stops */

    lathe_dataset *all = lathe_data_fashion_mnist("${folder}", LATHE_SPLIT_TRAIN);
    lathe_dataset *data = ${part ? `lathe_feed_choose(all, ${settings.count}, ${settings.seed})` : "all"};
    lathe_loader *loader = lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = ${settings.batch_size}, .shuffle = true,
            .seed = ${settings.seed} });

    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "${settings.model}", NULL);
    lathe_nn_init(net, ${settings.seed});

${optimizerLine(settings, about)}
${schedulerLines(settings).join("\n")}
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_seed(tape, ${settings.seed}, 0);

${loopHead}
        for (lathe_batch batch; step < ${settings.steps} && lathe_loader_next(loader, &batch); step++) {
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_optim_zero_grad(optimizer);
            lathe_tensor *output = lathe_nn_forward(net, lathe_input(tape, &batch));
            lathe_tensor *loss = lathe_cross_entropy(output, batch.labels, NULL);
            lathe_backward(loss);
            printf("%d,%.9g,%.9g\\n", step, lathe_optim_lr(optimizer, 0), (double)lathe_item(loss));
            lathe_optim_step(optimizer);
            lathe_sched_step(scheduler);
${loopEnd}
    lathe_tape_free(tape);
    lathe_sched_free(scheduler);
    lathe_optim_free(optimizer);
    lathe_model_free(model);
    lathe_loader_free(loader);
${part ? "    lathe_data_free(data);\n" : ""}    lathe_data_free(all);
    return 0;
}
`;
  };

  return { changeLines, command, folder, perEpoch, program, scheduleLines, settingsLines, trainOptions };
})();
