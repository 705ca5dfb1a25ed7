#include "between.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drawing/picture.h"
#include "drawing/plot.h"
#include "drawing/table.h"
#include "json.h"
#include "text.h"

enum { MOST_POINTS = 1001 };

const char *const cli_between_outputs[3] = { "csv", "svg", "html" };

/* A line from a file to the next one. */
typedef struct segment {
    const cli_member *from, *to;
    size_t path;        /* lines of one path follow each other; from 0 */
    lathe_score *score; /* [points] */
    double length, barrier, at;
} segment;

/* All of them. */
typedef struct segments {
    const lathe_task *task;
    segment *each;
    size_t count, points, paths;
    bool cycles;
    lathe_score *scores;
} segments;

/* ---- the lines ----------------------------------------------------------------------------------------- */

/* Lines join neighbours of one path: with --cycles an argument's files, else all. */
static int plan(segments *s, const cli_members *members)
{
    const size_t most = (size_t)members->count + 1;
    s->each = lathe_alloc(most, sizeof *s->each);
    s->scores = lathe_alloc(lathe_times(most, s->points), sizeof *s->scores);
    if (!s->each || !s->scores) return cli_library_failed();
    for (int i = 0; i + 1 < members->count; i++) {
        const cli_member *from = &members->member[i];
        if (s->cycles && from[0].argument != from[1].argument) continue;
        const segment *before = s->count ? &s->each[s->count - 1] : NULL;
        if (!before || before->to != from) s->paths++;
        s->each[s->count] = (segment){ .from = from,
            .to = from + 1,
            .path = s->paths - 1,
            .score = s->scores + s->count * s->points };
        s->count++;
    }
    if (s->count) return CLI_DONE;
    return cli_fail(CLI_USAGE, "eval: --between needs two files of weights, or --cycles and two cycles");
}

static lathe_status measure(segments *s, lathe_run *run, const lathe_dataset *data)
{
    for (size_t i = 0; i < s->count; i++) {
        segment *each = &s->each[i];
        if (lathe_line_scores(run, data, each->from->path, each->to->path, s->points, each->score,
                &each->length))
            return lathe_error();
        each->barrier = lathe_line_barrier(each->score, s->points, &each->at);
    }
    return LATHE_OK;
}

static double place_of(const segments *s, size_t point) { return (double)point / (double)(s->points - 1); }

/* ---- for people ---------------------------------------------------------------------------------------- */

/* "FOLDER/" without the file's name. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

/* "runs/a/cycle-1 to cycle-2". */
static void name_of(const segment *each, char *name, size_t size)
{
    const char *from = each->from->path, *to = each->to->path;
    const int folder = folder_length(from), ending = (int)strlen(".safetensors");
    const bool same = folder == folder_length(to) && !strncmp(from, to, (size_t)folder);
    if (same) to += folder;
    snprintf(name, size, "%.*s to %.*s", (int)strlen(from) - ending, from, (int)strlen(to) - ending, to);
}

static void print_table(const segments *s)
{
    cli_table *table = cli_table_new("lrrrrrrr");
    cli_table_row(table,
        (const char *const[]){ "line", "length", "loss from", "to", "highest", "lowest", "barrier", "at" });
    for (size_t i = 0; i < s->count; i++) {
        const segment *each = &s->each[i];
        char name[2 * sizeof each->from->path], number[7][32];
        double low = each->score[0].loss, high = low;
        for (size_t k = 1; k < s->points; k++)
            low = fmin(low, each->score[k].loss), high = fmax(high, each->score[k].loss);
        const double values[] = { each->length, each->score[0].loss, each->score[s->points - 1].loss, high,
            low, each->barrier, each->at };
        name_of(each, name, sizeof name);
        for (int k = 0; k < 7; k++)
            snprintf(number[k], sizeof number[k], k == 0 || k == 6 ? "%.2f" : "%.4f", values[k]);
        cli_table_row(table,
            (const char *const[]){ name, number[0], number[1], number[2], number[3], number[4], number[5],
                number[6] });
    }
    cli_table_print(table, stdout, 0);
}

