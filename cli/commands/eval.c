#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <lathe/lathe.h>

#include "../between.h"
#include "../command.h"
#include "../drawing/curve.h"
#include "../ensemble.h"
#include "../json.h"
#include "../scores.h"
#include "../drawing/table.h"
#include "../text.h"

/*
 * The file of weights: as given, or what the run was tested with: the best of its epochs where it had a
 * validation part.
 */
static void weights_path(const cli_line *line, const char *folder, bool best, char *path, size_t size)
{
    const char *given = cli_text(line, "weights");
    if (given && strcmp(given, "best") && strcmp(given, "last")) {
        snprintf(path, size, "%s", given);
        return;
    }
    snprintf(path, size, "%s/%s.safetensors", folder, given ? given : best ? "best" : "last");
    if (!given && access(path, R_OK)) snprintf(path, size, "%s/last.safetensors", folder);
}

/* Settings that a run has, and that weights without a run leave open. */
static const char *const of_a_run[] = { "model", "init_weights", "size", "channels", "mean", "std",
    "crop_ratio", "interpolation", "label_column", "background" };

/*
 * The run's settings (folder NULL: lathe's defaults), changed by the command line; nothing is written into
 * the run's folder. The net begins with the weights, so that a net that does not fit them takes no memory.
 */
static int read_settings(const cli_line *line, const char *folder, lathe_settings *settings)
{
    static const char *const keys[] = { "data", "batch_size", "threads", "workers", "max_megapixels" };
    char path[LATHE_SETTING_LONG + 16];
    *settings = lathe_settings_default();
    snprintf(path, sizeof path, "%s/config.ini", folder ? folder : "");
    lathe_status status = folder ? lathe_settings_read(settings, path) : LATHE_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !status; i++)
        if (cli_text(line, keys[i])) status = lathe_settings_set(settings, keys[i], cli_text(line, keys[i]));
    for (size_t i = 0; i < sizeof of_a_run / sizeof of_a_run[0] && !status; i++) {
        if (!cli_given_option(line, of_a_run[i])) continue;
        if (folder)
            return cli_fail(CLI_USAGE, "eval: --%s is for weights without a run; %s says it", of_a_run[i],
                path);
        status = lathe_settings_set(settings, of_a_run[i], cli_text(line, of_a_run[i]));
    }
    settings->out[0] = settings->resume[0] = '\0';
    settings->whole_weights = true;
    if (folder) weights_path(line, folder, false, settings->init_weights, sizeof settings->init_weights);
    return status ? cli_library_failed() : CLI_DONE;
}

/* Weights without a run need a model and a data set. */
static int check_without_run(const cli_line *line)
{
    static const char *const needed[] = { "model", "init-weights", "data" };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!cli_given_option(line, needed[i]))
            return cli_fail(CLI_USAGE,
                "eval: --%s is missing: name a run folder, or --model, --init-weights and --data", needed[i]);
    if (cli_given_option(line, "weights") || cli_given_option(line, "cycles") ||
        cli_given_option(line, "between"))
        return cli_fail(CLI_USAGE, "eval: --weights, --cycles and --between are for run folders");
    return CLI_DONE;
}

static const lathe_dataset *split_of(const lathe_run *run, const char *split)
{
    if (!strcmp(split, "train")) return run->feed->train;
    return !strcmp(split, "val") ? run->feed->val : run->feed->test;
}

/* ---- for people ---------------------------------------------------------------------------------------- */

static void print_metrics(const lathe_measure *measure)
{
    cli_table *table = cli_table_new("lrl");
    for (int i = 0; i < measure->metrics; i++) {
        const lathe_metric_type *type = lathe_metric_type_of(measure->metric[i]);
        char value[32];
        snprintf(value, sizeof value, "%.4f", lathe_metric_compute(measure->metric[i]));
        cli_table_row(table, (const char *const[]){ measure->name[i], value, type->summary });
    }
    cli_table_print(table, stdout, 0);
}

