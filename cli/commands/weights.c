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
    .summary = "the tensors in a file of weights",
    .arguments = "FILE",
    .about = "Lists the tensors of a safetensors file, a checkpoint, or a file of PyTorch's\n"
             "torch.save (.pth, .pt, .th). The pickle in such a file is read as data: nothing in it\n"
             "is called.",
    .example = "lathe weights resnet20.th --save resnet20.safetensors",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
