#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../drawing/table.h"
#include "../text.h"
#include "../trained.h"

enum { MOST = 32 }; /* the most classes shown for a picture */

/* The pictures and their predictions. */
typedef struct prediction {
    const lathe_trained *trained;
    const lathe_dataset *data;
    const double *probabilities; /* [count, classes] */
    int classes;
    const char *const *names; /* [classes] */
    int top;                  /* classes shown for each picture */
    size_t known, right;      /* pictures in a folder named as a class, and those predicted as that class */
} prediction;

/* ---- what is told of a picture ------------------------------------------------------------------------- */

static const double *row_of(const prediction *p, size_t i)
{
    return p->probabilities + i * (size_t)p->classes;
}

/* The findings of picture `i`, the most probable first. */
static int findings_of(const prediction *p, size_t i, lathe_finding *found)
{
    const lathe_task *task = p->trained->task;
    return task->type->decode(task, row_of(p, i), p->top, found, MOST);
}

/* The classes of picture `i` from the likeliest; of equal ones the first. */
static void rank(const prediction *p, size_t i, int count, lathe_finding *found)
{
    lathe_findings_rank(row_of(p, i), p->classes, count, found);
}

/* The class with the name of one of the file's parent folders, the nearest first; -1 without one. */
static int class_by_folder(const lathe_dataset *trained, const char *file)
{
    const char *end = strrchr(file, '/');
    while (end && end > file) {
        const char *begin = end;
        while (begin > file && begin[-1] != '/') begin--;
        size_t length = (size_t)(end - begin);
        for (int k = 0; k < trained->classes; k++)
            if (strlen(trained->class_names[k]) == length && !memcmp(trained->class_names[k], begin, length))
                return k;
        end = begin > file ? begin - 1 : NULL;
    }
    return -1;
}

static void count_right(prediction *p)
{
    if (!lathe_task_single_class(p->trained->task)) return;
    for (size_t i = 0; i < p->data->count; i++) {
        lathe_finding first;
        int label = class_by_folder(&p->trained->data, lathe_data_sample_file(p->data, i));
        rank(p, i, 1, &first);
        p->known += label >= 0;
        p->right += label >= 0 && label == first.index;
    }
}

/* ---- for people ---------------------------------------------------------------------------------------- */

/* Print the rest of a row after the picture's name: classes and probabilities. */
static void describe(const prediction *p, size_t i, char *text, size_t size)
{
    lathe_finding found[MOST];
    lathe_names names = lathe_names_in(text, size);
    for (int n = 0, count = findings_of(p, i, found); n < count; n++) {
        char one[1024];
        snprintf(one, sizeof one, "%.1000s %.4f", p->names[found[n].index], found[n].probability);
        lathe_names_add(&names, "  ", one);
    }
}

static void print_table(const prediction *p)
{
    cli_table *table = cli_table_new("ll");
    const char *said = p->trained->task->type->mask ? "classes and their parts of the picture" :
        p->top > 1                                  ? "classes and their probabilities" :
                                                      "class and its probability";
    cli_table_row(table, (const char *const[]){ "picture", said });
    for (size_t i = 0; i < p->data->count; i++) {
        char text[MOST * 128];
        describe(p, i, text, sizeof text);
        cli_table_row(table, (const char *const[]){ lathe_data_sample_file(p->data, i), text });
    }
    cli_table_print(table, stdout, 0);
    if (p->known)
        printf("\naccuracy %.2f %%: %zu of the %zu pictures in folders named as classes\n",
            100 * (double)p->right / (double)p->known, p->right, p->known);
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static void print_csv(const prediction *p)
{
    lathe_finding found[MOST];
    char number[32];
    fputs("picture", stdout);
    for (int n = 1; n <= p->top; n++)
        printf(n == 1 ? ",class,probability" : ",class_%d,probability_%d", n, n);
    for (int k = 0; k < p->classes; k++) {
        fputc(',', stdout);
        cli_csv_cell(p->names[k], stdout);
    }
    fputc('\n', stdout);
    for (size_t i = 0; i < p->data->count; i++) {
        cli_csv_cell(lathe_data_sample_file(p->data, i), stdout);
        rank(p, i, p->top, found);
        for (int n = 0; n < p->top; n++) {
            fputc(',', stdout);
            cli_csv_cell(p->names[found[n].index], stdout);
            printf(",%s", lathe_double_text(found[n].probability, number));
        }
        for (int k = 0; k < p->classes; k++) printf(",%s", lathe_double_text(row_of(p, i)[k], number));
        fputc('\n', stdout);
    }
}

/* The findings of picture `i`. */
static cJSON *json_row(const prediction *p, size_t i)
{
    lathe_finding found[MOST];
    cJSON *row = cJSON_CreateObject();
    rank(p, i, 1, found);
    cJSON_AddStringToObject(row, "picture", lathe_data_sample_file(p->data, i));
    cJSON_AddStringToObject(row, "class", p->names[found[0].index]);
    cli_json_number(row, "probability", found[0].probability);
    cJSON *all = cJSON_AddArrayToObject(row, "probabilities"), *said = cJSON_AddArrayToObject(row, "found");
    for (int k = 0; k < p->classes; k++) cli_json_add(all, row_of(p, i)[k]);
    for (int n = 0, count = findings_of(p, i, found); n < count; n++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "class", p->names[found[n].index]);
        cli_json_number(one, "probability", found[n].probability);
        cJSON_AddItemToArray(said, one);
    }
    return row;
}