/* Of several paths, such as seeds: the mean barrier of each path's lines, and its interval over paths. */
static int print_mean(const segments *s)
{
    double *mean = lathe_alloc(lathe_times(2, s->paths), sizeof *mean);
    if (!mean) return cli_library_failed();
    for (size_t i = 0, lines = 0; i < s->count; i++) {
        const bool last = i + 1 == s->count || s->each[i + 1].path != s->each[i].path;
        mean[s->each[i].path] += s->each[i].barrier;
        lines++;
        if (last) mean[s->each[i].path] /= (double)lines, lines = 0;
    }
    const lathe_paired_t test = lathe_paired_t_test(mean, mean + s->paths, s->paths);
    if (test.count > 1)
        printf("\nmean barrier %.4f (95 %% interval %.4f to %.4f, %zu paths)\n", test.mean, test.low,
            test.high, test.count);
    lathe_free(mean);
    return CLI_DONE;
}

/* The losses of one path: x is the number of the weights, from 1. */
static size_t path_points(const segments *s, size_t path, bool loss, double *x, double *y)
{
    size_t count = 0, number = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->each[i].path != path) continue;
        number++;
        for (size_t k = number == 1 ? 0 : 1; k < s->points; k++, count++) {
            x[count] = (double)number + place_of(s, k);
            y[count] = loss ? s->each[i].score[k].loss : s->each[i].score[k].metric[0];
        }
    }
    return count;
}

static int print_plot(const segments *s)
{
    const size_t most = lathe_times(s->count, s->points);
    double *x = lathe_alloc(lathe_times(2, most), sizeof *x);
    if (!x) return cli_library_failed();
    double *y = x + most;
    const cli_plot plot = { .title = s->paths > 1 ? "loss along the first path" : "loss along the path",
        .x_label = s->cycles ? "end of cycle" : "weights",
        .x = x,
        .y = y,
        .count = path_points(s, 0, true, x, y) };
    putchar('\n');
    cli_plot_print(stdout, &plot);
    lathe_free(x);
    return CLI_DONE;
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static int print_json(const cli_line *line, const segments *s)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "split", cli_text(line, "split"));
    cJSON *list = cJSON_AddArrayToObject(object, "lines");
    for (size_t i = 0; i < s->count; i++) {
        const segment *each = &s->each[i];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "from", each->from->path);
        cJSON_AddStringToObject(one, "to", each->to->path);
        cli_json_number(one, "length", each->length);
        cli_json_number(one, "barrier", each->barrier);
        cli_json_number(one, "barrier_at", each->at);
        cJSON *at = cJSON_AddArrayToObject(one, "at"), *loss = cJSON_AddArrayToObject(one, "loss");
        for (size_t k = 0; k < s->points; k++) {
            cli_json_add(at, place_of(s, k));
            cli_json_add(loss, each->score[k].loss);
        }
        for (int m = 0; m < s->task->metrics; m++) {
            cJSON *values = cJSON_AddArrayToObject(one, s->task->type->metrics[m].name);
            for (size_t k = 0; k < s->points; k++) cli_json_add(values, each->score[k].metric[m]);
        }
        cJSON_AddItemToArray(list, one);
    }
    return cli_json_print(object);
}

static lathe_status write_csv(const segments *s, const char *path)
{
    lathe_text out = { 0 };
    lathe_text_put(&out, "from,to,at,loss");
    for (int m = 0; m < s->task->metrics; m++) lathe_text_add(&out, ",%s", s->task->type->metrics[m].name);
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->points; k++) {
            const lathe_score *score = &s->each[i].score[k];
            char digits[32];
            lathe_text_put(&out, "\n");
            cli_put_cell(&out, s->each[i].from->path);
            lathe_text_put(&out, ",");
            cli_put_cell(&out, s->each[i].to->path);
            lathe_text_add(&out, ",%.6g,%s", place_of(s, k), lathe_double_text(score->loss, digits));
            for (int m = 0; m < s->task->metrics; m++)
                lathe_text_add(&out, ",%s", lathe_double_text(score->metric[m], digits));
        }
    lathe_text_put(&out, "\n");
    char *text = lathe_text_take(&out);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}

/* ---- the picture --------------------------------------------------------------------------------------- */

