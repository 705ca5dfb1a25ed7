#include "ensemble.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drawing/table.h"
#include "json.h"
#include "text.h"

static const char ending[] = ".safetensors";

static bool is_checkpoint(const char *argument)
{
    const size_t length = strlen(argument), end = sizeof ending - 1;
    return length > end && !strcmp(argument + length - end, ending);
}

void cli_folder_of(const char *argument, char *folder, size_t size)
{
    snprintf(folder, size, "%s", argument);
    if (!is_checkpoint(argument)) return;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = '\0';
    else snprintf(folder, size, ".");
}

static int add(cli_members *members, int argument, const char *path)
{
    const size_t count = (size_t)members->count;
    cli_member *grown = lathe_grow(members->member, count, count + 1, sizeof *grown);
    if (!grown) return cli_library_failed();
    members->member = grown;
    grown[count].argument = argument;
    snprintf(grown[count].path, sizeof grown->path, "%s", path);
    members->count++;
    return CLI_DONE;
}

static int add_cycles(cli_members *members, int argument, const char *folder)
{
    size_t count = 0;
    char path[LATHE_SETTING_LONG + 64];
    uint64_t *number = lathe_file_numbers(folder, "cycle-", ending, &count);
    if (!number) return cli_library_failed();
    int code = CLI_DONE;
    for (size_t i = 0; i < count && !code; i++) {
        snprintf(path, sizeof path, "%s/cycle-%llu%s", folder, (unsigned long long)number[i], ending);
        code = add(members, argument, path);
    }
    lathe_free(number);
    if (!code && !count)
        code = cli_fail(CLI_USAGE, "eval: %s has no cycle-N.safetensors; train with --keep-cycles", folder);
    return code;
}

int cli_members_find(const cli_line *line, bool cycles, cli_members *members)
{
    int code = CLI_DONE;
    *members = (cli_members){ NULL, 0 };
    for (int i = 0; i < line->arguments && !code; i++) {
        const char *argument = line->argument[i];
        char path[LATHE_SETTING_LONG + 64];
        snprintf(path, sizeof path, "%s", argument);
        if (!is_checkpoint(argument) && cycles) {
            code = add_cycles(members, i, argument);
            continue;
        }
        if (!is_checkpoint(argument)) snprintf(path, sizeof path, "%s/best%s", argument, ending);
        if (!is_checkpoint(argument) && access(path, R_OK))
            snprintf(path, sizeof path, "%s/last%s", argument, ending);
        code = add(members, i, path);
    }
    if (code) cli_members_free(members);
    return code;
}

void cli_members_free(cli_members *members)
{
    lathe_free(members->member);
    *members = (cli_members){ NULL, 0 };
}

/* ---- scores -------------------------------------------------------------------------------------------- */

/* Evaluate a file, and add its predictions. */
static lathe_status add_member(lathe_run *run, const lathe_dataset *data, lathe_loader *loader,
    const char *path, lathe_ensemble *ensemble, lathe_score *score)
{
    const lathe_learner *learner = run->learner;
    lathe_status status = lathe_run_load(run, path);
    if (!status) status = lathe_run_evaluate(run, data, NULL, score);
    return status ? status : lathe_ensemble_add(ensemble, learner->net, learner->tape, loader);
}

/* The scores of the members, then of the ensemble. */
static lathe_status measure(lathe_run *run, const lathe_dataset *data, const cli_members *members,
    lathe_score *scores)
{
    const lathe_learner *learner = run->learner;
    lathe_loader *loader = lathe_feed_loader(run->feed, data, false);
    lathe_ensemble *ensemble = loader ? lathe_ensemble_new(learner->task, data->count) : NULL;
    lathe_status status = ensemble ? LATHE_OK : lathe_error();
    for (int i = 0; i < members->count && !status; i++)
        status = add_member(run, data, loader, members->member[i].path, ensemble, &scores[i]);
    if (!status)
        status = lathe_ensemble_score(ensemble, learner->tape, loader, learner->opts.plain_loss,
            &scores[members->count]);
    lathe_ensemble_free(ensemble);
    lathe_loader_free(loader);
    return status;
}

/* ---- output -------------------------------------------------------------------------------------------- */

static void print_row(cli_table *table, const lathe_task *task, const char *name, const lathe_score *score)
{
    char loss[32], metric[32], shown[256];
    const lathe_task_metric *first = &task->type->metrics[0];
    snprintf(loss, sizeof loss, "%.4f", score->loss);
    snprintf(metric, sizeof metric, first->percent ? "%.2f %%" : "%.4f",
        score->metric[0] * (first->percent ? 100 : 1));
    cli_table_row(table, (const char *const[]){ cli_printable(name, shown, sizeof shown), loss, metric });
}

static void print_scores(const lathe_task *task, const cli_members *members, const lathe_score *scores)
{
    cli_table *table = cli_table_new("lrr");
    cli_table_row(table, (const char *const[]){ "weights", "loss", task->type->metrics[0].title });
    for (int i = 0; i < members->count; i++) print_row(table, task, members->member[i].path, &scores[i]);
    print_row(table, task, "ensemble", &scores[members->count]);
    cli_table_print(table, stdout, 0);
}

static void put_score(cJSON *object, const lathe_task *task, const lathe_score *score)
{
    cJSON_AddNumberToObject(object, "count", (double)score->count);
    cli_json_number(object, "loss", score->loss);
    for (int i = 0; i < task->metrics; i++)
        cli_json_number(object, task->type->metrics[i].name, score->metric[i]);
}

static int print_json(const cli_line *line, const lathe_task *task, const cli_members *members,
    const lathe_score *scores)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "split", cli_text(line, "split"));
    cJSON *list = cJSON_AddArrayToObject(object, "members");
    for (int i = 0; i < members->count; i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "weights", members->member[i].path);
        put_score(one, task, &scores[i]);
        cJSON_AddItemToArray(list, one);
    }
    put_score(cJSON_AddObjectToObject(object, "ensemble"), task, &scores[members->count]);
    return cli_json_print(object);
}

int cli_ensemble(const cli_line *line, lathe_run *run, const lathe_dataset *data, const cli_members *members)
{
    lathe_score *scores = lathe_alloc((size_t)members->count + 1, sizeof *scores);
    if (!scores) return cli_library_failed();
    int code = measure(run, data, members, scores) ? cli_library_failed() : CLI_DONE;
    if (!code && line->json) code = print_json(line, run->learner->task, members, scores);
    else if (!code) print_scores(run->learner->task, members, scores);
    lathe_free(scores);
    return code;
}
