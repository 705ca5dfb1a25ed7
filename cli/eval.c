#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <lathe/lathe.h>

#include "command.h"
#include "json.h"

/* The run's settings with what the line changes, writing nothing into its folder. */
static int read_settings(const cli_line *line, const char *folder, lathe_settings *settings)
{
    static const char *const keys[] = { "data", "batch_size", "threads", "workers" };
    char path[LATHE_SETTING_LONG + 16];
    snprintf(path, sizeof path, "%s/config.ini", folder);
    *settings = lathe_settings_default();
    lathe_status status = lathe_settings_read(settings, path);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !status; i++)
        if (cli_text(line, keys[i])) status = lathe_settings_set(settings, keys[i], cli_text(line, keys[i]));
    settings->out[0] = settings->resume[0] = '\0';
    return status ? cli_library_failed() : CLI_DONE;
}

/* The file of weights: as given, or what the run was tested with: the best of its epochs where it had a validation part. */
static void weights_path(const cli_line *line, const char *folder, const lathe_run *run, char *path, size_t size)
{
    const char *given = cli_text(line, "weights");
    if (given && strcmp(given, "best") && strcmp(given, "last")) {
        snprintf(path, size, "%s", given);
        return;
    }
    snprintf(path, size, "%s/%s.safetensors", folder, given ? given : run->val ? "best" : "last");
    if (!given && access(path, R_OK)) snprintf(path, size, "%s/last.safetensors", folder);
}

static const lathe_dataset *split_of(const lathe_run *run, const char *split)
{
    if (!strcmp(split, "train")) return run->train;
    return !strcmp(split, "val") ? run->val : run->test;
}

static int print_result(const cli_line *line, const lathe_run *run, const char *weights, const lathe_score *score)
{
    const char *split = cli_text(line, "split");
    if (!line->json) {
        printf("%s accuracy %.2f %%, loss %.4f (%zu images)\n", split, 100 * score->accuracy, score->loss, score->count);
        return CLI_DONE;
    }
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "run", line->argument[0]);
    cJSON_AddStringToObject(object, "model", run->settings.model);
    cJSON_AddStringToObject(object, "data", run->settings.data);
    cJSON_AddStringToObject(object, "split", split);
    cJSON_AddStringToObject(object, "weights", weights);
    cli_json_number(object, "loss", score->loss);
    cli_json_number(object, "accuracy", score->accuracy);
    cJSON_AddNumberToObject(object, "count", (double)score->count);
    return cli_json_print(object);
}

static int run(const cli_line *line)
{
    const char *folder = line->argument[0], *split = cli_text(line, "split");
    char weights[LATHE_SETTING_LONG + 32];
    lathe_settings settings;
    lathe_score score;
    if (strcmp(split, "train") && strcmp(split, "val") && strcmp(split, "test"))
        return cli_fail(CLI_USAGE, "eval: --split '%s' is none of train, val, test", split);
    int code = read_settings(line, folder, &settings);
    if (code) return code;
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) return cli_library_failed();
    weights_path(line, folder, run, weights, sizeof weights);
    const lathe_dataset *data = split_of(run, split);
    if (!data) code = cli_fail(CLI_USAGE, "eval: this run has no %s part", split);
    else if (lathe_run_load(run, weights) || lathe_run_evaluate(run, data, &score)) code = cli_library_failed();
    else code = print_result(line, run, weights, &score);
    lathe_run_free(run);
    return code;
}

static const cli_option options[] = {
    { .name = "split", .value = "NAME", .preset = "test", .help = "train, val or test" },
    { .name = "weights", .value = "NAME", .help = "best, last or a safetensors file [best where there was validation, else last]" },
    { .name = "data", .value = "NAME", .help = "another data set than the run's" },
    { .name = "batch-size", .value = "N", .help = "another batch size than the run's" },
    { .name = "threads", .value = "N", .help = "another number of threads than the run's" },
    { .name = "workers", .value = "N", .help = "another number of loading threads than the run's" },
    { .name = NULL },
};

extern const cli_command lathe_eval_command;
const cli_command lathe_eval_command = {
    .name = "eval",
    .summary = "metrics of a run's model on a data set",
    .arguments = "RUN",
    .about = "Measures the model of a run folder: loss and accuracy on the test split, or on another.",
    .example = "lathe eval runs/first --split test",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
