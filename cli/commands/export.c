#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../memory.h"
#include "../text.h"
#include "../trained.h"
#include "../verify.h"

enum { MOST = 100000 }; /* pictures for --verify */

/* One export. */
typedef struct job {
    const cli_line *line;
    const lathe_trained *trained;
    const lathe_export_type *type;
    const char *file;
    lathe_export_opts opts;
    int count; /* of pictures for --verify */
    bool verify;
    cli_verified found;
} job;

/* ---- what is told -------------------------------------------------------------------------------------- */

static void shapes_of(const job *j, lathe_shape *in, lathe_shape *out)
{
    const lathe_trained *t = j->trained;
    *in = j->opts.preprocessing ?
        (lathe_shape){ 4, { 1, t->task->height, t->task->width, t->data.channels } } :
        (lathe_shape){ 4, { 1, t->data.channels, t->task->height, t->task->width } };
    *out = t->task->output;
    out->dim[0] = 1;
}

/* "[1, 3, 32, 32]"; "[N, ...]" for a batch of any size */
static const char *shape_text(const job *j, const lathe_shape *shape, char text[LATHE_SHAPE_TEXT])
{
    lathe_shape_text(shape, text);
    if (j->opts.dynamic_batch) text[1] = 'N';
    return text;
}

static double size_of(const char *file)
{
    struct stat status;
    return stat(file, &status) ? 0 : (double)status.st_size;
}

static void print_verified(const cli_verified *found)
{
    char digits[32];
    const bool random = !strcmp(found->set, "random");
    printf("%s: %d %spicture%s%s%s%s; largest difference %s of the outputs' size (at most %g); ",
        found->passed ? "verified" : "not verified", found->count, random ? "random " : "",
        found->count == 1 ? "" : "s", random ? "" : " of the ", random ? "" : found->set,
        random ? "" : " set", lathe_double_digits(found->difference, 2, digits), found->limit);
    if (found->labelled)
        printf("accuracy %.2f %% by lathe, %.2f %% by the file\n", 100 * found->accuracy,
            100 * found->exported);
    else printf("the largest output is the same one for %.2f %%\n", 100 * found->exported);
}

static bool is_shared(const cli_line *line, const cli_option *option)
{
    for (const cli_option *o = line->command->shared; o->name; o++)
        if (o == option) return true;
    return false;
}

/* The line's options as words of a shell: all, or those that name the model. */
static void put_options(lathe_text *text, const cli_line *line, bool all)
{
    for (int i = 0; i < line->givens; i++) {
        const cli_given *given = &line->given[i];
        if (!all && !is_shared(line, given->option)) continue;
        lathe_text_add(text, " --%s", given->name);
        if (given->option->value) lathe_text_put(text, " ");
        if (given->option->value) lathe_text_shell(text, given->value);
    }
}

static void put_argument(lathe_text *text, const char *argument)
{
    lathe_text_put(text, " ");
    if (*argument == '-') lathe_text_put(text, "./");
    lathe_text_shell(text, argument);
}

static bool is_c(const job *j) { return !strcmp(j->type->name, "c"); }

static bool is_named_c(const char *file)
{
    size_t length = strlen(file);
    return length > 2 && !strcmp(file + length - 2, ".c");
}

/* The two next commands: the model is checked or used, and the file is. */
static int print_next(const job *j)
{
    const cli_line *line = j->line;
    lathe_text text = { 0 };
    lathe_text_put(&text, j->verify ? "lathe predict" : "lathe export");
    const int arguments = j->verify ? !cli_trained_is_published(line) : line->arguments;
    for (int i = 0; i < arguments; i++) put_argument(&text, line->argument[i]);
    put_options(&text, line, !j->verify);
    char *first = lathe_text_take(&text);
    if (is_c(j))
        lathe_text_put(&text,
            is_named_c(j->file) ? "gcc -O3 -march=native -c" : "gcc -O3 -march=native -x c -c");
    else
        lathe_text_put(&text,
            "python3 -c \"import sys, onnxruntime as o; "
            "print(o.InferenceSession(sys.argv[1]).get_modelmeta().custom_metadata_map)\"");
    put_argument(&text, j->file);
    char *second = lathe_text_take(&text);
    int code = first && second ? CLI_DONE : cli_library_failed();
    puts("next:");
    if (!code) cli_say(stdout, "  %s%s", first, j->verify ? " PICTURE..." : " --verify");
    if (!code) cli_say(stdout, "  %s", second);
    lathe_free(first);
    lathe_free(second);
    return code;
}

