#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../json.h"
#include "../drawing/picture.h"
#include "../drawing/plot.h"
#include "../processes.h"
#include "../settings.h"
#include "../signals.h"

/* The progress of the sweeps. */
typedef struct sweeps {
    bool shown; /* on a terminal */
    double last_drawn;
    uint64_t steps;
    int sweeps;
} sweeps;

static bool on_step(void *context, int sweep, uint64_t step, double lr, double loss)
{
    sweeps *s = context;
    if (s->shown && cli_seconds() - s->last_drawn >= 0.1) {
        fprintf(stderr, "\rsweep %d  step %" PRIu64 "  lr %.3e  loss %.4f\033[K", sweep + 1, step + 1, lr,
            loss);
        s->last_drawn = cli_seconds();
    }
    return !cli_signal();
}

static void on_message(void *context, const char *line)
{
    (void)context;
    (void)line; /* the run's schedule is not used */
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

/* "--sched cyclic:triangular2 --base-lr 1e-4 ... --epochs 5", with the length that the step sizes fit. */
static void options_text(const lathe_settings *with, char *text, size_t size)
{
    char epochs[32];
    size_t used = (size_t)snprintf(text, size, "--sched %s", with->sched);
    for (int i = 0; i < with->options && used < size; i++)
        if (!strncmp(with->option[i].key, "sched.", 6))
            used += (size_t)snprintf(text + used, size - used, " --%s %s", with->option[i].key + 6,
                with->option[i].text);
    if (with->by == LATHE_BY_EPOCH && used < size)
        used += (size_t)snprintf(text + used, size - used, " --by epoch");
    if (used < size)
        used += (size_t)snprintf(text + used, size - used, " --epochs %s",
            lathe_double_text(with->epochs, epochs));
    if (with->max_steps && used < size)
        used += (size_t)snprintf(text + used, size - used, " --max-steps %" PRIu64, with->max_steps);
    if (*with->groups && used < size) snprintf(text + used, size - used, " --groups '%s'", with->groups);
}

static void print_pair(const lathe_lr_found *f, const char *options)
{
    const lathe_lr_pair *pair = &f->pair;
    char over[32];
    snprintf(over, sizeof over, f->sweeps == 1 ? "one sweep" : "%d sweeps", f->sweeps);
    printf("\nbase_lr  %.3g   (%.3g to %.3g over %s)   %s\n", pair->base_lr, f->base_low, f->base_high, over,
        lathe_lr_rule_text(pair->base_rule));
    printf("max_lr   %.3g   (%.3g to %.3g over %s)   %s\n", pair->max_lr, f->max_low, f->max_high, over,
        lathe_lr_rule_text(pair->max_rule));
    printf("         the loss is lowest at %.3g and falls most steeply at %.3g\n\n%s\n", f->lowest_lr,
        f->steepest_lr, options);
}

static void print_charts(const lathe_lr_found *f, bool log_x)
{
    const double marks[2] = { f->pair.base_lr, f->pair.max_lr };
    cli_plot plot = { .title = "loss, median of the sweeps, smoothed; upright: base_lr and max_lr",
        .x = f->lr,
        .y = f->loss,
        .count = f->points,
        .log_x = log_x,
        .mark = marks,
        .marks = 2,
        .height = 10 };
    cli_plot_print(stdout, &plot);
    plot.title = "accuracy of the batches";
    plot.x_label = "learning rate";
    plot.y = f->accuracy;
    plot.height = 6;
    cli_plot_print(stdout, &plot);
}

static void add_pair(cJSON *object, const lathe_lr_pair *pair)
{
    cli_json_number(object, "base_lr", pair->base_lr);
    cli_json_number(object, "max_lr", pair->max_lr);
}

static void add_array(cJSON *object, const char *name, const double *values, size_t count)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    for (size_t i = 0; i < count; i++) cli_json_add(array, values[i]);
}