/* Names the classes without a sample: the means over classes do not count them. */
static void print_absent(const lathe_dataset *data, const lathe_measure *measure)
{
    enum { NAMED = 5 };
    int absent = 0;
    for (int k = 0; k < measure->classes; k++) absent += !measure->samples[k];
    if (!absent) return;
    printf("\n%d of %d classes %s in this part:", absent, measure->classes,
        absent == 1 ? "does not occur" : "do not occur");
    char name[256];
    for (int k = 0, named = 0; k < measure->classes && named < NAMED; k++)
        if (!measure->samples[k])
            printf("%s %s", named++ ? "," : "", cli_printable(data->class_names[k], name, sizeof name));
    printf("%s\nMeans over classes leave out a class that does not occur (option all_classes counts it).\n",
        absent > NAMED ? ", ..." : "");
}

static void print_classes(const lathe_dataset *data, const lathe_measure *measure)
{
    cli_table *table = cli_table_new("lrrrrr");
    cli_table_row(table, (const char *const[]){ "class", "images", "precision", "recall", "F1", "IoU" });
    for (int k = 0; k < data->classes; k++) {
        const lathe_class_counts c = lathe_confusion_class(measure->confusion, k);
        double right = (double)c.true_positive, taken = right + (double)c.false_positive,
               images = right + (double)c.false_negative;
        char text[5][32];
        snprintf(text[0], sizeof text[0], "%.0f", images);
        snprintf(text[1], sizeof text[1], "%.4f", taken > 0 ? right / taken : 0);
        snprintf(text[2], sizeof text[2], "%.4f", images > 0 ? right / images : 0);
        snprintf(text[3], sizeof text[3], "%.4f", taken + images > 0 ? 2 * right / (taken + images) : 0);
        snprintf(text[4], sizeof text[4], "%.4f",
            taken + images > right ? right / (taken + images - right) : 0);
        cli_table_row(table,
            (const char *const[]){ data->class_names[k], text[0], text[1], text[2], text[3], text[4] });
    }
    putchar('\n');
    cli_table_print(table, stdout, 0);
}

static void print_mistakes(const lathe_dataset *data, const lathe_measure *measure)
{
    lathe_confused mistake[10];
    int count = lathe_confusion_mistakes(measure->confusion, mistake, 10);
    cli_table *table = cli_table_new("rll");
    for (int i = 0; i < count; i++) {
        char images[32];
        snprintf(images, sizeof images, "%llu", (unsigned long long)mistake[i].count);
        cli_table_row(table,
            (const char *const[]){ images, data->class_names[mistake[i].label],
                data->class_names[mistake[i].predicted] });
    }
    if (count) puts("\nmost frequent mistakes (images, class, predicted as)");
    cli_table_print(table, stdout, 0);
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static int print_json(const cli_line *line, const lathe_run *run, const char *weights,
    const lathe_score *score, const lathe_measure *measure)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "run", line->argument[0]);
    cJSON_AddStringToObject(object, "model", run->settings.model);
    cJSON_AddStringToObject(object, "data", run->settings.data);
    cJSON_AddStringToObject(object, "split", cli_text(line, "split"));
    cJSON_AddStringToObject(object, "weights", weights);
    cli_json_number(object, "loss", score->loss);
    for (int i = 0; i < run->learner->task->metrics; i++)
        cli_json_number(object, run->learner->task->type->metrics[i].name, score->metric[i]);
    cJSON_AddNumberToObject(object, "count", (double)score->count);
    cJSON *metrics = cJSON_AddObjectToObject(object, "metrics");
    for (int i = 0; i < run->learner->task->metrics; i++)
        cli_json_number(metrics, run->learner->task->type->metrics[i].name, score->metric[i]);
    for (int i = 0; i < measure->metrics; i++)
        if (lathe_task_metric_find(run->learner->task, measure->name[i]) < 0)
            cli_json_number(metrics, measure->name[i], lathe_metric_compute(measure->metric[i]));
    cJSON *classes = cJSON_AddArrayToObject(object, "classes"),
          *confusion = cJSON_AddArrayToObject(object, "confusion");
    for (int k = 0; k < run->feed->data->classes; k++)
        cJSON_AddItemToArray(classes, cJSON_CreateString(run->feed->data->class_names[k]));
    for (int k = 0; k < run->feed->data->classes && measure->confusion; k++) {
        const uint64_t *counts =
            lathe_confusion_counts(measure->confusion) + (size_t)k * (size_t)run->feed->data->classes;
        cJSON *row = cJSON_CreateArray();
        for (int j = 0; j < run->feed->data->classes; j++) cli_json_add(row, (double)counts[j]);
        cJSON_AddItemToArray(confusion, row);
    }
    return cli_json_print(object);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int print_results(const cli_line *line, const lathe_run *run, const char *weights,
    const lathe_score *score, const lathe_measure *measure)
{
    if (line->json) return print_json(line, run, weights, score, measure);
    cli_print_score(cli_text(line, "split"), run->learner->task, score);
    putchar('\n');
    print_metrics(measure);
    print_absent(run->feed->data, measure);
    if (cli_given_option(line, "per-class") && measure->confusion) {
        print_classes(run->feed->data, measure);
        print_mistakes(run->feed->data, measure);
    }
    return CLI_DONE;
}