static int print_text(const job *j)
{
    char in[LATHE_SHAPE_TEXT], out[LATHE_SHAPE_TEXT];
    lathe_shape input, output;
    const char *scores = j->trained->task->type->scores;
    shapes_of(j, &input, &output);
    const int stem = (int)strlen(j->file) - 2; /* of a C file that is split */
    if (j->opts.split_weights)
        cli_say(stdout, "%s: %.1f KiB, with %.*s.h and %.*s_weights.c", j->file, size_of(j->file) / 1024,
            stem, j->file, stem, j->file);
    else cli_say(stdout, "%s: %.1f KiB", j->file, size_of(j->file) / 1024);
    cli_say(stdout, "input   %s, %s", shape_text(j, &input, in),
        j->opts.preprocessing ? "8-bit pixels" :
            input.dim[1] == 1 ? "(grey / 255 - mean) / std" :
                                "(red, green, blue / 255 - mean) / std");
    cli_say(stdout, "output  %s, %s", shape_text(j, &output, out), scores ? scores : "");
    if (is_c(j) && cli_memory_print(j->trained, j->opts.no_fold)) return cli_library_failed();
    if (j->verify) print_verified(&j->found);
    return print_next(j);
}

static void add_shape(cJSON *object, const char *name, const lathe_shape *shape)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    for (int i = 0; i < shape->rank; i++) cli_json_add(array, shape->dim[i]);
}