static int print_json(const prediction *p, const char *run)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "run", run);
    cJSON_AddStringToObject(object, "weights", p->trained->path);
    cJSON_AddStringToObject(object, "task", p->trained->task->type->name);
    cJSON *names = cJSON_AddArrayToObject(object, "classes"),
          *pictures = cJSON_AddArrayToObject(object, "pictures");
    for (int k = 0; k < p->classes; k++) cJSON_AddItemToArray(names, cJSON_CreateString(p->names[k]));
    for (size_t i = 0; i < p->data->count; i++) cJSON_AddItemToArray(pictures, json_row(p, i));
    cJSON *skipped = cJSON_AddArrayToObject(object, "skipped");
    for (size_t i = 0; i < p->data->skipped; i++)
        cJSON_AddItemToArray(skipped, cJSON_CreateString(p->data->skipped_why[i]));
    if (p->known) cli_json_number(object, "accuracy", (double)p->right / (double)p->known);
    return cli_json_print(object);
}

/* ---- masks --------------------------------------------------------------------------------------------- */

/* DIR/NAME.pgm for a picture's file NAME.jpg. Errors: LATHE_EARG, also for a file that exists. */
static lathe_status mask_path(const char *folder, const char *file, char *path, size_t size)
{
    const char *slash = strrchr(file, '/'), *begin = slash ? slash + 1 : file, *point = strrchr(begin, '.');
    char name[300];
    int length = point && point > begin ? (int)(point - begin) : (int)strlen(begin);
    if (snprintf(name, sizeof name, "%.*s.pgm", length, begin) >= (int)sizeof name)
        return lathe_fail(LATHE_EARG, "%s: the name is too long for a mask's", file);
    lathe_status status = lathe_file_join(folder, name, path, size);
    if (!status && lathe_file_exists(path))
        status = lathe_fail(LATHE_EARG, "%s exists; choose another folder for --masks", path);
    return status;
}