static int evaluate(const cli_line *line, lathe_run *run, const lathe_dataset *data, const char *weights)
{
    lathe_score score;
    const char *curve = cli_text(line, "pr-curve");
    lathe_measure *measure = lathe_measure_new(run->learner->task,
        &(lathe_measure_opts){ .metrics = cli_text(line, "metric"), .curve = curve != NULL });
    lathe_status status = measure ? LATHE_OK : lathe_error();
    if (!status && line->arguments) status = lathe_run_load(run, weights);
    if (!status) status = lathe_run_evaluate(run, data, measure, &score);
    if (!status && cli_text(line, "scores")) status = cli_scores_write(cli_text(line, "scores"), run, data);
    if (!status && curve) status = cli_curve_write(curve, measure->curve, run->feed->data->class_names);
    int code = status ? cli_library_failed() : print_results(line, run, weights, &score, measure);
    lathe_measure_free(measure);
    return code;
}

/* Several files of weights in the net of the first one's run. */
static int evaluate_members(const cli_line *line, lathe_run *run, const lathe_dataset *data)
{
    static const char *const alone[] = { "weights", "metric", "pr-curve", "per-class", "scores" };
    const bool between = cli_given_option(line, "between");
    cli_members members;
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (cli_given_option(line, alone[i]))
            return cli_fail(CLI_USAGE, "eval: --%s is for one run alone, not for %s", alone[i],
                between ? "the line between weights" : "an ensemble");
    int code = cli_members_find(line, cli_given_option(line, "cycles"), &members);
    if (!code) code = (between ? cli_between : cli_ensemble)(line, run, data, &members);
    cli_members_free(&members);
    return code;
}

static int run(const cli_line *line)
{
    const char *split = cli_text(line, "split");
    const bool between = cli_given_option(line, "between"),
               several = between || line->arguments > 1 || cli_given_option(line, "cycles");
    char folder[LATHE_SETTING_LONG], weights[LATHE_SETTING_LONG + 32];
    lathe_settings settings;
    if (!line->arguments && check_without_run(line)) return CLI_USAGE;
    if (several) cli_folder_of(line->argument[0], folder, sizeof folder);
    else snprintf(folder, sizeof folder, "%s", line->arguments ? line->argument[0] : "");
    for (int i = 0; i < 3 && !between; i++)
        if (cli_given_option(line, cli_between_outputs[i]))
            return cli_fail(CLI_USAGE, "eval: --%s needs --between", cli_between_outputs[i]);
    if (strcmp(split, "train") && strcmp(split, "val") && strcmp(split, "test"))
        return cli_fail(CLI_USAGE, "eval: --split '%s' is not one of train, val, test", split);
    int code = read_settings(line, line->arguments ? folder : NULL, &settings);
    if (code) return code;
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) return cli_library_failed();
    if (line->arguments) weights_path(line, folder, run->feed->val != NULL, weights, sizeof weights);
    else snprintf(weights, sizeof weights, "%s", settings.init_weights);
    const lathe_dataset *data = split_of(run, split);
    if (!data) code = cli_fail(CLI_USAGE, "eval: this run has no %s part", split);
    else if (several) code = evaluate_members(line, run, data);
    else code = evaluate(line, run, data, weights);
    lathe_run_free(run);
    return code;
}