static int print_json(const lathe_lr_found *f, const lathe_settings *settings, const char *options)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "model", settings->model);
    cJSON_AddStringToObject(object, "data", settings->data);
    cJSON_AddStringToObject(object, "optim", settings->optim);
    add_pair(object, &f->pair);
    cJSON_AddStringToObject(object, "base_rule", lathe_lr_rule_text(f->pair.base_rule));
    cJSON_AddStringToObject(object, "max_rule", lathe_lr_rule_text(f->pair.max_rule));
    cJSON_AddStringToObject(object, "options", options);
    cli_json_number(object, "lowest_lr", f->lowest_lr);
    cli_json_number(object, "steepest_lr", f->steepest_lr);
    cJSON *each = cJSON_AddArrayToObject(object, "sweeps");
    for (int i = 0; i < f->sweeps; i++) {
        cJSON *one = cJSON_CreateObject();
        add_pair(one, &f->each[i]);
        cJSON_AddItemToArray(each, one);
    }
    cJSON_AddNumberToObject(object, "steps", (double)f->steps);
    add_array(object, "lr", f->lr, f->points);
    add_array(object, "loss", f->loss, f->points);
    add_array(object, "accuracy", f->accuracy, f->points);
    add_array(object, "slope", f->slope, f->points);
    return cli_json_print(object);
}

/* ---- the picture --------------------------------------------------------------------------------------- */

static lathe_status write_page(const char *path, const lathe_lr_found *f, const lathe_settings *settings,
    const char *options, const lathe_chart chart[2])
{
    lathe_text title = { 0 }, said = { 0 };
    lathe_text_put(&title, "Range test of ");
    lathe_text_put(&title, settings->model);
    lathe_text_put(&title, " on ");
    lathe_text_put(&title, settings->data);
    lathe_text_add(&said, "base_lr is %.3g: ", f->pair.base_lr);
    lathe_text_put(&said, lathe_lr_rule_text(f->pair.base_rule));
    lathe_text_add(&said, ". max_lr is %.3g: ", f->pair.max_lr);
    lathe_text_put(&said, lathe_lr_rule_text(f->pair.max_rule));
    lathe_text_put(&said, ". To use them: ");
    lathe_text_put(&said, options);
    char *heading = lathe_text_take(&title), *text = lathe_text_take(&said);
    lathe_status status = heading && text ?
        lathe_report_charts(&(lathe_chart_page){ heading, text, chart, 2 }, path) :
        lathe_error();
    lathe_free(heading);
    lathe_free(text);
    return status;
}

/* Draw the loss above the accuracy, with vertical lines at base_lr and max_lr. */
static lathe_status draw(const cli_picture_files *files, const lathe_lr_found *f,
    const lathe_settings *settings, const char *options, bool log_x)
{
    double edge[2][2] = { { HUGE_VAL, -HUGE_VAL }, { HUGE_VAL, -HUGE_VAL } };
    const double *y[2] = { f->loss, f->accuracy };
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < f->points; i++)
            edge[k][0] = fmin(edge[k][0], y[k][i]), edge[k][1] = fmax(edge[k][1], y[k][i]);
    const double base[2] = { f->pair.base_lr, f->pair.base_lr }, most[2] = { f->pair.max_lr, f->pair.max_lr };
    lathe_series line[2][3];
    lathe_chart chart[2];
    for (int k = 0; k < 2; k++) {
        line[k][0] = (lathe_series){ .name = k ? "median of the sweeps" : NULL,
            .x = f->lr,
            .y = y[k],
            .count = f->points };
        line[k][1] = (lathe_series){ .name = k ? "base_lr" : NULL,
            .x = base,
            .y = edge[k],
            .count = 2,
            .color = 2,
            .path = true };
        line[k][2] = (lathe_series){ .name = k ? "max_lr" : NULL,
            .x = most,
            .y = edge[k],
            .count = 2,
            .color = 1,
            .path = true };
        chart[k] = (lathe_chart){ .title = k ? "accuracy" : "loss",
            .x_label = "learning rate",
            .series = line[k],
            .count = 3,
            .log_x = log_x,
            .width = 720,
            .height = k ? 200 : 260 };
    }
    lathe_status status = files->svg ? cli_picture_write(files->svg, chart, 2) : LATHE_OK;
    return status || !files->html ? status : write_page(files->html, f, settings, options, chart);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static bool number(const cli_line *line, const char *name, double *value)
{
    const char *text = cli_text(line, name);
    if (!text || (lathe_parse_double(text, value) && *value > 0)) return true;
    cli_fail(CLI_USAGE, "lr-find: --%s %s is not a number above 0", name, text);
    return false;
}

