#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../settings.h"
#include "../text.h"

enum { STEPS = 300, BATCHES = 8 };

/* The findings so far. */
typedef struct findings {
    int wrong, odd;
    cJSON *list; /* one JSON object a finding; NULL: print lines */
} findings;

static void tell(findings *found, bool good, bool only_odd, const char *format, ...)
{
    char line[600], shown[800];
    va_list list;
    va_start(list, format);
    lathe_mark_cut(line, vsnprintf(line, sizeof line, format, list));
    va_end(list);
    const char *verdict = good ? "ok" : only_odd ? "odd" : "wrong";
    cli_printable(line, shown, sizeof shown);
    if (found->list) {
        cJSON *finding = cJSON_CreateObject();
        cJSON_AddStringToObject(finding, "verdict", verdict);
        cJSON_AddStringToObject(finding, "text", shown);
        cJSON_AddItemToArray(found->list, finding);
    } else printf("%-6s %s\n", good || only_odd ? verdict : "WRONG", shown);
    fflush(stdout);
    found->wrong += !good && !only_odd;
    found->odd += !good && only_odd;
}

/* ---- labels -------------------------------------------------------------------------------------------- */

/* Samples of each class: the fewest and the most, and the class of the fewest. */
typedef struct spread {
    size_t least, most;
    int rare;
} spread;

static bool find_spread(const lathe_dataset *data, spread *of)
{
    size_t *count = lathe_alloc((size_t)data->classes, sizeof *count);
    *of = (spread){ .least = data->count };
    for (size_t i = 0; count && i < data->count; i++) count[data->labels[i]]++;
    for (int k = 0; count && k < data->classes; k++) {
        if (count[k] < of->least) of->least = count[k], of->rare = k;
        if (count[k] > of->most) of->most = count[k];
    }
    lathe_free(count);
    return count;
}

static int check_labels(const lathe_run *run, findings *found)
{
    const lathe_dataset *data = run->feed->train;
    spread of;
    if (!find_spread(data, &of)) return cli_library_failed();
    if (!of.least)
        tell(found, false, false, "labels: class '%s' has no training picture", data->class_names[of.rare]);
    else if (of.most == data->count)
        tell(found, false, false, "labels: all %zu training pictures are of one class", of.most);
    else if (of.most > 10 * of.least)
        tell(found, false, true,
            "labels: class '%s' has %zu pictures, another %zu: see --class-weights balanced",
            data->class_names[of.rare], of.least, of.most);
    else
        tell(found, true, false, "labels: %zu training pictures, %zu to %zu a class", data->count, of.least,
            of.most);
    return CLI_DONE;
}

/* The sets that measure the net. The run itself has told of a class that one of them lacks. */
static int check_measured(const lathe_dataset *data, const char *what, findings *found)
{
    spread of;
    if (!data) return CLI_DONE;
    if (!find_spread(data, &of)) return cli_library_failed();
    tell(found, true, false, "labels: %zu %s pictures, %zu to %zu a class", data->count, what, of.least,
        of.most);
    return CLI_DONE;
}

