#include <inttypes.h>
#include <stdio.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../drawing/table.h"
#include "../json.h"

/* "[16, 3, 3, 3]". */
static const char *shape_text(const lathe_safetensor *tensor, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < tensor->rank && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%" PRIu64, i ? ", " : "", tensor->dim[i]);
    if (length < size) snprintf(text + length, size - length, "]");
    return text;
}

static size_t numbers_of(const lathe_safetensors *file)
{
    size_t sum = 0;
    for (size_t i = 0; i < file->tensors; i++) sum += file->tensor[i].count;
    return sum;
}

/* ---- models that the file fits ------------------------------------------------------------------------- */

/* A model of the zoo that the file's tensors are for, all of them. */
typedef struct fitting {
    char name[LATHE_MODEL_NAME];
    int classes; /* of its head in the file; 0: it has none */
} fitting;

enum { FITTINGS = 16, BLOCKS = 64 };

/* Compare with the model on paper. */
static bool fits(const lathe_safetensors *file, const char *name, const lathe_model_spec *spec,
    fitting *found)
{
    int count;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = model ? lathe_model_build(model, name, spec) : NULL;
    lathe_tensor *const *tensors = net ? lathe_nn_plan(net, &count) : NULL;
    bool good = tensors &&
        !lathe_weights_compare(file, tensors, count, &(lathe_weights_opts){ .new_head = true }, NULL);
    if (good) {
        snprintf(found->name, sizeof found->name, "%s", name);
        found->classes = lathe_weights_classes(file, tensors, count);
    }
    lathe_model_free(model);
    return good;
}

/* The model for pictures of this kind, at its native size or for photographs, or cut short after a block. */
static bool fits_spec(const lathe_safetensors *file, const lathe_model_type *type, lathe_model_spec spec,
    fitting *found)
{
    if (fits(file, type->name, &spec, found)) return true;
    const bool can_end = type->fields && lathe_fields_find(type->fields, "blocks");
    for (int blocks = 1; can_end && blocks <= BLOCKS; blocks++) {
        char name[LATHE_MODEL_NAME];
        snprintf(name, sizeof name, "%s:blocks=%d", type->name, blocks);
        if (fits(file, name, &spec, found)) return true;
    }
    if (type->native.height >= 64) return false;
    spec.height = spec.width = 224;
    return fits(file, type->name, &spec, found);
}

/* In colour or grey. */
static bool fits_type(const lathe_safetensors *file, const lathe_model_type *type, fitting *found)
{
    lathe_model_spec spec = type->native;
    if (fits_spec(file, type, spec, found)) return true;
    spec.channels = type->native.channels == 1 ? 3 : 1;
    return fits_spec(file, type, spec, found);
}

static int find_fitting(const lathe_safetensors *file, fitting *found)
{
    int count = 0;
    const lathe_model_type *type;
    bool held = lathe_error_hold(true); /* those that do not fit are no failures */
    for (int i = 0; (type = lathe_model_at(i)) && count < FITTINGS; i++)
        if (fits_type(file, type, &found[count])) count++;
    lathe_error_clear();
    lathe_error_hold(held);
    return count;
}

static void print_fitting(const lathe_safetensors *file)
{
    fitting found[FITTINGS];
    const int count = find_fitting(file, found);
    if (!count) puts("fits no model of `lathe list models`");
    for (int i = 0; i < count; i++)
        if (found[i].classes) printf("fits --model %s, %d classes\n", found[i].name, found[i].classes);
        else printf("fits --model %s, without its head\n", found[i].name);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void add_fitting(const lathe_safetensors *file, cJSON *object)
{
    fitting found[FITTINGS];
    const int count = find_fitting(file, found);
    cJSON *models = cJSON_AddArrayToObject(object, "models");
    for (int i = 0; i < count; i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "name", found[i].name);
        cJSON_AddNumberToObject(one, "classes", found[i].classes);
        cJSON_AddItemToArray(models, one);
    }
}

static int print_json(const lathe_safetensors *file)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "file", file->path);
    cJSON *tensors = cJSON_AddArrayToObject(object, "tensors");
    for (size_t i = 0; i < file->tensors; i++) {
        const lathe_safetensor *tensor = &file->tensor[i];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "name", tensor->name);
        cJSON_AddStringToObject(one, "type", tensor->dtype);
        cJSON *shape = cJSON_AddArrayToObject(one, "shape");
        for (int k = 0; k < tensor->rank; k++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->dim[k]));
        cJSON_AddItemToArray(tensors, one);
    }
    cJSON_AddNumberToObject(object, "numbers", (double)numbers_of(file));
    add_fitting(file, object);
    return cli_json_print(object);
}

static int print_text(const lathe_safetensors *file)
{
    cli_table *table = cli_table_new("lll");
    cli_table_row(table, (const char *const[]){ "tensor", "type", "shape" });
    for (size_t i = 0; i < file->tensors; i++) {
        char shape[200];
        const lathe_safetensor *tensor = &file->tensor[i];
        cli_table_row(table,
            (const char *const[]){ tensor->name, tensor->dtype, shape_text(tensor, shape, sizeof shape) });
    }
    cli_table_print(table, stdout, 0);
    printf("%zu tensors, %zu numbers\n", file->tensors, numbers_of(file));
    print_fitting(file);
    return CLI_DONE;
}

/* Write all tensors as numbers of lathe's type. */
static int save(const lathe_safetensors *file, const char *path)
{
    lathe_saved *saved = lathe_alloc(file->tensors + 1, sizeof *saved);
    lathe_real *values = lathe_alloc(numbers_of(file) + 1, sizeof *values), *next = values;
    lathe_status status = saved && values ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < file->tensors && !status; i++) {
        const lathe_safetensor *tensor = &file->tensor[i];
        if (tensor->rank > LATHE_MAX_RANK)
            status = lathe_fail(LATHE_ESHAPE, "%s: tensor '%.80s' has %d dimensions, at most %d can be saved",
                file->path, tensor->name, tensor->rank, LATHE_MAX_RANK);
        saved[i] = (lathe_saved){ .name = tensor->name, .shape = { .rank = tensor->rank }, .values = next };
        for (int k = 0; k < tensor->rank && !status; k++) saved[i].shape.dim[k] = (int)tensor->dim[k];
        if (!status) status = lathe_safetensors_get(file, tensor, next, tensor->count);
        next += tensor->count;
    }
    if (!status) status = lathe_safetensors_write(path, saved, (int)file->tensors, NULL, 0);
    lathe_free(saved);
    lathe_free(values);
    return status ? cli_library_failed() : CLI_DONE;
}

static int run(const cli_line *line)
{
    const char *path = cli_text(line, "save");
    lathe_safetensors *file = lathe_weights_read(line->argument[0]);
    if (!file) return cli_library_failed();
    int code = path ? save(file, path) : CLI_DONE;
    if (!code) code = line->json ? print_json(file) : print_text(file);
    lathe_safetensors_free(file);
    return code;
}

static const cli_option options[] = {
    { .name = "save", .value = "FILE", .help = "write the tensors as a safetensors file" },
    { .name = NULL },
};

extern const cli_command lathe_weights_command;
const cli_command lathe_weights_command = {
    .name = "weights",
    .summary = "the tensors in a file of weights, and the models that they fit",
    .arguments = "FILE",
    .about = "Lists the tensors of a safetensors file, a checkpoint, or a file of PyTorch's\n"
             "torch.save (.pth, .pt, .th). The pickle in such a file is read as data: nothing in it\n"
             "is called. Last come the models of `lathe list models` that have just these tensors.",
    .example = "lathe weights resnet20.th --save resnet20.safetensors",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
