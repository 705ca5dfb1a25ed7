#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../settings.h"
#include "../drawing/table.h"
#include "../text.h"

enum {
    SIZED = 5000,
    TOLD = 10
}; /* files whose sizes are looked at; lines told of duplicates and of broken files */

/* The findings in a data set. */
typedef struct survey {
    const char *name;
    lathe_dataset *data;
    size_t *of_class;      /* [classes] */
    size_t sized;          /* picture files whose size was read */
    int least[2], most[2]; /* height, width */
    lathe_duplicate twice[TOLD];
    size_t duplicates;
} survey;

static int survey_sizes(survey *s)
{
    for (size_t i = 0; i < s->data->count && s->sized < SIZED; i++) {
        const char *file = lathe_data_sample_file(s->data, i);
        lathe_picture picture;
        if (!file) return CLI_DONE;
        if (lathe_picture_read(file, NULL, &picture)) return cli_library_failed();
        const int size[2] = { picture.height, picture.width };
        lathe_picture_free(&picture);
        for (int k = 0; k < 2; k++) {
            if (!s->sized || size[k] < s->least[k]) s->least[k] = size[k];
            if (!s->sized || size[k] > s->most[k]) s->most[k] = size[k];
        }
        s->sized++;
    }
    return CLI_DONE;
}

/* Pairs in one set, without the pairs of a sample with itself. */
static lathe_status survey_duplicates(survey *s)
{
    size_t count = 0;
    lathe_duplicate *pairs = lathe_alloc(s->data->count, sizeof *pairs);
    lathe_status status =
        pairs ? lathe_data_duplicates(s->data, s->data, pairs, s->data->count, &count) : lathe_error();
    for (size_t i = 0; i < count && !status; i++) {
        if (pairs[i].a == pairs[i].b) continue;
        if (s->duplicates < TOLD) s->twice[s->duplicates] = pairs[i];
        s->duplicates++;
    }
    lathe_free(pairs);
    return status;
}

static int survey_open(survey *s, const char *name, const lathe_settings *settings, lathe_split split)
{
    const lathe_data_opts opts = { .size = settings->size, .channels = settings->channels, .skip_bad = true };
    *s = (survey){ .name = name, .data = lathe_data_open(settings->data, split, &opts) };
    if (!s->data || !(s->of_class = lathe_alloc((size_t)s->data->classes, sizeof *s->of_class)))
        return cli_library_failed();
    for (size_t i = 0; i < s->data->count; i++) s->of_class[s->data->labels[i]]++;
    if (survey_duplicates(s)) return cli_library_failed();
    return survey_sizes(s);
}

static void survey_free(survey *s)
{
    lathe_free(s->of_class);
    lathe_data_free(s->data);
}

/* ---- for people ---------------------------------------------------------------------------------------- */

static void print_counts(const survey *train, const survey *test)
{
    cli_table *table = cli_table_new("lrr");
    cli_table_row(table, (const char *const[]){ "class", "train", "test" });
    for (int k = 0; k < train->data->classes; k++) {
        char text[2][32];
        snprintf(text[0], sizeof text[0], "%zu", train->of_class[k]);
        snprintf(text[1], sizeof text[1], "%zu", k < test->data->classes ? test->of_class[k] : (size_t)0);
        cli_table_row(table, (const char *const[]){ train->data->class_names[k], text[0], text[1] });
    }
    char text[2][32];
    snprintf(text[0], sizeof text[0], "%zu", train->data->count);
    snprintf(text[1], sizeof text[1], "%zu", test->data->count);
    cli_table_row(table, (const char *const[]){ "all", text[0], text[1] });
    cli_table_print(table, stdout, 0);
}

static void print_pixels(const survey *s)
{
    const lathe_dataset *data = s->data;
    printf("\n%s: given as %d x %d (height x width), %s", s->name, data->height, data->width,
        data->channels == 1 ? "grey" : "colour");
    if (s->sized)
        printf("; %s%zu files are %d to %d high and %d to %d wide",
            s->sized < data->count ? "of the first " : "", s->sized, s->least[0], s->most[0], s->least[1],
            s->most[1]);
    fputs("\n  mean", stdout);
    for (int c = 0; c < data->channels; c++) printf(" %.4f", data->mean[c]);
    fputs("  std", stdout);
    for (int c = 0; c < data->channels; c++) printf(" %.4f", data->std[c]);
    putchar('\n');
}