static int print_json(const job *j)
{
    const lathe_trained *t = j->trained;
    lathe_shape input, output;
    cJSON *object = cli_json_new();
    shapes_of(j, &input, &output);
    cJSON_AddStringToObject(object, "weights", t->path);
    cJSON_AddStringToObject(object, "model", t->model_name);
    cJSON_AddStringToObject(object, "to", j->type->name);
    cJSON_AddStringToObject(object, "file", j->file);
    cli_json_number(object, "bytes", size_of(j->file));
    add_shape(object, "input", &input);
    add_shape(object, "output", &output);
    cJSON_AddBoolToObject(object, "dynamic_batch", j->opts.dynamic_batch);
    cJSON_AddBoolToObject(object, "preprocessing", j->opts.preprocessing);
    cJSON_AddStringToObject(object, "settings_checksum", t->settings_hash);
    cJSON_AddStringToObject(object, "weights_checksum", t->weights_hash);
    if (is_c(j) && cli_memory_json(t, j->opts.no_fold, object)) {
        cJSON_Delete(object);
        return cli_library_failed();
    }
    if (j->verify) {
        cJSON *found = cJSON_AddObjectToObject(object, "verify");
        cJSON_AddBoolToObject(found, "passed", j->found.passed);
        cJSON_AddStringToObject(found, "set", j->found.set);
        cli_json_number(found, "pictures", j->found.count);
        cli_json_number(found, "difference", j->found.difference);
        cli_json_number(found, "limit", j->found.limit);
        cJSON_AddBoolToObject(found, "labelled", j->found.labelled);
        cli_json_number(found, "accuracy", j->found.accuracy);
        cli_json_number(found, "exported_accuracy", j->found.exported);
    }
    return cli_json_print(object);
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* The kind, by its name or by the file's. NULL after a message. */
static const lathe_export_type *type_of(const cli_line *line, const char *file)
{
    const char *to = cli_text(line, "to");
    const lathe_export_type *type = to ? lathe_export_find(to) : NULL;
    if (to) return type ? type : (cli_library_failed(), NULL);
    for (int i = 0; (type = lathe_export_at(i)); i++) {
        size_t length = strlen(file), end = strlen(type->suffix);
        if (length > end && !strcmp(file + length - end, type->suffix)) return type;
    }
    cli_fail(CLI_USAGE, "export: --to is missing, and '%s' does not tell it by its ending", file);
    return NULL;
}

static int export_to_file(job *j)
{
    lathe_status status = lathe_export_trained(j->trained, j->type->name, j->file, &j->opts);
    if (status) return cli_library_failed();
    if (j->verify) {
        int code = cli_verify_file(j->line, j->trained, j->type->name, j->file, j->opts.name, j->count,
            j->opts.preprocessing, &j->found);
        if (code) return code;
    }
    int code = j->line->json ? print_json(j) : print_text(j);
    fflush(stdout);
    if (!code && j->verify && !j->found.passed)
        code = cli_fail(CLI_FAILED, "export: %s does not compute what the model does", j->file);
    return code;
}

static int run(const cli_line *line)
{
    int64_t count;
    const bool published = cli_trained_is_published(line);
    if (line->arguments != 2 - published)
        return cli_fail(CLI_USAGE,
            published ? "export: name a file; with --init-weights there is no run" :
                        "export: name a run and a file, or --model, --init-weights and a file");
    job j = { .line = line, .file = line->argument[1 - published] };
    if (!cli_number(line, "count", 1, MOST, &count) || !(j.type = type_of(line, j.file))) return CLI_USAGE;
    j.count = (int)count;
    j.verify = cli_given_option(line, "verify");
    j.opts = (lathe_export_opts){ .name = cli_text(line, "name"),
        .no_fold = cli_given_option(line, "no-fold"),
        .dynamic_batch = cli_given_option(line, "dynamic-batch"),
        .preprocessing = cli_given_option(line, "with-preprocessing"),
        .split_weights = cli_given_option(line, "split-weights") };
    lathe_trained *trained = NULL;
    int code = cli_trained_open(line, &trained);
    j.trained = trained;
    if (!code) code = export_to_file(&j);
    lathe_trained_free(trained);
    return code;
}

static const cli_option options[] = {
    { .name = "to", .value = "KIND", .help = "onnx or c [by the file's ending]" },
    { .name = "name",
        .value = "NAME",
        .help = "what the file calls the net: letters, digits and _ [the model's name]" },
    { .name = "verify",
        .help = "run test pictures through the file; a difference from lathe's outputs is an error" },
    { .name = "count",
        .value = "N",
        .preset = "256",
        .help = "pictures for --verify, each class in proportion" },
    { .name = "data",
        .value = "SPEC",
        .help = "for --verify: another data set, NAME or NAME:ARGUMENT [the run's]" },
    { .name = "no-fold", .help = "batch norms stay operations of their own, not part of the weights" },
    { .name = "dynamic-batch", .help = "onnx: any number of pictures at once, not one" },
    { .name = "with-preprocessing",
        .help = "onnx: the file takes 8-bit pixels [N, H, W, C] and normalises them" },
    { .name = "split-weights", .help = "c: the weights in a file of their own" },
    { .name = NULL },
};

extern const cli_command lathe_export_command;
const cli_command lathe_export_command = {
    .name = "export",
    .summary = "a run's model as a file for other programs",
    .arguments = "[RUN] FILE",
    .about = "Writes the model of a run folder or checkpoint as a file of ONNX, or of C. The file has the\n"
             "weights, the classes' names and the normalisation; batch norms are part of the weights. With\n"
             "--verify the file is run by ONNX Runtime, or compiled, on pictures of the run's test set, and\n"
             "its outputs and accuracy are compared with lathe's. A file that exists is replaced. Other\n"
             "people's weights need no run: --model and --init-weights.",
    .example = "lathe export runs/first net.onnx --verify",
    .options = options,
    .shared = cli_trained_options,
    .least = 1,
    .most = 2,
    .run = run,
};
