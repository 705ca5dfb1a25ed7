#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../drawing/chart.h"
#include "../command.h"
#include "../json.h"
#include "../drawing/schedule_svg.h"
#include "../settings.h"
#include "../text.h"

static void on_message(void *context, const char *line)
{
    (void)context;
    cli_say(stderr, "note: %s", line);
}

static void print_csv(const lathe_step_row *row, uint64_t steps)
{
    puts("step,lr,momentum");
    for (uint64_t i = 0; i < steps; i++) {
        char lr[32], momentum[32];
        printf("%" PRIu64 ",%s,%s\n", row[i].step, lathe_double_digits(row[i].lr, 17, lr),
            lathe_double_digits(row[i].momentum, 17, momentum));
    }
}

static int print_json(const lathe_settings *settings, const lathe_step_row *row, uint64_t steps)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "sched", settings->sched);
    cJSON_AddNumberToObject(object, "steps", (double)steps);
    cJSON *lr = cJSON_AddArrayToObject(object, "lr"), *momentum = cJSON_AddArrayToObject(object, "momentum");
    for (uint64_t i = 0; i < steps; i++) {
        cli_json_add(lr, row[i].lr);
        cli_json_add(momentum, row[i].momentum);
    }
    return cli_json_print(object);
}

/* Draw one curve of the rows; a constant momentum is printed as text. */
static int print_chart(const char *name, const lathe_step_row *row, uint64_t steps, size_t offset,
    bool always)
{
    double *values = lathe_alloc(steps, sizeof *values);
    if (!values) return cli_library_failed();
    bool changes = false;
    for (uint64_t i = 0; i < steps; i++) {
        memcpy(&values[i], (const char *)&row[i] + offset, sizeof values[i]);
        changes = changes || values[i] != values[0];
    }
    if (changes || always) cli_chart(stdout, name, values, steps);
    else printf("%s %g at every step\n", name, values[0]);
    lathe_free(values);
    return CLI_DONE;
}

static int print_charts(const lathe_settings *settings, const lathe_step_row *row, uint64_t steps)
{
    printf("%s with %s over %" PRIu64 " steps\n\n", settings->sched, settings->optim, steps);
    int code = print_chart("lr", row, steps, offsetof(lathe_step_row, lr), true);
    putchar('\n');
    return code ? code : print_chart("momentum", row, steps, offsetof(lathe_step_row, momentum), false);
}

static lathe_status write_page(const char *path, const lathe_settings *settings, double steps_per_epoch,
    const lathe_step_row *row, uint64_t steps)
{
    lathe_text text = { 0 };
    lathe_text_put(&text, settings->sched);
    lathe_text_put(&text, " with ");
    lathe_text_put(&text, settings->optim);
    char *title = lathe_text_take(&text);
    lathe_status status =
        title ? lathe_report_schedule(row, steps, steps_per_epoch, title, path) : lathe_error();
    lathe_free(title);
    return status;
}

/* How long the run is: --steps, or what the settings say, or 1000 where they speak of epochs of unknown
 * length. */
static bool length_of_run(const cli_line *line, const lathe_settings *settings, double steps_per_epoch,
    uint64_t *steps)
{
    int64_t given;
    if (cli_text(line, "steps")) {
        if (!cli_number(line, "steps", 1, 100000000, &given)) return false;
        *steps = (uint64_t)given;
        return true;
    }
    double epochs = floor(settings->epochs * steps_per_epoch + 0.5);
    *steps = settings->max_steps ? settings->max_steps : epochs >= 1 ? (uint64_t)epochs : 1000;
    return true;
}

/* Steps per epoch from the command line or from its data; 0: unknown. */
static int length_of_epoch(const cli_line *line, const lathe_settings *settings, double *steps_per_epoch)
{
    int64_t given;
    if (!cli_number(line, "steps-per-epoch", 0, 100000000, &given)) return CLI_USAGE;
    *steps_per_epoch = (double)given;
    uint64_t steps;
    if (given || !cli_given_option(line, "data")) return CLI_DONE;
    return lathe_run_length(settings, steps_per_epoch, &steps) ? cli_library_failed() : CLI_DONE;
}

static int run(const cli_line *line)
{
    lathe_settings settings;
    double steps_per_epoch;
    uint64_t steps;
    int code = cli_settings(line, &settings);
    if (!code) code = length_of_epoch(line, &settings, &steps_per_epoch);
    if (code) return code;
    if (!length_of_run(line, &settings, steps_per_epoch, &steps)) return CLI_USAGE;
    lathe_step_row *row = lathe_alloc(steps, sizeof *row);
    const lathe_run_hooks hooks = { .on_message = on_message };
    if (!row || lathe_run_preview(&settings, steps_per_epoch, steps, &hooks, row))
        code = cli_library_failed();
    const char *picture = cli_text(line, "svg"), *page = cli_text(line, "html");
    if (!code && picture && cli_schedule_svg(picture, row, steps)) code = cli_library_failed();
    if (!code && page && write_page(page, &settings, steps_per_epoch, row, steps))
        code = cli_library_failed();
    if (!code) {
        if (line->json) code = print_json(&settings, row, steps);
        else if (cli_given_option(line, "csv")) print_csv(row, steps);
        else code = print_charts(&settings, row, steps);
    }
    lathe_free(row);
    return code;
}

static const cli_option options[] = {
    { .name = "steps",
        .value = "N",
        .help = "how many steps to draw [what --max-steps or --epochs say, else 1000]" },
    { .name = "steps-per-epoch",
        .value = "N",
        .preset = "0",
        .help = "gives lengths such as 2.5ep their meaning; 0: those of --data, if it is given" },
    { .name = "csv", .help = "print step,lr,momentum with 17 significant digits instead of a picture" },
    { .name = "svg", .value = "FILE", .help = "also write the curves as a picture" },
    { .name = "html", .value = "FILE", .help = "also write them as a page with a lecture view" },
    { .name = "config",
        .value = "FILE",
        .help = "read settings from a file first, such as a run's config.ini" },
    { .name = NULL },
};

extern const cli_command lathe_preview_command;
const cli_command lathe_preview_command = {
    .name = "preview",
    .summary = "draw a schedule without training",
    .arguments = "",
    .about = "Draws the learning rate and the momentum of each step, exactly as a run with these\n"
             "settings uses them. Unusual schedules get a note on stderr, unless --no-warnings is\n"
             "given.",
    .example = "lathe preview --sched cyclic --base-lr 1e-4 --max-lr 3e-3 --step-size-up 4 --mode "
               "triangular2 --steps 16 --csv",
    .options = options,
    .takes_settings = true,
    .uses = "data optim -groups sched epochs max_steps batch_size accumulate seed",
    .run = run,
};