static void print_pair(const survey *a, const survey *b, const lathe_duplicate *pair)
{
    char name[2][LATHE_SAMPLE_NAME];
    cli_say(stdout, "  %s = %s", lathe_data_sample_name(a->data, pair->a, name[0]),
        lathe_data_sample_name(b->data, pair->b, name[1]));
}

static void print_faults(const survey *s)
{
    if (s->duplicates) printf("%s: %zu pictures are duplicates\n", s->name, s->duplicates);
    for (size_t i = 0; i < s->duplicates && i < TOLD; i++) print_pair(s, s, &s->twice[i]);
    if (s->data->passed_over) cli_say(stdout, "%s: passed over %s", s->name, s->data->passed_over);
    if (s->data->skipped) printf("%s: %zu files cannot be read\n", s->name, s->data->skipped);
    for (size_t i = 0; i < s->data->skipped && i < TOLD; i++)
        cli_say(stdout, "  %s", s->data->skipped_why[i]);
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static void add_survey(cJSON *object, const survey *s)
{
    cJSON *part = cJSON_AddObjectToObject(object, s->name);
    cJSON_AddNumberToObject(part, "count", (double)s->data->count);
    cJSON *counts = cJSON_AddObjectToObject(part, "classes"), *mean = cJSON_AddArrayToObject(part, "mean"),
          *std = cJSON_AddArrayToObject(part, "std");
    for (int k = 0; k < s->data->classes; k++)
        cJSON_AddNumberToObject(counts, s->data->class_names[k], (double)s->of_class[k]);
    for (int c = 0; c < s->data->channels; c++)
        cli_json_add(mean, s->data->mean[c]), cli_json_add(std, s->data->std[c]);
    cJSON_AddNumberToObject(part, "channels", s->data->channels);
    cJSON_AddNumberToObject(part, "height", s->data->height);
    cJSON_AddNumberToObject(part, "width", s->data->width);
    cJSON_AddNumberToObject(part, "duplicates", (double)s->duplicates);
    if (s->data->passed_over) cJSON_AddStringToObject(part, "passed_over", s->data->passed_over);
    cJSON *broken = cJSON_AddArrayToObject(part, "broken");
    for (size_t i = 0; i < s->data->skipped; i++)
        cJSON_AddItemToArray(broken, cJSON_CreateString(s->data->skipped_why[i]));
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int tell(const cli_line *line, const survey *train, const survey *test)
{
    lathe_duplicate pairs[TOLD];
    size_t across = 0;
    if (lathe_data_duplicates(train->data, test->data, pairs, TOLD, &across)) return cli_library_failed();
    if (line->json) {
        cJSON *object = cli_json_new();
        add_survey(object, train);
        add_survey(object, test);
        cJSON_AddNumberToObject(object, "in_both", (double)across);
        return cli_json_print(object);
    }
    print_counts(train, test);
    print_pixels(train);
    print_pixels(test);
    putchar('\n');
    print_faults(train);
    print_faults(test);
    if (across) printf("%zu pictures of train are in test too, so the test is too easy\n", across);
    for (size_t i = 0; i < across && i < TOLD; i++) print_pair(train, test, &pairs[i]);
    if (!across && !train->duplicates && !test->duplicates && !train->data->skipped && !test->data->skipped)
        puts("no duplicates, and every picture can be read");
    return CLI_DONE;
}

static int run(const cli_line *line)
{
    lathe_settings settings;
    survey train = { 0 }, test = { 0 };
    int code = cli_settings(line, &settings);
    if (!code) code = survey_open(&train, "train", &settings, LATHE_SPLIT_TRAIN);
    if (!code) code = survey_open(&test, "test", &settings, LATHE_SPLIT_TEST);
    if (!code) code = tell(line, &train, &test);
    survey_free(&test);
    survey_free(&train);
    return code;
}

static const cli_option options[] = { { .name = NULL } };

extern const cli_command lathe_data_command;
const cli_command lathe_data_command = {
    .name = "data",
    .summary = "what a data set holds: classes, sizes, duplicates, broken files",
    .arguments = "",
    .about = "Counts the pictures of each class and shows their sizes, mean and standard\n"
             "deviation. Finds pictures with the same content, in one set or in train and test,\n"
             "and names files that cannot be read.",
    .example = "lathe data --data folder:photos",
    .options = options,
    .takes_settings = true,
    .uses = "data seed",
    .run = run,
};
