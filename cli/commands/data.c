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

/* The findings in a split of a data set. */
typedef struct survey {
    const char *name;
    lathe_dataset *data;
    size_t *of_class;      /* [classes] */
    size_t sized;          /* picture files whose size was read */
    int least[2], most[2]; /* height, width */
    lathe_duplicate twice[TOLD];
    size_t duplicates;
    lathe_duplicate trained[TOLD]; /* pictures of train that are in this split too */
    size_t in_train;
} survey;

/* All splits: train, val if the set has its own, test. */
typedef struct surveys {
    survey split[3];
    int count;
} surveys;

static int survey_sizes(survey *s, size_t max_pixels)
{
    const lathe_picture_opts opts = { .max_pixels = max_pixels };
    for (size_t i = 0; i < s->data->count && s->sized < SIZED; i++) {
        const char *file = lathe_data_sample_file(s->data, i);
        lathe_picture picture;
        if (!file) return CLI_DONE;
        if (lathe_picture_read(file, &opts, &picture)) {
            lathe_error_clear(); /* a large JPEG, which training decodes smaller */
            continue;
        }
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

/* Count a sample in each of its classes: of its heads, its tags, or the one of its label. */
static void count_classes(survey *s, size_t sample)
{
    const lathe_dataset *data = s->data;
    if (!data->targets_each) s->of_class[data->labels[sample]]++;
    for (int t = 0; t < data->targets_each; t++) {
        const int target = data->targets[sample * (size_t)data->targets_each + (size_t)t];
        if (data->heads) s->of_class[data->head[t].first + target]++;
        else s->of_class[t] += (size_t)target;
    }
}

static int survey_open(survey *s, const char *name, const lathe_settings *settings, lathe_split split)
{
    int background;
    if (lathe_colour_parse(settings->background, &background)) return cli_library_failed();
    const lathe_data_opts opts = { .size = settings->size,
        .channels = settings->channels,
        .skip_bad = true,
        .crop_ratio = settings->crop_ratio,
        .interpolation = (lathe_filter)settings->interpolation,
        .background = background,
        .label_column = settings->label_column,
        .max_pixels = (size_t)settings->max_megapixels << 20 };
    *s = (survey){ .name = name };
    if (split != LATHE_SPLIT_VAL) s->data = lathe_data_open(settings->data, split, &opts);
    else if (!lathe_data_open_val(settings->data, &opts, &s->data) && !s->data) return CLI_DONE;
    if (!s->data || !(s->of_class = lathe_alloc((size_t)s->data->classes, sizeof *s->of_class)))
        return cli_library_failed();
    for (size_t i = 0; i < s->data->count; i++) count_classes(s, i);
    if (survey_duplicates(s)) return cli_library_failed();
    return survey_sizes(s, opts.max_pixels);
}

/* Open the splits. It is not an error if there is no validation set. */
static int surveys_open(surveys *all, const lathe_settings *settings)
{
    static const struct {
        const char *name;
        lathe_split split;
    } splits[] = { { "train", LATHE_SPLIT_TRAIN }, { "val", LATHE_SPLIT_VAL }, { "test", LATHE_SPLIT_TEST } };
    int code = CLI_DONE;
    for (int i = 0; i < 3 && !code; i++) {
        survey *s = &all->split[all->count];
        code = survey_open(s, splits[i].name, settings, splits[i].split);
        if (!s->data) continue;
        all->count++;
        if (!code && i && lathe_data_duplicates(all->split[0].data, s->data, s->trained, TOLD, &s->in_train))
            code = cli_library_failed();
    }
    return code;
}

static void surveys_free(surveys *all)
{
    for (int i = 0; i < all->count; i++) {
        lathe_free(all->split[i].of_class);
        lathe_data_free(all->split[i].data);
    }
}

/* ---- for people ---------------------------------------------------------------------------------------- */

/* One row: a class or all, and its pictures in each split. */
static void count_row(cli_table *table, const surveys *all, const char *name, int class)
{
    char text[3][32];
    const char *cell[4] = { name, "", "", "" };
    for (int i = 0; i < all->count; i++) {
        const survey *s = &all->split[i];
        size_t count = class < 0 ? s->data->count : class < s->data->classes ? s->of_class[class] : 0;
        snprintf(text[i], sizeof text[i], "%zu", count);
        cell[1 + i] = text[i];
    }
    cli_table_row(table, cell);
}

static void print_counts(const surveys *all)
{
    const lathe_dataset *train = all->split[0].data;
    cli_table *table = cli_table_new(all->count == 3 ? "lrrr" : "lrr");
    const char *head[4] = { "class" };
    for (int i = 0; i < all->count; i++) head[1 + i] = all->split[i].name;
    cli_table_row(table, head);
    for (int k = 0; k < train->classes; k++) count_row(table, all, train->class_names[k], k);
    count_row(table, all, "all", -1);
    cli_table_print(table, stdout, 0);
}

static void print_pixels(const survey *s)
{
    const lathe_dataset *data = s->data;
    printf("\n%s: given as %d x %d (height x width), %s", s->name, data->height, data->width,
        data->channels == 1 ? "grey" : "colour");
    if (s->sized)
        printf("; %s%zu files are %d to %d high and %d to %d wide",
            s->sized == SIZED && s->sized < data->count ? "of the first " : "", s->sized, s->least[0],
            s->most[0], s->least[1], s->most[1]);
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

static cJSON *add_survey(cJSON *object, const survey *s)
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
    return part;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int print_json(const surveys *all)
{
    cJSON *object = cli_json_new();
    for (int i = 0; i < all->count; i++) {
        cJSON *part = add_survey(object, &all->split[i]);
        if (i) cJSON_AddNumberToObject(part, "in_train", (double)all->split[i].in_train);
    }
    return cli_json_print(object);
}

static int print_text(const surveys *all)
{
    bool fine = true;
    const survey *train = &all->split[0];
    print_counts(all);
    for (int i = 0; i < all->count; i++) print_pixels(&all->split[i]);
    putchar('\n');
    for (int i = 0; i < all->count; i++) {
        const survey *s = &all->split[i];
        print_faults(s);
        fine = fine && !s->duplicates && !s->data->skipped && !s->in_train;
    }
    for (int i = 1; i < all->count; i++) {
        const survey *s = &all->split[i];
        if (s->in_train)
            printf("%zu pictures of train are in %s too, so the %s is too easy\n", s->in_train, s->name,
                strcmp(s->name, "val") ? "test" : "validation");
        for (size_t k = 0; k < s->in_train && k < TOLD; k++) print_pair(train, s, &s->trained[k]);
    }
    if (fine) puts("no duplicates, and every picture can be read");
    return CLI_DONE;
}

static int run(const cli_line *line)
{
    lathe_settings settings;
    surveys all = { .count = 0 };
    int code = cli_settings(line, &settings);
    if (!code) code = surveys_open(&all, &settings);
    if (!code) code = line->json ? print_json(&all) : print_text(&all);
    surveys_free(&all);
    return code;
}

static const cli_option options[] = { { .name = NULL } };

extern const cli_command lathe_data_command;
const cli_command lathe_data_command = {
    .name = "data",
    .summary = "what a data set holds: classes, sizes, duplicates, broken files",
    .arguments = "",
    .about = "Counts the pictures of each class and shows their sizes, mean and standard\n"
             "deviation, for train, test and the set's own val. Finds pictures with the same content,\n"
             "in one split or in train and another, and names files that cannot be read.",
    .example = "lathe data --data folder:photos",
    .options = options,
    .takes_settings = true,
    .uses = "data seed",
    .run = run,
};