/* Pictures in files are reported by the run itself. */
static int check_split(const lathe_run *run, findings *found)
{
    if (lathe_data_sample_file(run->feed->train, 0)) return CLI_DONE;
    size_t count;
    lathe_duplicate first;
    char name[LATHE_SAMPLE_NAME];
    if (lathe_data_duplicates(run->feed->train, run->feed->test, &first, 1, &count))
        return cli_library_failed();
    if (count)
        tell(found, false, true, "split: %zu test pictures are also trained on, such as %s", count,
            lathe_data_sample_name(run->feed->test, first.b, name));
    else tell(found, true, false, "split: no test picture is trained on");
    return CLI_DONE;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* Check mean and standard deviation of the net's input over some batches. */
static int check_input(const lathe_run *run, findings *found)
{
    double sum = 0, squares = 0, count = 0, least = HUGE_VAL, most = -HUGE_VAL;
    int batches = 0;
    lathe_batch batch;
    for (; batches < BATCHES && lathe_loader_next(run->feed->loader, &batch); batches++) {
        size_t area = (size_t)batch.channels * (size_t)batch.height * (size_t)batch.width;
        for (int i = 0; i < batch.size; i++)
            for (size_t p = 0; p < area; p++) {
                int lanes = batch.plain ? 1 : LATHE_LANES;
                double x =
                    (double)
                        batch.images[((size_t)(i / lanes) * area + p) * (size_t)lanes + (size_t)(i % lanes)];
                sum += x, squares += x * x, count++;
                if (x < least) least = x;
                if (x > most) most = x;
            }
    }
    if (lathe_loader_status(run->feed->loader)) return cli_library_failed();
    double mean = sum / count, std = sqrt(fmax(0, squares / count - mean * mean));
    if (!isfinite(mean) || !isfinite(std)) tell(found, false, false, "input: not all numbers are finite");
    else if (most - least < 1e-6)
        tell(found, false, false, "input: every pixel is %.3g: the pictures are empty", mean);
    else if (fabs(mean) > 0.5 || std < 0.5 || std > 2)
        tell(found, false, true, "input: mean %.2f and std %.2f after normalisation, expected about 0 and 1",
            mean, std);
    else tell(found, true, false, "input: mean %.2f, std %.2f, from %.2f to %.2f", mean, std, least, most);
    return lathe_loader_seek(run->feed->loader, 0, 0) ? cli_library_failed() : CLI_DONE;
}

/* ---- one batch ----------------------------------------------------------------------------------------- */

/* The training loss of the batch; *right: its number of right predictions. NaN after a failure. */
static double step_on(const lathe_run *run, const lathe_batch *batch, lathe_optim *optim, int *right)
{
    lathe_tape_begin(run->learner->tape, LATHE_TRAIN);
    lathe_optim_zero_grad(optim);
    lathe_tensor *output = lathe_nn_forward(run->learner->net, lathe_input(run->learner->tape, batch));
    lathe_tensor *loss = lathe_cross_entropy(output, batch->labels, NULL);
    lathe_real scores[4096];
    int classes = run->feed->data->classes;
    if (!loss || (size_t)batch->size * (size_t)classes > 4096 ||
        lathe_tensor_read(output, scores, (size_t)(batch->size * classes)))
        return (double)NAN;
    *right = 0;
    for (int i = 0; i < batch->size; i++) {
        int best = 0;
        for (int k = 1; k < classes; k++)
            if (scores[i * classes + k] > scores[i * classes + best]) best = k;
        *right += best == batch->labels[i];
    }
    double value = lathe_item(loss);
    return lathe_backward(loss) || lathe_optim_step(optim) ? (double)NAN : value;
}

/* Check that the net can memorise a few pictures. */
static int overfit(const lathe_run *run, findings *found)
{
    lathe_batch batch;
    if (!lathe_loader_next(run->feed->loader, &batch)) return cli_library_failed();
    if (batch.size > 4096 / run->feed->data->classes) batch.size = 4096 / run->feed->data->classes;
    lathe_optim *optim =
        lathe_optim_adamw(lathe_nn_params(run->learner->net), &(lathe_adamw_opts){ .lr = 2e-3 });
    if (!optim) return cli_library_failed();
    double first = (double)NAN, last = (double)NAN, chance = log(run->feed->data->classes);
    int right = 0, steps = 0;
    for (; steps < STEPS && (right < batch.size || last > 0.1 * chance); steps++) {
        last = step_on(run, &batch, optim, &right);
        if (!steps) first = last;
        if (!isfinite(last)) break;
    }
    lathe_optim_free(optim);
    if (!isfinite(first))
        return lathe_error() ? cli_library_failed() :
                               cli_fail(CLI_FAILED, "check: the first loss is not a number");
    tell(found, first < 3 * chance, true, "first loss: %.3f, by chance it is ln %d = %.3f", first,
        run->feed->data->classes, chance);
    tell(found, right == batch.size && isfinite(last), false,
        "one batch: %d of %d pictures memorised in %d steps, loss %.4f", right, batch.size, steps, last);
    return CLI_DONE;
}

/* Check what the epoch's last batch does to batch norm. */
static void check_batches(lathe_run *run, findings *found)
{
    const lathe_status status = lathe_run_check_batches(run);
    if (status) tell(found, false, false, "batches: %s", lathe_error_message());
    lathe_error_clear();
}

/* ---- schedule ------------------------------------------------------------------------------------------ */

static void on_message(void *context, const char *line) { tell(context, false, true, "%s", line); }

static int check_schedule(const lathe_run *run, findings *found)
{
    uint64_t steps = run->total_steps;
    lathe_step_row *rows = lathe_alloc(steps, sizeof *rows);
    if (!rows || lathe_run_preview(&run->settings, run->steps_per_epoch, steps, NULL, rows)) {
        lathe_free(rows);
        return cli_library_failed();
    }
    double least = HUGE_VAL, most = 0;
    for (uint64_t i = 0; i < steps; i++) least = fmin(least, rows[i].lr), most = fmax(most, rows[i].lr);
    if (most == 0)
        tell(found, false, false, "schedule: the learning rate is 0 in all of %llu steps",
            (unsigned long long)steps);
    else
        tell(found, most < 10, true,
            "schedule: %llu steps, lr from %.3g at first over %.3g to %.3g at last, least %.3g",
            (unsigned long long)steps, rows[0].lr, most, rows[steps - 1].lr, least);
    lathe_free(rows);
    return CLI_DONE;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int check(lathe_run *run, findings *found)
{
    if (!lathe_data_labels_only(run->feed->data))
        return cli_fail(CLI_USAGE, "check: is for data with one class a picture; %s has another task",
            run->settings.data);
    int code = check_labels(run, found);
    if (!code) code = check_measured(run->feed->val, "validation", found);
    if (!code) code = check_measured(run->feed->test, "test", found);
    if (!code) code = check_split(run, found);
    if (!code) code = check_input(run, found);
    if (!code) check_batches(run, found);
    if (!code) code = check_schedule(run, found);
    if (!code) code = overfit(run, found);
    if (code) return code;
    if (!found->list) printf("%d wrong, %d odd\n", found->wrong, found->odd);
    return found->wrong ? CLI_FAILED : CLI_DONE;
}

static int run(const cli_line *line)
{
    findings found = { 0 };
    lathe_settings settings;
    int code = cli_settings(line, &settings);
    if (code) return code;
    settings.out[0] = settings.resume[0] = '\0';
    cJSON *object = line->json ? cli_json_new() : NULL;
    found.list = object ? cJSON_AddArrayToObject(object, "findings") : NULL;
    lathe_run *run =
        lathe_run_new(&settings, &(lathe_run_hooks){ .context = &found, .on_message = on_message });
    code = run ? check(run, &found) : cli_library_failed();
    lathe_run_free(run);
    if (!object) return code;
    cJSON_AddNumberToObject(object, "wrong", found.wrong);
    cJSON_AddNumberToObject(object, "odd", found.odd);
    int printed = cli_json_print(object);
    return code ? code : printed;
}

static const cli_option options[] = { { .name = NULL } };

extern const cli_command lathe_check_command;
const cli_command lathe_check_command = {
    .name = "check",
    .summary = "overfit one batch; look for label, shape, range and schedule mistakes",
    .arguments = "",
    .about = "Checks a training before it starts: labels, pictures in both splits, the net's input\n"
             "after normalisation, the schedule's rates, the first loss, and whether the net can\n"
             "memorise one batch. Each finding is one line: ok, odd or WRONG. The exit code is 1\n"
             "if something is wrong. Takes the options of `lathe train`.",
    .example = "lathe check --data folder:photos --model resnet8",
    .options = options,
    .takes_settings = true,
    .run = run,
};