static const cli_option options[] = {
    { .name = "split", .value = "train|val|test", .preset = "test", .help = "which part of the data" },
    { .name = "weights",
        .value = "NAME",
        .help = "best, last or a safetensors file [best where there was validation, else last]" },
    { .name = "metric",
        .value = "LIST",
        .help = "these metrics alone, with options: accuracy:k=5,fbeta:beta=2:average=micro [all, with their "
                "defaults]" },
    { .name = "pr-curve",
        .value = "FILE",
        .help =
            "also write precision against recall of each class: a picture if FILE ends in .svg, else CSV" },
    { .name = "scores",
        .value = "FILE",
        .help = "also write each picture's class and the net's scores (before softmax) as CSV" },
    { .name = "per-class", .help = "also a table of the classes, and the most frequent mistakes" },
    { .name = "cycles", .help = "an ensemble of the cycle-N.safetensors of each run folder" },
    { .name = "between",
        .value = "N",
        .help = "instead: loss and accuracy at N points of the straight line between neighbouring weights; "
                "batch norm's statistics are those of the files at the ends, and computed anew between" },
    { .name = "csv", .value = "FILE", .help = "with --between: also write the points as a table" },
    { .name = "svg", .value = "FILE", .help = "with --between: also write the curves as a picture" },
    { .name = "html", .value = "FILE", .help = "with --between: also write them as a page" },
    { .name = "data", .value = "NAME", .help = "another data set than the run's" },
    { .name = "batch-size", .value = "N", .help = "another batch size than the run's" },
    { .name = "threads", .value = "N", .help = "another number of threads than the run's" },
    { .name = "workers", .value = "N", .help = "another number of loading threads than the run's" },
    { .name = "max-megapixels", .value = "N", .help = "another limit of picture files than the run's" },
    { .name = "model", .value = "NAME", .help = "without a run: the network, one of `lathe list models`" },
    { .name = "init-weights",
        .value = "FILE",
        .help = "without a run: its weights, a file that `lathe weights` reads" },
    { .name = "mean",
        .value = "LIST",
        .help = "without a run: normalise by this mean of pixels from 0 to 1 [as the model's published "
                "weights]" },
    { .name = "std", .value = "LIST", .help = "without a run: and divide by this" },
    { .name = "size",
        .value = "N",
        .help = "without a run: side of the pictures [as the published weights]" },
    { .name = "crop-ratio",
        .value = "F",
        .help = "without a run: the part of the short side that is cut out" },
    { .name = "interpolation", .value = "NAME", .help = "without a run: how pictures are scaled" },
    { .name = "channels", .value = "N", .help = "without a run: 1 grey, 3 colour" },
    { .name = "background", .value = "COLOUR", .help = "without a run: behind transparent pixels" },
    { .name = "label-column", .value = "LIST", .help = "without a run: of a table: the columns of labels" },
    { .name = NULL },
};

extern const cli_command lathe_eval_command;
const cli_command lathe_eval_command = {
    .name = "eval",
    .summary = "metrics of a run's model on a data set",
    .arguments = "[RUN...]",
    .about = "Measures the model of a run folder on the test split, or on another split: loss,\n"
             "accuracy and all metrics of `lathe list metrics` with their default options, or the\n"
             "metrics of --metric. Several runs or checkpoints (A.safetensors) of one net, or --cycles,\n"
             "are an ensemble: the score of each and of their averaged probabilities. With --between\n"
             "they are points of a path: is there a barrier between them? Other people's weights need\n"
             "no run: --model, --init-weights and --data; pictures are then prepared as the model's\n"
             "published weights want them, unless options say otherwise.",
    .example = "lathe eval runs/first --metric accuracy:k=5,fbeta:beta=2 --pr-curve curve.svg",
    .options = options,
    .most = -1,
    .run = run,
};