/* Characters of the folders that all paths begin with. */
static int common_folders(const segments *s)
{
    const char *first = s->each[0].from->path;
    int length = folder_length(first), common = 0;
    for (size_t i = 1; i < s->count; i++)
        for (int k = 0; k < length; k++)
            if (s->each[i].from->path[k] != first[k]) length = k;
    for (int k = 0; k < length - 1; k++)
        if (first[k] == '/') common = k + 1;
    return common;
}

/* The curve of each path, in one chart: the loss, or the first metric. */
static lathe_chart chart_of(const segments *s, bool loss, lathe_series *series, char (*name)[512], double *x,
    double *y)
{
    const lathe_task_metric *metric = &s->task->type->metrics[0];
    const int common = common_folders(s);
    for (size_t path = 0, first = 0; path < s->paths; path++) {
        while (s->each[first].path != path) first++;
        const char *from = s->each[first].from->path;
        const int folder = folder_length(from) - common;
        snprintf(name[path], sizeof name[path], "%.*s", folder > 1 ? folder - 1 : 1,
            folder > 0 ? from + common : ".");
        const size_t count = path_points(s, path, loss, x, y);
        series[path] = (lathe_series){ .name = s->paths > 1 && loss ? name[path] : NULL,
            .x = x,
            .y = y,
            .count = count,
            .color = (int)(path % 7) };
        x += count, y += count;
    }
    return (lathe_chart){ .title = loss ? "loss" : metric->title,
        .x_label = s->cycles ? "end of cycle" : "weights",
        .series = series,
        .count = (int)s->paths,
        .width = 720,
        .height = loss ? 260 : 220 };
}

static lathe_status write_page(const char *path, const segments *s, const lathe_chart chart[2])
{
    lathe_text said = { 0 };
    for (size_t i = 0; i < s->count; i++) {
        char name[2 * sizeof s->each[i].from->path];
        name_of(&s->each[i], name, sizeof name);
        lathe_text_put(&said, i ? " From " : "From ");
        lathe_text_put(&said, name);
        lathe_text_add(&said, " the loss rises %.3g above a straight line.", s->each[i].barrier);
    }
    char *text = lathe_text_take(&said);
    lathe_status status = text ?
        lathe_report_charts(&(lathe_chart_page){ "The loss on the lines between weights", text, chart, 2 },
            path) :
        lathe_error();
    lathe_free(text);
    return status;
}

static lathe_status draw(const segments *s, const cli_picture_files *files)
{
    const size_t paths = s->paths, points = lathe_times(s->count, s->points);
    lathe_series *series = lathe_alloc(lathe_times(2, paths), sizeof *series);
    char(*names)[512] = lathe_alloc(paths, sizeof *names);
    double *numbers = lathe_alloc(lathe_times(4, points), sizeof *numbers);
    lathe_status status = series && names && numbers ? LATHE_OK : lathe_error();
    if (!status) {
        const lathe_chart chart[2] = { chart_of(s, true, series, names, numbers, numbers + points),
            chart_of(s, false, series + paths, names, numbers + 2 * points, numbers + 3 * points) };
        if (files->svg) status = cli_picture_write(files->svg, chart, 2);
        if (!status && files->html) status = write_page(files->html, s, chart);
    }
    lathe_free(series);
    lathe_free(names);
    lathe_free(numbers);
    return status;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int show(const cli_line *line, const segments *s)
{
    const char *csv = cli_text(line, "csv");
    const cli_picture_files files = { cli_text(line, "svg"), cli_text(line, "html") };
    if (csv && write_csv(s, csv)) return cli_library_failed();
    if ((files.svg || files.html) && draw(s, &files)) return cli_library_failed();
    if (line->json) return print_json(line, s);
    print_table(s);
    int code = print_mean(s);
    return code ? code : print_plot(s);
}

int cli_between(const cli_line *line, lathe_run *run, const lathe_dataset *data, const cli_members *members)
{
    int64_t points;
    if (!cli_number(line, "between", 2, MOST_POINTS, &points)) return CLI_USAGE;
    segments s = { .task = run->learner->task,
        .points = (size_t)points,
        .cycles = cli_given_option(line, "cycles") };
    int code = plan(&s, members);
    if (!code && measure(&s, run, data)) code = cli_library_failed();
    if (!code) code = show(line, &s);
    lathe_free(s.each);
    lathe_free(s.scores);
    return code;
}