/* The masks as grey pictures, whose levels are the numbers of the classes. */
static lathe_status write_masks(const prediction *p, const char *folder, const uint8_t *masks)
{
    const lathe_task *task = p->trained->task;
    char path[4096], head[64];
    int length = snprintf(head, sizeof head, "P5 %d %d 255\n", task->width, task->height);
    size_t area = (size_t)task->height * (size_t)task->width;
    lathe_status status = lathe_file_make_folder(folder);
    for (size_t i = 0; i < p->data->count && !status; i++) {
        status = mask_path(folder, lathe_data_sample_file(p->data, i), path, sizeof path);
        const lathe_bytes parts[] = { { head, (size_t)length }, { masks + i * area, area } };
        if (!status) status = lathe_file_write(path, parts, 2);
    }
    return status;
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* Print the predictions. Pictures that could not be read are listed on stderr and change the exit code. */
static int tell(const cli_line *line, prediction *p)
{
    int code = CLI_DONE;
    count_right(p);
    if (line->json) code = print_json(p, line->argument[0]);
    else if (cli_given_option(line, "csv")) print_csv(p);
    else print_table(p);
    fflush(stdout);
    for (size_t i = 0; i < p->data->skipped; i++) code = cli_fail(CLI_FAILED, "%s", p->data->skipped_why[i]);
    return code;
}

static int predict(const cli_line *line, const lathe_trained *trained, const lathe_file_names *names, int top,
    int workers, int megapixels)
{
    const int classes = trained->data.classes;
    lathe_dataset *data = lathe_trained_files(trained, (const char *const *)names->file, names->count, true,
        (size_t)megapixels << 20);
    double *probabilities =
        data ? lathe_alloc(lathe_times(data->count, (size_t)classes), sizeof *probabilities) : NULL;
    const char *folder = cli_text(line, "masks");
    size_t area = lathe_times((size_t)trained->task->height, (size_t)trained->task->width);
    uint8_t *masks = probabilities && folder ? lathe_alloc(data->count, area) : NULL;
    const lathe_predict_opts opts = { .workers = workers,
        .hflip = cli_text(line, "tta") != NULL,
        .masks = masks };
    lathe_status status = probabilities && (masks || !folder) ?
        lathe_trained_predict(trained, data, &opts, probabilities) :
        lathe_error();
    prediction told = { .trained = trained,
        .data = data,
        .probabilities = probabilities,
        .classes = classes,
        .names = trained->data.class_names,
        .top = top < classes ? top : classes };
    if (!status && folder) status = write_masks(&told, folder, masks);
    int code = status ? cli_library_failed() : tell(line, &told);
    lathe_free(probabilities);
    lathe_free(masks);
    lathe_data_free(data);
    return code;
}

static int run(const cli_line *line)
{
    int64_t top, threads, workers, megapixels;
    const char *tta = cli_text(line, "tta");
    if (!cli_number(line, "top", 1, MOST, &top) || !cli_number(line, "threads", 0, 256, &threads) ||
        !cli_number(line, "workers", 0, 256, &workers) ||
        !cli_number(line, "max-megapixels", 1, 1024, &megapixels))
        return CLI_USAGE;
    if (tta && strcmp(tta, "hflip"))
        return cli_fail(CLI_USAGE, "predict: --tta '%s' is not known; hflip is", tta);
    const bool published = cli_trained_is_published(line);
    if (!published && line->arguments < 2)
        return cli_fail(CLI_USAGE,
            "predict: name a run and pictures, or --model, --init-weights and pictures");
    if (published && cli_given_option(line, "masks"))
        return cli_fail(CLI_USAGE, "predict: --masks is for a run's model");
    if (line->arguments < 1) return cli_fail(CLI_USAGE, "predict: name pictures, or folders of them");
    lathe_trained *trained = NULL;
    int code = cli_trained_open(line, &trained);
    if (code) return code;
    lathe_file_names names = { 0 };
    lathe_status status = lathe_threads_set(NULL, (int)threads);
    for (int i = !published; i < line->arguments && !status; i++)
        status = lathe_data_find(line->argument[i], &names);
    code = status ? cli_library_failed() :
                    predict(line, trained, &names, (int)top, (int)workers, (int)megapixels);
    lathe_file_names_free(&names);
    lathe_trained_free(trained);
    return code;
}

static const cli_option options[] = {
    { .name = "top", .value = "K", .preset = "1", .help = "print the K most likely classes of each picture" },
    { .name = "csv", .help = "rows of picture, classes and all probabilities, for programs" },
    { .name = "tta",
        .value = "NAME",
        .help = "test-time augmentation: hflip, the mean of the picture and its mirror image" },
    { .name = "masks",
        .value = "DIR",
        .help = "of a model of masks: also write each picture's mask as DIR/NAME.pgm, a grey level a class" },
    { .name = "threads", .value = "N", .preset = "0", .help = "threads, 0: one a processor" },
    { .name = "workers", .value = "N", .preset = "0", .help = "threads that read pictures ahead of time" },
    { .name = "max-megapixels",
        .value = "N",
        .preset = "32",
        .help = "refuse picture files with more pixels; of a JPEG that is decoded smaller, those count" },
    { .name = NULL },
};

extern const cli_command lathe_predict_command;
const cli_command lathe_predict_command = {
    .name = "predict",
    .summary = "classes of your pictures, by a run's model",
    .arguments = "[RUN] PICTURE...",
    .about = "Takes pictures, or folders of them, and says which class each is, with its probability. RUN is "
             "a run folder or a\n"
             "checkpoint; sizes, normalisation and the classes' names are in it. If the pictures are "
             "in folders named\n"
             "like classes, the accuracy is printed too. A picture that cannot be read is named on stderr; "
             "the others\n"
             "are predicted, and the exit code is 1. Other people's weights need no run: --model and "
             "--init-weights.",
    .example = "lathe predict runs/first photo.jpg holiday/ --top 3",
    .options = options,
    .shared = cli_trained_options,
    .most = -1,
    .run = run,
};