static int read_options(const cli_line *line, lathe_lr_find_opts *o)
{
    const char *growth = cli_text(line, "growth");
    int64_t seeds, steps = 0;
    if (strcmp(growth, "log") && strcmp(growth, "linear"))
        return cli_fail(CLI_USAGE, "lr-find: --growth %s: log or linear", growth);
    if (!number(line, "from", &o->from) || !number(line, "to", &o->to) ||
        !number(line, "smoothing", &o->smoothing))
        return CLI_USAGE;
    if (!cli_number(line, "seeds", 1, 100, &seeds) ||
        (cli_text(line, "steps") && !cli_number(line, "steps", 20, 1000000, &steps)))
        return CLI_USAGE;
    o->growth = strcmp(growth, "log") ? LATHE_LR_LINEAR : LATHE_LR_LOG;
    o->sweeps = (int)seeds;
    o->steps = (uint64_t)steps;
    return CLI_DONE;
}

static int show(const cli_line *line, const lathe_lr_found *found, const lathe_settings *settings, bool log_x)
{
    char text[512 + LATHE_SETTING_LONG];
    lathe_settings with = *settings;
    const cli_picture_files files = { cli_text(line, "svg"), cli_text(line, "html") };
    if (lathe_lr_apply(&found->pair, &with)) return cli_library_failed();
    options_text(&with, text, sizeof text);
    if ((files.svg || files.html) && draw(&files, found, settings, text, log_x)) return cli_library_failed();
    if (line->json) return print_json(found, settings, text);
    print_charts(found, log_x);
    print_pair(found, text);
    return CLI_DONE;
}

static int run(const cli_line *line)
{
    const bool first = cli_is_first();
    lathe_settings settings = lathe_settings_default();
    sweeps s = { .shown = first && isatty(STDERR_FILENO) && !cli_given_option(line, "quiet") };
    lathe_lr_find_opts o = { .exchange = lathe_dist_exchange(), .on_step = on_step, .context = &s };
    int code = read_options(line, &o), number;
    if (!code) code = cli_tell(first ? cli_settings(line, &settings) : CLI_DONE, &settings, sizeof settings);
    if (code) return code;
    settings.out[0] = settings.resume[0] = '\0';
    cli_signals_watch();
    lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .on_message = on_message });
    const bool ready = !lathe_exchange_settle(o.exchange, run ? LATHE_OK : lathe_error());
    lathe_lr_found *found = ready ? lathe_lr_find(run, &o) : NULL;
    if (s.shown) fputs("\r\033[K", stderr);
    if ((number = cli_signal_of_any())) code = 128 + number;
    else {
        if (first)
            code = found ? show(line, found, &settings, o.growth == LATHE_LR_LOG) : cli_library_failed();
        code = cli_tell(code, NULL, 0);
    }
    lathe_lr_found_free(found);
    lathe_run_free(run);
    return code;
}

static const cli_option options[] = {
    { .name = "growth",
        .value = "log|linear",
        .preset = "log",
        .help = "the rate grows by a factor each step, or by an amount" },
    { .name = "from", .value = "LR", .help = "the first rate [1e-6; linear: a thousandth of the last]" },
    { .name = "to",
        .value = "LR",
        .help = "the last rate, unless the loss becomes non-finite [10; linear: ten times --lr]" },
    { .name = "steps", .value = "N", .help = "of a sweep [100 for each tenfold; linear: 400]" },
    { .name = "seeds", .value = "N", .preset = "3", .help = "sweeps, with seeds from --seed on" },
    { .name = "smoothing",
        .value = "B",
        .preset = "0.9",
        .help = "of the exponential average, between 0 and 1" },
    { .name = "svg", .value = "FILE", .help = "also write the curves as a picture" },
    { .name = "html", .value = "FILE", .help = "also write them as a page with a lecture view" },
    { .name = "quiet", .help = "no progress on stderr" },
    { .name = "config",
        .value = "FILE",
        .help = "read settings from a file first, such as a run's config.ini" },
    { .name = NULL },
};

extern const cli_command lathe_lr_find_command;
const cli_command lathe_lr_find_command = {
    .name = "lr-find",
    .summary = "learning-rate range test: suggests the pair base_lr, max_lr",
    .arguments = "",
    .about = "Raises the learning rate from step to step, several times, from the first weights of\n"
             "different seeds. Reads base_lr and max_lr of a cyclic schedule from the median curve\n"
             "of loss and accuracy. Prints both with their rules, their spread over the sweeps,\n"
             "and the options for training. Writes no run folder. The exit code is 1 if the curve\n"
             "is flat. Takes the options of `lathe train`.",
    .example = "lathe lr-find --data fashion-mnist --model lenet5 --optim sgd --momentum 0.9 --epochs 2 "
               "--svg range.svg",
    .options = options,
    .takes_settings = true,
    .processes = CLI_SPREADS_RUNS,
    .run = run,
};
